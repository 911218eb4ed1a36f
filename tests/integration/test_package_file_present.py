# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module package_file with state present: what it publishes, and what it leaves alone."""

from __future__ import annotations

import hashlib
import typing as t
from pathlib import Path

import gitlab
import pytest

from ansible_collections.registryops.gitlab.tests.integration.conftest import Run
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

ONE, TWO = b"one" * 40_000, b"two" * 40_000


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, str]:
    """The paths of files to publish."""
    for name, data in (("one", ONE), ("two", TWO), ("empty", b"")):
        (tmp_path / name).write_bytes(data)
    return {name: str(tmp_path / name) for name in ("one", "two", "empty")}


def task(**more: t.Any) -> dict[str, t.Any]:
    return {"package_file": {"project": "acme/web/shop", "name": "app", "version": "1.0", "state": "present", **more}}


def copies(sandbox: Sandbox, name: str = "app.bin") -> list[str]:
    """The SHA-256 of each file of that name, the oldest first."""
    project = gitlab.Gitlab(sandbox.url, private_token="glpat-mia").projects.get(42)
    return [
        file.file_sha256
        for one in project.packages.list(get_all=True)
        for file in one.package_files.list(get_all=True)
        if file.file_name == name
    ]


def test_check_real_again_and_another_content(
    start: t.Callable[..., Sandbox], playbook: t.Callable[..., Run], sources: dict[str, str], tmp_path: Path
) -> None:
    sandbox = start(seed())
    one, two = ({"src": sources[name], "file_name": "app.bin"} for name in ("one", "two"))
    check, real, again, other, added, replace_check, replaced, last = playbook(
        sandbox,
        {**task(**one), "check_mode": True, "diff": True},
        {**task(**one), "diff": True},
        task(**one),
        task(**two),
        task(**two, if_different="add"),
        {**task(**one, if_different="replace"), "check_mode": True, "diff": True},
        {**task(**one, if_different="replace", archive=str(tmp_path / "archive")), "diff": True},
        task(**one, if_different="replace"),
    ).results
    assert (check["changed"], real["changed"], again["changed"]) == (True, True, False)
    shown = {"file_name": "app.bin", "size": len(ONE), "sha256": sha256(ONE), "status": "default", "project_id": 42}
    assert shown.items() <= real["file"].items()
    assert check["file"] == {**real["file"], "id": None, "package_id": None}
    assert again["file"] == real["file"]
    assert check["diff"] == real["diff"]
    assert (real["diff"]["before"], real["diff"]["after"]) == ("", f"app.bin {len(ONE)} {sha256(ONE)}\n")
    assert "generic app 1.0 app.bin is there with another content (id 1, SHA-256 " in other["msg"]
    assert "nothing was published. Set if_different to add or replace" in other["msg"]
    assert (added["changed"], added["file"]["sha256"]) == (True, sha256(TWO))
    assert [result["result"] for result in replace_check["results"]] == ["deleted", "deleted"]
    assert replace_check["results"] == [
        {key: value for key, value in result.items() if key != "archived"} for result in replaced["results"]
    ]
    assert replace_check["diff"] == replaced["diff"]
    assert replaced["archived"]["files"] == 2
    assert (replaced["changed"], last["changed"]) == (True, False)
    assert copies(sandbox) == [sha256(ONE)]


def test_names_status_and_what_cannot_be(
    start: t.Callable[..., Sandbox], playbook: t.Callable[..., Run], sources: dict[str, str]
) -> None:
    rule = {"package_name_pattern": "guarded", "package_type": "generic", "minimum_access_level_for_push": "maintainer"}
    sandbox = start(seed(package("old", files=[{"file_name": "one", "content": "x"}]), protection_rules=[rule]))
    results = playbook(
        sandbox,
        task(src=sources["empty"], file_name="docs/de/read.me"),
        task(src=sources["empty"], file_name="docs/de/read.me"),
        task(src=sources["one"], name="quiet", status="hidden"),
        task(src=sources["one"], name="quiet", status="hidden"),
        task(src=sources["two"], name="quiet", file_name="one"),
        task(src=sources["one"], name="quiet", status="default"),
        task(src=sources["one"], name="guarded"),
        task(src=sources["one"], file_name="../up"),
        task(src=sources["one"] + "-not"),
        task(src=sources["one"], duplicates="all"),
        task(),
        {"package_file": {"project": 42, "package_id": 1, "file_name": "one", "state": "absent", "src": "/x"}},
        token="glpat-dev",
    ).results
    folder, folder_again, hidden, hidden_again, other, shown, guarded, up, missing, mixed, no_src, absent = results
    assert (folder["changed"], folder_again["changed"]) == (True, False)
    assert folder["file"]["file_name"] == "docs%2Fde%2Fread.me"
    assert (hidden["changed"], hidden_again["changed"]) == (True, False)
    assert (hidden["file"]["status"], hidden["file"]["id"]) == ("hidden", None)
    assert "there with another content (in a package that is hidden)" in other["msg"]
    assert (shown["changed"], shown["file"]["status"]) == (True, "default")
    assert "a package protection rule of the project forbids it" in guarded["msg"]
    assert "the file name '../up' is none that GitLab's generic registry takes" in up["msg"]
    assert "cannot be read: No such file or directory" in missing["msg"]
    assert mixed["msg"].startswith("duplicates does not go with state present")
    assert "state is present but all of the following are missing: src" in no_src["msg"]
    assert absent["msg"] == "src goes with state present. Nothing was deleted"


def test_a_lost_answer_is_looked_after(
    start: t.Callable[..., Sandbox], playbook: t.Callable[..., Run], sources: dict[str, str]
) -> None:
    """What was published though its answer was lost is there once; what was not is sent again."""
    sandbox = start(seed())
    put = {"method": "PUT", "path": "/packages/generic/"}
    sandbox.faults([{**put, "kind": "reset_after"}, {**put, "kind": "reset_before"}])
    after, before = playbook(
        sandbox,
        task(src=sources["one"], file_name="after"),
        task(src=sources["one"], file_name="before"),
    ).results
    assert (after["changed"], before["changed"]) == (True, True)
    assert copies(sandbox, "after") == copies(sandbox, "before") == [sha256(ONE)]
    puts = [r["path"].rpartition("/")[2] for r in sandbox.requests() if r["method"] == "PUT"]
    assert puts == ["after", "before", "before"]
