# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole lists, or none: against a server whose lists are as long, and as odd, as a test wants them."""

from __future__ import annotations

import typing as t
import urllib.parse

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import ServerError, UnexpectedAnswer
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.pages import Query
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.paging import list_all, list_in_turn
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import Request, answer, scripted

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
