# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive at an address that fsspec knows: S3, GCS, Azure, SFTP, memory, …

An object store shows an object when it is whole, and not before: it is put under its own name, and looked at
afterwards. Elsewhere a file is written under another name and moved.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator, Mapping

from ansible_collections.registryops.gitlab.plugins.module_utils._files.place import (
    INCOMING,
    ArchiveError,
    Missing,
    Words,
    temporary,
)

if t.TYPE_CHECKING:
    from fsspec import AbstractFileSystem

#: Where an upload is seen when it is complete and not before; there are no folders to make, which could make a bucket.
_OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")
#: How many bytes of a file are held until they are sent: several files are on their way at once.
_BLOCK = 8 * 2**20


class RemotePlace:
    """The address ``url``, with ``options`` for its back end. Raises ImportError, with its ``name``, without one."""

    is_near = False

    def __init__(self, url: str, options: Mapping[str, t.Any], words: Words) -> None:
        import fsspec

        self._words = words
        self.where = words.where
        self._is_object_store = url.partition("://")[0] in _OBJECT_STORES
        settings = {"use_listings_cache": False, "skip_instance_cache": True, **options}
        try:
            with words.told("it cannot be reached"):
                self._system: AbstractFileSystem
                self._system, root = fsspec.core.url_to_fs(url, **settings)
        except ImportError as error:
            # Of its own one it says which to install; the library that is missing stands in what came before.
            name = getattr(error.__cause__, "name", None) or error.name
            raise ImportError(str(error), name=name) from None
        self._root = root.rstrip("/")
        self._made: set[str] = set()

    def sink(self, path: str | None) -> RemoteSink:
        """See :class:`.place.Place`."""
        if path is None or not self._is_object_store:
            path = temporary()
        return RemoteSink(self, path, self._words)

    def open(self, path: str) -> t.BinaryIO:
        """See :class:`.place.Place`."""
        with self._words.told(f"{path} cannot be read"):
            return t.cast(t.BinaryIO, self._system.open(self.path(path), "rb", block_size=_BLOCK))

    def size(self, path: str) -> int | None:
        """See :class:`.place.Place`."""
        try:
            with self._words.told(f"{path} cannot be read"):
                info = self._system.info(self.path(path))
        except Missing:
            return None
        return int(info["size"]) if info["type"] == "file" else None

    def files(self, folder: str) -> Iterator[str]:
        """See :class:`.place.Place`."""
        try:
            with self._words.told(f"{folder} cannot be read"):
                found = self._system.find(self.path(folder))
        except Missing:
            return
        begin = len(self.path(""))
        yield from (name[begin:] for name in sorted(found))

    def names(self) -> list[str]:
        """See :class:`.place.Place`."""
        try:
            with self._words.told("it cannot be read"):
                found = self._system.ls(self._root, detail=False)
        except Missing:
            return []
        return sorted({name.rstrip("/").rpartition("/")[2] for name in found} - {""})

    def remove(self, path: str) -> None:
        """See :class:`.place.Place`."""
        with contextlib.suppress(Missing), self._words.told(f"{path} cannot be removed"):
            self._system.rm_file(self.path(path))

    def path(self, path: str) -> str:
        """What the back end calls it."""
        return f"{self._root}/{path}"

    def begin(self, path: str) -> t.Any:
        """Open a file for writing, of which an object store shows nothing before it is closed."""
        self._make_folder(path)
        return self._system.open(self.path(path), "wb", block_size=_BLOCK)

    def move(self, path: str, to: str) -> None:
        """Move a file within the archive."""
        from fsspec import AbstractFileSystem

        self._make_folder(to)
        path, to = self.path(path), self.path(to)
        if type(self._system).mv is not AbstractFileSystem.mv:
            self._system.mv(path, to)
        else:
            self._system.cp_file(path, to)
            self._system.rm_file(path)

    def _make_folder(self, path: str) -> None:
        folder = self.path(path).rpartition("/")[0]
        if not self._is_object_store and folder not in self._made:
            self._system.makedirs(folder, exist_ok=True)
            self._made.add(folder)


class RemoteSink:
    """An upload, which ends when it is kept."""

    def __init__(self, place: RemotePlace, path: str, words: Words) -> None:
        self._place, self._path, self._words = place, path, words
        self._size = 0
        with words.told(f"{path} cannot be written"):
            self._file = place.begin(path)

    def write(self, piece: bytes) -> None:
        """See :class:`.place.Sink`."""
        with self._words.told(f"{self._path} cannot be written"):
            self._file.write(piece)
        self._size += len(piece)

    def keep(self, path: str) -> None:
        """See :class:`.place.Sink`."""
        with self._words.told(f"{path} cannot be written"):
            self._file.close()
            if path != self._path:
                self._place.move(self._path, path)
        size = self._place.size(path)
        if size != self._size:
            there = "nothing" if size is None else f"{size:,} bytes"
            raise self._words.error(f"{path} was written with {self._size:,} bytes, and there are {there}")

    def drop(self) -> None:
        """See :class:`.place.Sink`."""
        with contextlib.suppress(Exception):
            self._file.discard()
        with contextlib.suppress(Exception):
            self._file.closed = True  # or its destructor would send the rest
        if self._path.startswith(f"{INCOMING}/"):
            with contextlib.suppress(ArchiveError):
                self._place.remove(self._path)
