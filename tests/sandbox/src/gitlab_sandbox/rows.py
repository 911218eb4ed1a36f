# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of the database as the rest of the server sees them."""

from __future__ import annotations

from typing import Final, NamedTuple


class Package(NamedTuple):
    """A row of ``packages``. ``name`` is the stored one: of a conan package the bare name, beside its ``recipe``."""

    id: int
    project_id: int
    name: str
    recipe: str | None
    version: str | None
    type: int
    status: int
    created_at: str
    updated_at: str
    last_downloaded_at: str | None
    creator_id: int | None


class File(NamedTuple):
    """A row of ``files``, without its content."""

    id: int
    package_id: int
    file_name: str
    size: int
    status: int
    created_at: str
    updated_at: str
    md5: str | None
    sha1: str | None
    sha256: str | None


class Tag(NamedTuple):
    """A row of ``tags``."""

    id: int
    package_id: int
    name: str
    created_at: str


class Build(NamedTuple):
    """A row of ``builds``: the record that a pipeline built a package, or, if ``file_id`` is not 0, a file of it.

    ``id`` is the record's own; of a ``deleted`` pipeline nothing but that record is left.
    """

    id: int
    package_id: int
    file_id: int
    pipeline_id: int
    iid: int
    ref: str
    sha: str
    status: str
    source: str
    created_at: str
    updated_at: str
    user_id: int | None
    project_id: int
    deleted: int


PACKAGE_COLUMNS: Final = ", ".join(Package._fields)
FILE_COLUMNS: Final = ", ".join(File._fields)
TAG_COLUMNS: Final = ", ".join(Tag._fields)
BUILD_COLUMNS: Final = ", ".join(Build._fields)
