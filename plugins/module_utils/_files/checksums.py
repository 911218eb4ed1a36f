# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether bytes are those that GitLab says a file has (E4): by their size, and by the strongest checksum it tells.

MD5 and SHA-1 are here to find what was damaged, not what was forged: some registries store nothing better.
"""

from __future__ import annotations

import hashlib
import typing as t

#: E4's keys, the strongest first.
SUMS = ("sha256", "sha1", "md5")


def told(file: t.Mapping[str, t.Any]) -> tuple[str, str] | None:
    """The strongest checksum that E4 tells of a file: its kind, and its hex digits in lower case; None: none."""
    return next(((kind, file[f"file_{kind}"].lower()) for kind in SUMS if file.get(f"file_{kind}")), None)


class Sums:
    """The checksums of bytes that pass by: always SHA-256, and the one that E4 tells."""

    def __init__(self, file: t.Mapping[str, t.Any]) -> None:
        self._told = told(file)
        kinds = {"sha256", *([self._told[0]] if self._told else [])}
        # Not for security: a build that allows only approved ones has them for this.
        self._sums = {kind: hashlib.new(kind, usedforsecurity=False) for kind in kinds}
        self._due = file.get("size")
        self.size = 0

    def update(self, piece: bytes) -> None:
        """The next bytes."""
        self.size += len(piece)
        for one in self._sums.values():
            one.update(piece)

    @property
    def sha256(self) -> str:
        """In hex digits."""
        return self._sums["sha256"].hexdigest()

    @property
    def checked(self) -> str | None:
        """What the bytes can be checked by: a kind of checksum, ``size``, or None where E4 tells neither."""
        return self._told[0] if self._told else "size" if self._due is not None else None

    def difference(self) -> str | None:
        """What is not as E4 says; None if all is."""
        if self._due is not None and self.size != self._due:
            return f"it has {self.size} bytes, and {self._due} are due"
        if self._told:
            kind, due = self._told
            found = self._sums[kind].hexdigest()
            if found != due:
                return f"its {kind.upper()} is {found}, and {due} is due"
        return None
