# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from a registry, made fit for a terminal. Pure."""

from __future__ import annotations

import datetime
import typing as t

NOTHING = "–"
"""Written where a value is not known."""


def printable(text: str) -> str:
    """``text`` with all that does not print (controls, bidirectional overrides, lone surrogates) as ``\\uXXXX``.

    Names in a registry are chosen by anyone who may push: a terminal must not obey them.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(value: t.Any) -> str:
    """A value of a package on one line for a reader: printable, ``null`` for None."""
    return "null" if value is None else printable(str(value))


def not_text(what: str, value: t.Any) -> str:
    """Why ``value`` cannot be the name or the version ``what``: YAML makes 1.1 of 1.10, which is another version."""
    kinds = {bool: "true or false", int: "a number", float: "a number", datetime.date: "a date"}
    made = next((words for kind, words in kinds.items() if isinstance(value, kind)), None)
    if made is None:
        return f"{what} must be a text, not a {type(value).__name__}"
    return f"{what} must be a text, and YAML made {made} of it ({value}): put it in quotes"
