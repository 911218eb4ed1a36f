# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each package of a restore, as plain data and in words. Pure.

A result is a dict: ``id`` (that the package had), ``package_id`` (that it has now; None: none), ``project_id`` (where
it is now, or was to be), ``name``, ``version``, ``package_type``, ``files`` and ``size`` (of the archive, in bytes),
``manifest`` (its path in the archive), ``lost``, ``result``, and ``message`` where the result is not plain.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats import format_of
from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Manifest

#: Every result that there is, in the order of a summary.
RESULTS = ("restored", "already_present", "different", "not_restorable", "failed")
#: Those that fail the task, unless they are tolerated.
BAD_RESULTS = ("different", "not_restorable", "failed")

Result = dict[str, t.Any]


def result_of(
    path: str,
    manifest: Manifest,
    project_id: int,
    result: str,
    message: str | None = None,
    package_id: int | None = None,
) -> Result:
    """The result for one package."""
    package, files = manifest["package"], manifest["files"]
    plain = {
        "id": package["id"],
        "package_id": package_id,
        "project_id": project_id,
        "name": package["name"],
        "version": package.get("version"),
        "package_type": package["package_type"],
        "files": len(files),
        "size": sum(file["size"] for file in files),
        "manifest": path,
        "lost": format_of(package["package_type"]).lost(manifest),
        "result": result,
    }
    return {**plain, "message": message} if message else plain
