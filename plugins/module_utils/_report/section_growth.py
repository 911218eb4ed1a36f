# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section of the HTML report on growth: by the month of publishing."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, human_bytes, number
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.charts import columns, swatch
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import Row, Section, panel, sized
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import Column

_STORAGE = Column("Storage", "num", numeric=True)
_PACKAGES = Column("Packages", "num", numeric=True)


def growth(report: Row) -> Section | None:
    months, before = report["by_month"]["rows"], report["by_month"]["before"]
    if not report["totals"]["packages"] or not months:
        return None
    binary = sized(report)
    write = human_bytes if binary else number
    key = _key(report)
    names = [row["month"] for row in months]
    noun = "storage" if binary else "packages"
    added = [row[key] or 0 for row in months]
    total = [row[f"total_{key}"] or 0 for row in months]
    span = f"{names[0]} to {names[-1]}"
    busiest = max(range(len(added)), key=added.__getitem__)
    planned = report["plan"] is not None
    doomed = [row["delete"][key] or 0 for row in months] if planned else None
    all_doomed = [row["total_delete"][key] or 0 for row in months] if planned else None
    rest = f" {write(all_doomed[-1])} of that would be deleted." if all_doomed else ""
    legend = (
        f'<p class="legend"><span class="key">{swatch("delete")}<span>would be deleted</span></span>'
        f'<span class="key">{swatch("keep")}<span>kept</span></span></p>'
        if planned
        else ""
    )
    charts = "".join(
        panel(f"<h3>{title}</h3>{legend}{chart}")
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
                    deleted=doomed,
                ),
            ),
            (
                f"All {noun} published until then",
                columns(
                    total,
                    names,
                    title=f"All {noun} published until each month, {span}",
                    description=f"From {write(total[0])} to {write(total[-1])}.{rest}",
                    write=write,
                    binary=binary,
                    gapless=True,
                    deleted=all_doomed,
                ),
            ),
        )
    )
    lead = "By the month (UTC) of publishing, of what is still there: what was deleted before is not counted."
    if before["packages"]:
        lead += f" {counted(before['packages'], 'package')} from before {names[0]} count in the totals only."
    details = f"<details><summary>The months as a table</summary>{_month_table(months, report)}</details>"
    return Section("growth", "How they grew", lead, f'<div class="pair">{charts}</div>{panel(details)}')


def _month_table(months: Sequence[Row], report: Row) -> str:
    with_bytes = sized(report)
    storage = [_STORAGE, Column("Storage until then", "num", numeric=True)] if with_bytes else []
    doomed = [Column("Of it deleted", "num", numeric=True)] if report["plan"] is not None else []
    heads = [
        Column("Month", "main", order="ascending"),
        _PACKAGES,
        Column("Packages until then", "num", numeric=True),
        *storage,
        *doomed,
    ]
    rows = [
        [
            tables.plain(row["month"]),
            tables.count(row["packages"]),
            tables.count(row["total_packages"]),
            *([tables.size(row["bytes"]), tables.size(row["total_bytes"])] if with_bytes else []),
            *([(tables.size if with_bytes else tables.count)(row["delete"][_key(report)])] if doomed else []),
        ]
        for row in months
    ]
    return tables.table("Published by month", heads, rows)


def _key(report: Row) -> str:
    return "bytes" if sized(report) else "packages"
