# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection rules: what is wanted against what is there."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._governance.rules import (
    DELETE,
    LEVELS,
    NO_RULE,
    PUSH,
    Wanted,
    compare,
    compare_one,
    key_of,
    takes_delete_levels,
)

Rule = dict[str, t.Any]


def rule(pattern: str = "a", kind: str = "npm", push: str | None = None, delete: str | None = None) -> Rule:
    return {"id": 1, "package_name_pattern": pattern, "package_type": kind, PUSH: push, DELETE: delete}


def old(pattern: str = "a") -> Rule:
    """A rule of a server without levels for deletes."""
    return {"id": 1, "package_name_pattern": pattern, "package_type": "npm", PUSH: "owner"}


@pytest.mark.parametrize(
    ("wanted", "there", "action", "fields"),
    [
        (Wanted("npm", "a", "owner"), None, "create", {PUSH: "owner"}),
        (Wanted("npm", "a", "owner", "maintainer"), None, "create", {PUSH: "owner"}),
        (Wanted("npm", "a", "owner"), rule(push="owner", delete="admin"), "keep", {}),
        (Wanted("npm", "a", "admin"), rule(push="owner", delete="admin"), "change", {PUSH: "admin"}),
        (Wanted("npm", "a", "developer"), rule(push="owner", delete="admin"), "change", {PUSH: None}),
        (Wanted("npm", "a", None, "maintainer"), rule(push="owner", delete="admin"), "change", {DELETE: None}),
        (Wanted("npm", "a", None, "maintainer"), rule(push="owner"), "keep", {}),
        (Wanted("npm", "a", present=False), rule(push="owner"), "remove", {}),
        (Wanted("npm", "a", present=False), None, "keep", {}),
    ],
)
def test_one_rule(wanted: Wanted, there: Rule | None, action: str, fields: Rule) -> None:
    change = compare_one(wanted, there, takes=True)
    names = {"package_name_pattern": "a", "package_type": "npm"} if action == "create" else {}
    assert (change.action, dict(change.fields), change.refused) == (action, {**names, **fields}, None)


@pytest.mark.parametrize(
    ("wanted", "there", "takes", "words"),
    [
        (Wanted("npm", "a"), None, None, "a rule must hold"),
        (Wanted("npm", "a", "developer", "maintainer"), None, None, "a rule must hold"),
        (Wanted("npm", "a", None, "owner"), None, False, "packages_protected_packages_delete"),
        (Wanted("npm", "a", "developer"), rule(push="owner"), True, "state: absent"),
    ],
)
def test_rules_that_cannot_be(wanted: Wanted, there: Rule | None, takes: bool | None, words: str) -> None:
    assert words in str(compare_one(wanted, there, takes).refused)


@pytest.mark.parametrize(
    ("rules", "takes"),
    [
        ([], None),
        ([rule(push="owner")], None),
        ([rule(push="owner"), rule(delete="owner")], True),
        ([rule()], False),
        ([rule(), rule(delete="owner")], True),
        ([old()], False),
    ],
)
def test_what_the_rules_show_of_levels_for_deletes(rules: list[Rule], takes: bool | None) -> None:
    assert takes_delete_levels(rules) is takes


def test_a_level_that_is_known_not_to_be_taken_is_not_sent() -> None:
    change = compare_one(Wanted("npm", "a", "owner", "owner"), old(), takes=False)
    assert (change.action, change.untaken) == ("keep", True)


def test_a_key_is_type_and_pattern_exactly() -> None:
    changes = compare([Wanted("npm", "a", "owner")], [rule("A", push="owner"), rule("a", "pypi", push="owner")], True)
    assert [(change.action, change.wanted.key) for change in changes] == [
        ("create", ("npm", "a")),
        ("remove", ("npm", "A")),
        ("remove", ("pypi", "a")),
    ]


_LEVELS = {name: st.none() | st.sampled_from(levels) for name, levels in LEVELS.items()}
_WANTED = st.lists(
    st.builds(Wanted, st.just("npm"), st.sampled_from("abc"), _LEVELS[PUSH], _LEVELS[DELETE], st.booleans()),
    unique_by=lambda wanted: wanted.key,
)
_THERE = st.lists(
    st.builds(
        rule,
        st.sampled_from("abcd"),
        st.just("npm"),
        st.sampled_from(("maintainer", "owner")),
        st.sampled_from((None, "owner")),
    ),
    unique_by=key_of,
)


@given(_WANTED, _THERE, st.booleans())
def test_what_was_done_is_not_done_again(wanted: list[Wanted], there: list[Rule], purge: bool) -> None:
    rules = {key_of(one): one for one in there}
    # What is refused may not be refused any more once another rule, which showed what the server takes, is gone.
    refused = set()
    for change in compare(wanted, there, purge):
        if change.refused:
            refused.add(change.wanted.key)
            continue
        key = change.wanted.key
        if change.action == "remove":
            del rules[key]
        elif change.action in ("create", "change"):
            rules[key] = {**rule(key[1]), **rules.get(key, {}), **change.fields}
    again = [
        change
        for change in compare(wanted, list(rules.values()), purge)
        if not change.refused and change.wanted.key not in refused
    ]
    # Which levels the server takes may show only afterwards.
    assert [change for change in again if change.action != "keep"] == []
    for one in wanted:
        there_now = rules.get(one.key)
        if one.present and there_now:
            for name, level in ((PUSH, one.push), (DELETE, one.delete)):
                assert (
                    level is None
                    or (there_now[name] or NO_RULE[name]) == level
                    or not all(
                        change.refused is None and not change.untaken for change in compare(wanted, there, purge)
                    )
                )
    if not purge:
        assert {key_of(one) for one in there} - {one.key for one in wanted} <= set(rules)
