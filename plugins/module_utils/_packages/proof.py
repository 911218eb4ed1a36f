# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of some packages GitLab still lists: the proof that a deleted one is gone, and what shows drift."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    Package,
    Selection,
    status_of,
)

#: How many names one asks for one by one, before the whole list is cheaper.
FEW = 8


def covering(packages: t.Sequence[Package]) -> list[Selection]:
    """Selections that hold all of these packages: one by one for a few, whole types for many."""
    by_version = {(p["name"], p.get("version"), p["package_type"]) for p in packages}
    by_name = {(p["name"], p["package_type"]) for p in packages}
    if len(by_version) <= FEW:
        return [
            Selection(name=name, version=version, package_types=(kind,), include_versionless=version is None)
            for name, version, kind in sorted(by_version, key=repr)
        ]
    if len(by_name) <= FEW:
        return [Selection(name=name, package_types=(kind,), include_versionless=True) for name, kind in sorted(by_name)]
    return [Selection(package_types=tuple(sorted({kind for _name, kind in by_name})), include_versionless=True)]


def locate(
    api: PackagesApi,
    packages: t.Sequence[Package],
    statuses: tuple[str, ...],
    scope: Scope | None = None,
    reduce: t.Callable[[Package], Package] = lambda package: {"id": package["id"], "status": status_of(package)},
) -> dict[int, Package]:
    """Which of the packages a list shows now in one of the statuses (none: the displayable ones), by ID.

    ``scope`` is what is listed; without it each package's own project. Raises the errors of _gitlab/errors.py.
    """
    wanted = {package["id"] for package in packages}
    found: dict[int, Package] = {}

    def keep(package: Package) -> Package | None:
        return reduce(package) if package["id"] in wanted else None

    projects = sorted({package["project_id"] for package in packages})
    scopes = [Scope("project", str(project)) for project in projects]
    if scope and projects:
        scopes = [scope]
    for place in scopes:
        mine = [p for p in packages if scope or str(p["project_id"]) == place.ref]
        selections = [replace(selection, statuses=statuses) for selection in covering(mine)]
        found.update({p["id"]: p for p in list_packages(api, place, selections, reduce=keep)})
    return found
