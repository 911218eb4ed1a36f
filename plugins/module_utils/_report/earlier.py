# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier ``report.json``, read back for a comparison: only what is compared, each value checked."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import FORMAT_VERSION
from ansible_collections.registryops.gitlab.plugins.module_utils._report.names import Name
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import (
    DocumentError,
    read_document,
)

#: The largest report.json that is read, in bytes: one with `names.NAMES_HELD` names takes some 20 MB.
MAX_BYTES = 2**26
OPTION = "compare_with"

Row = dict[str, t.Any]


@dataclass(frozen=True)
class Earlier:
    """What an earlier report counted. ``bytes`` are None where they were not known then.

    ``names`` is None where the report does not hold them (0.1.0, or too many). ``history`` are the reports before it.
    """

    path: str
    generated_at: str
    made: datetime
    scope: Row
    totals: Row
    projects: list[Row]
    types: list[Row]
    names: set[Name] | None
    history: list[Row]


class _Refused(Exception):
    """Why, without the file's name."""


def read_earlier(path: str) -> Earlier:
    """Read a ``report.json``. Raises `DocumentError` with one sentence for what is none, or of another format."""
    document = read_document(path, OPTION, MAX_BYTES)
    try:
        return _earlier(path, document)
    except _Refused as reason:
        raise DocumentError(f"{OPTION} {printable(path)!r} {reason}") from None


def _earlier(path: str, document: t.Any) -> Earlier:
    if not isinstance(document, dict) or "format_version" not in document:
        raise _Refused("is no report.json: it has no format_version")
    version = document["format_version"]
    if version != FORMAT_VERSION or isinstance(version, bool):
        shown = printable(str(version))[:40]
        raise _Refused(f"is a report of format {shown}, and this release reads format {FORMAT_VERSION}")
    generated_at, made = _time(document, "generated_at")
    comparison = document.get("comparison") or {}
    if not isinstance(comparison, dict):
        raise _Refused("is no report.json: comparison is no mapping")
    scope = document.get("scope")
    return Earlier(
        path,
        generated_at,
        made,
        scope if isinstance(scope, dict) else {},
        _counts(document.get("totals"), "totals", "packages", "projects", "names"),
        [
            {"project_path": _text(row, "project_path", "by_project"), **_counts(row, "by_project", "packages")}
            for row in _rows(document, "by_project")
        ],
        [
            {"package_type": _text(row, "package_type", "by_type"), **_counts(row, "by_type", "packages")}
            for row in _rows(document, "by_type")
        ],
        _names(document.get("all_names")),
        [
            {"generated_at": _time(row, "generated_at")[0], **_counts(row, "comparison.history", "packages", "names")}
            for row in _rows(comparison, "history", needed=False)
        ],
    )


def _rows(document: Row, key: str, *, needed: bool = True) -> list[t.Any]:
    rows = document.get(key, None if needed else [])
    if not isinstance(rows, list):
        raise _Refused(f"is no report.json: {key} is no list")
    return rows


def _counts(row: t.Any, where: str, *keys: str) -> Row:
    """The named counts of a row, and its ``bytes``, which may be null."""
    if not isinstance(row, dict):
        raise _Refused(f"is no report.json: {where} holds something that is no mapping")
    counts = {key: row.get(key) for key in keys}
    size = row.get("bytes")
    for key, value in {**counts, "bytes": 0 if size is None else size}.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise _Refused(f"is no report.json: {key} in {where} is no count")
    return {**counts, "bytes": size}


def _text(row: t.Any, key: str, where: str) -> str:
    if not isinstance(row, dict) or not isinstance(row.get(key), str):
        raise _Refused(f"is no report.json: {key} in {where} is no text")
    return str(row[key])


def _time(row: t.Any, key: str) -> tuple[str, datetime]:
    text = row.get(key) if isinstance(row, dict) else None
    try:
        return str(text), parse_time(str(text))
    except ValueError:
        raise _Refused(f"is no report.json: {key} is no time") from None


def _names(part: t.Any) -> set[Name] | None:
    rows = part.get("rows") if isinstance(part, dict) else None
    if rows is None:
        return None
    found: set[Name] = set()
    for row in _rows({"all_names": rows}, "all_names"):
        path, package_type = (_text(row, key, "all_names") for key in ("project_path", "package_type"))
        for name in _rows(row, "names"):
            if not isinstance(name, str):
                raise _Refused("is no report.json: a name in all_names is no text")
            found.add(Name(path, package_type, name))
    return found
