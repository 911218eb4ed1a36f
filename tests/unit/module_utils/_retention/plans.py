# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small plan that the tests of plans, of drift and of their texts share."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import decide, iter_decisions
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_plan import (
    Governed,
    govern,
    plan_files,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_rules import governing_file_rule
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import build_plan, digest
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    NOW,
    Package,
    ago,
    package,
)

URL = "https://gitlab.example.com/api/v4"
POLICY: dict[str, t.Any] = {
    "protect": [{"name": "core"}],
    "rules": [
        {"name": "old", "match": {"name": ["@acme/*"]}, "keep_latest": 1},
        {"name": "never", "match": {"name": "none"}, "delete_all": True},
    ],
}
LISTED = [
    package(1),
    package(2, last_downloaded_at=ago(hours=1)),
    package(3, tags=["x"], creator_id=7),
    package(4, name="core"),
    package(5, name="other"),
]


def plan_of(
    listed: t.Iterable[Package] = LISTED, policy: dict[str, t.Any] = POLICY, *, explain_keeps: bool = False
) -> dict[str, t.Any]:
    checked = validate_policy(policy)
    return build_plan(
        iter_decisions(listed, checked, NOW, explain_keeps=explain_keeps),
        policy=checked,
        scope={"group": "acme", "group_id": 7, "exclude_subgroups": False},
        api_url=URL,
        created_at=NOW,
        reference_time=NOW - timedelta(days=1),
        explain_keeps=explain_keeps,
    )


def plan_with_files(
    listed: list[Package], files: dict[int, list[dict[str, t.Any]]], policy: dict[str, t.Any]
) -> dict[str, t.Any]:
    """A plan as planning.py makes it, from files that were read before."""
    checked = validate_policy(policy)
    governed = []
    for decision in decide(listed, checked, NOW):
        rule = governing_file_rule(decision, checked)
        if rule is not None:
            read = files.get(decision.package["id"])
            governed.append(Governed(rule.name, None) if read is None else govern(decision.package, rule, read))
    plan = plan_of(listed, policy)
    plan["delete_files"], plan["summary"]["files"] = plan_files(checked, governed)
    return {**plan, "digest": digest(plan)}
