# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""``GET /groups/:id/projects`` (contract of the registries, section E)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

PATH = "/groups/acme/projects"
WEB = "/groups/acme%2Fweb/projects"

SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "mia", "tokens": [{"value": "glpat-mia"}]},
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
        {"username": "otto", "tokens": [{"value": "glpat-otto"}]},
        {"username": "gus", "tokens": [{"value": "glpat-gus"}]},
    ],
    "job_tokens": [{"value": "glcbt-mia", "user": "mia", "project": "acme/b"}],
    "groups": [
        {"path": "acme", "id": 7, "visibility": "public", "members": {"mia": "maintainer", "gus": "guest"}},
        {"path": "acme/web", "visibility": "public"},
        {"path": "acme/web/deep", "visibility": "public"},
        {"path": "closed", "visibility": "private"},
        {"path": "empty", "visibility": "public"},
    ],
    "projects": [
        {"path": "acme/b", "id": 1, "name": "Zebra", "visibility": "public"},
        {"path": "acme/a", "id": 2, "name": "Same", "visibility": "internal", "archived": True},
        {"path": "acme/c", "id": 3, "name": "Same", "visibility": "private", "package_registry": "disabled"},
        {"path": "acme/web/shop", "id": 4, "visibility": "private", "members": {"sam": "owner"}},
        {"path": "acme/web/shop-api", "id": 5, "visibility": "public", "package_registry": "private"},
        {"path": "acme/web/deep/down", "id": 6, "visibility": "private"},
        {"path": "other/shared", "id": 8, "visibility": "public", "shared_with": ["acme"]},
        {"path": "closed/secret", "id": 9, "visibility": "private"},
    ],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


def own(api: Any, path: str = PATH, **params: Any) -> list[int]:
    """IDs without what is shared, which would come along by default."""
    return sorted(api.ids(path, with_shared=False, **params))


# Parameters


def test_with_shared_is_true_by_default(mia: Any) -> None:
    assert sorted(mia.ids(PATH)) == [1, 2, 3, 8]
    assert sorted(mia.ids(PATH, with_shared=True)) == [1, 2, 3, 8]
    assert sorted(mia.ids(PATH, with_shared=False)) == [1, 2, 3]
    # What is shared with a group is not shared with those below it.
    assert sorted(mia.ids(WEB)) == [4, 5]


def test_include_subgroups_takes_all_levels_below(mia: Any) -> None:
    assert own(mia) == [1, 2, 3]
    assert own(mia, include_subgroups=True) == [1, 2, 3, 4, 5, 6]
    assert own(mia, WEB, include_subgroups=True) == [4, 5, 6]


def test_include_ancestor_groups(mia: Any) -> None:
    assert own(mia, WEB, include_ancestor_groups=True) == [1, 2, 3, 4, 5]
    assert own(mia, "/groups/acme%2Fweb%2Fdeep/projects", include_ancestor_groups=True) == [1, 2, 3, 4, 5, 6]
    assert own(mia, WEB, include_ancestor_groups=True, include_subgroups=True) == [1, 2, 3, 4, 5, 6]


def test_archived(mia: Any) -> None:
    assert own(mia, archived=True) == [2]
    assert own(mia, archived=False) == [1, 3]


@pytest.mark.parametrize(("visibility", "found"), [("public", [1]), ("internal", [2]), ("private", [3])])
def test_visibility(mia: Any, visibility: str, found: list[int]) -> None:
    assert own(mia, visibility=visibility) == found


def test_min_access_level_goes_by_membership(
    sandbox: Sandbox, client: Callable[..., Any], mia: Any, anyone: Any, root: Any
) -> None:
    sam, otto = client(sandbox, "glpat-sam"), client(sandbox, "glpat-otto")
    everything = {"include_subgroups": True}
    assert own(mia, min_access_level=40, **everything) == [1, 2, 3, 4, 5, 6]
    assert own(mia, min_access_level=50, **everything) == []
    # Public and internal projects without a membership drop out.
    assert own(sam, **everything) == [1, 2, 4, 5]
    assert own(sam, min_access_level=5, **everything) == own(sam, min_access_level=50, **everything) == [4]
    for api in (otto, anyone, root):
        assert own(api, **everything)
        assert own(api, min_access_level=10, **everything) == []


def test_owned(sandbox: Sandbox, client: Callable[..., Any], mia: Any) -> None:
    assert own(client(sandbox, "glpat-sam"), owned=True, include_subgroups=True) == [4]
    assert own(mia, owned=True, include_subgroups=True) == []


def test_starred_and_topic_find_nothing_here(mia: Any) -> None:
    assert mia.ids(PATH, starred=True) == []
    assert mia.ids(PATH, topic="ruby") == []


@pytest.mark.parametrize(
    ("search", "found"),
    [("shop", [4, 5]), ("SHOP", [4, 5]), ("shop api", [5]), ("Same", [2, 3]), ("sam", [2, 3]), ("b", [1]), ("zz", [])],
)
def test_search(mia: Any, search: str, found: list[int]) -> None:
    assert own(mia, search=search, include_subgroups=True) == found


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"order_by": "size"}, "order_by does not have a valid value"),
        ({"sort": "up"}, "sort does not have a valid value"),
        ({"visibility": "secret"}, "visibility does not have a valid value"),
        ({"min_access_level": 41}, "min_access_level does not have a valid value"),
        ({"min_access_level": 0}, "min_access_level does not have a valid value"),
        ({"min_access_level": "x"}, "min_access_level is invalid"),
        ({"include_subgroups": "x"}, "include_subgroups is invalid"),
        ({"archived": "x", "simple": "maybe"}, "archived is invalid, simple is invalid"),
    ],
)
def test_wrong_parameters(mia: Any, params: dict[str, Any], error: str) -> None:
    response = mia.get(PATH, params=params)
    assert (response.status_code, response.json()) == (400, {"error": error})


# Order


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, [3, 2, 1]),
        ({"sort": "asc"}, [1, 2, 3]),
        ({"order_by": "id", "sort": "asc"}, [1, 2, 3]),
        ({"order_by": "id"}, [3, 2, 1]),
        ({"order_by": "created_at"}, [3, 2, 1]),
        ({"order_by": "updated_at"}, [3, 2, 1]),
        ({"order_by": "last_activity_at", "sort": "asc"}, [1, 2, 3]),
        ({"order_by": "star_count", "sort": "asc"}, [1, 2, 3]),
        ({"order_by": "path", "sort": "asc"}, [2, 1, 3]),
        ({"order_by": "path"}, [3, 1, 2]),
        # Two of the same name: ties go by ID, in the direction of the list.
        ({"order_by": "name", "sort": "asc"}, [2, 3, 1]),
        ({"order_by": "name"}, [1, 3, 2]),
    ],
)
def test_order(mia: Any, params: dict[str, Any], found: list[int]) -> None:
    assert mia.ids(PATH, with_shared=False, **params) == found


def test_the_likest_come_first_by_similarity(mia: Any) -> None:
    for sort in ("asc", "desc"):
        params = {"order_by": "similarity", "search": "shop", "sort": sort, "include_subgroups": True}
        assert mia.ids(PATH, with_shared=False, **params) == [4, 5]


def test_ties_stay_where_they_are_when_others_are_shuffled(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, ties="shuffled") as running:
        api = client(running, "glpat-mia")
        for _ in range(5):
            assert api.ids(PATH, with_shared=False, order_by="name", sort="asc") == [2, 3, 1]


# Paging


def test_pages_with_all_headers(sandbox: Sandbox, mia: Any) -> None:
    response = mia.get(PATH, params={"per_page": 2, "page": 2, "order_by": "id", "sort": "asc"})
    assert [project["id"] for project in response.json()] == [3, 8]
    headers = {name: response.headers[name] for name in response.headers if name.startswith("x-")}
    assert headers == {
        "x-page": "2",
        "x-per-page": "2",
        "x-next-page": "",
        "x-prev-page": "1",
        "x-total": "4",
        "x-total-pages": "2",
    }
    base = f"{sandbox.api_url}{PATH}?order_by=id"
    assert response.headers["link"] == (
        f'<{base}&page=1&per_page=2&sort=asc>; rel="prev", <{base}&page=1&per_page=2&sort=asc>; rel="first",'
        f' <{base}&page=2&per_page=2&sort=asc>; rel="last"'
    )


def test_20_on_a_page_unless_asked_for_and_100_at_most(mia: Any) -> None:
    assert mia.get(PATH).headers["x-per-page"] == "20"
    assert mia.get(PATH, params={"per_page": 500}).headers["x-per-page"] == "100"
    assert mia.get(PATH, params={"page": 9}).json() == []


def test_keyset_paging_is_ignored(mia: Any) -> None:
    response = mia.get(PATH, params={"pagination": "keyset", "order_by": "id", "per_page": 2})
    assert response.headers["x-total"] == "4"
    assert "cursor" not in response.headers["link"]


# Bodies


def test_the_full_body(sandbox: Sandbox, mia: Any) -> None:
    shared, c, a, b = mia.get(PATH).json()
    assert {key: b[key] for key in ("id", "name", "path", "path_with_namespace", "topics", "web_url")} == {
        "id": 1,
        "name": "Zebra",
        "path": "b",
        "path_with_namespace": "acme/b",
        "topics": [],
        "web_url": f"{sandbox.url}/acme/b",
    }
    assert {"created_at", "last_activity_at", "default_branch", "permissions", "creator_id"} <= set(b)
    assert {key: b["namespace"][key] for key in ("id", "name", "path", "kind", "full_path", "parent_id")} == {
        "id": 7,
        "name": "acme",
        "path": "acme",
        "kind": "group",
        "full_path": "acme",
        "parent_id": None,
    }
    assert [project["archived"] for project in (b, a, c)] == [False, True, False]
    assert [project["visibility"] for project in (b, a, c)] == ["public", "internal", "private"]
    assert [project["packages_enabled"] for project in (b, a, c)] == [True, True, False]
    assert [project["package_registry_access_level"] for project in (b, c)] == ["enabled", "disabled"]
    assert [group["group_full_path"] for group in shared["shared_with_groups"]] == ["acme"]
    # What E1 answers for the one whose registry is off.
    assert mia.get("/projects/3/packages").status_code == 403


def test_the_simple_body_lacks_what_an_inventory_needs(mia: Any) -> None:
    simple = mia.get(PATH, params={"simple": True}).json()
    full = mia.get(PATH).json()
    assert [project["id"] for project in simple] == [project["id"] for project in full]
    for short, long in zip(simple, full):
        assert {"id", "name", "path", "path_with_namespace", "created_at", "web_url", "namespace"} <= set(short)
        assert short == {key: long[key] for key in short}
        assert {
            "archived",
            "visibility",
            "packages_enabled",
            "package_registry_access_level",
            "permissions",
        }.isdisjoint(short)


# Access


def test_the_caller_sees_what_he_may_read(sandbox: Sandbox, client: Callable[..., Any], root: Any, anyone: Any) -> None:
    assert own(root, include_subgroups=True) == [1, 2, 3, 4, 5, 6]
    assert own(client(sandbox, "glpat-gus"), include_subgroups=True) == [1, 2, 3, 4, 5, 6]
    assert own(client(sandbox, "glpat-otto"), include_subgroups=True) == [1, 2, 5]
    assert own(anyone, include_subgroups=True) == [1, 5]
    assert root.ids("/groups/empty/projects") == []


def test_404_for_groups_that_are_not_there_or_not_visible(mia: Any, root: Any) -> None:
    for path in ("/groups/closed/projects", "/groups/none/projects", "/groups/999/projects"):
        response = mia.get(path)
        assert (response.status_code, response.json()) == (404, {"message": "404 Group Not Found"})
    assert root.ids("/groups/closed/projects") == [9]
    assert sorted(mia.ids("/groups/7/projects")) == [1, 2, 3, 8]


def test_job_tokens_are_ignored(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert own(client(sandbox, "glcbt-mia", header="JOB-TOKEN"), include_subgroups=True) == [1, 5]
    assert own(client(sandbox, "unknown", header="JOB-TOKEN"), include_subgroups=True) == [1, 5]
    unknown = client(sandbox, "unknown").get(PATH)
    assert (unknown.status_code, unknown.json()) == (401, {"message": "401 Unauthorized"})


def test_all_projects_without_a_group(sandbox: Sandbox, client: Callable[..., Any], mia: Any, anyone: Any) -> None:
    assert sorted(mia.ids("/projects")) == [1, 2, 3, 4, 5, 6, 8]
    assert sorted(mia.ids("/projects", membership=True)) == [1, 2, 3, 4, 5, 6]
    assert mia.ids("/projects", search="shop", order_by="id", sort="asc") == [4, 5]
    assert sorted(mia.ids("/projects", id_after=2, id_before=6, min_access_level=40)) == [3, 4, 5]
    assert mia.get("/projects", params={"id_after": "x"}).json() == {"error": "id_after is invalid"}
    assert sorted(anyone.ids("/projects")) == [1, 5, 8]
    assert anyone.ids("/projects", membership=True) == []


# The limit of this call alone


def test_its_own_rate_limit(client: Callable[..., Any]) -> None:
    seed = {**SEED, "instance": {"limits": {"group_projects": "2/3600"}}}
    with Sandbox(seed) as running:
        mia = client(running, "glpat-mia")
        assert [mia.get(PATH).status_code for _ in range(2)] == [200, 200]
        refused = mia.get(WEB)
        assert (refused.status_code, refused.json()) == (
            429,
            {"message": {"error": "This endpoint has been requested too many times. Try again later."}},
        )
        assert int(refused.headers["retry-after"]) > 0
        assert not [name for name in refused.headers if name.lower().startswith("ratelimit")]
        assert client(running, "glpat-sam").get(PATH).status_code == 200
        assert mia.get("/groups/acme").status_code == 200
