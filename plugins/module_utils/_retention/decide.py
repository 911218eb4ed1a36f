# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention: packages, a policy and a time become one decision per package, with reasons. Pure.

A package is a mapping with the fields of E1 or E2 and always ``project_id``; ``project_path`` should be given where
it is known. Protected packages, and those that no rule matches, are kept. The first rule that matches a package governs
it, and deletes it unless one of the rule's keeps holds it. Keeps that count do so in groups, ``(project, package
type, name)``, and only among the packages that the rule governs.

Where something is not known, the package is kept:

- without a creation time (or one that cannot be read) a rule with keeps holds it, and it takes no place in a count;
- a server that does not tell ``last_downloaded_at`` at all satisfies ``keep_downloaded_within`` (null does not: that
  is a package that was never downloaded);
- without ``project_path``, a match on ``project`` that would decide protects it.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import sort_newest_first
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import (
    KEEP_BUCKETS,
    Duration,
    Package,
    Policy,
    PolicyError,
    Rule,
    package_names,
    validate_policy,
)

__all__ = ["DELETE", "KEEP", "Decision", "Policy", "PolicyError", "decide", "iter_decisions", "validate_policy"]

KEEP = "keep"
DELETE = "delete"

NO_RULE = ("no rule matches",)
NO_TIME = ("its creation time is unknown",)


class Decision(t.NamedTuple):
    """What becomes of one package, and why."""

    package: Package
    action: str
    """``keep`` or ``delete``."""
    rule: str | None
    """The rule that governs it; None if it is protected or no rule matches it."""
    reason: str | None = None
    """For a delete, one sentence."""
    reasons: tuple[str, ...] = ()
    """For a keep, all that holds it: ``latest 1 of 3``, ``daily 2026-11-20``. Empty if a rule's keeps hold it, and
    they were not to be explained."""

    @property
    def unmatched(self) -> bool:
        """Whether no rule matches the package (and nothing protects it)."""
        return self.reasons == NO_RULE


class _Dated(t.NamedTuple):
    created: datetime
    id: int
    package: Package


class _Verdict(t.NamedTuple):
    """What one keep says of one package."""

    holds: bool
    text: str


def decide(
    packages: t.Iterable[Package], policy: Policy, now: datetime, *, explain_keeps: bool = True
) -> list[Decision]:
    """Give exactly one decision for each package; see `iter_decisions`, of which this is the list."""
    return list(iter_decisions(packages, policy, now, explain_keeps=explain_keeps))


def iter_decisions(
    packages: t.Iterable[Package], policy: Policy, now: datetime, *, explain_keeps: bool = True
) -> t.Iterator[Decision]:
    """Decide on each package, group by group, so that a caller may drop the kept ones as they come.

    The order is by project ID, package type, name (for conan without the version) and ID, whatever the input's was. A
    package that the input holds twice (a list that moved while it was paged) is decided on once. ``now`` is an aware
    datetime. Raises ValueError for a ``now`` without a time zone, and ImportError if a rule orders by version and
    univers is not installed.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    return _decisions(packages, policy, now.astimezone(timezone.utc), explain_keeps)


def _decisions(
    packages: t.Iterable[Package], policy: Policy, now: datetime, explain_keeps: bool
) -> t.Iterator[Decision]:
    groups: dict[tuple[t.Any, str, str], list[Package]] = {}
    for package in _once(packages):
        groups.setdefault((package["project_id"], package["package_type"], group_name(package)), []).append(package)
    for key in sorted(groups):
        # What is decided is let go of: a long list is not held twice.
        decisions = _decide_group(groups.pop(key), policy, now, explain_keeps)
        yield from sorted(decisions, key=lambda decision: t.cast(int, decision.package["id"]))


def group_name(package: Package) -> str:
    """The name by which packages are counted together.

    For conan the API's ``name`` is the recipe, which holds the version: each would be a group of its own. So it is
    the bare name with user and channel: ``zlib@acme/stable`` for ``zlib/1.3@acme/stable``.
    """
    names = package_names(package)
    if len(names) == 1:
        return names[0]
    recipe, bare = names
    _version, at, channel = recipe.partition("@")
    return bare + at + channel


def _once(packages: t.Iterable[Package]) -> t.Iterable[Package]:
    by_id: dict[int, Package] = {}
    for package in packages:
        other = by_id.setdefault(package["id"], package)
        # Of two versions of one package the later download counts, and beyond that the choice must only be
        # the same for any order of the input.
        if other is not package and _freshness(package) > _freshness(other):
            by_id[package["id"]] = package
    return by_id.values()


def _freshness(package: Package) -> tuple[str, list[tuple[str, str]]]:
    return (package.get("last_downloaded_at") or "", sorted((key, repr(value)) for key, value in package.items()))


def _decide_group(group: list[Package], policy: Policy, now: datetime, explain_keeps: bool) -> t.Iterator[Decision]:
    governed: dict[str, tuple[Rule, list[Package]]] = {}
    for package in group:
        rule, reasons = _governing_rule(package, policy)
        if rule is None:
            yield Decision(package, KEEP, None, reasons=reasons)
        elif rule.delete_all:
            yield Decision(package, DELETE, rule.name, reason=f"rule '{rule.name}' deletes all that it matches")
        else:
            governed.setdefault(rule.name, (rule, []))[1].append(package)
    for rule, matched in governed.values():
        yield from _apply(rule, matched, now, explain_keeps)


def _governing_rule(package: Package, policy: Policy) -> tuple[Rule | None, tuple[str, ...]]:
    """The rule that governs the package, or None and the reasons why the package is kept."""
    for entry in policy.protect:
        holds = entry.holds(package)
        if holds is None:
            return None, (f"protected: its project path is unknown, and {entry.label} is protected",)
        if holds:
            return None, (f"protected by {entry.label}",)
    for rule in policy.rules:
        governs = rule.governs(package)
        if governs is None:
            return None, (f"protected: its project path is unknown, and rule '{rule.name}' matches by project",)
        if governs:
            return rule, ()
    return None, NO_RULE


def _apply(rule: Rule, packages: list[Package], now: datetime, explain_keeps: bool) -> t.Iterator[Decision]:
    dated = []
    for package in packages:
        created = _time(package.get("created_at"))
        if created is None:
            yield Decision(package, KEEP, rule.name, reasons=NO_TIME if explain_keeps else ())
        else:
            dated.append(_Dated(created, package["id"], package))
    dated.sort(key=lambda item: (item.created, item.id), reverse=True)
    for item, verdicts in zip(dated, zip(*_verdicts(rule, dated, now))):
        held = tuple(verdict.text for verdict in verdicts if verdict.holds)
        if held:
            yield Decision(item.package, KEEP, rule.name, reasons=held if explain_keeps else ())
        else:
            missed = ", ".join(verdict.text for verdict in verdicts)
            yield Decision(item.package, DELETE, rule.name, reason=f"no keep of rule '{rule.name}' holds it: {missed}")


def _verdicts(rule: Rule, dated: list[_Dated], now: datetime) -> t.Iterator[t.Iterator[_Verdict]]:
    """For each keep of the rule, its verdicts in the order of ``dated``, which is newest first."""
    for key, count in rule.counts.items():
        if key == "keep_latest":
            yield _latest(dated, count, rule.order_by)
        else:
            yield _buckets(dated, count, key)
    for key, duration in rule.within.items():
        if key == "keep_within":
            yield _within(dated, duration, now)
        else:
            yield _downloaded(dated, duration, now)


def _latest(dated: list[_Dated], count: int, order_by: str) -> t.Iterator[_Verdict]:
    positions = {item.id: position for position, item in enumerate(dated, 1)}
    by = ""
    if order_by == "version" and dated:
        by = " by version"
        ordered = sort_newest_first([item.package for item in dated], dated[0].package["package_type"])
        positions = {package["id"]: position for position, package in enumerate(ordered, 1)}
    for item in dated:
        position = positions[item.id]
        if position <= count:
            yield _Verdict(True, f"latest {position} of {count}{by}")
        else:
            yield _Verdict(False, f"latest {position} of {len(dated)}{by} ({count} kept)")


def _bucket(created: datetime, key: str) -> str:
    if key == "keep_weekly":
        year, week, _day = created.isocalendar()
        return f"{year}-W{week:02}"
    return created.isoformat()[: {"keep_daily": 10, "keep_monthly": 7, "keep_yearly": 4}[key]]


def _buckets(dated: list[_Dated], count: int, key: str) -> t.Iterator[_Verdict]:
    adjective = key[len("keep_") :]
    unit = KEEP_BUCKETS[key]
    seen = 0
    last = None
    for item in dated:
        bucket = _bucket(item.created, key)
        # Newest first, so the packages of one bucket follow each other.
        first = bucket != last
        last = bucket
        seen += first
        if seen > count:
            yield _Verdict(
                False, f"older than the {count} latest {unit}s" if count > 1 else f"not of the latest {unit}"
            )
        elif first:
            yield _Verdict(True, f"{adjective} {bucket}")
        else:
            yield _Verdict(False, f"not the latest of {unit} {bucket}")


def _within(dated: list[_Dated], duration: Duration, now: datetime) -> t.Iterator[_Verdict]:
    for item in dated:
        # A creation time in the future is within, too: clocks differ.
        if now - item.created <= duration.length:
            yield _Verdict(True, f"within {duration.text}")
        else:
            yield _Verdict(False, f"older than {duration.text}")


def _downloaded(dated: list[_Dated], duration: Duration, now: datetime) -> t.Iterator[_Verdict]:
    for item in dated:
        given = item.package.get("last_downloaded_at", "")
        downloaded = _time(given)
        if given is None:
            yield _Verdict(False, "never downloaded")
        elif downloaded is None:
            yield _Verdict(True, "its last download is unknown")
        elif now - downloaded <= duration.length:
            yield _Verdict(True, f"downloaded within {duration.text}")
        else:
            yield _Verdict(False, f"not downloaded within {duration.text}")


def _time(text: t.Any) -> datetime | None:
    try:
        return parse_time(text)
    except (TypeError, ValueError):
        return None
