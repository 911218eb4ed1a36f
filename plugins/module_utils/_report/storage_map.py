# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the storage is, project by project, type by type, name by name: the data of the report's treemap. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import Tally

PROJECTS = 40
"""How many projects are told apart; the others are one sum."""
NAMES = 120
"""How many names are told apart, in all projects together; the others are one sum for each type of a project."""


@dataclass(frozen=True)
class NameTally:
    """A name of one type in one project: what is there, and what of it a plan deletes (None: there is no plan)."""

    project_id: t.Any
    project_path: str
    package_type: str
    name: str
    tally: Tally
    delete: Tally | None


class _Sum:
    """Some names together."""

    def __init__(self) -> None:
        self.names: list[NameTally] = []
        self.tally = Tally()
        self.delete = Tally()

    def add(self, name: NameTally) -> None:
        self.names.append(name)
        self.tally.merge(name.tally)
        if name.delete is not None:
            self.delete.merge(name.delete)

    def as_dict(self, *, planned: bool) -> dict[str, t.Any]:
        return {**self.tally.as_dict(), **({"delete": self.delete.as_dict()} if planned else {})}


def storage_map(names: Iterable[NameTally], *, sized: bool, planned: bool) -> dict[str, t.Any]:
    """``{"measure", "projects": [{…, "types": [{…, "names": [...], "more"}]}], "more"}``, the largest first.

    ``measure`` is ``bytes``, or ``packages`` where no size is known. Each level has ``packages``, ``bytes`` and, with a
    plan, ``delete``. ``more`` sums up what is not told apart (with the number of its ``projects`` or ``names``), and is
    null where that is nothing.
    """

    def weight(one: NameTally | _Sum) -> int:
        return one.tally.known_bytes if sized else one.tally.packages

    projects: dict[t.Any, _Sum] = {}
    for name in names:
        projects.setdefault((name.project_path, str(name.project_id)), _Sum()).add(name)
    ranked = sorted(projects, key=lambda key: (-weight(projects[key]), key))
    shown = ranked[:PROJECTS]
    largest = sorted(
        (name for key in shown for name in projects[key].names),
        key=lambda name: (-weight(name), name.project_path, name.package_type, name.name, str(name.project_id)),
    )[:NAMES]
    apart = {id(name) for name in largest}

    def project_row(key: t.Any) -> dict[str, t.Any]:
        types: dict[str, _Sum] = {}
        for name in projects[key].names:
            types.setdefault(name.package_type, _Sum()).add(name)
        rows = []
        for label in sorted(types, key=lambda label: (-weight(types[label]), label)):
            told = sorted(
                (n for n in types[label].names if id(n) in apart), key=lambda name: (-weight(name), name.name)
            )
            rest = _Sum()
            for name in types[label].names:
                if id(name) not in apart:
                    rest.add(name)
            rows.append(
                {
                    "package_type": label,
                    **types[label].as_dict(planned=planned),
                    "names": [{"name": name.name, **_name_dict(name)} for name in told],
                    "more": {"names": len(rest.names), **rest.as_dict(planned=planned)} if rest.names else None,
                }
            )
        first = projects[key].names[0]
        return {
            "project_id": first.project_id,
            "project_path": first.project_path,
            **projects[key].as_dict(planned=planned),
            "types": rows,
        }

    others = _Sum()
    for key in ranked[PROJECTS:]:
        for name in projects[key].names:
            others.add(name)
    more = {"projects": len(ranked) - len(shown), **others.as_dict(planned=planned)} if others.names else None
    return {"measure": "bytes" if sized else "packages", "projects": [project_row(key) for key in shown], "more": more}


def _name_dict(name: NameTally) -> dict[str, t.Any]:
    return {**name.tally.as_dict(), **({} if name.delete is None else {"delete": name.delete.as_dict()})}
