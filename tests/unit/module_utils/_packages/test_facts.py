# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts, and how many requests they take."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, ScopeNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete, find
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import STATUSES, Selection
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import newest_of_each
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import answer, scripted
from gitlab_sandbox.testing import Sandbox

BIG = 10_150
SHOP = Scope("project", "acme/shop")
NPM = Selection(package_types=("npm",))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    seed = {
        "users": [{"username": "mia", "tokens": [{"value": "glpat-mia"}]}],
        "groups": [{"path": "acme", "members": {"mia": "maintainer"}}],
        "projects": [
            {
                "path": "acme/shop",
                "id": 42,
                "packages": [
                    {"name": "ui", "version": "1.0.0", "package_type": "npm", "id": 1, "files": [{"id": 9}]},
                    {"name": "ui", "version": "1.1.0", "package_type": "npm", "id": 2},
                    *({"name": "state", "version": s, "status": s, "id": 10 + i} for i, s in enumerate(STATUSES)),
                ],
            },
            {"path": "acme/big", "id": 43, "generate": [{"count": BIG, "name": "app-{i % 9}", "interval_seconds": 0}]},
        ],
    }
    with Sandbox(seed) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[PackagesApi]:
    with Client(Connection(api_url=sandbox.url, token=Token("private", "glpat-mia"), retries=0)) as client:
        sandbox.forget()
        yield PackagesApi(client)


@pytest.mark.parametrize(
    ("scope", "selection", "limit", "count"),
    [
        (SHOP, Selection(), None, 1 + 2),
        (SHOP, NPM, None, 1 + 1),
        (SHOP, Selection(statuses=STATUSES), None, 1 + 2 * 4),
        (SHOP, Selection(1), None, 1 + 1),
        (Scope("project", "42"), Selection(1), None, 1),
        # Only an ID that E3 does not show is looked for in lists: `error` in one of them, hidden in the others.
        (Scope("project", "42"), Selection(13), None, 1 + 2),
        (Scope("project", "42"), Selection(11), None, 1),
        (Scope("project", "42"), Selection(11, statuses=STATUSES), None, 1 + 3 * 2),
        (Scope("group", "acme"), NPM, None, 1),
        (Scope("project", "43"), Selection(package_types=("generic",)), 5, 1),
        (Scope("project", "43"), Selection(package_types=("generic",)), 101, 2),
    ],
)
def test_request_counts(
    sandbox: Sandbox, api: PackagesApi, scope: Scope, selection: Selection, limit: int | None, count: int
) -> None:
    find(api, scope, selection, limit=limit)
    sent = [(request["path"], request["query"]) for request in sandbox.requests()]
    assert len(sent) == len(set(sent))
    pages = [query for _path, query in sent if "per_page=1&" not in query and not query.endswith("per_page=1")]
    assert len(pages) == count, sent


def test_more_than_10_000_are_complete(sandbox: Sandbox, api: PackagesApi) -> None:
    found = find(api, Scope("project", "acme/big"), Selection(name="app-3"))
    assert len(found) == len({package["id"] for package in found}) == len(range(3, BIG, 9))
    assert {(package["name"], package["project_id"]) for package in found} == {("app-3", 43)}
    sandbox.forget()
    everything = find(api, Scope("project", "43"), Selection())
    assert len({package["version"] for package in everything}) == BIG
    sent = [(request["path"], request["query"]) for request in sandbox.requests()]
    assert len(sent) == len(set(sent))
    # 102 pages, the terraform modules, and some to find the end, and to see that nothing was lost between pages.
    assert 103 <= len(sent) <= 150


def test_each_status_by_id(api: PackagesApi) -> None:
    shown = [find(api, SHOP, Selection(10 + i)) for i in range(len(STATUSES))]
    assert [[p["status"] for p in found] for found in shown] == [["default"], [], [], ["error"], [], ["deprecated"]]
    asked = [find(api, SHOP, Selection(10 + i, statuses=STATUSES)) for i in range(len(STATUSES))]
    assert [[p["status"] for p in found] for found in asked] == [[status] for status in STATUSES]


def test_parts_are_none_where_gitlab_does_not_show_them(sandbox: Sandbox, api: PackagesApi) -> None:
    found = find(api, SHOP, Selection(name_search="ui")) + find(api, SHOP, Selection(13))
    sandbox.forget()
    whole = complete(api, found, ["versions", "files"])
    assert [[version["id"] for version in package["versions"] or ()] for package in whole] == [[2], [1], []]
    assert [package["files"] and [file["id"] for file in package["files"]] for package in whole] == [[9], [], []]
    assert whole[2]["versions"] is None
    assert len(sandbox.requests()) == 6
    # What E3 gave already is not asked for again, and not shown unasked.
    (by_id,) = find(api, SHOP, Selection(1))
    sandbox.forget()
    assert [version["id"] for version in complete(api, [by_id], ["versions"])[0]["versions"]] == [2]
    assert "versions" not in complete(api, [by_id], [])[0]
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("scope", "options", "sentence"),
    [
        (SHOP, {"limit": 0}, "limit must be at least 1, not 0"),
        (SHOP, {"limit": -1}, "limit must be at least 1, not -1"),
        (SHOP, {"order_by": "project_path"}, "order_by: project_path is for groups"),
    ],
)
def test_what_cannot_be_is_refused_before_any_request(
    sandbox: Sandbox, api: PackagesApi, scope: Scope, options: dict[str, t.Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        find(api, scope, Selection(), **options)
    assert sandbox.requests() == []


def test_no_packages_of_no_project() -> None:
    """An empty list proves nothing while the project itself is not there."""

    def say(request: t.Any) -> bytes:
        return answer([]) if "packages" in request.target else answer({"message": "404 Project Not Found"}, 404)

    with scripted(say) as server, server.client() as client, pytest.raises(ScopeNotFound):
        find(PackagesApi(client), SHOP, NPM)


def test_the_newest_of_each() -> None:
    def package(number: int, name: str, version: str | None, kind: str = "npm", project: int = 1) -> dict[str, t.Any]:
        bare = {"conan_package_name": name.split("/")[0]} if kind == "conan" else {}
        return {"id": number, "name": name, "version": version, "package_type": kind, "project_id": project, **bare}

    found = newest_of_each(
        [
            package(1, "ui", "1.9.0"),
            package(2, "ui", "1.10.0"),
            package(3, "ui", "1.10.0-rc.1"),
            package(4, "ui", "0.1.0", project=2),
            package(5, "ui", "9.0.0", "pypi"),
            package(6, "zlib/1.9@a/b", "1.9", "conan"),
            package(7, "zlib/1.10@a/b", "1.10", "conan"),
            package(8, "bare", None),
        ]
    )
    assert sorted(package["id"] for package in found) == [2, 4, 5, 7]
