# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives and manifests made by hand, for tests."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive

SERVER = "https://gitlab.example.com/api/v4"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(archive: Archive, content: bytes) -> str:
    """Put a content, and return its SHA-256."""
    with archive.put_blob() as incoming:
        incoming.start()(content)
        incoming.keep(sha256(content))
    return sha256(content)


def manifest(package_id: int = 7, *contents: bytes, **changes: t.Any) -> dict[str, t.Any]:
    """A manifest of an npm package; its files have the IDs 70, 71, …; ``name``, ``version``, ``project`` change it."""
    names = {key: changes.pop(key) for key in ("name", "version", "package_type") if key in changes}
    files = [
        {
            "file": {"id": 10 * package_id + i, "file_name": f"ui-{i}.tgz", "size": len(content)},
            "sha256": sha256(content),
            "size": len(content),
        }
        for i, content in enumerate(contents)
    ]
    return {
        "format_version": "1.0",
        "kind": "package",
        "archived_at": "2026-11-01T10:00:00.000Z",
        "server": SERVER,
        "project": {"id": 42, "path": changes.pop("project", "acme/web/shop")},
        "package": {"id": package_id, "name": "@acme/ui", "version": "1.4.0", "package_type": "npm", **names},
        "pipelines": [],
        "files": files,
        "restore": {"possible": True, "reason": None, "data": {}},
        "why": {"rule": None, "reason": None, "plan_digest": None, "run": None},
        **changes,
    }
