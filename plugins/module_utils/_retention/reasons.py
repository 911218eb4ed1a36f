# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reason of a plan's entry as people read it beside its rule. Pure."""

from __future__ import annotations

import re
import typing as t

_PLACE = re.compile(
    r"(?:^|(?<=, ))latest ([0-9]+) of ([0-9]+)( by version)?((?: of| without) [^(,]{1,300})? \(([0-9]+) kept\)"
)


def own_reason(entry: t.Mapping[str, t.Any]) -> str:
    """Why an entry of a plan goes, without the name of its rule, which stands beside it; and what would refuse it.

    A plan says ``latest 11 of 39 by version (5 kept)``: that is number 11 of 39, newest first.
    """
    reason = str(entry.get("reason"))
    own = _PLACE.sub(_place, reason.partition(f"rule '{entry.get('rule')}' holds it: ")[2] or reason)
    refused = entry.get("protected_by")
    return f"{own}; protected by GitLab's rule '{refused['package_name_pattern']}'" if refused else own


def _place(found: re.Match[str]) -> str:
    number, count, by, where, kept = found.groups(default="")
    return f"number {number} of {count}{where}, newest first{by} ({kept} kept)"
