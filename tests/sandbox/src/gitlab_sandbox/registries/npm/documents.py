# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""npm's documents: what a publication says, and the abbreviated metadata that ``npm install`` reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gitlab_sandbox.registries.semver import VERSION, precedence

NAME = re.compile(r"(?:@[A-Za-z0-9_-][A-Za-z0-9._-]*/)?[A-Za-z0-9._+-]+", re.ASCII)
_SHA1 = re.compile(r"[0-9a-f]{40}")

# Of a version's package.json, what the abbreviated form shows
# (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md).
_SHOWN = (
    "deprecated",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "bin",
    "directories",
    "engines",
    "funding",
    "cpu",
    "os",
    "libc",
    "_hasShrinkwrap",
    "hasInstallScript",
)
_INSTALL_SCRIPTS = ("preinstall", "install", "postinstall")


class PublicationError(Exception):
    """The document is none that can be published."""


@dataclass(frozen=True)
class Publication:
    """One version. ``package_json`` holds of its ``package.json`` what metadata shows, and ``dist``'s integrity."""

    name: str
    version: str
    tag: str
    file_name: str
    shasum: str | None
    package_json: dict[str, Any]


def read_publication(document: Mapping[str, Any]) -> Publication:
    """What ``npm publish`` wants; of several versions and tags, the first ones.

    :raises PublicationError: if a part is missing or cannot be.
    """
    name = document.get("name")
    if not isinstance(name, str) or len(name) > 214 or NAME.fullmatch(name) is None:
        raise PublicationError("Validation failed: Name is invalid")
    version, data = _first(document.get("versions"))
    if not version or not isinstance(data, dict):
        raise PublicationError("Version is empty.")
    if len(version) > 255 or VERSION.fullmatch(version) is None:
        raise PublicationError("Validation failed: Version is invalid")
    tag, _ = _first(document.get("dist-tags"))
    if not tag or len(tag) > 255:
        raise PublicationError("Validation failed: Tag is invalid")
    dist = data.get("dist")
    dist = dist if isinstance(dist, dict) else {}
    shown = {key: data[key] for key in _SHOWN if key in data}
    scripts = data.get("scripts")
    if isinstance(scripts, dict) and any(script in scripts for script in _INSTALL_SCRIPTS):
        shown["hasInstallScript"] = True
    if isinstance(dist.get("integrity"), str):
        shown["integrity"] = dist["integrity"]
    shasum = dist.get("shasum")
    return Publication(
        name=name,
        version=version,
        tag=tag,
        file_name=f"{name}-{version}.tgz",
        shasum=shasum if isinstance(shasum, str) and _SHA1.fullmatch(shasum) else None,
        package_json=shown,
    )


def _first(mapping: Any) -> tuple[str, Any]:
    """The first entry of a mapping; an empty one if it has none."""
    return next(iter(mapping.items()), ("", None)) if isinstance(mapping, dict) else ("", None)


@dataclass(frozen=True)
class Version:
    """A version that can be installed. ``integrity`` is used where the publication gave none."""

    version: str
    package_json: Mapping[str, Any]
    tarball: str
    shasum: str | None
    integrity: str | None


def metadata(name: str, versions: Iterable[Version], tags: Mapping[str, str]) -> dict[str, Any]:
    """``GET …/npm/:name``.

    :param tags: the version that each tag is on.
    """
    found = {version.version: _version(name, version) for version in versions}
    return {"name": name, "versions": found, "dist-tags": dist_tags(found, tags)}


def dist_tags(versions: Iterable[str], tags: Mapping[str, str]) -> dict[str, str]:
    """The tags; without a ``latest``, that is the highest version."""
    shown = dict(tags)
    if "latest" not in shown:
        latest = max(versions, key=precedence, default=None)
        if latest is not None:
            shown["latest"] = latest
    return shown


def _version(name: str, version: Version) -> dict[str, Any]:
    shown = dict(version.package_json)
    dist: dict[str, Any] = {"tarball": version.tarball}
    if version.shasum is not None:
        dist["shasum"] = version.shasum
    integrity = shown.pop("integrity", version.integrity)
    if integrity is not None:
        dist["integrity"] = integrity
    return {**shown, "name": name, "version": version.version, "dist": dist}
