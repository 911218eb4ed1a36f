# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an archive holds, and what of it is not as it should be."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Manifest, Wanted, facts
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import KINDS, Archive, kind_of
from ansible_collections.registryops.gitlab.plugins.module_utils._files.verification import damage


def inventory(archive: Archive, wanted: Wanted, verify: bool) -> dict[str, t.Any]:
    """What `package_archive_info` returns. Earlier manifests of a package are not listed, and verified all the same.

    Raises :class:`.place.ArchiveError` where the archive itself cannot be read.
    """
    damaged: list[dict[str, t.Any]] = []
    packages: list[dict[str, t.Any]] = []
    sizes: dict[str, int] = {}
    needed: list[tuple[str, Manifest]] = []

    def unreadable(path: str, message: str) -> None:
        damaged.append({"problem": "manifest", "message": message, "sha256": None, "manifests": [path]})

    for path, manifest in archive.manifests(wanted, KINDS, unreadable):
        if verify:
            needed.append((path, {"files": manifest["files"]}))
        if kind_of(path) != "older":
            packages.append(facts(path, manifest))
            sizes.update((file["sha256"], file["size"]) for file in manifest["files"])
    damaged += damage(archive, needed)
    packages.sort(key=lambda p: [str(p[key] or "") for key in ("project_path", "package_type", "name", "version")])
    return {
        "changed": False,
        "packages": packages,
        "count": len(packages),
        "size": sum(sizes.values()),
        "damaged": damaged,
    }
