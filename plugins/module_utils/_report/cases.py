# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit looked for, case by case as a test report has them; those that are gates fail the task."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._report.audit import Audit
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.gates import (
    CHANGES,
    OVER,
    UNMATCHED,
    Figures,
    Gates,
    refusals,
)

#: The gates of an audit; `CHANGES` and `UNMATCHED` need a policy, `OVER` sizes.
AUDIT_GATES = (CHANGES, UNMATCHED, OVER)
#: How many of a list are named.
_NAMED = 20


class Case(t.NamedTuple):
    """One thing that was looked for; ``told`` says what was found, None: nothing."""

    name: str
    told: str | None
    is_gate: bool
    details: tuple[str, ...] = ()


def cases_of(audit: Audit, gates: Gates) -> list[Case]:
    """All that was looked for, the gates first. Raises GateError as `refusals`."""
    figures = _figures(audit)
    named = [name for name in AUDIT_GATES if name in gates.names]
    closed = refusals(gates, figures)
    found = [Case(name, closed.get(name), True) for name in named]
    if audit.plans:
        other = Gates(frozenset({CHANGES, UNMATCHED}) - gates.names)
        told = refusals(other, figures)
        found += [Case(name, told.get(name), False) for name in AUDIT_GATES if name in other.names]
        found += [_without_match(audit)]
    broken = audit.report["broken"]
    found.append(
        _listed("failed uploads", broken["total"], "package has the status error", "packages have the status error")
    )
    duplicates = audit.report["duplicates"]
    if audit.report["totals"]["bytes"] is not None:
        found.append(
            _listed(
                "duplicate files",
                duplicates["total"],
                "file name comes twice in a package",
                "file names come more than once in a package",
            )
        )
    found += [
        Case(f"{one['id']} {printable(one['project'] or '')}".strip(), one["text"], False)
        for one in audit.report["findings"]
    ]
    return found


def _figures(audit: Audit) -> Figures:
    summaries = [plan["summary"] for plan in audit.plans]
    files = sum(summary["files"]["delete"] for summary in summaries if "files" in summary)
    packages, delete, unmatched = (
        sum(summary[key] for summary in summaries) for key in ("packages", "delete", "unmatched")
    )
    return Figures(packages, delete, unmatched, audit.report["totals"]["bytes"], "the packages take", files)


def _listed(name: str, count: int, one: str, many: str, details: t.Iterable[str] = ()) -> Case:
    return Case(name, counted(count, one, many) if count else None, False, tuple(details)[:_NAMED])


def _without_match(audit: Audit) -> Case:
    """What of the policy is for nothing in every scope."""
    first, *others = ([str(one) for one in plan["summary"]["without_match"]] for plan in audit.plans)
    unused = [printable(one) for one in first if all(one in other for other in others)]
    one, many = "part of the policy matches nothing", "parts of the policy match nothing"
    return _listed("policy without a match", len(unused), one, many, unused)
