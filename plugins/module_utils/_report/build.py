# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit report: packages in, one plain dict of counts and bytes out. It knows neither HTTP nor Ansible.

The dict is what ``report.json`` holds and what the HTML and Markdown reports are drawn from. Sizes are bytes, times
are ISO 8601 in UTC. ``bytes`` is null wherever no size is known. Top lists are ``{"total": n, "rows": [...]}``: at most
`parts.TOP` rows, and ``total`` says how many there are in full. ``summary`` is for conditions: nothing in it is null.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import format_time, moment, parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._report.findings import STABLE, findings
from ansible_collections.registryops.gitlab.plugins.module_utils._report.headline import headline, summary
from ansible_collections.registryops.gitlab.plugins.module_utils._report.months import Months
from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import (
    Tally,
    TopList,
    package_bytes,
    package_row,
    sort_key,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.plan import PlanTally, plans_of
from ansible_collections.registryops.gitlab.plugins.module_utils._report.storage_map import NameTally, storage_map
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import group_name
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import tag_names

FORMAT_VERSION = 1
STALE_DAYS = 90

Package = Mapping[str, t.Any]
Plan = Mapping[str, t.Any]

AGES: tuple[tuple[str, int | None], ...] = (
    ("up to 7 days", 7),
    ("7 to 30 days", 30),
    ("30 to 90 days", 90),
    ("90 to 180 days", 180),
    ("180 days to 1 year", 365),
    ("1 to 2 years", 730),
    ("over 2 years", None),
)
"""Age classes with the most days that each holds; the border belongs to the younger class."""

NEVER = "never"
UNKNOWN = "unknown"


def build_report(
    packages: Iterable[Package],
    *,
    generated_at: str,
    scope: Mapping[str, t.Any],
    plan: Plan | Sequence[Plan] | None = None,
    states: Sequence[Mapping[str, t.Any]] | None = None,
) -> dict[str, t.Any]:
    """Count ``packages`` into the report.

    ``packages`` are as GitLab lists them, with ``project_id``, ``project_path`` and, where sizes were asked for,
    ``files`` (a list of package files, or None where GitLab shows none). A package that comes twice (a group and a
    project in it) counts once. ``generated_at`` (ISO 8601) is the time that ages are measured from. ``scope`` says what
    was looked at and is handed through. ``plan`` is a plan document, or several with different scopes. ``states``
    are what governs the projects (`audit.governance`), of which findings are made too.

    ``ValueError`` if ``generated_at`` is not a time.
    """
    counts = _Counts(parse_time(generated_at), PlanTally.of(plan))
    seen: set[t.Any] = set()
    for package in packages:
        if package["id"] not in seen:
            seen.add(package["id"])
            counts.add(package)
    counted = counts.as_dict()
    return {
        "format_version": FORMAT_VERSION,
        "generated_at": generated_at,
        "scope": dict(scope),
        "headline": headline(counted),
        "summary": summary(counted),
        "findings": findings(plans_of(plan), states or (), counts.stable),
        **counted,
        **({"governance": list(states)} if states is not None else {}),
    }


class _Counts:
    """Everything that one pass over the packages counts."""

    def __init__(self, now: datetime, plan: PlanTally | None) -> None:
        self._now = now
        self._plan = plan
        self._all = Tally()
        self._files = 0
        self._never = 0
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._projects: dict[t.Any, _Project] = {}
        self._types: dict[str, Tally] = {}
        self._statuses: dict[str, Tally] = {}
        self._ages: dict[str, Tally] = {label: Tally() for label, _days in AGES}
        self._downloads: dict[str, Tally] = {label: Tally() for label, _days in AGES}
        self._months = Months(planned=plan is not None)
        self._names: dict[tuple[t.Any, str, str], _Name] = {}
        self._largest = TopList()
        self._stalest = TopList()
        self._stale = Tally()
        self._broken = TopList()
        self._broken_all = Tally()
        self._duplicates = _Duplicates()
        #: By project, the type and name of what is tagged stable.
        self.stable: dict[str, set[tuple[str, str]]] = {}

    def add(self, package: Package) -> None:
        size = package_bytes(package)
        deleted = self._plan is not None and self._plan.deletes(package)
        self._all.add(size)
        self._files += len(package.get("files") or ())
        _tally(self._types, str(package.get("package_type") or UNKNOWN)).add(size)
        status = status_of(package)
        _tally(self._statuses, status).add(size)
        created = moment(package.get("created_at"))
        self._add_project_and_name(package, size, created, deleted=deleted)
        self._add_times(package, size, created, deleted=deleted)
        if size is not None:
            self._largest.add((-size, *sort_key(package)), package)
        if status == "error":
            self._broken_all.add(size)
            self._broken.add((str(package.get("created_at") or ""), *sort_key(package)), package)
        self._duplicates.add(package)
        if STABLE in tag_names(package):
            key = (str(package["package_type"]), str(package["name"]))
            self.stable.setdefault(str(package.get("project_path")), set()).add(key)
        if self._plan is not None:
            self._plan.add(package, size)

    def _add_project_and_name(
        self, package: Package, size: int | None, created: datetime | None, *, deleted: bool
    ) -> None:
        project_id = package.get("project_id")
        project = self._projects.get(project_id)
        if project is None:
            project = self._projects[project_id] = _Project(str(package.get("project_path") or project_id))
        project.tally.add(size)
        key = (project_id, str(package.get("package_type") or UNKNOWN), group_name(package))
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = _Name(planned=self._plan is not None)
            project.names += 1
        name.add(size, created, package.get("created_at"), deleted=deleted)

    def _add_times(self, package: Package, size: int | None, created: datetime | None, *, deleted: bool) -> None:
        if created is None:
            _tally(self._ages, UNKNOWN).add(size)
        else:
            self._ages[_age_class(self._now - created)].add(size)
            self._months.add(created, size, deleted=deleted)
            self._first = created if self._first is None else min(self._first, created)
            self._last = created if self._last is None else max(self._last, created)
        if "last_downloaded_at" not in package:
            _tally(self._downloads, UNKNOWN).add(size)
            return
        downloaded = moment(package["last_downloaded_at"])
        if downloaded is None:
            self._never += 1
            _tally(self._downloads, NEVER).add(size)
        else:
            self._downloads[_age_class(self._now - downloaded)].add(size)
        idle_since = downloaded or created
        if idle_since is not None and self._now - idle_since > timedelta(days=STALE_DAYS):
            self._stale.add(size)
            self._stalest.add((idle_since, *sort_key(package)), (package, (self._now - idle_since).days))

    def as_dict(self) -> dict[str, t.Any]:
        stalest = [{**package_row(p, package_bytes(p)), "idle_days": days} for p, days in self._stalest.values()]
        return {
            "totals": {
                **self._all.as_dict(),
                "unsized": self._all.packages - self._all.sized,
                "files": self._files if self._all.bytes is not None else None,
                "projects": len(self._projects),
                "names": len(self._names),
                "never_downloaded": self._never,
                "first_created_at": None if self._first is None else format_time(self._first),
                "last_created_at": None if self._last is None else format_time(self._last),
            },
            "by_project": self._project_rows(),
            "by_type": _ranked(self._types, "package_type"),
            "by_status": _ranked(self._statuses, "status"),
            "by_age": _age_rows(self._ages, "age"),
            "by_last_download": _age_rows(self._downloads, "last_download"),
            "by_month": self._months.as_dict(self._now),
            "storage_map": self._storage_map(),
            "largest": {"total": self._largest.total, "rows": _rows(self._largest)},
            "stalest": {"days": STALE_DAYS, "total": self._stalest.total, "bytes": self._stale.bytes, "rows": stalest},
            "names_by_count": self._top_names(by_bytes=False),
            "names_by_bytes": self._top_names(by_bytes=True),
            "broken": {
                "total": self._broken.total,
                "bytes": self._broken_all.bytes,
                "rows": _rows(self._broken),
            },
            "duplicates": self._duplicates.as_dict(known=self._all.bytes is not None),
            "plan": None if self._plan is None else self._plan.as_dict(self._project_paths()),
        }

    def _project_paths(self) -> dict[t.Any, str]:
        return {project_id: project.path for project_id, project in self._projects.items()}

    def _project_rows(self) -> list[dict[str, t.Any]]:
        rows = [
            {"project_id": project_id, "project_path": project.path, "names": project.names, **project.tally.as_dict()}
            for project_id, project in self._projects.items()
        ]
        return sorted(rows, key=lambda row: (*_rank(row), row["project_path"], str(row["project_id"])))

    def _top_names(self, *, by_bytes: bool) -> dict[str, t.Any]:
        top = TopList()
        for key, name in self._names.items():
            if by_bytes and name.tally.bytes is None:
                continue
            weight = name.tally.known_bytes if by_bytes else name.tally.packages
            path = self._projects[key[0]].path
            top.add((-weight, path, key[1], key[2], str(key[0])), (key, path, name))
        rows = [
            {
                "project_id": project_id,
                "project_path": path,
                "package_type": package_type,
                "name": text,
                **name.tally.as_dict(),
                "newest_created_at": name.newest_text,
            }
            for (project_id, package_type, text), path, name in top.values()
        ]
        return {"total": top.total, "rows": rows}

    def _storage_map(self) -> dict[str, t.Any]:
        names = (
            NameTally(project_id, self._projects[project_id].path, package_type, text, name.tally, name.delete)
            for (project_id, package_type, text), name in self._names.items()
        )
        return storage_map(names, sized=self._all.bytes is not None, planned=self._plan is not None)


class _Project:
    __slots__ = ("names", "path", "tally")

    def __init__(self, path: str) -> None:
        self.path = path
        self.names = 0
        self.tally = Tally()


class _Name:
    __slots__ = ("delete", "newest", "newest_text", "tally")

    def __init__(self, *, planned: bool) -> None:
        self.tally = Tally()
        self.delete = Tally() if planned else None
        self.newest: datetime | None = None
        self.newest_text: str | None = None

    def add(self, size: int | None, created: datetime | None, text: t.Any, *, deleted: bool) -> None:
        self.tally.add(size)
        if deleted and self.delete is not None:
            self.delete.add(size)
        if created is not None and (self.newest is None or created > self.newest):
            self.newest = created
            self.newest_text = str(text)


class _Duplicates:
    """Files of one name that lie several times in one package: only the newest of them is served."""

    def __init__(self) -> None:
        self._top = TopList()
        self._older = 0
        self._older_bytes = 0

    def add(self, package: Package) -> None:
        files = package.get("files") or ()
        if len(files) < 2:
            return
        by_name: dict[str, list[Mapping[str, t.Any]]] = {}
        for item in files:
            by_name.setdefault(str(item.get("file_name") or ""), []).append(item)
        for file_name, copies in by_name.items():
            if len(copies) < 2:
                continue
            copies.sort(key=lambda item: (str(item.get("created_at") or ""), int(item.get("id") or 0)))
            wasted = sum(item.get("size") or 0 for item in copies[:-1])
            self._older += len(copies) - 1
            self._older_bytes += wasted
            row = {"file_name": file_name, "copies": len(copies), "older_bytes": wasted}
            self._top.add((-wasted, *sort_key(package), file_name), (package, row))

    def as_dict(self, *, known: bool) -> dict[str, t.Any]:
        """``total`` file names with copies, ``older_files`` copies that are not served, and their bytes."""
        rows = [{**package_row(package, package_bytes(package)), **row} for package, row in self._top.values()]
        return {
            "total": self._top.total if known else None,
            "older_files": self._older if known else None,
            "older_bytes": self._older_bytes if known else None,
            "rows": rows,
        }


def _tally(tallies: dict[str, Tally], key: str) -> Tally:
    found = tallies.get(key)
    if found is None:
        found = tallies[key] = Tally()
    return found


def _age_class(age: timedelta) -> str:
    for label, days in AGES:
        if days is None or age <= timedelta(days=days):
            return label
    return UNKNOWN  # pragma: no cover, the last class has no border


def _age_rows(tallies: Mapping[str, Tally], key: str) -> list[dict[str, t.Any]]:
    """All age classes in their order, also the empty ones, then ``never`` and ``unknown`` where there are such."""
    rows: list[dict[str, t.Any]] = [
        {key: label, "up_to_days": days, **tallies[label].as_dict()} for label, days in AGES
    ]
    for label in (NEVER, UNKNOWN):
        if label in tallies:
            rows.append({key: label, "up_to_days": None, **tallies[label].as_dict()})
    return rows


def _rank(row: Mapping[str, t.Any]) -> tuple[int, int]:
    return (-(row["bytes"] or 0), -row["packages"])


def _ranked(tallies: Mapping[str, Tally], key: str) -> list[dict[str, t.Any]]:
    rows = [{key: label, **tally.as_dict()} for label, tally in tallies.items()]
    return sorted(rows, key=lambda row: (*_rank(row), row[key]))


def _rows(top: TopList) -> list[dict[str, t.Any]]:
    return [package_row(package, package_bytes(package)) for package in top.values()]
