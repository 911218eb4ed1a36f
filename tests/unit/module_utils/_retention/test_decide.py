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
    Decision,
    decide,
    iter_decisions,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    COUNTS,
    DURATIONS,
    KEEP_VALUES,
    NOW,
    Package,
    ago,
    package,
    packages,
    policies,
    stamp,
)


def decisions_of(listed: t.Iterable[Package], *rules: dict[str, t.Any], protect: t.Any = ()) -> dict[int, Decision]:
    policy = validate_policy({"protect": list(protect), "rules": list(rules)})
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
    versions = {1: "1.0.0-rc.2", 2: "1.0.0-rc.10", 3: "nightly", 4: "1.0.0", 5: None}
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
    assert why(decisions[1]) == why(decisions[3]) == "rule 'broken' deletes all that it matches"
    assert decisions[2] == Decision(listed[1], KEEP, None, None, ("no rule matches",))
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
    assert decisions[1] == Decision(listed[0], KEEP, None, None, ("protected by '@acme/core*' or 'x'",))
    assert why(decisions[2]) == ("protected by tag 'latest', project 'acme/*'",)
    assert not decisions[2].unmatched
    assert why(decisions[3]) == ("latest 1 of 1",)
    assert decisions[4].action == DELETE


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
        iter_decisions([], validate_policy({"rules": []}), datetime(2026, 11, 20))


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


def numbers_of(one: Package) -> list[int]:
    return [int(part) for part in one["version"].split(".")] if str(one["version"]).startswith("1.") else []


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
    if key == "keep_latest":
        if rule.get("order_by") == "version":
            newest_first.sort(key=numbers_of, reverse=True)
        return {one["id"] for one in newest_first[:value]}
    latest = sorted({bucket(one, key) for one in group}, reverse=True)[:value]
    return {next(one["id"] for one in newest_first if bucket(one, key) == wanted) for wanted in latest}


def expected_deletions(listed: list[Package], policy: dict[str, t.Any]) -> set[int]:
    checked = validate_policy(policy)
    governed: dict[t.Any, list[Package]] = {}
    for one in listed:
        verdicts = [entry.holds(one) for entry in checked.protect]
        if any(verdict is not False for verdict in verdicts):
            continue
        number = next((n for n, rule in enumerate(checked.rules) if rule.governs(one) is not False), None)
        if number is None or checked.rules[number].governs(one) is None:
            continue
        name = one["name"]
        if one["package_type"] == "conan":
            name = name.split("/")[0] + "@" + name.split("@")[1]
        governed.setdefault((number, one["project_id"], one["package_type"], name), []).append(one)
    expected = set()
    for (number, *_), group in governed.items():
        rule = policy["rules"][number]
        if rule.get("delete_all"):
            expected |= {one["id"] for one in group}
            continue
        keeps = [held(key, value, rule, group) for key, value in rule.items() if key in KEEP_VALUES]
        undated = {one["id"] for one in group if not one["created_at"]}
        expected |= {one["id"] for one in group} - set().union(*keeps) - undated
    return expected


@given(packages(), policies())
def test_exactly_what_no_keep_holds_is_deleted(listed: list[Package], policy: dict[str, t.Any]) -> None:
    assert deleted_ids(listed, policy) == expected_deletions(listed, policy)


@given(packages(), policies(), st.data())
def test_adding_a_keep_never_deletes_more(listed: list[Package], policy: dict[str, t.Any], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(policy["rules"]) - 1))
    rule = {key: value for key, value in policy["rules"][number].items() if key != "delete_all"}
    key = data.draw(st.sampled_from(sorted(set(KEEP_VALUES) - set(rule)) or ["keep_latest"]))
    # A keep that is there already is made longer.
    value = rule["keep_latest"] + 1 if key in rule else data.draw(KEEP_VALUES[key])
    rules = [*policy["rules"][:number], {**rule, key: value}, *policy["rules"][number + 1 :]]
    assert deleted_ids(listed, {**policy, "rules": rules}) <= deleted_ids(listed, policy)


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
            for key in DURATIONS:
                rule.pop(key, None)
            if not rule.get("delete_all"):
                rule.setdefault("keep_latest", 1)
    gone = deleted_ids(listed, policy)
    assert not deleted_ids([one for one in listed if one["id"] not in gone], policy)
