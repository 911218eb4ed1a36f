# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section of the HTML report on files that file rules would delete inside packages that stay."""

from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, human_bytes, number
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import (
    Row,
    Section,
    of_total,
    panel,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Column


def file_deletions(report: Row) -> Section | None:
    files = None if report["plan"] is None else report["plan"]["files"]
    if files is None:
        return None
    heads = [
        Column("File rule", "main"),
        Column("Deleted", "num", numeric=True),
        Column("Freed", "num", numeric=True),
        Column("Kept", "num", numeric=True),
    ]
    rows = [
        [tables.name(row["rule"]), tables.count(row["delete"]), tables.size(row["bytes"]), tables.count(row["keep"])]
        for row in files["by_rule"]
    ]
    html = panel(tables.table("Files by rule", heads, rows))
    top = files["deletions"]
    if top["rows"]:
        heads = [Column("File", "main"), Column("Package", "where"), Column("Project", "where")]
        heads += [Column("Size", "num", numeric=True), Column("Rule", "rule"), Column("Reason", "reason")]
        rows = [
            [
                tables.name(row["file_name"]),
                tables.name(row["name"], below="no version" if row["version"] is None else row["version"]),
                tables.name(row["project_path"]),
                tables.size(row["size"]),
                tables.name(row["rule"]),
                tables.name(row["reason"]),
            ]
            for row in top["rows"]
        ]
        html += panel(tables.table("Files to be deleted", heads, rows, note=of_total(top["total"], rows, "file")))
    lead = (
        f"Of {counted(files['files'], 'file')} inside packages that stay, {number(files['delete'])} would be deleted,"
        f" which frees {human_bytes(files['bytes'])}. The plan lists all of them."
    )
    if files["unreadable"]:
        lead += f" The files of {counted(files['unreadable'], 'package')} cannot be read, and stay."
    return Section("files", "What would be deleted inside packages that stay", lead, html)
