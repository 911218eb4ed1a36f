# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the Markdown report on an earlier one: what is new, what is gone, what grew."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.markdown import code, table
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    human_bytes,
    number,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import minute
from ansible_collections.registryops.gitlab.plugins.module_utils._report.compare import comparison_notes, signed
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown_parts import (
    ROWS,
    Row,
    more,
)


def comparison_part(made: Row) -> str:
    notes = [f"Compared with the report of {minute(made['generated_at'])}.", *comparison_notes(made)]
    totals = made["totals"]
    rows = []
    for key, label in (("packages", "Packages"), ("bytes", "Storage"), ("names", "Names"), ("projects", "Projects")):
        if key in totals:
            write = human_bytes if key == "bytes" else number
            pair = totals[key]
            rows.append((label, write(pair["before"]), write(pair["after"]), signed(pair["change"], write)))
    parts = ["## What has changed", " ".join(notes), table(("Figure", "Before", "Now", "Change"), rows)]
    changes = made["by_project"]
    if changes["rows"]:
        sized = any("bytes" in row for row in changes["rows"])
        heads = ("Project", "Packages", "Change") + (("Storage", "Change") if sized else ())
        changed = [_change_row(row, sized=sized) for row in changes["rows"][:ROWS]]
        parts.append(table(heads, changed) + more(changes["total"], len(changed)))
    for key, title in (("new_names", "New names"), ("vanished_names", "Vanished names")):
        if made.get(key) and made[key]["total"]:
            shown = made[key]["rows"][:ROWS]
            names = [(code(row["name"]), code(row["package_type"]), code(row["project_path"])) for row in shown]
            parts.append(f"### {title}")
            parts.append(table(("Name", "Type", "Project"), names, right=0) + more(made[key]["total"], len(names)))
    if len(made["history"]) > 2:
        history = [
            (minute(row["generated_at"]), number(row["packages"]), human_bytes(row["bytes"]))
            for row in reversed(made["history"][-ROWS:])
        ]
        parts += ["### Trend", table(("Report", "Packages", "Storage"), history)]
    return "\n\n".join(parts)


def _change_row(row: Row, *, sized: bool) -> Sequence[str]:
    label = code(row["project_path"]) + ("" if row["state"] == "changed" else f" ({row['state']})")
    cells = [label, number(row["packages"]["after"]), signed(row["packages"]["change"])]
    if sized:
        pair = row.get("bytes")
        cells += [NOTHING] * 2 if pair is None else [human_bytes(pair["after"]), signed(pair["change"], human_bytes)]
    return cells
