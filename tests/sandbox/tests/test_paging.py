# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paging by offset, above and below 10,000 results (contract, section 6)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

MANY = 100_000
USERS = [{"username": "mia", "tokens": [{"value": "glpat-mia"}]}]


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Sandbox, float]]:
    """A sandbox with 100,000 packages, and the seconds that it took to start."""
    seed = {
        "users": USERS,
        "groups": [{"path": "acme", "members": {"mia": "maintainer"}}],
        "projects": [
            {
                "path": "acme/many",
                "generate": [
                    {
                        "count": MANY,
                        "name": "bench/app-{i % 50}",
                        "version": "1.0.{i}",
                        "package_type": "generic",
                        "created_at_start": "2020-01-01T00:00:00.000Z",
                        "interval_seconds": 600,
                    }
                ],
            },
            {"path": "acme/limit", "generate": [{"count": 10_000, "name": "app"}]},
            {"path": "acme/over", "generate": [{"count": 10_001, "name": "app"}]},
            {"path": "acme/few", "generate": [{"count": 45, "name": "app"}]},
            {"path": "acme/none"},
        ],
    }
    before = time.monotonic()
    with Sandbox(seed) as running:
        yield running, time.monotonic() - before


@pytest.fixture(scope="module")
def api(started: tuple[Sandbox, float], client: Callable[..., Any]) -> Any:
    return client(started[0], "glpat-mia")


FEW = "/projects/4/packages"


def paging(response: Any) -> dict[str, str]:
    return {name[2:].lower(): value for name, value in response.headers.items() if name.lower().startswith("x-")}


def pages(response: Any) -> dict[str, str]:
    from urllib.parse import parse_qs, urlsplit

    return {rel: parse_qs(urlsplit(link["url"]).query)["page"][0] for rel, link in response.links.items()}


def test_first_page(api: Any) -> None:
    response = api.get(FEW)
    assert len(response.json()) == 20
    assert paging(response) == {
        "page": "1",
        "per-page": "20",
        "next-page": "2",
        "prev-page": "",
        "total": "45",
        "total-pages": "3",
    }
    assert pages(response) == {"next": "2", "first": "1", "last": "3"}


def test_middle_page(api: Any) -> None:
    response = api.get(FEW, params={"page": 2})
    assert paging(response)["next-page"] == "3"
    assert paging(response)["prev-page"] == "1"
    assert pages(response) == {"prev": "1", "next": "3", "first": "1", "last": "3"}


def test_last_page(api: Any) -> None:
    response = api.get(FEW, params={"page": 3})
    assert len(response.json()) == 5
    assert paging(response)["next-page"] == ""
    assert pages(response) == {"prev": "2", "first": "1", "last": "3"}


def test_page_beyond_the_last(api: Any) -> None:
    for number in ("4", "1000000", "9" * 30):
        response = api.get(FEW, params={"page": number})
        assert (response.status_code, response.json()) == (200, [])
        assert paging(response)["next-page"] == ""
        assert paging(response)["total"] == "45"


def test_nothing_to_list(api: Any) -> None:
    response = api.get("/projects/5/packages")
    assert (response.status_code, response.json()) == (200, [])
    assert paging(response)["total"] == "0"
    assert paging(response)["total-pages"] == "1"
    assert pages(response) == {"first": "1", "last": "1"}


def test_per_page_above_100_is_cut(api: Any) -> None:
    response = api.get("/projects/2/packages", params={"per_page": 1000})
    assert len(response.json()) == 100
    assert paging(response)["per-page"] == "100"


@pytest.mark.parametrize(("page", "per_page"), [("0", "0"), ("-3", "-1"), ("", "")])
def test_page_and_per_page_below_1_are_the_defaults(api: Any, page: str, per_page: str) -> None:
    response = api.get(FEW, params={"page": page, "per_page": per_page})
    assert (paging(response)["page"], paging(response)["per-page"]) == ("1", "20")


def test_links_keep_the_other_parameters(api: Any) -> None:
    response = api.get(FEW, params={"package_name": "app", "sort": "desc", "per_page": 7})
    following = api.get(response.links["next"]["url"][len(api.api_url) :])
    everything = api.get(FEW, params={"package_name": "app", "sort": "desc", "per_page": 100}).json()
    assert response.json() + following.json() == everything[:14]


def test_links_give_every_result_once(api: Any) -> None:
    url, seen = api.api_url + FEW + "?per_page=10", []
    while url:
        response = api.get(url[len(api.api_url) :])
        seen += [package["id"] for package in response.json()]
        url = response.links.get("next", {}).get("url")
    assert seen == api.ids(FEW)


def test_a_deletion_shifts_those_after_it_to_earlier_pages(client: Callable[..., Any]) -> None:
    with Sandbox({"users": USERS, "projects": [project(30)]}) as running:
        api = client(running, "glpat-mia")
        before = api.ids("/projects/1/packages")
        assert api.get("/projects/1/packages", params={"per_page": 10}).status_code == 200
        assert api.get("/projects/1/packages", params={"per_page": 10, "page": 2}).status_code == 200
        api.delete(f"/projects/1/packages/{before[3]}")
        second = api.get("/projects/1/packages", params={"per_page": 10, "page": 2})
        assert [package["id"] for package in second.json()] == before[11:21]
        assert second.headers["X-Total"] == "29"


def project(count: int) -> dict[str, Any]:
    return {"path": "acme/few", "members": {"mia": "maintainer"}, "generate": [{"count": count, "name": "app"}]}


def test_10000_results_have_totals(api: Any) -> None:
    response = api.get("/projects/2/packages", params={"per_page": 100, "page": 100})
    assert paging(response)["total"] == "10000"
    assert paging(response)["total-pages"] == "100"
    assert paging(response)["next-page"] == ""
    assert "last" in response.links


def test_above_10000_results_totals_and_last_are_left_out(api: Any) -> None:
    response = api.get("/projects/3/packages", params={"per_page": 100, "page": 100})
    assert set(paging(response)) == {"page", "per-page", "next-page", "prev-page"}
    assert pages(response) == {"prev": "99", "next": "101", "first": "1"}
    last = api.get("/projects/3/packages", params={"per_page": 100, "page": 101})
    assert len(last.json()) == 1
    assert paging(last)["next-page"] == ""
    assert pages(last) == {"prev": "100", "first": "1"}


def test_above_10000_results_in_a_group(api: Any) -> None:
    response = api.get("/groups/acme/packages", params={"per_page": 100})
    assert "X-Total" not in response.headers
    assert "last" not in response.links


@pytest.mark.parametrize("params", [{}, {"sort": "desc"}, {"order_by": "name"}, {"order_by": "version"}])
def test_pages_in_any_order_agree_with_pages_in_sequence(api: Any, params: dict[str, str]) -> None:
    def page(number: int) -> list[int]:
        response = api.get("/projects/3/packages", params={**params, "per_page": 50, "page": number})
        return [package["id"] for package in response.json()]

    far = {number: page(number) for number in (150, 30, 151, 31, 7, 201, 202, 32)}
    sequence = {number: page(number) for number in range(1, 203)}
    assert all(sequence[number] == ids for number, ids in far.items())
    flat = [i for ids in sequence.values() for i in ids]
    assert len(flat) == len(set(flat)) == 10_001


def test_100000_packages_load_in_under_20_seconds(started: tuple[Sandbox, float]) -> None:
    assert started[1] < 20


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/projects/1/packages", {}),
        ("/projects/1/packages", {"include_versionless": "true"}),
        ("/projects/1/packages", {"package_type": "generic", "sort": "desc"}),
        ("/projects/1/packages", {"package_name": "app-7", "page": "10"}),
        ("/groups/acme/packages", {}),
    ],
)
def test_page_of_100_from_the_middle_of_100000_in_under_50_ms(
    started: tuple[Sandbox, float], api: Any, path: str, params: dict[str, str]
) -> None:
    before = cpu_seconds(started[0].pid)
    for number in range(500, 520):
        response = api.get(path, params={"per_page": "100", "page": str(number), **params})
        assert len(response.json()) == 100
    # The server's own time: what else runs on the machine does not count.
    assert (cpu_seconds(started[0].pid) - before) / 20 < 0.05


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
