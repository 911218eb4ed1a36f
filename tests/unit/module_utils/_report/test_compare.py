# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report and an earlier one: what is new, gone and grown, and which files are refused."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.compare import (
    HISTORY,
    compare,
    comparison_line,
    comparison_notes,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.earlier import read_earlier
from ansible_collections.registryops.gitlab.plugins.module_utils._report.names import names_document, names_of
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import DocumentError

Json = dict[str, t.Any]
SCOPE = {"api_url": "https://gitlab.example.com/api/v4", "projects": [], "groups": ["acme"]}


def package(number: int, name: str, project: int = 1, size: int | None = None) -> Json:
    one = {
        "id": number,
        "project_id": project,
        "project_path": f"acme/{project}",
        "package_type": "npm",
        "name": name,
        "version": str(number),
        "created_at": "2026-01-01T00:00:00Z",
    }
    return one if size is None else {**one, "files": [{"id": number, "file_name": "a", "size": size}]}


class Audit(t.NamedTuple):
    report: Json
    names: set[t.Any]


def audit(packages: list[Json], at: str, before: Path | None = None, scope: Json = SCOPE) -> Audit:
    report, names = build_report(packages, generated_at=at, scope=scope), names_of(packages)
    if before is not None:
        report["comparison"] = compare(report, names, read_earlier(str(before)))
    return Audit(report, names)


def saved(path: Path, made: Audit, **more: t.Any) -> Path:
    path.write_text(json.dumps({**made.report, "all_names": names_document(made.names), **more}))
    return path


OLD = [package(1, "ui", size=10), package(2, "ui", size=10), package(3, "left", 2, size=5)]
NEW = [package(2, "ui", size=10), package(4, "right", size=50), package(5, "app", 3, size=1)]


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    return saved(tmp_path / "report.json", audit(OLD, "2026-10-22T00:00:00Z"))


def test_what_is_new_gone_and_grown(earlier: Path) -> None:
    made = audit(NEW, "2026-11-21T00:00:00Z", earlier).report["comparison"]
    assert made["days"] == 30
    assert made["same_scope"]
    assert made["totals"] == {
        "packages": {"before": 3, "after": 3, "change": 0},
        "bytes": {"before": 25, "after": 61, "change": 36},
        "projects": {"before": 2, "after": 2, "change": 0},
        "names": {"before": 2, "after": 3, "change": 1},
    }
    rows = [
        (row["project_path"], row["state"], row["packages"]["change"], row["bytes"]["change"])
        for row in made["by_project"]["rows"]
    ]
    assert rows == [("acme/1", "changed", 0, 40), ("acme/2", "gone", -1, -5), ("acme/3", "new", 1, 1)]
    assert [row["name"] for row in made["new_names"]["rows"]] == ["right", "app"]
    assert made["vanished_names"] == {
        "total": 1,
        "rows": [{"project_path": "acme/2", "package_type": "npm", "name": "left"}],
    }
    assert comparison_line(made) == (
        "since the report of 2026-10-22 00:00 UTC: 0 packages, +36 B, 2 names new, 1 name vanished"
    )
    assert comparison_notes(made) == []


def test_the_trend_goes_on_from_report_to_report(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    before = None
    for day in range(1, 5):
        made = audit([package(number, "ui") for number in range(day)], f"2026-11-0{day}T00:00:00Z", before)
        before = saved(path, made)
    history = made.report["comparison"]["history"]
    assert [(row["generated_at"][:10], row["packages"]) for row in history] == [
        (f"2026-11-0{day}", day) for day in range(1, 5)
    ]
    many = [{"generated_at": f"2020-01-01T00:00:{n:02d}Z", "packages": n, "names": 1, "bytes": None} for n in range(60)]
    saved(path, made, comparison={"history": many})
    assert len(audit([], "2026-12-01T00:00:00Z", path).report["comparison"]["history"]) == HISTORY


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    old = audit([package(1, "ui")], "2026-10-22T00:00:00Z")
    path = tmp_path / "report.json"
    path.write_text(json.dumps(old.report))  # as 0.1.0 wrote it: without names
    made = audit(NEW, "2026-11-21T00:00:00Z", path, {**SCOPE, "groups": ["other"]}).report["comparison"]
    assert "bytes" not in made["totals"]
    assert "new_names" not in made
    assert comparison_notes(made) == [
        "That report was of other projects or groups, or of another server: not all that differs changed.",
        "Storage is not compared: one of the two reports was made without sizes.",
        "That report does not hold its names, so that new and vanished ones are not told.",
    ]
    assert "of another scope: +2 packages" in comparison_line(made)


def test_two_projects_of_one_path_are_one_row(tmp_path: Path) -> None:
    both = [package(1, "ui", 1, 4), {**package(2, "ui", 2, 6), "project_path": "acme/1"}]
    made = audit(both, "2026-11-21T00:00:00Z", saved(tmp_path / "r.json", audit(both, "2026-11-20T00:00:00Z")))
    assert made.report["comparison"]["by_project"] == {"total": 0, "rows": []}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format_version": 3}, "is a report of format 3, and this release reads format 1"),
        ({"format_version": True}, "is a report of format True, and this release reads format 1"),
        ({"format_version": "2.0"}, "is a report of format 2.0, and this release reads format 1"),
        ({"generated_at": "soon"}, "is no report.json: generated_at is no time"),
        ({"totals": []}, "is no report.json: totals holds something that is no mapping"),
        ({"totals": {"packages": -1}}, "is no report.json: packages in totals is no count"),
        ({"totals": {"packages": 1, "projects": 1, "names": 1, "bytes": "9"}}, "bytes in totals is no count"),
        ({"by_project": {}}, "is no report.json: by_project is no list"),
        ({"by_project": [{"packages": 1}]}, "is no report.json: project_path in by_project is no text"),
        ({"by_type": [7]}, "is no report.json: package_type in by_type is no text"),
        ({"all_names": {"rows": [{"project_path": "a", "package_type": "npm", "names": [1]}]}}, "in all_names is no"),
        ({"comparison": {"history": [{"generated_at": "2026-01-01T00:00:00Z"}]}}, "packages in comparison.history"),
        ({"comparison": [1]}, "is no report.json: comparison is no mapping"),
    ],
)
def test_what_is_no_report_of_this_format_is_refused(earlier: Path, change: Json, sentence: str) -> None:
    earlier.write_text(json.dumps({**json.loads(earlier.read_text()), **change}))
    with pytest.raises(DocumentError) as refused:
        read_earlier(str(earlier))
    assert str(refused.value).startswith(f"compare_with '{earlier}' ")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"), [("[]", "is no report.json: it has no format_version"), ("", "is empty")]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    with pytest.raises(DocumentError, match=sentence):
        read_earlier(str(path))


def test_a_report_that_was_made_later_is_refused(earlier: Path) -> None:
    with pytest.raises(DocumentError, match="was made at 2026-10-22T00:00:00Z, which is after this report"):
        audit(NEW, "2026-10-21T00:00:00Z", earlier)
