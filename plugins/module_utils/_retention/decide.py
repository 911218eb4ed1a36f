# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention: packages, a policy and a time become one decision per package, with reasons. Pure.

A package is a mapping with the fields of E1 or E2 and always ``project_id``; ``project_path`` should be given where
it is known. Protected packages, those that a keep list names, and those that no rule matches, are kept. The first rule
that matches a package governs it, and deletes it unless one of the rule's keeps holds it. Keeps that count do so in
groups, ``(project, package type, name)``, and only among the packages that the rule governs (keeps.py).

Two more hold what a rule would delete, one with ``delete_all`` too: npm's dist-tag ``latest``, and the policy's
``keep_at_least``, which is heard last.

Where something is not known, the package is kept:

- without a creation time (or one that cannot be read) a rule with keeps holds it, and it takes no place in a count;
- a server that does not tell ``last_downloaded_at`` at all satisfies the keeps of downloads (null does not: that is a
  package that was never downloaded);
- without ``project_path``, a match on ``project`` that would decide protects it;
- an npm package without ``tags`` at all may have ``latest``.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import moment
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keeps import Dated, Published, verdicts
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import (
    Package,
    group_name,
    tag_names,
    tags_are_told,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import (
    Policy,
    PolicyError,
    Rule,
    validate_policy,
)

__all__ = [
    "DELETE",
    "KEEP",
    "Decision",
    "Judgement",
    "Policy",
    "PolicyError",
    "decide",
    "group_name",
    "is_good",
    "iter_decisions",
    "judge",
    "newest_to_stay",
    "undecided_by_publication",
    "validate_policy",
]

KEEP = "keep"
DELETE = "delete"

#: What a kept package is held by (`Decision.held_by`). The first three are of no rule.
PROTECTED = "protected"
LISTED = "listed"
UNMATCHED = "unmatched"
KEEPS = "keeps"
NPM_LATEST = "npm_latest"
KEEP_AT_LEAST = "keep_at_least"

#: What a package is kept for where a match cannot judge it, by the key that it cannot judge.
UNKNOWN = {"tag": "its tags are unknown", "project": "its project path is unknown"}
NO_RULE = ("no rule matches",)
NO_TIME = "its creation time is unknown"
NO_TAGS = "its tags are unknown, and it may have npm's tag latest"

#: Types whose registries take a version once: a later file is no new publication of it.
PUBLISHED_ONCE = frozenset({"npm", "golang"})
#: What a user would install: `keep_at_least` counts these, and ``vanishing`` misses them.
GOOD_STATUSES = frozenset({"default", "deprecated"})

Listed = t.Callable[[Package], "tuple[str, ...]"]
"""What keep lists say of a package: why it is kept (``listed: keep.csv (LTS)``), or nothing."""


class Decision(t.NamedTuple):
    """What becomes of one package, and why."""

    package: Package
    action: str
    """``keep`` or ``delete``."""
    rule: str | None
    """The rule that governs it; None if it is protected or listed, or no rule matches it."""
    reason: str | None = None
    """For a delete, one sentence."""
    reasons: tuple[str, ...] = ()
    """For a keep, all that holds it: ``latest 1 of 3``, ``daily 2026-11-20``. Empty if its rule governs it, and the
    keeps were not to be explained."""
    held_by: str | None = None
    """For a keep, which kind of thing holds it: `PROTECTED`, `LISTED`, `UNMATCHED`, `KEEPS`, `NPM_LATEST` or
    `KEEP_AT_LEAST`."""

    @property
    def unmatched(self) -> bool:
        """Whether no rule matches the package (and nothing else holds it)."""
        return self.held_by == UNMATCHED


class Judgement(t.NamedTuple):
    """Which rule governs a package, or what holds it before any rule is heard, and the reasons."""

    held_by: str | None
    rule: Rule | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Walk:
    """What every package is judged by."""

    policy: Policy
    now: datetime
    explain_keeps: bool = True
    listed: Listed | None = None
    published: Published = field(default_factory=dict)

    def keep(self, package: Package, rule: Rule, reasons: t.Sequence[str], held_by: str) -> Decision:
        return Decision(package, KEEP, rule.name, None, tuple(reasons) if self.explain_keeps else (), held_by)


def decide(
    packages: t.Iterable[Package],
    policy: Policy,
    now: datetime,
    *,
    explain_keeps: bool = True,
    listed: Listed | None = None,
    published: Published | None = None,
) -> list[Decision]:
    """Give exactly one decision for each package; see `iter_decisions`, of which this is the list."""
    return list(iter_decisions(packages, policy, now, explain_keeps=explain_keeps, listed=listed, published=published))


def iter_decisions(
    packages: t.Iterable[Package],
    policy: Policy,
    now: datetime,
    *,
    explain_keeps: bool = True,
    listed: Listed | None = None,
    published: Published | None = None,
) -> t.Iterator[Decision]:
    """Decide on each package, group by group, so that a caller may drop the kept ones as they come.

    The order is by project ID, package type, name (for conan without the version) and ID, whatever the input's was. A
    package that the input holds twice (a list that moved while it was paged) is decided on once. ``now`` is an aware
    datetime. ``published`` says when the packages of `undecided_by_publication` were last published. Raises ValueError
    for a ``now`` without a time zone, and ImportError if a rule orders by version or asks for its parts and univers is
    not installed.
    """
    walk = _Walk(policy, _utc(now), explain_keeps, listed, published or {})
    return _decisions(packages, walk)


def undecided_by_publication(
    packages: t.Iterable[Package], policy: Policy, now: datetime, *, listed: Listed | None = None
) -> list[Package]:
    """The packages of which only their last publication can tell whether ``keep_within`` holds them.

    These are what would go, and whose type may be published again under the same version: E4 is to be read for each,
    and the newest of its times handed to `iter_decisions`. What ``keep_at_least`` would hold is among them, since which
    of a name that is depends on what else stays. Raises as `iter_decisions`.
    """
    dated_rules = {rule.name for rule in policy.rules if "keep_within" in rule.within}
    if not dated_rules:
        return []
    walk = _Walk(policy, _utc(now), False, listed)
    return [
        decision.package
        for group in _groups(packages)
        if group[0]["package_type"] not in PUBLISHED_ONCE
        for decision in _decide_group(group, walk)
        if decision.action == DELETE and decision.rule in dated_rules
    ]


def judge(package: Package, policy: Policy, listed: Listed | None = None) -> Judgement:
    """Hear ``protect``, the keep lists and the rules, in this order, about one package.

    The answer is what holds it, or which rule governs it.

    What the rule then makes of it depends on others: that is `iter_decisions`.
    """
    for entry in policy.protect:
        holds = entry.holds(package)
        if holds is None:
            return Judgement(
                PROTECTED, None, (f"protected: {UNKNOWN[entry.unknown(package)]}, and {entry.label} is protected",)
            )
        if holds:
            return Judgement(PROTECTED, None, (f"protected by {entry.label}",))
    if listed is not None:
        reasons = listed(package)
        if reasons:
            return Judgement(LISTED, None, reasons)
    for rule in policy.rules:
        governs = rule.governs(package)
        if governs is None and rule.match is not None:
            key = rule.match.unknown(package)
            return Judgement(PROTECTED, None, (f"protected: {UNKNOWN[key]}, and rule '{rule.name}' matches by {key}",))
        if governs:
            return Judgement(None, rule)
    return Judgement(UNMATCHED, None, NO_RULE)


def held_by_latest(package: Package, rule: Rule) -> str | None:
    """Why npm's dist-tag ``latest`` holds a package that ``rule`` governs; None if it does not.

    It is what ``npm install`` takes: without it an install of the name fails. A rule whose match names ``tag``
    means it.
    """
    if package["package_type"] != "npm" or rule.names("tag"):
        return None
    if not tags_are_told(package):
        return NO_TAGS
    return "npm's tag latest" if "latest" in tag_names(package) else None


def is_good(package: Package) -> bool:
    """Whether a package is a version of its name that a user would install."""
    return package.get("version") is not None and status_of(t.cast("dict[str, t.Any]", package)) in GOOD_STATUSES


def newest_to_stay(going: t.Iterable[Package], staying: int, at_least: int) -> set[int]:
    """The IDs of those packages that ``keep_at_least`` takes from what would go of one name.

    ``going`` and ``staying`` (how many stay anyway) are of one project, type and name, and only of what `is_good`. The
    newest by creation come first, then the higher ID; those without a creation time come last.
    """
    if staying >= at_least:
        return set()
    oldest = datetime.min.replace(tzinfo=timezone.utc)
    ranked = sorted(((moment(p.get("created_at")) or oldest, p["id"]) for p in going), reverse=True)
    return {package_id for _created, package_id in ranked[: at_least - staying]}


def _utc(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    return now.astimezone(timezone.utc)


def _decisions(packages: t.Iterable[Package], walk: _Walk) -> t.Iterator[Decision]:
    for group in _groups(packages):
        decisions = _decide_group(group, walk)
        if walk.policy.keep_at_least:
            decisions = _with_at_least(list(decisions), walk)
        yield from sorted(decisions, key=lambda decision: t.cast(int, decision.package["id"]))


def _groups(packages: t.Iterable[Package]) -> t.Iterator[list[Package]]:
    groups: dict[tuple[t.Any, str, str], list[Package]] = {}
    for package in _once(packages):
        groups.setdefault((package["project_id"], package["package_type"], group_name(package)), []).append(package)
    for key in sorted(groups):
        # What is decided is let go of: a long list is not held twice.
        yield groups.pop(key)


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


def _decide_group(group: list[Package], walk: _Walk) -> t.Iterator[Decision]:
    governed: dict[str, tuple[Rule, list[Package]]] = {}
    for package in group:
        held_by, rule, reasons = judge(package, walk.policy, walk.listed)
        if rule is None:
            yield Decision(package, KEEP, None, None, reasons, held_by)
        elif rule.delete_all:
            latest = held_by_latest(package, rule)
            if latest:
                yield walk.keep(package, rule, [latest], NPM_LATEST)
            else:
                yield Decision(package, DELETE, rule.name, f"rule '{rule.name}' deletes what it matches")
        else:
            governed.setdefault(rule.name, (rule, []))[1].append(package)
    for rule, matched in governed.values():
        yield from _apply(rule, matched, walk)


def _apply(rule: Rule, packages: list[Package], walk: _Walk) -> t.Iterator[Decision]:
    dated = []
    for package in packages:
        created = moment(package.get("created_at"))
        if created is None:
            yield walk.keep(package, rule, [NO_TIME], KEEPS)
        else:
            dated.append(Dated(created, package["id"], package))
    dated.sort(key=lambda item: (item.created, item.id), reverse=True)
    for item, told in zip(dated, zip(*verdicts(rule, dated, walk.now, walk.published))):
        held = [verdict.text for verdict in told if verdict.holds]
        latest = held_by_latest(item.package, rule)
        if held:
            yield walk.keep(item.package, rule, [*held, latest] if latest and latest != NO_TAGS else held, KEEPS)
        elif latest:
            yield walk.keep(item.package, rule, [latest], NPM_LATEST)
        else:
            missed = ", ".join(dict.fromkeys(verdict.text for verdict in told))
            yield Decision(item.package, DELETE, rule.name, f"no keep of rule '{rule.name}' holds it: {missed}")


def _with_at_least(decisions: list[Decision], walk: _Walk) -> t.Iterator[Decision]:
    at_least = walk.policy.keep_at_least
    good = [decision for decision in decisions if is_good(decision.package)]
    going = [decision.package for decision in good if decision.action == DELETE]
    staying = newest_to_stay(going, len(good) - len(going), at_least)
    rules = {rule.name: rule for rule in walk.policy.rules}
    for decision in decisions:
        if decision.package["id"] in staying and decision.rule is not None:
            yield walk.keep(decision.package, rules[decision.rule], [f"keep_at_least {at_least}"], KEEP_AT_LEAST)
        else:
            yield decision
