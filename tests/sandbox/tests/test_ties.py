# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Equal values have no order (contract, section 2; README, ``--ties``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

MOMENT = "2025-03-01T10:00:00.000Z"


def packages(count: int) -> list[dict[str, Any]]:
    return [{"name": "app", "version": "1.0.0", "created_at": MOMENT} for _ in range(count)]


SEED: dict[str, Any] = {
    "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
    "projects": [
        # The last segments of the paths are in another order than the full ones.
        {
            "path": "acme/a/zoo",
            "packages": [
                *packages(40),
                {"name": "files", "created_at": MOMENT, "files": [{"file_name": "same"} for _ in range(40)]},
                {"name": "early", "version": "0.1.0", "created_at": "2024-01-01T00:00:00.000Z"},
            ],
        },
        {"path": "acme/b/ant", "packages": packages(5)},
    ],
}
P = "/projects/1/packages"
G = "/groups/acme/packages"
FILES = f"{P}/41/package_files"


@pytest.fixture(scope="module")
def shuffled() -> Iterator[Sandbox]:
    with Sandbox(SEED, ties="shuffled") as running:
        yield running


@pytest.fixture(scope="module")
def stable() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


TIED = [
    *(
        (path, {"order_by": order, "sort": sort})
        for path in (P, G)
        for order in ("created_at", "name", "version", "type")
        for sort in ("asc", "desc")
    ),
    (FILES, {"order_by": "file_name"}),
    (FILES, {"order_by": "created_at", "sort": "desc"}),
]


@pytest.mark.parametrize(("path", "params"), TIED)
def test_shuffled_ties_come_in_another_order_in_each_answer(
    shuffled: Sandbox, client: Callable[..., Any], path: str, params: dict[str, str]
) -> None:
    api = client(shuffled, "glpat-root")
    # 40 equal values come in the same order twice as good as never.
    assert api.ids(path, **params) != api.ids(path, **params)


@pytest.mark.parametrize(("path", "params"), TIED)
def test_stable_ties_come_in_the_same_order_in_each_answer(
    stable: Sandbox, client: Callable[..., Any], path: str, params: dict[str, str]
) -> None:
    api = client(stable, "glpat-root")
    assert api.ids(path, **params) == api.ids(path, **params)


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_shuffled_ties_keep_the_order_of_values(shuffled: Sandbox, client: Callable[..., Any], sort: str) -> None:
    api = client(shuffled, "glpat-root")
    for _ in range(5):
        for order in ("created_at", "version"):
            # The only one that differs is the first or the last.
            assert api.ids(P, order_by=order, sort=sort)[0 if sort == "asc" else -1] == 42


@pytest.mark.parametrize(
    ("path", "params"), [(FILES, {}), (FILES, {"order_by": "id", "sort": "desc"}), (G, {"order_by": "project_path"})]
)
def test_shuffled_ties_leave_orders_by_id_and_by_project_path_alone(
    shuffled: Sandbox, stable: Sandbox, client: Callable[..., Any], path: str, params: dict[str, str]
) -> None:
    api = client(shuffled, "glpat-root")
    assert api.ids(path, **params) == api.ids(path, **params) == client(stable, "glpat-root").ids(path, **params)


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_order_by_project_path_is_by_the_last_segment_and_then_by_id(
    stable: Sandbox, client: Callable[..., Any], sort: str
) -> None:
    ids = client(stable, "glpat-root").ids(G, order_by="project_path", sort=sort)
    expected = [*range(43, 48), *range(1, 43)]
    assert ids == (expected if sort == "asc" else expected[::-1])


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_pages_in_order_of_project_path_agree_with_the_whole_list(
    stable: Sandbox, client: Callable[..., Any], sort: str
) -> None:
    api = client(stable, "glpat-root")
    params = {"order_by": "project_path", "sort": sort, "package_type": "generic"}
    whole = api.ids(G, **params)
    pages = {n: api.get(G, params={**params, "per_page": 4, "page": n}) for n in (12, 2, 7, 11, *range(1, 13))}
    assert [p["id"] for n in range(1, 13) for p in pages[n].json()] == whole
    assert pages[12].headers["X-Next-Page"] == ""
    assert pages[11].headers["X-Next-Page"] == "12"


def test_shuffled_ties_may_repeat_and_miss_packages_between_pages(
    shuffled: Sandbox, client: Callable[..., Any]
) -> None:
    api = client(shuffled, "glpat-root")

    def walk() -> list[int]:
        pages = [api.get(P, params={"per_page": 7, "page": number, "order_by": "name"}) for number in range(1, 7)]
        assert [page.headers["X-Total"] for page in pages] == ["42"] * 6
        return [package["id"] for page in pages for package in page.json()]

    found = [walk() for _ in range(3)]
    assert all(len(ids) == 42 for ids in found)
    assert any(len(set(ids)) < 42 for ids in found)
