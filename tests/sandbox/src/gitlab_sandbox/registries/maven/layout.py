# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maven's repository layout: which package and file a path means.

A version lies in ``<group>/<artifact>/<version>/<file>``; ``maven-metadata.xml`` of an artifact lies one level higher,
in a package without a version. The path alone does not tell them apart: what is stored decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

METADATA = "maven-metadata.xml"
SNAPSHOT = "-SNAPSHOT"
_CHECKSUMS = ("md5", "sha1")

_NAME = re.compile(r"@?[\w.-]+(?:/[\w.+-]+)*", re.ASCII)
_VERSION = re.compile(r"(?!.*\.\.)[\w+.-]+", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9._+~-]{1,255}")
# The timestamp and the number of a snapshot's build.
_BUILD = re.compile(r"-[0-9]{8}\.[0-9]{6}-[0-9]+(?=[-.])")


@dataclass(frozen=True)
class Place:
    """A path of the registry. ``checksum``: ``md5`` or ``sha1`` if the path asks for that sum of the file."""

    folder: str
    file_name: str
    checksum: str | None

    @property
    def candidates(self) -> tuple[tuple[str, str | None], ...]:
        """The names and versions of packages that may lie in this folder."""
        name, _, version = self.folder.rpartition("/")
        return ((self.folder, None), (name, version)) if name else ((self.folder, None),)

    @property
    def package(self) -> tuple[str, str | None]:
        """The name and version of the package that an upload here makes."""
        if self.file_name == METADATA and not self.folder.endswith(SNAPSHOT):
            return self.folder, None
        name, _, version = self.folder.rpartition("/")
        return name, version


def read_place(path: str) -> Place | None:
    """The place of a path below ``…/packages/maven/``; None if there is none such."""
    folder, _, file_name = path.rpartition("/")
    base, _, suffix = file_name.rpartition(".")
    checksum = suffix if suffix in _CHECKSUMS and base else None
    if checksum is not None:
        file_name = base
    parts = folder.split("/")
    if not all(parts) or any(part in (".", "..") for part in parts) or _FILE_NAME.fullmatch(file_name) is None:
        return None
    return Place(folder, file_name, checksum)


def valid(name: str, version: str | None) -> str | None:
    """What is wrong with a package's name or version, in GitLab's words; None if nothing is."""
    if not name or len(name) > 255 or _NAME.fullmatch(name) is None:
        return "Validation failed: Name is invalid"
    if version is not None and (len(version) > 255 or _VERSION.fullmatch(version) is None):
        return "Validation failed: Version is invalid"
    return None


def without_build(version: str | None, file_name: str) -> str:
    """A file's name without the build of a snapshot: files of two builds are duplicates of each other."""
    if version is None or not version.endswith(SNAPSHOT):
        return file_name
    return _BUILD.sub("", file_name, count=1)
