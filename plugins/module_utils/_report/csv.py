# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit report as CSV: one line for each package, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import (
    package_bytes,
    package_row,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.plan import planned, plans_of
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.reasons import own_reason

PACKAGE_COLUMNS = (
    "id",
    "project_id",
    "project_path",
    "package_type",
    "name",
    "version",
    "status",
    "created_at",
    "last_downloaded_at",
    "files",
    "bytes",
)
PLAN_COLUMNS = ("decision", "rule", "reason")
COLUMNS = (*PACKAGE_COLUMNS, *PLAN_COLUMNS, "web_url")

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
#: What may stand between the beginning of a cell, after a separator or a line break inside a text, and a formula.
_GAP = re.compile(r'[;\s"]+')
_SEPARATORS = ";\t\r\n"
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def render_csv(
    packages: Iterable[Mapping[str, t.Any]],
    plan: Mapping[str, t.Any] | Sequence[Mapping[str, t.Any]] | None = None,
) -> str:
    """A header and one line for each package, in the order of ``packages``; lines end in CRLF, write it as UTF-8.

    The columns are the same with and without a plan. ``decision`` is ``delete``, ``keep``, or empty without a plan;
    ``bytes`` is empty where the size is not known. ``reason`` does not repeat the rule, which has its own column.
    """
    plans = plans_of(plan)
    delete, keep = planned(plans, "delete"), planned(plans, "keep")
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for package in packages:
        row = package_row(package, package_bytes(package))
        cells: list[t.Any] = [row[column] for column in PACKAGE_COLUMNS]
        cells += _decision(package["id"], delete, keep) if plans else [""] * len(PLAN_COLUMNS)
        cells.append(row["web_url"])
        writer.writerow([cell(value) for value in cells])
    return out.getvalue()


def cell(value: t.Any) -> str | int:
    """A value as a cell that no spreadsheet takes for a formula, be its separator the comma, the semicolon or the tab.

    Text that begins as a formula does gets an apostrophe in front, and so does text that begins with an apostrophe:
    whoever reads the file back takes one leading apostrophe off, and has the text. The same holds for what stands after
    a semicolon, a tab or a line break inside a text. What UTF-8 or a CSV reader cannot hold (lone surrogates, NUL)
    becomes U+FFFD.
    """
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    text = _GAP.sub(_guarded, _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(value)))
    return f"'{text}" if text.startswith(_FORMULA) or text.startswith("'") else text


def _guarded(gap: re.Match[str]) -> str:
    """A gap with an apostrophe after its last separator, where a formula follows."""
    text, place = gap.group(), 1 + max(gap.group().rfind(separator) for separator in _SEPARATORS)
    follows = gap.string.startswith((*_FORMULA, "'"), gap.end())
    return f"{text[:place]}'{text[place:]}" if place and follows else text


def _decision(
    package_id: t.Any, delete: Mapping[t.Any, Mapping[str, t.Any]], keep: Mapping[t.Any, Mapping[str, t.Any]]
) -> list[t.Any]:
    if package_id in delete:
        entry = delete[package_id]
        return ["delete", entry.get("rule"), own_reason(entry)]
    entry = keep.get(package_id, {})
    return ["keep", entry.get("rule"), "; ".join(dict.fromkeys(map(str, entry.get("reasons") or ())))]
