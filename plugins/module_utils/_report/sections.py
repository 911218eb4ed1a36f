# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the HTML report: each is made from the report, or left out where it has nothing to say."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    human_bytes,
    number,
    share,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.charts import columns, split, swatch
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Cell, Column

PROJECT_ROWS = 100

Row = Mapping[str, t.Any]

_STORAGE = Column("Storage", "num", numeric=True)
_PACKAGES = Column("Packages", "num", numeric=True)
_PUBLISHED = Column("Published", "day")


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, its heading, a sentence below it, and its HTML."""

    ident: str
    title: str
    lead: str
    html: str


def sections(report: Row) -> list[Section]:
    """The sections that this report has something for, in the order of the page."""
    makers: tuple[Callable[[Row], Section | None], ...] = (
        _plan,
        _unmatched,
        _deletions,
        _where,
        _age,
        _growth,
        _names,
        _largest,
        _stalest,
        _broken,
        _duplicates,
    )
    return [section for maker in makers if (section := maker(report)) is not None]


def sized(report: Row) -> bool:
    return report["totals"]["bytes"] is not None


def _panel(html: str) -> str:
    return f'<div class="panel">{html}</div>'


def _of(total: int, rows: Sequence[t.Any], noun: str) -> str:
    return f"the first {number(len(rows))} of {counted(total, noun)}" if total > len(rows) else ""


# What the policy would do


def _plan(report: Row) -> Section | None:
    plan = report["plan"]
    if plan is None:
        return None
    html = _panel(_kept_against_deleted(plan, with_bytes=sized(report)))
    if plan["not_listed"]:
        html += (
            f'<p class="count">The plan deletes {counted(plan["not_listed"], "more package")} that this report has '
            "not seen: gone since, or outside of what was looked at.</p>"
        )
    if plan["by_rule"]:
        rows = [_side_row(tables.name(row["rule"]), row, report) for row in plan["by_rule"]]
        html += _panel(tables.table("By rule", _side_columns("Rule", report), rows))
    shown = plan["by_project"][:PROJECT_ROWS]
    rows = [_side_row(tables.name(row["project_path"]), row, report) for row in shown]
    note = _of(len(plan["by_project"]), rows, "project")
    if rows:
        html += _panel(tables.table("By project", _side_columns("Project", report), rows, note=note))
        rows = [_side_row(tables.name(row["package_type"]), row, report) for row in plan["by_type"]]
        html += _panel(tables.table("By type", _side_columns("Type", report), rows))
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


def _unmatched(report: Row) -> Section | None:
    part = None if report["plan"] is None else report["plan"]["unmatched"]
    if part is None or not part["packages"]:
        return None
    lead = (
        f"{counted(part['packages'], 'package')} that no rule of the policy matches, and that are kept for that reason."
    )
    names = part["names"]
    html = "" if names is None else _panel(_name_table("Names without a rule", names, report))
    return Section("unmatched", "What no rule governs", lead, html)


def _deletions(report: Row) -> Section | None:
    top = None if report["plan"] is None else report["plan"]["deletions"]
    if top is None or not top["rows"]:
        return None
    heads = [*_package_columns(report), Column("Rule", "rule"), Column("Reason", "reason")]
    rows = [[*_package_cells(row, report), tables.name(row["rule"]), tables.name(row["reason"])] for row in top["rows"]]
    table = tables.table("Packages to be deleted", heads, rows, note=_of(top["total"], rows, "package"))
    lead = "The largest first. The plan and the CSV report hold all of them."
    if not sized(report):
        lead = "The plan and the CSV report hold all of them."
    return Section("deletions", "What would be deleted", lead, _panel(table))


# What is there


def _where(report: Row) -> Section | None:
    if not report["by_project"]:
        return None
    shown = report["by_project"][:PROJECT_ROWS]
    rows = [[tables.name(row["project_path"]), *_measured(row, report, shown, "project_path")] for row in shown]
    note = _of(len(report["by_project"]), rows, "project")
    html = _panel(tables.table("By project", _measure_columns("Project", report), rows, note=note))
    by_type, by_status = report["by_type"], report["by_status"]
    rows = [[tables.name(row["package_type"]), *_measured(row, report, by_type, "package_type")] for row in by_type]
    html += _panel(tables.table("By type", _measure_columns("Type", report), rows))
    if len(by_status) > 1:
        rows = [[tables.name(row["status"]), *_measured(row, report, by_status, "status")] for row in by_status]
        html += _panel(tables.table("By status", _measure_columns("Status", report), rows))
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


def _age(report: Row) -> Section | None:
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
        html += _panel(tables.table(caption, columns_, rows))
    return Section("age", "How old they are", "", f'<div class="pair wide">{html}</div>')


def _growth(report: Row) -> Section | None:
    months, before = report["by_month"]["rows"], report["by_month"]["before"]
    if not report["totals"]["packages"] or not months:
        return None
    binary = sized(report)
    write = human_bytes if binary else number
    key = "bytes" if binary else "packages"
    names = [row["month"] for row in months]
    noun = "storage" if binary else "packages"
    added = [row[key] or 0 for row in months]
    total = [row[f"total_{key}"] or 0 for row in months]
    span = f"{names[0]} to {names[-1]}"
    busiest = max(range(len(added)), key=added.__getitem__)
    charts = "".join(
        _panel(f"<h3>{title}</h3>{chart}")
        for title, chart in (
            (
                f"Published each month, in {noun}",
                columns(
                    added,
                    names,
                    title=f"{noun.capitalize()} published each month, {span}",
                    description=f"Most in {names[busiest]}: {write(added[busiest])}.",
                    write=write,
                    binary=binary,
                ),
            ),
            (
                f"All {noun} published until then",
                columns(
                    total,
                    names,
                    title=f"All {noun} published until each month, {span}",
                    description=f"From {write(total[0])} to {write(total[-1])}.",
                    write=write,
                    binary=binary,
                    gapless=True,
                ),
            ),
        )
    )
    lead = "By the month (UTC) of publishing, of what is still there: what was deleted before is not counted."
    if before["packages"]:
        lead += f" {counted(before['packages'], 'package')} from before {names[0]} count in the totals only."
    details = f"<details><summary>The months as a table</summary>{_month_table(months, report)}</details>"
    return Section("growth", "How they grew", lead, f'<div class="pair">{charts}</div>{_panel(details)}')


def _month_table(months: Sequence[Row], report: Row) -> str:
    with_bytes = sized(report)
    storage = [_STORAGE, Column("Storage until then", "num", numeric=True)] if with_bytes else []
    heads = [
        Column("Month", "main", order="ascending"),
        _PACKAGES,
        Column("Packages until then", "num", numeric=True),
        *storage,
    ]
    rows = [
        [
            tables.plain(row["month"]),
            tables.count(row["packages"]),
            tables.count(row["total_packages"]),
            *([tables.size(row["bytes"]), tables.size(row["total_bytes"])] if with_bytes else []),
        ]
        for row in months
    ]
    return tables.table("Published by month", heads, rows)


# The lists


def _package_columns(report: Row, *, order: str | None = None) -> list[Column]:
    storage = [Column("Storage", "num", numeric=True, order=order)] if sized(report) else []
    return [Column("Package", "main"), Column("Type", "type"), Column("Project", "where"), *storage]


def _package_cells(row: Row, report: Row) -> list[Cell]:
    storage = [tables.size(row["bytes"])] if sized(report) else []
    version = "no version" if row["version"] is None else row["version"]
    return [
        tables.name(row["name"], below=version),
        tables.kind(row["package_type"]),
        tables.name(row["project_path"]),
        *storage,
    ]


def _name_table(caption: str, top: Row, report: Row, *, order: str = "") -> str:
    rows = [
        [
            tables.name(row["name"]),
            tables.kind(row["package_type"]),
            tables.name(row["project_path"]),
            tables.count(row["packages"]),
            *([tables.size(row["bytes"])] if sized(report) else []),
            *([tables.date(row["newest_created_at"])] if "newest_created_at" in row else []),
        ]
        for row in top["rows"]
    ]
    newest = [Column("Newest", "day")] if any("newest_created_at" in row for row in top["rows"]) else []
    heads = [
        Column("Name", "main"),
        Column("Type", "type"),
        Column("Project", "where"),
        Column("Packages", "num", numeric=True, order="descending" if order == "packages" else None),
        *(
            [Column("Storage", "num", numeric=True, order="descending" if order == "bytes" else None)]
            if sized(report)
            else []
        ),
        *newest,
    ]
    return tables.table(caption, heads, rows, note=_of(top["total"], rows, "name"))


def _names(report: Row) -> Section | None:
    if not report["names_by_count"]["rows"]:
        return None
    html = _panel(_name_table("By packages", report["names_by_count"], report, order="packages"))
    if sized(report):
        html += _panel(_name_table("By storage", report["names_by_bytes"], report, order="bytes"))
    return Section("names", "Names with the most", "All packages of one name and type in one project together.", html)


def _largest(report: Row) -> Section | None:
    top = report["largest"]
    if not top["rows"]:
        return None
    heads = [*_package_columns(report, order="descending"), Column("Files", "num", numeric=True), _PUBLISHED]
    rows = [
        [*_package_cells(row, report), tables.count(row["files"]), tables.date(row["created_at"])]
        for row in top["rows"]
    ]
    table = tables.table("Packages by storage", heads, rows, note=_of(top["total"], rows, "package"))
    return Section("largest", "Largest packages", "", _panel(table))


def _stalest(report: Row) -> Section | None:
    top = report["stalest"]
    if not top["rows"]:
        return None
    heads = [
        *_package_columns(report),
        _PUBLISHED,
        Column("Last download", "day"),
        Column("Unused for", "num", numeric=True, order="descending"),
    ]
    rows = [
        [
            *_package_cells(row, report),
            tables.date(row["created_at"]),
            tables.date(row["last_downloaded_at"]),
            tables.plain(counted(row["idle_days"], "day"), row["idle_days"]),
        ]
        for row in top["rows"]
    ]
    table = tables.table(
        "Packages by the time without a download", heads, rows, note=_of(top["total"], rows, "package")
    )
    lead = f"Not downloaded for more than {top['days']} days; never downloaded counts from publishing."
    if top["bytes"]:
        lead += f" All {number(top['total'])} together take {human_bytes(top['bytes'])}."
    return Section("stalest", "Stalest packages", lead, _panel(table))


def _broken(report: Row) -> Section | None:
    top = report["broken"]
    if not top["rows"]:
        return None
    rows = [[*_package_cells(row, report), tables.date(row["created_at"])] for row in top["rows"]]
    heads = [*_package_columns(report), Column("Published", "day", order="ascending")]
    table = tables.table("Packages with status error", heads, rows, note=_of(top["total"], rows, "package"))
    lead = "Uploads that GitLab could not process. They cannot be installed, and they can be deleted."
    return Section("broken", "Broken uploads", lead, _panel(table))


def _duplicates(report: Row) -> Section | None:
    top = report["duplicates"]
    if not top["rows"]:
        return None
    heads = [
        Column("File", "main"),
        Column("Package"),
        Column("Project", "where"),
        Column("Copies", "num", numeric=True),
        Column("In older copies", "num", numeric=True, order="descending"),
    ]
    rows = [
        [
            tables.name(row["file_name"]),
            tables.name(row["name"], below="no version" if row["version"] is None else row["version"]),
            tables.name(row["project_path"]),
            tables.count(row["copies"]),
            tables.size(row["older_bytes"]),
        ]
        for row in top["rows"]
    ]
    table = tables.table(
        "Files by the storage of their older copies", heads, rows, note=_of(top["total"], rows, "file name")
    )
    older = counted(top["older_files"], "older copy", "older copies")
    lead = (
        f"Files published again under the same name in the same package: {older} "
        f"with {human_bytes(top['older_bytes'])}. GitLab serves only the newest."
    )
    return Section("duplicates", "Duplicate files", lead, _panel(table))
