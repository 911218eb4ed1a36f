# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a registry somebody should look at, one entry for each thing found. Pure.

A finding is a dict of ``severity`` (one of `SEVERITIES`), ``id`` (what kind it is, a word that stays the same),
``project`` (its full path; None where it is not known) and ``text`` (one sentence, fit for a terminal).
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._governance.rules import (
    DELETE,
    NO_RULE,
    PUSH,
    TYPES,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protection import covers
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, human_bytes, number
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

Row = Mapping[str, t.Any]
Finding = dict[str, t.Any]

#: The worst first.
SEVERITIES = ("high", "medium", "low")
#: So many names stand in a sentence.
NAMES = 5
#: The tag of what others build on.
STABLE = "stable"
#: What an archived project must hold to be worth a word, in bytes.
MUCH = 2**30


def finding(severity: str, kind: str, project: str | None, text: str) -> Finding:
    """One finding; names in ``text`` may come as the registry has them."""
    return {"severity": severity, "id": kind, "project": project, "text": printable(text)}


def findings(
    plans: Sequence[Row], states: Sequence[Row], stable: Mapping[str, Iterable[tuple[str, str]]]
) -> list[Finding]:
    """All that is found, the worst first.

    ``states`` are the rows of the report's ``governance``, none where they were not asked for; ``stable`` are the type
    and name of the packages that are tagged so, by project.
    """
    found = vanishing(plans, {row["project_path"]: row["forwarding"] or {} for row in states})
    for row in states:
        found += [*unguarded(row, stable.get(row["project_path"], ())), *archived(row)]
    return sorted(found, key=lambda one: (SEVERITIES.index(one["severity"]), one["id"], one["project"] or ""))


def vanishing(plans: Sequence[Row], forwarding: Mapping[str, Mapping[str, bool]]) -> list[Finding]:
    """Names of which the plans leave nothing, for each project and type: where GitLab forwards, they can be taken.

    ``forwarding`` says by project and type whether it does; where that is not known, it may.
    """
    names: dict[tuple[str | None, str], list[str]] = {}
    for plan in plans:
        for entry in plan.get("summary", {}).get("vanishing", ()):
            names.setdefault((entry["project_path"], entry["package_type"]), []).append(entry["name"])
    found = []
    for (project, kind), gone in names.items():
        forwards = forwarding.get(project or "", {}).get(kind)
        told = f"the policy leaves nothing of {counted(len(gone), f'{kind} name')} ({some(gone)})"
        if forwards:
            why = "GitLab forwards requests to the public registry, where a stranger can take a name that is free"
            found.append(finding("high", "dependency-confusion", project, f"{told}: {why}"))
        elif forwards is None:
            why = "where GitLab forwards requests to the public registry, a stranger can take a name that is free"
            found.append(finding("medium", "vanishing-names", project, f"{told}: {why}"))
    return found


def unguarded(row: Row, stable: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Names with a package tagged stable that no rule with a level covers, of types that rules know."""
    if row["rules"] is None:
        return
    guards = [rule for rule in row["rules"] if rule[PUSH] != NO_RULE[PUSH] or rule[DELETE] != NO_RULE[DELETE]]
    names = sorted({(kind, name) for kind, name in stable if kind in TYPES})
    bare = [f"{kind} {name}" for kind, name in names if not any(covers(rule, kind, name) for rule in guards)]
    if bare:
        told = f"no rule guards {counted(len(bare), 'name')} with packages tagged {STABLE} ({some(bare)})"
        yield finding("medium", "unguarded-stable", row["project_path"], told)


def archived(row: Row) -> Iterator[Finding]:
    """A project that is archived and still holds much: nothing is deleted there."""
    size = row["packages_size"]
    if row["archived"] and size is not None and size >= MUCH:
        told = f"the archived project holds {human_bytes(size)} of packages; nothing can be deleted there"
        yield finding("low", "archived-storage", row["project_path"], told)


def finding_line(one: Finding) -> str:
    """A finding on one line, for a terminal."""
    place = f"{printable(one['project'])}: " if one["project"] else ""
    return f"{one['severity']}: {place}{one['text']}"


def some(names: Sequence[str]) -> str:
    """The first few names, and how many there are beyond."""
    more = f" and {number(len(names) - NAMES)} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more
