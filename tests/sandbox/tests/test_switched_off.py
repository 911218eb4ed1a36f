# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archived projects, and registries that are off or half open (contract, section 4; registries, A)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

PACKAGE = {"name": "app", "files": [{"file_name": "app.bin", "content": "x"}]}
SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "olga", "tokens": [{"value": "glpat-olga"}]},
        {"username": "gus", "tokens": [{"value": "glpat-gus"}]},
        {"username": "otto", "tokens": [{"value": "glpat-otto"}]},
    ],
    "groups": [{"path": "acme", "visibility": "public", "members": {"olga": "owner", "gus": "guest"}}],
    "projects": [
        {"path": "acme/old", "archived": True, "packages": [PACKAGE]},
        {"path": "acme/off", "package_registry": "disabled", "packages": [PACKAGE]},
        {"path": "acme/members", "package_registry": "private", "packages": [PACKAGE]},
        {"path": "acme/mirror", "visibility": "private", "package_registry": "public", "packages": [PACKAGE]},
        {"path": "acme/plain", "packages": [PACKAGE]},
    ],
}
# Each call of E1 to E9 for the project with this number, whose package and file have the same.
READS = ["", "/{n}", "/{n}/package_files", "/{n}/pipelines", "/{n}/package_files/{n}/download"]
GENERIC = "/generic/app/1.0.0/app.bin"
WRITES = [("DELETE", "/{n}/package_files/{n}"), ("DELETE", "/{n}"), ("PUT", GENERIC)]
FORBIDDEN = (403, {"message": "403 Forbidden"})


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json() if response.content else None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


def url(project: int, path: str) -> str:
    return f"/projects/{project}/packages{path}".format(n=project)


# Archived


@pytest.mark.parametrize("token", ["glpat-olga", "glpat-root"])
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_archived_project_refuses_everyone_who_writes(
    sandbox: Sandbox, client: Callable[..., Any], token: str, method: str, path: str
) -> None:
    assert answer(client(sandbox, token).call(method, url(1, path))) == FORBIDDEN


@pytest.mark.parametrize("path", [*READS, GENERIC])
def test_archived_project_is_read_on(sandbox: Sandbox, client: Callable[..., Any], path: str) -> None:
    assert client(sandbox, "glpat-olga").get(url(1, path)).status_code == 200


def test_archived_project_shows_no_delete_api_path(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    olga = client(sandbox, "glpat-olga")
    for path in (url(1, ""), "/groups/acme/packages"):
        (body,) = (p for p in olga.get(path).json() if p["id"] == 1)
        assert "delete_api_path" not in body["_links"]
    assert "delete_api_path" in olga.get(url(5, "/5")).json()["_links"]


def test_e10_says_that_a_project_is_archived(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    olga = client(sandbox, "glpat-olga")
    assert [olga.get(f"/projects/{i}").json()["archived"] for i in (1, 5)] == [True, False]


def test_unarchive_delete_archive_again_is_the_way(client: Callable[..., Any]) -> None:
    with Sandbox(SEED) as running:
        olga = client(running, "glpat-olga")
        running.change_project("acme/old", archived=False)
        assert olga.delete(url(1, "/1")).status_code == 204
        running.change_project(1, archived=True)
        assert olga.put(url(1, GENERIC), b"x").status_code == 403


def test_16_1_lets_archived_projects_be_changed(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, gitlab_version="16.1") as running:
        olga = client(running, "glpat-olga")
        assert "delete_api_path" in olga.get(url(1, "/1")).json()["_links"]
        assert olga.put(url(1, GENERIC), b"x").status_code == 201
        assert olga.delete(url(1, "/1")).status_code == 204


# Registry off in the project


@pytest.mark.parametrize("token", ["glpat-olga", "glpat-root", ""])
@pytest.mark.parametrize("path", READS)
def test_registry_off_is_403_for_everyone_who_reads(
    sandbox: Sandbox, client: Callable[..., Any], token: str, path: str
) -> None:
    assert answer(client(sandbox, token).get(url(2, path))) == FORBIDDEN


@pytest.mark.parametrize("token", ["glpat-olga", "glpat-root"])
@pytest.mark.parametrize(("method", "path"), [*WRITES, ("GET", GENERIC)])
def test_registry_off_is_403_for_everyone_who_writes(
    sandbox: Sandbox, client: Callable[..., Any], token: str, method: str, path: str
) -> None:
    assert answer(client(sandbox, token).call(method, url(2, path))) == FORBIDDEN


def test_e10_says_that_the_registry_is_off(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    olga = client(sandbox, "glpat-olga")
    shown = [olga.get(f"/projects/{i}").json() for i in (2, 3, 4, 5)]
    levels = [body["package_registry_access_level"] for body in shown]
    assert levels == ["disabled", "private", "public", "enabled"]
    assert [body["packages_enabled"] for body in shown] == [False, True, True, True]


def test_e2_leaves_out_projects_whose_registry_is_off_for_the_caller(
    sandbox: Sandbox, client: Callable[..., Any]
) -> None:
    assert set(client(sandbox, "glpat-olga").ids("/groups/acme/packages")) == {1, 3, 4, 5}
    assert set(client(sandbox).ids("/groups/acme/packages")) == {1, 5}


def test_registry_for_members_only(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    for member in ("glpat-olga", "glpat-gus"):
        assert client(sandbox, member).get(url(3, "")).status_code == 200
    assert answer(client(sandbox, "glpat-otto").get(url(3, ""))) == FORBIDDEN


@pytest.mark.parametrize("token", ["", "glpat-otto", "glpat-gus", "glpat-olga"])
def test_public_registry_of_a_private_project_lets_everyone_download(
    sandbox: Sandbox, client: Callable[..., Any], token: str
) -> None:
    assert client(sandbox, token).get(url(4, GENERIC)).status_code == 200


@pytest.mark.parametrize(("token", "status"), [("", 404), ("glpat-otto", 404), ("glpat-gus", 403), ("wrong", 401)])
def test_public_registry_of_a_private_project_opens_no_other_call(
    sandbox: Sandbox, client: Callable[..., Any], token: str, status: int
) -> None:
    assert client(sandbox, token).get(url(4, "/4")).status_code == status
    expected = {404: 401, 403: 403, 401: 401}[status] if token != "glpat-otto" else 404
    assert client(sandbox, token).put(url(4, GENERIC), b"x").status_code == expected


# Packages off on the instance


@pytest.fixture(scope="module")
def switched_off() -> Iterator[Sandbox]:
    with Sandbox({**SEED, "instance": {"packages": "disabled"}}) as running:
        yield running


@pytest.mark.parametrize("token", ["", "glpat-root", "wrong"])
@pytest.mark.parametrize(
    ("method", "path"),
    [*(("GET", path) for path in READS), *WRITES, ("GET", GENERIC), ("PUT", "/generic/a%20b/1/x?status=z")],
)
def test_packages_off_is_404_for_every_packages_call_before_anything_else(
    switched_off: Sandbox, client: Callable[..., Any], token: str, method: str, path: str
) -> None:
    response = client(switched_off, token).call(method, url(5, path))
    assert answer(response) == (404, {"message": "404 Not Found"})


def test_packages_off_leaves_e10_and_e11(switched_off: Sandbox, client: Callable[..., Any]) -> None:
    root = client(switched_off, "glpat-root")
    assert answer(root.get("/groups/acme/packages")) == (404, {"message": "404 Not Found"})
    for path in ("/projects/5", "/groups/acme", "/personal_access_tokens/self"):
        assert root.get(path).status_code == 200
