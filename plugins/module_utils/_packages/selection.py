# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages are meant: exact matching, and the queries that it takes to see them all. Pure.

GitLab's list leaves out terraform modules, versionless packages and three statuses unless they are asked for, and
its name filter is fuzzy (contract, section 2): one selection takes several queries, and each package is matched
again here. A package is the dict that GitLab's list gives (contract, section 3).
"""

from __future__ import annotations

import fnmatch
import typing as t
from dataclasses import dataclass

Package = dict[str, t.Any]

#: In the order of GitLab's internal numbers, which is what ``order_by=type`` sorts by.
PACKAGE_TYPES = (
    "maven",
    "npm",
    "conan",
    "nuget",
    "pypi",
    "composer",
    "generic",
    "golang",
    "debian",
    "rubygems",
    "helm",
    "terraform_module",
    "rpm",
    "ml_model",
    "cargo",
)
STATUSES = ("default", "hidden", "processing", "error", "pending_destruction", "deprecated")
#: What a list shows when no status is asked for, and what can be deleted.
DISPLAYABLE = ("default", "error", "deprecated")
#: There, but out of reach of every call that deletes (contract, section 4).
NOT_DELETABLE = ("hidden", "processing")


@dataclass(frozen=True)
class Selection:
    """Packages of one project or group. Empty tuples: no restriction on type; the displayable statuses.

    ``name`` is exact (for conan the recipe or the bare name), ``name_search`` is GitLab's fuzzy filter.
    """

    package_id: int | None = None
    name: str | None = None
    name_search: str | None = None
    version: str | None = None
    package_types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    include_versionless: bool = False


def status_of(package: t.Mapping[str, t.Any]) -> str:
    """The status; very old servers do not give one, and show only what is ``default``."""
    return t.cast(str, package.get("status") or "default")


def has_name(package: Package, name: str) -> bool:
    """Whether ``name`` is exactly the package's name, or a conan package's bare name."""
    return name in (package["name"], package.get("conan_package_name"))


def matches(selection: Selection, package: Package) -> bool:
    """Whether the package is meant; a server that ignored a parameter of the query changes nothing here."""
    if selection.package_id is not None and package["id"] != selection.package_id:
        return False
    if selection.name is not None and not has_name(package, selection.name):
        return False
    version = package.get("version")
    if selection.version is not None and version != selection.version:
        return False
    if selection.package_types and package["package_type"] not in selection.package_types:
        return False
    if status_of(package) not in (selection.statuses or DISPLAYABLE):
        return False
    return selection.include_versionless or version is not None


def queries(selection: Selection) -> list[dict[str, str]]:
    """The query parameters of E1 or E2 whose answers together hold all that :func:`matches`."""
    common: dict[str, str] = {}
    if selection.name is not None:
        # A conan package is stored by its bare name, and shown by its recipe: name/version@user/channel.
        common["package_name"] = selection.name.split("/")[0] if "@" in selection.name[1:] else selection.name
    elif selection.name_search is not None:
        common["package_name"] = selection.name_search
    if selection.version is not None:
        common["package_version"] = selection.version
    if selection.include_versionless:
        common["include_versionless"] = "true"
    types: list[dict[str, str]] = [{"package_type": name} for name in selection.package_types]
    if not types or set(selection.package_types) == set(PACKAGE_TYPES):
        types = [{}, {"package_type": "terraform_module"}]
    return [{**common, **of_type, **status} for status in _status_queries(selection.statuses) for of_type in types]


def _status_queries(statuses: tuple[str, ...]) -> list[dict[str, str]]:
    shown = [status for status in statuses if status in DISPLAYABLE]
    rest = [{"status": status} for status in statuses if status not in DISPLAYABLE]
    if not statuses or ("default" in shown and len(shown) > 1):
        # One list instead of two or three; it also spares old servers the status that they do not know.
        return [{}, *rest]
    return [{"status": status} for status in shown] + rest


def match_glob(pattern: str | None, text: str) -> bool:
    """Shell glob over the whole string, case-sensitive; None matches all."""
    return pattern is None or fnmatch.fnmatchcase(text, pattern)


def sort_packages(packages: list[Package], order_by: str, sort: str) -> list[Package]:
    """Order the joined answers of several queries as GitLab orders one (contract, section 2); stable."""
    keys: dict[str, t.Callable[[Package], t.Any]] = {
        "created_at": lambda p: p.get("created_at") or "",
        "name": lambda p: p["name"],
        "version": lambda p: p.get("version") or "",
        "type": lambda p: PACKAGE_TYPES.index(p["package_type"]) if p["package_type"] in PACKAGE_TYPES else 99,
        # By the project's own path, its last segment, as GitLab does.
        "project_path": lambda p: (p.get("project_path") or "").rpartition("/")[2],
    }
    return sorted(packages, key=lambda p: (keys[order_by](p), p["id"]), reverse=sort == "desc")
