# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section of the HTML report with the treemap: what takes the storage, project by project."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from html import escape

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    human_bytes,
    number,
    share,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._report import table as tables
from ansible_collections.registryops.gitlab.plugins.module_utils._report.charts import swatch
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import (
    Row,
    Section,
    panel,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.treemap import Box, treemap


def storage(report: Row) -> Section | None:
    """The treemap; none for a registry of less than two names, or where nothing has any weight."""
    parts = report["storage_map"]
    measure = parts["measure"]
    if report["totals"]["names"] < 2 or not sum(row[measure] or 0 for row in parts["projects"]):
        return None
    whole = report["totals"][measure]
    boxes = [_project(row, measure, whole) for row in parts["projects"]]
    noun = "storage" if measure == "bytes" else "packages"
    lead = f"Each box is a name, as large as its {noun}. The names of a project stand together."
    more = parts["more"]
    if more and 2 * (more[measure] or 0) <= whole:
        boxes.append(_leaf(more, counted(more["projects"], "more project"), "", measure, whole))
    elif more:
        # Of many projects of one size the others would be nearly all that is seen.
        rest = f"{counted(more['projects'], 'smaller project')} with {_write(more[measure], measure)}"
        lead += f" Drawn are the largest {number(len(boxes))} projects; {rest} are not."
    html, css = treemap(boxes, f"{noun.capitalize()} by project, type and name")
    legend = ""
    if report["plan"] is not None:
        legend = (
            f'<p class="legend"><span class="key">{swatch("delete")}<span>would be deleted</span></span>'
            f'<span class="key">{swatch("keep")}<span>kept</span></span></p>'
        )
    title = "What takes the storage" if measure == "bytes" else "What there is most of"
    return Section("storage", title, lead, panel(legend + html), css)


def _project(row: Row, measure: str, whole: int) -> Box:
    path = printable(str(row["project_path"]))
    amount = f"{_write(row[measure], measure)} ({share(row[measure] or 0, whole)})"
    return Box(
        row[measure] or 0,
        f"{_path(str(row['project_path']))} <span>{amount}</span>",
        f"{path}: {amount}{_doomed(row, measure)}",
        boxes=list(_leaves(row, measure, whole)),
    )


def _path(path: str) -> str:
    """A path of which the end is read where there is no room for all of it."""
    group, slash, project = path.rpartition("/")
    above = f"<i>{tables.name_html(group + slash)}</i>" if slash else ""
    return f"{above}<b>{tables.name_html(project)}</b>"


def _leaves(row: Row, measure: str, whole: int) -> Iterator[Box]:
    for of_type in row["types"]:
        kind = str(of_type["package_type"])
        for name in of_type["names"]:
            yield _leaf(name, str(name["name"]), kind, measure, whole)
        if of_type["more"]:
            yield _leaf(of_type["more"], counted(of_type["more"]["names"], "more name"), kind, measure, whole)


def _leaf(row: Row, label: str, kind: str, measure: str, whole: int) -> Box:
    amount = _write(row[measure], measure)
    doomed = _doomed(row, measure)
    text = f"{printable(kind)} · {amount}" if kind else amount
    html = f"<b>{tables.name_html(label)}</b> <small>{escape(text)}</small>"
    if doomed:
        html += f'<span class="unseen">{escape(doomed)}</span>'
    title = f"{printable(label)}{f', {printable(kind)}' if kind else ''}: {amount} ({share(row[measure] or 0, whole)})"
    deleted = row["delete"][measure] or 0 if "delete" in row else None
    return Box(row[measure] or 0, html, title + doomed, deleted)


def _doomed(row: t.Mapping[str, t.Any], measure: str) -> str:
    if "delete" not in row:
        return ""
    delete = row["delete"][measure] or 0
    return f", {share(delete, row[measure])} of it would be deleted" if delete else ", all of it kept"


def _write(value: int | None, measure: str) -> str:
    return human_bytes(value) if measure == "bytes" else f"{number(value)} {'package' if value == 1 else 'packages'}"
