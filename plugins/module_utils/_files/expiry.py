# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an archive need not hold any more: manifests from before a time, and contents that none needs."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import facts
from ansible_collections.registryops.gitlab.plugins.module_utils._files.place import INCOMING
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import KINDS, Archive
from ansible_collections.registryops.gitlab.plugins.module_utils._files.turns import (
    REMOVER_ENDS,
    left_over,
    removing,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import moment


@dataclass(frozen=True)
class Expired:
    """What was removed, or would be: manifests (as `facts`), and contents with their ``size`` in bytes.

    ``busy``: nothing was, as another run writes into the archive.
    """

    manifests: list[dict[str, t.Any]] = field(default_factory=list)
    blobs: int = 0
    size: int = 0
    busy: bool = False


def expire(archive: Archive, before: datetime, check_mode: bool = False) -> Expired:
    """Remove what was archived before a time (aware), and the contents that no manifest needs then.

    Raises :class:`.place.ArchiveError`; where a manifest cannot be read nothing is removed: what it needs is unknown.
    """
    if check_mode:
        return _removed(archive, before, lambda _path: None)
    with removing(archive) as alone:
        return _removed(archive, before, archive.place.remove) if alone else Expired(busy=True)


def _removed(archive: Archive, before: datetime, remove: t.Callable[[str], None]) -> Expired:
    ends = time.monotonic() + REMOVER_ENDS.total_seconds()
    old: list[dict[str, t.Any]] = []
    needed: set[str] = set()
    for path, manifest in archive.manifests(kinds=KINDS):
        archived = moment(manifest["archived_at"])
        if archived is not None and archived < before:
            old.append(facts(path, manifest))
        else:
            needed.update(file["sha256"] for file in manifest["files"])
    for entry in old:
        remove(entry["manifest"])
    blobs = size = 0
    for path in archive.place.files("blobs"):
        if path.rpartition("/")[2] not in needed and time.monotonic() < ends:
            size += archive.place.size(path) or 0
            remove(path)
            blobs += 1
    for path in list(left_over(archive.place.files(INCOMING), time.time())):
        remove(path)
    return Expired(old, blobs, size)
