# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the options of an archive's back end are secrets. Pure.

Each back end has options of its own, so that all are, but for what is known not to be one: a secret is taken out of
every text that the user sees, and with the profile "default" or the number 1 that would be most of them.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

#: Options that say where and how, not who.
_PLAIN = {
    "addressing_style",
    "endpoint_url",
    "host",
    "hostname",
    "profile",
    "project",
    "protocol",
    "region",
    "region_name",
    "signature_version",
}
#: A shorter text, and a number of fewer digits, is part of too many words.
_SHORTEST, _DIGITS = 4, 6


def texts_of(options: t.Any) -> Iterator[str]:
    """All texts and numbers in the options, as texts."""
    return (text for _key, text in _items("", options))


def secrets_of(options: t.Any) -> Iterator[str]:
    """Those of them that nobody may see."""
    for key, text in _items("", options):
        if key not in _PLAIN and len(text) >= (_DIGITS if text.replace(".", "").isdigit() else _SHORTEST):
            yield text


def _items(key: str, value: t.Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from _items(str(inner), item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _items(key, item)
    elif value is not None and not isinstance(value, bool):
        yield key, str(value)
