# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes of docs/cookbook.md on the registry of `make sandbox`, and what the role's default guard says of each."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
import yaml

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.version_parts import is_prerelease
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import check_guards
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import PlanError
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import PlanRequest, make_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT
from gitlab_sandbox.testing import Sandbox

PAGE = (ROOT / "docs/cookbook.md").read_text(encoding="utf-8")
RECIPE = re.compile(r"<!-- example -->\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RECIPES = [(re.findall(r"^## (.*)$", PAGE[: m.start()], re.M)[-1], yaml.safe_load(m[1])) for m in RECIPE.finditer(PAGE)]
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in PAGE.split("## On the demo registry")[1].splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| recipe"))
]
GUARD = yaml.safe_load((ROOT / "roles/package_cleanup/defaults/main.yml").read_text())[
    "package_cleanup_max_delete_percent"
]
THAT_DAY = datetime(2026, 11, 21, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def api() -> Iterator[PackagesApi]:
    with (
        Sandbox(ROOT / "tests/sandbox/seeds/demo.yml") as sandbox,
        Client(Connection(sandbox.api_url, Token("private", "glpat-mia-read"))) as client,
    ):
        yield PackagesApi(client)


def test_each_recipe_does_what_its_row_says(api: PackagesApi) -> None:
    told = []
    for heading, policy in RECIPES:
        plan, _packages = make_plan(api, [Scope("group", "acme")], PlanRequest(validate_policy(policy), THAT_DAY))
        assert f"a registry with {plan['summary']['packages']:,} packages" in PAGE
        releases = [
            entry
            for entry in plan["delete"]
            if entry["status"] != "error" and is_prerelease(entry["version"], entry["package_type"]) is False
        ]
        try:
            check_guards(plan, max_delete_percent=GUARD)
            guard = "lets it"
        except PlanError:
            percent = 100 * plan["summary"]["delete"] / plan["summary"]["packages"]
            guard = f"refuses: {percent:.0f} % are old prereleases" if not releases else f"refuses: {percent:.0f} %"
        told.append((heading, f"{plan['summary']['delete']:,}", f"{len(releases):,}", guard))
    assert told == ROWS


@pytest.mark.parametrize(("heading", "policy"), RECIPES, ids=[heading for heading, _policy in RECIPES])
def test_each_recipe_hears_failed_uploads_first(heading: str, policy: dict[str, t.Any]) -> None:
    first = policy["rules"][0]
    assert first["match"] == {"status": "error"}, heading
    assert first["keep_within"]
