# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from hypothesis import given

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import (
    KEEP_KEYS,
    MATCH_KEYS,
    POLICY_KEYS,
    RULE_KEYS,
    PolicyError,
    validate_policy,
)
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    package,
    policies,
)

EXAMPLE: dict[str, t.Any] = {
    "protect": [{"name": "acme/core-*"}],
    "rules": [
        {
            "name": "snapshots",
            "match": {"package_type": ["maven"], "version": ["*-SNAPSHOT"]},
            "keep_latest": 3,
            "keep_within": "14d",
        },
        {
            "name": "nightlies",
            "match": {"name": ["@acme/nightly*"]},
            "keep_daily": 14,
            "keep_weekly": 8,
            "keep_monthly": 12,
            "keep_downloaded_within": "90d",
        },
        {"name": "broken uploads", "match": {"status": ["error"]}, "delete_all": True},
    ],
}


def test_the_example_of_the_documentation_is_read() -> None:
    policy = validate_policy(EXAMPLE)
    snapshots, nightlies, broken = policy.rules
    assert snapshots.counts == {"keep_latest": 3}
    assert snapshots.within["keep_within"].length == timedelta(days=14)
    assert snapshots.order_by == "created_at"
    assert nightlies.counts == {"keep_daily": 14, "keep_weekly": 8, "keep_monthly": 12}
    assert broken.delete_all
    assert [entry.label for entry in policy.protect] == ["'acme/core-*'"]
    assert policy.document == EXAMPLE


def test_the_key_tables() -> None:
    assert set(POLICY_KEYS) == {"keep_at_least", "protect", "rules", "files"}
    assert {"package_type", "status", "tag", "name", "version", "project", "ref"} < set(MATCH_KEYS)
    assert {"prerelease", "versionless", "exclude"} < set(MATCH_KEYS)
    assert {"name", "match", "order_by", "per", "delete_all", *KEEP_KEYS} == set(RULE_KEYS)
    assert {"keep_latest", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly"} < set(KEEP_KEYS)
    assert {"keep_within", "keep_downloaded_within", "keep_downloaded"} < set(KEEP_KEYS)


def rule(**fields: t.Any) -> dict[str, t.Any]:
    return {"rules": [{"name": "old", **fields}]}


REFUSED: list[tuple[t.Any, str]] = [
    (None, "policy must be a mapping, not null"),
    ([], "policy must be a mapping, not list []"),
    ({}, "policy: rules is missing"),
    ({"rules": None}, "policy: rules is null: give it a value, or leave the key out"),
    ({"rules": {"name": "x"}}, "policy: rules must be a list, not dict {'name': 'x'}"),
    ({"rules": [], "protected": []}, "policy: unknown key 'protected': did you mean protect?"),
    ({"rules": ["x"]}, "policy: rule 1 must be a mapping, not str 'x'"),
    ({"rules": []}, "policy: rules is an empty list, so that nothing would ever be deleted: give at least one rule"),
    ({"rules": [], "protect": [{"name": "x"}]}, "policy: rules is an empty list"),
    ({"rules": [], "files": []}, "policy: files is an empty list: leave the key out, or give at least one entry"),
    ({"rules": [{"keep_latest": 1}, {"keep_latest": -2}]}, "policy: rule 2: keep_latest must be a whole"),
    (rule(keep_lastest=3), "policy: rule 'old': unknown key 'keep_lastest': did you mean keep_latest?"),
    (rule(xyz=3), "policy: rule 'old': unknown key 'xyz': there are name, match, "),
    (rule(), "policy: rule 'old': no keep is given: a rule that deletes all that it matches says delete_all: true"),
    (rule(delete_all=False), "policy: rule 'old': no keep is given"),
    (rule(keep_latest=None), "policy: rule 'old': no keep is given"),
    (rule(delete_all=True, keep_daily=1), "policy: rule 'old': delete_all and keep_daily exclude each other"),
    (rule(delete_all=True, keep_within="1d"), "policy: rule 'old': delete_all and keep_within exclude each other"),
    (rule(delete_all="yes"), "policy: rule 'old': delete_all must be true or false, not 'yes'"),
    (rule(delete_all=1), "policy: rule 'old': delete_all must be true or false, not 1"),
    (
        rule(delete_all=True, match={}),
        "policy: rule 'old': match is empty, and would be every package: leave match out",
    ),
    (rule(keep_within="1d", match={}), "policy: rule 'old': match is empty, and would be every package: leave match"),
    (
        {"rules": [], "files": [{"match": {}, "keep_latest_copies": 1}]},
        "policy: file rule 1: match is empty, and would be every package: leave match out to say so",
    ),
    (rule(delete_all=True, match=None), "policy: rule 'old': match is null: give it a value, or leave the key out"),
    (rule(keep_latest=1, match=None), "policy: rule 'old': match is null"),
    (rule(delete_all=True, match={"name": None}), "policy: rule 'old': match: name is null: give it a value, or"),
    (rule(keep_within="1d", match={"status": None}), "policy: rule 'old': match: status is null"),
    (rule(keep_within="1d", match={"name": "a", "version": None}), "policy: rule 'old': match: version is null"),
    (rule(keep_within="1d", match={"name": [None]}), "policy: rule 'old': match: name holds None, which is not a text"),
    (rule(keep_latest=1, order_by=None), "policy: rule 'old': order_by is null"),
    (rule(keep_latest=1, delete_all=None), "policy: rule 'old': delete_all is null"),
    ({"rules": [{"name": None, "keep_latest": 1}]}, "policy: rule 1: name is null"),
    (rule(keep_latest=0), "policy: rule 'old': no keep is given (keep_latest: 0 keeps nothing): a rule that deletes"),
    (rule(keep_latest="0"), "policy: rule 'old': no keep is given (keep_latest: 0 keeps nothing): a rule that deletes"),
    (rule(keep_daily=0, keep_yearly=0, delete_all=False), "policy: rule 'old': no keep is given (keep_daily: 0 keeps"),
    (rule(delete_all=True, keep_latest=0, keep_daily=1), "policy: rule 'old': delete_all and keep_daily exclude each"),
    (rule(keep_weekly=-1), "policy: rule 'old': keep_weekly must be a whole number that is not negative, not -1"),
    (rule(keep_monthly=True), "policy: rule 'old': keep_monthly must be a whole number that is not negative, not True"),
    (rule(keep_yearly=1.0), "policy: rule 'old': keep_yearly must be a whole number that is not negative, not 1.0"),
    (rule(keep_daily="-3"), "policy: rule 'old': keep_daily must be a whole number that is not negative, not '-3'"),
    (
        rule(keep_daily="three"),
        "policy: rule 'old': keep_daily must be a whole number that is not negative, not 'three",
    ),
    (rule(keep_daily="3\n"), "policy: rule 'old': keep_daily must be a whole number that is not negative, not '3"),
    (rule(keep_daily="٣"), "policy: rule 'old': keep_daily must be a whole number that is not negative, not '٣'"),
    (rule(keep_daily=""), "policy: rule 'old': keep_daily must be a whole number that is not negative, not ''"),
    (rule(keep_daily="9" * 5000), "policy: rule 'old': keep_daily must be a whole number that is not negative, not"),
    (rule(delete_all="true"), "policy: rule 'old': delete_all must be true or false, not 'true'"),
    (rule(keep_within="14"), "policy: rule 'old': keep_within: '14' is not a duration"),
    (rule(keep_within=14), "policy: rule 'old': keep_within: 14 is not a duration"),
    (rule(keep_downloaded_within="0d"), "policy: rule 'old': keep_downloaded_within: '0d' is no time at all"),
    (rule(keep_latest=1, order_by="name"), "policy: rule 'old': order_by must be created_at or version, not 'name'"),
    (rule(keep_latest=1, order_by=["version"]), "policy: rule 'old': order_by must be created_at or version, not ["),
    (rule(keep_latest=1, match=["x"]), "policy: rule 'old': match must be a mapping, not list ['x']"),
    (rule(keep_latest=1, match={"names": "x"}), "policy: rule 'old': match: unknown key 'names': did you mean name?"),
    (rule(keep_latest=1, match={"name": []}), "policy: rule 'old': match: name is an empty list"),
    (rule(keep_latest=1, match={"name": ""}), "policy: rule 'old': match: name holds an empty text"),
    (
        rule(keep_latest=1, match={"name": {"a": 1}}),
        "policy: rule 'old': match: name must be a text or a list of texts",
    ),
    (
        rule(keep_latest=1, match={"version": 1.0}),
        "policy: rule 'old': match: version must be a text or a list of texts, not 1.0: put",
    ),
    (
        rule(keep_latest=1, match={"version": [1.0]}),
        "policy: rule 'old': match: version holds 1.0, which is not a text: put",
    ),
    (
        rule(keep_latest=1, match={"package_type": ["mvn"]}),
        "policy: rule 'old': match: package_type 'mvn' does not exist: did you mean maven?",
    ),
    (
        rule(keep_latest=1, match={"status": "gone"}),
        "policy: rule 'old': match: status 'gone' does not exist: there are",
    ),
    ({"rules": [{"name": 7, "keep_latest": 1}]}, "policy: rule 1: name must be a text that is not empty, not 7"),
    ({"rules": [{"name": " ", "keep_latest": 1}]}, "policy: rule 1: name must be a text that is not empty, not ' '"),
    (
        {"rules": [{"name": "a", "keep_latest": 1}, {"name": "a", "keep_latest": 2}]},
        "policy: two rules are named 'a': each needs a name of its own",
    ),
    (
        {"rules": [{"name": "rule 2", "keep_latest": 1}, {"keep_latest": 2}]},
        "policy: two rules are named 'rule 2': each needs a name of its own",
    ),
    (rule(keep_downloaded="yes"), "policy: rule 'old': keep_downloaded must be true or false, not 'yes'"),
    (rule(keep_downloaded=False), "policy: rule 'old': no keep is given: a rule that deletes all"),
    (rule(keep_downloaded=True, delete_all=True), "policy: rule 'old': delete_all and keep_downloaded exclude each"),
    (rule(keep_latest=1, per="patch"), "policy: rule 'old': per must be name, major, minor or ref, not 'patch'"),
    (rule(keep_latest=1, per=None), "policy: rule 'old': per is null"),
    (rule(keep_latest=0, keep_within="1d", per="minor"), "policy: rule 'old': per says what is counted apart, and no"),
    (rule(delete_all=True, per="minor"), "policy: rule 'old': per says what is counted apart, and no count is given"),
    (rule(keep_latest=1, match={"prerelease": "true"}), "policy: rule 'old': match: prerelease must be true or false"),
    (rule(keep_latest=1, match={"prerelease": 1}), "policy: rule 'old': match: prerelease must be true or false"),
    (rule(keep_latest=1, match={"versionless": False}), "policy: rule 'old': match: versionless can only be true"),
    (
        rule(keep_latest=1, match={"versionless": True, "version": "*"}),
        "policy: rule 'old': match: versionless and version exclude each other",
    ),
    (
        rule(keep_latest=1, match={"prerelease": False, "versionless": True}),
        "policy: rule 'old': match: versionless and prerelease exclude each other",
    ),
    (rule(keep_latest=1, match={"ref": []}), "policy: rule 'old': match: ref is an empty list"),
    (rule(keep_latest=1, match={"exclude": []}), "policy: rule 'old': match: exclude is an empty list"),
    (rule(keep_latest=1, match={"exclude": "x"}), "policy: rule 'old': match: exclude must be a mapping or a list of"),
    (rule(keep_latest=1, match={"exclude": [{}]}), "policy: rule 'old': match: exclude: entry 1 is empty, and would"),
    (rule(keep_latest=1, match={"exclude": {}}), "policy: rule 'old': match: exclude: entry 1 is empty"),
    (
        rule(keep_latest=1, match={"exclude": [{"name": "a"}, {"exclude": {"name": "b"}}]}),
        "policy: rule 'old': match: exclude: entry 2: an exclusion has no exclusions of its own",
    ),
    (
        rule(keep_latest=1, match={"exclude": {"versionless": True, "version": "1"}}),
        "policy: rule 'old': match: exclude: entry 1: versionless and version exclude each other",
    ),
    (rule(keep_latest=1, match={"exclude": {"nam": "b"}}), "policy: rule 'old': match: exclude: entry 1: unknown key"),
    ({"keep_at_least": -1, "rules": []}, "policy: keep_at_least must be a whole number that is not negative, not -1"),
    ({"keep_at_least": True, "rules": []}, "policy: keep_at_least must be a whole number"),
    ({"keep_at_least": None, "rules": []}, "policy: keep_at_least is null"),
    ({"protect": [], "rules": [{"keep_latest": 1}]}, "policy: protect is an empty list: leave the key out, or give at"),
    ({"protect": {"name": "x"}, "rules": []}, "policy: protect must be a list, not dict"),
    ({"protect": ["x"], "rules": []}, "policy: protect entry 1 must be a mapping, not str 'x'"),
    ({"protect": [{"name": "x"}, {}], "rules": []}, "policy: protect entry 2 is empty"),
    ({"protect": [{"name": None}], "rules": []}, "policy: protect entry 1: name is null"),
    ({"protect": [{"name": "x", "tag": None}], "rules": []}, "policy: protect entry 1: tag is null"),
    ({"protect": [None], "rules": []}, "policy: protect entry 1 must be a mapping, not null"),
    ({"protect": None, "rules": []}, "policy: protect is null: give it a value, or leave the key out"),
    ({"protect": [{"keep": 1}], "rules": []}, "policy: protect entry 1: unknown key 'keep'"),
    ({"protect": [{"package_type": "x"}], "rules": []}, "policy: protect entry 1: package_type 'x' does not exist"),
]


@pytest.mark.parametrize(("policy", "message"), REFUSED, ids=lambda value: value[:70] if isinstance(value, str) else "")
def test_a_wrong_policy_is_refused_with_the_rule_and_the_key(policy: t.Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        validate_policy(policy)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_rule_needs_neither_name_nor_match() -> None:
    policy = validate_policy({"rules": [{"keep_latest": 1}, {"delete_all": True}]})
    assert [rule.name for rule in policy.rules] == ["rule 1", "rule 2"]
    assert all(rule.governs(package(1)) for rule in policy.rules)


def test_a_keep_that_is_null_counts_as_not_written() -> None:
    policy = validate_policy({"rules": [{"name": "old", "keep_latest": 1, "keep_daily": None, "keep_within": None}]})
    assert policy.document == {"rules": [{"name": "old", "keep_latest": 1}]}


def test_a_count_of_zero_counts_as_not_written() -> None:
    policy = validate_policy({"rules": [{"keep_latest": 0, "keep_daily": 3}, {"keep_weekly": 0, "delete_all": True}]})
    assert [rule.counts for rule in policy.rules] == [{"keep_daily": 3}, {}]
    assert policy.rules[1].delete_all
    # It stays in the document: that is what the user wrote.
    assert policy.document["rules"][0] == {"keep_latest": 0, "keep_daily": 3}


def test_a_text_of_digits_is_a_count() -> None:
    policy = validate_policy(
        {"rules": [{"keep_latest": "3", "keep_daily": "007", "keep_within": "1d", "keep_yearly": "0"}]}
    )
    assert policy.rules[0].counts == {"keep_latest": 3, "keep_daily": 7}
    # A plan is the same whether a template gave the number or its text.
    assert policy.document["rules"][0] == {"keep_latest": 3, "keep_daily": 7, "keep_within": "1d", "keep_yearly": 0}


def test_the_label_of_a_match() -> None:
    def label(**match: t.Any) -> str:
        return validate_policy({"protect": [match], "rules": [{"keep_latest": 1}]}).protect[0].label

    assert label(name=["a", "b"], tag="x") == "'a' or 'b', tag 'x'"
    assert label(prerelease=False, ref="main") == "ref 'main', no prerelease"
    assert label(versionless=True, package_type="maven") == "package_type 'maven', versionless"
    assert label(name="a*", exclude=[{"name": "ab"}, {"prerelease": True}]) == "'a*' but not ('ab'; prerelease)"
    assert label(exclude={"name": "ab"}) == "all but not ('ab')"


def test_zero_and_false_count_as_not_written() -> None:
    policy = validate_policy({"keep_at_least": "2", "rules": [{"keep_latest": 1, "keep_downloaded": False}]})
    assert (policy.keep_at_least, policy.document["keep_at_least"]) == (2, 2)
    assert policy.rules[0].flags == frozenset()
    assert validate_policy({"keep_at_least": 0, "rules": [{"keep_latest": 1}]}).keep_at_least == 0


class _Text(str):
    """As Ansible's own kinds of text are."""


def test_the_document_is_plain_data_and_a_copy() -> None:
    given = {"rules": [{"name": _Text("old"), "match": {"name": (_Text("a"),)}, "keep_latest": 1}]}
    document = validate_policy(given).document
    assert type(document["rules"][0]["name"]) is str
    assert document["rules"][0]["match"] == {"name": ["a"]}
    assert type(document["rules"][0]["match"]["name"][0]) is str
    given["rules"].clear()
    assert document["rules"]


@given(policies())
def test_a_document_is_a_policy_again(policy: dict[str, t.Any]) -> None:
    document = validate_policy(policy).document
    assert validate_policy(document).document == document


def holds(match: dict[str, t.Any], **fields: t.Any) -> bool | None:
    checked = validate_policy({"rules": [{"keep_latest": 1, **({"match": match} if match else {})}]})
    return checked.rules[0].governs(package(7, **fields))


@pytest.mark.parametrize(
    ("match", "fields", "expected"),
    [
        ({"name": "@acme/*"}, {}, True),
        ({"name": "@acme"}, {}, False),
        ({"name": "ui"}, {}, False),
        ({"name": "*ui"}, {}, True),
        ({"name": "@ACME/*"}, {}, False),
        ({"name": "@acme/u?"}, {}, True),
        ({"name": "@acme/[tu]i"}, {}, True),
        ({"name": "@acme/[!u]i"}, {}, False),
        ({"name": "[[]x]"}, {"name": "[x]"}, True),
        ({"name": "a.c"}, {"name": "abc"}, False),
        ({"name": "a*"}, {"name": "a\nb"}, True),
        ({"name": "a"}, {"name": "a\n"}, False),
        ({"name": ["x", "@acme/ui"]}, {}, True),
        ({"name": "@acme/*", "version": "2.*"}, {}, False),
        ({"version": "1.0.*"}, {}, True),
        ({"version": "*"}, {"version": None}, False),
        ({"version": "*-SNAPSHOT"}, {"version": "1.0-snapshot"}, False),
        ({"package_type": "npm"}, {}, True),
        ({"package_type": ["maven", "pypi"]}, {}, False),
        ({"status": "error"}, {}, False),
        ({"status": ["error", "default"]}, {}, True),
        ({"status": "default"}, {"status": None}, True),
        ({"tag": "latest"}, {"tags": ["latest"]}, True),
        ({"tag": "latest"}, {"tags": [{"id": 1, "name": "latest"}]}, True),
        ({"tag": "late*"}, {"tags": ["latest"]}, False),
        ({"tag": ["a", "b"]}, {"tags": ["b", "c"]}, True),
        ({"tag": "latest"}, {"tags": None}, None),
        ({"project": "acme/*"}, {}, True),
        ({"project": "acme/web"}, {}, False),
        ({"project": "acme/*"}, {"project_path": None}, None),
        ({"project": "acme/*", "name": "other"}, {"project_path": None}, False),
        ({"name": "zlib"}, {"package_type": "conan", "name": "zlib/1.3@a/b", "conan_package_name": "zlib"}, True),
        ({"name": "zlib"}, {"package_type": "conan", "name": "zlib/1.3@a/b"}, True),
        ({"name": "zlib/1.3@*"}, {"package_type": "conan", "name": "zlib/1.3@a/b"}, True),
        ({"name": "zlib"}, {"package_type": "npm", "name": "zlib/1.3@a/b"}, False),
        ({"prerelease": True}, {"version": "1.0.0-rc.1"}, True),
        ({"prerelease": False}, {"version": "1.0.0-rc.1"}, False),
        ({"prerelease": False}, {}, True),
        ({"prerelease": False}, {"version": "wip"}, False),
        ({"prerelease": True}, {"version": "wip"}, False),
        ({"prerelease": False}, {"version": "1.0.0rc1", "package_type": "maven"}, False),
        ({"prerelease": True}, {"version": "dev-main", "package_type": "composer"}, True),
        ({"versionless": True}, {"version": None}, True),
        ({"versionless": True}, {}, False),
        ({}, {"version": None}, False),
        ({"name": "@acme/*"}, {"version": None}, False),
        ({"ref": "feature/*"}, {"pipeline": {"ref": "feature/login"}}, True),
        ({"ref": ["main", "release"]}, {"pipeline": {"ref": "feature/login"}}, False),
        ({"ref": "*"}, {"pipeline": None}, False),
        ({"ref": "*"}, {}, False),
        ({"exclude": {"name": "@acme/*"}}, {}, False),
        ({"exclude": [{"name": "@acme/*", "tag": "next"}]}, {}, True),
        ({"exclude": [{"tag": "next"}, {"name": "@acme/*"}]}, {}, False),
        ({"name": "@acme/*", "exclude": {"project": "x"}}, {"project_path": None}, None),
        ({"name": "y", "exclude": {"project": "x"}}, {"project_path": None}, False),
        ({"exclude": [{"project": "x"}, {"name": "@acme/*"}]}, {"project_path": None}, False),
        ({"project": "x", "exclude": {"name": "@acme/*"}}, {"project_path": None}, False),
        ({"exclude": {"versionless": True}}, {}, True),
    ],
)
def test_match(match: dict[str, t.Any], fields: dict[str, t.Any], expected: bool | None) -> None:
    assert holds(match, **fields) is expected
