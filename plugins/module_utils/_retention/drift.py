# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed since a plan was made: each package to delete, as it is now, judged by the plan's own policy. Pure.

What is live is read in live.py.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package, status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import Listed, judge
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


def compare(
    plan: Plan,
    live_packages: t.Iterable[Package],
    place_changed: str | None = None,
    listed: Listed | None = None,
) -> list[Comparison]:
    """Compare each package that a plan deletes with a fresh listing (E1 or E2), in the order of the plan.

    The listing must cover the plan's scope with the statuses that can be deleted; what it does not hold is ``gone``.
    ``place_changed`` says what became of the scope as a whole, which is a drift of every package in it; ``listed`` says
    what keep lists keep now. Raises
    `PlanError` for a plan whose own policy is none, and ImportError as the policy's matches do.
    """
    entries: list[Entry] = plan["delete"]
    wanted = {entry["id"] for entry in entries}
    live = {package["id"]: package for package in live_packages if package["id"] in wanted}
    try:
        policy = validate_policy(plan["policy"])
    except PolicyError as error:
        raise PlanError(f"the plan's {error}") from None
    return [_compare(entry, live.get(entry["id"]), policy, place_changed, listed) for entry in entries]


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
