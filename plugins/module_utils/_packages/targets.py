# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages and files the words of a delete mean. Nothing of Ansible.

"Not there" is a finding here, and it has to be proved: a package that is hidden, or in a status that a call does not
show, is there.
"""

from __future__ import annotations

import contextlib
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, PackageNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackageFile, PackagesApi
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
    PACKAGE_TYPES,
    Package,
    Selection,
    has_name,
    status_of,
)


@dataclass(frozen=True)
class Selector:
    """One package, or all versions of a name: by ``id``, or by ``name`` with ``version`` or ``all_versions``."""

    id: int | None = None
    name: str | None = None
    version: str | None = None
    all_versions: bool = False
    package_type: str | None = None

    def selection(self, statuses: tuple[str, ...] = ()) -> Selection:
        """The query for it, by name; a package without a version counts among all versions."""
        types = (self.package_type,) if self.package_type else ()
        return Selection(None, self.name, None, self.version, types, statuses, include_versionless=self.all_versions)

    def means(self, package: Package) -> bool:
        """Whether the package is one of those meant."""
        if self.id is not None:
            return bool(package["id"] == self.id)
        return (
            has_name(package, self.name or "")
            and (self.all_versions or package.get("version") == self.version)
            and self.package_type in (None, package["package_type"])
        )


def check_selector(selector: Selector, where: str = "", one: bool = False) -> Selector:
    """Raise :class:`InvalidInput` where the words do not say what is meant; ``where`` leads the sentence.

    ``one``: the caller wants one package, and has no ``all_versions``.
    """
    if (selector.id is None) == (selector.name is None):
        raise InvalidInput(f"{where}give either id, or name with version{'' if one else ' or all_versions'}")
    if selector.id is not None:
        if selector.version is not None or selector.all_versions or selector.package_type is not None:
            others = "version and package_type" if one else "version, all_versions and package_type"
            raise InvalidInput(f"{where}id says it all: leave out {others}")
        if selector.id <= 0:
            raise InvalidInput(f"{where}id must be a positive number, not {selector.id}")
        return selector
    if not selector.name:
        raise InvalidInput(f"{where}name must not be empty")
    if selector.version is not None and selector.all_versions:
        raise InvalidInput(f"{where}version and all_versions exclude each other")
    if not selector.version and not selector.all_versions:
        raise InvalidInput(f"{where}name {selector.name!r} needs a version{'' if one else ', or all_versions: true'}")
    return selector


@dataclass(frozen=True)
class Target:
    """What a selector came to: a package (or file) that can be deleted, or a result that is certain already."""

    item: dict[str, t.Any] | None = None
    result: Result | None = None


def find_targets(api: PackagesApi, project_id: int, selectors: t.Sequence[Selector]) -> list[Target]:
    """What each selector means, in their order, each package once.

    Raises :class:`InvalidInput` where a selector means several different packages, and the errors of _gitlab/errors.py.
    """
    scope = Scope("project", str(project_id))
    shown, unclear_ids = _find_displayable(api, scope, selectors)
    unresolved = [
        s for s in selectors if s.all_versions or s.id in unclear_ids or (s.id is None and not shown.meant_by(s))
    ]
    elsewhere = _find_elsewhere(api, scope, unresolved)
    targets: list[Target] = []
    seen: set[int] = set()
    for selector in selectors:
        # What is meant by its ID and by its name as well has been found twice.
        both = shown.meant_by(selector) + elsewhere.meant_by(selector)
        meant = list({package["id"]: package for package in both}.values())
        _refuse_ambiguous(selector, [package for package in meant if status_of(package) in DISPLAYABLE])
        if not meant:
            absent = {**selector.__dict__, "project_id": project_id}
            targets.append(Target(result=result_of(absent, "already_absent")))
        for package in meant:
            if package["id"] in seen:
                continue
            seen.add(package["id"])
            package = {**package, "project_id": project_id}
            if status_of(package) in NOT_DELETABLE:
                targets.append(Target(result=not_deletable(package)))
            else:
                targets.append(Target(item=package))
    return targets


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


def read_files(api: PackagesApi, project: Scope, selector: Selector, order_by: str, sort: str) -> list[PackageFile]:
    """The files of the one package that is meant; none if it is not there.

    Raises :class:`InvalidInput` for a package that is there, but shows no files (hidden, processing).
    """
    project_id = api.project_id(project)
    package_id = selector.id
    if package_id is not None:
        try:
            return api.package_files(project_id, package_id, order_by, sort)
        except PackageNotFound:
            pass  # not there, or not shown: find out
    target = find_targets(api, project_id, [selector])[0]
    if target.item is not None:
        return api.package_files(project_id, target.item["id"], order_by, sort)
    if target.result and target.result["result"] == "not_deletable":
        raise InvalidInput(f"{line(target.result)}: {target.result['message']}, nor show its files")
    return []


@dataclass(frozen=True)
class FileSelector:
    """A file of one package: by its own ``id``, or by ``file_name``; ``duplicates`` is fail, all or keep_latest."""

    package: Selector
    id: int | None = None
    file_name: str | None = None
    duplicates: str = "fail"


def check_file_selector(selector: FileSelector) -> FileSelector:
    """Raise :class:`InvalidInput` where the words do not say what is meant."""
    if selector.package.id is None:
        check_selector(selector.package, one=True)
    elif selector.package.version is not None or selector.package.package_type is not None:
        raise InvalidInput("package_id says it all: leave out version and package_type")
    elif selector.package.id <= 0:
        raise InvalidInput(f"package_id must be a positive number, not {selector.package.id}")
    if selector.id is not None and selector.id <= 0:
        raise InvalidInput(f"id must be a positive number, not {selector.id}")
    if selector.file_name == "":
        raise InvalidInput("file_name must not be empty")
    if selector.id is not None and selector.duplicates != "fail":
        raise InvalidInput("duplicates goes with file_name: an id is one file")
    return selector


def find_files(api: PackagesApi, project_id: int, selector: FileSelector) -> tuple[Package, list[Target]]:
    """The package, and which of its files are meant, as :func:`find_targets`.

    Raises :class:`InvalidInput` for several files of the name where ``duplicates`` is ``fail``.
    """
    target = find_targets(api, project_id, [selector.package])[0]
    wanted = {"id": selector.id, "file_name": selector.file_name}
    files: list[PackageFile] = []
    if target.item is not None:
        with contextlib.suppress(PackageNotFound):  # the package may have gone since it was found
            files = api.package_files(project_id, target.item["id"])
    package = target.item or t.cast(Package, target.result)
    chosen = [f for f in files if f["id"] == selector.id or f["file_name"] == selector.file_name]
    if selector.duplicates == "fail" and len(chosen) > 1:
        ids = ", ".join(str(file["id"]) for file in chosen)
        raise InvalidInput(
            f"{line({**package})} holds {len(chosen)} files named {selector.file_name!r} (ids {ids}). Nothing was"
            " deleted: say which by id, or set duplicates to all or keep_latest"
        )
    if not chosen:
        certain = target.result or result_of(package, "already_absent")
        return package, [Target(result={**certain, **wanted, "package_id": package.get("id")})]
    if selector.duplicates == "keep_latest":
        chosen = sorted(chosen, key=lambda f: (f.get("created_at") or "", f["id"]), reverse=True)[1:]
    return package, [Target(item=file) for file in chosen]


def selectors_from(params: t.Mapping[str, t.Any]) -> list[Selector]:
    """The selectors in the options of module `package`. Raises :class:`InvalidInput` where they do not say enough."""
    if params["packages"] is None:
        keys = ("id", "name", "version", "all_versions", "package_type")
        return [check_selector(Selector(**{key: params[key] for key in keys}))]
    return [_selector_of(entry, f"packages[{index}]: ") for index, entry in enumerate(params["packages"])]


def _selector_of(entry: t.Mapping[str, t.Any], where: str) -> Selector:
    """An entry of ``packages``: with the options' own keys, or a fact of package_info, of which the ID counts."""
    if entry.get("id") is not None:
        # A number that went through a template is a text to ansible-core before 2.19.
        text = str(entry["id"])
        if isinstance(entry["id"], (bool, float)) or not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise InvalidInput(f"{where}id must be a number, not {entry['id']!r}")
        return check_selector(Selector(int(text)), where)
    known = ("name", "version", "all_versions", "package_type")
    unknown = sorted(set(entry) - {"id", *known})
    if unknown:
        raise InvalidInput(f"{where}unknown key {unknown[0]!r}: there are id, {', '.join(known)}")
    for key in ("name", "version", "package_type"):
        if not isinstance(entry.get(key), (str, type(None))):
            raise InvalidInput(f"{where}{key} must be a text: put {entry[key]!r} in quotes")
    if not isinstance(entry.get("all_versions", False), bool):
        raise InvalidInput(f"{where}all_versions must be true or false")
    if entry.get("package_type") not in (None, *PACKAGE_TYPES):
        raise InvalidInput(f"{where}package_type {entry['package_type']!r} is none of {', '.join(PACKAGE_TYPES)}")
    return check_selector(Selector(**{key: entry[key] for key in known if entry.get(key) is not None}), where)


def refuse_other_projects(entries: t.Sequence[t.Mapping[str, t.Any]] | None, project_id: int) -> None:
    """Raise :class:`InvalidInput` for a fact of another project, as a group's list holds them."""
    for index, entry in enumerate(entries or ()):
        if entry.get("id") is not None and entry.get("project_id") not in (None, project_id):
            raise InvalidInput(
                f"packages[{index}]: id {entry['id']} is a package of project {entry['project_id']},"
                f" not of {project_id}"
            )
