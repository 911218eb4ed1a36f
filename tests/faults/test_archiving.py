# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong while a package is archived, so that it stays: on a real server, with real threads and processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._files import turns
from ansible_collections.registryops.gitlab.plugins.module_utils._files.archiving import Archiver
from ansible_collections.registryops.gitlab.plugins.module_utils._files.before_delete import Keeper
from ansible_collections.registryops.gitlab.plugins.module_utils._files.expiry import expire
from ansible_collections.registryops.gitlab.plugins.module_utils._files.inventory import inventory
from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Wanted
from ansible_collections.registryops.gitlab.plugins.module_utils._files.place import INCOMING, ArchiveError
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive, open_archive
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_packages
from ansible_collections.registryops.gitlab.tests.faults.conftest import TOKEN, packages, seed
from ansible_collections.registryops.gitlab.tests.unit.module_utils._files.made import SERVER, manifest, put
from gitlab_sandbox.testing import Sandbox

MANY = 60
DOWNLOAD = "/package_files/[0-9]+/download$"
FILES = [{"file_name": "app.bin", "size": 200_000}, {"file_name": "notes.txt", "content": "the same"}]


@contextmanager
def keeping(registry_url: str, at: str, **options: t.Any) -> Iterator[tuple[PackagesApi, Archive, Keeper]]:
    settings: dict[str, t.Any] = {"retries": 1, "concurrency": 4, "timeout": 5, **options}
    with Client(Connection(registry_url, Token("private", TOKEN), **settings)) as client:
        api = PackagesApi(client)
        archive = open_archive(at, None, client.api_url, create=True)
        with turns.writing(archive) as turn:
            yield api, archive, Keeper(api, keeps=True, archiver=Archiver(api, archive, turn))


def delete(sandbox: Sandbox, at: Path, project: int) -> list[dict[str, t.Any]]:
    """Archive and delete the packages of a project; the results."""
    with keeping(sandbox.api_url, str(at)) as (api, _archive, keeper):
        return keeper.noted(delete_packages(api, packages(api, project), Options(), look=keeper.look())).results


def kinds(results: list[dict[str, t.Any]]) -> list[str]:
    return [result["result"] for result in results]


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    one = [{"name": "app", "version": "1.0", "package_type": "generic", "files": FILES}]
    with Sandbox(seed(*({"path": f"acme/p{i}", "id": i, "packages": one} for i in range(1, 10)))) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("project", "fault", "words"),
    [
        (1, {"kind": "status", "code": 200, "body": "x" * 200_000}, "is not what GitLab says that it has"),
        (2, {"kind": "truncate"}, "the connection was lost"),
        (3, {"kind": "status", "code": 404, "body": {"message": "404 Not found"}}, "404"),
        (4, {"kind": "status", "code": 500}, "500"),
    ],
    ids=["another content", "truncated", "the file vanished", "500"],
)
def test_what_is_not_received_whole_stays(
    shop: Sandbox, tmp_path: Path, project: int, fault: dict[str, t.Any], words: str
) -> None:
    shop.faults([{"method": "GET", "path": DOWNLOAD, "times": -1, **fault}])
    shop.forget()
    (result,) = delete(shop, tmp_path / "archive", project)
    assert result["result"] == "failed"
    assert words in result["message"]
    assert [r for r in shop.requests() if r["method"] == "DELETE"] == []
    archive = open_archive(str(tmp_path / "archive"))
    assert list(archive.place.files(INCOMING)) == []
    assert list(archive.manifests()) == []
    shop.faults([])
    assert kinds(delete(shop, tmp_path / "archive", project)) == ["deleted"]
    assert inventory(archive, Wanted(), verify=True)["damaged"] == []


def test_a_package_that_vanishes_meanwhile_is_already_absent(shop: Sandbox, tmp_path: Path) -> None:
    with keeping(shop.api_url, str(tmp_path)) as (api, _archive, keeper):
        (package,) = packages(api, 5)
        api.delete_package(5, package["id"])
        assert kinds(delete_packages(api, [package], Options(), look=keeper.look()).results) == ["already_absent"]


def test_a_file_that_is_published_meanwhile_is_not_deleted(shop: Sandbox, tmp_path: Path) -> None:
    """Another one publishes while the first download is on its way."""

    def publish() -> None:
        deadline = time.monotonic() + 20
        while not any(r["path"].endswith("/package_files") for r in shop.requests()) and time.monotonic() < deadline:
            time.sleep(0.01)
        url = f"{shop.api_url}/projects/6/packages/generic/app/1.0/late.txt"
        request = urllib.request.Request(url, b"late", {"PRIVATE-TOKEN": TOKEN}, method="PUT")
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 201

    shop.forget()
    shop.faults([{"method": "GET", "path": DOWNLOAD, "kind": "slow", "ms": 1500, "times": 1}])
    thread = threading.Thread(target=publish)
    thread.start()
    (result,) = delete(shop, tmp_path, 6)
    thread.join()
    shop.faults([])
    assert result["result"] == "failed"
    assert result["message"] == "its file late.txt was published while it was archived"
    assert kinds(delete(shop, tmp_path, 6)) == ["deleted"]
    (found,) = [found for _path, found in open_archive(str(tmp_path)).manifests()]
    assert [file["file"]["file_name"] for file in found["files"]] == ["app.bin", "notes.txt", "late.txt"]


def test_a_disk_without_room(shop: Sandbox, tmp_path: Path) -> None:
    """In a process whose files may not become larger than 64 KiB."""
    code = (
        "import resource, sys, pathlib\n"
        "from gitlab_sandbox.testing import Sandbox\n"
        "from ansible_collections.registryops.gitlab.tests.faults import test_archiving as these\n"
        "class At: api_url = sys.argv[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "print(these.json.dumps(these.delete(At, pathlib.Path(sys.argv[2]), 7)))\n"
    )
    command = [sys.executable, "-c", code, shop.api_url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    (result,) = json.loads(done.stdout)
    assert result["result"] == "failed"
    assert result["message"].endswith(" cannot be written: File too large")
    assert list(open_archive(str(tmp_path)).manifests()) == []
    assert kinds(delete(shop, tmp_path, 7)) == ["deleted"]


def test_kill_9_at_any_moment(tmp_path: Path) -> None:
    """A run is killed again and again; then there is no manifest without its contents, and nothing went unarchived."""
    many = {"count": MANY, "name": "app-{i}", "version": "1.0", "package_type": "generic", "file_size": 300_000}
    archive_at = tmp_path / "archive"
    code = (
        "import sys, pathlib\n"
        "from ansible_collections.registryops.gitlab.tests.faults import test_archiving as these\n"
        "class At: api_url = sys.argv[1]\n"
        "print('ready', flush=True)\n"
        "these.delete(At, pathlib.Path(sys.argv[2]), 1)\n"
    )
    with Sandbox(seed({"path": "acme/many", "id": 1, "generate": [many]}), latency_ms=10) as sandbox:
        for moment in range(5):
            process = subprocess.Popen(
                [sys.executable, "-c", code, sandbox.api_url, str(archive_at)], stdout=subprocess.PIPE
            )
            assert process.stdout is not None
            process.stdout.readline()
            seen = len(sandbox.requests())
            while process.poll() is None and len(sandbox.requests()) < seen + 7 + 11 * moment:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
            _nothing_is_lost(sandbox, archive_at)
        left = sandbox.state()["packages"]["default"]
        assert 0 < left < MANY
        assert kinds(delete(sandbox, archive_at, 1)) == ["deleted"] * left
        _nothing_is_lost(sandbox, archive_at)
    archive = open_archive(str(archive_at))
    assert len(list(archive.manifests())) == MANY
    # What the killed ones left behind is removed when it is old enough, and holds up nobody for longer than that.
    for path in list(archive.place.files(INCOMING)):
        name = path.rpartition("/")[2]
        if name.startswith("writer-"):
            (archive_at / path).write_text('{"at": "2026-01-01T00:00:00.000Z"}', encoding="utf-8")
        else:
            os.rename(archive_at / path, archive_at / INCOMING / f"1000-{name.partition('-')[2]}")
    assert not expire(archive, datetime(2020, 1, 1, tzinfo=timezone.utc)).busy
    assert list(archive.place.files(INCOMING)) == []


def _nothing_is_lost(sandbox: Sandbox, at: Path) -> None:
    """Every manifest's contents are whole, and what was deleted has one."""
    with suppress(ArchiveError):  # killed before there was one
        archive = open_archive(str(at))
        found = inventory(archive, Wanted(), verify=True)
        assert found["damaged"] == []
        gone = {int(r["path"].rsplit("/", 1)[1]) for r in sandbox.requests() if r["method"] == "DELETE"}
        assert gone <= {package["id"] for package in found["packages"]}
        return
    assert sandbox.state()["packages"]["default"] == MANY


# --- those who remove ---------------------------------------------------------------------------------------------


def test_nothing_expires_while_somebody_writes(tmp_path: Path) -> None:
    """The content is there already, and no manifest needs it but the one that is about to be written."""
    archive = open_archive(str(tmp_path), None, SERVER, create=True)
    content = b"needed soon"
    sha = put(archive, content)
    now = datetime.now(timezone.utc)
    with turns.writing(archive):
        assert archive.has_blob(sha, len(content))
        assert expire(archive, now).busy
        assert archive.has_blob(sha, len(content))
        archive.put_manifest(manifest(7, content, archived_at="2026-01-01T00:00:00.000Z"))
    assert expire(archive, now - timedelta(days=3650)).blobs == 0
    removed = expire(archive, now)
    assert ([entry["id"] for entry in removed.manifests], removed.blobs, removed.size) == ([7], 1, len(content))
    assert list(archive.place.files("blobs")) == list(archive.place.files("packages")) == []


def test_who_writes_waits_for_who_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = open_archive(str(tmp_path), None, SERVER, create=True)
    began = threading.Event()
    order: list[str] = []

    def remove() -> None:
        with turns.removing(archive) as alone:
            assert alone
            began.set()
            time.sleep(0.7)
            order.append("removed")

    thread = threading.Thread(target=remove)
    thread.start()
    began.wait(10)
    with turns.writing(archive):
        order.append("wrote")
    thread.join()
    assert order == ["removed", "wrote"]
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    with (
        turns.removing(archive),
        pytest.raises(ArchiveError, match="another run removes what has expired there"),
        turns.writing(archive),
    ):
        pass


def test_nothing_expires_where_a_manifest_cannot_be_read(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path), None, SERVER, create=True)
    put(archive, b"old")
    path = archive.put_manifest(manifest(7, b"old"))
    (tmp_path / path).with_name("8.json").write_bytes(b"")
    with pytest.raises(ArchiveError, match=r"8\.json is no JSON"):
        expire(archive, datetime.now(timezone.utc))
    assert len(list(archive.manifest_paths())) == 2
