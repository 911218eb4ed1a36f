# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores that meet faults: lost answers, half a restore, a damaged archive, what is there instead."""

from __future__ import annotations

import hashlib
import io
import tarfile
import tracemalloc
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._files.archiving import Archiver, Why
from ansible_collections.registryops.gitlab.plugins.module_utils._files.download import fetch
from ansible_collections.registryops.gitlab.plugins.module_utils._files.restore import Restore, restore
from ansible_collections.registryops.gitlab.plugins.module_utils._files.restore_results import Result
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive, open_archive
from ansible_collections.registryops.gitlab.plugins.module_utils._files.turns import writing
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.registries_api import RegistriesApi
from ansible_collections.registryops.gitlab.tests.sandbox.tests.registries.conftest import Packages, Registry
from gitlab_sandbox.testing import Sandbox

FILES = [("a.bin", b"one"), ("b.bin", b"two"), ("a.bin", b"three")]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    members = {"mia": "maintainer", "rita": "reporter"}
    seed = {
        "users": [{"username": name, "tokens": [{"value": f"glpat-{name}"}]} for name in members],
        "groups": [{"path": "acme", "visibility": "private", "members": members}],
        "projects": [
            {
                "path": f"acme/p{number}",
                "id": number,
                "packages": [
                    {
                        "name": "app",
                        "version": "1.0",
                        "package_type": "generic",
                        "files": [{"file_name": name, "content": data.decode()} for name, data in FILES],
                    }
                ],
            }
            for number in range(1, 20)
        ],
    }
    with Sandbox(seed) as running:
        yield running


_projects = iter(range(1, 20))


class Place:
    """A project of the test's own, its archive, and a restore of all that the archive holds."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.project = next(_projects)
        self.registry = Registry(sandbox, self.project)
        self.folder = folder / "archive"
        sandbox.faults([])

    def api(self, token: str = "glpat-mia") -> PackagesApi:
        return PackagesApi(Client(Connection(self.sandbox.api_url, Token("private", token), retries=2)))

    def archive(self, *package_ids: int) -> Archive:
        """Archive these packages, or all."""
        api = self.api()
        archive = open_archive(str(self.folder), None, api.client.api_url, create=True)
        with writing(archive) as turn:
            archiver = Archiver(api, archive, turn)
            for package in self.packages():
                if not package_ids or package["id"] in package_ids:
                    archiver.archive_package({**package, "project_id": self.project}, Why())
        return archive

    def packages(self) -> list[dict[str, t.Any]]:
        return [*self.registry.packages("generic"), *self.registry.packages("npm")]

    def delete(self) -> None:
        for package in self.packages():
            assert self.registry.call("DELETE", f"/{package['id']}").status_code == 204

    def files(self) -> list[tuple[str, str]]:
        return [
            (file["file_name"], file["file_sha256"])
            for package in self.packages()
            for file in self.registry.files(package["id"])
        ]

    def restore(self, token: str = "glpat-mia", check_mode: bool = False) -> list[Result]:
        api = self.api(token)
        archive = open_archive(str(self.folder), None, api.client.api_url)
        how = Restore(api, archive, RegistriesApi(api.client), None, check_mode)
        return restore(how, list(archive.manifests()))


@pytest.fixture
def place(sandbox: Sandbox, tmp_path: Path) -> Place:
    return Place(sandbox, tmp_path)


def kinds(results: list[Result]) -> list[str]:
    return [result["result"] for result in results]


WHOLE = [(name, hashlib.sha256(data).hexdigest()) for name, data in FILES]


def test_lost_answers_make_no_copies(place: Place) -> None:
    place.archive()
    place.delete()
    put = {"method": "PUT", "path": "/packages/generic/"}
    place.sandbox.faults(
        [
            {**put, "kind": "reset_after"},
            {**put, "kind": "reset_before"},
            {**put, "kind": "status", "code": 502},
        ]
    )
    assert kinds(place.restore()) == ["restored"]
    assert place.files() == WHOLE
    assert kinds(place.restore()) == ["already_present"]


def test_half_a_restore_goes_on(place: Place) -> None:
    place.archive()
    place.delete()
    # Refused for good at the second file.
    place.sandbox.faults([{"method": "PUT", "path": "b.bin", "kind": "status", "code": 400, "body": '{"error": "no"}'}])
    (half,) = place.restore()
    assert (half["result"], half["package_id"]) == ("failed", None)
    assert place.files() == WHOLE[:1]
    assert kinds(place.restore(check_mode=True)) == ["restored"]
    assert place.files() == WHOLE[:1]
    assert kinds(place.restore()) == ["restored"]
    assert place.files() == WHOLE


def test_what_is_there_is_not_overwritten(place: Place) -> None:
    place.archive()
    # The newer of two equal names is there, the older one is not: it would become the newer.
    first = place.registry.files(place.packages()[0]["id"])[0]
    place.registry.call("DELETE", f"/{place.packages()[0]['id']}/package_files/{first['id']}")
    (result,) = place.restore()
    assert (result["result"], result["package_id"]) == ("different", place.packages()[0]["id"])
    assert "the newer ones are there, and the older ones are not. Nothing is overwritten" in result["message"]
    # One more file than the archive has.
    place.delete()
    place.registry.put("/generic/app/1.0/c.bin", data=b"else")
    (result,) = place.restore()
    assert result["message"] == "it holds a file c.bin that the archive's does not. Nothing is overwritten"
    # Hidden, it is there.
    place.registry.put("/generic/app/1.0/c.bin", data=b"else", params={"status": "hidden"})
    (result,) = place.restore()
    assert result["message"] == "a package of this version is there with the status hidden"


@pytest.mark.parametrize("damage", ["changed", "shorter", "gone"])
def test_a_damaged_archive_publishes_nothing(place: Place, damage: str) -> None:
    place.archive()
    place.delete()
    blob = place.folder / "blobs/sha256" / WHOLE[0][1][:2] / WHOLE[0][1]
    blob.chmod(0o600)
    if damage == "gone":
        blob.unlink()
    else:
        blob.write_bytes(b"onf" if damage == "changed" else b"on")
    (result,) = place.restore()
    assert result["result"] == "failed"
    lacks, damaged = "the archive lacks the content of file a.bin", "is damaged or was changed"
    assert (damaged if damage == "changed" else lacks) in result["message"]
    assert place.files() == []


def test_who_may_not_publish_is_told_so(place: Place) -> None:
    place.archive()
    place.delete()
    for check_mode in (True, False):
        (result,) = place.restore("glpat-rita", check_mode)
        assert result["result"] == "failed"
        assert f"publishing needs the developer role on project '{place.project}'" in result["message"]
    place.sandbox.change_project(place.project, archived=True)
    for check_mode in (True, False):
        (result,) = place.restore(check_mode=check_mode)
        assert "is archived, nothing is published there: unarchive it first" in result["message"]


def test_tags_that_were_not_set_are_set_the_next_time(place: Place) -> None:
    place.delete()
    Packages().npm(place.registry, "ui", tarball=npm_tarball())
    assert place.registry.put("/npm/-/package/ui/dist-tags/stable", json="1.0.0").status_code == 204
    place.archive()
    place.delete()
    refusal = {"method": "PUT", "path": "dist-tags", "kind": "status", "code": 400, "body": '{"error": "no"}'}
    place.sandbox.faults([refusal])
    assert kinds(place.restore()) == ["failed"]
    assert kinds(place.restore(check_mode=True)) == ["restored"]
    assert kinds(place.restore()) == ["restored"]
    (package,) = place.packages()
    assert sorted(tag["name"] for tag in package["tags"]) == ["latest", "stable"]
    assert kinds(place.restore()) == ["already_present"]


def test_a_version_without_tags_takes_none(place: Place) -> None:
    place.delete()
    Packages().npm(place.registry, "ui", "1.0.0", npm_tarball())
    Packages().npm(place.registry, "ui", "1.1.0", npm_tarball())
    old = next(package for package in place.packages() if package["version"] == "1.0.0")
    assert old["tags"] == []
    place.archive(old["id"])
    place.registry.call("DELETE", f"/{old['id']}")
    assert kinds(place.restore()) == ["restored"]
    tags = {package["version"]: [tag["name"] for tag in package["tags"]] for package in place.packages()}
    assert tags == {"1.0.0": [], "1.1.0": ["latest"]}


def npm_tarball() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        data = b'{"name": "ui", "version": "1.0.0"}'
        member = tarfile.TarInfo("package/package.json")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def test_memory_does_not_grow_with_the_file(place: Place) -> None:
    place.delete()
    size = 48 * 2**20
    assert place.registry.put("/generic/big/1.0/big", data=bytes(size)).status_code == 201
    (package,) = place.packages()
    file = place.registry.files(package["id"])[0]
    place.archive()
    place.delete()
    tracemalloc.start()
    try:
        api = place.api()
        assert kinds(place.restore()) == ["restored"]
        (restored,) = [one for one in place.packages() if one["name"] == "big"]
        there = place.registry.files(restored["id"])[0]
        fetched = fetch(api, place.project, restored, there, lambda: lambda _piece: None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (fetched.size, fetched.sha256) == (size, file["file_sha256"])
    assert peak < size // 4
