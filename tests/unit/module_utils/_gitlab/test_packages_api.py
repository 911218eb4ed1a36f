# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One method per endpoint, on a sandbox; and answers of a shape that no GitLab gives."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    InvalidInput,
    PackageNotFound,
    PackageNotShown,
    PreconditionFailed,
    ScopeNotFound,
    UnexpectedAnswer,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Selection
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import answer, scripted
from gitlab_sandbox.testing import Sandbox

NAMES = [
    "{{ 7*7 }}",
    "../../etc",
    "..",
    "<script>",
    "n" * 255,
    "📦",
    "%2F",
    "a/b?c=d&e#f",
    "a b+c",
    "100%",
    "x_y",
    "\n",
]
SHOP = Scope("project", "42")
SEED: dict[str, t.Any] = {
    "users": [{"username": "mia", "tokens": [{"value": "glpat-mia"}, {"value": "glpat-read", "scopes": ["read_api"]}]}],
    "job_tokens": [{"value": "glcbt-mia", "user": "mia"}],
    "groups": [{"path": "acme", "members": {"mia": "maintainer"}}],
    "projects": [
        {
            "path": "acme/shop",
            "id": 42,
            "moved_from": ["acme/old"],
            "packages": [
                *({"name": name, "version": f"{name} 1"[-255:], "id": 100 + i} for i, name in enumerate(NAMES)),
                {"name": "x-y", "version": "x_y 1", "id": 150},
                {"name": "built", "id": 200, "pipelines": [{"id": 900 + i} for i in range(61)]},
                {
                    "name": "stuffed",
                    "id": 201,
                    "files": [{"file_name": f"f{i % 7}", "id": 5000 + i} for i in range(201)],
                },
                {"name": "broken", "id": 202, "status": "error"},
                {"name": "aged", "id": 203, "created_at": "2025-03-01T10:00:00.500Z"},
                {"name": "doomed", "id": 204, "files": [{"id": 6000}]},
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[PackagesApi]:
    with Client(Connection(api_url=sandbox.url, token=Token("private", "glpat-mia"), retries=0)) as client:
        yield PackagesApi(client)


@pytest.mark.parametrize("index", range(len(NAMES)))
def test_any_name_and_version_is_found_exactly(api: PackagesApi, index: int) -> None:
    name = NAMES[index]
    assert [p["id"] for p in list_packages(api, SHOP, [Selection(name=name, version=f"{name} 1"[-255:])])] == [
        100 + index
    ]
    assert [p["id"] for p in list_packages(api, SHOP, [Selection(name=name)])] == [100 + index]


def test_two_selections_of_the_same_query_send_it_once(sandbox: Sandbox, api: PackagesApi) -> None:
    sandbox.forget()
    found = list_packages(api, SHOP, [Selection(package_id=200), Selection(package_id=201)])
    assert [package["id"] for package in found] == [200, 201]
    assert len(sandbox.requests()) == 2


def test_projects_by_path_by_number_and_by_former_path(sandbox: Sandbox, api: PackagesApi) -> None:
    sandbox.forget()
    assert [api.project_id(Scope("project", ref)) for ref in ("42", "acme/shop", "acme/old")] == [42, 42, 42]
    paths = [request["path"] for request in sandbox.requests()]
    assert paths == ["/api/v4/projects/acme%2Fshop", "/api/v4/projects/acme%2Fold", "/api/v4/projects/42"]
    assert len(list_packages(api, Scope("project", "acme/old"), [Selection()])) == len(NAMES) + 6
    with pytest.raises(ScopeNotFound):
        api.project_id(Scope("project", "acme/nobody"))


def test_pipelines_by_key(api: PackagesApi) -> None:
    assert [pipeline["id"] for pipeline in api.pipelines(42, 200)] == list(range(960, 899, -1))
    assert api.pipelines(42, 201) == []
    with pytest.raises(PackageNotFound):
        api.pipelines(42, 202)


def test_files_in_every_order(api: PackagesApi) -> None:
    ids = list(range(5000, 5201))
    assert [file["id"] for file in api.package_files(42, 201)] == ids
    assert [file["id"] for file in api.package_files(42, 201, "id", "desc")] == ids[::-1]
    by_name = sorted(ids, key=lambda number: ((number - 5000) % 7, number))
    assert [file["id"] for file in api.package_files(42, 201, "file_name")] == by_name


def test_one_package(api: PackagesApi) -> None:
    assert api.package(42, 200)["versions"] == []
    with pytest.raises(PackageNotShown):
        api.package(42, 202)
    with pytest.raises(PackageNotFound):
        api.package(42, 999)


def test_deletes_and_their_precondition(sandbox: Sandbox, api: PackagesApi) -> None:
    sandbox.forget()
    with pytest.raises(PreconditionFailed):
        # Exact to the second: the header cannot say 10:00:00.900.
        api.delete_package(42, 203, datetime(2025, 3, 1, 10, 0, 0, 900000, tzinfo=timezone.utc))
    api.delete_package(42, 203, datetime(2025, 3, 1, 10, 0, 1, tzinfo=timezone.utc))
    api.delete_package_file(42, 204, 6000)
    with pytest.raises(PackageNotFound):
        api.delete_package_file(42, 204, 6000)
    sent = [request["if_unmodified_since"] for request in sandbox.requests()]
    assert sent == ["Sat, 01 Mar 2025 10:00:00 GMT", "Sat, 01 Mar 2025 10:00:01 GMT", None, None]


@pytest.mark.parametrize(
    ("token", "scopes"),
    [
        (Token("private", "glpat-mia"), ["api"]),
        (Token("oauth", "glpat-read"), ["read_api"]),
        (Token("private", "glpat-gone"), None),
        (Token("job", "glcbt-mia"), None),
        (None, None),
    ],
)
def test_scopes_of_the_token(sandbox: Sandbox, token: Token | None, scopes: list[str] | None) -> None:
    with Client(Connection(api_url=sandbox.url, token=token, retries=0)) as client:
        assert PackagesApi(client).token_scopes() == scopes


def test_a_job_token_never_asks_for_a_group(sandbox: Sandbox) -> None:
    sandbox.forget()
    with Client(Connection(api_url=sandbox.url, token=Token("job", "glcbt-mia"))) as client:
        for ask in (
            lambda api: api.scope(Scope("group", "acme")),
            lambda api: list_packages(api, Scope("group", "acme"), []),
        ):
            with pytest.raises(InvalidInput, match="GitLab ignores job tokens for groups"):
                ask(PackagesApi(client))
    assert sandbox.requests() == []


@given(st.text())
def test_a_scope_is_one_segment_of_a_path(ref: str) -> None:
    scope = Scope("project", ref)
    try:
        path = scope.path
    except InvalidInput:
        return
    assert path.count("/") == 2
    assert path.startswith("/projects/")
    assert path.isascii()
    assert not set("?#&") & set(path)
    assert ".." not in ref.split("/")


@pytest.mark.parametrize(
    "ref", ["", "/", "a//b", "..", "a/../b", ".", "a%2Fb", "https://gitlab.com/a/b", "a b", "a\n", "a?b"]
)
def test_what_is_no_project(ref: str) -> None:
    with pytest.raises(InvalidInput, match=r"is neither a numeric ID nor a full path such as 'acme/web/shop'"):
        assert Scope("project", ref).path


PACKAGE = {"id": 1, "name": "ui", "version": "1", "package_type": "npm"}


@pytest.mark.parametrize(
    ("package", "problem"),
    [
        ("text", "answered with a str where an object is due"),
        (None, "answered with nothing where an object is due"),
        ({**PACKAGE, "id": "1"}, "answered with an object whose 'id' is a str"),
        ({**PACKAGE, "id": True}, "answered with an object whose 'id' is a bool"),
        ({**PACKAGE, "name": None}, "answered with an object whose 'name' is nothing"),
        ({**PACKAGE, "version": 1.1}, "answered with an object whose 'version' is a float"),
        ({**PACKAGE, "status": []}, "answered with an object whose 'status' is a list"),
        ({**PACKAGE, "_links": "x"}, "answered with an object whose '_links' is a str"),
    ],
)
def test_packages_of_another_shape(package: t.Any, problem: str) -> None:
    with scripted(lambda request: answer(package if "/packages/1" in request.target else [package])) as server:
        with server.client() as client, pytest.raises(UnexpectedAnswer, match=problem):
            list_packages(PackagesApi(client), SHOP, [Selection(package_types=("npm",))])
        with server.client() as client, pytest.raises(UnexpectedAnswer, match=problem):
            PackagesApi(client).package(42, 1)


def test_a_groups_packages_must_say_where_they_are() -> None:
    with scripted(lambda _request: answer([PACKAGE])) as server, server.client() as client:  # noqa: SIM117
        with pytest.raises(UnexpectedAnswer, match="'project_id' is nothing"):
            list_packages(PackagesApi(client), Scope("group", "acme"), [Selection()])


def test_a_cursor_that_leads_nowhere_ends() -> None:
    link = '<http://other.invalid/x?cursor=same>; rel="next"'
    with scripted(lambda _: answer([{"id": 1}], Link=link)) as server, server.client() as client:
        assert [pipeline["id"] for pipeline in PackagesApi(client).pipelines(42, 1)] == [1, 1]
    assert [request.target.partition("?")[2] for request in server.requests] == [
        "per_page=20",
        "per_page=20&cursor=same",
    ]


@pytest.mark.parametrize("link", ["", "<>", "<http://[>; rel=next", '<http://h/?page=2>; rel="next"', "; rel=next"])
def test_a_link_without_a_cursor_is_the_end(link: str) -> None:
    with scripted(lambda _: answer([{"id": 1}], Link=link)) as server, server.client() as client:
        assert len(PackagesApi(client).pipelines(42, 1)) == 1
