# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan for packages that the caller gives in place of a registry, so that a policy can be tested without a server.

What is given are facts of package_info, rows of a report, or a history written by hand; keys that decide nothing are
ignored. Nothing is asked of GitLab: what the packages do not tell is not known, and keeps, as it does for a registry.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import replace
from datetime import datetime, timezone
from itertools import count

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, PackageNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackageFile, PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    PACKAGE_TYPES,
    STATUSES,
    Package,
    matches,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import not_text, printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import format_time, parse_date_or_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import (
    EVERYTHING,
    Plan,
    PlanRequest,
    plan_packages,
    retention_fields,
)

Files = t.Mapping[int, "list[PackageFile] | None"]
"""By package ID its files, as E4 gives them; None: they were not given."""


class GivenPackages(PackagesApi):
    """The API as far as a plan asks it of packages that it has: E4, answered by what was given, and nothing sent."""

    def __init__(self, client: Client, files: Files) -> None:
        super().__init__(client)
        self._files = files
        self.missed: set[int] = set()
        """The IDs of the packages whose files were asked for, and are not known."""

    def package_files(
        self, project_id: int, package_id: int, order_by: str = "id", sort: str = "asc"
    ) -> list[PackageFile]:
        """E4, in the order in which the files were given. Raises PackageNotFound where they were not."""
        files = self._files[package_id]
        if files is None:
            self.missed.add(package_id)
            raise PackageNotFound("the files of this package are not given")
        return files


def plan_of_given(client: Client, packages: t.Any, wanted: PlanRequest) -> Plan:
    """The plan for these packages, which is for no registry and cannot be applied. ``client`` gets the warnings.

    Raises :class:`InvalidInput` for what is no list of packages, and ImportError as `plan_packages`.
    """
    listed, files = read_given(packages)
    api = GivenPackages(client, files)
    described = {"packages": len(listed)}
    wanted = replace(wanted, with_protection=False)  # no registry, no rules
    plan, _listed = plan_packages(api, described, listed, wanted, datetime.now(timezone.utc), with_listed=False)
    if api.missed:
        client.warnings.append(
            f"{len(api.missed)} of the packages are given without their files, and are judged as if these could not be"
            " read: 'files: []' says that no file is newer than its package"
        )
    return plan


def read_given(packages: t.Any) -> tuple[list[Package], Files]:
    """Those of the given packages that can be deleted, as `list_everything` gives them, and the files of each.

    Raises :class:`InvalidInput` with the position of the entry that is wrong.
    """
    if not isinstance(packages, list):
        raise InvalidInput(f"packages must be a list, not {_kind(packages)}")
    read = []
    for number, entry in enumerate(packages, 1):
        try:
            read.append(_read(entry))
        except ValueError as error:
            raise InvalidInput(f"packages: entry {number}: {error}") from None
    _number(read)
    _number_files([file for package in read for file in package["files"] or ()])
    listed = [package for package in read if matches(EVERYTHING, package)]
    files = {package["id"]: package["files"] for package in listed}
    return [retention_fields(package) for package in listed], files


def _read(entry: t.Any) -> Package:
    if not isinstance(entry, dict):
        raise ValueError(f"a package must be a mapping, not {_kind(entry)}")
    for key in ("name", "version", "package_type"):
        if key not in entry:
            raise ValueError(f"{key} is missing" + (" (null: a package without a version)" if key == "version" else ""))
    package = {
        **entry,
        "name": _text(entry, "name"),
        "version": None if entry["version"] is None else _text(entry, "version"),
        "package_type": _one_of(entry, "package_type", PACKAGE_TYPES),
        "status": "default" if entry.get("status") is None else _one_of(entry, "status", STATUSES),
        "files": _files(entry.get("files")),
    }
    for key in ("project_path", "conan_package_name"):
        if entry.get(key) is not None:
            _text(entry, key)
    for key in ("id", "project_id"):
        number = entry.get(key)
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
            raise ValueError(f"{key} must be a whole number above 0, not {printable(repr(number))}")
    for key in ("created_at", "last_downloaded_at"):
        if entry.get(key) is not None:
            package[key] = _time(entry, key)
    tags = entry.get("tags")
    if tags is not None and not (isinstance(tags, list) and all(_is_tag(tag) for tag in tags)):
        raise ValueError("tags must be a list of texts")
    pipeline = entry.get("pipeline")
    if pipeline is not None and not (isinstance(pipeline, dict) and isinstance(pipeline.get("ref", ""), str)):
        raise ValueError("pipeline must be a mapping with a ref")
    return package


def _number(packages: list[Package]) -> None:
    """Give each package the ``id`` and ``project_id`` that it lacks: later ones are newer, a path is one project."""
    places: dict[int, int] = {}
    for place, package in enumerate(packages, 1):
        package_id = package.get("id")
        if package_id is not None and places.setdefault(package_id, place) != place:
            raise InvalidInput(
                f"packages: entry {place}: the id {package_id} is that of entry {places[package_id]} too"
            )
    ids = count(max(places, default=0) + 1)
    known = [package for package in packages if package.get("project_id") is not None]
    projects = {package.get("project_path"): package["project_id"] for package in reversed(known)}
    numbers = count(max(projects.values(), default=0) + 1)
    for package in packages:
        if package.get("id") is None:
            package["id"] = next(ids)
        if package.get("project_id") is None:
            path = package.get("project_path")
            if path not in projects:
                projects[path] = next(numbers)
            package["project_id"] = projects[path]


def _number_files(files: list[PackageFile]) -> None:
    """Give each file the ``id`` that it lacks: later ones are newer."""
    ids = count(max((file["id"] for file in files if file["id"] is not None), default=0) + 1)
    for file in files:
        if file["id"] is None:
            file["id"] = next(ids)


def _files(files: t.Any) -> list[PackageFile] | None:
    """The files of an entry; None where it has none, or only their number, as a report tells it."""
    if files is None or (isinstance(files, int) and not isinstance(files, bool)):
        return None
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise ValueError("files must be a list of mappings, as package_info gives them")
    for file in files:
        size = file.get("size")
        if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
            raise ValueError(f"files: size must be a whole number of bytes, not {printable(repr(size))}")
        if file.get("file_name") is not None:
            _text(file, "file_name")
    given = [file["id"] for file in files if file.get("id") is not None]
    if not all(one.__class__ is int and one > 0 for one in given) or len({*given}) < len(given):
        raise ValueError("files: each id must be a whole number above 0, and another one than those of other files")
    return [{**file, "id": file.get("id"), "created_at": _time(file, "created_at", "files: ")} for file in files]


def _text(entry: t.Mapping[str, t.Any], key: str) -> str:
    if not isinstance(entry[key], str):
        raise ValueError(not_text(key, entry[key]))
    if not entry[key]:
        raise ValueError(f"{key} must not be empty")
    return t.cast(str, entry[key])


def _one_of(entry: t.Mapping[str, t.Any], key: str, known: t.Sequence[str]) -> str:
    if entry[key] in known:
        return t.cast(str, entry[key])
    close = difflib.get_close_matches(str(entry[key]), known, n=1)
    ending = f": did you mean {close[0]}?" if close else f": there are {', '.join(known)}"
    raise ValueError(f"{key} {printable(str(entry[key]))!r} does not exist{ending}")


def _time(entry: t.Mapping[str, t.Any], key: str, where: str = "") -> str:
    """A time as GitLab writes it; a date alone is its first moment in UTC."""
    value = entry.get(key)
    try:
        if not isinstance(value, str):
            raise ValueError(f"a time must be a text, not {_kind(value)}")
        return format_time(parse_date_or_time(value))
    except ValueError as error:
        raise ValueError(f"{where}{key}: {error}") from None


def _is_tag(tag: t.Any) -> bool:
    return isinstance(tag.get("name") if isinstance(tag, dict) else tag, str)


def _kind(value: t.Any) -> str:
    return "null" if value is None else type(value).__name__
