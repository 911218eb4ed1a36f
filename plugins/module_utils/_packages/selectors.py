# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of a delete name: packages and files, by ID or by name. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    Package,
    Selection,
    has_name,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown


@dataclass(frozen=True)
class Selector:
    """One package, or all versions of a name: by ``id``, or by ``name`` with ``version`` or ``all_versions``."""

    id: int | None = None
    name: str | None = None
    version: str | None = None
    all_versions: bool = False
    package_type: str | None = None
    #: What an entry of ``packages`` says of the package beside its ID, which must be so; and where it stands.
    says: tuple[tuple[str, t.Any], ...] = ()
    where: str = field(default="", compare=False)

    def selection(self, statuses: tuple[str, ...] = ()) -> Selection:
        """The query for it, by name; a package without a version counts among all versions."""
        types = (self.package_type,) if self.package_type else ()
        return Selection(None, self.name, None, self.version, types, statuses, include_versionless=self.all_versions)

    def means(self, package: Package) -> bool:
        """Whether the package is one of those meant."""
        if self.id is not None:
            return bool(package["id"] == self.id)
        if not has_name(package, self.name or "") or self.package_type not in (None, package["package_type"]):
            return False
        return self.all_versions or bool(package.get("version") == self.version)

    def contradiction(self, package: Package) -> str | None:
        """Why the package of this ID is not the one that the entry says; None if it is."""
        for key, value in self.says:
            is_so = has_name(package, value) if key == "name" else package.get(key) == value
            if not is_so:
                there = shown(package.get(key))
                return f"{self.where}id {self.id} is a package whose {key} is {there}, not {shown(value)}"
        return None


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
class FileSelector:
    """A file of one package: by its own ``id``, or by ``file_name``; ``duplicates`` is fail, all or keep_latest."""

    package: Selector
    id: int | None = None
    file_name: str | None = None
    duplicates: str = "fail"
    #: Where it stands, for messages.
    where: str = field(default="", compare=False)

    def means(self, file: t.Mapping[str, t.Any]) -> bool:
        """Whether the file, one of the package's, is meant."""
        return bool(file["id"] == self.id if self.id is not None else file["file_name"] == self.file_name)


def check_file_selector(selector: FileSelector) -> FileSelector:
    """Raise :class:`InvalidInput` where the words do not say what is meant."""
    where = selector.where
    if selector.package.id is None:
        check_selector(selector.package, where, one=True)
    elif selector.package.version is not None or selector.package.package_type is not None:
        raise InvalidInput(f"{where}package_id says it all: leave out version and package_type")
    elif selector.package.id <= 0:
        raise InvalidInput(f"{where}package_id must be a positive number, not {selector.package.id}")
    if selector.id is not None and selector.id <= 0:
        raise InvalidInput(f"{where}id must be a positive number, not {selector.id}")
    if selector.file_name == "":
        raise InvalidInput(f"{where}file_name must not be empty")
    if selector.id is not None and selector.duplicates != "fail":
        raise InvalidInput(f"{where}duplicates goes with file_name: an id is one file")
    return selector
