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

from ansible_collections.registryops.gitlab.plugins.module_utils._report.csv import cell
from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT, Run
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
NO_DEST = "dest is missing: name a directory for the files, or write none with formats: []"
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
    other = tmp_path / "other.json"
    other.write_text('{"format_version": 7}')
    cases = [
        (report(tmp_path), "name at least one of projects and groups"),
        ({"package_report": {"groups": ["acme"]}}, NO_DEST),
        ({"package_report": {"groups": ["acme"], "formats": ["md"]}, "check_mode": True}, NO_DEST),
        (
            report(tmp_path, groups=["acme"], compare_with=str(tmp_path / "none.json")),
            f"compare_with '{tmp_path}/none.json' cannot be read: No such file or directory",
        ),
        (
            report(tmp_path, groups=["acme"], compare_with=str(other)),
            f"compare_with '{other}' is a report of format 7, and this release reads format 1",
        ),
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
    in_file = json.loads((all_of_it / "report.json").read_text())
    jsonschema.Draft202012Validator(REPORT_SCHEMA).validate(in_file)
    assert in_file.pop("all_names")["total"] == totals["names"]
    assert in_file == written["report"]
    assert written["text"] == [
        "9 packages in 2 projects, 3.9 KiB",
        "  3 packages of type generic, 3.9 KiB",
        "  6 packages of type npm, 0 B",
        "1 failed upload (status error)",
        "the policy frees 1,000 B of 3.9 KiB (25 %) by deleting 1 of 9 packages of acme; 7 match no rule",
        "the policy frees 0 of 0 B by deleting 0 of 0 packages of acme/tools; 0 match no rule",
    ]
    assert written["report"]["headline"] == ("The policy frees 1,000 B of 3.9 KiB (25 %) by deleting 1 of 9 packages.")
    assert (check["changed"], check["files"]) == (written["changed"], written["files"]) == (True, written["files"])
    assert only_html["report"]["totals"]["packages"] == 6


def test_nothing_is_written_without_formats_and_links_lead_to_this_server(shop: Sandbox, playbook: t.Any) -> None:
    options = {"groups": ["acme"], "formats": []}
    real, check = playbook(shop, {"package_report": options}, {"package_report": options, "check_mode": True}).results
    for result in (real, check):
        assert (result["changed"], result["files"]) == (False, {})
    assert real["report"]["summary"] == check["report"]["summary"]
    assert "bytes" not in real["report"]["summary"]
    (broken,) = real["report"]["broken"]["rows"]
    assert broken["web_url"] is None  # GitLab has no page of a failed upload
    rows = [row for row in real["report"]["stalest"]["rows"] if row["name"] == "app"]
    origin = shop.url.partition("/api")[0]
    assert [row["web_url"] for row in rows] == [f"{origin}/acme/web/shop/-/packages/{row['id']}" for row in rows]
    assert rows


def test_a_report_is_compared_with_the_one_that_it_replaces(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    options = {"with_sizes": True, "formats": ["json", "html", "md"]}
    first, second = playbook(
        shop,
        report(tmp_path, projects=["acme/tools"], **options),
        report(tmp_path, groups=["acme"], compare_with=str(tmp_path / "report.json"), **options),
    ).results
    assert "comparison" not in first["report"]
    made = second["report"]["comparison"]
    assert made["totals"]["packages"] == {"before": 6, "after": 9, "change": 3}
    assert made["totals"]["bytes"]["change"] == 4000
    assert [(row["project_path"], row["state"]) for row in made["by_project"]["rows"]] == [("acme/web/shop", "new")]
    assert not made["same_scope"]
    assert {row["name"] for row in made["new_names"]["rows"]} == {"app", "broken"}
    assert second["text"][-1].endswith(", of another scope: +3 packages, +3.9 KiB, 2 names new, 0 names vanished")
    in_file = json.loads((tmp_path / "report.json").read_text())
    jsonschema.Draft202012Validator(REPORT_SCHEMA).validate(in_file)
    assert in_file["comparison"] == made
    assert "What has changed" in (tmp_path / "report.html").read_text()
    assert "## What has changed" in (tmp_path / "report.md").read_text()


def as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def test_hostile_names_are_text(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (result,) = playbook(shop, report(tmp_path, projects=["acme/tools"])).results
    texts = {kind: Path(path).read_text(encoding="utf-8") for kind, path in result["files"].items()}
    in_file = json.loads(texts["json"])
    assert {name for row in in_file.pop("all_names")["rows"] for name in row["names"]} == set(HOSTILE)
    assert in_file == result["report"]
    assert all(name in json.dumps(result["report"], ensure_ascii=False) for name in map(as_json, HOSTILE))
    rows = list(csv.DictReader(texts["csv"].splitlines()))
    assert {row["name"] for row in rows} == set(map(cell, HOSTILE))
    assert "'=cmd|'/c calc'!A1" in {row["name"] for row in rows}
    assert "<script>alert" not in texts["html"]
    assert "&lt;script&gt;alert(1)" in texts["html"]
    assert "{{ 7 * 7 }}" in texts["html"]
    assert "\u202e" not in texts["html"] + texts["md"]
    assert "`<script>alert(1)</script>`" in texts["md"]
    assert "[d](https://example.com)" not in texts["md"]


def test_what_governs_the_projects_is_told_as_far_as_it_can_be_read(
    playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox], tmp_path: Path
) -> None:
    guard = {"package_name_pattern": "@acme/*", "package_type": "npm", "minimum_access_level_for_push": "maintainer"}
    tagged = [package(f"@{scope}/ui", "1.0.0", "npm", tags=["stable"]) for scope in ("acme", "other")]
    big = package("installer", files=[{"file_name": "setup.exe", "size": 4 * 2**30}])
    old = {"path": "acme/web/old", "id": 43, "archived": True, "packages": [big]}
    made = seed(
        *tagged, projects=[old], protection_rules=[guard], cleanup_policy={"keep_n_duplicated_package_files": 10}
    )
    forwarding = {"npm_package_requests_forwarding": True, "generic_duplicates_allowed": False}
    made["groups"].append({"path": "acme/web", "id": 8, "package_settings": forwarding})
    sandbox = start(made)
    policy = {"rules": [{"name": "gone", "match": {"name": "@other/*"}, "delete_all": True}]}
    task = {"package_report": {"groups": ["acme"], "policy": policy, "with_governance": True, "dest": str(tmp_path)}}
    job = {"package_report": {"projects": ["42"], "with_governance": True, "formats": [], "api_job_token": "glcbt-mia"}}
    whole, less, least = playbook(
        sandbox,
        task,
        {"package_report": {**task["package_report"], "formats": [], "api_token": "glpat-mia"}},
        job,
        token="glpat-root",
    ).results
    assert {request["method"] for request in sandbox.requests() if request["path"] != "/api/graphql"} == {"GET"}
    archived, shop = whole["report"]["governance"]
    assert (archived["archived"], archived["packages_size"], shop["archived"]) == (True, 4 * 2**30, False)
    assert [(rule["package_name_pattern"], rule["minimum_access_level_for_push"]) for rule in shop["rules"]] == [
        ("@acme/*", "maintainer")
    ]
    assert (shop["cleanup_policy"], shop["duplicates"]["generic"], shop["forwarding"]["npm"]) == ("10", False, True)
    assert (shop["unread"], "rules" in archived["unread"]) == ({}, archived["rules"] is None)
    assert [(one["severity"], one["id"], one["project"]) for one in whole["report"]["findings"]] == [
        ("high", "dependency-confusion", "acme/web/shop"),
        ("medium", "unguarded-stable", "acme/web/shop"),
        ("low", "archived-storage", "acme/web/old"),
    ]
    said = "no rule guards 1 name with packages tagged stable (npm @other/ui)"
    assert f"medium: acme/web/shop: {said}" in whole["text"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert all(title in text for text in (page, markdown) for title in ("What to look at", "What governs the projects"))
    assert "`npm @acme/*: push maintainer, delete maintainer`" in markdown
    # The maintainer may not read the group's settings: what is not known is said, and worth less.
    shop = less["report"]["governance"][1]
    assert (shop["forwarding"], shop["cleanup_policy"]) == (None, "10")
    assert "by its owners only" in shop["unread"]["settings"]
    assert less["report"]["findings"][1]["id"] == "vanishing-names"
    [shop] = least["report"]["governance"]
    assert (shop["rules"], shop["cleanup_policy"], shop["archived"]) == (None, None, False)
    assert all("takes no job token" in words for words in shop["unread"].values())
