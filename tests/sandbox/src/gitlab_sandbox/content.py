# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bytes of package files that were seeded without content, and their checksums.

Nothing of them is stored: they follow from the file's ID and size. All files begin with the same
bytes, those of one endless block after another, and the last 32 bytes are the file's own. So every
file has its own checksums, but hashing what they share is done once: the state of the hash after
each block is kept, and a file costs no more than the rest of one block, whatever its size. The
first question for a size of 500 MB takes less than a second, the first for 5 GiB a few; the
answers are kept in the database, too.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

_BLOCK = 2**20
_PART = 64 * 2**10
_OWN = 32


class Checksums(NamedTuple):
    """Hexadecimal digests; None where GitLab has none for that kind of package."""

    md5: str | None
    sha1: str | None
    sha256: str


class Hashing:
    """The three digests of bytes that come piece by piece; of a generic file GitLab keeps the SHA-256 only."""

    def __init__(self, generic: bool) -> None:
        names = ("sha256",) if generic else ("sha256", "sha1", "md5")
        self._digests = [hashlib.new(name, usedforsecurity=False) for name in names]

    def update(self, part: bytes) -> None:
        """The next piece."""
        for digest in self._digests:
            digest.update(part)

    def checksums(self) -> Checksums:
        """The digests so far."""
        found = {digest.name: digest.hexdigest() for digest in self._digests}
        return Checksums(found.get("md5"), found.get("sha1"), found["sha256"])

    def copy(self) -> Hashing:
        """Another one that goes on from here."""
        other = Hashing.__new__(Hashing)
        other._digests = [digest.copy() for digest in self._digests]
        return other


def checksums(parts: Iterable[bytes], generic: bool) -> Checksums:
    """The digests of some bytes."""
    hashing = Hashing(generic)
    for part in parts:
        hashing.update(part)
    return hashing.checksums()


@lru_cache(maxsize=1)
def _block() -> bytes:
    return hashlib.shake_128(b"the beginning of every package file").digest(_BLOCK)


def _end(file_id: int, size: int) -> bytes:
    """The bytes that are the file's own."""
    return hashlib.shake_128(b"package file %d" % file_id).digest(min(size, _OWN))


def chunks(file_id: int, size: int) -> Iterator[bytes]:
    """The ``size`` bytes of the file with this ID, in pieces of 64 KiB at most."""
    end = _end(file_id, size)
    block, left, place = _block(), size - len(end), 0
    while left > 0:
        part = block[place : place + min(_PART, left)]
        yield part
        left -= len(part)
        place = (place + len(part)) % _BLOCK
    if end:
        yield end


class _Prefixes:
    """The states of a hash after each block of what all files share."""

    def __init__(self, generic: bool) -> None:
        self._lock = threading.Lock()
        self._states = [Hashing(generic)]

    def known(self, blocks: int) -> bool:
        return blocks < len(self._states)

    def after(self, blocks: int) -> Hashing:
        # What is known is never waited for, however long another thread goes on hashing.
        if not self.known(blocks):
            self._extend(blocks)
        return self._states[blocks].copy()

    def _extend(self, blocks: int) -> None:
        with self._lock:
            while blocks >= len(self._states):
                state = self._states[-1].copy()
                state.update(_block())
                self._states.append(state)


_PREFIXES: dict[bool, Any] = {generic: _Prefixes(generic) for generic in (True, False)}


def generated_checksums(file_id: int, size: int, generic: bool) -> Checksums:
    """The digests of what :func:`chunks` gives."""
    end = _end(file_id, size)
    blocks, rest = divmod(size - len(end), _BLOCK)
    hashing: Hashing = _PREFIXES[generic].after(blocks)
    hashing.update(_block()[:rest])
    hashing.update(end)
    return hashing.checksums()


def hashed_soon(size: int, generic: bool) -> bool:
    """Whether the digests of a file of this size cost a few milliseconds only."""
    return bool(_PREFIXES[generic].known(size // _BLOCK))
