# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small plan that the tests of plans, of drift and of their texts share."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import iter_decisions
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import build_plan
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
