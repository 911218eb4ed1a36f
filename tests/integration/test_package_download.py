# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module package_download: what it fetches, what it leaves alone, and what it never writes."""

from __future__ import annotations

import hashlib
import os
import typing as t
from pathlib import Path

from ansible_collections.registryops.gitlab.tests.integration.conftest import Run
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

NAMES = ["a.bin", "b.bin", "read.me", "a.bin"]
HOSTILE = {"parent": ["../../escaped"], "absolute": ["/tmp/escaped"], "case": ["Read.me", "read.ME"]}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_check_real_again(start: t.Callable[..., Sandbox], playbook: t.Callable[..., Run], tmp_path: Path) -> None:
    files = [{"file_name": name, "size": 100_000 + i} for i, name in enumerate(NAMES)]
    scoped = package("@acme/ui", kind="npm", files=[{"file_name": "@acme/ui-1.0.0.tgz", "content": "tarball"}])
    sandbox = start(seed(package("app", files=files), scoped), storage="object")
    dest = tmp_path / "dest"
    dest.mkdir()
    task = {"project": "acme/web/shop", "name": "app", "version": "1.0.0", "dest": str(dest)}
    check, real, again, glob, none, ui = playbook(
        sandbox,
        {"package_download": task, "check_mode": True, "diff": True},
        {"package_download": task, "diff": True},
        {"package_download": task, "diff": True},
        {"package_download": {**task, "file_name": "*.bin"}},
        {"package_download": {**task, "file_name": "*.exe"}},
        {"package_download": {**task, "name": "@acme/ui"}},
        token="glpat-rep",
    ).results
    assert [file["result"] for file in real["files"]] == ["downloaded"] * 3
    # Of equal names the newest, which is what G2 serves.
    assert {file["file_name"]: file["size"] for file in real["files"]} == {
        "a.bin": 100_003,
        "b.bin": 100_001,
        "read.me": 100_002,
    }
    for file in real["files"]:
        assert sha256(Path(file["path"])) == file["sha256"]
        assert file["checked"] == "sha256"
        assert os.stat(file["path"]).st_mode & 0o777 == 0o644
    assert [{**file, "checked": None} for file in real["files"]] == check["files"]
    assert (check["changed"], real["changed"], again["changed"], glob["changed"]) == (True, True, False, False)
    assert check["diff"] == real["diff"]
    assert (real["diff"]["before"], again["diff"]["before"]) == ("", again["diff"]["after"])
    assert [file["result"] for file in again["files"]] == ["present"] * 3
    assert len(glob["files"]) == 2
    assert none["msg"] == "generic app 1.0.0 (id 1) holds no file '*.exe'"
    assert sorted(path.name for path in dest.iterdir()) == ["@acme%2Fui-1.0.0.tgz", "a.bin", "b.bin", "read.me"]
    assert ui["files"][0]["path"] == str(dest / "@acme%2Fui-1.0.0.tgz")
    # The second run sent no download, and the storage never saw a token.
    downloads = [request for request in sandbox.requests() if request["path"].endswith("/download")]
    assert len(downloads) == 4
    assert {r["auth"] for r in sandbox.requests() if "/api/v4" not in r["path"]} == {"none"}


def test_what_is_there_is_replaced_only_where_it_differs(
    start: t.Callable[..., Sandbox], playbook: t.Callable[..., Run], tmp_path: Path
) -> None:
    files = [{"file_name": name, "content": name} for name in ("kept", "changed", "linked", "folder")]
    sandbox = start(seed(package("app", files=files)))
    dest = tmp_path / "dest"
    dest.mkdir()
    (dest / "kept").write_text("kept")
    (dest / "changed").write_text("changed!")
    (dest / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("mine")
    (dest / "folder").mkdir()
    task = {"project": 42, "name": "app", "version": "1.0.0", "dest": str(dest)}
    real, folder, missing, hidden = playbook(
        sandbox,
        {"package_download": {**task, "file_name": "[!f]*"}},
        {"package_download": task},
        {"package_download": {**task, "dest": str(tmp_path / "nothing")}},
        {"package_download": {**task, "version": "2.0.0"}},
    ).results
    assert {file["file_name"]: file["result"] for file in real["files"]} == {
        "kept": "present",
        "changed": "downloaded",
        "linked": "downloaded",
    }
    assert [(dest / name).read_text() for name in ("kept", "changed", "linked")] == ["kept", "changed", "linked"]
    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert folder["msg"].endswith("folder' is a directory: no file can take its place. Nothing was written")
    assert missing["msg"].endswith("nothing' is not a directory that exists")
    assert "app 2.0.0 is not there" in hidden["msg"]


def test_hostile_names_stay_out(
    start: t.Callable[..., Sandbox], playbook: t.Callable[..., Run], tmp_path: Path
) -> None:
    packages = [
        package(name, files=[{"file_name": "good", "content": "x"}, *({"file_name": f, "content": "x"} for f in files)])
        for name, files in HOSTILE.items()
    ]
    sandbox = start(seed(*packages))
    dest = tmp_path / "deep" / "dest"
    dest.mkdir(parents=True)
    tasks = [
        {"package_download": {"project": 42, "name": name, "version": "1.0.0", "dest": str(dest)}} for name in HOSTILE
    ]
    for name, result in zip(HOSTILE, playbook(sandbox, *tasks).results):
        assert result["failed"], name
        assert "Nothing was written" in result["msg"], name
        assert result["msg"].isprintable(), name
    assert list(dest.iterdir()) == []
    assert [path.name for path in dest.parent.iterdir()] == ["dest"]


def test_a_damaged_download_leaves_nothing(
    start: t.Callable[..., Sandbox], playbook: t.Callable[..., Run], tmp_path: Path
) -> None:
    sandbox = start(seed(package("app", files=[{"file_name": "a.bin", "size": 100_000}])))
    sandbox.faults([{"path": "/download$", "kind": "truncate", "times": -1}])
    (tmp_path / "dest").mkdir()
    task = {"project": 42, "name": "app", "version": "1.0.0", "dest": str(tmp_path / "dest"), "retries": 1}
    (result,) = playbook(sandbox, {"package_download": task}).results
    assert "connection was lost" in result["msg"]
    assert list((tmp_path / "dest").iterdir()) == []
