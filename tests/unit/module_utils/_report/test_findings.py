# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit finds: pure, from plans and from what governs the projects."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._report.findings import (
    archived,
    findings,
    unguarded,
    vanishing,
)

Json = dict[str, t.Any]


def plan(*names: str, kind: str = "npm", project: str | None = "acme/shop") -> Json:
    entries = [{"project_path": project, "package_type": kind, "name": name} for name in names]
    return {"summary": {"vanishing": entries}}


def state(**given: t.Any) -> Json:
    whole = {"rules": [], "forwarding": None, "archived": False, "packages_size": None}
    return {"project_path": "acme/shop", **whole, **given}


def guard(pattern: str, kind: str = "npm", push: str = "maintainer", delete: str = "maintainer") -> Json:
    levels = {"minimum_access_level_for_push": push, "minimum_access_level_for_delete": delete}
    return {"package_name_pattern": pattern, "package_type": kind, **levels}


def test_forwarding_makes_a_vanishing_name_worse_or_harmless() -> None:
    plans = [plan("a"), plan("b", kind="pypi"), plan("c", kind="maven")]
    found = findings(plans, [state(forwarding={"npm": True, "pypi": False})], {})
    assert [(one["severity"], one["id"]) for one in found] == [
        ("high", "dependency-confusion"),
        ("medium", "vanishing-names"),
    ]
    assert found[0]["text"].startswith("the policy leaves nothing of 1 npm name (a): GitLab forwards requests")


def test_what_is_tagged_stable_is_to_be_guarded_by_a_rule_that_says_something() -> None:
    stable = [("npm", "@acme/ui"), ("npm", "@acme/log"), ("composer", "acme/web")]
    said = [one["text"] for one in unguarded(state(rules=[guard("@acme/u*"), guard("*", push="developer")]), stable)]
    assert said == ["no rule guards 1 name with packages tagged stable (npm @acme/log)"]
    assert list(unguarded(state(rules=None), stable)) == []
    assert list(unguarded(state(rules=[guard("*", push="developer", delete="owner")]), stable)) == []


def test_an_archived_project_is_told_where_it_holds_much() -> None:
    held = [
        state(archived=archived, packages_size=size) for archived in (True, False) for size in (40 * 2**30, 1, None)
    ]
    assert [[one["text"] for one in archived(row)] for row in held] == [
        ["the archived project holds 40.0 GiB of packages; nothing can be deleted there"],
        *[[]] * 5,
    ]


def test_names_that_vanish_are_one_finding_for_each_project_and_type() -> None:
    found = vanishing([plan("a", "b\u202e"), plan("c", kind="pypi"), plan("d", project=None), {"summary": {}}], {})
    assert [(one["id"], one["project"]) for one in found] == [
        ("vanishing-names", "acme/shop"),
        ("vanishing-names", "acme/shop"),
        ("vanishing-names", None),
    ]
    assert found[0]["text"].startswith("the policy leaves nothing of 2 npm names (a, b\\u202e): where GitLab")
    many = vanishing([plan(*"abcdefg")], {})
    assert "7 npm names (a, b, c, d, e and 2 more)" in many[0]["text"]
