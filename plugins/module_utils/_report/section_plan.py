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
    PUBLISHED,
    Row,
    Section,
    name_table,
    of_total,
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
    html += _held(plan)
    html += _refused(plan)
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


def _held(plan: Row) -> str:
    """What is kept whatever the rules say, in a sentence."""
    parts = [
        f"{counted(plan[key]['packages'], 'package')} {words}{_comma_bytes(plan[key]['bytes'])}"
        for key, words in (("protected", "protected by the policy"), ("listed", "on keep lists"))
        if plan[key]["packages"]
    ]
    return f'<p class="count">Kept before any rule is heard: {"; ".join(parts)}.</p>' if parts else ""


def _refused(plan: Row) -> str:
    """What GitLab's protection rules make of it, in a sentence."""
    sentences = []
    if plan["foreseen_protected"] and plan["foreseen_protected"]["packages"]:
        refused = plan["foreseen_protected"]
        some = f"{number(refused['packages'])} of these deletions{_comma_bytes(refused['bytes'])}"
        sentences.append(f"GitLab's protection rules would refuse {some}.")
    if plan["protection"] == "unknown":
        sentences.append("Whether they would refuse more is not known: the rules of a project could not be read.")
    return f'<p class="count">{" ".join(sentences)}</p>' if sentences else ""


def _comma_bytes(value: int | None) -> str:
    return f" ({human_bytes(value)})" if value else ""


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
    top = None if report["plan"] is None else report["plan"]["deletions_by_name"]
    if top is None or not top["rows"]:
        return None
    items = "".join(f"<li>{_doomed_name(row, report)}</li>" for row in top["rows"])
    note = of_total(top["total"], top["rows"], "name")
    heading = f"<h3>By name{f' <span>{note}</span>' if note else ''}</h3>"
    first = "The names that free the most come first" if sized(report) else "The names that lose the most come first"
    lead = f"{first}; each opens to its versions. The plan and the CSV report hold every package."
    return Section("deletions", "What would be deleted", lead, panel(f'{heading}<ul class="groups">{items}</ul>'))


def _doomed_name(row: Row, report: Row) -> str:
    """A name that opens to its versions; the rule and the reason stand once where all versions have the same."""
    versions = row["versions"]
    freed = f'<span class="num">{tables.bytes_html(row["bytes"])}</span>' if sized(report) else ""
    summary = (
        f"<summary><span>{tables.name_html(row['name'])}<small>{tables.name_html(row['package_type'])} · "
        f"{tables.name_html(row['project_path'])}</small></span>"
        f'<span class="num">{counted(row["packages"], "version")}</span>{freed}</summary>'
    )
    rules = list(dict.fromkeys(str(one["rule"]) for one in versions))
    reasons = list(dict.fromkeys((one["rule"], one["reason"]) for one in versions))
    said = ""
    if len(rules) == 1:
        said = f"<p>Rule {tables.name_html(rules[0])}"
        said += f": {tables.name_html(versions[0]['reason'])}</p>" if len(reasons) == 1 else "</p>"
    heads = [
        Column("Version", "main"),
        PUBLISHED,
        *([Column("Storage", "num", numeric=True)] if sized(report) else []),
        *([Column("Rule", "rule")] if len(rules) > 1 else []),
        *([Column("Reason", "reason")] if len(reasons) > 1 else []),
    ]
    rows = [
        [
            tables.name("no version" if one["version"] is None else one["version"], url=one["web_url"]),
            tables.date(one["created_at"]),
            *([tables.size(one["bytes"])] if sized(report) else []),
            *([tables.name(one["rule"])] if len(rules) > 1 else []),
            *([tables.name(one["reason"])] if len(reasons) > 1 else []),
        ]
        for one in versions
    ]
    left = row["packages"] - len(versions)
    note = f"the newest {number(len(versions))} of {number(row['packages'])}" if left else ""
    return f"<details>{summary}{said}{tables.table('Versions', heads, rows, note=note, sorts=False)}</details>"
