# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/examples/plan.rego, which docs/plan.md gives to users of OPA and conftest, on plans that the code makes."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from pathlib import Path

from regopy import Interpreter

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import iter_decisions
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import build_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import URL
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import NOW, package

DOCS = Path(__file__).parents[4] / "docs"
EXAMPLE = (DOCS / "examples" / "plan.rego").read_text(encoding="utf-8")


def refusals(plan: dict[str, t.Any]) -> list[str]:
    """What ``deny`` of the example says of a plan."""
    rego = Interpreter()
    rego.add_module("plan", EXAMPLE)
    rego.set_input(json.loads(json.dumps(plan)))
    answer = json.loads(str(rego.query("data.main.deny")))
    return sorted(answer["expressions"][0])


def plan_of(*listed: dict[str, t.Any]) -> dict[str, t.Any]:
    """The plan of a policy that deletes what is called old."""
    policy = validate_policy({"rules": [{"name": "old", "match": {"name": "old"}, "delete_all": True}]})
    return build_plan(
        iter_decisions(listed, policy, NOW),
        policy=policy,
        scope={"project": "acme/web/shop", "project_id": 42},
        api_url=URL,
        created_at=NOW,
        reference_time=NOW,
    )


def test_the_example_refuses_what_it_is_to_refuse() -> None:
    others = [package(number, name="other") for number in range(10, 16)]
    harmless = plan_of(package(1, name="old", package_type="helm", tags=None), package(2, name="old"), *others)
    assert refusals({**harmless, "summary": {**harmless["summary"], "vanishing": []}}) == []
    assert refusals(harmless) == ["nothing would be left of old (npm)"]
    assert refusals(plan_of(package(7, name="old", package_type="generic", tags=["next", "stable"]), *others)) == [
        "old 1.0.7 (id 7) is tagged stable"
    ]
    assert refusals(plan_of(package(1, name="old", package_type="generic"), package(2))) == [
        "1 of 2 packages would go, more than 25 %"
    ]
    assert refusals(plan_of()) == []
    assert refusals({**plan_of(), "format_version": "3.0"}) == ["this policy knows plans of format 2, not 3.0"]


def test_the_page_quotes_the_example() -> None:
    (quoted,) = re.findall(r"^```rego\n(.*?)^```$", (DOCS / "plan.md").read_text(encoding="utf-8"), re.M | re.S)
    assert quoted in EXAMPLE


def test_the_digest_is_what_the_page_says() -> None:
    page = (DOCS / "plan.md").read_text(encoding="utf-8")
    assert "written as JSON with sorted keys, without spaces and in ASCII" in page
    plan = plan_of(package(1, name="old", project_path="größe"))
    rest = json.dumps({k: v for k, v in plan.items() if k != "digest"}, sort_keys=True, separators=(",", ":"))
    assert plan["digest"] == "sha256:" + hashlib.sha256(rest.encode("ascii")).hexdigest()
