# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read of a plan beside its numbers: why an entry goes, and what GitLab would refuse. Pure."""

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


def refused_by_gitlab(plan: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """What GitLab's protection rules make of it, as far as that is foreseen."""
    protected = sum("protected_by" in entry for entry in plan["delete"])
    files = sum("protected_by" in entry for entry in plan.get("delete_files", ()))
    for number, noun in ((protected, "package"), (files, "file")):
        if number:
            yield f"GitLab's protection rules would refuse {number} of these {noun}s"
    if plan["summary"].get("protection") == "unknown":
        yield f"whether GitLab's protection rules would refuse {'more' if protected or files else 'any'} is not known"


def _place(found: re.Match[str]) -> str:
    number, count, by, where, kept = found.groups(default="")
    return f"number {number} of {count}{where}, newest first{by} ({kept} kept)"
