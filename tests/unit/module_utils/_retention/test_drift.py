# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from hypothesis import given

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import judge
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import compare
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import plan_entry
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import PlanError
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import LISTED, plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    Package,
    ago,
    package,
    packages,
    policies,
)


def compared(live: list[Package]) -> list[tuple[int, str, str | None]]:
    return [(entry["id"], state, reason) for entry, state, reason in compare(plan_of(), live)]


def test_unchanged_and_gone() -> None:
    assert compared(LISTED) == [(2, "unchanged", None), (3, "unchanged", None)]
    assert compared([LISTED[1]]) == [(2, "unchanged", None), (3, "gone", None)]
    assert compared([]) == [(2, "gone", None), (3, "gone", None)]
    without_project = [{key: value for key, value in one.items() if key != "project_id"} for one in LISTED]
    assert compared(without_project) == [(2, "unchanged", None), (3, "unchanged", None)]


def test_a_package_that_waits_for_its_end_is_gone() -> None:
    assert compared([{**LISTED[1], "status": "pending_destruction"}])[0] == (2, "gone", None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "error"}, "status was default and is error"),
        ({"status": "hidden"}, "status was default and is hidden"),
        ({"version": "1.0.3"}, "version was 1.0.2 and is 1.0.3"),
        ({"version": None}, "version was 1.0.2 and is null; it is kept now: no rule matches"),
        ({"name": "@acme/x\x1b"}, "name was @acme/ui and is @acme/x\\u001b"),
        (
            {"name": "core"},
            "name was @acme/ui and is core; it is kept now: protected by 'core'",
        ),
        ({"name": "x"}, "name was @acme/ui and is x; it is kept now: no rule matches"),
        ({"package_type": "generic"}, "package_type was npm and is generic"),
        ({"project_id": 43}, "project_id was 42 and is 43"),
        ({"project_path": "acme/renamed"}, "project_path was acme/web/shop and is acme/renamed"),
        ({"tags": ["x\x1b"]}, "tag x\\u001b was set"),
        ({"last_downloaded_at": ago(minutes=59)}, f"downloaded since the plan: {ago(minutes=59)}"),
        ({"last_downloaded_at": "soon"}, "downloaded since the plan: soon"),
        ({"status": "error", "version": "2"}, "version was 1.0.2 and is 2; status was default and is error"),
    ],
)
def test_drift(changes: dict[str, t.Any], reason: str) -> None:
    assert compared([{**LISTED[1], **changes}])[0] == (2, "drifted", reason)


def test_the_first_download_is_drift() -> None:
    assert compared([{**LISTED[2], "last_downloaded_at": ago(days=900)}])[1][1] == "drifted"


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": None},
        {"project_path": None},
        {"last_downloaded_at": ago(hours=1).replace(".000Z", "+00:00")},
        {"last_downloaded_at": ago(hours=2)},
        {"last_downloaded_at": None},
    ],
)
def test_what_is_no_drift(changes: dict[str, t.Any]) -> None:
    assert compared([{**LISTED[1], **changes}])[0] == (2, "unchanged", None)


def test_a_tag_that_is_gone_or_moved_is_drift() -> None:
    plan = plan_of([*LISTED, package(9, tags=[{"id": 1, "name": "next"}, {"id": 2, "name": "lts"}])])
    assert plan["delete"][-1]["tags"] == ["lts", "next"]
    (comparison,) = compare({**plan, "delete": plan["delete"][-1:]}, [package(9, tags=["next", "beta"])])
    assert (comparison.state, comparison.reason) == ("drifted", "tag beta was set; tag lts was removed")


WALK: dict[str, t.Any] = {
    "protect": [{"tag": ["latest", "stable"]}, {"project": "acme/releases/*"}],
    "rules": [
        {"name": "next", "match": {"tag": "next"}, "keep_within": "30d"},
        {"name": "all", "delete_all": True},
    ],
}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tags": ["stable"]}, "tag stable was set; it is kept now: protected by tag 'latest' or 'stable'"),
        (
            {"project_path": "acme/releases/shop"},
            "project_path was acme/web/shop and is acme/releases/shop;"
            " it is kept now: protected by project 'acme/releases/*'",
        ),
        (
            {"project_path": None},
            "it is kept now: protected: its project path is unknown, and project 'acme/releases/*' is protected",
        ),
        ({"tags": ["next"]}, "tag next was set; rule 'next' governs it now, not 'all'"),
    ],
)
def test_the_walk_is_made_again(changes: dict[str, t.Any], reason: str) -> None:
    plan = plan_of([package(1)], WALK)
    (comparison,) = compare(plan, [package(1, **changes)])
    assert (comparison.state, comparison.reason) == ("drifted", reason)


@given(packages(), policies(), packages())
def test_what_a_new_plan_would_not_delete_by_the_same_rule_is_drift(
    listed: list[Package], policy: dict[str, t.Any], later: list[Package]
) -> None:
    """Whatever changed: what is unchanged is still governed by its rule, and protected by nothing."""
    # The later list has packages of the same IDs, with facts of their own.
    fresh = [{**other, "id": one["id"]} for one, other in zip(listed, later)]
    checked = validate_policy(policy)
    for comparison in compare(plan_of(listed, policy), fresh):
        if comparison.state == "unchanged":
            (live,) = [one for one in fresh if one["id"] == comparison.entry["id"]]
            rule = judge(live, checked).rule
            assert rule is not None
            assert rule.name == comparison.entry["rule"]
            assert plan_entry(live)["tags"] == comparison.entry["tags"]


def test_a_group_that_is_another_one_is_drift_of_all() -> None:
    reasons = {c.reason for c in compare(plan_of(), LISTED, lambda _entry: "the group was acme and is acme-old")}
    assert reasons == {"the group was acme and is acme-old"}


def test_a_plan_with_a_policy_that_is_none_is_refused() -> None:
    with pytest.raises(PlanError, match=r"^the plan's policy: rules is missing$"):
        compare({**plan_of(), "policy": {}}, LISTED)


AT_LEAST: dict[str, t.Any] = {"keep_at_least": 2, "rules": [{"name": "all", "delete_all": True}]}


def at_least(live: list[Package], listed: list[Package] | None = None) -> dict[int, tuple[str, str | None]]:
    """What becomes of the entries of a plan of five versions, of which 4 and 5 (the newest) stay."""
    plan = plan_of(listed or [package(number, created_at=ago(days=10 - number)) for number in range(1, 6)], AT_LEAST)
    return {entry["id"]: (state, reason) for entry, state, reason in compare(plan, live)}


def versions_now(*numbers: int, **changes: t.Any) -> list[Package]:
    return [package(number, created_at=ago(days=10 - number), **changes) for number in numbers]


@pytest.mark.parametrize(
    ("live", "kept", "others"),
    [
        (versions_now(1, 2, 3, 4, 5), set(), 2),
        (versions_now(1, 2, 3, 5), {3}, 1),
        (versions_now(1, 2, 3), {2, 3}, 0),
        (versions_now(1, 2), {1, 2}, 0),
        # Failed, hidden, without a version, of another name, type or project: none of them is a version of it.
        ([*versions_now(1, 2, 3, 4), *versions_now(5, status="error")], {3}, 1),
        ([*versions_now(1, 2, 3, 4), *versions_now(5, version=None)], {3}, 1),
        ([*versions_now(1, 2, 3, 4), *versions_now(5, name="@acme/other")], {3}, 1),
        ([*versions_now(1, 2, 3, 4), *versions_now(5, project_id=43)], {3}, 1),
        ([*versions_now(1, 2, 3, 4), *versions_now(5, package_type="generic")], {3}, 1),
        # What is new stays, too, and so does what drifted.
        (versions_now(1, 2, 3, 5, 6), set(), 2),
    ],
)
def test_keep_at_least_is_asked_again(live: list[Package], kept: set[int], others: int) -> None:
    found = at_least(live)
    reason = f"it is kept now: keep_at_least 2, and {others} of its name would stay without it"
    there = {one["id"] for one in live}
    assert found == {
        number: ("drifted", reason) if number in kept else ("unchanged" if number in there else "gone", None)
        for number in (1, 2, 3)
    }


def test_what_drifted_stays_and_counts_and_what_failed_does_not() -> None:
    drifted = at_least([*versions_now(1), *versions_now(2, tags=["x"]), *versions_now(3, 5)])
    assert drifted == {1: ("unchanged", None), 2: ("drifted", "tag x was set"), 3: ("unchanged", None)}
    failed = at_least([*versions_now(1), *versions_now(2, status="error"), *versions_now(3, 5)])
    assert [failed[number][0] for number in (1, 2, 3)] == ["unchanged", "drifted", "drifted"]


def test_keep_at_least_counts_a_conan_name_by_its_bare_name() -> None:
    recipes = [
        package(
            number,
            package_type="conan",
            name=f"zlib/1.{number}@acme/stable",
            conan_package_name="zlib",
            created_at=ago(days=10 - number),
        )
        for number in range(1, 6)
    ]
    assert [state for state, _ in at_least(recipes, recipes).values()] == ["unchanged"] * 3
    assert [state for state, _ in at_least(recipes[:4], recipes).values()] == ["unchanged", "unchanged", "drifted"]
