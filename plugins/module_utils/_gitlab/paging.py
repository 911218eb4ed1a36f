# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole lists out of pages: in parallel, ahead of an end that is not known, and complete or not at all.

Pages are read downwards, in stretches of neighbours: so most seams are safe (see pages.py), and few need a look. One
page that cannot be read fails the list: half a registry is no basis for a plan.
"""

from __future__ import annotations

import concurrent.futures
import queue
import typing as t
from collections import deque
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.pages import (
    PER_PAGE,
    Check,
    Item,
    Keep,
    Listing,
    Page,
    Query,
    Shifted,
)

__all__ = ["PER_PAGE", "Query", "list_all", "list_in_turn"]

#: How often a list is made in all, before one gives up on a registry that does not hold still.
MAX_LISTINGS = 3
#: GitLab leaves the totals out above this many items: a list without them is longer.
MOST_COUNTED = 10_000

T = t.TypeVar("T")


def list_all(
    client: Client, lists: t.Sequence[Query], check: Check, keep: Keep, limit: int | None = None
) -> list[Item]:
    """Every item of the lists that ``keep`` does not turn into None, each ID once, list by list in the server's order.

    ``check(item, where)`` raises for an item of the wrong shape; it and ``keep`` are called in the client's threads.
    With ``limit``, each list is read page after page, until that many are found. Raises the errors of errors.py; an
    error of one page names the page.
    """

    def read() -> list[Item]:
        listings = [Listing(client, query, check, keep) for query in lists]
        if limit is not None:
            client.map(lambda listing: _read_in_turn(listing, limit), listings)
        else:
            _read_ahead(client, listings)
            seams = [(listing, seam) for listing in listings for seam in listing.doubtful_seams()]
            client.map(lambda seam: seam[0].mend(seam[1]), seams)
        found: dict[int, Item] = {}
        for listing in listings:
            for item in listing.items():
                found.setdefault(item["id"], item)
        return list(found.values())

    return _again_if_shifted(client, read)


def list_in_turn(client: Client, query: Query, check: Check) -> list[Item]:
    """Every item of one short list, page after page; for use inside the client's own threads."""

    def read() -> list[Item]:
        listing = Listing(client, query, check, lambda item: item)
        _read_in_turn(listing)
        return listing.items()

    return _again_if_shifted(client, read)


def _again_if_shifted(client: Client, read: t.Callable[[], T]) -> T:
    for attempt in range(MAX_LISTINGS):
        try:
            return read()
        except Shifted:
            if attempt < MAX_LISTINGS - 1:
                client.warnings.append("the registry changed while its list was read: the list was made again")
    raise GitlabError(
        f"the registry changed while its list was read, {MAX_LISTINGS} times in a row: run it again when less is going"
        " on"
    )


def _read_in_turn(listing: Listing, limit: int | None = None) -> None:
    number = 1
    while True:
        page = listing.read(number)
        listing.add(page)
        if not page.more or not page.ids or (limit is not None and listing.count() >= limit):
            break
        number += 1
    for seam in listing.doubtful_seams():
        listing.mend(seam)


def _read_ahead(client: Client, listings: t.Sequence[Listing]) -> None:
    """Read all pages of the lists, never more at once than the client has threads."""
    unread = deque(listings)
    orders: dict[Listing, _Order] = {}
    running: dict[concurrent.futures.Future[Page], Listing] = {}
    done: queue.SimpleQueue[concurrent.futures.Future[Page]] = queue.SimpleQueue()

    def next_request() -> tuple[Listing, int] | None:
        if unread:
            return unread.popleft(), 1
        for listing, order in orders.items():
            number = order.next_page()
            if number is not None:
                return listing, number
        return None

    try:
        while True:
            while len(running) < client.connection.concurrency:
                request = next_request()
                if request is None:
                    break
                future = client.submit(request[0].read, request[1])
                running[future] = request[0]
                future.add_done_callback(done.put)
            if not running:
                return
            future = done.get()
            listing = running.pop(future)
            page = future.result()
            listing.add(page)
            if page.number == 1:
                orders[listing] = _Order(page, client.connection.concurrency)
            else:
                orders[listing].take(page)
    finally:
        for future in running:
            future.cancel()


@dataclass
class _Stretch:
    """Neighbouring pages that nobody has asked for yet, to be read from ``high`` down to ``low``, one at a time."""

    low: int
    high: int
    running: int | None = None

    def __len__(self) -> int:
        return max(0, self.high - self.low + 1)


class _Order:
    """Which page of a list is asked for next, all but the first.

    Up to ``_top`` the pages are there, as far as one knows, and wait in stretches. Where the server does not say how
    many there are, one request at a time is a scout: it asks for a page so far above that the end, once it is passed,
    is found by halving what lies between, before more than ``concurrency`` requests have met an empty page.
    """

    def __init__(self, first: Page, concurrency: int) -> None:
        # Halving a stride of 2 ** n meets n empty pages at most, the scout's own among them.
        self._stride = min(2**concurrency, 4 * concurrency)
        self._ahead = concurrency * self._stride
        #: What is worth halving: without totals each half costs a look at a seam.
        self._worth_halving = 2 if first.total is None else 1
        self._stretches: list[_Stretch] = []
        self._asked = {1}
        self._there = {1}
        self._scout: int | None = None
        self._top = 1
        #: The lowest page that is known not to be there.
        self._end: int | None = None
        if not first.more or not first.ids:
            self._end = 2
        elif first.total is not None and first.last == -(-first.total // PER_PAGE) and first.last > 1:
            self._raise_top(first.last + 1)
            self._end = first.last + 1
        elif first.total is None:
            self._raise_top(MOST_COUNTED // PER_PAGE + 2)

    def next_page(self) -> int | None:
        """The next page to ask for; None: nothing to do until an answer comes."""
        scout = self._next_scout()
        if scout is not None:
            self._scout = scout
            self._asked.add(scout)
            return scout
        self._stretches = [stretch for stretch in self._stretches if stretch or stretch.running]
        idle = [stretch for stretch in self._stretches if stretch and not stretch.running]
        stretch = max(idle or self._stretches, key=len, default=None)
        if not stretch or (stretch.running and len(stretch) < self._worth_halving):
            return None
        if stretch.running:
            # All are being read: halve the longest. That makes one more seam that is not safe.
            middle = (stretch.low + stretch.high) // 2
            stretch.low, stretch = middle + 1, _Stretch(stretch.low, middle)
            self._stretches.append(stretch)
        number = stretch.high
        stretch.high -= 1
        if number in self._asked:
            return self.next_page()
        stretch.running = number
        self._asked.add(number)
        return number

    def _next_scout(self) -> int | None:
        known = self._end is not None and self._end <= self._top + 1
        if known or self._scout is not None or sum(map(len, self._stretches)) >= self._ahead:
            return None
        number = self._top + self._stride if self._end is None else (self._top + self._end) // 2
        return None if number in self._asked else number

    def take(self, page: Page) -> None:
        """Learn from an answer."""
        if page.number == self._scout:
            self._scout = None
        for stretch in self._stretches:
            if stretch.running == page.number:
                stretch.running = None
        if not page.ids:
            self._lower_end(page.number)
            return
        self._there.add(page.number)
        if page.number > self._top:
            self._raise_top(page.number)
            self._top = page.number
        if page.number == self._top:
            if not page.more:
                self._end = page.number + 1
            elif self._end == page.number + 1:
                # It has grown since its end was told, or was met: the page after it is there now.
                self._asked.discard(page.number + 1)
                self._raise_top(page.number + 2)
                self._end = page.number + 2

    def _raise_top(self, above: int) -> None:
        """All pages below ``above`` are there, as far as one knows."""
        if above > self._top + 1:
            self._stretches.append(_Stretch(self._top + 1, above - 1))
        self._top = above - 1

    def _lower_end(self, empty: int) -> None:
        """An empty page: nothing stands from there on, whatever was said before."""
        self._end = min(empty, self._end or empty)
        if self._top >= self._end:
            self._top = max(number for number in self._there if number < self._end)
            for stretch in self._stretches:
                stretch.high = min(stretch.high, self._top)
