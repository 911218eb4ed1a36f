# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markdown as GitLab and others read it: names that are text, and tables. Pure."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

_NEEDS_ENTITIES = re.compile(r"[`|\\]|^\s|\s$|^$")
_ASCII_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def code(text: t.Any) -> str:
    """A name as a code span, in which Markdown and GitLab see no markup, no mention, no link and no table border."""
    shown = printable(str(text))
    if not _NEEDS_ENTITIES.search(shown):
        return f"`{shown}`"
    escaped = entities(shown.replace(" ", "\N{NO-BREAK SPACE}"))
    # An address in plain text would still become a link: the @ stands in an element of its own.
    return f"<code>{escaped.replace('&#64;', '<span>&#64;</span>')}</code>"


def entities(text: str) -> str:
    """A text with all its punctuation as entities: no markup is left in it."""
    return _ASCII_PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", text)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: int | None = None) -> str:
    """A table whose last ``right`` columns (all but the first, if not said) stand to the right."""
    right = len(heads) - 1 if right is None else right
    left = len(heads) - right
    marks = ["---"] * left + ["--:"] * right
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, marks, *rows)]
    return "\n".join(lines)
