# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive: contents by their SHA-256, each once, and a manifest for each package, written last.

``archive.json`` says the format and the server, ``blobs/sha256/ab/…`` hold contents, ``packages/…`` manifests.
Several runs may write at once: what two of them write is the same, or has another name.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._files import manifests as shapes
from ansible_collections.registryops.gitlab.plugins.module_utils._files.local_place import LocalPlace
from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import (
    FORMAT_VERSION,
    Manifest,
    NotAManifest,
    Wanted,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.names import (
    blob_path,
    manifest_path,
    project_part,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.place import (
    INCOMING,
    ArchiveError,
    Missing,
    Place,
    Sink,
    Words,
    read_whole,
    write_whole,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.secret_options import secrets_of
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput

HEAD = "archive.json"
#: The kinds of manifests, as :meth:`Archive.manifests` takes them.
KINDS = ("package", "older", "files")
#: Of a new file system's own, at the top of a directory that is empty otherwise.
_NOBODYS = {INCOMING, "lost+found"}
_GLOB = re.compile(r"[*?\[]")


def open_place(url: str, options: t.Mapping[str, t.Any] | None = None) -> tuple[Place, Words]:
    """Where the archive lies, and how its errors are told; ``options`` are of fsspec's back end, and never shown.

    Raises :class:`InvalidInput`, :class:`ArchiveError`, and ImportError for a library that is missing.
    """
    options = options or {}
    words = Words(url, secrets_of(options))
    scheme, separator, rest = url.partition("://")
    if not url.strip() or "\0" in url or (separator and not rest):
        raise InvalidInput("archive must be a directory, or an address such as s3://bucket/folder")
    if not separator or scheme == "file":
        if options:
            raise InvalidInput(f"archive_options are for addresses such as s3://bucket/folder, not for {words.where}")
        return LocalPlace(os.path.expanduser(rest if separator else url), words), words
    if "::" in url:
        raise InvalidInput(f"archive {words.where}: an address may not hold another one")
    from ansible_collections.registryops.gitlab.plugins.module_utils._files.remote_place import RemotePlace

    return RemotePlace(url, options, words), words


def open_archive(
    url: str, options: t.Mapping[str, t.Any] | None = None, server: str | None = None, create: bool = False
) -> Archive:
    """The archive at ``url``, which must be of ``server`` (the API's address); with ``create`` it is begun if needed.

    Raises as :func:`open_place`; an archive of another server, of a newer format, and what is none, are refused.
    """
    place, words = open_place(url, options)
    archive = Archive(place, words)
    head = archive.head()
    if head is None and create and server:
        foreign = [name for name in place.names() if name not in _NOBODYS]
        if foreign:
            raise words.error(f"it is not empty and holds no {HEAD}: name a directory of its own")
        head = {"format_version": FORMAT_VERSION, "server": server}
        write_whole(place, HEAD, (json.dumps(head) + "\n").encode())
        head = archive.head()  # of two that begin it at once, one has come last
    if head is None:
        raise words.error(f"there is no archive: {HEAD} is not there")
    if server and head["server"] != server:
        raise words.error(
            f"it is of {head['server']}, and api_url is {server}: each GitLab needs an archive of its own"
        )
    return archive


def may_be_begun(url: str, options: t.Mapping[str, t.Any] | None, server: str) -> Archive | None:
    """The archive at ``url`` for a look without writing; None where there is none yet. Raises as `open_archive`."""
    place, words = open_place(url, options)
    if Archive(place, words).head() is not None or [name for name in place.names() if name not in _NOBODYS]:
        return open_archive(url, options, server)
    return None


@dataclass(frozen=True)
class Archive:
    """An archive that is there."""

    place: Place
    words: Words

    @property
    def where(self) -> str:
        """Its address, for a sentence."""
        return self.words.where

    def head(self) -> dict[str, t.Any] | None:
        """What ``archive.json`` says; None: there is none. Raises :class:`ArchiveError`."""
        try:
            data = read_whole(self.place, HEAD, 65536)
        except Missing:
            return None
        try:
            head = json.loads(data or b"")
            if not isinstance(head, dict) or not isinstance(head.get("server"), str):
                raise NotAManifest("is not what an archive's is")
            shapes.refuse_newer(head.get("format_version"))
        except NotAManifest as error:
            raise self.words.error(f"its {HEAD} {error}") from None
        except (ValueError, RecursionError):
            raise self.words.error(f"its {HEAD} is no JSON") from None
        return head

    # --- contents --------------------------------------------------------------------------------------------

    def open_blob(self, sha256: str) -> t.BinaryIO:
        """Read a content. Raises :class:`ArchiveError` where it is not there."""
        return self.place.open(blob_path(sha256))

    def has_blob(self, sha256: str, size: int | None) -> bool:
        """Whether a content of this size (bytes; None: any) is there; what it holds is not read."""
        found = self.size_of(sha256)
        return found is not None and size in (None, found)

    def size_of(self, sha256: str) -> int | None:
        """The size of a content in bytes; None: it is not there."""
        return self.place.size(blob_path(sha256))

    @contextlib.contextmanager
    def put_blob(self, sha256: str | None = None) -> Iterator[Incoming]:
        """A content to be written; what is not kept in the ``with`` block is forgotten. ``sha256``: if known before."""
        incoming = Incoming(self.place, blob_path(sha256) if sha256 else None)
        try:
            yield incoming
        finally:
            incoming.drop()

    # --- manifests -------------------------------------------------------------------------------------------

    def manifest_of(self, manifest: Manifest) -> Manifest | None:
        """The latest manifest of the package that ``manifest`` is of; None: there is none that can be read."""
        try:
            return self.read_manifest(manifest_path(manifest))
        except ArchiveError:
            return None

    def read_manifest(self, path: str) -> Manifest:
        """The manifest at ``path``. Raises :class:`ArchiveError` for what is none."""
        data = read_whole(self.place, path, shapes.MOST_BYTES)
        try:
            return shapes.read(data, path)
        except NotAManifest as error:
            raise self.words.error(f"{path} {error}") from None

    def manifests(
        self,
        wanted: Wanted | None = None,
        kinds: t.Collection[str] = ("package",),
        damaged: t.Callable[[str, str], None] | None = None,
    ) -> Iterator[tuple[str, Manifest]]:
        """The manifests that are meant, with their paths, sorted by path.

        ``kinds``: ``package`` (the latest of each package), ``older`` (earlier ones of a package whose files changed),
        ``files`` (files that were deleted out of a package that stayed). One that cannot be read is given to
        ``damaged`` with its path and a sentence; without it, :class:`ArchiveError` is raised.
        """
        wanted = wanted or Wanted()
        for path in self.manifest_paths(wanted.project):
            kind = kind_of(path)
            if kind not in kinds or (wanted.ids is not None and not _is_of(path, wanted.ids)):
                continue
            try:
                manifest = self.read_manifest(path)
            except ArchiveError as error:
                if damaged is None:
                    raise
                damaged(path, error.message)
                continue
            if wanted.means(manifest):
                yield path, manifest

    def manifest_paths(self, project: str | None = None) -> Iterator[str]:
        """The paths of all manifests; where ``project`` is a full path without wildcards, of those that may be its."""
        folder = "packages"
        if project and "/" in project and not _GLOB.search(project):
            folder = f"packages/{project_part(project, 0)}"
        return (path for path in self.place.files(folder) if path.endswith(".json"))

    def put_manifest(self, manifest: Manifest) -> str:
        """Write a manifest, whose contents must be there, and return its path.

        It takes the place of the package's latest one; where that one holds files that this one does not, it is kept
        under another name.
        """
        if manifest["kind"] == "files":
            path = manifest_path(manifest, shapes.files_suffix(manifest))
            write_whole(self.place, path, shapes.write(manifest))
            return path
        path = manifest_path(manifest)
        before = self.manifest_of(manifest)
        if before is not None and not shapes.contents(before) <= shapes.contents(manifest):
            write_whole(self.place, manifest_path(before, shapes.older_suffix(before)), shapes.write(before))
        write_whole(self.place, path, shapes.write(manifest))
        return path


class Incoming:
    """A content on its way into an archive."""

    def __init__(self, place: Place, path: str | None) -> None:
        self._place, self._path = place, path
        self._sink: Sink | None = None

    def start(self) -> t.Callable[[bytes], object]:
        """What takes the bytes, from the first one on: what came before is forgotten."""
        self.drop()
        self._sink = self._place.sink(self._path)
        return self._sink.write

    def keep(self, sha256: str) -> None:
        """Let it be in the archive, as the content of this SHA-256, which the caller has made sure of."""
        if self._sink is None:
            raise AssertionError("nothing was written")
        self._sink.keep(blob_path(sha256))
        self._sink = None

    def drop(self) -> None:
        """Forget what is not kept."""
        if self._sink is not None:
            self._sink.drop()
            self._sink = None


def kind_of(path: str) -> str:
    """The kind of the manifest at ``path``: ``package``, ``older`` or ``files``."""
    suffix = shapes.suffix_of(path)
    return "package" if not suffix else "files" if suffix.startswith(".files-") else "older"


def _is_of(path: str, ids: t.Collection[int]) -> bool:
    number = path.rpartition("/")[2].split(".")[0]
    return number.isdigit() and int(number[:20]) in ids
