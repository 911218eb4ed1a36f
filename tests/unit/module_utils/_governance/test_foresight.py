# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rule would refuse a delete, in every case of the contract; what is not known stays unknown."""

from __future__ import annotations

import re
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._governance.foresight import (
    Caller,
    covers,
    delete_refused,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.rules import DELETE, PUSH

MAINTAINER = Caller(40, exact=True, admin=False)
OWNER = Caller(50, exact=True, admin=False)
DEPLOY = Caller(deploy_token=True)


def rule(pattern: str = "a", kind: str = "generic", push: str | None = None, delete: str | None = None) -> t.Any:
    return {"id": 1, "package_name_pattern": pattern, "package_type": kind, PUSH: push, DELETE: delete}


OWNERS, ADMINS = rule(delete="owner"), rule("a*", delete="admin")
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
    ("rules", "caller", "refused"),
    [
        (None, MAINTAINER, None),
        ([], MAINTAINER, False),
        ([rule("b", delete="admin")], MAINTAINER, False),
        ([rule(kind="npm", delete="admin")], MAINTAINER, False),
        # The level against the role; the strictest of several decides.
        ([OWNERS], MAINTAINER, True),
        ([OWNERS], OWNER, False),
        ([ADMINS], OWNER, True),
        ([OWNERS, ADMINS], OWNER, True),
        ([OWNERS, rule(push="admin")], OWNER, False),
        # Levels for publishing alone, a flag that is off, a server without levels for deletes.
        ([rule(push="admin")], MAINTAINER, False),
        ([rule()], MAINTAINER, False),
        ([OLD], MAINTAINER, False),
        # Administrators pass.
        ([OWNERS, ADMINS], Caller(admin=True), False),
        # What is not known: a role that may be higher than what is shown, and whether it is an administrator.
        ([OWNERS], Caller(), None),
        ([OWNERS], Caller(40, admin=False), None),
        ([OWNERS], Caller(40, exact=True), None),
        ([OWNERS], Caller(50), False),
        ([rule(delete="auditor")], MAINTAINER, None),
        # A deploy token is refused by every rule that matches, while deletes are refused at all.
        ([OWNERS], DEPLOY, True),
        ([rule(push="owner"), rule("b", delete="owner")], DEPLOY, True),
        ([rule(push="owner")], DEPLOY, None),
        ([rule()], DEPLOY, False),
        ([rule("b", delete="owner")], DEPLOY, False),
    ],
)
def test_whether_a_delete_is_refused(rules: t.Any, caller: Caller, refused: bool | None) -> None:
    assert delete_refused(rules, caller, "generic", "a") is refused


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_matches_as_an_expression_would(pattern: str, name: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    assert covers(rule(pattern), "generic", name) is bool(re.fullmatch(expression, name))
