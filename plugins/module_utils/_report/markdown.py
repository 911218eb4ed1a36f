# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit report as Markdown that GitLab renders: the key figures and the first few rows of each list."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.markdown import code, table
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    human_bytes,
    number,
    share,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import day, minute
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown_governance import (
    findings_part,
    governance_part,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown_parts import (
    ROWS,
    Row,
    linked,
    more,
    names_table,
    sized_report,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown_past import comparison_part
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown_plan import plan_part
from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import scope_title


def render_markdown(report: Row) -> str:
    """The report of ``build.build_report`` as GitLab Flavored Markdown, short enough to be read."""
    parts = [_head(report), _figures(report), findings_part(report)]
    if report["plan"] is not None:
        parts.append(plan_part(report["plan"], sized=sized_report(report)))
    if "comparison" in report:
        parts.append(comparison_part(report["comparison"]))
    if report["totals"]["packages"]:
        parts += [_where(report), _age(report), _growth(report), _lists(report), governance_part(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: Row) -> str:
    title = scope_title(report["scope"])
    lines = ["# Package registry audit", "", f"**{report['headline']}**", "", f"Made {minute(report['generated_at'])}"]
    lines[-1] += f" for {code(title)}." if title else "."
    unsized = report["totals"]["unsized"]
    if not sized_report(report):
        lines[-1] += " Sizes were not asked for."
    elif unsized:
        lines[-1] += f" The size of {counted(unsized, 'package')} is not known."
    return "\n".join(lines)


def _figures(report: Row) -> str:
    totals, plan = report["totals"], report["plan"]
    rows: list[Sequence[str]] = [("Packages", number(totals["packages"]))]
    if sized_report(report):
        rows.append(("Storage", human_bytes(totals["bytes"])))
        rows.append(("Files", number(totals["files"])))
    rows += [("Projects", number(totals["projects"])), ("Names", number(totals["names"]))]
    rows.append(("Never downloaded", number(totals["never_downloaded"])))
    rows.append((f"Not used for {report['stalest']['days']} days", number(report["stalest"]["total"])))
    rows.append(("Broken uploads", number(report["broken"]["total"])))
    if sized_report(report):
        duplicates = report["duplicates"]
        rows.append(
            ("Duplicate files", f"{number(duplicates['older_files'])}, {human_bytes(duplicates['older_bytes'])}")
        )
    if plan is not None:
        rows.append(("Would be deleted", _amount(plan["delete"], totals, sized=sized_report(report))))
        for key, label in (("protected", "Protected by the policy"), ("listed", "On keep lists")):
            if plan[key]["packages"]:
                rows.append((label, number(plan[key]["packages"])))
        if plan["foreseen_protected"] and plan["foreseen_protected"]["packages"]:
            rows.append(("Refused by GitLab's protection rules", number(plan["foreseen_protected"]["packages"])))
        if plan["protection"] == "unknown":
            rows.append(("Whether GitLab's protection rules refuse more", "not known"))
        if plan["files"] is not None:
            freed = f"{number(plan['files']['delete'])}, {human_bytes(plan['files']['bytes'])}"
            rows.append(("Files that would be deleted in packages that stay", freed))
        rows.append(("No rule governs", number(plan["unmatched"]["packages"])))
    return table(("Figure", "Value"), rows, right=1)


def _amount(part: Row, whole: Row, *, sized: bool) -> str:
    text = f"{number(part['packages'])} ({share(part['packages'], whole['packages'])})"
    return f"{text}, {human_bytes(part['bytes'])}" if sized else text


def _where(report: Row) -> str:
    sized = sized_report(report)
    heads = ("Packages", "Storage", "Share") if sized else ("Packages", "Share")
    parts = ["## Where the packages are"]
    for title, key, label in (("Project", "by_project", "project_path"), ("Type", "by_type", "package_type")):
        rows = [(code(row[label]), *_measures(row, report)) for row in report[key][:ROWS]]
        parts.append(table((title, *heads), rows) + more(len(report[key]), len(rows)))
    return "\n\n".join(parts)


def _age(report: Row) -> str:
    heads = ("Packages", "Storage", "Share") if sized_report(report) else ("Packages", "Share")
    rows = [(row["age"], *_measures(row, report)) for row in report["by_age"]]
    return "## Age\n\n" + table(("Published", *heads), rows)


def _growth(report: Row) -> str:
    """The last twelve months, the newest first."""
    sized, planned = sized_report(report), report["plan"] is not None
    heads = ["Month", "Packages", *(["Storage"] if sized else []), *(["Of it deleted"] if planned else [])]
    rows = []
    for row in reversed(report["by_month"]["rows"][-12:]):
        cells = [row["month"], number(row["packages"]), *([human_bytes(row["bytes"])] if sized else [])]
        if planned:
            cells.append(human_bytes(row["delete"]["bytes"]) if sized else number(row["delete"]["packages"]))
        rows.append(cells)
    return "## Growth\n\n" + table(heads, rows)


def _measures(row: Row, report: Row) -> Sequence[str]:
    totals, count = report["totals"], number(row["packages"])
    if not sized_report(report):
        return (count, share(row["packages"], totals["packages"]))
    return (count, human_bytes(row["bytes"]), share(row["bytes"], totals["bytes"]))


def _lists(report: Row) -> str:
    sized = sized_report(report)
    parts = ["## Names with the most packages", names_table(report["names_by_count"], sized=sized)]
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
    return table(heads, rows, right=1) + more(top["total"], len(rows))


def _duplicates(top: Row) -> str:
    rows = [
        (code(row["file_name"]), code(row["name"]), number(row["copies"]), human_bytes(row["older_bytes"]))
        for row in top["rows"][:ROWS]
    ]
    return table(("File", "Package", "Copies", "In older copies"), rows, right=2) + more(top["total"], len(rows))
