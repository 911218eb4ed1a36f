# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the Markdown report on what the policy would do."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.markdown import code, table
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    human_bytes,
    number,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown_parts import (
    ROWS,
    Row,
    code_in_html,
    linked,
    more,
    names_table,
)


def plan_part(plan: Row, *, sized: bool) -> str:
    lines = ["## What the policy would do"]
    rules = [(code(row["rule"]), *_sides(row, sized=sized)) for row in plan["by_rule"]]
    lines.append(table(("Rule", *_side_heads(sized)), rules))
    projects = [(code(row["project_path"]), *_sides(row, sized=sized)) for row in plan["by_project"][:ROWS]]
    if len(plan["by_project"]) > 1:
        lines.append(table(("Project", *_side_heads(sized)), projects) + more(len(plan["by_project"]), len(projects)))
    if plan["deletions_by_name"]["rows"]:
        lines += ["### What would be deleted", _deletions(plan["deletions_by_name"], sized=sized)]
    names = plan["unmatched"]["names"]
    if names and names["rows"]:
        lines.append("### No rule governs these")
        lines.append(names_table(names, sized=sized))
    if plan["files"] is not None:
        lines += ["### Files inside packages that stay", *_files(plan["files"])]
    return "\n\n".join(lines)


def _deletions(top: Row, *, sized: bool) -> str:
    """The names that lose the most, and below each its newest versions, folded; equal reasons stand once."""
    heads = ("Name", "Type", "Project", "Versions") + (("Freed",) if sized else ())
    shown = top["rows"][:ROWS]
    rows = [
        (
            *(code(row[key]) for key in ("name", "package_type", "project_path")),
            number(row["packages"]),
            *((human_bytes(row["bytes"]),) if sized else ()),
        )
        for row in shown
    ]
    written = table(heads, rows, right=len(heads) - 3) + more(top["total"], len(rows))
    return "\n\n".join([written, *(_versions(row) for row in shown)])


def _versions(row: Row) -> str:
    """The newest versions to be deleted of a name, by the reason that they go for."""
    reasons: dict[tuple[t.Any, t.Any], list[str]] = {}
    for one in row["versions"]:
        label = NOTHING if one["version"] is None else linked(one["version"], one["web_url"])
        reasons.setdefault((one["rule"], one["reason"]), []).append(label)
    lines = [f"- {code(rule)}, {code(reason)}: {', '.join(labels)}" for (rule, reason), labels in reasons.items()]
    left = row["packages"] - len(row["versions"])
    if left:
        lines.append(f"- {number(left)} older")
    title = f"{code(row['name'])}: {counted(row['packages'], 'version')}"
    # Markdown is read inside of these elements only after an empty line.
    return "\n".join(["<details><summary>" + code_in_html(title) + "</summary>", "", *lines, "", "</details>"])


def _files(files: Row) -> t.Iterator[str]:
    by_rule = [
        (code(row["rule"]), number(row["delete"]), human_bytes(row["bytes"]), number(row["keep"]))
        for row in files["by_rule"]
    ]
    yield table(("File rule", "Deleted", "Freed", "Kept"), by_rule)
    top = files["deletions"]
    rows = [
        (
            code(row["file_name"]),
            code(row["name"]),
            NOTHING if row["version"] is None else code(row["version"]),
            code(row["rule"]),
            human_bytes(row["size"]),
        )
        for row in top["rows"][:ROWS]
    ]
    if rows:
        yield table(("File", "Package", "Version", "Rule", "Size"), rows, right=1) + more(top["total"], len(rows))


def _side_heads(sized: bool) -> Sequence[str]:
    return ("Deleted", "Freed", "Kept") if sized else ("Deleted", "Kept")


def _sides(row: Row, *, sized: bool) -> Sequence[str]:
    delete, keep = number(row["delete"]["packages"]), number(row["keep"]["packages"])
    return (delete, human_bytes(row["delete"]["bytes"]), keep) if sized else (delete, keep)
