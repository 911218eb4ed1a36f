# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One method per endpoint, on a sandbox; and answers of a shape that no GitLab gives."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import packages_api
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    BadRequest,
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
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import Request, answer, scripted
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


def test_a_cursor_that_leads_nowhere_is_refused() -> None:
    link = '<http://other.invalid/x?cursor=same>; rel="next"'
    with scripted(lambda _: answer([{"id": 1}], Link=link)) as server, server.client() as client:  # noqa: SIM117
        with pytest.raises(UnexpectedAnswer, match="after 2 pages the next one leads to one that was read before"):
            PackagesApi(client).pipelines(42, 1)
    assert [request.target.partition("?")[2] for request in server.requests] == [
        "per_page=20",
        "per_page=20&cursor=same",
    ]


def test_cursors_without_end_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages_api, "MAX_CURSORS", 30)
    number = itertools.count()

    def say(_request: Request) -> bytes:
        return answer(
            [{"id": 1}], Link=f'<http://x/?page=2,3>; rel="first", <http://x/?cursor={next(number)}>; rel="next"'
        )

    with scripted(say) as server, server.client() as client:  # noqa: SIM117
        with pytest.raises(UnexpectedAnswer, match="after 31 pages the next one leads on, beyond what any package has"):
            PackagesApi(client).pipelines(42, 1)


def packages_like(**fields: t.Any) -> list[dict[str, t.Any]]:
    """A list of one package with these fields, as GitLab gives it."""
    known = {"id": 1, "name": "app", "version": "1", "package_type": "npm", "status": "default", "tags": []}
    return [{**known, **fields}]


def listed(data: t.Any, scope: Scope = SHOP) -> list[dict[str, t.Any]]:
    """What a list of one page comes to."""
    with scripted(lambda _: answer(data)) as server, server.client() as client:
        return PackagesApi(client).packages(scope, [{}], lambda package: package)


@pytest.mark.parametrize("tags", [[["x"]], [{"name": {}}], [{"name": [1]}], [{}], [None], [7], "x", {"name": "x"}])
def test_tags_of_another_shape_are_no_tags(tags: t.Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="'tags'"):
        listed(packages_like(tags=tags))


@pytest.mark.parametrize(
    "fields",
    [
        {"tags": [{"id": 3, "package_id": 1, "name": "latest", "project_id": 42}], "pipeline": None},
        {"tags": ["latest"], "pipeline": {"id": 7}, "creator_id": None},
        {"tags": None},
    ],
)
def test_shapes_of_old_and_new_servers(fields: dict[str, t.Any]) -> None:
    assert listed(packages_like(**fields)) == packages_like(**fields)


def test_half_a_character_becomes_one_that_can_be_written() -> None:
    said = rb'[{"id": 1, "name": "a\ud800b \ud83d\ude00", "\uDC00": ["\uDFFF"], "package_type": "npm"}]'
    package = listed(said)[0]
    assert (package["name"], package["\ufffd"]) == ("a\ufffdb \U0001f600", ["\ufffd"])
    with pytest.raises(UnexpectedAnswer, match="not JSON"):
        listed(b'[{"id": 1, "name": "\xed\xa0\x80", "package_type": "npm"}]')


@pytest.mark.parametrize("ref", ["²", "4²", "٣", "1" * 19, "1" * 5000, "१/२", "ä/b"])
def test_what_is_no_reference(ref: str) -> None:
    with scripted(lambda _: answer({"id": 3})) as server, server.client() as client:
        api = PackagesApi(client)
        for call in (
            lambda: api.project_id(Scope("project", ref)),
            lambda: api.packages(Scope("group", ref), [{}], lambda package: package),
        ):
            with pytest.raises(InvalidInput, match="is neither a numeric ID nor a full path"):
                call()
    assert server.requests == []


def test_subgroups_that_a_server_does_not_leave_out_are_left_out_here() -> None:
    paths = ["acme/shop", "acme/web/shop", "Acme/shop", None, "acme", "acme/shop/x", "acme-2/shop"]
    found = [{**packages_like()[0], "id": i, "project_id": i, "project_path": path} for i, path in enumerate(paths)]

    def say(request: Request) -> bytes:
        return answer(found if "/packages" in request.target else {"id": 5, "full_path": "acme"})

    with scripted(say) as server, server.client() as client:
        kept = PackagesApi(client).packages(Scope("group", "5", exclude_subgroups=True), [{}], lambda package: package)
    assert [package["project_path"] for package in kept] == ["acme/shop"]


UNKNOWN = {"package_type": "cargo", "status": "deprecated"}


@pytest.mark.parametrize("limit", [None, 5])
@pytest.mark.parametrize("name", UNKNOWN)
def test_what_a_server_does_not_know_yet_is_empty_beside_others(name: str, limit: int | None) -> None:
    def say(request: Request) -> bytes:
        if UNKNOWN[name] in request.target:
            return answer({"error": f"{name} does not have a valid value"}, 400)
        return answer(packages_like())

    with scripted(say) as server, server.client() as client:
        api = PackagesApi(client)
        keep = {"keep": lambda package: package, "limit": limit}
        assert api.packages(SHOP, [{name: UNKNOWN[name]}, {name: "default"}], **keep) == packages_like()
        with pytest.raises(BadRequest) as raised:
            api.packages(SHOP, [{name: UNKNOWN[name]}], **keep)
    assert raised.value.message == (
        f"GET /projects/42/packages: 400 {name} does not have a valid value: this GitLab does not know {name}"
        f" {UNKNOWN[name]}, which came with a later version"
    )


@pytest.mark.parametrize("link", ["", "<>", "<http://[>; rel=next", '<http://h/?page=2>; rel="next"', "; rel=next"])
def test_a_link_without_a_cursor_is_the_end(link: str) -> None:
    with scripted(lambda _: answer([{"id": 1}], Link=link)) as server, server.client() as client:
        assert len(PackagesApi(client).pipelines(42, 1)) == 1


def test_another_objection_fails_the_list() -> None:
    said = {"error": "package_type does not have a valid value, order_by does not have a valid value"}
    with scripted(lambda _: answer(said, 400)) as server, server.client() as client:  # noqa: SIM117
        with pytest.raises(BadRequest, match=r"order_by does not have a valid value$"):
            PackagesApi(client).packages(SHOP, [{}, {"package_type": "cargo"}], lambda package: package)
