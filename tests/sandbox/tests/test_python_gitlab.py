# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""python-gitlab, a client that nobody here wrote, works unchanged."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gitlab
import pytest

from gitlab_sandbox.testing import Sandbox

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def gl(sandbox: Sandbox) -> gitlab.Gitlab:
    return gitlab.Gitlab(sandbox.url, private_token="glpat-mia")


@pytest.fixture(scope="module")
def shop(gl: gitlab.Gitlab) -> Any:
    return gl.projects.get("acme/web/shop")


@pytest.fixture
def name() -> str:
    return f"python-gitlab-{next(_numbers)}"


def ids(objects: Any) -> list[int]:
    return [entry.get_id() for entry in objects]


def test_gets_a_project_and_a_group(gl: gitlab.Gitlab, shop: Any) -> None:
    assert shop.id == 42
    assert shop.path_with_namespace == "acme/web/shop"
    assert gl.groups.get("acme/web").full_path == "acme/web"


def test_lists_a_projects_packages(shop: Any) -> None:
    assert 101 in ids(shop.packages.list(get_all=True))
    assert ids(shop.packages.list(per_page=3, get_all=True)) == ids(shop.packages.list(get_all=True))
    assert ids(shop.packages.list(iterator=True, per_page=2)) == ids(shop.packages.list(get_all=True))
    assert shop.packages.list(iterator=True).total == len(shop.packages.list(get_all=True))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"package_type": "npm"}, [103, 102, 101, 104]),
        ({"package_type": "npm", "order_by": "version", "sort": "desc"}, [104, 102, 101, 103]),
        ({"package_name": "pie"}, [113]),
        ({"package_version": "1.10.0"}, [101]),
        ({"include_versionless": True, "package_name": "lonely"}, [109]),
        ({"status": "hidden"}, [105]),
        ({"package_type": "terraform_module"}, [110]),
    ],
)
def test_filters_of_projects_and_groups(
    gl: gitlab.Gitlab, shop: Any, filters: dict[str, Any], expected: list[int]
) -> None:
    assert ids(shop.packages.list(get_all=True, **filters)) == expected
    assert ids(gl.groups.get("acme/web").packages.list(get_all=True, **filters)) == expected


def test_lists_a_groups_packages(gl: gitlab.Gitlab) -> None:
    packages = gl.groups.get("acme").packages
    assert {101, 201} <= set(ids(packages.list(get_all=True)))
    assert ids(packages.list(get_all=True, exclude_subgroups=True)) == [201]


def test_gets_a_package(shop: Any) -> None:
    package = shop.packages.get(101)
    assert (package.name, package.version) == ("@acme/ui", "1.10.0")
    assert [version["id"] for version in package.versions] == [103, 102, 104]
    with pytest.raises(gitlab.GitlabGetError) as error:
        shop.packages.get(104)
    assert (error.value.response_code, error.value.error_message) == (404, "Package not found")


def test_lists_files(shop: Any) -> None:
    files = shop.packages.list(package_version="1.10.0")[0].package_files.list(get_all=True)
    assert ids(files) == [1001, 1002, 1004]
    assert files[1].file_sha256 == hashlib.sha256(b"hello").hexdigest()


def test_lists_pipelines_by_key() -> None:
    seed = {
        "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
        "projects": [{"path": "a/b", "packages": [{"name": "x", "pipelines": [{"id": i} for i in range(1, 48)]}]}],
    }
    with Sandbox(seed) as running:
        package = gitlab.Gitlab(running.url, private_token="glpat-root").projects.get("a/b").packages.get(1)
        found = package.pipelines.list(iterator=True)
        assert [pipeline.id for pipeline in found] == list(range(47, 0, -1))
        assert [pipeline.id for pipeline in package.pipelines.list(get_all=True, per_page=5)] == list(range(47, 0, -1))


def test_deletes_a_package(shop: Any, name: str) -> None:
    shop.generic_packages.upload(name, "1.0.0", "a.bin", data=b"x")
    (package,) = shop.packages.list(package_name=name)
    package.delete()
    assert shop.packages.list(package_name=name) == []
    with pytest.raises(gitlab.GitlabDeleteError) as error:
        shop.packages.delete(package.id)
    assert error.value.response_code == 404


def test_deletes_a_file(shop: Any, name: str) -> None:
    for data in (b"one", b"two"):
        shop.generic_packages.upload(name, "1.0.0", "a.bin", data=data)
    (package,) = shop.packages.list(package_name=name)
    first, second = package.package_files.list(get_all=True)
    second.delete()
    assert ids(package.package_files.list(get_all=True)) == [first.id]


def test_uploads_and_downloads(shop: Any, name: str, tmp_path: Path) -> None:
    path = tmp_path / "app.bin"
    path.write_bytes(b"bytes " * 1000)
    answer = shop.generic_packages.upload(name, "1.0.0", "app.bin", path=str(path))
    assert answer.message == "201 Created"
    assert shop.generic_packages.download(name, "1.0.0", "app.bin") == path.read_bytes()
    file = shop.generic_packages.upload(name, "1.0.0", "app.bin", data=b"new", select="package_file")
    assert file.size == 3
    assert shop.generic_packages.download(name, "1.0.0", "app.bin") == b"new"


def test_sees_the_effect_of_protection_rules(sandbox: Sandbox, shop: Any) -> None:
    shop.generic_packages.upload("release-python-gitlab", "1.0.0", "a.bin", data=b"x")
    (package,) = shop.packages.list(package_name="release-python-gitlab")
    for target in (package, package.package_files.list(get_all=True)[0]):
        with pytest.raises(gitlab.GitlabDeleteError) as error:
            target.delete()
        assert error.value.response_code == 403
        assert error.value.error_message == "403 Forbidden - Package is deletion protected."
    owner = gitlab.Gitlab(sandbox.url, private_token="glpat-olga")
    owner.projects.get(42).packages.delete(package.id)
    assert shop.packages.list(package_name="release-python-gitlab") == []


def test_uses_every_kind_of_token(sandbox: Sandbox) -> None:
    for credentials in (
        {"private_token": "glpat-mia"},
        {"oauth_token": "glpat-mia"},
        {"job_token": "glcbt-mia"},
    ):
        client = gitlab.Gitlab(sandbox.url, **credentials)
        assert 101 in ids(client.projects.get(42, lazy=True).packages.list(get_all=True))


def test_raises_its_own_errors(sandbox: Sandbox, gl: gitlab.Gitlab) -> None:
    with pytest.raises(gitlab.GitlabAuthenticationError):
        gitlab.Gitlab(sandbox.url, private_token="nope").projects.get(42)
    with pytest.raises(gitlab.GitlabGetError, match="404 Project Not Found"):
        gl.projects.get("acme/nope")
    with pytest.raises(gitlab.GitlabListError, match="package_type does not have a valid value"):
        gl.projects.get(42, lazy=True).packages.list(package_type="foo")


def test_retries_what_a_fault_breaks(
    sandbox: Sandbox, gl: gitlab.Gitlab, name: str, client: Callable[..., Any]
) -> None:
    sandbox.faults([{"method": "GET", "kind": "status", "code": 502, "times": 1}])
    try:
        assert gl.http_get("/projects/42", retry_transient_errors=True)["id"] == 42
    finally:
        sandbox.faults([])


def test_describes_its_token(gl: gitlab.Gitlab) -> None:
    token = gl.personal_access_tokens.get("self")
    assert (token.name, token.scopes, token.active) == ("cleanup", ["api"], True)
