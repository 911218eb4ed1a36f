# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users, tokens, groups and projects in memory: what every request is checked against.

They come from the database. What changes one of them goes through :mod:`gitlab_sandbox.persistence`,
which keeps the database in step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from gitlab_sandbox.seed_model import EPOCH
from gitlab_sandbox.vocabulary import PACKAGE_SETTINGS, TYPE_NUMBER

_PYPI = TYPE_NUMBER["pypi"]


@dataclass(frozen=True)
class User:
    """A user."""

    id: int
    username: str
    name: str
    admin: bool


@dataclass(frozen=True)
class Token:
    """A token. ``kind`` is ``access``, ``oauth``, ``job`` or ``deploy``.

    ``project`` is that of a job or of a deploy token, by ID; ``group`` that of a group's deploy token, which
    has no user. ``permissions`` are those of a job's or of a fine-grained token; None: all of them.
    """

    id: int
    kind: str
    value: str
    user: User | None
    scopes: tuple[str, ...]
    name: str
    created_at: str
    revoked: bool = False
    project_id: int | None = None
    group_id: int | None = None
    permissions: frozenset[str] | None = None

    @property
    def granular(self) -> bool:
        """Whether this is a fine-grained access token, whose permissions count and not its scopes."""
        return self.scopes == ("granular",)


@dataclass
class Rule:
    """A protection rule of a project; a level of None is no rule for that deed."""

    id: int
    project_id: int
    pattern: str
    type: int
    push_level: int | None
    delete_level: int | None
    updated_at: str = EPOCH

    def covers(self, name: str, package_type: int) -> bool:
        """Whether the rule is for a package of this stored name (for conan, the bare one)."""
        if package_type != self.type:
            return False
        if package_type == _PYPI:
            return bool(_pattern(pypi_name(self.pattern)).fullmatch(pypi_name(name)))
        return bool(_pattern(self.pattern).fullmatch(name))


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    # GitLab compares with ILIKE: case does not count, and * is the only wildcard.
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.IGNORECASE | re.DOTALL)


def pypi_name(name: str) -> str:
    """The normal form of a PyPI name: runs of ``-``, ``_`` and ``.`` count as one ``-``, and case does not."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass
class Group:
    """A group; ``members`` are those of the group itself. ``settings`` have the keys of PACKAGE_SETTINGS."""

    id: int
    path: str
    visibility: str
    parent: Group | None
    members: dict[int, int]
    settings: dict[str, bool | str | None] = field(default_factory=lambda: dict(PACKAGE_SETTINGS))

    def level(self, user: User | None) -> int:
        """The user's level here, the highest of the direct and the inherited ones; 0 for no member."""
        if user is None:
            return 0
        own = self.members.get(user.id, 0)
        return own if self.parent is None else max(own, self.parent.level(user))


@dataclass
class Instance:
    """Settings of the whole server. ``limits`` are (requests, seconds) by name, see the README.

    ``current`` is False for a server of 16.1. ``background_ms`` is how long after its upload a chart is unpacked; 0:
    before the answer.
    """

    current: bool = True
    packages: bool = True
    delete_protection: bool = True
    rules_endpoint: bool = True
    max_file_size: int = 5_368_709_120
    limits: dict[str, tuple[int, int]] = field(default_factory=dict)
    background_ms: int = 0


@dataclass
class Project:
    """A project; ``members`` are those of the project itself.

    ``keep_n`` is its cleanup policy, the number of files of a name to keep; None: all. ``allowlist`` are the IDs of
    the projects whose jobs may come in with their tokens; None: all.
    """

    id: int
    path: str
    name: str
    visibility: str
    group: Group
    members: dict[int, int]
    instance: Instance
    archived: bool = False
    package_registry: str = "enabled"
    keep_n: int | None = None
    next_run_at: str | None = None
    allowlist: frozenset[int] | None = None
    shared_with: list[Group] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    @property
    def read_only(self) -> bool:
        """Whether nobody may publish or delete: archived projects of old servers let that happen."""
        return self.archived and self.instance.current

    def level(self, user: User | None) -> int:
        """The user's level here, the highest of the direct and the inherited ones; 0 for no member."""
        if user is None:
            return 0
        return max(self.members.get(user.id, 0), self.group.level(user))


@dataclass
class Directory:
    """All of them, found by ID, path or token."""

    instance: Instance = field(default_factory=Instance)
    users: dict[int, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    group_paths: dict[str, Group] = field(default_factory=dict)
    project_paths: dict[str, Project] = field(default_factory=dict)
    moved: dict[str, Project] = field(default_factory=dict)

    def group(self, reference: str) -> Group | None:
        """The group with this ID or full path."""
        if is_id(reference):
            return self.groups.get(int(reference)) if len(reference) < 20 else None
        return self.group_paths.get(reference)

    def project(self, reference: str) -> tuple[Project | None, bool]:
        """The project with this ID, full path or former path, and whether the path is a former one."""
        if is_id(reference):
            return (self.projects.get(int(reference)) if len(reference) < 20 else None), False
        project = self.project_paths.get(reference)
        if project is not None:
            return project, False
        return self.moved.get(reference), True

    def user(self, username: str) -> User | None:
        """The user of that name."""
        return next((user for user in self.users.values() if user.username == username), None)

    def projects_in(self, group: Group, subgroups: bool) -> list[Project]:
        """The projects of a group, and of the groups below it if asked for."""
        if not subgroups:
            return [project for project in self.projects.values() if project.group is group]
        prefix = group.path + "/"
        return [project for project in self.projects.values() if project.path.startswith(prefix)]


def is_id(reference: str) -> bool:
    """Whether a project or group is named by its ID and not by its path."""
    return reference.isascii() and reference.isdigit()
