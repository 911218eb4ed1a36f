# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole lists, or none: against a server whose lists are as long, and as odd, as a test wants them."""

from __future__ import annotations

import contextlib
import random
import typing as t
import urllib.parse

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import pages, paging
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import ServerError, UnexpectedAnswer
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.pages import Query
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.paging import (
    Unordered,
    list_all,
    list_in_turn,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Selection
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import Request, answer, scripted

#: One query: of all statuses that a list shows, and one type.
ONE_LIST = Selection(package_types=("npm",))
QUERY = Query("/projects/1/packages", {"order_by": "created_at"})


def page_of(items: t.Sequence[int], request: Request, headers: bool = True) -> bytes:
    """The page of a list of IDs that GitLab would give (contract, section 6)."""
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.target).query))
    page, per_page = int(query.get("page", 1)), int(query.get("per_page", 20))
    shown = [{"id": number} for number in items[(page - 1) * per_page : page * per_page]]
    if not headers:
        return answer(shown)
    more = str(page + 1) if page * per_page < len(items) else ""
    extra = {"X_Page": str(page), "X_Per_Page": str(per_page), "X_Next_Page": more}
    if len(items) <= 10000:
        extra.update(X_Total=str(len(items)), X_Total_Pages=str(max(1, -(-len(items) // per_page))))
    return answer(shown, **extra)


def fine(_item: t.Any, _where: str) -> None:
    pass


def everything(item: dict[str, t.Any]) -> dict[str, t.Any] | None:
    return item


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 1050, 10000, 10001, 10150])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_lists_of_any_length_are_complete(count: int, concurrency: int) -> None:
    items = range(1, count + 1)
    with scripted(lambda request: page_of(items, request)) as server, server.client(concurrency=concurrency) as client:
        found = list_all(client, [QUERY], fine, everything)
    assert [item["id"] for item in found] == list(items)
    assert len({request.target for request in server.requests}) == len(server.requests)
    assert client.warnings == []


def test_several_lists_give_each_id_once() -> None:
    other = Query("/projects/1/packages", {"package_type": "terraform_module"})

    def say(request: Request) -> bytes:
        return page_of(range(50, 400) if "terraform" in request.target else range(1, 120), request)

    with scripted(say) as server, server.client() as client:
        found = list_all(client, [QUERY, other], fine, lambda item: item if item["id"] % 2 else None)
    assert [item["id"] for item in found] == list(range(1, 400, 2))


def test_with_a_limit_no_more_pages_are_read_than_it_takes() -> None:
    with scripted(lambda request: page_of(range(1, 901), request)) as server, server.client() as client:
        found = list_all(client, [QUERY], fine, lambda item: item if item["id"] % 2 else None, limit=60)
    assert [item["id"] for item in found][:60] == list(range(1, 121, 2))
    pages = [request.target for request in server.requests if "per_page=100" in request.target]
    assert len(pages) == 2


def test_one_page_that_fails_fails_the_list() -> None:
    def say(request: Request) -> bytes:
        return answer({}, 500) if request.target.endswith("page=3") else page_of(range(1, 900), request)

    with scripted(say) as server, server.client() as client, pytest.raises(ServerError) as raised:
        list_all(client, [QUERY], fine, everything)
    assert "page 3 of the list failed, so the whole list does: GET /projects/1/packages: 500" in raised.value.message


def test_what_is_no_list_or_no_item() -> None:
    def refuse(_item: t.Any, where: str) -> None:
        raise UnexpectedAnswer(f"{where}: odd")

    for said, problem in (({"id": 1}, "answered with no list"), ([1], "odd")):
        expected = f"page 1 of GET /projects/1/packages: {problem}"
        with scripted(lambda _request, said=said: answer(said)) as server, server.client() as client:  # noqa: SIM117
            with pytest.raises(UnexpectedAnswer, match=expected):
                list_all(client, [QUERY], refuse, everything)


def test_short_lists_in_turn() -> None:
    with scripted(lambda request: page_of(range(1, 251), request)) as server, server.client() as client:
        found = list_in_turn(client, QUERY, fine)
    assert [item["id"] for item in found] == list(range(1, 251))


# --- what the server says of the whole, and what comes --------------------------------------------------------


def query_of(request: Request) -> dict[str, str]:
    """The parameters of a request."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.target).query))


def told(items: t.Sequence[int], request: Request, total: int = 500) -> bytes:
    """A page of 500, whatever it holds."""
    page = int(query_of(request)["page"])
    more = str(page + 1) if page * 100 < total else ""
    return answer([{"id": i} for i in items], X_Total=str(total), X_Total_Pages=str(-(-total // 100)), X_Next_Page=more)


SHORT = {
    "page 3 is empty": lambda page: [] if page == 3 else range(page * 100, page * 100 + 100),
    "page 3 is short": lambda page: range(page * 100, page * 100 + (40 if page == 3 else 100)),
    "page 3 is page 2": lambda page: range(200, 300) if page == 3 else range(page * 100, page * 100 + 100),
    "the last page is short": lambda page: range(page * 100, page * 100 + (40 if page == 5 else 100)),
    "there is nothing": lambda _page: [],
}


@pytest.mark.parametrize("limit", [None, 450])
@pytest.mark.parametrize("short", SHORT.values(), ids=SHORT)
def test_a_list_that_contradicts_its_total_fails(short: t.Callable[[int], t.Sequence[int]], limit: int | None) -> None:
    with scripted(lambda request: told(short(int(query_of(request)["page"])), request)) as server:  # noqa: SIM117
        with server.client(concurrency=2) as client, pytest.raises((UnexpectedAnswer, Unordered)) as raised:
            list_all(client, [QUERY], fine, everything, limit)
    if limit is None:
        assert "something between here and GitLab loses answers" in str(raised.value)
        assert len(client.warnings) == 2


def test_a_short_list_that_contradicts_its_total_fails() -> None:
    with scripted(lambda request: told([1], request, 2)) as server, server.client() as client:  # noqa: SIM117
        with pytest.raises(UnexpectedAnswer, match="tells of 2 items, and its pages hold 1"):
            list_in_turn(client, QUERY, fine)


@pytest.mark.parametrize("count", [500, 10500])
@pytest.mark.parametrize("odd", [[], [{"id": 3}]], ids=["empty", "short"])
@pytest.mark.parametrize("page", [2, 4, 5])
def test_a_page_that_is_false_once_is_found_out(page: int, odd: list[t.Any], count: int) -> None:
    seen: list[int] = []

    def say(request: Request) -> bytes:
        number = int(query_of(request)["page"])
        seen.append(number)
        return answer(odd) if seen.count(page) == 1 and number == page else page_of(range(1, count + 1), request)

    with scripted(say) as server, server.client(concurrency=2) as client:
        found = list_all(client, [QUERY], fine, everything)
    assert [item["id"] for item in found] == list(range(1, count + 1))
    assert len(client.warnings) <= 1


@pytest.mark.parametrize("page", [2, 60, 105])
def test_a_long_list_that_always_ends_too_early_fails(page: int) -> None:
    def say(request: Request) -> bytes:
        return answer([]) if int(query_of(request)["page"]) == page else page_of(range(1, 10501), request)

    with scripted(say) as server, server.client() as client, pytest.raises(UnexpectedAnswer) as raised:
        list_all(client, [QUERY], fine, everything)
    assert f"page {page} of GET /projects/1/packages came too short, or another page follows it" in raised.value.message


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_equal_items_that_change_places_are_all_found_or_none(order: str) -> None:
    """Of items of one time, each page is a part of another order: the same one each time it is asked for."""

    def say(request: Request) -> bytes:
        query = query_of(request)
        items = list(range(1, 501))
        tied = items[100:400]
        random.Random(f"{query['page']}{query['sort']}").shuffle(tied)
        items[100:400] = tied
        return page_of(items if query["sort"] == "asc" else items[::-1], request)

    query = Query("/projects/1/packages", {"order_by": "created_at", "sort": order})
    found: list[dict[str, t.Any]] = []
    with scripted(say) as server, server.client(concurrency=1) as client:  # noqa: SIM117
        with contextlib.suppress(UnexpectedAnswer):
            found = list_all(client, [query], fine, everything)
    assert sorted(item["id"] for item in found) in ([], list(range(1, 501)))
    assert client.warnings[0].startswith("GET /projects/1/packages tells of 500 items, and its pages hold ")


def test_two_items_that_change_places_at_a_seam_are_both_found() -> None:
    def say(request: Request) -> bytes:
        query = query_of(request)
        items = list(range(1, 251))
        if query["page"] == "2":
            items[99], items[100] = items[100], items[99]
        return page_of(items if query["sort"] == "asc" else items[::-1], request)

    query = Query("/projects/1/packages", {"order_by": "created_at", "sort": "asc"})
    with scripted(say) as server, server.client() as client:
        found = list_all(client, [query], fine, everything)
    assert sorted(item["id"] for item in found) == list(range(1, 251))
    with scripted(say) as server, server.client() as client, pytest.raises(Unordered):
        list_all(client, [query], fine, everything, limit=150)


@pytest.mark.parametrize("name", ["name", "version"])
def test_a_limit_among_equal_ones_misses_none_and_gives_none_twice(name: str) -> None:
    """Fifty of each value, in another order on each page."""
    everyone = [{"id": i, "name": f"n{i // 50}", "version": f"v{i // 50}", "package_type": "npm"} for i in range(400)]

    def say(request: Request) -> bytes:
        query = query_of(request)
        tied = random.Random(query["page"]).sample(everyone, len(everyone))
        key = query["order_by"] if query["order_by"] == name else "id"
        items = sorted(tied, key=lambda package: package[key])
        page = int(query["page"])
        more = str(page + 1) if page < 4 else ""
        shown = [{**item, "created_at": None} for item in items[page * 100 - 100 : page * 100]]
        return answer(shown, X_Total="400", X_Total_Pages="4", X_Next_Page=more)

    with scripted(say) as server, server.client() as client:
        found = list_packages(PackagesApi(client), Scope("project", "1"), [ONE_LIST], name, "asc", limit=320)
    assert len({package["id"] for package in found}) == 320
    values = [package[name] for package in found]
    assert values == sorted(values)
    assert values.count(values[0]) == 50


def test_pages_without_end_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 300)

    def new(request: Request) -> bytes:
        page = int(query_of(request)["page"])
        return answer([{"id": page * 100 + i} for i in range(100)], X_Next_Page=str(page + 1))

    with scripted(new) as server, server.client(concurrency=4) as client:  # noqa: SIM117
        with pytest.raises(UnexpectedAnswer, match="goes on beyond 30,000 items, more than any registry holds"):
            list_all(client, [QUERY], fine, everything)
    assert len(server.requests) <= 310

    def last(request: Request) -> bytes:
        page = min(2, int(query_of(request)["page"]))
        return answer([{"id": page * 100 + i} for i in range(100)], X_Next_Page=str(page + 1))

    for read in (
        lambda client: list_all(client, [QUERY], fine, everything),
        lambda client: list_in_turn(client, QUERY, fine),
    ):
        with scripted(last) as server, server.client(concurrency=4) as client:  # noqa: SIM117
            with pytest.raises(
                UnexpectedAnswer, match=r"page \d+ of GET /projects/1/packages holds what page \d+ holds"
            ):
                read(client)
        assert len(server.requests) < 150


def test_no_page_is_asked_for_that_the_one_before_it_is_about_to_tell_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """In an order of answers that a busy machine makes: else one more request than ``concurrency`` meets no page."""
    monkeypatch.setattr(paging, "PER_PAGE", 3)
    monkeypatch.setattr(paging, "MOST_COUNTED", 12)

    def answered(number: int, there: bool, more: bool) -> pages.Page:
        return pages.Page(number, (number,) if there else (), [], 0.0, 0.0, more, None, None)

    # Without a total there are more than twelve items, so five pages at least.
    order = paging._Order(answered(1, True, True), 2)
    assert [order.next_page(), order.next_page()] == [9, 5]
    order.take(answered(9, False, False))
    assert order.next_page() == 7
    order.take(answered(7, False, False))
    others = [order.next_page()]
    order.take(answered(5, True, False))
    others += [order.next_page() for _ in range(4)]
    assert 6 not in others
    assert {3, 4} <= {*others}
