# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of the Markdown report share: names with their links, and tables of names."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.markdown import code, entities, table
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    human_bytes,
    number,
)

ROWS = 10

Row = Mapping[str, t.Any]


def linked(text: t.Any, url: str | None) -> str:
    """A name as a code span that is a link to its page in GitLab, where it has one."""
    # An address of links.py holds nothing that ends an address in angle brackets.
    return code(text) if url is None else f"[{code(text)}](<{url.replace('|', '%7C')}>)"


def code_in_html(text: str) -> str:
    """A code span as HTML: Markdown is not read inside of ``summary``."""
    if not text.startswith("`"):
        return text
    inside, _tick, rest = text[1:].partition("`")
    return f"<code>{entities(inside)}</code>{rest}"


def sized_report(report: Row) -> bool:
    return report["totals"]["bytes"] is not None


def more(total: int, shown: int) -> str:
    return f"\n\n{number(shown)} of {number(total)}." if total > shown else ""


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
