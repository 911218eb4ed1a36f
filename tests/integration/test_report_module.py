# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package_report`: what it counts and writes, what it refuses, and that hostile names stay data."""

from __future__ import annotations

import csv
import json
import typing as t
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

#: Names that a shell, a template, a terminal, a browser, Markdown or a spreadsheet would obey.
HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "=cmd|'/c calc'!A1",
    "a|b`c`[d](https://example.com)",
    "\u202egnp.exe",
    "$(id); 'quoted\" \\ x",
]
REPORT_SCHEMA = json.loads((ROOT / "docs/schemas/report.schema.json").read_text(encoding="utf-8"))
POLICY = {"rules": [{"name": "old", "match": {"name": "app"}, "keep_latest": 1}]}


def sized(name: str, version: str, size: int, **more: t.Any) -> dict[str, t.Any]:
    return package(name, version, files=[{"file_name": "a.bin", "size": size}], **more)


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    shop = [sized("app", "1", 1000, created_at="2025-01-01T00:00:00.000Z"), sized("app", "2", 3000)]
    broken = package("broken", "1", status="error")
    tools = {"path": "acme/tools", "id": 44, "packages": [package(name, "1.0", "npm") for name in HOSTILE]}
    with Sandbox(seed(*shop, broken, package("secret", status="hidden"), projects=[tools])) as sandbox:
        yield sandbox


def report(dest: Path, **options: t.Any) -> dict[str, t.Any]:
    return {"package_report": {"dest": str(dest), **options}}


def test_what_is_wrong_is_refused_before_any_request(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    cases = [
        (report(tmp_path), "name at least one of projects and groups"),
        (report(tmp_path / "none", groups=["acme"]), f"dest '{tmp_path}/none' is no directory: create it first"),
        (report(tmp_path, groups=["acme"], policy={}), "policy: rules is missing"),
        (
            report(tmp_path, groups=["acme"], policy={"rules": [{"name": "old"}]}),
            "policy: rule 'old': no keep is given: a rule that deletes all that it matches says delete_all: true",
        ),
    ]
    shop.forget()
    results = playbook(shop, *(task for task, _sentence in cases)).results
    assert [result["msg"] for result in results] == [sentence for _task, sentence in cases]
    assert all(result["failed"] for result in results)
    assert shop.requests() == []


def test_the_numbers_and_the_files(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    before = shop.state()
    shop.forget()
    one, all_of_it = tmp_path / "one", tmp_path / "all"
    one.mkdir()
    all_of_it.mkdir()
    options = {"groups": ["acme"], "policy": POLICY, "with_sizes": True, "reference_time": "2026-11-20"}
    check, written, only_html = playbook(
        shop,
        {**report(all_of_it, **options), "check_mode": True},
        # A project beside its group counts once.
        report(all_of_it, **options, projects=["acme/tools"]),
        report(one, projects=["acme/tools"], formats=["html"]),
    ).results
    assert {request["method"] for request in shop.requests()} == {"GET"}
    assert shop.state() == before
    assert [path.name for path in one.iterdir()] == ["report.html"]
    assert sorted(path.name for path in all_of_it.iterdir()) == [
        "report.csv",
        "report.html",
        "report.json",
        "report.md",
    ]
    assert written["files"] == {kind: f"{all_of_it}/report.{kind}" for kind in ("html", "md", "json", "csv")}
    totals = written["report"]["totals"]
    assert (totals["packages"], totals["projects"], totals["bytes"]) == (9, 2, 4000)
    assert written["report"]["broken"]["total"] == 1
    assert check["report"]["totals"] == totals
    assert json.loads((all_of_it / "report.json").read_text()) == written["report"]
    jsonschema.Draft202012Validator(REPORT_SCHEMA).validate(written["report"])
    assert written["text"] == [
        "9 packages in 2 projects, 3.9 KiB",
        "  3 packages of type generic",
        "  6 packages of type npm",
        "1 failed upload (status error)",
        "the policy deletes 1 of 9 packages of acme; 7 match no rule",
        "the policy deletes 0 of 0 packages of acme/tools; 0 match no rule",
    ]
    assert only_html["report"]["totals"]["packages"] == 6


def as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def test_hostile_names_are_text(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (result,) = playbook(shop, report(tmp_path, projects=["acme/tools"])).results
    texts = {kind: Path(path).read_text(encoding="utf-8") for kind, path in result["files"].items()}
    assert json.loads(texts["json"]) == result["report"]
    assert all(name in json.dumps(result["report"], ensure_ascii=False) for name in map(as_json, HOSTILE))
    rows = list(csv.DictReader(texts["csv"].splitlines()))
    assert {row["name"].removeprefix("'") for row in rows} == set(HOSTILE)
    assert "'=cmd|'/c calc'!A1" in {row["name"] for row in rows}
    assert "<script>alert" not in texts["html"]
    assert "&lt;script&gt;alert(1)" in texts["html"]
    assert "{{ 7 * 7 }}" in texts["html"]
    assert "\u202e" not in texts["html"] + texts["md"]
    assert "`<script>alert(1)</script>`" in texts["md"]
    assert "[d](https://example.com)" not in texts["md"]
