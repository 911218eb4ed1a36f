# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive in a directory: for its owner only, each file synced and renamed into its place."""

from __future__ import annotations

import contextlib
import os
import typing as t
from collections.abc import Iterator

from ansible_collections.registryops.gitlab.plugins.module_utils._files.place import Words, temporary

FILE_MODE, FOLDER_MODE = 0o600, 0o700


class LocalPlace:
    """The directory ``folder``, absolute; it is made when something is written."""

    is_near = True

    def __init__(self, folder: str, words: Words) -> None:
        self._folder = os.path.abspath(folder)
        self._words = words
        self.where = words.where
        #: Directories that are there, so that each file does not ask again.
        self._made: set[str] = set()

    def sink(self, path: str | None) -> LocalSink:
        """See :class:`.place.Place`."""
        with self._words.told("it cannot be written"):
            return LocalSink(self, temporary(), path or "a file", self._words)

    def open(self, path: str) -> t.BinaryIO:
        """See :class:`.place.Place`."""
        with self._words.told(f"{path} cannot be read"):
            return open(self.path(path), "rb")

    def size(self, path: str) -> int | None:
        """See :class:`.place.Place`."""
        with self._words.told(f"{path} cannot be read"):
            try:
                return os.stat(self.path(path)).st_size
            except FileNotFoundError:
                return None

    def files(self, folder: str) -> Iterator[str]:
        """See :class:`.place.Place`."""
        with self._words.told(f"{folder} cannot be read"):
            try:
                entries = sorted(os.scandir(self.path(folder)), key=lambda entry: entry.name)
            except FileNotFoundError:
                return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self.files(f"{folder}/{entry.name}")
            else:
                yield f"{folder}/{entry.name}"

    def names(self) -> list[str]:
        """See :class:`.place.Place`."""
        with self._words.told("it cannot be read"):
            try:
                return sorted(os.listdir(self._folder))
            except FileNotFoundError:
                return []

    def remove(self, path: str) -> None:
        """See :class:`.place.Place`; folders that become empty go along, as far as nobody else uses them."""
        with self._words.told(f"{path} cannot be removed"), contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(path))
        with contextlib.suppress(OSError):
            while path.count("/") > 1:
                path = path.rpartition("/")[0]
                self._made.discard(path)
                os.rmdir(self.path(path))

    def path(self, path: str) -> str:
        """Where it is on this machine."""
        return os.path.join(self._folder, *path.split("/"))

    def make_folder(self, path: str) -> None:
        """Make a folder of the archive and those above it."""
        if path in self._made:
            return
        if not path:
            os.makedirs(self._folder, FOLDER_MODE, exist_ok=True)
        else:
            parent = path.rpartition("/")[0]
            self.make_folder(parent)
            try:
                os.mkdir(self.path(path), FOLDER_MODE)
            except FileExistsError:
                pass
            except FileNotFoundError:  # somebody removed the parent since it was made
                self._made.clear()
                os.makedirs(self.path(path), FOLDER_MODE, exist_ok=True)
            else:
                self.sync_folder(parent)
        self._made.add(path)

    def sync_folder(self, path: str) -> None:
        """Let what a folder names be on the disk; where folders cannot be synced (Windows) nothing can be done."""
        with contextlib.suppress(OSError):
            handle = os.open(self.path(path) if path else self._folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


class LocalSink:
    """A file below INCOMING that is renamed when it is whole."""

    def __init__(self, place: LocalPlace, name: str, what: str, words: Words) -> None:
        self._place, self._what, self._words = place, what, words
        place.make_folder(name.rpartition("/")[0])
        self._name = place.path(name)
        handle = os.open(self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        self._file = os.fdopen(handle, "wb")

    def write(self, piece: bytes) -> None:
        """See :class:`.place.Sink`."""
        with self._words.told(f"{self._what} cannot be written"):
            self._file.write(piece)

    def keep(self, path: str) -> None:
        """See :class:`.place.Sink`."""
        folder = path.rpartition("/")[0]
        with self._words.told(f"{path} cannot be written"):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._place.make_folder(folder)
            try:
                os.replace(self._name, self._place.path(path))
            except FileNotFoundError:  # who removed the last file of a folder has removed it too
                os.makedirs(self._place.path(folder), FOLDER_MODE, exist_ok=True)
                os.replace(self._name, self._place.path(path))
            self._place.sync_folder(folder)

    def drop(self) -> None:
        """See :class:`.place.Sink`."""
        with contextlib.suppress(OSError, ValueError):
            self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._name)
