# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section of the HTML report on an earlier one: what is new, what is gone, what grew."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    exact_bytes,
    human_bytes,
    number,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import minute
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.compare import comparison_notes, signed
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import (
    Row,
    Section,
    of_total,
    panel,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Cell, Column


def past(report: Row) -> Section | None:
    """The comparison with an earlier report; none where there is none."""
    made = report.get("comparison")
    if made is None:
        return None
    html = panel(_totals(made["totals"]))
    if made["by_project"]["rows"]:
        html += panel(_changes(made["by_project"]))
    names = [
        f"<details><summary>{counted(made[key]['total'], f'{word} name')}</summary>{_names(made[key], word)}</details>"
        for key, word in (("new_names", "new"), ("vanished_names", "vanished"))
        if made.get(key) and made[key]["total"]
    ]
    if names:
        html += panel("".join(names))
    if len(made["history"]) > 2:
        html += panel(_trend(made["history"]))
    lead = " ".join([f"Compared with the report of {minute(made['generated_at'])}.", *comparison_notes(made)])
    return Section("past", "What has changed", lead, html)


def _totals(pairs: Row) -> str:
    heads = [Column("Figure", "main"), *(Column(head, "num") for head in ("Before", "Now", "Change"))]
    rows = []
    for key, label in (("packages", "Packages"), ("bytes", "Storage"), ("names", "Names"), ("projects", "Projects")):
        if key in pairs:
            pair = pairs[key]
            write = tables.size if key == "bytes" else tables.count
            rows.append([tables.plain(label), write(pair["before"]), write(pair["after"]), _change(pair, key)])
    return tables.table("In all", heads, rows, sorts=False)


def _change(pair: Row, key: str) -> Cell:
    change = pair["change"]
    if key != "bytes":
        return Cell(signed(change), str(change))
    return Cell(
        f'<data value="{change}" title="{exact_bytes(change)}">{signed(change, human_bytes)}</data>', str(change)
    )


def _changes(part: Row) -> str:
    measures = [key for key in ("packages", "bytes") if any(key in row for row in part["rows"])]
    titles = {"packages": ("Packages", "Change"), "bytes": ("Storage", "Change in storage")}
    heads = [Column("Project", "main")]
    for key in measures:
        heads += [Column(title, "num", numeric=True) for title in titles[key]]
    rows = []
    for row in part["rows"]:
        cells = [tables.name(row["project_path"], below=None if row["state"] == "changed" else row["state"])]
        for key in measures:
            pair = row.get(key)
            write = tables.size if key == "bytes" else tables.count
            cells += [Cell(NOTHING, "")] * 2 if pair is None else [write(pair["after"]), _change(pair, key)]
        rows.append(cells)
    note = of_total(part["total"], rows, "project")
    return tables.table("Projects that changed", heads, rows, note=note)


def _names(part: Row, word: str) -> str:
    heads = [Column("Name", "main"), Column("Type", "type"), Column("Project", "where")]
    rows = [
        [tables.name(row["name"]), tables.kind(row["package_type"]), tables.name(row["project_path"])]
        for row in part["rows"]
    ]
    return tables.table(f"Names that are {word}", heads, rows, note=of_total(part["total"], rows, "name"))


def _trend(history: t.Sequence[Row]) -> str:
    """All reports known, the newest first, with a bar for each."""
    sized = all(row["bytes"] is not None for row in history)
    key = "bytes" if sized else "packages"
    largest = max(row[key] for row in history)
    storage = [Column("Storage", "num", numeric=True)] if sized else []
    drawn = Column("Storage, drawn" if sized else "Packages, drawn", "share", label=False)
    heads = [Column("Report", "main", order="descending"), Column("Packages", "num", numeric=True), *storage, drawn]
    rows = [
        [
            Cell(minute(row["generated_at"]), str(row["generated_at"])),
            tables.count(row["packages"]),
            *([tables.size(row["bytes"])] if sized else []),
            tables.against(row[key], largest, f"{minute(row['generated_at'])}: {_write(row[key], sized=sized)}"),
        ]
        for row in reversed(history)
    ]
    return tables.table("Trend", heads, rows)


def _write(value: int, *, sized: bool) -> str:
    return human_bytes(value) if sized else number(value)
