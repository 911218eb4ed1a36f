# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A checked seed as plain data: what the registry holds at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Callable

# Every time that a seed does not give: the same seed gives the same registry.
EPOCH = "2025-01-01T00:00:00.000Z"


@dataclass
class TokenSeed:
    """A token. Who it is for depends on ``kind``, see :class:`gitlab_sandbox.directory.Token`."""

    kind: str
    value: str
    scopes: list[str]
    name: str
    id: int | None = None
    created_at: str = EPOCH
    revoked: bool = False
    user: str | None = None
    project: str | None = None
    group: str | None = None
    permissions: list[str] | None = None


@dataclass
class UserSeed:
    """A user."""

    username: str
    name: str
    admin: bool
    id: int | None
    tokens: list[TokenSeed]


@dataclass
class PipelineSeed:
    """A pipeline that built a package or a file. Of a deleted one, only the build record is left."""

    id: int | None
    iid: int | None
    ref: str
    sha: str
    status: str
    source: str
    created_at: str
    updated_at: str
    user: str | None
    deleted: bool


@dataclass
class FileSeed:
    """A package file."""

    file_name: str
    size: int
    content: bytes | None = None
    id: int | None = None
    status: str = "default"
    created_at: str | None = None
    pipelines: list[PipelineSeed] = field(default_factory=list)


@dataclass
class PackageSeed:
    """A package."""

    name: str
    version: str | None
    package_type: str
    created_at: str
    status: str = "default"
    id: int | None = None
    last_downloaded_at: str | None = None
    creator: str | None = None
    tags: list[str] = field(default_factory=list)
    pipelines: list[PipelineSeed] = field(default_factory=list)
    files: list[FileSeed] = field(default_factory=list)


@dataclass
class SeriesSeed:
    """Packages that are made one after another, from a history or a ``generate`` entry."""

    count: int
    packages: Callable[[], Iterator[PackageSeed]]
    place: str


@dataclass
class RuleSeed:
    """A protection rule: below a level nobody pushes, or deletes, what the pattern matches."""

    package_name_pattern: str
    package_type: str
    push_level: int | None
    delete_level: int | None


@dataclass
class GroupSeed:
    """A group."""

    path: str
    visibility: str
    members: dict[str, int]
    id: int | None
    settings: dict[str, bool | str | None]


@dataclass
class ProjectSeed:
    """A project and what is in its registry."""

    path: str
    name: str
    visibility: str
    members: dict[str, int]
    id: int | None
    moved_from: list[str]
    archived: bool
    package_registry: str
    keep_n: int | None
    job_token_allowlist: list[str] | None
    shared_with: list[str]
    rules: list[RuleSeed]
    packages: list[PackageSeed]
    series: list[SeriesSeed]


@dataclass
class InstanceSeed:
    """Settings of the whole server, see :class:`gitlab_sandbox.directory.Instance`."""

    packages: bool
    delete_protection: bool
    rules_endpoint: bool
    max_file_size: int
    limits: dict[str, tuple[int, int]]
    background_ms: int


@dataclass
class Seed:
    """A checked seed, everything in the order of the file; groups that it leaves out come last."""

    instance: InstanceSeed
    users: list[UserSeed]
    tokens: list[TokenSeed]
    groups: list[GroupSeed]
    projects: list[ProjectSeed]
