# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages the words of a delete mean. Nothing of Ansible.

"Not there" is a finding here, and it has to be proved: a package that is hidden, or in a status that a call does not
show, is there.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, PackageNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.proof import FEW
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    Result,
    line,
    not_deletable,
    result_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    NOT_DELETABLE,
    Package,
    Selection,
    status_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selectors import Selector


@dataclass(frozen=True)
class Target:
    """What a selector came to: a package (or file) that can be deleted, or a result that is certain already."""

    item: dict[str, t.Any] | None = None
    result: Result | None = None


def find_targets(api: PackagesApi, project_id: int, selectors: t.Sequence[Selector]) -> list[Target]:
    """What the selectors mean, in their order, each package once; otherwise as :func:`resolve`."""
    targets: list[Target] = []
    seen: set[int | None] = {None}
    for target in (target for meant in resolve(api, project_id, selectors) for target in meant):
        package_id = (target.item or target.result or {}).get("id")
        is_absent = target.result is not None and target.result["result"] == "already_absent"
        if is_absent or package_id not in seen:
            targets.append(target)
            seen.add(package_id)
    return targets


def resolve(api: PackagesApi, project_id: int, selectors: t.Sequence[Selector]) -> list[list[Target]]:
    """What each selector means, in their order: one or more packages, or what is certain already.

    Raises :class:`InvalidInput` where a selector means several different packages, or its entry says of a package what
    is not so, and the errors of _gitlab/errors.py.
    """
    scope = Scope("project", str(project_id))
    shown, unclear_ids = _find_displayable(api, scope, selectors)
    unresolved = [
        s for s in selectors if s.all_versions or s.id in unclear_ids or (s.id is None and not shown.meant_by(s))
    ]
    elsewhere = _find_elsewhere(api, scope, unresolved)
    return [_targets_of(selector, shown, elsewhere, project_id) for selector in selectors]


def _targets_of(selector: Selector, shown: _Found, elsewhere: _Found, project_id: int) -> list[Target]:
    # What is meant by its ID and by its name as well has been found twice.
    both = shown.meant_by(selector) + elsewhere.meant_by(selector)
    meant = list({package["id"]: package for package in both}.values())
    _refuse_ambiguous(selector, [package for package in meant if status_of(package) in DISPLAYABLE])
    for package in meant:
        contradiction = selector.contradiction(package)
        if contradiction:
            raise InvalidInput(f"{contradiction}. Nothing was deleted")
    if not meant:
        return [Target(result=result_of({**selector.__dict__, "project_id": project_id}, "already_absent"))]
    packages = [{**package, "project_id": project_id} for package in meant]
    return [
        Target(result=not_deletable(package)) if status_of(package) in NOT_DELETABLE else Target(item=package)
        for package in packages
    ]


class _Found:
    """Packages by ID and by name, so that a thousand selectors do not each look at a thousand packages."""

    def __init__(self, packages: t.Iterable[Package]) -> None:
        self.by_id: dict[int, Package] = {}
        self.by_name: dict[str, list[Package]] = {}
        for package in packages:
            self.by_id[package["id"]] = package
            for name in sorted({package["name"], package.get("conan_package_name") or package["name"]}):
                self.by_name.setdefault(name, []).append(package)

    def meant_by(self, selector: Selector) -> list[Package]:
        if selector.id is not None:
            return [self.by_id[selector.id]] if selector.id in self.by_id else []
        return [package for package in self.by_name.get(selector.name or "", []) if selector.means(package)]


def _keep_meant(selectors: t.Iterable[Selector]) -> t.Callable[[Package], Package | None]:
    """What keeps of a list only the packages that one of the selectors means."""
    ids = {s.id for s in selectors if s.id is not None}
    by_name: dict[str, list[Selector]] = {}
    for selector in selectors:
        by_name.setdefault(selector.name or "", []).append(selector)

    def keep(package: Package) -> Package | None:
        named = by_name.get(package["name"], []) + by_name.get(package.get("conan_package_name") or "", [])
        return package if package["id"] in ids or any(s.means(package) for s in named) else None

    return keep


def _find_displayable(
    api: PackagesApi, scope: Scope, selectors: t.Sequence[Selector]
) -> tuple[_Found, set[int | None]]:
    """The packages that a list or E3 shows, and the IDs of which that says nothing."""
    ids = sorted({s.id for s in selectors if s.id is not None})
    named = [s.selection() for s in selectors if s.id is None]
    if len(ids) > FEW or len(named) > FEW:
        everything = [Selection(include_versionless=True)]
        found = _Found(list_packages(api, scope, everything, reduce=_keep_meant(selectors)))
        return found, {package_id for package_id in ids if package_id not in found.by_id}
    packages = list_packages(api, scope, named, reduce=_keep_meant(selectors)) if named else []
    unclear: set[int | None] = set()

    def get(package_id: int) -> Package | None:
        try:
            package = api.package(int(scope.ref), package_id)
        except PackageNotFound:
            unclear.add(package_id)  # E3 shows two statuses only, and calls a hidden package not found too
            return None
        package.pop("versions", None)
        return package

    answers = api.client.map(get, ids)
    return _Found([*packages, *(package for package in answers if package)]), unclear


def _find_elsewhere(api: PackagesApi, scope: Scope, selectors: t.Sequence[Selector]) -> _Found:
    """The packages that the selectors mean and no list shows unasked: hidden ones, and by ID those in status error."""
    selections = [s.selection(NOT_DELETABLE) for s in selectors]
    if len(selections) > FEW or any(s.id is not None for s in selectors):
        selections = [Selection(statuses=("error", *NOT_DELETABLE), include_versionless=True)]
    return _Found(list_packages(api, scope, selections, reduce=_keep_meant(selectors)) if selections else [])


def _refuse_ambiguous(selector: Selector, packages: t.Sequence[Package]) -> None:
    kinds = {package["package_type"] for package in packages}
    if selector.id is not None or len(packages) < 2 or (selector.all_versions and len(kinds) == 1):
        return
    listing = ", ".join(line({**package}) for package in packages[:10]) + (", …" if len(packages) > 10 else "")
    words = f"name {selector.name!r}" + (f" with version {selector.version!r}" if selector.version else "")
    raise InvalidInput(
        f"{words} means {len(packages)} different packages: {listing}. Nothing was deleted: say which by package_type"
        " or by id"
    )
