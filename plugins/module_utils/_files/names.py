# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a manifest lies in an archive: names that anyone may choose, as path parts that stay where they are. Pure.

A part is injective: two names never share one, also where a file system takes upper and lower case, or two forms of an
accented letter, for the same. It holds lower case letters, digits and ``. _ - + @`` as they are, ``!a`` for ``A``, and
``%xx`` for all other bytes of UTF-8; it never begins with a dot, never ends with one, and is no device name of Windows.
What is too long for a file system is cut, and ends in its SHA-256.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

#: Names stay below the 255 bytes of common file systems, and a whole path below the 1,024 of S3.
LONGEST = 120
LONGEST_PROJECT = 480
#: What is left of a long name, for readers.
_BEGINNING = 48
_PLAIN = re.compile(r"[a-z0-9._+@-]")
#: Windows opens a device for these, whatever follows the first dot.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|\Z)")
#: For what has no name; no encoding gives them, as two hexadecimal digits follow every ``%`` there.
NONE, EMPTY = "%none", "%empty"


def part(name: str | None) -> str:
    """One name as one part of a path."""
    if name is None:
        return NONE
    encoded = "".join(map(_encoded, name))
    if encoded.startswith(".") or _DEVICES.match(encoded):
        encoded = _hexadecimal(encoded[0]) + encoded[1:]
    if encoded.endswith("."):
        encoded = encoded[:-1] + _hexadecimal(".")
    return _shortened(encoded, name, LONGEST) or EMPTY


def project_part(path: str | None, project_id: int) -> str:
    """The parts of a project, by its full path; by its ID where the path is not known."""
    if not path:
        return f"-/{project_id}"
    whole = "/".join(part(segment) for segment in path.split("/"))
    return whole if len(whole) <= LONGEST_PROJECT else f"-/{_shortened(whole, path, LONGEST)}"


def manifest_path(manifest: t.Mapping[str, t.Any], suffix: str = "") -> str:
    """Where the manifest of a package lies, below the archive."""
    package, project = manifest["package"], manifest["project"]
    names = (part(package["package_type"]), part(package["name"]), part(package.get("version")))
    where = "/".join((project_part(project["path"], project["id"]), *names))
    return f"packages/{where}/{package['id']}{suffix}.json"


def blob_path(sha256: str) -> str:
    """Where a content lies, below the archive. Raises ValueError for what is no SHA-256."""
    if not is_sha256(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256")
    return f"blobs/sha256/{sha256[:2]}/{sha256}"


def is_sha256(text: t.Any) -> bool:
    """Whether it is a SHA-256 as 64 hexadecimal digits in lower case."""
    return isinstance(text, str) and re.fullmatch(r"[0-9a-f]{64}", text) is not None


def _encoded(char: str) -> str:
    if _PLAIN.match(char):
        return char
    return f"!{char.lower()}" if "A" <= char <= "Z" else _hexadecimal(char)


def _hexadecimal(char: str) -> str:
    return "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def _shortened(encoded: str, name: str, longest: int) -> str:
    if len(encoded) <= longest:
        return encoded
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    # Cut where nothing is cut in two: not inside of "%xx" or "!a".
    beginning = re.match(r"(?:%[0-9a-f]{2}|![a-z]|[^%!/])*", encoded[:_BEGINNING])
    return f"{beginning.group() if beginning else ''}%~{digest}"
