# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSV report: read back, it holds what went in, and no cell of it is a formula."""

from __future__ import annotations

import csv
import io
import re
import typing as t

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._report.csv import COLUMNS, cell, render_csv

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def package(number: int = 1, **fields: t.Any) -> dict[str, t.Any]:
    return {
        "id": number,
        "project_id": 42,
        "project_path": "acme/shop",
        "package_type": "npm",
        "name": "@acme/ui",
        "version": "1.0.0",
        "status": "default",
        "created_at": "2026-01-01T00:00:00.000Z",
        "last_downloaded_at": None,
        **fields,
    }


def read(text: str) -> list[dict[str, str]]:
    assert text.encode("utf-8").decode("utf-8") == text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert all(len(row) == len(COLUMNS) for row in rows)
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def taken_back(text: str) -> str:
    text = text[1:] if text.startswith("'") else text
    return re.sub(r"([;\t\r\n])'", r"\1", text)


def test_one_line_for_each_package_and_the_same_columns_without_a_plan() -> None:
    files = [{"id": 1, "file_name": "a", "size": 5}, {"id": 2, "file_name": "b", "size": 7}]
    text = render_csv([package(files=files), package(2, version=None, files=None)])
    assert text.count("\r\n") == 3
    first, second = read(text)
    assert first["name"] == "'@acme/ui"
    assert (first["files"], first["bytes"]) == ("2", "12")
    assert (second["version"], second["files"], second["bytes"]) == ("", "", "")
    assert (first["decision"], first["rule"], first["reason"]) == ("", "", "")


def test_an_empty_registry_is_a_header() -> None:
    assert render_csv([]) == ",".join(COLUMNS) + "\r\n"


def test_the_plan_says_what_becomes_of_each_package() -> None:
    plan = {
        "delete": [{"id": 1, "rule": "old", "reason": "=older than all"}],
        "keep": [{"id": 2, "rule": "old", "reasons": ["latest 1 of 3", "daily 2026-01-01"]}],
    }
    rows = read(render_csv([package(1), package(2), package(3)], plan))
    assert [(row["decision"], row["rule"], row["reason"]) for row in rows] == [
        ("delete", "old", "'=older than all"),
        ("keep", "old", "latest 1 of 3; daily 2026-01-01"),
        ("keep", "", ""),
    ]


def test_a_reason_does_not_repeat_the_rule_and_a_package_has_its_page() -> None:
    plan = {
        "delete": [{"id": 1, "rule": "old", "reason": "no keep of rule 'old' holds it: latest 4 of 9 (3 kept)"}],
        "keep": [{"id": 2, "rule": "old", "reasons": ["latest 1 of 3", "latest 1 of 3"]}],
    }
    url = "https://gitlab.example.com/acme/shop/-/packages/1"
    rows = read(render_csv([package(1, web_url=url), package(2)], plan))
    assert [(row["reason"], row["web_url"]) for row in rows] == [
        ("number 4 of 9, newest first (3 kept)", url),
        ("latest 1 of 3", ""),
    ]


@pytest.mark.parametrize("start", [*FORMULA, "\n", "＝", "＋", "－", "＠", "'"])
def test_a_formula_gets_an_apostrophe(start: str) -> None:
    assert cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@PATIENT
@given(st.lists(st.tuples(names, names, names)))
@example([("=1+1", "\r\n", '",=1"'), ("'", "''=", "\t"), ('a"b,c;d', "\u202e", "{{ lookup('pipe','id') }}")])
def test_any_names_read_back(rows: list[tuple[str, str, str]]) -> None:
    packages = [package(name=name, version=version, project_path=path) for name, version, path in rows]
    back = [
        (taken_back(r["name"]), taken_back(r["version"]), taken_back(r["project_path"]))
        for r in read(render_csv(packages))
    ]
    assert back == rows


texts = st.text() | st.text("ab;,\t\n\r\"'=+-@ ＝")


@PATIENT
@given(texts, texts)
@example("x;=1+1;y", 'a\t"=2')
@example("a\n=1", ';"";=1+1')
@example(";'=1", "x; '=1")
def test_no_cell_is_a_formula_and_every_text_can_be_written(name: str, version: str) -> None:
    text = render_csv([package(name=name, version=version)])
    (row,) = read(text)
    assert not any(value.startswith(FORMULA) for value in row.values())
    assert taken_back(row["name"]) == re.sub("[\0\ud800-\udfff]", "\ufffd", name)
    # Where the list separator is another one than the comma, a spreadsheet divides the same lines elsewhere.
    for separator in ";\t":
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            assert not any(value.startswith(("=", "+", "-", "@", "＝")) for value in cells)
