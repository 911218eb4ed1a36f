# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small parts that the audit report is counted with: times, sizes, tallies and bounded top lists."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from operator import itemgetter

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

TOP = 50
"""How many rows a top list of the report holds at most; each list says how many there are in full."""


def package_bytes(package: Mapping[str, t.Any]) -> int | None:
    """The bytes of all files of a package, or None where its files are not known (not asked for, not shown)."""
    files = package.get("files")
    if files is None:
        return None
    return sum(item.get("size") or 0 for item in files)


def sort_key(package: Mapping[str, t.Any]) -> tuple[str, str, str, int]:
    """An order of packages that depends on nothing but the packages, so that equal input gives equal reports."""
    return (
        str(package.get("project_path") or ""),
        str(package.get("name") or ""),
        str(package.get("version") or ""),
        int(package.get("id") or 0),
    )


def package_row(package: Mapping[str, t.Any], size: int | None) -> dict[str, t.Any]:
    """One package as the lists of the report hold it; ``bytes`` and ``files`` are null where not known."""
    files = package.get("files")
    return {
        "id": package.get("id"),
        "project_id": package.get("project_id"),
        "project_path": package.get("project_path"),
        "package_type": package.get("package_type"),
        "name": package.get("name"),
        "version": package.get("version"),
        "status": status_of(package),
        "created_at": package.get("created_at"),
        "last_downloaded_at": package.get("last_downloaded_at"),
        "files": None if files is None else len(files),
        "bytes": size,
        "web_url": package.get("web_url"),
    }


class Tally:
    """A number of packages, and the bytes of those whose size is known."""

    __slots__ = ("known_bytes", "packages", "sized")

    def __init__(self) -> None:
        self.packages = 0
        self.known_bytes = 0
        self.sized = 0

    def add(self, size: int | None) -> None:
        self.packages += 1
        if size is not None:
            self.known_bytes += size
            self.sized += 1

    def merge(self, other: Tally) -> None:
        self.packages += other.packages
        self.known_bytes += other.known_bytes
        self.sized += other.sized

    @property
    def bytes(self) -> int | None:
        """Bytes, or None where there are packages and the size of none of them is known."""
        return self.known_bytes if self.sized or not self.packages else None

    def as_dict(self) -> dict[str, t.Any]:
        return {"packages": self.packages, "bytes": self.bytes}


class TopList:
    """The first ``limit`` of many rows by their keys, smallest key first, in bounded memory."""

    def __init__(self, limit: int = TOP) -> None:
        self.total = 0
        self._limit = limit
        self._rows: list[tuple[t.Any, t.Any]] = []
        self._border: t.Any = None

    def add(self, key: t.Any, value: t.Any) -> None:
        self.total += 1
        if self._border is not None and key >= self._border:
            return
        self._rows.append((key, value))
        if len(self._rows) >= 4 * self._limit:
            self._cut()
            self._border = self._rows[-1][0]

    def values(self) -> list[t.Any]:
        self._cut()
        return [value for _key, value in self._rows]

    def _cut(self) -> None:
        self._rows.sort(key=itemgetter(0))
        limit = self._limit
        del self._rows[limit:]


def scope_title(scope: Mapping[str, t.Any]) -> str:
    """The projects and groups that a report is about, in a few words."""
    names: list[str] = []
    for key in ("group", "groups", "project", "projects"):
        value = scope.get(key)
        if value is None:
            continue
        names += [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]
    names = [printable(name) for name in names]
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return ", ".join(names)
