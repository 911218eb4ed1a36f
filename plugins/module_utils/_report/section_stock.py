# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the HTML report on what is there: where, and how old."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import (
    PROJECT_ROWS,
    Row,
    Section,
    of_total,
    panel,
    sized,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Cell, Column


def where(report: Row) -> Section | None:
    if not report["by_project"]:
        return None
    shown = report["by_project"][:PROJECT_ROWS]
    rows = [[tables.name(row["project_path"]), *_measured(row, report, shown, "project_path")] for row in shown]
    note = of_total(len(report["by_project"]), rows, "project")
    html = panel(tables.table("By project", _measure_columns("Project", report), rows, note=note))
    by_type, by_status = report["by_type"], report["by_status"]
    rows = [[tables.name(row["package_type"]), *_measured(row, report, by_type, "package_type")] for row in by_type]
    html += panel(tables.table("By type", _measure_columns("Type", report), rows))
    if len(by_status) > 1:
        rows = [[tables.name(row["status"]), *_measured(row, report, by_status, "status")] for row in by_status]
        html += panel(tables.table("By status", _measure_columns("Status", report), rows))
    return Section("where", "Where the packages are", _unsized_note(report), html)


def _measure_columns(head: str, report: Row, *, ordered: bool = True) -> list[Column]:
    order = "descending" if ordered else None
    storage = [Column("Storage", "num", numeric=True, order=order)] if sized(report) else []
    packages = Column("Packages", "num", numeric=True, order=None if storage else order)
    drawn = Column("Share of storage" if storage else "Share of packages", "share", numeric=True, label=False)
    return [Column(head, "main"), *storage, packages, drawn]


def _measured(row: Row, report: Row, rows: Sequence[Row], label: str) -> list[Cell]:
    key = "bytes" if sized(report) else "packages"
    largest = max((other[key] or 0 for other in rows), default=0)
    drawn = tables.measure(row[key], report["totals"][key], largest, str(row[label]))
    storage = [tables.size(row["bytes"])] if sized(report) else []
    return [*storage, tables.count(row["packages"]), drawn]


def _unsized_note(report: Row) -> str:
    unsized = report["totals"]["unsized"]
    if sized(report) and unsized:
        verb = "is" if unsized == 1 else "are"
        return f"Storage is counted without {counted(unsized, 'package')} whose files {verb} not known."
    return ""


def age(report: Row) -> Section | None:
    if not report["totals"]["packages"]:
        return None
    html = ""
    for caption, head, key, label in (
        ("Time since publishing", "Published", "by_age", "age"),
        ("Time since the last download", "Last download", "by_last_download", "last_download"),
    ):
        rows = [
            [
                Cell(escape(str(row[label])), f"{place:02d}"),
                *_measured(row, report, report[key], label),
            ]
            for place, row in enumerate(report[key])
        ]
        columns_ = _measure_columns(head, report, ordered=False)
        html += panel(tables.table(caption, columns_, rows))
    return Section("age", "How old they are", "", f'<div class="pair wide">{html}</div>')
