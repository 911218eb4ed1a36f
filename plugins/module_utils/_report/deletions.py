# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan deletes, name by name, with the newest versions of each."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import (
    Tally,
    TopList,
    package_row,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import group_name
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.reasons import own_reason

VERSIONS = 20
"""How many of the packages to be deleted are told for each name, the newest; the plan has all of them."""

Decision = Mapping[str, t.Any]


class DeletionsByName:
    """Counts the packages that a plan deletes by project, type and name."""

    def __init__(self) -> None:
        self._names: dict[tuple[t.Any, str, str], _Name] = {}

    def add(self, package: Mapping[str, t.Any], size: int | None, decision: Decision) -> None:
        key = (package.get("project_id"), str(package.get("package_type") or "unknown"), group_name(package))
        self._names.setdefault(key, _Name()).add(package, size, decision)

    def as_dict(self, project_paths: Mapping[t.Any, str]) -> dict[str, t.Any]:
        """A top list of names, most bytes first; ``versions`` are the `VERSIONS` newest packages of each."""
        top = TopList()
        for key, name in self._names.items():
            order = (-name.tally.known_bytes, -name.tally.packages, *(str(part) for part in key))
            top.add(order, (key, name))
        rows = [
            {
                "project_id": project_id,
                "project_path": project_paths.get(project_id),
                "package_type": package_type,
                "name": text,
                **name.tally.as_dict(),
                "versions": name.versions(),
            }
            for (project_id, package_type, text), name in top.values()
        ]
        return {"total": top.total, "rows": rows}


class _Name:
    """The packages of one name that are to be deleted; only the newest are held."""

    __slots__ = ("_newest", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self._newest: list[tuple[tuple[str, int], Mapping[str, t.Any], int | None, Decision]] = []

    def add(self, package: Mapping[str, t.Any], size: int | None, decision: Decision) -> None:
        self.tally.add(size)
        order = (str(package.get("created_at") or ""), int(package["id"]))
        self._newest.append((order, package, size, decision))
        if len(self._newest) >= 2 * VERSIONS:
            self._cut()

    def versions(self) -> list[dict[str, t.Any]]:
        self._cut()
        return [
            {**package_row(package, size), "rule": decision.get("rule"), "reason": own_reason(decision)}
            for _order, package, size, decision in self._newest
        ]

    def _cut(self) -> None:
        self._newest.sort(key=lambda one: one[0], reverse=True)
        del self._newest[VERSIONS:]
