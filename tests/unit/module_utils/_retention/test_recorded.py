# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same policy on the same registry gives the same plan as with 0.1.0, but for what the changelog calls breaking."""

from __future__ import annotations

import functools
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import NO_TAGS, group_name
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import PolicyError, validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.recorded_plans import (
    Recorded,
    load,
    packages_of,
    plan_now,
    recorded_decisions,
)
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import Package

CHANGELOGS = Path(__file__).parents[4] / "changelogs"
REGISTRIES = load("registries")
POLICIES = load("policies")
PLANS = load("plans")


class Change(t.NamedTuple):
    """A decision that is another one than in 0.1.0, on purpose."""

    told: str
    """Words of the entry under ``breaking_changes`` that tells it."""
    explains: t.Callable[[Package, list[Package], Recorded, Recorded], bool]
    """Whether the package, those of its name, and what was and what is decided on it, are a case of this."""


#: What a count says of a place, whether it holds or not.
COUNTED = re.compile(r"latest|daily|weekly|monthly|yearly")


def is_failed(package: Package) -> bool:
    return package.get("status") == "error"


def another_place(package: Package, others: list[Package], was: Recorded, now: Recorded) -> bool:
    """A count has another number, since a package of the same name takes no place any more."""
    beside = [one for one in others if one["id"] != package["id"]]
    return bool(COUNTED.search(was[2] + now[2])) and any(is_failed(one) or one["version"] is None for one in beside)


CHANGES: tuple[Change, ...] = (
    Change(
        "is governed only by a rule whose",
        lambda package, _others, _was, now: package["version"] is None and now == ("keep", "", "no rule matches"),
    ),
    Change(
        "takes no place in a count",
        lambda package, _others, was, now: (
            is_failed(package)
            and bool(COUNTED.search(was[2]))
            and (now[0] == "keep" or "a failed upload takes no place" in now[2])
        ),
    ),
    Change("takes no place in a count", another_place),
    Change(
        "the tag ``latest`` is kept",
        lambda package, _others, was, now: (
            package["package_type"] == "npm" and now[0] == "keep" and now[2].endswith("npm's tag latest")
        ),
    ),
    Change(
        "whose server tells no tags",
        lambda package, _others, was, now: (
            package["package_type"] == "npm"
            and "tags" not in package
            and (was[0], now[0]) == ("delete", "keep")
            and now[2] == NO_TAGS
        ),
    ),
    Change(
        "whose tags the server does not tell",
        lambda package, _others, _was, now: (
            "tags" not in package and now[:2] == ("keep", "") and "its tags are unknown" in now[2]
        ),
    ),
    Change(
        "deletes what it matches",
        lambda _package, _others, was, now: (
            was[:2] == now[:2] and was[2].replace("deletes all that it matches", "deletes what it matches") == now[2]
        ),
    ),
)


#: Words of the entry under ``breaking_changes`` that tells of policies that 0.1.0 read, and that are refused.
REFUSED_NOW = "an empty list and an empty ``match`` are refused"


def is_refused(policy: dict[str, t.Any]) -> bool:
    try:
        validate_policy(policy)
    except PolicyError as error:
        return "is an empty list" in str(error)
    return False


@functools.cache
def planned(registry: str, policy: str) -> tuple[dict[str, t.Any], dict[int, Recorded]]:
    return plan_now(packages_of(REGISTRIES[registry]), as_the_changelog_says(POLICIES[policy]))


def as_the_changelog_says(policy: dict[str, t.Any]) -> dict[str, t.Any]:
    """A policy without what is refused now; one without any rule as one whose rule governs nothing."""
    written = {key: value for key, value in policy.items() if value}
    return written if "rules" in written else {**written, "rules": [{"match": {"name": "none"}, "delete_all": True}]}


def test_what_is_refused_now_is_told() -> None:
    refused = {name for name, policy in POLICIES.items() if is_refused(policy)}
    assert refused == {"keep nothing governed", "drawn 1", "drawn 3", "drawn 5"}
    assert not any(is_refused(as_the_changelog_says(policy)) for policy in POLICIES.values())


def differences() -> t.Iterator[tuple[str, str, Package, list[Package], Recorded, Recorded]]:
    """Registry, policy, package, all of its name, and its two decisions, wherever they differ."""
    for registry, plans in PLANS.items():
        by_id = {package["id"]: package for package in packages_of(REGISTRIES[registry])}
        names: dict[t.Any, list[Package]] = {}
        for package in by_id.values():
            names.setdefault(name_of(package), []).append(package)
        for policy, plan in plans.items():
            was = recorded_decisions(plan)
            _summary, now = planned(registry, policy)
            assert set(now) == set(was)
            for package_id in sorted(was):
                if was[package_id] != now[package_id]:
                    package = by_id[package_id]
                    yield registry, policy, package, names[name_of(package)], was[package_id], now[package_id]


def name_of(package: Package) -> tuple[t.Any, str, str]:
    return (package.get("project_id"), package["package_type"], group_name(package))


def test_what_differs_is_a_change_that_the_changelog_tells() -> None:
    used = set()
    for registry, policy, package, others, was, now in differences():
        reasons = [change for change in CHANGES if change.explains(package, others, was, now)]
        assert reasons, f"{registry}, {policy}: {package} was {was} and is {now}"
        used.update(reasons)
    assert used == set(CHANGES)


def test_each_change_is_in_the_changelog() -> None:
    fragments = [yaml.safe_load(path.read_text()) for path in sorted((CHANGELOGS / "fragments").glob("*.yml"))]
    releases = yaml.safe_load((CHANGELOGS / "changelog.yaml").read_text())["releases"].values()
    sections = [*fragments, *(release.get("changes", {}) for release in releases)]
    breaking = [entry for section in sections for entry in section.get("breaking_changes", ())]
    for told in (*(change.told for change in CHANGES), REFUSED_NOW):
        assert any(told in entry for entry in breaking), told


@pytest.mark.parametrize("registry", sorted(PLANS))
def test_the_summary_counts_as_it_did(registry: str) -> None:
    for policy, plan in PLANS[registry].items():
        summary, now = planned(registry, policy)
        if recorded_decisions(plan) == now:
            told = {**plan["summary"], "by_rule": plan["summary"]["by_rule"] or summary["by_rule"]}
            assert {key: summary[key] for key in told} == told, policy
