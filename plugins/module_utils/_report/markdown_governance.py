# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the Markdown report on what was found, and on what governs the projects."""

from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.markdown import code, table
from ansible_collections.registryops.gitlab.plugins.module_utils._report.governed import columns, unread_lines
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown_parts import ROWS, Row, more


def findings_part(report: Row) -> str:
    """All findings; nothing where there are none."""
    rows = [
        (one["severity"], code(one["project"]) if one["project"] else "", code(one["text"]))
        for one in report["findings"]
    ]
    return "## What to look at\n\n" + table(("Severity", "Project", "Finding"), rows, right=0) if rows else ""


def governance_part(report: Row) -> str:
    """The first projects, and why something is not known; nothing where it was not asked for."""
    governed = report.get("governance")
    if not governed:
        return ""
    rows = [(code(row["project_path"]), *map(code, columns(row).values())) for row in governed[:ROWS]]
    written = table(("Project", *columns(governed[0])), rows, right=0) + more(len(governed), len(rows))
    lines = [f"- {code(line)}" for line in unread_lines(governed)]
    return "\n\n".join(["## What governs the projects", written, *(["Not known:", "\n".join(lines)] if lines else [])])
