# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the HTML report on a policy: what it would do, what it misses, what it would delete."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    human_bytes,
    number,
    share,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.charts import split, swatch
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import (
    PROJECT_ROWS,
    Row,
    Section,
    name_table,
    of_total,
    package_cells,
    package_columns,
    panel,
    sized,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Cell, Column


def plan(report: Row) -> Section | None:
    plan = report["plan"]
    if plan is None:
        return None
    html = panel(_kept_against_deleted(plan, with_bytes=sized(report)))
    if plan["not_listed"]:
        html += (
            f'<p class="count">The plan deletes {counted(plan["not_listed"], "more package")} that this report has '
            "not seen: gone since, or outside of what was looked at.</p>"
        )
    if plan["by_rule"]:
        rows = [_side_row(tables.name(row["rule"]), row, report) for row in plan["by_rule"]]
        html += panel(tables.table("By rule", _side_columns("Rule", report), rows))
    shown = plan["by_project"][:PROJECT_ROWS]
    rows = [_side_row(tables.name(row["project_path"]), row, report) for row in shown]
    note = of_total(len(plan["by_project"]), rows, "project")
    if rows:
        html += panel(tables.table("By project", _side_columns("Project", report), rows, note=note))
        rows = [_side_row(tables.name(row["package_type"]), row, report) for row in plan["by_type"]]
        html += panel(tables.table("By type", _side_columns("Type", report), rows))
    lead = "Nothing was deleted by this report: these are the plan's decisions, measured on the packages seen here."
    return Section("plan", "What the policy would do", lead, html)


def _kept_against_deleted(plan: Row, *, with_bytes: bool) -> str:
    measures: list[tuple[str, str, Callable[[t.Any], str]]] = [("packages", "Packages", number)]
    if with_bytes:
        measures.append(("bytes", "Storage", tables.bytes_html))
    html = ""
    for key, title, write in measures:
        delete, keep = plan["delete"][key] or 0, plan["keep"][key] or 0
        part = f" ({share(delete, delete + keep)})" if delete + keep else ""
        words = human_bytes if key == "bytes" else number
        drawn = split(
            delete,
            keep,
            height=22,
            title=f"{title}: kept against deleted",
            description=f"{words(delete)}{part} would be deleted, {words(keep)} would be kept.",
        )
        html += (
            f'<figure class="split"><figcaption><b>{title}</b>'
            f'<span class="key">{swatch("delete")}<span>would be deleted: {write(delete)}{part}</span></span>'
            f'<span class="key">{swatch("keep")}<span>kept: {write(keep)}</span></span></figcaption>{drawn}</figure>'
        )
    return html


def _side_columns(head: str, report: Row) -> list[Column]:
    freed = [Column("Freed", "num", numeric=True)] if sized(report) else []
    return [
        Column(head, "main"),
        Column("Deleted", "num", numeric=True),
        *freed,
        Column("Kept", "num", numeric=True),
        Column("Share deleted", "share", numeric=True, label=False),
    ]


def _side_row(label: Cell, row: Row, report: Row) -> list[Cell]:
    delete, keep = row["delete"], row["keep"]
    freed = [tables.size(delete["bytes"])] if sized(report) else []
    text = str(row.get("rule") or row.get("project_path") or row.get("package_type"))
    drawn = tables.sides(delete["packages"], keep["packages"], text)
    return [label, tables.count(delete["packages"]), *freed, tables.count(keep["packages"]), drawn]


def unmatched(report: Row) -> Section | None:
    part = None if report["plan"] is None else report["plan"]["unmatched"]
    if part is None or not part["packages"]:
        return None
    lead = (
        f"{counted(part['packages'], 'package')} that no rule of the policy matches, and that are kept for that reason."
    )
    names = part["names"]
    html = "" if names is None else panel(name_table("Names without a rule", names, report))
    return Section("unmatched", "What no rule governs", lead, html)


def deletions(report: Row) -> Section | None:
    top = None if report["plan"] is None else report["plan"]["deletions"]
    if top is None or not top["rows"]:
        return None
    heads = [*package_columns(report), Column("Rule", "rule"), Column("Reason", "reason")]
    rows = [[*package_cells(row, report), tables.name(row["rule"]), tables.name(row["reason"])] for row in top["rows"]]
    table = tables.table("Packages to be deleted", heads, rows, note=of_total(top["total"], rows, "package"))
    lead = "The largest first. The plan and the CSV report hold all of them."
    if not sized(report):
        lead = "The plan and the CSV report hold all of them."
    return Section("deletions", "What would be deleted", lead, panel(table))
