# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the HTML report on what was found, and on what governs the projects."""

from __future__ import annotations

from html import escape

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.governed import columns, unread_lines
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import (
    PROJECT_ROWS,
    Row,
    Section,
    of_total,
    panel,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Column


def findings(report: Row) -> Section | None:
    found = report["findings"]
    if not found:
        return None
    heads = [Column("Finding", "main"), Column("Project", "where"), Column("Severity")]
    rows = [
        [tables.name(one["text"]), tables.name(one["project"]), tables.plain(one["severity"], number)]
        for number, one in enumerate(found)
    ]
    html = panel(tables.table("The worst first", heads, rows))
    return Section("findings", "What to look at", f"{counted(len(found), 'finding')}.", html)


def governance(report: Row) -> Section | None:
    governed = report.get("governance")
    if not governed:
        return None
    heads = [Column("Project", "main"), *(Column(head) for head in columns(governed[0]))]
    rows = [
        [tables.name(row["project_path"]), *(tables.name(text) for text in columns(row).values())]
        for row in governed[:PROJECT_ROWS]
    ]
    note = of_total(len(governed), rows, "project")
    html = panel(tables.table("By project", heads, rows, note=note))
    lines = "".join(f"<li>{tables.name_html(line)}</li>" for line in unread_lines(governed))
    if lines:
        html += panel(f"<h3>{escape('Not known')}</h3><ul>{lines}</ul>")
    lead = "Protection rules and GitLab's own cleanup policy of each project; duplicates and forwarding of its group."
    return Section("governance", "What governs the projects", lead, html)
