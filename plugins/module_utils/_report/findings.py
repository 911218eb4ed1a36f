# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a registry somebody should look at, one entry for each thing found. Pure.

A finding is a dict of ``severity`` (one of `SEVERITIES`), ``id`` (what kind it is, a word that stays the same),
``project`` (its full path; None where it is not known) and ``text`` (one sentence, fit for a terminal).
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, number
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

Row = Mapping[str, t.Any]
Finding = dict[str, t.Any]

#: The worst first.
SEVERITIES = ("high", "medium", "low")
#: So many names stand in a sentence.
NAMES = 5


def finding(severity: str, kind: str, project: str | None, text: str) -> Finding:
    """One finding; names in ``text`` may come as the registry has them."""
    return {"severity": severity, "id": kind, "project": project, "text": printable(text)}


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """The worst first, then by kind and project."""
    return sorted(found, key=lambda one: (SEVERITIES.index(one["severity"]), one["id"], one["project"] or ""))


def vanishing(plans: Sequence[Row]) -> list[Finding]:
    """Names of which the plans leave nothing, for each project and type: where GitLab forwards, they can be taken."""
    names: dict[tuple[str | None, str], list[str]] = {}
    for plan in plans:
        for entry in plan.get("summary", {}).get("vanishing", ()):
            names.setdefault((entry["project_path"], entry["package_type"]), []).append(entry["name"])
    return [
        finding(
            "medium",
            "vanishing-names",
            project,
            f"the policy leaves nothing of {counted(len(gone), f'{kind} name')} ({some(gone)}): where GitLab forwards"
            " requests to the public registry, a stranger can take a name that is free",
        )
        for (project, kind), gone in names.items()
    ]


def some(names: Sequence[str]) -> str:
    """The first few names, and how many there are beyond."""
    more = f" and {number(len(names) - NAMES)} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more
