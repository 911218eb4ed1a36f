# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Query parameters as GitLab's API framework reads them (contract, sections 2 and 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from gitlab_sandbox import answers

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_TRUE = frozenset(("1", "t", "true", "y", "yes", "on"))
_FALSE = frozenset(("0", "f", "false", "n", "no", "off"))

# More digits than any ID has; Python refuses to convert far longer numbers.
_LARGEST = 10**19


def decode(text: str) -> str | None:
    """A percent-decoded string; None if it is not valid UTF-8, is badly encoded or holds a NUL."""
    if "%" not in text:
        return None if "\x00" in text else text
    if _BAD_PERCENT.search(text):
        return None
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return None
    return None if "\x00" in decoded else decoded


def parse_query(text: str) -> dict[str, str | None]:
    """The parameters of a query string. The last one of a name counts; None is an undecodable value.

    ``name[]=`` and ``name[key]=`` make lists and mappings, which no parameter here takes: they
    count as undecodable values of ``name``.
    """
    parameters: dict[str, str | None] = {}
    for part in text.split("&"):
        if not part:
            continue
        raw_name, _, raw_value = part.partition("=")
        name = decode(raw_name.replace("+", " "))
        if name is None:
            continue
        base, bracket, _ = name.partition("[")
        parameters[base] = None if bracket else decode(raw_value.replace("+", " "))
    return parameters


def to_integer(text: str | None) -> int | None:
    """An integer; None if it is none. Huge ones are cut to a number that no ID has."""
    if text is None or _INTEGER.fullmatch(text) is None:
        return None
    return max(-_LARGEST, min(_LARGEST, int(text)))


class Parameters:
    """Reads parameters one by one and collects what is wrong with them."""

    def __init__(self, values: dict[str, str | None]) -> None:
        self._values = values
        self._errors: list[str] = []

    def check(self) -> None:
        """Answer 400 if anything read so far was wrong.

        :raises ApiError: with all errors, joined by a comma.
        """
        if self._errors:
            raise answers.error(400, ", ".join(self._errors))

    def invalid(self, name: str) -> None:
        """Note that a value has the wrong type."""
        self._errors.append(f"{name} is invalid")

    def missing(self, name: str) -> None:
        """Note that what is needed is not there."""
        self._errors.append(f"{name} is missing")

    def unlisted(self, name: str) -> None:
        """Note that a value has the right type and is not allowed."""
        self._errors.append(f"{name} does not have a valid value")

    def has(self, name: str) -> bool:
        """Whether the parameter is there."""
        return name in self._values

    def text(self, name: str) -> str | None:
        """A string; None if it is missing or empty."""
        if name not in self._values:
            return None
        value = self._values[name]
        if value is None:
            self.invalid(name)
        return value or None

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str | None:
        """One of some strings."""
        if name not in self._values:
            return default
        value = self._values[name]
        if value is None:
            self.invalid(name)
        elif value not in allowed:
            self.unlisted(name)
        else:
            return value
        return default

    def integer(self, name: str, default: int) -> int:
        """An integer; empty counts as missing."""
        value = self._values.get(name, "")
        if value == "":
            return default
        number = to_integer(value)
        if number is None:
            self.invalid(name)
            return default
        return number

    def boolean(self, name: str, default: bool) -> bool:
        """A boolean; empty counts as missing."""
        value = self._values.get(name, "")
        if value == "":
            return default
        if value is not None:
            if value.lower() in _TRUE:
                return True
            if value.lower() in _FALSE:
                return False
        self.invalid(name)
        return default
