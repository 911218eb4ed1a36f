# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Receiving and keeping the bytes that clients send, of any size, without holding them in memory.

Small contents lie in the database's row, larger ones each in a file of the folder beside the
database (``<db>.files``), or of a temporary folder when the state is in memory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gitlab_sandbox.content import Checksums, Hashing

_IN_ROW = 256 * 2**10
_PART = 256 * 2**10


@dataclass(frozen=True)
class Upload:
    """Received bytes: those of a small one in ``data``, of a larger one in the stored file of that name."""

    size: int
    checksums: Checksums
    data: bytes | None
    stored: str | None


class Contents:
    """The folder of large contents: beside a database, or a temporary one that the first large content makes."""

    def __init__(self, database: Path | None) -> None:
        self._folder = None if database is None else Path(f"{database}.files")
        self._temporary = database is None
        if self._folder is not None and self._folder.is_dir():
            # What a killed server was still receiving.
            for left in self._folder.glob("*.part"):
                left.unlink()

    def folder(self) -> Path:
        """The folder; it is there."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="gitlab-sandbox-"))
        self._folder.mkdir(exist_ok=True)
        return self._folder

    def close(self) -> None:
        """Remove a temporary folder."""
        if self._temporary and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def receive(self, generic: bool) -> Receiver:
        """Start to receive one content; of a ``generic`` file only the SHA-256 is computed."""
        return Receiver(self, generic)

    def parts(self, stored: str) -> Iterator[bytes]:
        """A stored content in pieces."""
        # Opened now: what is removed in the meantime is still read to its end.
        return _read(open(self.folder() / stored, "rb"))

    def remove(self, stored: str) -> None:
        """Remove a stored content."""
        (self.folder() / stored).unlink(missing_ok=True)


def _read(source: IO[bytes]) -> Iterator[bytes]:
    with source:
        while part := source.read(_PART):
            yield part


class Receiver:
    """Takes one content piece by piece: a context manager that leaves nothing behind unless it was finished."""

    def __init__(self, contents: Contents, generic: bool) -> None:
        self._contents = contents
        self._name = uuid.uuid4().hex
        self._hashing = Hashing(generic)
        self._held = bytearray()
        self._file: IO[bytes] | None = None
        self.size = 0

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            with contextlib.suppress(OSError):
                os.unlink(self._file.name)

    def write(self, part: bytes) -> None:
        """The next piece."""
        self._hashing.update(part)
        self.size += len(part)
        self._held += part
        if len(self._held) > _IN_ROW:
            self._flush()

    def _flush(self) -> None:
        if self._file is None:
            self._file = open(self._contents.folder() / f"{self._name}.part", "wb")  # noqa: SIM115
        self._file.write(self._held)
        self._held.clear()

    def finish(self) -> Upload:
        """The whole content, now kept: whoever does not add it to a package, removes it."""
        checksums = self._hashing.checksums()
        if self._file is None:
            return Upload(self.size, checksums, bytes(self._held), None)
        self._flush()
        self._file.close()
        os.rename(self._file.name, self._contents.folder() / self._name)
        self._file = None
        return Upload(self.size, checksums, None, self._name)
