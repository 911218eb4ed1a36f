# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many packages or files at once: entries of ``packages`` and ``files``, with the options' own keys, or as facts. Pure.

A fact counts by its ID. All else that it says must be so: an ID is only a number, and a number that belongs to a file,
or to another GitLab, is a number here too.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import PACKAGE_TYPES
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selectors import (
    FileSelector,
    Selector,
    check_file_selector,
    check_selector,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import not_text, printable

Entry = t.Mapping[str, t.Any]
#: The keys that name a package, whose values must be texts.
_TEXTS = ("name", "version", "package_type")


def selectors_from(params: Entry) -> list[Selector]:
    """The selectors in the options of module `package`. Raises :class:`InvalidInput` where they do not say enough."""
    if params["packages"] is None:
        keys = ("id", "name", "version", "all_versions", "package_type")
        return [check_selector(Selector(**{key: params[key] for key in keys}))]
    return [_selector_of(entry, f"packages[{index}]: ") for index, entry in enumerate(params["packages"])]


def file_selectors_from(params: Entry) -> list[FileSelector]:
    """The selectors in the options of module `package_file`; otherwise as :func:`selectors_from`."""
    duplicates = params["duplicates"]
    if params["files"] is None:
        package = Selector(params["package_id"], params["name"], params["version"], False, params["package_type"])
        return [check_file_selector(FileSelector(package, params["id"], params["file_name"], duplicates))]
    return [_file_selector_of(e, duplicates, f"files[{index}]: ") for index, e in enumerate(params["files"])]


def _selector_of(entry: Entry, where: str) -> Selector:
    """An entry of ``packages``: with the options' own keys, or a fact of package_info, of which the ID counts."""
    for key in ("file_name", "package_id"):
        if key in entry:
            raise InvalidInput(f"{where}with {key} it is a file, whose id is no package's: give it to package_file")
    _check_texts(entry, where)
    known = ("id", "name", "version", "all_versions", "package_type")
    if entry.get("id") is None:
        _refuse_unknown(entry, known, where)
        return check_selector(Selector(**{key: entry[key] for key in known if entry.get(key) is not None}), where)
    if entry.get("all_versions"):
        raise InvalidInput(f"{where}id says it all: leave out all_versions")
    says = tuple((key, entry[key]) for key in _TEXTS if key in entry)
    return check_selector(Selector(_number(entry, "id", where), says=says, where=where), where)


def _file_selector_of(entry: Entry, duplicates: str, where: str) -> FileSelector:
    """An entry of ``files``: a file of a package by its ID or by its name, or a fact of package_file_info."""
    _check_texts(entry, where, "file_name")
    if entry.get("package_id") is None:
        if entry.get("id") is not None:
            raise InvalidInput(
                f"{where}an id needs its package_id: give facts of package_file_info, or name, version and file_name."
                " Packages go to module package"
            )
        _refuse_unknown(entry, ("name", "version", "package_type", "file_name"), where)
        package = Selector(name=entry.get("name"), version=entry.get("version"), package_type=entry.get("package_type"))
    else:
        says = tuple((key, entry[key]) for key in _TEXTS if key in entry)
        package = Selector(_number(entry, "package_id", where), says=says, where=where)
    file_id = _number(entry, "id", where) if entry.get("id") is not None else None
    if file_id is None and entry.get("file_name") is None:
        raise InvalidInput(f"{where}give either id or file_name")
    return check_file_selector(FileSelector(package, file_id, entry.get("file_name"), duplicates, where))


def _check_texts(entry: Entry, where: str, *more: str) -> None:
    for key in (*_TEXTS, *more):
        if not isinstance(entry.get(key), (str, type(None))):
            raise InvalidInput(not_text(f"{where}{key}", entry[key]))
    if not isinstance(entry.get("all_versions", False), bool):
        raise InvalidInput(f"{where}all_versions must be true or false")
    if entry.get("package_type") not in (None, *PACKAGE_TYPES):
        raise InvalidInput(f"{where}package_type {entry['package_type']!r} is none of {', '.join(PACKAGE_TYPES)}")


def _refuse_unknown(entry: Entry, known: t.Sequence[str], where: str) -> None:
    # `id: null` stands for no ID: a template may leave it.
    unknown = sorted(set(entry) - {*known, "id", "package_id"})
    if unknown:
        raise InvalidInput(f"{where}unknown key {printable(str(unknown[0]))!r}: there are {', '.join(known)}")


def _number(entry: Entry, key: str, where: str) -> int:
    # A number that went through a template is a text to ansible-core before 2.19.
    if isinstance(entry[key], (bool, float)) or not re.fullmatch(r"-?[0-9]{1,18}", str(entry[key])):
        raise InvalidInput(f"{where}{key} must be a number, not {entry[key]!r}")
    return int(entry[key])
