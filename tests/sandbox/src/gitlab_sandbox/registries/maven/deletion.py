# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a deleted version leaves behind: the metadata of the others (contract of the registries, C)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Final

from gitlab_sandbox import clock
from gitlab_sandbox.registries.maven.layout import METADATA
from gitlab_sandbox.registries.maven.metadata import LARGEST, rewrite
from gitlab_sandbox.rows import Package
from gitlab_sandbox.storage import Storage
from gitlab_sandbox.vocabulary import DISPLAYABLE, TYPE_NUMBER

_MAVEN: Final = TYPE_NUMBER["maven"]
_SUMS: Final = ("md5", "sha1", "sha256", "sha512")


def bring_metadata_in_line(storage: Storage, deleted: Package) -> None:
    """After a version's deletion, add to the versionless package a ``maven-metadata.xml`` of what is left.

    Without any version left, the versionless package is deleted too. GitLab does this in the background, for any type
    of deletion; here it is done at once.
    """
    if deleted.type != _MAVEN or deleted.version is None:
        return
    versionless = storage.find_package(deleted.project_id, _MAVEN, deleted.name, None, DISPLAYABLE)
    file = None if versionless is None else storage.newest_file(versionless.id, METADATA)
    if versionless is None or file is None or file.size > LARGEST:
        return
    packages = storage.packages_of(deleted.project_id, _MAVEN, deleted.name)
    versions = [package.version for package in packages if package.version is not None]
    if not versions:
        storage.delete_package(versionless)
        return
    now = datetime.fromtimestamp(clock.timestamp(), timezone.utc)
    document = rewrite(b"".join(storage.parts(file)), versions, now)
    if document is None:
        return
    _add(storage, versionless, METADATA, document)
    for kind in _SUMS:
        digest = hashlib.new(kind, document, usedforsecurity=False).hexdigest()
        _add(storage, versionless, f"{METADATA}.{kind}", digest.encode())


def _add(storage: Storage, package: Package, file_name: str, data: bytes) -> None:
    with storage.contents.receive(False) as receiver:
        receiver.write(data)
        storage.add_file(package, file_name, receiver.finish())
