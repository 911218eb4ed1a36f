# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bytes of package files that were seeded without content, and their checksums.

The bytes follow from the file's ID and size alone: nothing of them is stored, and they are made
when someone downloads them or asks for a checksum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_PATTERN = 4096
_CHUNK = 16 * _PATTERN


class Checksums(NamedTuple):
    """Hexadecimal digests; None where GitLab has none for that kind of package."""

    md5: str | None
    sha1: str | None
    sha256: str


def chunks(file_id: int, size: int) -> Iterator[bytes]:
    """The ``size`` bytes of the file with this ID, in pieces of 64 KiB at most."""
    # One repeated pattern for each file: as good as random bytes for telling files apart, and
    # making 300 kB of it takes microseconds.
    chunk = hashlib.shake_128(b"package file %d" % file_id).digest(_PATTERN) * (_CHUNK // _PATTERN)
    while size >= _CHUNK:
        yield chunk
        size -= _CHUNK
    if size:
        yield chunk[:size]


def checksums(parts: Iterable[bytes], generic: bool) -> Checksums:
    """The digests of some bytes. GitLab keeps only the SHA-256 of a generic package's file."""
    sha256 = hashlib.sha256()
    if generic:
        for part in parts:
            sha256.update(part)
        return Checksums(None, None, sha256.hexdigest())
    md5, sha1 = hashlib.new("md5", usedforsecurity=False), hashlib.new("sha1", usedforsecurity=False)
    for part in parts:
        md5.update(part)
        sha1.update(part)
        sha256.update(part)
    return Checksums(md5.hexdigest(), sha1.hexdigest(), sha256.hexdigest())
