# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How lists of packages are asked for and ordered in SQL (contract, sections 2 and 6)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from gitlab_sandbox.schema import LISTED, NOT_TERRAFORM
from gitlab_sandbox.vocabulary import DISPLAYABLE, TYPE_NUMBER

# Above this many results GitLab gives no totals.
COUNT_LIMIT: Final = 10_000


@dataclass(frozen=True)
class PackageQuery:
    """What a list of packages holds and how it is ordered (contract, section 2)."""

    project_ids: tuple[int, ...]
    in_group: bool
    order_by: str = "created_at"
    descending: bool = False
    type: int | None = None
    words: tuple[str, ...] = ()
    version: str | None = None
    versionless: bool = False
    status: int | None = None


_QUOTED: Final = re.compile(r'(?:(?<=\A)|(?<= ))"[^"]+"(?= |\Z)')


def search_words(text: str) -> tuple[str, ...]:
    """The words of a search, split by blanks; several in quotes count as one (contract, section 2)."""
    quoted = _QUOTED.findall(text)
    return (*_QUOTED.sub("", text).split(), *(word[1:-1] for word in quoted))


@dataclass(frozen=True)
class Listing:
    """One page of a list; ``total`` is None above 10,000 results."""

    rows: list[Any]
    total: int | None
    more: bool


def id_list(numbers: Iterable[int]) -> str:
    """Integers for an IN list. They come from the database, never from a client."""
    return ", ".join(map(str, numbers))


class Places:
    """Where pages of one list ended, so that the next page need not walk from the start."""

    def __init__(self) -> None:
        self._offsets: list[int] = []
        self._keys: list[tuple[Any, int]] = []

    def before(self, offset: int) -> tuple[int, tuple[Any, int] | None]:
        """The greatest known offset up to this one, and the sort key of the row before it."""
        index = bisect_right(self._offsets, offset) - 1
        return (0, None) if index < 0 else (self._offsets[index], self._keys[index])

    def note(self, offset: int, key: tuple[Any, int]) -> None:
        """The row before this offset has this sort key."""
        index = bisect_right(self._offsets, offset)
        if index == 0 or self._offsets[index - 1] != offset:
            self._offsets.insert(index, offset)
            self._keys.insert(index, key)


def order_of(query: PackageQuery, shuffled: bool) -> tuple[str, str]:
    """The order of a list, and the column that it is by; no column if there are no places in that order.

    GitLab sorts by the one column, and leaves equal values as the database gives them: ``shuffled`` shows that.
    ``project_path`` is none of these orders: it alone has a tie-break.
    """
    direction = "DESC" if query.descending else "ASC"
    column = query.order_by
    tie = "random()" if shuffled else f"id {direction}"
    if column == "version" and query.versionless:
        # PostgreSQL puts packages without a version last, and first when the order is reversed.
        return f"version {direction} NULLS {'FIRST' if query.descending else 'LAST'}, {tie}", ""
    return f"{column} {direction}, {tie}", "" if shuffled else column


def where_of(query: PackageQuery) -> tuple[str, tuple[Any, ...]]:
    """The condition of a list, and its values."""
    conditions: list[str] = []
    values: list[Any] = []
    if query.in_group or query.order_by == "type":
        # The plus keeps SQLite from an index on project_id: walking the order of all packages
        # beats sorting those of several projects.
        conditions.append(f"+project_id IN ({id_list(query.project_ids)})")
    else:
        conditions.append("project_id = ?")
        values.append(query.project_ids[0])
    # What the indexes of lists hold is said even where more is asked: else SQLite does not use them.
    if query.status is None or query.status in DISPLAYABLE:
        conditions.append(LISTED)
    if query.status is not None:
        conditions.append("status = ?")
        values.append(query.status)
    if query.type != TYPE_NUMBER["terraform_module"]:
        conditions.append(NOT_TERRAFORM)
    if query.type is not None:
        conditions.append("type = ?")
        values.append(query.type)
    if not query.versionless:
        conditions.append("version IS NOT NULL")
    if query.version is not None:
        conditions.append("version = ?")
        values.append(query.version)
    for word in query.words:
        conditions.append("instr(folded, ?) > 0")
        values.append(word)
    return " AND ".join(conditions), tuple(values)
