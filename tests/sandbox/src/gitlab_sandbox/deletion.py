# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting a package, with what GitLab does beside it: E6, and the bulk delete of GraphQL."""

from __future__ import annotations

from gitlab_sandbox.registries.maven.deletion import bring_metadata_in_line
from gitlab_sandbox.rows import Package
from gitlab_sandbox.storage import Storage


def delete_package(storage: Storage, package: Package) -> None:
    """Mark a package for destruction, and bring Maven's metadata in line with what is left."""
    with storage.transaction():
        storage.delete_package(package)
        bring_metadata_in_line(storage, package)
