# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a plan's packages, in words, and the bytes of a plan that was made with sizes."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import decide
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import (
    build_plan,
    diff_text,
    results_text,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import NOW, package

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
