# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit report as Markdown that GitLab renders: the key figures and the first few rows of each list."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    human_bytes,
    number,
    share,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING, printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import day, minute
from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import scope_title

ROWS = 10

Row = Mapping[str, t.Any]

_NEEDS_ENTITIES = re.compile(r"[`|\\]|^\s|\s$|^$")
_ASCII_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def render_markdown(report: Row) -> str:
    """The report of ``build.build_report`` as GitLab Flavored Markdown, short enough to be read."""
    parts = [_head(report), _figures(report)]
    if report["plan"] is not None:
        parts.append(_plan(report["plan"], sized=_sized(report)))
    if report["totals"]["packages"]:
        parts += [_where(report), _age(report), _lists(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def code(text: t.Any) -> str:
    """A name as a code span, in which Markdown and GitLab see no markup, no mention, no link and no table border."""
    shown = printable(str(text))
    if not _NEEDS_ENTITIES.search(shown):
        return f"`{shown}`"
    escaped = _ASCII_PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", shown.replace(" ", "\N{NO-BREAK SPACE}"))
    # An address in plain text would still become a link: the @ stands in an element of its own.
    return f"<code>{escaped.replace('&#64;', '<span>&#64;</span>')}</code>"


def _sized(report: Row) -> bool:
    return report["totals"]["bytes"] is not None


def _head(report: Row) -> str:
    title = scope_title(report["scope"])
    lines = ["# Package registry audit", "", f"Made {minute(report['generated_at'])}"]
    lines[-1] += f" for {code(title)}." if title else "."
    unsized = report["totals"]["unsized"]
    if not _sized(report):
        lines[-1] += " Sizes were not asked for."
    elif unsized:
        lines[-1] += f" The size of {counted(unsized, 'package')} is not known."
    if not report["totals"]["packages"]:
        lines[-1] += " There are no packages."
    return "\n".join(lines)


def _figures(report: Row) -> str:
    totals, plan = report["totals"], report["plan"]
    rows: list[Sequence[str]] = [("Packages", number(totals["packages"]))]
    if _sized(report):
        rows.append(("Storage", human_bytes(totals["bytes"])))
        rows.append(("Files", number(totals["files"])))
    rows += [("Projects", number(totals["projects"])), ("Names", number(totals["names"]))]
    rows.append(("Never downloaded", number(totals["never_downloaded"])))
    rows.append((f"Not used for {report['stalest']['days']} days", number(report["stalest"]["total"])))
    rows.append(("Broken uploads", number(report["broken"]["total"])))
    if _sized(report):
        duplicates = report["duplicates"]
        rows.append(
            ("Duplicate files", f"{number(duplicates['older_files'])}, {human_bytes(duplicates['older_bytes'])}")
        )
    if plan is not None:
        rows.append(("Would be deleted", _amount(plan["delete"], totals, sized=_sized(report))))
        rows.append(("No rule governs", number(plan["unmatched"]["packages"])))
    return _table(("Figure", "Value"), rows, right=1)


def _amount(part: Row, whole: Row, *, sized: bool) -> str:
    text = f"{number(part['packages'])} ({share(part['packages'], whole['packages'])})"
    return f"{text}, {human_bytes(part['bytes'])}" if sized else text


def _plan(plan: Row, *, sized: bool) -> str:
    lines = ["## What the policy would do"]
    rules = [(code(row["rule"]), *_sides(row, sized=sized)) for row in plan["by_rule"]]
    lines.append(_table(("Rule", *_side_heads(sized)), rules))
    projects = [(code(row["project_path"]), *_sides(row, sized=sized)) for row in plan["by_project"][:ROWS]]
    if len(plan["by_project"]) > 1:
        lines.append(_table(("Project", *_side_heads(sized)), projects) + _more(len(plan["by_project"]), len(projects)))
    names = plan["unmatched"]["names"]
    if names and names["rows"]:
        lines.append("### No rule governs these")
        lines.append(_names(names, sized=sized))
    return "\n\n".join(lines)


def _side_heads(sized: bool) -> Sequence[str]:
    return ("Deleted", "Freed", "Kept") if sized else ("Deleted", "Kept")


def _sides(row: Row, *, sized: bool) -> Sequence[str]:
    delete, keep = number(row["delete"]["packages"]), number(row["keep"]["packages"])
    return (delete, human_bytes(row["delete"]["bytes"]), keep) if sized else (delete, keep)


def _where(report: Row) -> str:
    sized = _sized(report)
    heads = ("Packages", "Storage", "Share") if sized else ("Packages", "Share")
    parts = ["## Where the packages are"]
    for title, key, label in (("Project", "by_project", "project_path"), ("Type", "by_type", "package_type")):
        rows = [(code(row[label]), *_measures(row, report)) for row in report[key][:ROWS]]
        parts.append(_table((title, *heads), rows) + _more(len(report[key]), len(rows)))
    return "\n\n".join(parts)


def _age(report: Row) -> str:
    heads = ("Packages", "Storage", "Share") if _sized(report) else ("Packages", "Share")
    rows = [(row["age"], *_measures(row, report)) for row in report["by_age"]]
    return "## Age\n\n" + _table(("Published", *heads), rows)


def _measures(row: Row, report: Row) -> Sequence[str]:
    totals, count = report["totals"], number(row["packages"])
    if not _sized(report):
        return (count, share(row["packages"], totals["packages"]))
    return (count, human_bytes(row["bytes"]), share(row["bytes"], totals["bytes"]))


def _lists(report: Row) -> str:
    sized = _sized(report)
    parts = ["## Names with the most packages", _names(report["names_by_count"], sized=sized)]
    if report["largest"]["rows"]:
        parts += ["## Largest packages", _packages(report["largest"])]
    if report["stalest"]["rows"]:
        parts.append(f"## Not used for {report['stalest']['days']} days")
        parts.append(_packages(report["stalest"], ("Last download", lambda row: day(row["last_downloaded_at"]))))
    if report["broken"]["rows"]:
        parts.append("## Broken uploads")
        parts.append(_packages(report["broken"], ("Published", lambda row: day(row["created_at"]))))
    if report["duplicates"]["rows"]:
        parts += ["## Duplicate files", _duplicates(report["duplicates"])]
    return "\n\n".join(parts)


def _names(top: Row, *, sized: bool) -> str:
    heads = ("Name", "Type", "Project", "Packages") + (("Storage",) if sized else ())
    rows = [
        (code(row["name"]), code(row["package_type"]), code(row["project_path"]), number(row["packages"]))
        + ((human_bytes(row["bytes"]),) if sized else ())
        for row in top["rows"][:ROWS]
    ]
    return _table(heads, rows, right=len(heads) - 3) + _more(top["total"], len(rows))


def _packages(top: Row, extra: tuple[str, t.Callable[[Row], str]] | None = None) -> str:
    heads = ("Package", "Version", "Type", "Project", extra[0] if extra else "Storage")
    rows = [
        (
            code(row["name"]),
            NOTHING if row["version"] is None else code(row["version"]),
            code(row["package_type"]),
            code(row["project_path"]),
            extra[1](row) if extra else human_bytes(row["bytes"]),
        )
        for row in top["rows"][:ROWS]
    ]
    return _table(heads, rows, right=1) + _more(top["total"], len(rows))


def _duplicates(top: Row) -> str:
    rows = [
        (code(row["file_name"]), code(row["name"]), number(row["copies"]), human_bytes(row["older_bytes"]))
        for row in top["rows"][:ROWS]
    ]
    return _table(("File", "Package", "Copies", "In older copies"), rows, right=2) + _more(top["total"], len(rows))


def _more(total: int, shown: int) -> str:
    return f"\n\n{number(shown)} of {number(total)}." if total > shown else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: int | None = None) -> str:
    """A table whose last ``right`` columns (all but the first, if not said) stand to the right."""
    right = len(heads) - 1 if right is None else right
    left = len(heads) - right
    marks = ["---"] * left + ["--:"] * right
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, marks, *rows)]
    return "\n".join(lines)
