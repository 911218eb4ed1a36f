# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry's file is called in a directory: names are chosen by anyone who may push. Pure.

A name is refused rather than changed, so that nobody looks for a file that has another name. One change is made: a
scope or a folder before a name becomes part of it, as GitLab writes it for generic packages (``docs%2Fread.me``).
"""

from __future__ import annotations

import re
import typing as t
import unicodedata

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

#: What common file systems take, in bytes of UTF-8.
LONGEST = 255
#: Windows opens a device for these, whatever follows the first dot.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\s*(?:\.|$)", re.IGNORECASE)
#: What no file system of Windows takes, or takes for something else.
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\\]')


def local_names(file_names: t.Sequence[str]) -> list[str]:
    """What each is called in a directory; they do not share one name, also where upper and lower case are the same.

    Raises :class:`InvalidInput` for a name that could leave the directory, or be something else than a file there.
    """
    names = [_local(name) for name in file_names]
    taken: dict[str, str] = {}
    for written, name in zip(names, file_names):
        key = unicodedata.normalize("NFC", written).casefold()
        other = taken.setdefault(key, name)
        if other != name:
            raise InvalidInput(
                f"the files {printable(other)!r} and {printable(name)!r} cannot lie in one directory everywhere, as"
                " their names differ by case or by their form only. Nothing was written: choose with file_name"
            )
    return names


def _local(name: str) -> str:
    why = _why_not(name)
    if why:
        raise InvalidInput(f"a file is named {printable(name)[:300]!r}, which {why}. Nothing was written")
    return name.replace("/", "%2F")


def _why_not(name: str) -> str | None:
    parts = name.split("/")
    if name.startswith("/") or any(part in (".", "..") for part in parts):
        return "leads out of a directory"
    if not all(parts):
        return "is no name of a file"
    if any(not char.isprintable() for char in name):
        return "holds characters that do not print"
    if len(name.replace("/", "%2F").encode("utf-8", "surrogatepass")) > LONGEST:
        return f"is longer than the {LONGEST} bytes that file systems take"
    if any(_DEVICES.match(part) or part[-1] in ". " for part in parts) or _NOT_ON_WINDOWS.search(name):
        return "means something else on Windows"
    return None
