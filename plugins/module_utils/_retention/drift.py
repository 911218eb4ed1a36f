# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed since a plan was made: each package to delete, as it is now, judged by the plan's own policy. Pure.

Its ``keep_at_least`` is asked again too: of a name that lost packages meanwhile, others must stay now. What is live is
read in live.py.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package, status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    Listed,
    group_name,
    is_good,
    judge,
    newest_to_stay,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import plan_entry
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import PlanError
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import (
    Policy,
    PolicyError,
    validate_policy,
)

Plan = t.Mapping[str, t.Any]
Entry = t.Mapping[str, t.Any]

#: The plain facts that a drift is looked for in; tags, the project's path and downloads are compared in their own way.
_DRIFT_FIELDS = ("project_id", "package_type", "name", "version", "status")
#: The state of a package of whose project nothing can be told any more: that does not pass for gone.
UNREADABLE = "unreadable"


class Comparison(t.NamedTuple):
    """One entry of ``delete`` and how its package is now: ``unchanged``, ``gone`` or ``drifted`` (with the reason)."""

    entry: Entry
    state: str
    reason: str | None = None


def policy_of(plan: Plan) -> Policy:
    """The policy by which a plan was made. Raises `PlanError` for one that is none."""
    try:
        return validate_policy(plan["policy"])
    except PolicyError as error:
        raise PlanError(f"the plan's {error}") from None


def group_of(package: Entry) -> tuple[int, str, str]:
    """What ``keep_at_least`` counts together: project, type and name; of a package of a list, or of a plan's entry."""
    return package["project_id"], package["package_type"], group_name(package)


def compare(
    plan: Plan,
    live_packages: t.Iterable[Package],
    place_changed: t.Callable[[Entry], str | None] = lambda _entry: None,
    listed: Listed | None = None,
) -> list[Comparison]:
    """Compare each package that a plan deletes with a fresh listing (E1 or E2), in the order of the plan.

    The listing must cover the plan's scope with the statuses that can be deleted; what it does not hold is ``gone``. If
    the plan's policy has a ``keep_at_least``, it must hold all packages of the names that are deleted, and
    ``plan["delete"]`` all of the plan that is of these names: what another batch deletes does not stay.
    ``place_changed`` says what became of an entry's scope or project, which is a drift; ``listed`` says what keep lists
    keep now. Raises `PlanError` for a plan whose own policy is none, and ImportError as the policy's matches do.
    """
    policy = policy_of(plan)
    entries: list[Entry] = plan["delete"]
    wanted = {entry["id"] for entry in entries}
    live: dict[int, Package] = {}
    good: dict[tuple[int, str, str], set[int]] = {}
    for package in live_packages:
        if package["id"] in wanted:
            live[package["id"]] = package
        if policy.keep_at_least and is_good(package):
            placed = {"project_id": plan["scope"].get("project_id"), **package}  # E1 does not tell the project
            good.setdefault(group_of(placed), set()).add(package["id"])
    compared = [_compare(entry, live.get(entry["id"]), policy, place_changed(entry), listed) for entry in entries]
    return _held_at_least(compared, good.values(), policy.keep_at_least) if policy.keep_at_least else compared


def _held_at_least(compared: list[Comparison], names: t.Iterable[set[int]], at_least: int) -> list[Comparison]:
    """The comparisons, with those drifted that must stay now. ``names`` are the IDs that are there of each name."""
    going = {comparison.entry["id"]: comparison.entry for comparison in compared if comparison.state == "unchanged"}
    reasons: dict[int, str] = {}
    for there in names:
        entries = [going[package_id] for package_id in there if package_id in going]
        others = len(there) - len(entries)
        told = f"it is kept now: keep_at_least {at_least}, and {others} of its name would stay without it"
        reasons.update(dict.fromkeys(newest_to_stay(entries, others, at_least), told))
    return [
        comparison._replace(state="drifted", reason=reasons[comparison.entry["id"]])
        if comparison.entry["id"] in reasons
        else comparison
        for comparison in compared
    ]


def _compare(
    entry: Entry, package: Package | None, policy: Policy, place_changed: str | None, listed: Listed | None
) -> Comparison:
    # A package that waits for its storage to be freed is deleted already.
    if package is None or status_of(package) == "pending_destruction":
        return Comparison(entry, "gone")
    fresh = {"project_id": entry["project_id"], **package}  # E1 does not tell the project
    changes = [*_changed_facts(entry, plan_entry(fresh)), *_changed_judgement(entry, fresh, policy, listed)]
    if place_changed:
        changes.insert(0, place_changed)
    return Comparison(entry, "drifted", "; ".join(changes)) if changes else Comparison(entry, "unchanged")


def _changed_facts(entry: Entry, now: Entry) -> t.Iterator[str]:
    for key in _DRIFT_FIELDS:
        if entry[key] != now[key]:
            yield f"{key} was {shown(entry[key])} and is {shown(now[key])}"
    # A path that the caller could not read, or cannot read any more, is no other path.
    paths = (entry["project_path"], now["project_path"])
    if None not in paths and paths[0] != paths[1]:
        yield f"project_path was {shown(paths[0])} and is {shown(paths[1])}"
    if entry["tags"] is not None and now["tags"] is not None:
        yield from (f"tag {shown(tag)} was set" for tag in now["tags"] if tag not in entry["tags"])
        yield from (f"tag {shown(tag)} was removed" for tag in entry["tags"] if tag not in now["tags"])
    if _downloaded_since(entry["last_downloaded_at"], now["last_downloaded_at"]):
        yield f"downloaded since the plan: {shown(now['last_downloaded_at'])}"


def _changed_judgement(entry: Entry, fresh: Package, policy: Policy, listed: Listed | None) -> t.Iterator[str]:
    """The whole walk once more, on what is known now: whatever a match reads, today or in a release to come."""
    judgement = judge(fresh, policy, listed)
    if judgement.rule is None:
        yield f"it is kept now: {shown('; '.join(judgement.reasons))}"
    elif judgement.rule.name != entry["rule"]:
        yield f"rule '{shown(judgement.rule.name)}' governs it now, not '{shown(entry['rule'])}'"


def _downloaded_since(then: str | None, now: str | None) -> bool:
    if now is None or now == then:
        return False
    try:
        return then is None or parse_time(now) > parse_time(then)
    except ValueError:
        return True  # another time than in the plan, and unreadable: not to be taken for unchanged
