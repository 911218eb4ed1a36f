# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""All names of a registry, as ``report.json`` holds them so that a later report can tell which are new or gone."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import group_name

#: With more names than this ``report.json`` holds only how many there are.
NAMES_HELD = 200_000


class Name(t.NamedTuple):
    """A name of one type in one project."""

    project_path: str
    package_type: str
    name: str


def names_of(packages: Iterable[Mapping[str, t.Any]]) -> set[Name]:
    return {
        Name(
            str(package.get("project_path") or package.get("project_id")),
            str(package.get("package_type") or "unknown"),
            group_name(package),
        )
        for package in packages
    }


def names_document(names: set[Name]) -> dict[str, t.Any]:
    """``{"total": n, "rows": [{"project_path", "package_type", "names": [...]}]}``; rows is null with too many."""
    if len(names) > NAMES_HELD:
        return {"total": len(names), "rows": None}
    groups: dict[tuple[str, str], list[str]] = {}
    for name in sorted(names):
        groups.setdefault((name.project_path, name.package_type), []).append(name.name)
    rows = [
        {"project_path": path, "package_type": package_type, "names": texts}
        for (path, package_type), texts in groups.items()
    ]
    return {"total": len(names), "rows": rows}
