# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from hypothesis import given

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    DELETE,
    group_name,
    is_good,
    iter_decisions,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.summary import Summary
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    NOW,
    Package,
    ago,
    package,
    packages,
    policies,
)


def summary_of(
    registry: t.Iterable[Package], policy: dict[str, t.Any], **arguments: t.Any
) -> tuple[dict[str, t.Any], list[str]]:
    checked = validate_policy(policy)
    summary = Summary(checked)
    for decision in iter_decisions(registry, checked, NOW, **arguments):
        summary.add(decision)
    return summary.document(), summary.warnings()


@given(packages(), policies())
def test_each_package_is_counted_once(listed: list[Package], policy: dict[str, t.Any]) -> None:
    told, _warnings = summary_of(listed, policy, listed=lambda one: ("listed",) if one["id"] % 5 == 0 else ())
    assert told["packages"] == len(listed) == told["delete"] + told["keep"]
    rules = told["by_rule"].values()
    assert told["delete"] == sum(counts["delete"] for counts in rules)
    kept_by_rules = sum(counts["keep"] for counts in rules)
    assert told["keep"] == told["protected"] + told["listed"] + told["unmatched"] + kept_by_rules
    assert list(told["by_rule"]) == [rule["name"] for rule in policy["rules"]]


@given(packages(), policies())
def test_what_vanishes_is_what_had_a_good_version_and_has_none_left(
    listed: list[Package], policy: dict[str, t.Any]
) -> None:
    for one in listed:
        if one["package_type"] == "generic":
            one["package_type"] = "pypi"
    decisions = list(iter_decisions(listed, validate_policy(policy), NOW))
    names = {(d.package["project_id"], d.package["package_type"], d.package["name"]) for d in decisions}
    expected = set()
    for name in names:
        good = [
            d
            for d in decisions
            if is_good(d.package) and (d.package["project_id"], d.package["package_type"], d.package["name"]) == name
        ]
        if name[1] in ("npm", "pypi", "maven") and good and all(d.action == DELETE for d in good):
            expected.add(name[1:])
    told, warnings = summary_of(listed, policy)
    assert {(entry["package_type"], entry["name"]) for entry in told["vanishing"]} == expected
    assert any("can take a name that is free" in warning for warning in warnings) == bool(expected)
    if policy.get("keep_at_least"):
        assert not expected


def test_what_matches_nothing_is_told() -> None:
    policy = {
        "protect": [{"name": "core-*"}, {"name": "@acme/*"}, {"tag": "stable"}, {"name": "@acme/ui"}],
        "rules": [
            {"name": "a", "match": {"name": "x"}, "keep_latest": 1},
            {"name": "b", "keep_latest": 1},
            {"name": "shadowed", "match": {"name": "y"}, "delete_all": True},
        ],
    }
    told, warnings = summary_of([package(1), package(2, name="y")], policy)
    assert told["without_match"] == ["protect 'core-*'", "protect tag 'stable'", "rule 'a'", "rule 'shadowed'"]
    assert warnings == [
        "nothing that is listed is of protect 'core-*', protect tag 'stable', rule 'a', rule 'shadowed': is the policy"
        " written for this registry?"
    ]
    # An entry that nobody can judge decides all the same.
    told, warnings = summary_of(
        [package(1, project_path=None)], {"protect": [{"project": "acme/*"}], "rules": [{"keep_latest": 1}]}
    )
    assert told["without_match"] == ["rule 'rule 1'"]
    assert told["protected"] == 1


def test_file_rules_and_what_they_govern() -> None:
    policy = {
        "protect": [{"name": "core"}],
        "rules": [],
        "files": [
            {"name": "a", "match": {"name": ["@acme/*", "core"]}, "keep_latest_copies": 1},
            {"name": "b", "match": {"name": "core"}, "keep_latest_builds": 1},
        ],
    }
    checked = validate_policy(policy)
    summary = Summary(checked)
    for decision in iter_decisions([package(1), package(2, name="core")], checked, NOW):
        summary.add(decision)
    assert [(one["id"], rule.name) for one, rule in summary.with_file_rules] == [(1, "a")]
    assert summary.document()["without_match"] == ["file rule 'b'"]


def test_vanishing_names() -> None:
    listed = [
        package(1),
        package(2, name="@acme/b", status="error"),
        package(3, package_type="generic", name="tool"),
        package(4, package_type="maven", name="acme/app", version=None),
        package(5, package_type="maven", name="acme/app"),
        package(6, project_id=43, project_path=None),
        package(7, name="left"),
    ]
    policy = {"rules": [{"name": "most", "match": {"exclude": {"name": "left"}}, "delete_all": True}]}
    told, warnings = summary_of(listed, policy)
    assert told["vanishing"] == [
        {"project_path": "acme/web/shop", "package_type": "maven", "name": "acme/app"},
        {"project_path": "acme/web/shop", "package_type": "npm", "name": "@acme/ui"},
        {"project_path": None, "package_type": "npm", "name": "@acme/ui"},
    ]
    assert "nothing would be left of acme/app (maven), @acme/ui (npm), @acme/ui (npm): where GitLab" in warnings[0]
    told, warnings = summary_of(listed, {"keep_at_least": 1, **policy})
    assert (told["vanishing"], warnings) == ([], [])


def test_downloads_that_a_proxy_may_hide() -> None:
    policy = {"rules": [{"match": {"name": "app"}, "keep_downloaded": True}, {"keep_downloaded_within": "90d"}]}

    def warned(never: int, fetched: int, **fields: t.Any) -> bool:
        listed = [package(n, package_type="generic", name="app" if n % 2 else "b", **fields) for n in range(never)]
        listed += [package(1000 + n, package_type="generic", last_downloaded_at=ago(days=400)) for n in range(fetched)]
        return any("a proxy in front of GitLab may hide" in warning for warning in summary_of(listed, policy)[1])

    assert warned(100, 0)
    assert warned(91, 9)
    assert not warned(90, 10)  # 90 %, and not more
    assert not warned(99, 0)
    # Others that no keep of downloads governs do not matter.
    assert not summary_of([package(n) for n in range(200)], {"rules": [{"keep_latest": 500}]})[1]


def test_a_server_that_tells_no_tags_is_told_once() -> None:
    listed = [package(n) for n in range(3)]
    for one in listed:
        del one["tags"]
    _told, warnings = summary_of(listed, {"rules": [{"keep_latest": 1}]})
    assert warnings == ["the server does not tell the tags of npm packages: 2 are kept, as any may have the tag latest"]


def test_a_conan_name_is_no_name_that_vanishes() -> None:
    conan = package(1, package_type="conan", name="zlib/1.3@acme/stable")
    assert group_name(conan) == "zlib@acme/stable"
    assert summary_of([conan], {"rules": [{"delete_all": True}]})[0]["vanishing"] == []
