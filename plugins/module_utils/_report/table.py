# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the HTML report: cells that know how they sort, and tables that become cards on a phone."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    exact_bytes,
    human_bytes,
    number,
    share,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING, printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import day
from ansible_collections.registryops.gitlab.plugins.module_utils._report.charts import meter, split


@dataclass(frozen=True)
class Column:
    """A column: its heading, the CSS class of its cells, whether it sorts as numbers.

    ``label`` repeats the heading in front of each cell on a phone; ``order`` is the ``aria-sort`` of the rows.
    """

    head: str
    css: str = ""
    numeric: bool = False
    label: bool = True
    order: str | None = None


@dataclass(frozen=True)
class Cell:
    """The inside of a cell as safe HTML, and what it sorts by (its text, if None)."""

    html: str
    sort: str | None = None


def name_html(text: t.Any) -> str:
    """A name from the registry as text that cannot turn around what stands beside it."""
    return f'<bdi class="n">{escape(printable(str(text)))}</bdi>'


def bytes_html(value: int | None) -> str:
    """Bytes for people, with the exact number as the title."""
    if value is None:
        return f'<span title="not known">{NOTHING}</span>'
    return f'<data value="{value}" title="{exact_bytes(value)}">{human_bytes(value)}</data>'


def linked(html: str, url: str | None) -> str:
    """Safe HTML as a link to a page of GitLab (an address of links.py), or as it is where there is none."""
    return html if url is None else f'<a href="{escape(url)}">{html}</a>'


def name(text: t.Any, below: t.Any = None, url: str | None = None) -> Cell:
    """A name, with a second one below it in small print, and a link."""
    if text is None:
        return Cell(NOTHING, "")
    small = "" if below is None else f"<small>{name_html(below)}</small>"
    return Cell(linked(name_html(text), url) + small, escape(printable(str(text))) if small else None)


def kind(text: t.Any) -> Cell:
    """A package type: one word that stays on its line, unless it is none of GitLab's."""
    shown = str(text)
    if shown.isascii() and shown.isidentifier() and len(shown) <= 20:
        return Cell(f'<bdi class="n t">{shown}</bdi>')
    return name(text)


def plain(text: str, sort: t.Any = None) -> Cell:
    """Text of the report itself."""
    return Cell(escape(text), None if sort is None else escape(str(sort)))


def count(value: int | None) -> Cell:
    return Cell(number(value), "" if value is None else str(value))


def size(value: int | None) -> Cell:
    return Cell(bytes_html(value), "" if value is None else str(value))


def date(text: t.Any) -> Cell:
    """The day of a time, with the whole time as the title."""
    shown = day(text)
    if shown == NOTHING:
        return Cell(f'<span title="none">{NOTHING}</span>', "")
    exact = escape(printable(str(text)))
    return Cell(f'<time datetime="{exact}" title="{exact}">{shown}</time>', exact)


def measure(part: int | None, whole: int | None, largest: int | None, label: str) -> Cell:
    """A bar against the largest of its table, and the share of the whole in text."""
    text = share(part, whole)
    html = f'<div class="measure">{meter(part, largest, f"{printable(label)}: {text}")}<span>{text}</span></div>'
    return Cell(html, "" if part is None else str(part))


def against(part: int, largest: int, label: str) -> Cell:
    """A bar against the largest of its table."""
    return Cell(f'<div class="measure">{meter(part, largest, label)}</div>', str(part))


def sides(delete: int | None, keep: int | None, label: str) -> Cell:
    """A bar in two parts and the share that would be deleted."""
    if delete is None or keep is None:
        return Cell(NOTHING, "")
    text = share(delete, delete + keep)
    drawn = split(delete, keep, height=10, title=f"{printable(label)}: {text} deleted", description="", hidden=True)
    return Cell(
        f'<div class="measure">{drawn}<span>{text}</span></div>',
        f"{delete / (delete + keep):.6f}" if delete + keep else "",
    )


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, note: str = "", sorts: bool = True
) -> str:
    """A table, sortable if not said. The roles say again what CSS takes from a table that it lays out as cards."""
    heads = "".join(
        f'<th scope="col" role="columnheader" data-kind="{"number" if column.numeric else "text"}"'
        f"{_class(_head_class(column))}{f' aria-sort={chr(34)}{column.order}{chr(34)}' if column.order else ''}>"
        f"{escape(column.head)}</th>"
        for column in columns
    )
    body = "".join(f'<tr role="row">{_row(columns, row)}</tr>' for row in rows)
    small = f" <span>{escape(note)}</span>" if note else ""
    kind = "cards sortable" if sorts else "cards"
    return (
        f'<table class="{kind}" role="table"><caption>{escape(caption)}{small}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def _row(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    cells = []
    for index, (column, cell) in enumerate(zip(columns, row)):
        tag, role = ("th", 'scope="row" role="rowheader"') if index == 0 else ("td", 'role="cell"')
        sort = "" if cell.sort is None else f' data-sort="{cell.sort}"'
        label = f' data-label="{escape(column.head)}"' if column.label and index else ""
        cells.append(f"<{tag} {role}{_class(column.css)}{sort}{label}>{cell.html}</{tag}>")
    return "".join(cells)


def _head_class(column: Column) -> str:
    return column.css if column.css in ("num", "share") else ""


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""
