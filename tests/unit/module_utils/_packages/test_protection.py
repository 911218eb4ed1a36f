# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rule would refuse a delete, in every case of the contract; what is not known stays unknown."""

from __future__ import annotations

import re
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protection import (
    Caller,
    covers,
    is_refused,
    strictest,
    why_refused,
)

MAINTAINER = Caller(owner=False, admin=False)
OWNER = Caller(owner=True, admin=False)
ADMIN = Caller(owner=False, admin=True)
PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"


def rule(pattern: str = "a", kind: str = "generic", push: str | None = None, delete: str | None = None) -> t.Any:
    return {"id": 1, "package_name_pattern": pattern, "package_type": kind, PUSH: push, DELETE: delete}


OWNERS, ADMINS = rule(delete="owner"), rule("a*", delete="admin")
#: Before 17.11 no level for deletes is shown; 17.10 may have one all the same.
OLD = {"id": 1, "package_name_pattern": "a", "package_type": "generic", PUSH: "owner"}


@pytest.mark.parametrize(
    ("pattern", "kind", "name", "is_covered"),
    [
        ("a", "generic", "a", True),
        ("a", "generic", "ab", False),
        ("a*", "generic", "a", True),
        ("*", "npm", "@acme/ui", True),
        ("@acme/*", "npm", "@acme/ui", True),
        ("@ACME/*", "npm", "@acme/UI", True),
        ("@acme/*-core", "npm", "@acme/core", False),
        ("*a*b*", "generic", "xbxa", False),
        ("ab*ba", "generic", "aba", False),
        ("a_b", "generic", "axb", False),
        ("a%", "generic", "ab", False),
        ("a.b", "generic", "axb", False),
        ("a?", "generic", "ab", False),
        ("[a]", "generic", "a", False),
        ("zlib", "conan", "zlib/1.3@acme/stable", True),
        ("zlib/*", "conan", "zlib/1.3@acme/stable", False),
        ("my-tool", "pypi", "My__Tool", True),
        ("my.*", "pypi", "my-tool", True),
        ("my-tool", "generic", "my_tool", False),
    ],
)
def test_what_a_rule_covers(pattern: str, kind: str, name: str, is_covered: bool) -> None:
    assert covers(rule(pattern, kind), kind, name) is is_covered
    assert covers(rule(pattern, kind), "helm", name) is False


@pytest.mark.parametrize(
    ("rules", "maintainer", "owner", "admin"),
    [
        ([], False, False, False),
        # Other names, other types.
        ([rule("b", delete="admin")], False, False, False),
        ([rule(kind="npm", delete="admin")], False, False, False),
        # The level against the role; the strictest of several decides, in any order.
        ([OWNERS], True, False, False),
        ([ADMINS], True, True, False),
        ([OWNERS, ADMINS], True, True, False),
        ([ADMINS, OWNERS], True, True, False),
        ([OWNERS, rule("b", delete="admin")], True, False, False),
        ([rule(delete="maintainer")], False, False, False),
        # Levels for publishing alone, and what a flag that is off leaves of a rule.
        ([rule(push="admin")], False, False, False),
        ([OWNERS, rule(push="admin")], True, False, False),
        ([rule()], False, False, False),
        # A level that is not told, or that a later GitLab has.
        ([OLD], None, None, False),
        ([rule(delete="auditor")], None, None, False),
    ],
)
def test_whom_the_strictest_rule_refuses(rules: t.Any, maintainer: bool, owner: bool, admin: bool) -> None:
    decides = strictest(rules, "generic", "a")
    told = [decides is not None and is_refused(decides, caller) for caller in (MAINTAINER, OWNER, ADMIN)]
    assert told == [maintainer, owner, admin]


@pytest.mark.parametrize(
    ("caller", "of_owners", "of_admins"),
    [
        (Caller(), None, None),
        (Caller(owner=True), False, None),
        (Caller(owner=False), None, None),
        (Caller(admin=False), None, True),
        (Caller(admin=True), False, False),
    ],
)
def test_what_is_not_known_of_the_caller_is_no_guess(caller: Caller, of_owners: t.Any, of_admins: t.Any) -> None:
    assert (is_refused(OWNERS, caller), is_refused(ADMINS, caller)) == (of_owners, of_admins)


def test_why_names_the_pattern() -> None:
    hostile = rule("@acme/\u202e*", "npm", delete="owner")
    assert why_refused(hostile) == (
        "a package protection rule of the project forbids it: npm '@acme/\\u202e*' lets only owners delete"
    )
    assert why_refused(ADMINS).endswith("generic 'a*' lets only administrators delete")


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_matches_as_an_expression_would(pattern: str, name: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    assert covers(rule(pattern), "generic", name) is bool(re.fullmatch(expression, name))
