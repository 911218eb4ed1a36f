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
from ansible_collections.registryops.gitlab.plugins.module_utils._report.compare import comparison_notes, signed
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
    if "comparison" in report:
        parts.append(_comparison(report["comparison"]))
    if report["totals"]["packages"]:
        parts += [_where(report), _age(report), _growth(report), _lists(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def code(text: t.Any) -> str:
    """A name as a code span, in which Markdown and GitLab see no markup, no mention, no link and no table border."""
    shown = printable(str(text))
    if not _NEEDS_ENTITIES.search(shown):
        return f"`{shown}`"
    escaped = _ASCII_PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", shown.replace(" ", "\N{NO-BREAK SPACE}"))
    # An address in plain text would still become a link: the @ stands in an element of its own.
    return f"<code>{escaped.replace('&#64;', '<span>&#64;</span>')}</code>"


def linked(text: t.Any, url: str | None) -> str:
    """A name as a code span that is a link to its page in GitLab, where it has one."""
    # An address of links.py holds nothing that ends an address in angle brackets.
    return code(text) if url is None else f"[{code(text)}](<{url.replace('|', '%7C')}>)"


def _sized(report: Row) -> bool:
    return report["totals"]["bytes"] is not None


def _head(report: Row) -> str:
    title = scope_title(report["scope"])
    lines = ["# Package registry audit", "", f"**{report['headline']}**", "", f"Made {minute(report['generated_at'])}"]
    lines[-1] += f" for {code(title)}." if title else "."
    unsized = report["totals"]["unsized"]
    if not _sized(report):
        lines[-1] += " Sizes were not asked for."
    elif unsized:
        lines[-1] += f" The size of {counted(unsized, 'package')} is not known."
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
        for key, label in (("protected", "Protected by the policy"), ("listed", "On keep lists")):
            if plan[key]["packages"]:
                rows.append((label, number(plan[key]["packages"])))
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
    if plan["deletions_by_name"]["rows"]:
        lines += ["### What would be deleted", _deletions(plan["deletions_by_name"], sized=sized)]
    names = plan["unmatched"]["names"]
    if names and names["rows"]:
        lines.append("### No rule governs these")
        lines.append(_names(names, sized=sized))
    return "\n\n".join(lines)


def _deletions(top: Row, *, sized: bool) -> str:
    """The names that lose the most, and below each its newest versions, folded; equal reasons stand once."""
    heads = ("Name", "Type", "Project", "Versions") + (("Freed",) if sized else ())
    shown = top["rows"][:ROWS]
    rows = [
        (code(row["name"]), code(row["package_type"]), code(row["project_path"]), number(row["packages"]))
        + ((human_bytes(row["bytes"]),) if sized else ())
        for row in shown
    ]
    table = _table(heads, rows, right=len(heads) - 3) + _more(top["total"], len(rows))
    return "\n\n".join([table, *(_versions(row) for row in shown)])


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
    return "\n".join(["<details><summary>" + _as_html(title) + "</summary>", "", *lines, "", "</details>"])


def _as_html(text: str) -> str:
    """A code span as HTML: Markdown is not read inside of ``summary``."""
    if not text.startswith("`"):
        return text
    inside, _, rest = text[1:].partition("`")
    return f"<code>{_ASCII_PUNCTUATION.sub(lambda found: f'&#{ord(found[0])};', inside)}</code>{rest}"


def _comparison(made: Row) -> str:
    notes = [f"Compared with the report of {minute(made['generated_at'])}.", *comparison_notes(made)]
    totals = made["totals"]
    rows = []
    for key, label in (("packages", "Packages"), ("bytes", "Storage"), ("names", "Names"), ("projects", "Projects")):
        if key in totals:
            write = human_bytes if key == "bytes" else number
            pair = totals[key]
            rows.append((label, write(pair["before"]), write(pair["after"]), signed(pair["change"], write)))
    parts = ["## What has changed", " ".join(notes), _table(("Figure", "Before", "Now", "Change"), rows)]
    changes = made["by_project"]
    if changes["rows"]:
        sized = any("bytes" in row for row in changes["rows"])
        heads = ("Project", "Packages", "Change") + (("Storage", "Change") if sized else ())
        changed = [_change_row(row, sized=sized) for row in changes["rows"][:ROWS]]
        parts.append(_table(heads, changed) + _more(changes["total"], len(changed)))
    for key, title in (("new_names", "New names"), ("vanished_names", "Vanished names")):
        if made.get(key) and made[key]["total"]:
            shown = made[key]["rows"][:ROWS]
            names = [(code(row["name"]), code(row["package_type"]), code(row["project_path"])) for row in shown]
            parts.append(f"### {title}")
            parts.append(_table(("Name", "Type", "Project"), names, right=0) + _more(made[key]["total"], len(names)))
    if len(made["history"]) > 2:
        history = [
            (minute(row["generated_at"]), number(row["packages"]), human_bytes(row["bytes"]))
            for row in reversed(made["history"][-ROWS:])
        ]
        parts += ["### Trend", _table(("Report", "Packages", "Storage"), history)]
    return "\n\n".join(parts)


def _change_row(row: Row, *, sized: bool) -> Sequence[str]:
    label = code(row["project_path"]) + ("" if row["state"] == "changed" else f" ({row['state']})")
    cells = [label, number(row["packages"]["after"]), signed(row["packages"]["change"])]
    if sized:
        pair = row.get("bytes")
        cells += [NOTHING] * 2 if pair is None else [human_bytes(pair["after"]), signed(pair["change"], human_bytes)]
    return cells


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


def _growth(report: Row) -> str:
    """The last twelve months, the newest first."""
    sized, planned = _sized(report), report["plan"] is not None
    heads = ["Month", "Packages", *(["Storage"] if sized else []), *(["Of it deleted"] if planned else [])]
    rows = []
    for row in reversed(report["by_month"]["rows"][-12:]):
        cells = [row["month"], number(row["packages"]), *([human_bytes(row["bytes"])] if sized else [])]
        if planned:
            cells.append(human_bytes(row["delete"]["bytes"]) if sized else number(row["delete"]["packages"]))
        rows.append(cells)
    return "## Growth\n\n" + _table(heads, rows)


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
            linked(row["name"], row["web_url"]),
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
