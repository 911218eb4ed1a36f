# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small texts out of archives that anybody made: read within bounds, and never unpacked."""

from __future__ import annotations

import contextlib
import tarfile
import typing as t
import zipfile
import zlib
from collections.abc import Iterator

#: Of one text, in bytes: descriptions on PyPI are long pages.
MOST = 8 * 1000 * 1000
#: How many entries of an archive are looked at.
MOST_ENTRIES = 200_000
#: How much is unpacked in passing, in bytes: what a bomb may cost.
MOST_UNPACKED = 4 * 1000 * 1000 * 1000

_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def texts_in_tar(file: t.BinaryIO, names: t.Collection[str]) -> dict[str, bytes] | None:
    """The files of these names in the one top folder of a ``.tar.gz``, the first of each; None: it is no such file.

    The stream is read once; nothing of it is held but the texts.
    """
    found: dict[str, bytes] = {}
    with contextlib.suppress(*_BROKEN), tarfile.open(fileobj=file, mode="r|gz") as archive:
        for member in _members(archive):
            _folder, _slash, name = member.name.removeprefix("./").partition("/")
            if member.isfile() and name in names and name not in found and member.size <= MOST:
                content = archive.extractfile(member)
                found[name] = content.read() if content else b""
        return found
    return found or None


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for count, member in enumerate(archive):
        # What is passed over is unpacked, too.
        if count > MOST_ENTRIES or member.offset_data + member.size > MOST_UNPACKED:
            return
        t.cast(t.Any, archive).members = []  # it would keep all that it has seen
        yield member


def text_in_zip(file: t.BinaryIO, is_it: t.Callable[[str], bool]) -> bytes | None:
    """The first file of a zip whose name is the one; None: there is none, or it is no zip."""
    with contextlib.suppress(*_BROKEN), zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if is_it(info.filename):
                if info.file_size > MOST:
                    return None
                with archive.open(info) as content:
                    return content.read(MOST)
    return None
