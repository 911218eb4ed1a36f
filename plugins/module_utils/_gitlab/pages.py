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

What the server says of the whole is held against what came: where all answers told one total, so many different items
have to be there; a page that another one follows is full; no page is another one again, over and over. What contradicts
itself is made again too: items of the same time or name have no order (contract, section 2), so that one of them may
come twice and another one never.

This holds for lists in which what is new stands at the end (``created_at``, ascending). If something was put in
between, the looks show items that stood further left before: then the list must be made again.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    BadRequest,
    GitlabError,
    RateLimited,
    ServerError,
    UnexpectedAnswer,
)

PER_PAGE = 100
#: GitLab leaves the totals out above this many items: a list without them is longer.
MOST_COUNTED = 10_000
#: The longest list that is read, in pages: two million items, of which no registry holds a fraction.
MAX_PAGES = 20_000
#: How many pages may hold what another one held. One does if just as much as a page was deleted in between.
MAX_REPEATS = 16

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


class Contradicted(Exception):
    """The answers contradict each other; the argument says how."""


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
        self._held: dict[tuple[int, ...], int] = {}
        self._repeats = 0
        #: Why the server does not know this list at all: its type or status came with a later version.
        self.refused: BadRequest | None = None

    def read(self, number: int) -> Page:
        """Ask for one page. Safe in many threads at once; :meth:`add` it in one. Raises the errors of errors.py."""
        if number > MAX_PAGES:
            raise UnexpectedAnswer(
                f"GET {self.query.path} goes on beyond {MAX_PAGES * PER_PAGE:,} items, more than any registry holds"
            )
        asked = time.monotonic()
        try:
            items, headers = self._get(number, PER_PAGE)
        except BadRequest as error:
            if number > 1 or not _is_unknown(error):
                raise
            self.refused = error
            return Page(number, (), [], asked, time.monotonic(), False, None, None)
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
        """Take a page in.

        Raises :class:`UnexpectedAnswer` where the server does not page at all, and :class:`Contradicted`.
        """
        if page.number > 1 and page.ids and page.ids == self._pages[1].ids:
            raise UnexpectedAnswer(
                f"page {page.number} of GET {self.query.path} holds what page 1 holds: something between here and"
                " GitLab drops the page number"
            )
        other = self._held.setdefault(page.ids, page.number)
        if page.ids and other != page.number:
            self._repeats += 1
            if self._repeats > MAX_REPEATS:
                raise Contradicted(
                    f"page {page.number} of GET {self.query.path} holds what page {other} holds, and so on"
                )
        if page.more and len(page.ids) < min(PER_PAGE, len((self._pages.get(1) or page).ids) or PER_PAGE):
            raise Contradicted(
                f"page {page.number} of GET {self.query.path} holds {len(page.ids)} items, and yet another page follows"
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

    def ids(self) -> set[int]:
        """All that came, kept or not."""
        return {item for page in self._pages.values() for item in page.ids}

    def total(self) -> int | None:
        """How many items there are, if all answers agree on it."""
        totals = {page.total for page in self._pages.values()}
        return totals.pop() if len(totals) == 1 else None

    def odd_pages(self) -> list[int]:
        """Pages that end the list before another page goes on with it: that may be true if much was deleted meanwhile.

        Raises :class:`Contradicted` where only some answers tell a total, and one that is far from where totals end.
        """
        totals = {page.total for page in self._pages.values()} - {None}
        if len(totals) < len({page.total for page in self._pages.values()}) and totals:
            least = min(t.cast("set[int]", totals))
            if least < MOST_COUNTED // 10:
                raise Contradicted(f"GET {self.query.path} tells of {least:,} items, and then answers without a number")
        highest = max((number for number, page in self._pages.items() if page.ids), default=0)
        if not highest:
            return []
        size = len(self._pages[1].ids)
        odd = [number for number, page in self._pages.items() if number < highest and len(page.ids) < size]
        after = self._pages.get(highest + 1)
        return [*odd, *([highest + 1] if after and not after.ids and self._pages[highest].more else [])]

    def look_again(self, number: int) -> None:
        """Read an odd page and the one before it anew. Raises :class:`Contradicted` if the list does not end there."""
        first, before, page = self._pages[1], self._pages.get(number - 1), self._pages[number]
        goes_on = before is not None and self.read(number - 1).more
        again = self.read(number)
        is_full = len(again.ids) == len(first.ids)
        came_empty = before is not None and before.more and not page.ids and bool(again.ids)
        if is_full or came_empty or (goes_on and not again.ids):
            raise Contradicted(f"page {number} of GET {self.query.path} came too short, or another page follows it")

    def has_repeated(self) -> bool:
        """Whether an item came twice, so that another one of the same value may have come never."""
        return len(self.ids()) < sum(len(page.ids) for page in self._pages.values())

    def is_at_its_end(self) -> bool:
        """Whether the last page was read."""
        return not self._pages[max(self._pages)].more

    # --- seams -----------------------------------------------------------------------------------------------

    def doubtful_seams(self) -> list[int]:
        """The left pages of the seams that something may have crossed unseen, and the last page if it needs a look."""
        if self.total() is not None:
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


def _is_unknown(error: BadRequest) -> bool:
    """Whether all that the server objects to is a type or a status that it does not know."""
    end = " does not have a valid value"
    objections = error.words.split(", ")
    return all(text.endswith(end) and text[: -len(end)] in ("package_type", "status") for text in objections)
