# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What 0.1.0 planned for many policies and registries, as data in ``recorded/``, and the same asked of today's code.

``registries.json`` holds the packages of each registry as a list gives them; a registry may be one of the sandbox's
release histories. ``policies.json`` holds policies by name. ``plans.json`` holds, for each pair of both, the summary,
and the IDs of the packages by decision: ``delete`` by rule and reason, ``keep`` by rule (empty: none) and reasons.
"""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import iter_decisions
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import build_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import retention_fields
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    Package,
    stamp,
)

FOLDER = Path(__file__).parent / "recorded"
HISTORIES = Path(__file__).parents[3] / "sandbox" / "seeds" / "histories"
#: What the policies take for now.
REFERENCE = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)

#: A decision as it is recorded: ``delete`` or ``keep``, the rule (empty: none), and why.
Recorded = tuple[str, str, str]


def load(name: str) -> t.Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def packages_of(registry: t.Any) -> list[Package]:
    """The packages of a recorded registry: its own list, or a release history as packages of project 77."""
    if isinstance(registry, list):
        return registry
    history = json.loads((HISTORIES / registry["history"]).read_text(encoding="utf-8"))
    packages = []
    for number, (version, published) in enumerate(history["versions"][: registry["versions"]], 1):
        created = datetime.fromisoformat(published)
        # Every seventh was fetched, some of them lately; the others never.
        downloaded = stamp(created + timedelta(days=11 * number)) if number % 7 == 0 else None
        packages.append(
            {
                "id": number,
                "project_id": 77,
                "project_path": "acme/web/history",
                "name": history["name"],
                "version": version,
                "package_type": "npm",
                "status": "default",
                "created_at": stamp(created),
                "last_downloaded_at": downloaded,
                "tags": [{"id": number, "name": "latest"}] if number == registry["versions"] else [],
            }
        )
    return packages


def plan_now(packages: t.Iterable[Package], policy: t.Any) -> tuple[dict[str, t.Any], dict[int, Recorded]]:
    """The summary of the plan that today's code makes, and what it decides on each package, by ID."""
    checked = validate_policy(policy)
    plan = build_plan(
        iter_decisions([retention_fields(package) for package in packages], checked, REFERENCE, explain_keeps=True),
        policy=checked,
        scope={"group": "acme", "group_id": 7, "exclude_subgroups": False},
        api_url="https://gitlab.example.com/api/v4",
        created_at=REFERENCE,
        reference_time=REFERENCE,
        explain_keeps=True,
    )
    decided: dict[int, Recorded] = {e["id"]: ("delete", e["rule"], e["reason"]) for e in plan["delete"]}
    for entry in plan["keep"]:
        decided[entry["id"]] = ("keep", entry["rule"] or "", "; ".join(entry["reasons"]))
    return plan["summary"], decided


def recorded_decisions(plan: dict[str, t.Any]) -> dict[int, Recorded]:
    """The decisions of a recorded plan, by ID."""
    return {
        package_id: (action, rule, why)
        for action in ("delete", "keep")
        for rule, by_reason in plan[action].items()
        for why, ids in by_reason.items()
        for package_id in ids
    }
