# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of one list, and whether they fit together (contract, section 6).

GitLab pages by offset. When something is deleted, all that stands after it moves to the left, and what moves across
the *seam* between two pages is missed if the left page was read before, and the right one after. So:

- A seam is safe if the right page was answered before the left one was asked for: then what crosses it is read twice.
- All seams are safe if every answer gave the same total.
- For every other seam the last item of its left page is looked at once more, when both pages have been read. If it
  still stands where it stood, nothing crossed. If not, one reads on to the left from there, until an item turns up
  that was read on the left side before: all that crossed stands after it.

This holds for lists in which what is new stands at the end (``created_at``, ascending). If something was put in
between, the looks show items that stood further left before: then the list must be made again.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    RateLimited,
    ServerError,
    UnexpectedAnswer,
)

PER_PAGE = 100

Item = dict[str, t.Any]
#: Raises for an item of the wrong shape; the text says where it was found.
Check = t.Callable[[t.Any, str], None]
#: What is kept of an item; None: nothing.
Keep = t.Callable[[Item], t.Optional[Item]]


@dataclass(frozen=True)
class Query:
    """One list: its path below ``/api/v4``, and its parameters but for the page."""

    path: str
    params: t.Mapping[str, str]


class Shifted(Exception):
    """Something was put into the list while it was read, where reading it downwards misses what it moved."""


@dataclass(frozen=True)
class Page:
    """One page as it was answered. ``asked`` and ``answered`` are seconds of one monotonic clock.

    ``more``: the server says that there is a next page. ``total`` and ``last`` (its number of the last page) are None
    where it does not say, as above 10,000 items.
    """

    number: int
    ids: tuple[int, ...]
    kept: list[Item]
    asked: float
    answered: float
    more: bool
    total: int | None
    last: int | None


class Listing:
    """One list, read page by page in any order. Pages count from 1; the first must be read before all others."""

    def __init__(self, client: Client, query: Query, check: Check, keep: Keep) -> None:
        self.query = query
        self._client = client
        self._check = check
        self._keep = keep
        self._path = query.path
        self._pages: dict[int, Page] = {}
        self._mended: list[Item] = []

    def read(self, number: int) -> Page:
        """Ask for one page. Safe in many threads at once; :meth:`add` it in one. Raises the errors of errors.py."""
        asked = time.monotonic()
        items, headers = self._get(number, PER_PAGE)
        return Page(
            number,
            tuple(item["id"] for item in items),
            [kept for kept in map(self._keep, items) if kept is not None],
            asked,
            time.monotonic(),
            # A page that is full may not be the last; the header tells it for sure.
            bool(headers.get("X-Next-Page", "next" if len(items) >= PER_PAGE else "").strip(" ,")),
            _number(headers.get("X-Total")),
            _number(headers.get("X-Total-Pages")),
        )

    def add(self, page: Page) -> None:
        """Take a page in. Raises :class:`UnexpectedAnswer` where the server does not page at all."""
        if page.number > 1 and page.ids and page.ids == self._pages[1].ids:
            raise UnexpectedAnswer(
                f"page {page.number} of GET {self.query.path} holds what page 1 holds: something between here and"
                " GitLab drops the page number"
            )
        self._pages[page.number] = page

    def count(self) -> int:
        """How many items are kept so far."""
        return sum(len(page.kept) for page in self._pages.values())

    def items(self) -> list[Item]:
        """What is kept of the pages read, in their order, each ID once."""
        found: dict[int, Item] = {}
        for number in sorted(self._pages):
            for item in self._pages[number].kept:
                found.setdefault(item["id"], item)
        for item in self._mended:
            found.setdefault(item["id"], item)
        return list(found.values())

    # --- seams -----------------------------------------------------------------------------------------------

    def doubtful_seams(self) -> list[int]:
        """The left pages of the seams that something may have crossed unseen, and the last page if it needs a look."""
        totals = {page.total for page in self._pages.values()}
        if len(totals) == 1 and None not in totals:
            return []
        doubtful = [number for number in sorted(self._pages) if self._is_doubtful(number)]
        last = max((number for number, page in self._pages.items() if page.ids), default=1)
        if self._may_be_read_downwards() and last not in doubtful:
            # No seam, but the end of the topmost stretch: it stands elsewhere if something was put in below it.
            doubtful.append(last)
        return doubtful

    def _is_doubtful(self, number: int) -> bool:
        left, right = self._pages[number], self._pages.get(number + 1)
        return right is not None and left.more and bool(left.ids) and left.asked < right.answered

    def mend(self, seam: int) -> None:
        """Look at a doubtful seam, and read what crossed it. Safe in many threads at once.

        Raises :class:`Shifted`, and the errors of errors.py.
        """
        left = self._pages[seam]
        if [item["id"] for item in self._get(self._position(left, len(left.ids)), 1)[0]] == [left.ids[-1]]:
            return
        pages = [page for number, page in self._pages.items() if number <= seam]
        stood = {item: self._position(page, index) for page in pages for index, item in enumerate(page.ids)}
        for number in range(seam, 0, -1):
            page = self.read(number)
            self._mended += page.kept
            known = [(self._position(page, i), stood[item]) for i, item in enumerate(page.ids) if item in stood]
            if any(now > then for now, then in known) and self._may_be_read_downwards():
                raise Shifted
            if known:
                return

    def _position(self, page: Page, index: int) -> int:
        """Where an item of a page stands in the list."""
        return (page.number - 1) * len(self._pages[1].ids) + index

    def _may_be_read_downwards(self) -> bool:
        """Whether a left page may have been read after its right one, which misses what moves to the right."""
        pages = self._pages
        return any(page.answered > pages[n + 1].asked for n, page in pages.items() if n + 1 in pages)

    # --- one request -----------------------------------------------------------------------------------------

    def _get(self, number: int, per_page: int) -> tuple[list[Item], t.Mapping[str, str]]:
        where = f"page {number} of GET {self.query.path}"
        params = {**self.query.params, "per_page": str(per_page), "page": str(number)}
        try:
            answer = self._client.get(self._path, params)
        except GitlabError as error:
            if number > 1 or isinstance(error, (ServerError, RateLimited)):
                error.message = f"page {number} of the list failed, so the whole list does: {error.message}"
            raise
        if not isinstance(answer.data, list):
            raise UnexpectedAnswer(f"{where}: answered with no list", answer.status)
        for item in answer.data:
            self._check(item, where)
        if number == 1:
            # A moved project answers from its numeric path: go there straight for the rest.
            self._path = answer.path or self._path
        return answer.data, answer.headers


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None
