# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sections of the HTML report share: their shape, and the tables of packages and names."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, number
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Cell, Column

PROJECT_ROWS = 100

Row = Mapping[str, t.Any]

PUBLISHED = Column("Published", "day")


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, its heading, a sentence below it, its HTML, and rules for the style sheet."""

    ident: str
    title: str
    lead: str
    html: str
    css: str = ""


def sized(report: Row) -> bool:
    return report["totals"]["bytes"] is not None


def panel(html: str) -> str:
    return f'<div class="panel">{html}</div>'


def of_total(total: int, rows: Sequence[t.Any], noun: str) -> str:
    return f"the first {number(len(rows))} of {counted(total, noun)}" if total > len(rows) else ""


def package_columns(report: Row, *, order: str | None = None) -> list[Column]:
    storage = [Column("Storage", "num", numeric=True, order=order)] if sized(report) else []
    return [Column("Package", "main"), Column("Type", "type"), Column("Project", "where"), *storage]


def package_cells(row: Row, report: Row) -> list[Cell]:
    storage = [tables.size(row["bytes"])] if sized(report) else []
    version = "no version" if row["version"] is None else row["version"]
    return [
        tables.name(row["name"], below=version, url=row["web_url"]),
        tables.kind(row["package_type"]),
        tables.name(row["project_path"]),
        *storage,
    ]


def name_table(caption: str, top: Row, report: Row, *, order: str = "") -> str:
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
    return tables.table(caption, heads, rows, note=of_total(top["total"], rows, "name"))
