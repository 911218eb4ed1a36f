# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of some packages GitLab still lists: the proof that a deleted one is gone, and what shows drift."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    NotFound,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages, list_projects
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    Package,
    Selection,
    status_of,
)

#: How many names one asks for one by one, before the whole list is cheaper.
FEW = 8


def covering(packages: t.Sequence[Package]) -> list[Selection]:
    """Selections that hold all of these packages: one by one for a few, whole types for many."""
    by_version = {(p["name"], p.get("version"), p["package_type"]) for p in packages}
    if len(by_version) <= FEW:
        return [
            Selection(name=name, version=version, package_types=(kind,), include_versionless=version is None)
            for name, version, kind in sorted(by_version, key=repr)
        ]
    return of_names(packages)


def of_names(packages: t.Sequence[Package]) -> list[Selection]:
    """Selections that hold every package of the names of these: name by name for a few, whole types for many."""
    names = {(p["name"], p["package_type"]) for p in packages}
    # A conan package's name holds its version; what its others are called, no filter tells.
    if len(names) <= FEW and all(kind != "conan" for _name, kind in names):
        return [Selection(name=name, package_types=(kind,), include_versionless=True) for name, kind in sorted(names)]
    return [Selection(package_types=tuple(sorted({kind for _name, kind in names})), include_versionless=True)]


def locate(
    api: PackagesApi,
    packages: t.Sequence[Package],
    statuses: tuple[str, ...],
    scope: Scope | None = None,
    reduce: t.Callable[[Package], Package] = lambda package: {"id": package["id"], "status": status_of(package)},
    also: t.Callable[[Package], bool] | None = None,
) -> dict[int, Package]:
    """Which of the packages a list shows now in one of the statuses (none: the displayable ones), by ID.

    ``scope`` is what is listed; without it each package's own project. What a group's list does not show is not
    proved to be gone: it leaves out projects without a word. With ``also`` all versions of their names are listed, and
    those that it says yes to, as ``reduce`` made them, are in the answer too. Raises the errors of _gitlab/errors.py.
    """
    wanted = {package["id"] for package in packages}

    def keep(package: Package) -> Package | None:
        if status_of(package) not in (statuses or DISPLAYABLE) or (also is None and package["id"] not in wanted):
            return None
        reduced = reduce(package)
        return reduced if also is None or package["id"] in wanted or also(reduced) else None

    def selections(mine: t.Sequence[Package]) -> list[Selection]:
        covered = covering(mine) if also is None else of_names(mine)
        return [replace(selection, statuses=statuses) for selection in covered]

    if not packages:
        return {}
    if scope:
        return {p["id"]: p for p in list_packages(api, scope, selections(packages), reduce=keep)}
    places = {project_id: selections(mine) for project_id, mine in _by_project(packages).items()}
    return {p["id"]: p for p in list_projects(api, places, keep)}


def look_after(
    api: PackagesApi, packages: t.Sequence[Package], statuses: tuple[str, ...]
) -> tuple[dict[int, Package], dict[int, GitlabError]]:
    """Which of the packages their own projects still list in one of the statuses, by ID; and who did not answer.

    The second is why a project told nothing of its packages, by the project's ID: of those nothing is proved.
    """
    try:
        return locate(api, packages, statuses), {}
    except GitlabError as error:
        projects = _by_project(packages)
        if len(projects) == 1 or not isinstance(error, (Forbidden, NotFound)):
            return {}, dict.fromkeys(projects, error)
    # One of them does not answer for itself: halves find it with few requests where there are hundreds.
    half = len(projects) // 2
    found: dict[int, Package] = {}
    unanswered: dict[int, GitlabError] = {}
    for some in (list(projects.values())[:half], list(projects.values())[half:]):
        listed, silent = look_after(api, [package for mine in some for package in mine], statuses)
        found.update(listed)
        unanswered.update(silent)
    return found, unanswered


def _by_project(packages: t.Sequence[Package]) -> dict[int, list[Package]]:
    projects: dict[int, list[Package]] = {}
    for package in packages:
        projects.setdefault(package["project_id"], []).append(package)
    return projects
