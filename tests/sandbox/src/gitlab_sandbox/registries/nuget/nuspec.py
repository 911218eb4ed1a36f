# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a NuGet package says of itself: its ``.nuspec``
(https://learn.microsoft.com/nuget/reference/nuspec)."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree

# In bytes; GitLab's own limit.
LARGEST = 4 * 2**20

_ID = re.compile(r"[A-Za-z0-9._+-]{1,100}")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){1,3}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


class NuspecError(Exception):
    """The file is no NuGet package, or its nuspec cannot be."""


@dataclass(frozen=True)
class Nuspec:
    """The package's identity and tags, as written there."""

    id: str
    version: str
    tags: tuple[str, ...]
    symbols: bool

    def file_name(self, suffix: str) -> str:
        """The name that GitLab gives the file, whatever it came as."""
        return f"{self.id}.{self.version}.{suffix}".lower()


def read_nuspec(file: IO[bytes]) -> Nuspec:
    """The nuspec of a package.

    :param file: the package, seekable.
    :raises NuspecError: if there is none, or it lacks an ID or a version.
    """
    try:
        with zipfile.ZipFile(file) as package:
            names = [name for name in package.namelist() if "/" not in name and name.lower().endswith(".nuspec")]
            if not names:
                raise NuspecError("nuspec file not found")
            if package.getinfo(names[0]).file_size > LARGEST:
                raise NuspecError("nuspec file too big")
            with package.open(names[0]) as entry:
                document = entry.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise NuspecError("invalid package file") from None
    try:
        root = ElementTree.fromstring(document)
    except (ElementTree.ParseError, ValueError):
        raise NuspecError("the nuspec is not XML") from None
    # The namespace differs by the version of the schema.
    id_, version = _text(root, "id"), _text(root, "version")
    if _ID.fullmatch(id_) is None:
        raise NuspecError("Validation failed: Name is invalid")
    if len(version) > 255 or _VERSION.fullmatch(version) is None:
        raise NuspecError("Validation failed: Version is invalid")
    kinds = [node.get("name", "") for node in root.iterfind("{*}metadata/{*}packageTypes/{*}packageType")]
    return Nuspec(id_, version, tuple(_text(root, "tags").split()), "SymbolsPackage" in kinds)


def _text(root: ElementTree.Element, tag: str) -> str:
    return (root.findtext(f"{{*}}metadata/{{*}}{tag}") or "").strip()


def normalized(version: str) -> str:
    """The version by which NuGet asks: no leading zeros, no fourth zero, no build metadata, lower case."""
    core, dash, prerelease = version.partition("+")[0].partition("-")
    numbers = [str(int(number)) for number in core.split(".") if number.isdigit()]
    while len(numbers) < 3:
        numbers.append("0")
    if len(numbers) == 4 and numbers[3] == "0":
        numbers.pop()
    return (".".join(numbers) + dash + prerelease).lower()
