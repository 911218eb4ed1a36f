# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages and policies for the tests of retention and plans: a builder, and what hypothesis draws them from."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)

Package = dict[str, t.Any]
COUNTS = ("keep_latest", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly")
DURATIONS = ("keep_within", "keep_downloaded_within")
FLAGS = ("keep_downloaded",)


def stamp(moment: datetime) -> str:
    """A time as GitLab writes it."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def ago(**length: float) -> str:
    """GitLab's text for a time before `NOW`, given as for timedelta."""
    return stamp(NOW - timedelta(**length))


def package(id: int, **fields: t.Any) -> Package:
    """An npm package of project 42, created ``id`` hours before `NOW`, and never downloaded."""
    return {
        "id": id,
        "project_id": 42,
        "project_path": "acme/web/shop",
        "name": "@acme/ui",
        "version": f"1.0.{id}",
        "package_type": "npm",
        "status": "default",
        "created_at": ago(hours=id),
        "last_downloaded_at": None,
        "tags": [],
        **fields,
    }


#: Moments close to each other and to the edges of days, weeks, months and years, so that buckets fill up.
_HOURS_AGO = st.sampled_from([-30, -1, 0, 1, 11, 12, 13, 24, 25, 36, 48, 24 * 7, 24 * 8, 24 * 14, 24 * 20, 24 * 40])
_MOMENTS = st.builds(
    lambda hours, years: ago(hours=hours + 24 * 365 * years), _HOURS_AGO, st.sampled_from([0, 0, 0, 1])
)
_VERSIONS = st.one_of(
    st.builds("1.{}.{}".format, st.integers(0, 3), st.integers(0, 12)),
    st.sampled_from([None, "wip", "1.1.0-rc.1", "1.1.0-rc.2", "2.0.0-beta"]),
)
_NAMES = {
    "npm": ["@acme/ui", "@acme/core-a"],
    "generic": ["tool", "core"],
    "conan": ["zlib/1.2@acme/stable", "zlib/1.3@acme/stable", "zlib/1.3@acme/testing"],
}


@st.composite
def _packages(draw: st.DrawFn, id: int) -> Package:
    package_type = draw(st.sampled_from(sorted(_NAMES)))
    project = draw(st.sampled_from([(42, "acme/web/shop"), (43, "acme/lab"), (43, None)]))
    drawn = package(
        id,
        package_type=package_type,
        name=draw(st.sampled_from(_NAMES[package_type])),
        project_id=project[0],
        project_path=project[1],
        version=draw(_VERSIONS),
        created_at=draw(st.one_of(_MOMENTS, _MOMENTS, _MOMENTS, st.none())),
        status=draw(st.sampled_from(["default", "default", "deprecated", "error"])),
        last_downloaded_at=draw(st.one_of(st.none(), _MOMENTS)),
        tags=draw(st.sampled_from([[], ["latest"], [{"id": 1, "name": "latest"}, {"id": 2, "name": "next"}]])),
    )
    for key in ("last_downloaded_at", "tags"):
        if draw(st.integers(0, 9)) == 0:
            del drawn[key]
    ref = draw(st.sampled_from([None, None, "main", "feature/a", "feature/b"]))
    if ref is not None or draw(st.booleans()):
        drawn["pipeline"] = {"id": id, "ref": ref} if ref else None
    return drawn


@st.composite
def packages(draw: st.DrawFn, max_size: int = 25) -> list[Package]:
    """Packages with IDs of their own, in any order."""
    ids = draw(st.lists(st.integers(1, 10_000), unique=True, max_size=max_size))
    return [draw(_packages(id)) for id in ids]


_MATCH_VALUES: dict[str, st.SearchStrategy[t.Any]] = {
    "name": st.sampled_from(["*", ["@acme/*"], ["zlib"], ["core", "tool"], "zlib/1.3*"]),
    "version": st.sampled_from(["1.*", ["1.0.*", "1.1.?"], "wip"]),
    "package_type": st.sampled_from([["npm"], ["generic", "conan"]]),
    "status": st.sampled_from([["error"], ["default"]]),
    "tag": st.sampled_from([["latest"], ["next", "none"]]),
    "project": st.sampled_from([["acme/*"], ["acme/web/*"]]),
    "ref": st.sampled_from(["main", ["feature/*", "main"]]),
    "prerelease": st.booleans(),
}


@st.composite
def matches(draw: st.DrawFn, nested: bool = True) -> dict[str, t.Any]:
    """A match that is not empty; ``nested``: with exclusions at times."""
    keys = draw(st.lists(st.sampled_from(sorted(_MATCH_VALUES)), min_size=0 if nested else 1, max_size=3, unique=True))
    match = {key: draw(_MATCH_VALUES[key]) for key in keys}
    if draw(st.integers(0, 9)) == 0:
        match = {key: value for key, value in match.items() if key not in ("version", "prerelease")}
        match["versionless"] = True
    if nested and (not match or draw(st.integers(0, 3)) == 0):
        exclusion = matches(nested=False)
        match["exclude"] = draw(st.one_of(exclusion, st.lists(exclusion, min_size=1, max_size=2)))
    return match


#: What each keep may be set to.
KEEP_VALUES: dict[str, st.SearchStrategy[t.Any]] = {
    **{key: st.integers(1, 4) for key in COUNTS},
    **{key: st.sampled_from(["1h", "12h", "1d", "2w"]) for key in DURATIONS},
    **{key: st.just(True) for key in FLAGS},
}
_KEEPS = st.fixed_dictionaries({}, optional=KEEP_VALUES).filter(bool)


@st.composite
def _rules(draw: st.DrawFn, number: int) -> dict[str, t.Any]:
    rule: dict[str, t.Any] = {"name": f"r{number}"}
    match = draw(st.one_of(st.none(), matches()))
    if match is not None:
        rule["match"] = match
    if draw(st.integers(0, 5)) == 0:
        return {**rule, "delete_all": True}
    rule = {**rule, **draw(_KEEPS), "order_by": draw(st.sampled_from(["created_at", "version"]))}
    if set(COUNTS) & set(rule) and draw(st.booleans()):
        rule["per"] = draw(st.sampled_from(["name", "major", "minor", "ref"]))
    return rule


@st.composite
def policies(draw: st.DrawFn) -> dict[str, t.Any]:
    """Policies that are valid, as plain data."""
    rules = [draw(_rules(number)) for number in range(draw(st.integers(1, 3)))]
    policy: dict[str, t.Any] = {"rules": rules}
    if draw(st.booleans()):
        policy["protect"] = draw(st.lists(matches(), min_size=1, max_size=2))
    if draw(st.integers(0, 3)) == 0:
        key = draw(st.sampled_from(["keep_latest_copies", "keep_latest_builds"]))
        policy["files"] = [{"name": "files", "match": draw(matches()), key: draw(st.integers(1, 3))}]
    if draw(st.booleans()):
        policy["keep_at_least"] = draw(st.integers(0, 3))
    return policy
