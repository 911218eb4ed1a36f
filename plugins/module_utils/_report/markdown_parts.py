# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of the Markdown report share: names that are text, tables, and the tables of names."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    human_bytes,
    number,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

ROWS = 10

Row = Mapping[str, t.Any]

_NEEDS_ENTITIES = re.compile(r"[`|\\]|^\s|\s$|^$")
_ASCII_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def code(text: t.Any) -> str:
    """A name as a code span, in which Markdown and GitLab see no markup, no mention, no link and no table border."""
    shown = printable(str(text))
    if not _NEEDS_ENTITIES.search(shown):
        return f"`{shown}`"
    escaped = _ASCII_PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", shown.replace(" ", "\N{NO-BREAK SPACE}"))
    # An address in plain text would still become a link: the @ stands in an element of its own.
    return f"<code>{escaped.replace('&#64;', '<span>&#64;</span>')}</code>"


def linked(text: t.Any, url: str | None) -> str:
    """A name as a code span that is a link to its page in GitLab, where it has one."""
    # An address of links.py holds nothing that ends an address in angle brackets.
    return code(text) if url is None else f"[{code(text)}](<{url.replace('|', '%7C')}>)"


def code_in_html(text: str) -> str:
    """A code span as HTML: Markdown is not read inside of ``summary``."""
    if not text.startswith("`"):
        return text
    inside, _tick, rest = text[1:].partition("`")
    return f"<code>{_ASCII_PUNCTUATION.sub(lambda found: f'&#{ord(found[0])};', inside)}</code>{rest}"


def sized_report(report: Row) -> bool:
    return report["totals"]["bytes"] is not None


def more(total: int, shown: int) -> str:
    return f"\n\n{number(shown)} of {number(total)}." if total > shown else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: int | None = None) -> str:
    """A table whose last ``right`` columns (all but the first, if not said) stand to the right."""
    right = len(heads) - 1 if right is None else right
    left = len(heads) - right
    marks = ["---"] * left + ["--:"] * right
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, marks, *rows)]
    return "\n".join(lines)


def names_table(top: Row, *, sized: bool) -> str:
    heads = ("Name", "Type", "Project", "Packages") + (("Storage",) if sized else ())
    rows = [
        (
            *(code(row[key]) for key in ("name", "package_type", "project_path")),
            number(row["packages"]),
            *((human_bytes(row["bytes"]),) if sized else ()),
        )
        for row in top["rows"][:ROWS]
    ]
    return table(heads, rows, right=len(heads) - 3) + more(top["total"], len(rows))
