# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the HTML report that list packages, names and files."""

from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, human_bytes, number
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import (
    PUBLISHED,
    Row,
    Section,
    name_table,
    of_total,
    package_cells,
    package_columns,
    panel,
    sized,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Column


def names(report: Row) -> Section | None:
    if not report["names_by_count"]["rows"]:
        return None
    html = panel(name_table("By packages", report["names_by_count"], report, order="packages"))
    if sized(report):
        html += panel(name_table("By storage", report["names_by_bytes"], report, order="bytes"))
    return Section("names", "Names with the most", "All packages of one name and type in one project together.", html)


def largest(report: Row) -> Section | None:
    top = report["largest"]
    if not top["rows"]:
        return None
    heads = [*package_columns(report, order="descending"), Column("Files", "num", numeric=True), PUBLISHED]
    rows = [
        [*package_cells(row, report), tables.count(row["files"]), tables.date(row["created_at"])] for row in top["rows"]
    ]
    table = tables.table("Packages by storage", heads, rows, note=of_total(top["total"], rows, "package"))
    return Section("largest", "Largest packages", "", panel(table))


def stalest(report: Row) -> Section | None:
    top = report["stalest"]
    if not top["rows"]:
        return None
    heads = [
        *package_columns(report),
        PUBLISHED,
        Column("Last download", "day"),
        Column("Unused for", "num", numeric=True, order="descending"),
    ]
    rows = [
        [
            *package_cells(row, report),
            tables.date(row["created_at"]),
            tables.date(row["last_downloaded_at"]),
            tables.plain(counted(row["idle_days"], "day"), row["idle_days"]),
        ]
        for row in top["rows"]
    ]
    table = tables.table(
        "Packages by the time without a download", heads, rows, note=of_total(top["total"], rows, "package")
    )
    lead = f"Not downloaded for more than {top['days']} days; never downloaded counts from publishing."
    if top["bytes"]:
        lead += f" All {number(top['total'])} together take {human_bytes(top['bytes'])}."
    return Section("stalest", "Stalest packages", lead, panel(table))


def broken(report: Row) -> Section | None:
    top = report["broken"]
    if not top["rows"]:
        return None
    rows = [[*package_cells(row, report), tables.date(row["created_at"])] for row in top["rows"]]
    heads = [*package_columns(report), Column("Published", "day", order="ascending")]
    table = tables.table("Packages with status error", heads, rows, note=of_total(top["total"], rows, "package"))
    lead = "Uploads that GitLab could not process. They cannot be installed, and they can be deleted."
    return Section("broken", "Broken uploads", lead, panel(table))


def duplicates(report: Row) -> Section | None:
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
        "Files by the storage of their older copies", heads, rows, note=of_total(top["total"], rows, "file name")
    )
    older = counted(top["older_files"], "older copy", "older copies")
    lead = (
        f"Files published again under the same name in the same package: {older} "
        f"with {human_bytes(top['older_bytes'])}. GitLab serves only the newest."
    )
    return Section("duplicates", "Duplicate files", lead, panel(table))
