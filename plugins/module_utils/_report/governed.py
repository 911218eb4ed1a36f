# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What governs a project, in words for a table. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

Row = Mapping[str, t.Any]
NOT_KNOWN = "not known"
#: So many rules stand in a cell.
RULES = 5
_WHAT = {"rules": "protection rules", "cleanup_policy": "cleanup policy", "settings": "duplicates and forwarding"}


def columns(row: Row) -> dict[str, str]:
    """The cells of a row of the report's ``governance``, by their headings."""
    return {
        "Protection rules": _rules(row["rules"]),
        "Files kept of one name": NOT_KNOWN if row["cleanup_policy"] is None else row["cleanup_policy"],
        "Duplicates allowed": _kinds(row["duplicates"]),
        "Forwarded": _kinds(row["forwarding"]),
    }


def unread_lines(governed: Sequence[Row]) -> list[str]:
    """Why something is not known, once for each reason, with the projects that it is of."""
    places: dict[str, list[str]] = {}
    for row in governed:
        for what, why in row["unread"].items():
            places.setdefault(f"{_WHAT[what]}: {why}", []).append(row["project_path"])
    lines = []
    for why, of in places.items():
        more = f" and {counted(len(of) - 1, 'more project')}" if len(of) > 1 else ""
        lines.append(f"{printable(why)} ({printable(of[0])}{more})")
    return lines


def _rules(rules: Sequence[Row] | None) -> str:
    if rules is None:
        return NOT_KNOWN
    told = [
        f"{rule['package_type']} {rule['package_name_pattern']}: push {rule['minimum_access_level_for_push']},"
        f" delete {rule['minimum_access_level_for_delete']}"
        for rule in rules[:RULES]
    ]
    more = [f"{len(rules) - RULES} more"] if len(rules) > RULES else []
    return "; ".join([*told, *more]) or "none"


def _kinds(kinds: Mapping[str, bool] | None) -> str:
    if kinds is None:
        return NOT_KNOWN
    return ", ".join(kind for kind, allowed in kinds.items() if allowed) or ("none" if kinds else "not told")
