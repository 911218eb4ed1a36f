# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan in words, and what became of its packages."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import decide
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import build_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_text import (
    DIFF_ALL,
    DIFF_GROUPS,
    diff_text,
    overview,
    results_text,
    whole_text,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import NOW, package

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
KINDS = ("deleted", "already_absent", "failed")


def result(rule: str, kind: str, size: int | None = None) -> dict[str, t.Any]:
    return {"rule": rule, "result": kind, **({} if size is None else {"size": size})}


def test_nothing() -> None:
    assert results_text([], KINDS) == ["0 packages: nothing to delete"]


def test_by_rule_the_largest_first() -> None:
    results = [result("b", "failed"), result("a", "deleted"), result("c", "deleted"), result("c", "already_absent")]
    assert results_text(results, KINDS) == [
        "4 packages: 2 deleted, 1 already_absent, 1 failed",
        "  rule 'c': 1 deleted, 1 already_absent",
        "  rule 'a': 1 deleted",
        "  rule 'b': 1 failed",
    ]


def test_bytes_are_those_that_were_freed() -> None:
    results = [result("a", "deleted", 2048), result("a", "deleted", 1024), result("a", "failed", 4096)]
    assert results_text(results, KINDS) == [
        "3 packages: 2 deleted (3.0 KiB), 1 failed",
        "  rule 'a': 2 deleted (3.0 KiB), 1 failed",
    ]


def test_a_rule_plays_no_tricks_on_a_terminal() -> None:
    assert all(line.isprintable() for line in results_text([result("a\x1b[2J\n", "deleted")], KINDS))


def test_the_diff_says_the_bytes_of_a_plan_with_sizes() -> None:
    policy = validate_policy({"rules": [{"name": "old", "keep_latest": 1}]})
    plan = build_plan(
        decide([package(1), package(2), package(3)], policy, NOW),
        policy=policy,
        scope={"project": "acme/web/shop"},
        api_url="https://gitlab.example.com",
        created_at=datetime(2026, 11, 20, tzinfo=timezone.utc),
        reference_time=NOW,
    )
    assert "(1,000 B)" not in diff_text(plan)
    for entry, size in zip(plan["delete"], (600, 400)):
        entry["size"] = size
    lines = diff_text(plan).splitlines()
    assert lines[0] == "delete 2 of 3 packages (1,000 B), keep 1 (0 of them match no rule)"
    assert lines[2] == "rule 'old' deletes 2 packages (1,000 B):"


def test_the_diff_of_a_small_plan_lists_everything() -> None:
    assert diff_text(plan_of()).splitlines() == [
        "delete 2 of 5 packages, keep 3 (1 of them protected, 1 match no rule)",
        "",
        "rule 'old' deletes 2 packages:",
        "  acme/web/shop  npm  @acme/ui: 2 packages, created 2026-11-20",
        "    - 1.0.2 (id 2, 2026-11-20): number 2 of 3, newest first (1 kept)",
        "    - 1.0.3 (id 3, 2026-11-20): number 3 of 3, newest first (1 kept)",
    ]
    assert diff_text(plan_of([])) == "delete 0 of 0 packages, keep 0 (0 of them match no rule)\n"


def test_the_overview_and_the_whole_page() -> None:
    plan = plan_of()
    assert overview(plan) == [
        "delete 2 of 5 packages, keep 3 (1 of them protected, 1 match no rule)",
        "  rule 'old': deletes 2 of 3",
        "  rule 'never': governs nothing",
    ]
    assert whole_text(plan).splitlines() == [
        *diff_text(plan).splitlines()[:2],
        "rule   deletes  keeps  frees",
        "old          2      1",
        "never        0      0",
        *diff_text(plan).splitlines()[1:],
    ]
    large = plan_of(package(n, name=f"@acme/{n % 3}") for n in range(DIFF_ALL + 10))
    assert all(f"(id {entry['id']}, " in whole_text(large) for entry in large["delete"])


def test_a_reason_that_all_of_a_name_have_stands_once() -> None:
    policy = {"rules": [{"name": "all", "delete_all": True}]}
    assert diff_text(plan_of([package(1), package(2)], policy)).splitlines()[3:] == [
        "  acme/web/shop  npm  @acme/ui: 2 packages, created 2026-11-20",
        "    each: rule 'all' deletes what it matches",
        "    - 1.0.1 (id 1, 2026-11-20)",
        "    - 1.0.2 (id 2, 2026-11-20)",
    ]


def test_a_package_without_a_version_is_shown_as_such() -> None:
    metadata = [package(7, package_type="maven", version=None)]
    policy = {"rules": [{"name": "metadata", "match": {"versionless": True}, "delete_all": True}]}
    assert "    - (no version) (id 7, 2026-11-20): " in diff_text(plan_of(metadata, policy))


def test_the_diff_is_the_same_after_a_round_trip() -> None:
    plan = plan_of([package(n, project_id=n % 3) for n in range(40)])
    assert diff_text(json.loads(json.dumps(plan, sort_keys=True))) == diff_text(plan)


def test_the_diff_of_a_large_plan_is_bounded() -> None:
    few_names = diff_text(plan_of(package(n, name=f"@acme/{n % 3}") for n in range(10_000))).splitlines()
    assert len(few_names) < 50
    assert few_names[0] == "delete 9997 of 10000 packages, keep 3 (0 of them match no rule)"
    assert few_names[3].startswith("  acme/web/shop  npm  @acme/0: 3333 packages, created 20")
    assert few_names[4].startswith("    - 1.0.3 (id 3, ")
    assert "    … 3324 more, see the plan" in few_names
    many_names = diff_text(plan_of(package(n, name=f"@acme/{n // 2}") for n in range(10_000))).splitlines()
    assert len(many_names) == 3 + 2 * DIFF_GROUPS + 1
    assert many_names[-1] == "  … 4900 more names with 4900 packages, see the plan"


def test_the_diff_shows_each_package_up_to_a_number() -> None:
    text = diff_text(plan_of(package(n) for n in range(DIFF_ALL + 1)))
    assert all(f"(id {n}, " in text for n in range(1, DIFF_ALL + 1))
    assert "see the plan" not in text


@given(_TEXT, _TEXT)
def test_nothing_in_a_diff_plays_tricks_on_a_terminal(name: str, version: str) -> None:
    policy = {"rules": [{"name": "all\x1b[2J", "delete_all": True}]}
    text = diff_text(plan_of([package(1, name=name, version=version, project_path=None)], policy))
    assert len(text.splitlines()) == 5
    assert all(line.isprintable() for line in text.split("\n"))


def test_what_protection_rules_would_refuse_is_told_once_and_at_its_entry() -> None:
    plan = plan_of()
    assert "protection" not in diff_text(plan)
    plan["summary"].update(protection="unknown", foreseen_protected=0)
    assert diff_text(plan).splitlines()[1] == "whether GitLab's protection rules would refuse any is not known"
    rule = {"package_name_pattern": "@acme/\u202e*", "minimum_access_level_for_delete": "owner"}
    plan["delete"][0].update(protected=True, protected_by=rule)
    plan["delete_files"] = []
    plan["summary"]["files"] = {"files": 0, "delete": 0, "keep": 0, "bytes": 0, "unreadable": 0, "by_rule": {}}
    lines = diff_text(plan).splitlines()
    assert lines[1:3] == [
        "GitLab's protection rules would refuse 1 of these packages",
        "whether GitLab's protection rules would refuse more is not known",
    ]
    assert [line for line in lines if "; protected by GitLab's rule '@acme/\\u202e*'" in line] == [lines[6]]
