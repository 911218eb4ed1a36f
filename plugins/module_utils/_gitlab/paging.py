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
from dataclasses import dataclass, replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, UnexpectedAnswer
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.pages import (
    MOST_COUNTED,
    PER_PAGE,
    Check,
    Contradicted,
    Item,
    Keep,
    Listing,
    Page,
    Query,
    Shifted,
)

__all__ = ["PER_PAGE", "Query", "Unordered", "list_all", "list_in_turn"]

#: How often a list is made in all, before one gives up on a registry that does not hold still.
MAX_LISTINGS = 3

T = t.TypeVar("T")


class Unordered(Exception):
    """A limited list was cut where equal items change places: only the whole list tells which are the first."""


def list_all(
    client: Client, lists: t.Sequence[Query], check: Check, keep: Keep, limit: int | None = None
) -> list[Item]:
    """Every item of the lists that ``keep`` does not turn into None, each ID once, list by list.

    ``check(item, where)`` raises for an item of the wrong shape; it and ``keep`` are called in the client's threads.
    The order is the server's, unless a list had to be made again.
    With ``limit``, each list is read page after page, until that many are found; raises :class:`Unordered` where that
    is not enough to tell the first ones. Of several lists, one that the server does not know counts as empty. Raises
    the errors of errors.py; an error of one page names the page.
    """
    earlier: dict[int, _Seen] = {}
    turned = False

    def read() -> list[Item]:
        nonlocal turned
        listings = [Listing(client, _turned(query) if turned else query, check, keep) for query in lists]
        from_the_end, turned = turned, False
        if limit is not None:
            client.map(lambda listing: _read_in_turn(listing, limit), listings)
            _refuse_unknown(listings)
            if any(not _is_certain(listing) for listing in listings):
                raise Unordered
            return _joined(listing.items() for listing in listings)
        _read_ahead(client, listings)
        odd = [(listing, number) for listing in listings for number in listing.odd_pages()]
        client.map(lambda page: page[0].look_again(page[1]), odd)
        seams = [(listing, seam) for listing in listings for seam in listing.doubtful_seams()]
        client.map(lambda seam: seam[0].mend(seam[1]), seams)
        _refuse_unknown(listings)
        seen = [_complete(listing, earlier.get(index)) for index, listing in enumerate(listings)]
        short = [index for index, one in enumerate(seen) if not one.is_whole]
        if short:
            earlier.update(enumerate(seen))
            # Where equal items change places, from the other end they do so elsewhere.
            turned = not from_the_end and all("sort" in query.params for query in lists)
            raise Contradicted(_said(listings[short[0]]))
        return _joined(one.items for one in seen)

    return _again(client, read)


def list_in_turn(client: Client, query: Query, check: Check) -> list[Item]:
    """Every item of one short list, page after page; for use inside the client's own threads."""

    def read() -> list[Item]:
        listing = Listing(client, query, check, lambda item: item)
        _read_in_turn(listing)
        _refuse_unknown([listing])
        if not _complete(listing, None).is_whole:
            raise Contradicted(_said(listing))
        return listing.items()

    return _again(client, read)


@dataclass(frozen=True)
class _Seen:
    """What one or more readings of a list showed, where the server told the same total in all of them."""

    total: int | None
    ids: set[int]
    items: list[Item]

    @property
    def is_whole(self) -> bool:
        return self.total is None or len(self.ids) == self.total


def _complete(listing: Listing, earlier: _Seen | None) -> _Seen:
    """What a reading showed, with what an earlier one did if the two together hold what the server counts."""
    seen = _Seen(listing.total(), listing.ids(), listing.items())
    if seen.is_whole or earlier is None or earlier.total != seen.total:
        return seen
    both = _Seen(seen.total, seen.ids | earlier.ids, _joined([seen.items, earlier.items]))
    return both if len(both.ids) <= t.cast(int, both.total) else seen


def _is_certain(listing: Listing) -> bool:
    """Whether the first pages of a list can be trusted to hold its first items."""
    at_end = listing.is_at_its_end()
    return not listing.has_repeated() and (not at_end or listing.total() in (None, len(listing.ids())))


def _turned(query: Query) -> Query:
    """The same list from its other end."""
    return replace(query, params={**query.params, "sort": "asc" if query.params.get("sort") == "desc" else "desc"})


def _said(listing: Listing) -> str:
    return f"GET {listing.query.path} tells of {listing.total():,} items, and its pages hold {len(listing.ids()):,}"


def _joined(lists: t.Iterable[t.Sequence[Item]]) -> list[Item]:
    """The items of several lists, each ID once."""
    found: dict[int, Item] = {}
    for items in lists:
        for item in items:
            found.setdefault(item["id"], item)
    return list(found.values())


def _refuse_unknown(listings: t.Sequence[Listing]) -> None:
    """Raise where the server knows none of the lists."""
    refused = [(listing, listing.refused) for listing in listings if listing.refused is not None]
    if not refused or len(refused) < len(listings):
        return
    listing, error = refused[0]
    named = [f"{key} {listing.query.params[key]}" for key in ("package_type", "status") if key in listing.query.params]
    error.message += f": this GitLab does not know {' and '.join(named) or 'it'}, which came with a later version"
    raise error


def _again(client: Client, read: t.Callable[[], T]) -> T:
    """Read a list, and again where it did not hold still, or did not hold together."""
    for attempt in range(MAX_LISTINGS):
        try:
            return read()
        except Shifted:
            what = "the registry changed while its list was read"
            said = f"{what}, {MAX_LISTINGS} times in a row: run it again when less is going on"
        except Contradicted as odd:
            what = str(odd)
            said = (
                f"{what}, in the last of {MAX_LISTINGS} readings too: something between here and GitLab loses answers"
            )
            if attempt == MAX_LISTINGS - 1:
                raise UnexpectedAnswer(said) from None
        if attempt < MAX_LISTINGS - 1:
            client.warnings.append(f"{what}: the list was made again")
    raise GitlabError(said)


def _read_in_turn(listing: Listing, limit: int | None = None) -> None:
    number = 1
    while True:
        page = listing.read(number)
        listing.add(page)
        if not page.more or not page.ids or (limit is not None and listing.count() >= limit):
            break
        number += 1
    for number in listing.odd_pages():
        listing.look_again(number)
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
        # The last page that is known to be there says itself whether another one follows.
        is_told = number == self._top + 1 and self._top not in self._there
        return None if is_told or number in self._asked else number

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
