# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import sys
import time
import typing as t
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_duration, parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    DELETE,
    KEEP,
    KEEP_AT_LEAST,
    KEEPS,
    LISTED,
    NO_TAGS,
    NPM_LATEST,
    PROTECTED,
    UNMATCHED,
    Decision,
    decide,
    group_name,
    is_good,
    iter_decisions,
    judge,
    undecided_by_publication,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    COUNTS,
    DURATIONS,
    FLAGS,
    KEEP_VALUES,
    NOW,
    Package,
    ago,
    matches,
    package,
    packages,
    policies,
    stamp,
)


def decisions_of(listed: t.Iterable[Package], *rules: dict[str, t.Any], protect: t.Any = ()) -> dict[int, Decision]:
    policy = validate_policy({"rules": list(rules), **({"protect": list(protect)} if protect else {})})
    return {decision.package["id"]: decision for decision in decide(listed, policy, NOW)}


def deleted(listed: t.Iterable[Package], *rules: dict[str, t.Any], protect: t.Any = ()) -> list[int]:
    decisions = decisions_of(listed, *rules, protect=protect)
    return sorted(id for id, decision in decisions.items() if decision.action == DELETE)


def why(decision: Decision) -> t.Any:
    return decision.reason if decision.action == DELETE else decision.reasons


# --- each keep ----------------------------------------------------------------------------------------------------


def test_keep_latest_by_creation_time_ties_by_the_higher_id() -> None:
    same = ago(days=1)
    listed = [package(5, created_at=same), package(9, created_at=same), package(7, created_at=same), package(100)]
    decisions = decisions_of(listed, {"name": "old", "keep_latest": 3})
    assert why(decisions[9]) == ("latest 1 of 3",)
    assert why(decisions[7]) == ("latest 2 of 3",)
    assert why(decisions[5]) == ("latest 3 of 3",)
    assert why(decisions[100]) == "no keep of rule 'old' holds it: latest 4 of 4 (3 kept)"
    assert decisions[100].rule == decisions[9].rule == "old"


def test_keep_latest_by_version() -> None:
    versions = {1: "1.0.0-rc.2", 2: "1.0.0-rc.10", 3: "nightly", 4: "1.0.0", 5: "edge"}
    listed = [package(id, version=version) for id, version in versions.items()]
    rule = {"name": "old", "keep_latest": 2, "order_by": "version"}
    decisions = decisions_of(listed, rule)
    assert why(decisions[4]) == ("latest 1 of 2 by version",)
    assert why(decisions[2]) == ("latest 2 of 2 by version",)
    assert why(decisions[1]) == "no keep of rule 'old' holds it: latest 3 of 5 by version (2 kept)"
    # What does not parse comes last, the newer one first.
    assert "latest 4 of 5" in why(decisions[3])
    assert "latest 5 of 5" in why(decisions[5])


def test_order_by_version_is_each_types_own() -> None:
    maven = [package(1, package_type="maven", version="1.0-SNAPSHOT"), package(2, package_type="maven", version="1.0")]
    debian = [package(3, package_type="debian", version="1:0.1"), package(4, package_type="debian", version="9.0")]
    assert deleted([*maven, *debian], {"keep_latest": 1, "order_by": "version"}) == [1, 4]


@pytest.mark.parametrize(
    ("key", "moments", "kept"),
    [
        # Days are UTC: 23:59:59 and 00:00:00 are two of them.
        ("keep_daily", ["2026-11-20T00:00:00.000Z", "2026-11-19T23:59:59.999Z", "2026-11-19T08:00:00.000Z"], [1, 2]),
        ("keep_daily", ["2026-11-20T01:00:00+02:00", "2026-11-19T22:00:00Z", "2026-11-18T22:00:00Z"], [1, 3]),
        # ISO weeks begin on Monday; 2025-12-29 is of the first week of 2026.
        ("keep_weekly", ["2026-01-04T23:00:00Z", "2025-12-29T00:00:00Z", "2025-12-28T23:59:59Z"], [1, 3]),
        ("keep_weekly", ["2026-11-16T00:00:00Z", "2026-11-15T23:59:59Z", "2026-11-08T00:00:00Z"], [1, 2]),
        ("keep_monthly", ["2026-11-01T00:00:00Z", "2026-10-31T23:59:59Z", "2026-10-01T00:00:00Z"], [1, 2]),
        ("keep_yearly", ["2026-11-01T00:00:00Z", "2026-01-01T00:00:00Z", "2019-06-01T00:00:00Z"], [1, 3]),
    ],
)
def test_buckets_hold_the_newest_of_the_latest_two_that_there_are(
    key: str, moments: list[str], kept: list[int]
) -> None:
    listed = [package(number, created_at=moment) for number, moment in enumerate(moments, 1)]
    assert deleted(listed, {key: 2}) == sorted({1, 2, 3} - set(kept))


def test_the_reasons_of_buckets() -> None:
    listed = [
        package(1, created_at="2026-11-20T10:00:00.000Z"),
        package(2, created_at="2026-11-20T09:00:00.000Z"),
        package(3, created_at="2025-01-01T09:00:00.000Z"),
    ]
    all_buckets = {"keep_daily": 1, "keep_weekly": 1, "keep_monthly": 1, "keep_yearly": 1}
    decisions = decisions_of(listed, {"name": "old", **all_buckets})
    assert why(decisions[1]) == ("daily 2026-11-20", "weekly 2026-W47", "monthly 2026-11", "yearly 2026")
    assert why(decisions[2]) == (
        "no keep of rule 'old' holds it: not the latest of day 2026-11-20, not the latest of week 2026-W47,"
        " not the latest of month 2026-11, not the latest of year 2026"
    )
    assert "not of the latest day, not of the latest week, not of the latest month" in why(decisions[3])
    of_two = decisions_of([*listed, package(9, created_at=ago(days=900))], {"keep_daily": 2})
    assert why(of_two[9]) == "no keep of rule 'rule 1' holds it: older than the 2 latest days"


def test_keep_within_holds_at_its_border_and_in_the_future() -> None:
    listed = [
        package(1, created_at=ago(days=14)),
        package(2, created_at=ago(days=14, milliseconds=1)),
        package(3, created_at=ago(days=-3)),
    ]
    decisions = decisions_of(listed, {"name": "old", "keep_within": "14d"})
    assert why(decisions[1]) == why(decisions[3]) == ("within 14d",)
    assert why(decisions[2]) == "no keep of rule 'old' holds it: older than 14d"


def test_keep_downloaded_within() -> None:
    listed = [
        package(1, last_downloaded_at=ago(hours=36)),
        package(2, last_downloaded_at=ago(hours=36, milliseconds=1)),
        package(3, last_downloaded_at=None),
        package(4, last_downloaded_at=ago(hours=-1)),
    ]
    decisions = decisions_of(listed, {"name": "old", "keep_downloaded_within": "36h"})
    assert why(decisions[1]) == why(decisions[4]) == ("downloaded within 36h",)
    assert why(decisions[2]) == "no keep of rule 'old' holds it: not downloaded within 36h"
    assert why(decisions[3]) == "no keep of rule 'old' holds it: never downloaded"


def test_one_keep_is_enough_and_all_that_hold_are_named() -> None:
    listed = [package(1), package(24 * 20), package(24 * 30, last_downloaded_at=ago(days=1)), package(24 * 40)]
    decisions = decisions_of(
        listed, {"name": "old", "keep_latest": 1, "keep_within": "21d", "keep_downloaded_within": "7d"}
    )
    assert why(decisions[1]) == ("latest 1 of 1", "within 21d")
    assert why(decisions[24 * 20]) == ("within 21d",)
    assert why(decisions[24 * 30]) == ("downloaded within 7d",)
    assert why(decisions[24 * 40]) == (
        "no keep of rule 'old' holds it: latest 4 of 4 (1 kept), older than 21d, never downloaded"
    )


def test_delete_all() -> None:
    listed = [package(1, status="error"), package(2), package(3, status="error", created_at=None)]
    decisions = decisions_of(listed, {"name": "broken", "match": {"status": "error"}, "delete_all": True})
    assert why(decisions[1]) == why(decisions[3]) == "rule 'broken' deletes what it matches"
    assert decisions[2] == Decision(listed[1], KEEP, None, None, ("no rule matches",), UNMATCHED)
    assert decisions[2].unmatched
    assert not decisions[1].unmatched


# --- what governs, and groups -------------------------------------------------------------------------------------


def test_the_first_rule_that_matches_governs() -> None:
    listed = [package(1, version="1.0-rc"), package(2), package(3), package(4, version="2.0-rc"), package(5, name="x")]
    decisions = decisions_of(
        listed,
        {"name": "candidates", "match": {"version": "*-rc"}, "keep_latest": 1},
        {"name": "rest", "match": {"name": "@acme/*"}, "keep_latest": 1},
    )
    # Package 1 is the newest of all, and takes no place among those of the second rule.
    assert {id: (decision.rule, decision.action) for id, decision in decisions.items()} == {
        1: ("candidates", KEEP),
        2: ("rest", KEEP),
        3: ("rest", DELETE),
        4: ("candidates", DELETE),
        5: (None, KEEP),
    }


def test_a_later_rule_deletes_what_the_first_does_not_match_only() -> None:
    rules: list[dict[str, t.Any]] = [{"match": {"tag": "latest"}, "keep_latest": 1}, {"delete_all": True}]
    assert deleted([package(1, tags=["latest"]), package(2)], *rules) == [2]


def test_groups_are_project_type_and_name() -> None:
    listed = [
        package(1),
        package(2),
        package(3, project_id=43),
        package(4, package_type="generic"),
        package(5, name="@acme/UI"),
        package(6, project_path="acme/moved"),
    ]
    assert deleted(listed, {"keep_latest": 1}) == [2, 6]


def test_conan_recipes_are_grouped_without_their_version() -> None:
    recipes = [
        "zlib/1.3@acme/stable",
        "zlib/1.2@acme/stable",
        "zlib/1.2@acme/testing",
        "zlib/1.2",
        "zlib-ng/1.2",
        "zlib/1.1",
    ]
    listed = [
        package(id, package_type="conan", name=recipe, version=recipe.split("/")[1].split("@")[0])
        for id, recipe in enumerate(recipes, 1)
    ]
    for one in listed[:3]:
        one["conan_package_name"] = one["name"].split("/")[0]
    assert deleted(listed, {"keep_latest": 1}) == [2, 6]


def test_protected_packages_are_kept_and_take_no_place() -> None:
    listed = [package(1, name="@acme/core"), package(2, tags=["latest"]), package(3), package(4)]
    decisions = decisions_of(
        listed,
        {"name": "old", "keep_latest": 1},
        protect=[{"name": ["@acme/core*", "x"]}, {"tag": "latest", "project": "acme/*"}],
    )
    assert decisions[1] == Decision(listed[0], KEEP, None, None, ("protected by '@acme/core*' or 'x'",), PROTECTED)
    assert why(decisions[2]) == ("protected by tag 'latest', project 'acme/*'",)
    assert not decisions[2].unmatched
    assert why(decisions[3]) == ("latest 1 of 1",)
    assert decisions[4].action == DELETE


# --- what takes no place, and what else holds ----------------------------------------------------------------------


def test_a_failed_upload_takes_no_place() -> None:
    listed = [package(1, status="error"), package(2), package(3), package(4, status="error", last_downloaded_at=ago())]
    decisions = decisions_of(listed, {"name": "old", "keep_latest": 1, "keep_daily": 1})
    assert why(decisions[2]) == ("latest 1 of 1", "daily 2026-11-20")
    assert why(decisions[1]) == "no keep of rule 'old' holds it: a failed upload takes no place"
    assert decisions[3].action == DELETE
    # What looks at its times may hold it.
    assert deleted(listed, {"keep_latest": 2, "keep_within": "1h"}) == [4]
    assert deleted(listed, {"keep_latest": 2, "keep_downloaded_within": "1h"}) == [1]
    assert deleted(listed, {"keep_latest": 2, "keep_downloaded": True}) == [1]


def test_a_rule_that_names_the_status_counts_failed_uploads_like_any_other() -> None:
    listed = [package(1, status="error"), package(2), package(3)]
    assert deleted(listed, {"match": {"status": ["error", "default"]}, "keep_latest": 1}) == [2, 3]
    # What an exclusion names is not what the rule means.
    assert deleted(listed, {"match": {"exclude": {"status": "deprecated"}}, "keep_latest": 1}) == [1, 3]


def test_a_package_without_a_version_is_governed_only_by_a_rule_that_says_so() -> None:
    metadata = package(9, package_type="maven", name="acme/app", version=None)
    listed = [package(n, package_type="maven", name="acme/app") for n in (1, 2)]
    decisions = decisions_of([*listed, metadata], {"keep_latest": 1, "order_by": "version"})
    assert why(decisions[9]) == ("no rule matches",)
    assert decisions[1].action == DELETE
    for match in ({"name": "*"}, {"package_type": "maven"}, {"status": "default"}, {"exclude": {"name": "x"}}):
        assert deleted([metadata], {"match": match, "keep_within": "1h"}) == []
    assert deleted([metadata], {"delete_all": True}) == []
    assert deleted([*listed, metadata], {"match": {"versionless": True}, "delete_all": True}) == [9]
    assert deleted([*listed, metadata], {"match": {"versionless": True, "name": "acme/*"}, "keep_latest": 1}) == []
    assert why(decisions_of([metadata], {"delete_all": True}, protect=[{"name": "acme/*"}])[9]) == (
        "protected by 'acme/*'",
    )


def test_npm_latest_is_kept() -> None:
    listed = [package(1), package(2), package(3, tags=[{"id": 1, "name": "latest"}])]
    decisions = decisions_of(listed, {"name": "old", "keep_latest": 1})
    assert why(decisions[3]) == ("npm's tag latest",)
    assert (decisions[3].rule, decisions[3].held_by) == ("old", NPM_LATEST)
    assert deleted(listed, {"delete_all": True}) == [1, 2]
    # It ranks like any other, and a rule that names tags means it.
    assert deleted(listed, {"keep_latest": 3}) == []
    assert why(decisions_of(listed, {"keep_latest": 3})[3]) == ("latest 3 of 3", "npm's tag latest")
    assert deleted(listed, {"match": {"tag": "latest"}, "delete_all": True}) == [3]
    assert deleted(listed, {"match": {"exclude": {"tag": "next"}}, "delete_all": True}) == [1, 2]
    assert deleted([package(3, package_type="generic", tags=["latest"])], {"delete_all": True}) == [3]
    assert deleted([package(3, status="error", tags=["latest"])], {"delete_all": True}) == []


def test_an_npm_package_whose_tags_nobody_tells_is_kept() -> None:
    untold = package(3)
    del untold["tags"]
    decisions = decisions_of([package(1), package(2), untold], {"name": "old", "keep_latest": 1})
    assert why(decisions[3]) == (NO_TAGS,)
    assert deleted([untold, package(4, tags=None)], {"delete_all": True}) == []
    assert deleted([{**untold, "package_type": "pypi"}], {"delete_all": True}) == [3]


def test_keep_at_least_beats_every_rule_and_is_heard_last() -> None:
    listed = [package(1, status="error"), package(2), package(3, status="deprecated"), package(4, version=None)]
    policy = validate_policy({"keep_at_least": 2, "rules": [{"name": "all", "delete_all": True}]})
    decisions = {d.package["id"]: d for d in decide([*listed, package(5), package(6, created_at=None)], policy, NOW)}
    assert {id: d.held_by for id, d in decisions.items() if d.action == KEEP} == {
        2: KEEP_AT_LEAST,
        3: KEEP_AT_LEAST,
        4: UNMATCHED,
    }
    assert (why(decisions[2]), decisions[2].rule) == (("keep_at_least 2",), "all")
    # What is held anyway counts, whoever holds it.
    for rule in ({"keep_latest": 1}, {"match": {"version": "1.0.2"}, "keep_latest": 1}):
        policy = validate_policy({"keep_at_least": 1, "rules": [rule, {"delete_all": True}]})
        assert [d.package["id"] for d in decide(listed, policy, NOW) if d.held_by == KEEP_AT_LEAST] == []
    conan = [package(n, package_type="conan", name=f"zlib/1.{n}@acme/stable") for n in (1, 2)]
    policy = validate_policy({"keep_at_least": "1", "rules": [{"delete_all": True}]})
    assert [d.package["id"] for d in decide(conan, policy, NOW) if d.action == DELETE] == [2]


def test_keep_lists_come_after_protect_and_before_the_rules() -> None:
    listed = [package(1), package(2), package(3, name="core")]

    def named(one: t.Mapping[str, t.Any]) -> tuple[str, ...]:
        return ("used: sbom.json",) if one["id"] in (1, 3) else ()

    policy = validate_policy({"protect": [{"name": "core"}], "rules": [{"keep_latest": 1}]})
    decisions = {d.package["id"]: d for d in decide(listed, policy, NOW, listed=named)}
    assert decisions[1] == Decision(listed[0], KEEP, None, None, ("used: sbom.json",), LISTED)
    # It takes no place.
    assert (decisions[2].held_by, why(decisions[2])) == (KEEPS, ("latest 1 of 1",))
    assert decisions[3].held_by == PROTECTED
    assert judge(listed[0], policy, named) == (LISTED, None, ("used: sbom.json",))
    assert judge(listed[0], policy) == (None, policy.rules[0], ())


# --- counts in parts of a name -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per", "gone", "told"),
    [
        ("name", [2, 3, 4, 5, 6], "latest 1 of 1"),
        ("major", [2, 3], "latest 1 of 1 of major 1"),
        ("minor", [2], "latest 1 of 1 of minor 1.2"),
    ],
)
def test_counts_in_each_line_of_versions(per: str, gone: list[int], told: str) -> None:
    versions = {1: "1.2.4", 2: "1.2.3", 3: "1.1.9", 4: "2.0.0-rc.1", 5: "wip", 6: "1!0"}
    listed = [package(id, version=version, package_type="generic") for id, version in versions.items()]
    listed[5]["version"] = "0.1"
    decisions = decisions_of(listed, {"name": "old", "keep_latest": 1, "per": per})
    assert sorted(id for id, d in decisions.items() if d.action == DELETE) == gone
    assert why(decisions[1]) == (told,)
    if per == "minor":
        assert why(decisions[2]) == "no keep of rule 'old' holds it: latest 2 of 2 of minor 1.2 (1 kept)"
        assert why(decisions[5]) == ("latest 1 of 1 of those without a version number",)


def test_counts_on_each_branch() -> None:
    refs = {1: "main", 2: "feature/a", 3: "main", 4: "feature/a", 5: None, 6: None}
    listed = [package(id, package_type="generic", pipeline={"id": 7, "ref": ref}) for id, ref in refs.items()]
    listed[5]["pipeline"] = None
    decisions = decisions_of(listed, {"name": "builds", "keep_daily": 1, "per": "ref"})
    assert why(decisions[2]) == ("daily 2026-11-20 of ref feature/a",)
    assert why(decisions[3]) == "no keep of rule 'builds' holds it: not the latest of day 2026-11-20 of ref main"
    assert why(decisions[5]) == ("daily 2026-11-20 without a ref",)
    assert [decisions[id].action for id in (4, 6)] == [DELETE, DELETE]


# --- the last publication ------------------------------------------------------------------------------------------


def test_keep_within_counts_from_the_last_publication() -> None:
    listed = [*(package(id, package_type="pypi") for id in (100, 200, 300, 400)), package(500), package(1)]
    policy = validate_policy({"rules": [{"name": "old", "keep_within": "2d", "keep_latest": 1}]})
    # Only what nothing else holds, and what may be published again under its version: no npm.
    asked = undecided_by_publication(listed, policy, NOW)
    assert sorted(one["id"] for one in asked) == [200, 300, 400]
    published = {200: NOW - timedelta(days=1), 300: NOW - timedelta(days=9), 400: None}
    decisions = {d.package["id"]: d for d in decide(listed, policy, NOW, published=published)}
    assert why(decisions[200]) == ("published again within 2d",)
    assert why(decisions[400]) == ("the time of its last publication is unknown",)
    missed = "latest 3 of 4 (1 kept), older than 2d, its files too"
    assert why(decisions[300]) == f"no keep of rule 'old' holds it: {missed}"
    assert "older than 2d" in why(decisions[500])
    assert "files" not in why(decisions[500])
    without = validate_policy({"rules": [{"keep_latest": 1}]})
    assert undecided_by_publication(listed, without, NOW) == []


def test_what_keep_at_least_would_hold_is_asked_for_its_publication() -> None:
    listed = [package(id, package_type="pypi") for id in (100, 200)]
    policy = validate_policy({"keep_at_least": 1, "rules": [{"keep_within": "2d"}]})
    assert len(undecided_by_publication(listed, policy, NOW)) == 2
    published = {100: NOW - timedelta(days=4), 200: NOW}
    assert [d.package["id"] for d in decide(listed, policy, NOW, published=published) if d.action == DELETE] == [100]


def test_keep_downloaded() -> None:
    untold = package(3)
    del untold["last_downloaded_at"]
    listed = [package(1, last_downloaded_at=ago(days=900)), package(2), untold]
    decisions = decisions_of(listed, {"name": "old", "keep_downloaded": True})
    assert why(decisions[1]) == ("downloaded",)
    assert why(decisions[2]) == "no keep of rule 'old' holds it: never downloaded"
    assert why(decisions[3]) == ("its last download is unknown",)


def test_an_exclusion_that_nobody_can_judge_keeps() -> None:
    rule = {"name": "old", "match": {"name": "@acme/*", "exclude": [{"project": "acme/*"}]}, "delete_all": True}
    decisions = decisions_of([package(1, project_path=None), package(2), package(3, project_path="other")], rule)
    assert why(decisions[1]) == ("protected: its project path is unknown, and rule 'old' matches by project",)
    assert decisions[2].unmatched
    assert decisions[3].action == DELETE


# --- what is not known --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("created_at", [None, "", "yesterday", 7])
def test_without_a_creation_time_a_rule_with_keeps_deletes_nothing(created_at: t.Any) -> None:
    listed = [package(1, created_at=created_at), package(2, version="1.0.9"), package(3)]
    for rule in ({"keep_latest": 1}, {"keep_latest": 1, "order_by": "version"}, {"keep_daily": 1}):
        decisions = decisions_of(listed, rule)
        assert why(decisions[1]) == ("its creation time is unknown",)
        # It takes no place from the others.
        assert decisions[2].action == KEEP
        assert decisions[3].action == DELETE


def test_a_server_that_tells_no_downloads_satisfies_keep_downloaded_within() -> None:
    old_server = package(1)
    del old_server["last_downloaded_at"]
    decisions = decisions_of([old_server, package(2, last_downloaded_at="?")], {"keep_downloaded_within": "1d"})
    assert why(decisions[1]) == why(decisions[2]) == ("its last download is unknown",)


def test_an_unknown_project_path_protects_where_it_would_decide() -> None:
    hidden = {"project_path": None}
    rule = {"name": "old", "match": {"project": "acme/*", "name": "@acme/*"}, "delete_all": True}
    decisions = decisions_of(
        [package(1, **hidden), package(2, name="x", **hidden), package(3)], rule, {"delete_all": True}
    )
    assert why(decisions[1]) == ("protected: its project path is unknown, and rule 'old' matches by project",)
    assert decisions[2].action == decisions[3].action == DELETE
    protected = decisions_of([package(1, **hidden)], {"delete_all": True}, protect=[{"project": "acme/*"}])
    assert why(protected[1]) == ("protected: its project path is unknown, and project 'acme/*' is protected",)


# --- the whole ----------------------------------------------------------------------------------------------------


def test_a_package_that_is_listed_twice_counts_once() -> None:
    listed = [package(1), package(1), package(2), package(3)]
    assert deleted(listed, {"keep_latest": 2}) == [3]
    before, after = package(1), package(1, last_downloaded_at=ago(hours=1))
    for both in ([before, after], [after, before]):
        assert deleted([*both, package(0)], {"keep_latest": 1, "keep_downloaded_within": "1d"}) == []


def test_the_order_of_decisions() -> None:
    listed = [
        package(4),
        package(3, name="b"),
        package(2, project_id=7),
        package(9),
        package(1, package_type="generic"),
    ]
    policy = validate_policy({"rules": [{"keep_latest": 1}]})
    assert [decision.package["id"] for decision in decide(listed, policy, NOW)] == [2, 1, 4, 9, 3]


def test_keeps_need_not_be_explained() -> None:
    policy = validate_policy(
        {"protect": [{"name": "core"}], "rules": [{"match": {"name": "@acme/*"}, "keep_latest": 1}]}
    )
    listed = [package(1), package(2), package(3, name="core"), package(4, name="other"), package(5, created_at=None)]
    decisions = {d.package["id"]: d for d in iter_decisions(listed, policy, NOW, explain_keeps=False)}
    assert decisions[1].reasons == decisions[5].reasons == ()
    assert decisions[2].reason == "no keep of rule 'rule 1' holds it: latest 2 of 2 (1 kept)"
    assert decisions[3].reasons == ("protected by 'core'",)
    assert decisions[4].unmatched


def test_now_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        iter_decisions([], validate_policy({"rules": [{"keep_latest": 1}]}), datetime(2026, 11, 20))


def test_a_missing_univers_matters_only_to_order_by_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "univers", None)
    monkeypatch.delitem(sys.modules, "univers.versions", raising=False)
    assert deleted([package(1), package(2)], {"keep_latest": 1}) == [2]
    with pytest.raises(ImportError, match="univers"):
        deleted([package(1), package(2)], {"keep_latest": 1, "order_by": "version"})


@pytest.mark.parametrize("names", [1, 50, 20_000])
def test_100_000_packages_take_seconds(names: int) -> None:
    start = NOW - timedelta(minutes=10 * 100_000)
    listed = [
        package(n, name=f"app-{n % names}", version=f"1.0.{n}", created_at=stamp(start + timedelta(minutes=10 * n)))
        for n in range(100_000)
    ]
    rule = {"keep_latest": 3, "order_by": "version", "keep_daily": 14, "keep_within": "14d"}
    policy = validate_policy({"protect": [{"name": "core-*"}], "rules": [{"match": {"name": "app-*"}, **rule}]})
    started = time.process_time()
    assert sum(1 for _ in iter_decisions(listed, policy, NOW, explain_keeps=False)) == 100_000
    assert time.process_time() - started < 30  # 3 to 5 s


# --- properties ---------------------------------------------------------------------------------------------------


def deleted_ids(listed: list[Package], policy: dict[str, t.Any]) -> set[int]:
    decisions = decide(listed, validate_policy(policy), NOW)
    return {decision.package["id"] for decision in decisions if decision.action == DELETE}


@given(packages(), policies())
def test_every_package_gets_exactly_one_decision(listed: list[Package], policy: dict[str, t.Any]) -> None:
    decisions = decide(listed, validate_policy(policy), NOW)
    assert sorted(decision.package["id"] for decision in decisions) == sorted(one["id"] for one in listed)
    for decision in decisions:
        assert decision.action in (KEEP, DELETE)
        assert (decision.reason is not None) == (decision.action == DELETE)
        assert bool(decision.reasons) == (decision.action == KEEP)


@given(packages(), policies(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(
    listed: list[Package], policy: dict[str, t.Any], shuffle: random.Random
) -> None:
    before = decide(listed, validate_policy(policy), NOW)
    shuffle.shuffle(listed)
    assert decide(listed, validate_policy(policy), NOW) == before


@given(packages(), policies())
def test_a_protected_package_is_never_deleted(listed: list[Package], policy: dict[str, t.Any]) -> None:
    protect = validate_policy(policy).protect
    protected = {one["id"] for one in listed if any(entry.holds(one) is not False for entry in protect)}
    assert not protected & deleted_ids(listed, policy)


def bucket(one: Package, key: str) -> tuple[int, ...]:
    created = parse_time(one["created_at"])
    if key == "keep_weekly":
        return tuple(created.isocalendar())[:2]
    return tuple(created.timetuple())[: {"keep_daily": 3, "keep_monthly": 2, "keep_yearly": 1}[key]]


def numbers_of(one: Package) -> list[t.Any]:
    """A version of these tests as what orders it: what does not parse is the oldest."""
    numbers, dash, prerelease = str(one["version"]).partition("-")
    if numbers.count(".") != 2:
        return []
    return [*map(int, numbers.split(".")), not dash, prerelease]


def held(key: str, value: t.Any, rule: dict[str, t.Any], group: list[Package]) -> set[int]:
    """What one keep holds of one group, said as plainly as can be."""
    group = [one for one in group if one["created_at"]]
    newest_first = sorted(group, key=lambda one: (one["created_at"], one["id"]), reverse=True)
    if key == "keep_within":
        return {one["id"] for one in group if parse_time(one["created_at"]) >= NOW - parse_duration(value)}
    if key == "keep_downloaded_within":
        downloaded = [one for one in group if one.get("last_downloaded_at")]
        within = [one for one in downloaded if parse_time(one["last_downloaded_at"]) >= NOW - parse_duration(value)]
        return {one["id"] for one in within} | {one["id"] for one in group if "last_downloaded_at" not in one}
    if key == "keep_downloaded":
        return {one["id"] for one in group if one.get("last_downloaded_at", "untold") is not None}
    if key == "keep_latest":
        if rule.get("order_by") == "version":
            newest_first.sort(key=numbers_of, reverse=True)
        return {one["id"] for one in newest_first[:value]}
    latest = sorted({bucket(one, key) for one in group}, reverse=True)[:value]
    return {next(one["id"] for one in newest_first if bucket(one, key) == wanted) for wanted in latest}


def line_of(one: Package, per: str) -> t.Any:
    """What a count counts in, said as plainly as can be for the versions of these tests."""
    if per == "ref":
        return (one.get("pipeline") or {}).get("ref")
    numbers = str(one["version"]).partition("-")[0].split(".")
    if per == "name" or len(numbers) < 3:
        return per == "name"
    return numbers[: {"major": 1, "minor": 2}[per]]


def held_by_rule(group: list[Package], rule: dict[str, t.Any]) -> set[int]:
    """What the keeps of a rule hold of one group."""
    kept = {one["id"] for one in group if not one["created_at"]}
    for key, value in rule.items():
        if key in COUNTS:
            counted = group
            if "status" not in rule.get("match", {}):
                counted = [one for one in group if one["status"] != "error"]
            for line in [line_of(one, rule.get("per", "name")) for one in counted]:
                mine = [one for one in counted if line_of(one, rule.get("per", "name")) == line]
                kept |= held(key, value, rule, mine)
        elif key in KEEP_VALUES:
            kept |= held(key, value, rule, group)
    return kept


def expected_deletions(listed: list[Package], policy: dict[str, t.Any]) -> set[int]:
    checked = validate_policy(policy)
    governed: dict[t.Any, list[Package]] = {}
    groups: dict[t.Any, list[Package]] = {}
    for one in listed:
        name = one["name"]
        if one["package_type"] == "conan":
            name = name.split("/")[0] + "@" + name.split("@")[1]
        group = (one["project_id"], one["package_type"], name)
        groups.setdefault(group, []).append(one)
        verdicts = [entry.holds(one) for entry in checked.protect]
        if any(verdict is not False for verdict in verdicts):
            continue
        number = next((n for n, rule in enumerate(checked.rules) if rule.governs(one) is not False), None)
        if number is None or checked.rules[number].governs(one) is None:
            continue
        governed.setdefault((number, *group), []).append(one)
    expected = set()
    for (number, *_), group in governed.items():
        rule = policy["rules"][number]
        latest = set()
        if "tag" not in rule.get("match", {}):
            latest = {one["id"] for one in group if one["package_type"] == "npm" and may_be_latest(one)}
        kept = set() if rule.get("delete_all") else held_by_rule(group, rule)
        expected |= {one["id"] for one in group} - kept - latest
    for group in groups.values():
        good = [one for one in group if one["version"] and one["status"] in ("default", "deprecated")]
        going = sorted(
            (one for one in good if one["id"] in expected),
            key=lambda one: (one["created_at"] or "", one["id"]),
            reverse=True,
        )
        missing = max(0, policy.get("keep_at_least", 0) - (len(good) - len(going)))
        expected -= {one["id"] for one in going[:missing]}
    return expected


def may_be_latest(one: Package) -> bool:
    return "tags" not in one or any(
        "latest" in (tag, tag["name"] if isinstance(tag, dict) else "") for tag in one["tags"]
    )


@given(packages(), policies())
def test_exactly_what_no_keep_holds_is_deleted(listed: list[Package], policy: dict[str, t.Any]) -> None:
    assert deleted_ids(listed, policy) == expected_deletions(listed, policy)


def assert_no_more_goes(listed: list[Package], before: dict[str, t.Any], after: dict[str, t.Any]) -> None:
    """Nothing goes by ``after`` that ``before`` leaves; with ``keep_at_least``, of no name more good versions.

    There what a new keep holds may stand in for the one that ``keep_at_least`` had taken.
    """
    gone_before, gone_after = (deleted_ids(listed, policy) for policy in (before, after))
    if not before.get("keep_at_least"):
        assert gone_after <= gone_before
        return
    groups: dict[t.Any, list[Package]] = {}
    for one in listed:
        if is_good(one):
            groups.setdefault((one["project_id"], one["package_type"], group_name(one)), []).append(one)
    for group in groups.values():
        ids = {one["id"] for one in group}
        assert len(ids & gone_after) <= len(ids & gone_before)


@given(packages(), policies(), st.data())
def test_adding_a_keep_never_deletes_more(listed: list[Package], policy: dict[str, t.Any], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(policy["rules"]) - 1))
    rule = {key: value for key, value in policy["rules"][number].items() if key != "delete_all"}
    key = data.draw(st.sampled_from(sorted(set(KEEP_VALUES) - set(rule)) or ["keep_latest"]))
    # A keep that is there already is made longer.
    value = rule["keep_latest"] + 1 if key in rule else data.draw(KEEP_VALUES[key])
    rules = [*policy["rules"][:number], {**rule, key: value}, *policy["rules"][number + 1 :]]
    assert_no_more_goes(listed, policy, {**policy, "rules": rules})


@given(packages(), policies(), st.data())
def test_a_count_of_zero_is_as_if_it_were_not_there(
    listed: list[Package], policy: dict[str, t.Any], data: st.DataObject
) -> None:
    zeros = [
        {**dict.fromkeys(data.draw(st.lists(st.sampled_from(COUNTS))), data.draw(st.sampled_from([0, "0"]))), **rule}
        for rule in policy["rules"]
    ]
    before, after = (
        decide(listed, validate_policy({**policy, "rules": rules}), NOW) for rules in (policy["rules"], zeros)
    )
    assert before == after


@given(packages(), policies(), st.booleans())
def test_a_second_run_on_what_was_left_deletes_nothing(
    listed: list[Package], policy: dict[str, t.Any], only_counts: bool
) -> None:
    if only_counts:
        for rule in policy["rules"]:
            for key in (*DURATIONS, *FLAGS):
                rule.pop(key, None)
            if not rule.get("delete_all"):
                rule.setdefault("keep_latest", 1)
    gone = deleted_ids(listed, policy)
    assert not deleted_ids([one for one in listed if one["id"] not in gone], policy)


@given(packages(), policies(), st.data())
def test_a_keep_list_an_exclusion_or_a_protection_never_deletes_more(
    listed: list[Package], policy: dict[str, t.Any], data: st.DataObject
) -> None:
    assert_no_more_goes(listed, policy, {**policy, "protect": [*policy.get("protect", ()), data.draw(matches())]})
    # What the last rule does not match any more, none does.
    *others, last = policy["rules"]
    match = dict(last.get("match", {}))
    given_already = match.get("exclude", [])
    exclusions = [given_already] if isinstance(given_already, dict) else given_already
    match["exclude"] = [*exclusions, data.draw(matches(nested=False))]
    assert_no_more_goes(listed, policy, {**policy, "rules": [*others, {**last, "match": match}]})
    named = validate_policy({"protect": [data.draw(matches())], "rules": [{"keep_latest": 1}]}).protect[0]
    gone = {
        decision.package["id"]
        for decision in decide(
            listed, validate_policy(policy), NOW, listed=lambda one: ("listed: keep.csv",) if named.holds(one) else ()
        )
        if decision.action == DELETE
    }
    assert not gone & {one["id"] for one in listed if named.holds(one)}
    if not policy.get("keep_at_least"):
        assert gone <= deleted_ids(listed, policy)


@given(packages(), policies(), st.integers(1, 3))
def test_of_every_name_so_many_stay(listed: list[Package], policy: dict[str, t.Any], at_least: int) -> None:
    gone = deleted_ids(listed, {**policy, "keep_at_least": at_least})
    assert gone <= deleted_ids(listed, {**policy, "keep_at_least": 0})
    groups: dict[t.Any, list[Package]] = {}
    for one in listed:
        if is_good(one):
            groups.setdefault((one["project_id"], one["package_type"], group_name(one)), []).append(one)
    for group in groups.values():
        assert sum(one["id"] not in gone for one in group) >= min(at_least, len(group))


@given(packages(), policies())
def test_a_failed_upload_holds_the_place_of_no_good_package(listed: list[Package], policy: dict[str, t.Any]) -> None:
    for rule in policy["rules"]:
        rule.get("match", {}).pop("status", None)
        if rule.get("match") == {}:
            del rule["match"]
    good = [one for one in listed if one["status"] != "error"]
    gone = deleted_ids(listed, policy)
    assert {one["id"] for one in good} & gone == deleted_ids(good, policy)


@given(packages(), policies(), st.sampled_from(["major", "minor", "ref"]))
def test_dividing_what_is_counted_only_keeps_more(listed: list[Package], policy: dict[str, t.Any], per: str) -> None:
    rules = [{**rule, "per": per} if set(COUNTS) & set(rule) else rule for rule in policy["rules"]]
    whole = [{key: value for key, value in rule.items() if key != "per"} for rule in policy["rules"]]
    assert_no_more_goes(listed, {**policy, "rules": whole}, {**policy, "rules": rules})


def test_where_the_server_does_not_tell_tags_a_match_by_tag_that_would_decide_keeps_the_package() -> None:
    untold = package(1, package_type="generic")
    del untold["tags"]
    protected = validate_policy({"protect": [{"tag": "stable"}], "rules": [{"delete_all": True}]})
    (decision,) = decide([untold], protected, NOW)
    assert (decision.action, decision.held_by) == (KEEP, PROTECTED)
    assert decision.reasons == ("protected: its tags are unknown, and tag 'stable' is protected",)
    by_tag = validate_policy({"rules": [{"name": "old", "match": {"tag": "beta"}, "delete_all": True}]})
    assert decide([untold], by_tag, NOW)[0].reasons == (
        "protected: its tags are unknown, and rule 'old' matches by tag",
    )
    excluding = {"name": "*", "exclude": [{"tag": "beta"}]}
    but_beta = validate_policy({"rules": [{"name": "old", "match": excluding, "delete_all": True}]})
    assert decide([untold], but_beta, NOW)[0].action == KEEP
    # Where another key decides, tags do not matter.
    elsewhere = validate_policy({"protect": [{"tag": "stable", "name": "core"}], "rules": [{"delete_all": True}]})
    assert decide([untold], elsewhere, NOW)[0].action == DELETE
    assert decide([{**untold, "tags": []}], protected, NOW)[0].action == DELETE
