# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_markdown import plan_markdown
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import package


def test_the_page() -> None:
    plan = plan_of()
    for entry in plan["delete"]:
        entry["size"] = 1024
    plan["summary"]["bytes"] = 2048
    assert plan_markdown(plan).splitlines() == [
        "# Package clean-up: the plan",
        "",
        f"For `acme`, made at `{plan['created_at']}`. Its digest is `{plan['digest']}`.",
        "",
        "**It deletes 2 of 5 packages, which frees 2.0 KiB.** It keeps 3: 1 by rules, 1 protected, 0 on keep lists,"
        " 1 match no rule.",
        "",
        "| Rule | Deletes | Keeps | Frees |",
        "| --- | --: | --: | --: |",
        "| `old` | 2 | 1 | 2.0 KiB |",
        "| `never` | 0 | 0 | 0 B |",
        "",
        "For nothing: `rule 'never'`.",
        "",
        "## `old` deletes 2 packages",
        "",
        "| Project | Type | Name | Version | ID | Created | Size | Why |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| `acme/web/shop` | `npm` | `@acme/ui` | `1.0.2` | `2` | 2026-11-20 | 1.0 KiB |"
        " `number 2 of 3, newest first (1 kept)` |",
        "| `acme/web/shop` | `npm` | `@acme/ui` | `1.0.3` | `3` | 2026-11-20 | 1.0 KiB |"
        " `number 3 of 3, newest first (1 kept)` |",
    ]


def test_equal_reasons_stand_once_and_names_are_text() -> None:
    policy = {"rules": [{"name": "a|b", "delete_all": True}]}
    page = plan_markdown(plan_of([package(1, name="x|`y`"), package(2, name="<b>")], policy))
    assert page.count("Each of them: ") == 1
    assert "| Why |" not in page
    assert "x|" not in page
    assert all(line.count("|") == 7 for line in page.splitlines() if "/shop" in line)
