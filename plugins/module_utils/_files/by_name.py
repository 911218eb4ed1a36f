# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the registries serve a file by its name (registries, C): the way before GitLab 18.4. Pure.

Of several files with one name a registry serves the newest.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Route:
    """A path below the project's ``/packages``, encoded. ``basic``: it takes HTTP Basic, not the token's header."""

    path: str
    params: t.Mapping[str, str] = field(default_factory=dict)
    basic: bool = False


def route_of(package: t.Mapping[str, t.Any], file: t.Mapping[str, t.Any]) -> Route | None:
    """The route of a file; None where the registry's path takes more than package and file tell."""
    name, version, file_name = package["name"], package.get("version"), file["file_name"]
    sha256 = file.get("file_sha256")
    kind = package["package_type"]
    if kind == "maven":
        # A package without a version holds the metadata of all.
        return Route(_path("maven", *name.split("/"), *([version] if version is not None else []), file_name))
    if version is None:
        return None
    if kind == "generic":
        # A folder before the name is kept encoded in it.
        return Route(_path("generic", name, version, *file_name.replace("%2F", "/").split("/")))
    if kind == "npm":
        return Route(_path("npm", *name.split("/"), "-", file_name))
    if kind == "pypi" and sha256:
        return Route(_path("pypi", "files", sha256, file_name))
    if kind == "nuget":
        return Route(_path("nuget", "download", name, version, file_name), basic=True)
    if kind == "terraform_module":
        return Route(_path("terraform", "modules", *name.split("/"), version), {"archive": "tgz"}, basic=True)
    return None


def _path(*parts: str) -> str:
    return "".join(f"/{urllib.parse.quote(part, safe='@')}" for part in parts)
