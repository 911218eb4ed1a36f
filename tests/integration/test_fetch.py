# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored bytes are fetched from every kind of server, and are those that E4 says."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._files.download import Fetched, fetch
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    FileDiffers,
    GitlabError,
    PackageNotFound,
    Unreachable,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from gitlab_sandbox.testing import Sandbox

TYPES = {
    "generic": ("app", "1.0", ["dir%2Fapp.bin", "app.bin", "app.bin"]),
    "maven": ("com/acme/app", "1.0", ["app-1.0.jar"]),
    "npm": ("@acme/ui", "1.0.0", ["ui-1.0.0.tgz"]),
    "pypi": ("acme-tool", "1.0", ["acme_tool-1.0.tar.gz"]),
    "nuget": ("Acme.Log", "1.0.0", ["acme.log.1.0.0.nupkg"]),
    "terraform_module": ("net/aws", "1.0.0", ["net-aws-1.0.0.tgz"]),
    "conan": ("lib", "1.0", ["conanfile.py"]),
}
SEED = {
    "users": [{"username": "mia", "tokens": [{"value": "glpat-mia"}]}],
    "groups": [{"path": "acme", "members": {"mia": "maintainer"}}],
    "projects": [
        {
            "path": "acme/shop",
            "id": 42,
            "packages": [
                {
                    "name": name,
                    "version": version,
                    "package_type": kind,
                    "files": [{"file_name": file, "size": 200_000 + i} for i, file in enumerate(files)],
                }
                for kind, (name, version, files) in TYPES.items()
            ],
        }
    ],
}


@pytest.fixture(scope="module", params=["disk", "object", "16.1"])
def server(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    options: dict[str, t.Any] = {"gitlab_version": "16.1"} if request.param == "16.1" else {"storage": request.param}
    with Sandbox(SEED, **options) as sandbox:
        yield sandbox


@pytest.fixture
def api(server: Sandbox) -> Iterator[PackagesApi]:
    server.faults([])
    server.forget()
    with Client(Connection(server.api_url, Token("private", "glpat-mia"), retries=1)) as client:
        yield PackagesApi(client)


def packages(api: PackagesApi) -> dict[str, dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = []
    for query in ("", "?package_type=terraform_module"):
        found += api.client.get(f"/projects/42/packages{query}").data
    return {package["package_type"]: package for package in found}


def got(api: PackagesApi, package: dict[str, t.Any], file: dict[str, t.Any]) -> tuple[Fetched, bytes]:
    data = bytearray()

    def start() -> t.Callable[[bytes], object]:
        data.clear()
        return data.extend

    return fetch(api, 42, package, file, start), bytes(data)


def test_every_file_that_can_be_fetched_is_as_e4_says(api: PackagesApi, server: Sandbox) -> None:
    fetched: set[tuple[str, int]] = set()
    refused: dict[tuple[str, int], str] = {}
    for kind, package in packages(api).items():
        for index, file in enumerate(api.package_files(42, package["id"])):
            try:
                result, data = got(api, package, file)
            except GitlabError as error:
                refused[kind, index] = error.message
                continue
            fetched.add((kind, index))
            assert result == Fetched(hashlib.sha256(data).hexdigest(), file["size"], "sha256")
            assert result.sha256 == file["file_sha256"]
    every = {(kind, index) for kind, (_name, _version, files) in TYPES.items() for index in range(len(files))}
    old = not api.downloads_by_id
    assert every - fetched == ({("generic", 1), ("generic", 0), ("conan", 0)} if old else set()), refused
    if old:
        assert "of several files with one name only the newest can be fetched" in refused["generic", 1]
        assert "GitLab before 18.4 serves files of type conan only by what it does not tell" in refused["conan", 0]
    asked = [request for request in server.requests() if "/download" in request["path"]]
    # The old server is asked for a call that it does not have once only.
    assert len([request for request in asked if "package_files" in request["path"]]) == (1 if old else len(every))


def test_what_is_not_as_e4_says_is_refused(api: PackagesApi) -> None:
    package = packages(api)["npm"]
    file = api.package_files(42, package["id"])[0]
    with pytest.raises(FileDiffers) as raised:
        got(api, package, {**file, "file_sha256": "0" * 64})
    assert f"file ui-1.0.0.tgz (id {file['id']}) of @acme/ui 1.0.0 is not what GitLab says" in raised.value.message
    assert f"its SHA256 is {file['file_sha256']}, and {'0' * 64} is due" in raised.value.message
    with pytest.raises(FileDiffers, match="it has 200000 bytes, and 200001 are due"):
        got(api, package, {**file, "size": 200_001})
    # The strongest that is told counts, whichever that is; where none is, nothing is said to be proved.
    sums = {"file_sha256": None, "file_sha1": None, "file_md5": None}
    data = got(api, package, file)[1]
    sha1, md5 = hashlib.sha1(data).hexdigest(), hashlib.md5(data).hexdigest()
    assert got(api, package, {**file, **sums, "file_sha1": sha1})[0].checked == "sha1"
    assert got(api, package, {**file, **sums, "file_md5": md5.upper()})[0].checked == "md5"
    assert got(api, package, {**file, **sums})[0].checked == "size"
    assert got(api, package, {**file, **sums, "size": None})[0].checked is None
    with pytest.raises(FileDiffers, match="its MD5 is"):
        got(api, package, {**file, **sums, "file_md5": "0" * 32})


def test_a_truncated_download_is_tried_again_and_then_refused(api: PackagesApi, server: Sandbox) -> None:
    package = packages(api)["npm"]
    file = api.package_files(42, package["id"])[0]
    by_name = {"path": "/(download|-)/?", "method": "GET", "kind": "truncate"}
    server.faults([{**by_name, "path": r"/download$|/-/ui-1.0.0.tgz$|/packages/\d+/files/", "times": 1}])
    assert got(api, package, file)[0].sha256 == file["file_sha256"]
    server.faults([{**by_name, "path": r"/download$|/-/ui-1.0.0.tgz$|/packages/\d+/files/", "times": -1}])
    with pytest.raises((Unreachable, FileDiffers)):
        got(api, package, file)


def test_a_file_that_went_meanwhile_is_not_taken_for_an_old_server(api: PackagesApi) -> None:
    package = packages(api)["npm"]
    file = api.package_files(42, package["id"])[0]
    got(api, package, file)
    if api.downloads_by_id:
        with pytest.raises(PackageNotFound):
            got(api, package, {**file, "id": 99_999})
        assert api.downloads_by_id
