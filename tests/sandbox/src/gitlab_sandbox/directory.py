# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users, tokens, groups and projects in memory: what every request is checked against.

They come from the seed and never change while the server runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True)
class User:
    """A user."""

    id: int
    username: str
    name: str
    admin: bool


@dataclass(frozen=True)
class Token:
    """An access token (``kind`` is ``access``) or a job's token (``job``)."""

    id: int
    kind: str
    user: User
    scopes: tuple[str, ...]
    name: str
    created_at: str


@dataclass(frozen=True)
class Rule:
    """A protection rule of a project."""

    pattern: str
    type: int
    minimum_level: int

    def covers(self, names: tuple[str, ...], package_type: int) -> bool:
        """Whether the rule is for a package of one of these names."""
        return package_type == self.type and any(_pattern(self.pattern).fullmatch(name) for name in names)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    # GitLab compares with ILIKE: case does not count, and * is the only wildcard.
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.IGNORECASE | re.DOTALL)


@dataclass
class Group:
    """A group; ``members`` are those of the group itself."""

    id: int
    path: str
    visibility: str
    parent: Group | None
    members: dict[int, int]

    def level(self, user: User | None) -> int:
        """The user's level here, the highest of the direct and the inherited ones; 0 for no member."""
        if user is None:
            return 0
        own = self.members.get(user.id, 0)
        return own if self.parent is None else max(own, self.parent.level(user))


@dataclass
class Project:
    """A project; ``members`` are those of the project itself."""

    id: int
    path: str
    visibility: str
    group: Group
    members: dict[int, int]
    rules: list[Rule] = field(default_factory=list)

    def level(self, user: User | None) -> int:
        """The user's level here, the highest of the direct and the inherited ones; 0 for no member."""
        if user is None:
            return 0
        return max(self.members.get(user.id, 0), self.group.level(user))


@dataclass
class Directory:
    """All of them, found by ID, path or token."""

    users: dict[int, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    group_paths: dict[str, Group] = field(default_factory=dict)
    project_paths: dict[str, Project] = field(default_factory=dict)
    moved: dict[str, Project] = field(default_factory=dict)

    def group(self, reference: str) -> Group | None:
        """The group with this ID or full path."""
        if _is_id(reference):
            return self.groups.get(int(reference)) if len(reference) < 20 else None
        return self.group_paths.get(reference)

    def project(self, reference: str) -> tuple[Project | None, bool]:
        """The project with this ID, full path or former path, and whether the path is a former one."""
        if _is_id(reference):
            return (self.projects.get(int(reference)) if len(reference) < 20 else None), False
        project = self.project_paths.get(reference)
        if project is not None:
            return project, False
        return self.moved.get(reference), True

    def projects_in(self, group: Group, subgroups: bool) -> list[Project]:
        """The projects of a group, and of the groups below it if asked for."""
        if not subgroups:
            return [project for project in self.projects.values() if project.group is group]
        prefix = group.path + "/"
        return [project for project in self.projects.values() if project.path.startswith(prefix)]


def _is_id(reference: str) -> bool:
    return reference.isascii() and reference.isdigit()
