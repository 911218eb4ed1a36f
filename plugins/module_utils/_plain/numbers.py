# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers, bytes and shares as people read them. Pure."""

from __future__ import annotations

import re

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def number(value: int | None) -> str:
    """A count with its thousands apart: 12,345."""
    return NOTHING if value is None else f"{value:,}"


def human_bytes(value: int | None) -> str:
    """Bytes in the binary unit that keeps the number below 1024, with three digits or so: 1.5 MiB."""
    if value is None:
        return NOTHING
    amount = float(value)
    for unit in UNITS:
        text = f"{amount:,.0f}" if unit == "B" or amount >= 99.95 else f"{amount:.1f}"
        if float(text.replace(",", "")) < 1024 or unit == UNITS[-1]:
            return f"{text} {unit}"
        amount /= 1024
    raise AssertionError("unreachable: the last unit always returns")


def parse_bytes(text: str) -> int:
    """The bytes of ``10GiB``, ``1.5 MB`` or ``4096``: KiB is 1024, KB 1000. Raises ValueError with a sentence."""
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?(?:([KMGTPE])(i?)B?|B)?", text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError(f"{text[:40]!r} is no size such as 10GiB")
    amount, unit, binary = found.groups()
    power = " KMGTPE".index((unit or " ").upper())
    return int(float(amount) * (1024 if binary or unit is None else 1000) ** power)


def exact_bytes(value: int) -> str:
    return "1 byte" if value == 1 else f"{value:,} bytes"


def share(part: int | None, whole: int | None) -> str:
    """A share in percent that says neither 0 % for something nor 100 % for less than all."""
    if not part or not whole:
        return "0 %" if part == 0 and whole else NOTHING
    percent = 100 * part / whole
    if percent < 0.5:
        return "< 1 %"
    if percent > 99 and part < whole:
        return "> 99 %"
    return f"{percent:.0f} %"


def counted(value: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 package, 2 packages."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"
