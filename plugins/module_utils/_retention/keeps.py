# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each keep of a rule says of each package that the rule governs in one group. Pure.

Counts see the packages of a group, newest first, divided once more by the rule's ``per``. A failed upload (status
``error``) takes no place in them, unless the rule's match names ``status``: it would push a good package out.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.version_parts import major_minor
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import sort_newest_first
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import moment
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import Package, ref_of
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import KEEP_BUCKETS, Duration, Rule

Published = t.Mapping[int, t.Optional[datetime]]
"""By package ID the time of the newest of its creation and its files (E4); None: its files cannot be read."""


def last_publication(package: Package, files: t.Iterable[t.Mapping[str, t.Any]]) -> datetime | None:
    """When a package was last published: the newest time of its creation and its files (E4); None: one is unknown."""
    times = [moment(one.get("created_at")) for one in (package, *files)]
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None


class Dated(t.NamedTuple):
    """A package whose creation time is known."""

    created: datetime
    id: int
    package: Package


class Verdict(t.NamedTuple):
    """What one keep says of one package."""

    holds: bool
    text: str


_TAKES_NO_PLACE = Verdict(False, "a failed upload takes no place")


def verdicts(
    rule: Rule, dated: t.Sequence[Dated], now: datetime, published: Published
) -> t.Iterator[t.Iterable[Verdict]]:
    """For each keep of the rule, its verdicts in the order of ``dated``, which is newest first.

    Raises ImportError if the rule needs the order or the parts of versions, and univers is not installed.
    """
    if rule.counts:
        yield from _counts(rule, dated)
    for key, duration in rule.within.items():
        if key == "keep_within":
            yield _within(dated, duration, now, published)
        else:
            yield _downloaded_within(dated, duration, now)
    if "keep_downloaded" in rule.flags:
        yield _downloaded(dated)


# --- counts -------------------------------------------------------------------------------------------------------


def _counts(rule: Rule, dated: t.Sequence[Dated]) -> t.Iterator[t.Iterable[Verdict]]:
    counted = dated
    if not rule.names("status"):
        counted = [item for item in dated if not _is_failed(item.package)]
    lines: dict[str, list[Dated]] = {}
    if rule.per == "name":
        lines[""] = list(counted)
    else:
        for item in counted:
            lines.setdefault(_line(item.package, rule.per), []).append(item)
    if len(lines) == 1 and len(counted) == len(dated):  # most names have few versions, of one line
        for where in lines:
            for key, count in rule.counts.items():
                yield _count(key, count, dated, rule.order_by, where)
        return
    for key, count in rule.counts.items():
        told: dict[int, Verdict] = {}
        for where, items in lines.items():
            told.update(zip([item.id for item in items], _count(key, count, items, rule.order_by, where)))
        yield [told.get(item.id, _TAKES_NO_PLACE) for item in dated]


def _is_failed(package: Package) -> bool:
    return status_of(t.cast("dict[str, t.Any]", package)) == "error"


def _line(package: Package, per: str) -> str:
    """The words for the part of its group in which a package counts: equal for all that are of one part."""
    if per == "name":
        return ""
    if per == "ref":
        ref = ref_of(package)
        return f" of ref {ref}" if ref is not None else " without a ref"
    line = major_minor(package.get("version"), package["package_type"])
    if line is None:
        return " of those without a version number"
    return f" of {per} {line if per == 'minor' else line.of_major}"


def _count(key: str, count: int, dated: t.Sequence[Dated], order_by: str, where: str) -> t.Iterator[Verdict]:
    if key == "keep_latest":
        return _latest(dated, count, order_by, where)
    return _buckets(dated, count, key, where)


def _latest(dated: t.Sequence[Dated], count: int, order_by: str, where: str) -> t.Iterator[Verdict]:
    by = ""
    positions: t.Mapping[int, int] = {}
    if order_by == "version" and dated:
        by = " by version"
        ordered = sort_newest_first([item.package for item in dated], dated[0].package["package_type"])
        positions = {package["id"]: position for position, package in enumerate(ordered, 1)}
    for place, item in enumerate(dated, 1):
        position = positions[item.id] if by else place
        if position <= count:
            yield Verdict(True, f"latest {position} of {count}{by}{where}")
        else:
            yield Verdict(False, f"latest {position} of {len(dated)}{by}{where} ({count} kept)")


def _bucket(created: datetime, key: str) -> str:
    if key == "keep_weekly":
        year, week, _day = created.isocalendar()
        return f"{year}-W{week:02}"
    return created.isoformat()[: {"keep_daily": 10, "keep_monthly": 7, "keep_yearly": 4}[key]]


def _buckets(dated: t.Sequence[Dated], count: int, key: str, where: str) -> t.Iterator[Verdict]:
    adjective = key.removeprefix("keep_")
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
            older = f"older than the {count} latest {unit}s" if count > 1 else f"not of the latest {unit}"
            yield Verdict(False, older + where)
        elif first:
            yield Verdict(True, f"{adjective} {bucket}{where}")
        else:
            yield Verdict(False, f"not the latest of {unit} {bucket}{where}")


# --- times --------------------------------------------------------------------------------------------------------


def _within(dated: t.Sequence[Dated], duration: Duration, now: datetime, published: Published) -> t.Iterator[Verdict]:
    for item in dated:
        # A creation time in the future is within, too: clocks differ.
        if now - item.created <= duration.length:
            yield Verdict(True, f"within {duration.text}")
        elif item.id not in published:
            yield Verdict(False, f"older than {duration.text}")
        else:
            last = published[item.id]
            if last is None:
                yield Verdict(True, "the time of its last publication is unknown")
            elif now - last <= duration.length:
                yield Verdict(True, f"published again within {duration.text}")
            else:
                yield Verdict(False, f"older than {duration.text}, its files too")


def _downloaded_within(dated: t.Sequence[Dated], duration: Duration, now: datetime) -> t.Iterator[Verdict]:
    for item in dated:
        given = item.package.get("last_downloaded_at", "")
        downloaded = moment(given)
        if given is None:
            yield Verdict(False, "never downloaded")
        elif downloaded is None:
            yield Verdict(True, "its last download is unknown")
        elif now - downloaded <= duration.length:
            yield Verdict(True, f"downloaded within {duration.text}")
        else:
            yield Verdict(False, f"not downloaded within {duration.text}")


def _downloaded(dated: t.Sequence[Dated]) -> t.Iterator[Verdict]:
    for item in dated:
        given = item.package.get("last_downloaded_at", "")
        if given is None:
            yield Verdict(False, "never downloaded")
        else:
            yield Verdict(True, "downloaded" if given else "its last download is unknown")
