# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole lists out of pages (contract, section 6): in parallel, ahead of the end, and complete or not at all.

The lists page by offset: what is deleted while one pages shifts the rest to earlier pages, where it is missed. A list
that was shifted is made again. One page that cannot be read fails the list: half a registry is no basis for a plan.
"""

from __future__ import annotations

import concurrent.futures
import email.utils
import functools
import typing as t
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils.client import Answer, Client
from ansible_collections.registryops.gitlab.plugins.module_utils.errors import GitlabError, UnexpectedAnswer

PER_PAGE = 100
#: How often a list is made in all, before one gives up on a registry that keeps shrinking.
MAX_LISTINGS = 3

Item = dict[str, t.Any]


@dataclass(frozen=True)
class Query:
    """One list: its path below ``/api/v4``, and its parameters but for the page."""

    path: str
    params: t.Mapping[str, str]


class _Shifted(Exception):
    """Something was deleted while the list was read."""


@dataclass
class _Listing:
    """What is known of one list while it is read. Pages count from 1."""

    query: Query
    path: str
    pages: dict[int, list[Item]] = field(default_factory=dict)
    next_page: int = 2
    last_page: int | None = None
    totals: list[int] = field(default_factory=list)
    began: datetime | None = None
    created_meanwhile: int = 0

    def has_more(self) -> bool:
        return 1 in self.pages and (self.last_page is None or self.next_page <= self.last_page)


def list_all(
    client: Client,
    lists: t.Sequence[Query],
    check: t.Callable[[t.Any, str], None],
    keep: t.Callable[[Item], Item | None],
    limit: int | None = None,
) -> list[Item]:
    """Every item of the lists that ``keep`` does not turn into None, each ID once, list by list in the server's order.

    ``check(item, where)`` raises for an item of the wrong shape. With ``limit``, pages are read one after the other,
    until that many are found. Raises the errors of client.py; an error of one page names the page.
    """
    for listing in range(MAX_LISTINGS):
        try:
            return _read_lists(client, lists, check, keep, limit)
        except _Shifted:
            if listing < MAX_LISTINGS - 1:
                client.warnings.append("something was deleted while the list was read: the list was made again")
    raise _gave_up()


def list_in_turn(client: Client, query: Query, check: t.Callable[[t.Any, str], None]) -> list[Item]:
    """Every item of one short list, page after page; for use inside the client's own threads."""
    for _listing in range(MAX_LISTINGS):
        listing = _Listing(query, query.path)
        page = 1
        while page == 1 or listing.has_more():
            get = functools.partial(client.get, listing.path, _page_params(query, page))
            _take(listing, page, get, check, lambda item: item)
            page = listing.next_page
            listing.next_page += 1
        if not _shifted(listing):
            return _joined([listing])
    raise _gave_up()


def _gave_up() -> GitlabError:
    return GitlabError(
        f"things were deleted while the list was read, {MAX_LISTINGS} times in a row: run it again when no other"
        " clean-up is under way"
    )


def _page_params(query: Query, page: int) -> dict[str, str]:
    return {**query.params, "per_page": str(PER_PAGE), "page": str(page)}


def _joined(listings: t.Iterable[_Listing]) -> list[Item]:
    found: dict[int, Item] = {}
    for listing in listings:
        for page in sorted(listing.pages):
            for item in listing.pages[page]:
                found.setdefault(item["id"], item)
    return list(found.values())


def _read_lists(
    client: Client,
    lists: t.Sequence[Query],
    check: t.Callable[[t.Any, str], None],
    keep: t.Callable[[Item], Item | None],
    limit: int | None,
) -> list[Item]:
    listings = [_Listing(query, query.path) for query in lists]
    first = deque(listings)
    running: dict[concurrent.futures.Future[Answer], tuple[_Listing, int]] = {}

    def next_request() -> tuple[_Listing, int] | None:
        """First pages first, then known pages, then pages ahead of an end that is not known."""
        if first:
            return first.popleft(), 1
        open_lists = [listing for listing in listings if listing.has_more() and not _satisfied(listing, limit)]
        if not open_lists or (limit is not None and running):
            return None
        listing = min(open_lists, key=lambda candidate: candidate.last_page is None)
        listing.next_page += 1
        return listing, listing.next_page - 1

    try:
        while True:
            while len(running) < client.connection.concurrency:
                request = next_request()
                if request is None:
                    break
                listing, page = request
                running[client.submit(client.get, listing.path, _page_params(listing.query, page))] = request
            if not running:
                break
            done, _pending = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                listing, page = running.pop(future)
                _take(listing, page, future.result, check, keep)
    finally:
        for future in running:
            future.cancel()
    for listing in listings:
        if limit is None and _shifted(listing):
            raise _Shifted
    return _joined(listings)


def _satisfied(listing: _Listing, limit: int | None) -> bool:
    return limit is not None and sum(map(len, listing.pages.values())) >= limit


def _take(
    listing: _Listing,
    page: int,
    get: t.Callable[[], Answer],
    check: t.Callable[[t.Any, str], None],
    keep: t.Callable[[Item], Item | None],
) -> None:
    """Add one page to its list, and learn from its headers where the list ends."""
    where = f"page {page} of GET {listing.query.path}"
    try:
        answer = get()
    except GitlabError as error:
        if page > 1:
            error.message = f"page {page} of the list failed, so the whole list does: {error.message}"
        raise
    items = answer.data
    if not isinstance(items, list):
        raise UnexpectedAnswer(f"{where}: answered with no list", answer.status)
    for item in items:
        check(item, where)
    if page == 1:
        # A moved project answers from its numeric path: go there straight for the rest.
        listing.path = answer.path or listing.path
        listing.began = _date(answer.headers.get("Date"))
    listing.created_meanwhile += sum(1 for item in items if _is_younger(item, listing.began))
    listing.pages[page] = [kept for kept in map(keep, items) if kept is not None]
    total, total_pages = (_number(answer.headers.get(name)) for name in ("X-Total", "X-Total-Pages"))
    if total is not None:
        listing.totals.append(total)
    if total_pages is not None:
        listing.last_page = max(total_pages, listing.last_page or 1)
    elif not answer.headers.get("X-Next-Page", "x" if len(items) == PER_PAGE else ""):
        # No totals above 10,000 items: only the last page says that it is the last. Pages ahead of it are empty.
        listing.last_page = min(page, listing.last_page or page)
    elif page == listing.last_page:
        listing.last_page = None  # grown past 10,000 while it was read


def _shifted(listing: _Listing) -> bool:
    """Whether items were deleted while the list was read: the total fell, or grew less than was published."""
    totals = listing.totals
    if len(listing.pages) < 2 or len(totals) < 2:
        return False
    fell = any(later < earlier for earlier, later in zip(totals, totals[1:]))
    return fell or totals[-1] - totals[0] < listing.created_meanwhile


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def _date(text: str | None) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text) if text else None
    except (TypeError, ValueError):
        return None


def _is_younger(item: Item, began: datetime | None) -> bool:
    """Whether the item was published after the list was begun; `Date` is exact to the second only."""
    created = item.get("created_at")
    if began is None or not isinstance(created, str):
        return False
    return created > (began.astimezone(timezone.utc) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.999")
