# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about packages: the list, and what is to be added to each. Nothing of Ansible."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    InvalidInput,
    PackageNotFound,
    PackageNotShown,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.foresight import is_offered
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.latest import USABLE, narrow
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protected import foresee_rules
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    Package,
    Selection,
    matches,
    sort_packages,
)


@dataclass(frozen=True)
class Wanted:
    """Which of the packages that a selection means, in which order, and with what.

    ``order_by``: as GitLab's, or ``size``. ``parts``: of ``versions``, ``pipelines``, ``files``, ``size`` and
    ``protected``. ``prerelease`` None: releases and prereleases alike. ``latest``: only the newest of each name and
    type.
    """

    order_by: str = "created_at"
    sort: str = "asc"
    limit: int | None = None
    parts: tuple[str, ...] = ()
    prerelease: bool | None = None
    latest: bool = False

    @property
    def sized(self) -> bool:
        """Whether each package gets its ``size``."""
        return self.order_by == "size" or "size" in self.parts


def facts(api: PackagesApi, scope: Scope, selection: Selection, wanted: Wanted) -> list[Package]:
    """The packages that are wanted, each with ``project_id`` and with its parts.

    ``protected`` is whether a protection rule (R1) forbids the caller to delete it, None where that is not known.
    ``size`` is the bytes of all files of a package (E4), None where GitLab does not show them; by size, what has none
    comes last. Raises the errors of _gitlab/errors.py, and ImportError where versions are compared without univers.
    """
    packages = _facts(api, scope, selection, wanted)
    return _with_protected(api, packages) if "protected" in wanted.parts else packages


def _facts(api: PackagesApi, scope: Scope, selection: Selection, wanted: Wanted) -> list[Package]:
    by_size = wanted.order_by == "size"
    narrowed = wanted.latest or wanted.prerelease is not None
    if wanted.latest and not selection.statuses:
        selection = replace(selection, statuses=USABLE)
    _check_limit(wanted.limit)
    # What a list cannot tell is decided after the whole list.
    limit = None if by_size or narrowed else wanted.limit
    packages = find(api, scope, selection, "created_at" if by_size else wanted.order_by, wanted.sort, limit)
    if narrowed:
        packages = narrow(packages, wanted.prerelease, wanted.latest)
        if not by_size:
            packages = sort_packages(packages, wanted.order_by, wanted.sort)[: wanted.limit]
    parts = [part for part in ("versions", "pipelines", "files") if part in wanted.parts]
    if not wanted.sized:
        return complete(api, packages, parts)
    found = complete(api, packages, ["files"])
    if by_size:
        found = _by_size(found, wanted.sort)[: wanted.limit]
    rest = complete(api, found, [part for part in parts if part != "files"])
    return [_with_size(package, "files" in parts) for package in rest]


def _with_protected(api: PackagesApi, packages: list[Package]) -> list[Package]:
    closed = {package["project_id"] for package in packages if not is_offered(package)}
    foreseen = foresee_rules(api, packages, closed)
    foreseen.warn(api.client.warnings)
    return [
        {**package, "protected": None if package["id"] in foreseen.unknown else package["id"] in foreseen.refused}
        for package in packages
    ]


def _size(package: Package) -> int | None:
    files = package["files"]
    return None if files is None else sum(file.get("size") or 0 for file in files)


def _by_size(packages: list[Package], sort: str) -> list[Package]:
    sign = -1 if sort == "desc" else 1
    return sorted(packages, key=lambda p: (_size(p) is None, sign * (_size(p) or 0), sign * p["id"]))


def _with_size(package: Package, with_files: bool) -> Package:
    shown = {key: value for key, value in package.items() if key != "files" or with_files}
    return {**shown, "size": _size(package)}


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit < 1:
        raise InvalidInput(f"limit must be at least 1, not {limit}")


def find(
    api: PackagesApi,
    scope: Scope,
    selection: Selection,
    order_by: str = "created_at",
    sort: str = "asc",
    limit: int | None = None,
) -> list[Package]:
    """The packages that are meant, each with ``project_id``.

    Raises :class:`InvalidInput` for a limit or an order that cannot be, before any request.
    """
    _check_limit(limit)
    if order_by == "project_path" and scope.kind == "project":
        raise InvalidInput("order_by: project_path is for groups: all packages of a project have the same")
    if scope.kind == "group":
        return list_packages(api, scope, [selection], order_by, sort, limit)
    project_id = api.client.submit(api.project_id, scope)
    if selection.package_id is None:
        packages = list_packages(api, scope, [selection], order_by, sort, limit)
    else:
        packages = _find_by_id(api, project_id.result(), selection.package_id, selection)
    # Asked also where nothing was found: whoever answers that there is no such project has no packages to list.
    number = project_id.result()
    return [{**package, "project_id": number} for package in packages]


def _find_by_id(api: PackagesApi, project_id: int, package_id: int, selection: Selection) -> list[Package]:
    try:
        found = [api.package(project_id, package_id)]
    except PackageNotFound as error:
        # E3 shows two statuses only; lists show the others. It tells `error` apart from those that no call finds.
        shown = {"default", "deprecated"} if isinstance(error, PackageNotShown) else set(DISPLAYABLE)
        statuses = tuple(status for status in selection.statuses or DISPLAYABLE if status not in shown)
        lists = Selection(package_id, statuses=statuses, include_versionless=True)
        found = list_packages(api, Scope("project", str(project_id)), [lists]) if statuses else []
    # Asked for by its ID, a package without a version is not left out.
    wanted = Selection(**{**selection.__dict__, "include_versionless": True})
    return [package for package in found if matches(wanted, package)]


def complete(api: PackagesApi, packages: t.Sequence[Package], parts: t.Collection[str]) -> list[Package]:
    """The packages with ``versions`` (E3), ``pipelines`` (E5) and ``files`` (E4), those of them that ``parts`` names.

    A part that GitLab does not show for a package is None.
    """
    readers: dict[str, t.Callable[[int, int], t.Any]] = {
        "versions": lambda project_id, package_id: api.package(project_id, package_id).get("versions", []),
        "pipelines": api.pipelines,
        "files": api.package_files,
    }

    def read(job: tuple[Package, str]) -> t.Any:
        package, part = job
        if part == "versions" and part in package:
            return package[part]
        try:
            return readers[part](package["project_id"], package["id"])
        except PackageNotFound:
            return None

    jobs = [(package, part) for package in packages for part in parts]
    answers = iter(api.client.map(read, jobs))
    shown = ({k: v for k, v in package.items() if k != "versions"} for package in packages)
    return [{**package, **{part: next(answers) for part in parts}} for package in shown]
