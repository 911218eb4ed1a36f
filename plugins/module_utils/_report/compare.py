# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report and an earlier one: what is new, what is gone, what grew. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, human_bytes, number
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import minute, parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._report.earlier import OPTION, Earlier
from ansible_collections.registryops.gitlab.plugins.module_utils._report.names import Name
from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import TOP
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import DocumentError

#: How many reports the trend goes back.
HISTORY = 60

Row = Mapping[str, t.Any]


def compare(report: Row, names: set[Name], earlier: Earlier) -> dict[str, t.Any]:
    """The ``comparison`` of a report. Raises `DocumentError` where the "earlier" report is the later one.

    A pair is ``{"before", "after", "change"}``. ``bytes`` pairs are there only where both reports know them,
    ``new_names`` and ``vanished_names`` only where the earlier one holds its names. ``by_project`` and ``by_type`` have
    the rows that changed, the greatest change first; ``history`` all reports known, oldest first.
    """
    days = (parse_time(report["generated_at"]) - earlier.made).total_seconds() / 86400
    if days < 0:
        raise DocumentError(
            f"{OPTION} {printable(earlier.path)!r} was made at {earlier.generated_at}, which is after this report"
        )
    totals = report["totals"]
    here = {"generated_at": report["generated_at"], **{key: totals[key] for key in ("packages", "names", "bytes")}}
    there = {"generated_at": earlier.generated_at, **{k: earlier.totals[k] for k in ("packages", "names", "bytes")}}
    made: dict[str, t.Any] = {
        "generated_at": earlier.generated_at,
        "days": round(days, 2),
        "same_scope": _scope(earlier.scope) == _scope(report["scope"]),
        "totals": {
            **_pairs(earlier.totals, totals),
            **{key: _pair(earlier.totals[key], totals[key]) for key in ("projects", "names")},
        },
        "by_project": _changes(earlier.projects, report["by_project"], "project_path"),
        "by_type": _changes(earlier.types, report["by_type"], "package_type"),
        "history": [*(row for row in earlier.history if row["generated_at"] != earlier.generated_at), there, here],
    }
    del made["history"][:-HISTORY]
    if earlier.names is not None:
        made["new_names"] = _name_rows(names - earlier.names)
        made["vanished_names"] = _name_rows(earlier.names - names)
    return made


def comparison_line(comparison: Row) -> str:
    """What became of a registry since the earlier report, in one line."""
    pairs = comparison["totals"]
    changes = [f"{signed(pairs['packages']['change'])} packages"]
    if "bytes" in pairs:
        changes.append(signed(pairs["bytes"]["change"], human_bytes))
    for key, words in (("new_names", "new"), ("vanished_names", "vanished")):
        if key in comparison:
            changes.append(f"{counted(comparison[key]['total'], 'name')} {words}")
    other = "" if comparison["same_scope"] else ", of another scope"
    return f"since the report of {minute(comparison['generated_at'])}{other}: {', '.join(changes)}"


def comparison_notes(comparison: Row) -> list[str]:
    """Sentences on what the comparison cannot tell."""
    notes = []
    if not comparison["same_scope"]:
        notes.append("That report was of other projects or groups, or of another server: not all that differs changed.")
    if "bytes" not in comparison["totals"]:
        notes.append("Storage is not compared: one of the two reports was made without sizes.")
    if "new_names" not in comparison:
        notes.append("That report does not hold its names, so that new and vanished ones are not told.")
    return notes


def signed(value: int, write: t.Callable[[int], str] = number) -> str:
    """A change with its sign: +12, \N{MINUS SIGN}3, 0."""
    return write(0) if not value else ("+" if value > 0 else "\N{MINUS SIGN}") + write(abs(value))


def _scope(scope: Row) -> tuple[t.Any, ...]:
    return (scope.get("api_url"), *(sorted(map(str, scope.get(key) or ())) for key in ("projects", "groups")))


def _pair(before: int, after: int) -> dict[str, int]:
    return {"before": before, "after": after, "change": after - before}


def _pairs(before: Row, after: Row) -> dict[str, t.Any]:
    pairs = {"packages": _pair(before["packages"], after["packages"])}
    if before["bytes"] is not None and after["bytes"] is not None:
        pairs["bytes"] = _pair(before["bytes"], after["bytes"])
    return pairs


def _changes(before: Sequence[Row], after: Sequence[Row], key: str) -> dict[str, t.Any]:
    # What is not there takes no packages and no bytes; two projects of one path (one may be deleted) are one row.
    old, new = _by(before, key), _by(after, key)
    nothing: Row = {"packages": 0, "bytes": 0}
    rows = []
    for label in {**old, **new}:
        state = "changed" if label in old and label in new else "new" if label in new else "gone"
        pairs = _pairs(old.get(label, nothing), new.get(label, nothing))
        if state != "changed" or any(pair["change"] for pair in pairs.values()):
            rows.append({key: label, "state": state, **pairs})
    rows.sort(key=lambda row: (*(-abs(row[k]["change"]) if k in row else 0 for k in ("bytes", "packages")), row[key]))
    return {"total": len(rows), "rows": rows[:TOP]}


def _by(rows: Iterable[Row], key: str) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        other = found.get(str(row[key]))
        if other is None:
            found[str(row[key])] = row
        else:
            known = other["bytes"] is not None and row["bytes"] is not None
            found[str(row[key])] = {
                "packages": other["packages"] + row["packages"],
                "bytes": other["bytes"] + row["bytes"] if known else None,
            }
    return found


def _name_rows(names: set[Name]) -> dict[str, t.Any]:
    return {"total": len(names), "rows": [name._asdict() for name in sorted(names)[:TOP]]}
