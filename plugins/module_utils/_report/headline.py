# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit report in one sentence, and in a few figures that conditions can be written with. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    human_bytes,
    number,
    share,
)

Row = Mapping[str, t.Any]


def headline(report: Row) -> str:
    """What the policy would free or delete; without one, what is there and what of it is not used."""
    totals, plan = report["totals"], report["plan"]
    if not totals["packages"]:
        return "There are no packages."
    sized = totals["bytes"] is not None
    if plan is None:
        return _without_policy(report)
    delete = plan["delete"]
    of = f"{number(delete['packages'])} of {counted(totals['packages'], 'package')}"
    if not delete["packages"]:
        return f"The policy deletes none of {counted(totals['packages'], 'package')}."
    if not sized or delete["bytes"] is None:
        return f"The policy deletes {of} ({share(delete['packages'], totals['packages'])})."
    freed = freed_of(delete["bytes"], totals["bytes"])
    return f"The policy frees {freed} by deleting {of}{_without_unsized(totals)}."


def freed_of(part: int, whole: int) -> str:
    """``252 of 288 GiB (87 %)``: the unit is said once where it is the same."""
    some, everything = human_bytes(part), human_bytes(whole)
    value, _space, unit = some.partition(" ")
    first = value if everything.endswith(f" {unit}") else some
    return f"{first} of {everything}" + (f" ({share(part, whole)})" if whole else "")


def _without_policy(report: Row) -> str:
    totals, idle = report["totals"], report["stalest"]
    there = f"{counted(totals['packages'], 'package')} in {counted(totals['projects'], 'project')}"
    if totals["bytes"] is not None:
        verb = "takes" if totals["packages"] == 1 else "take"
        there += f" {verb} {human_bytes(totals['bytes'])}{_without_unsized(totals)}"
    unused = f"not downloaded for more than {idle['days']} days"
    if not idle["total"]:
        return f"{there}; none is known to be unused for more than {idle['days']} days."
    which = f"{number(idle['total'])} ({share(idle['total'], totals['packages'])})"
    if totals["bytes"] is not None and idle["bytes"]:
        which += f", with {human_bytes(idle['bytes'])},"
    return f"{there}; {which} {'was' if idle['total'] == 1 else 'were'} {unused}."


def _without_unsized(totals: Row) -> str:
    return f" (without the size of {counted(totals['unsized'], 'package')})" if totals["unsized"] else ""


def summary(report: Row) -> dict[str, t.Any]:
    """The figures of a report. None is null: bytes are there only where sizes were read, plan counts only with a plan.

    ``delete`` + ``keep`` = ``packages``; ``protected``, ``listed`` and ``unmatched`` are parts of ``keep``.
    ``foreseen_protected``, a part of ``delete``, and ``protection``, a text, are there where rules were asked.
    """
    totals, plan = report["totals"], report["plan"]
    sized = totals["bytes"] is not None
    figures = {key: totals[key] for key in ("packages", "projects", "names", "never_downloaded")}
    figures["broken"] = report["broken"]["total"]
    if sized:
        figures["bytes"] = totals["bytes"]
    if plan is None:
        return figures
    for key in ("delete", "keep", "protected", "listed", "unmatched"):
        figures[key] = plan[key]["packages"]
    if plan["protection"] is not None:
        figures["protection"] = plan["protection"]
        figures["foreseen_protected"] = plan["foreseen_protected"]["packages"]
    if sized:
        figures["delete_bytes"] = plan["delete"]["bytes"] or 0
        figures["keep_bytes"] = plan["keep"]["bytes"] or 0
    return figures
