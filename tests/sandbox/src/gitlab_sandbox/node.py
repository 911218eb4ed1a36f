# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading foreign data step by step, always knowing the place, so that an error can name it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from gitlab_sandbox import clock

LARGEST_ID = 2**62


class SeedError(Exception):
    """What is wrong with a seed, in one line that names the place."""


class Node:
    """A value of the seed and its place, such as ``projects[0].packages[3].version``."""

    def __init__(self, value: Any, place: str) -> None:
        self.value = value
        self.place = place

    def error(self, text: str) -> SeedError:
        """The error for this place."""
        return SeedError(f"seed: {self.place}: {text}" if self.place else f"seed: {text}")

    def shown(self) -> str:
        """The value for an error: on one line, and not too long."""
        text = repr(self.value)
        return text if len(text) <= 80 else text[:77] + "..."

    def mapping(self, *keys: str) -> Fields:
        """The value as a mapping that holds none but these keys."""
        if not isinstance(self.value, dict):
            raise self.error(f"{self.shown()} is not a mapping")
        for key in self.value:
            if key not in keys:
                raise self.error(f"{key!r} is none of {', '.join(keys)}")
        return Fields(self)

    def items(self) -> Iterator[Node]:
        """The elements of a list; null is an empty one."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.error(f"{self.shown()} is not a list")
        for index, value in enumerate(self.value):
            yield Node(value, f"{self.place}[{index}]")

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """The keys and values of a mapping; null is an empty one."""
        if self.value is None:
            return
        if not isinstance(self.value, dict):
            raise self.error(f"{self.shown()} is not a mapping")
        for key, value in self.value.items():
            yield Node(key, self.place), Node(value, f"{self.place}.{key}")

    def string(self) -> str:
        """The value as a string that a database of GitLab can hold."""
        if not isinstance(self.value, str):
            hint = " (put it in quotes)" if isinstance(self.value, (int, float)) else ""
            raise self.error(f"{self.shown()} is not a string{hint}")
        if not self.value:
            raise self.error("must not be empty")
        if "\x00" in self.value:
            raise self.error("must not hold a NUL character")
        try:
            self.value.encode()
        except UnicodeEncodeError:
            raise self.error(f"{ascii(self.value)[:80]} is not valid Unicode") from None
        return self.value

    def matching(self, pattern: str, what: str) -> str:
        """The value as a string of a given form."""
        text = self.string()
        if re.fullmatch(pattern, text, re.ASCII) is None:
            raise self.error(f"{self.shown()} is not {what}")
        return text

    def expression(self, most: int) -> str:
        """The value as a regular expression of at most so many characters."""
        text = self.string()
        if len(text) > most:
            raise self.error(f"is longer than {most} characters")
        try:
            re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise self.error(f"{self.shown()} is not a regular expression: {error}") from None
        return text

    def refuse_repeats(self, values: Iterable[Any], what: str) -> None:
        """Refuse a list in which one of these values comes twice."""
        seen = set()
        for value in values:
            if value in seen:
                raise self.error(f"the {what} {value!r} is there twice")
            seen.add(value)

    def choice(self, values: Collection[str]) -> str:
        """The value as one of these strings."""
        if not isinstance(self.value, str) or self.value not in values:
            raise self.error(f"{self.shown()} is none of {', '.join(values)}")
        return self.value

    def integer(self, least: int, most: int = LARGEST_ID) -> int:
        """The value as an integer within bounds."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.error(f"{self.shown()} is not an integer")
        if not least <= self.value <= most:
            raise self.error(f"{self.shown()} is not between {least} and {most}")
        return self.value

    def boolean(self) -> bool:
        """The value as a boolean."""
        if not isinstance(self.value, bool):
            raise self.error(f"{self.shown()} is neither true nor false")
        return self.value

    def time(self) -> str:
        """The value as a time, in the API's form."""
        try:
            return clock.iso(clock.parse(self.string()))
        except ValueError as error:
            raise self.error(str(error)) from None


class Fields:
    """The fields of a mapping, each with its default."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._value: dict[str, Any] = node.value

    def node(self, key: str) -> Node:
        """The field as a node; its value is None if it is not there."""
        return Node(self._value.get(key), f"{self._node.place}.{key}" if self._node.place else key)

    def needed(self, key: str) -> Node:
        """The field as a node; it must be there."""
        if self._value.get(key) is None:
            raise self._node.error(f"{key} is missing")
        return self.node(key)

    def given(self, key: str) -> Node | None:
        """The field as a node if it is there and not null."""
        return None if self._value.get(key) is None else self.node(key)

    def present(self, key: str) -> bool:
        """Whether the field is there, be it null."""
        return key in self._value

    def string(self, key: str, default: str) -> str:
        """A string field."""
        node = self.given(key)
        return default if node is None else node.string()

    def choice(self, key: str, values: Collection[str], default: str) -> str:
        """A field that is one of some strings."""
        node = self.given(key)
        return default if node is None else node.choice(values)

    def integer(self, key: str, default: int, least: int, most: int = LARGEST_ID) -> int:
        """An integer field."""
        node = self.given(key)
        return default if node is None else node.integer(least, most)

    def boolean(self, key: str, default: bool) -> bool:
        """A boolean field."""
        node = self.given(key)
        return default if node is None else node.boolean()

    def time(self, key: str, default: str) -> str:
        """A time field."""
        node = self.given(key)
        return default if node is None else node.time()

    def optional_time(self, key: str) -> str | None:
        """A time field that may be null."""
        node = self.given(key)
        return None if node is None else node.time()

    def identifier(self) -> int | None:
        """The field ``id``; None if the seed leaves it to be dealt out."""
        node = self.given("id")
        return None if node is None else node.integer(1)
