# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an archive still holds what its manifests say: every content read, and its checksum made anew."""

from __future__ import annotations

import contextlib
import hashlib
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Manifest
from ansible_collections.registryops.gitlab.plugins.module_utils._files.names import blob_path
from ansible_collections.registryops.gitlab.plugins.module_utils._files.place import PIECE, ArchiveError
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.threads import Threads

#: How many contents are read at once.
_READERS = 4


def damage(archive: Archive, found: t.Iterable[tuple[str, Manifest]]) -> list[dict[str, t.Any]]:
    """What is damaged or missing of the contents of these manifests, sorted by SHA-256.

    Each is a dict: ``sha256``, ``problem`` (``missing``, ``size``, ``content`` or ``unreadable``), ``message``, and
    ``manifests``, the paths of those that need it.
    """
    needed: dict[tuple[str, int], list[str]] = {}
    for path, manifest in found:
        for key in {(file["sha256"], file["size"]) for file in manifest["files"]}:
            needed.setdefault(key, []).append(path)
    threads = Threads(_READERS)
    try:
        answers = threads.map(lambda key: _problem(archive, *key), sorted(needed))
    finally:
        threads.close()
    return [
        {"sha256": key[0], "problem": answer[0], "message": answer[1], "manifests": needed[key]}
        for key, answer in zip(sorted(needed), answers)
        if answer
    ]


def is_whole(archive: Archive, sha256: str, size: int | None) -> bool:
    """Whether a content is there with this size (None: any), and is what its name says. Reads all of it."""
    found = archive.place.size(blob_path(sha256))
    return found is not None and _problem(archive, sha256, found if size is None else size) is None


def _problem(archive: Archive, sha256: str, size: int) -> tuple[str, str] | None:
    """What is wrong with a content, in a word and in a sentence; None: nothing."""
    path = blob_path(sha256)
    try:
        found = archive.place.size(path)
        if found is None:
            return "missing", f"{path} is not there"
        if found != size:
            return "size", f"{path} holds {found:,} bytes, not {size:,}"
        digest = hashlib.sha256()
        with contextlib.closing(archive.open_blob(sha256)) as file, archive.words.told(f"{path} cannot be read"):
            while True:
                piece = file.read(PIECE)
                if not piece:
                    break
                digest.update(piece)
    except ArchiveError as error:
        return "unreadable", error.message
    made = digest.hexdigest()
    return None if made == sha256 else ("content", f"{path} holds another content, of the SHA-256 {made}")
