# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directory in SQLite: reading it at the start, and each change of it while the server runs.

Every change goes through here: it alters the objects and the rows in one step.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Mapping

from gitlab_sandbox import clock
from gitlab_sandbox.directory import Directory, Group, Instance, Project, Rule, Token, User
from gitlab_sandbox.vocabulary import PACKAGE_SETTINGS


class DirectoryStore:
    """Reads and changes the directory of one database."""

    def __init__(self, connection: sqlite3.Connection, current: bool) -> None:
        self._db = connection
        self.directory = Directory()
        self._read(current)

    def _read(self, current: bool) -> None:
        directory = self.directory
        for packages, protection, endpoint, size, limits, background in self._db.execute(
            "SELECT packages, delete_protection, rules_endpoint, max_file_size, limits, background_ms FROM instance"
        ):
            known = {name: (requests, seconds) for name, (requests, seconds) in json.loads(limits).items()}
            directory.instance = Instance(
                current, bool(packages), bool(protection), bool(endpoint), size, known, background
            )
        for id_, username, name, admin in self._db.execute("SELECT id, username, name, admin FROM users"):
            directory.users[id_] = User(id_, username, name, bool(admin))
        # Outer groups first.
        for id_, path, visibility, parent_id, settings in self._db.execute(
            "SELECT id, path, visibility, parent_id, settings FROM groups"
            " ORDER BY length(path) - length(replace(path, '/', ''))"
        ):
            parent = None if parent_id is None else directory.groups[parent_id]
            group = Group(id_, path, visibility, parent, {}, {**PACKAGE_SETTINGS, **json.loads(settings)})
            directory.groups[id_] = directory.group_paths[path] = group
        self._read_projects()
        for group_id, user_id, level in self._db.execute("SELECT group_id, user_id, level FROM group_members"):
            directory.groups[group_id].members[user_id] = level
        for project_id, user_id, level in self._db.execute("SELECT project_id, user_id, level FROM project_members"):
            directory.projects[project_id].members[user_id] = level
        self._read_tokens()

    def _read_projects(self) -> None:
        directory = self.directory
        for row in self._db.execute(
            "SELECT id, path, name, visibility, group_id, archived, package_registry, keep_n, next_run_at, allowlist"
            " FROM projects ORDER BY id"
        ):
            id_, path, name, visibility, group_id, archived, package_registry, keep_n, next_run_at, allowlist = row
            project = Project(
                id=id_,
                path=path,
                name=name,
                visibility=visibility,
                group=directory.groups[group_id],
                members={},
                instance=directory.instance,
                archived=bool(archived),
                package_registry=package_registry,
                keep_n=keep_n,
                next_run_at=next_run_at,
                allowlist=None if allowlist is None else frozenset(map(int, allowlist.split())),
            )
            directory.projects[id_] = directory.project_paths[path] = project
        for path, project_id in self._db.execute("SELECT path, project_id FROM moved"):
            directory.moved[path] = directory.projects[project_id]
        for project_id, group_id in self._db.execute("SELECT project_id, group_id FROM shares ORDER BY group_id"):
            directory.projects[project_id].shared_with.append(directory.groups[group_id])
        for rule in self._db.execute(
            "SELECT id, project_id, pattern, type, push_level, delete_level, updated_at FROM rules ORDER BY id"
        ):
            directory.projects[rule[1]].rules.append(Rule(*rule))

    def _read_tokens(self) -> None:
        for row in self._db.execute(
            "SELECT id, kind, value, user_id, scopes, name, created_at, revoked, project_id, group_id, permissions"
            " FROM tokens"
        ):
            id_, kind, value, user_id, scopes, name, created_at, revoked, project_id, group_id, permissions = row
            self.directory.tokens[value] = Token(
                id=id_,
                kind=kind,
                value=value,
                user=None if user_id is None else self.directory.users[user_id],
                scopes=tuple(scopes.split()),
                name=name,
                created_at=created_at,
                revoked=bool(revoked),
                project_id=project_id,
                group_id=group_id,
                permissions=None if permissions is None else frozenset(permissions.split()),
            )

    # Protection rules

    def add_rule(
        self, project: Project, pattern: str, type_: int, push_level: int | None, delete_level: int | None
    ) -> Rule:
        """Make a protection rule. Whether there is one for that pattern already, the caller checks."""
        row = (project.id, pattern, type_, push_level, delete_level, clock.now())
        cursor = self._db.execute(
            "INSERT INTO rules (project_id, pattern, type, push_level, delete_level, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        rule = Rule(cursor.lastrowid or 0, *row)
        project.rules.append(rule)
        return rule

    def change_rule(self, project: Project, changed: Rule) -> Rule:
        """Put ``changed`` (``dataclasses.replace(rule, …)``) in the place of the rule with its ID."""
        changed = dataclasses.replace(changed, updated_at=clock.after(changed.updated_at))
        self._db.execute(
            "UPDATE rules SET pattern = ?, type = ?, push_level = ?, delete_level = ?, updated_at = ? WHERE id = ?",
            (
                changed.pattern,
                changed.type,
                changed.push_level,
                changed.delete_level,
                changed.updated_at,
                changed.id,
            ),
        )
        project.rules = [changed if rule.id == changed.id else rule for rule in project.rules]
        return changed

    def remove_rule(self, project: Project, rule: Rule) -> None:
        """Delete a protection rule."""
        self._db.execute("DELETE FROM rules WHERE id = ?", (rule.id,))
        project.rules = [other for other in project.rules if other.id != rule.id]

    # Groups

    def change_settings(self, group: Group, changes: Mapping[str, bool | str | None]) -> None:
        """Change package settings of a group; the keys are those of PACKAGE_SETTINGS."""
        group.settings.update(changes)
        self._db.execute("UPDATE groups SET settings = ? WHERE id = ?", (json.dumps(group.settings), group.id))

    def group_at(self, path: str) -> Group:
        """The group of that path, which is made, private as those around it, if it is not there."""
        group = self.directory.group_paths.get(path)
        if group is not None:
            return group
        above = path.rpartition("/")[0]
        parent = self.group_at(above) if above else None
        visibility = "private" if parent is None else parent.visibility
        cursor = self._db.execute(
            "INSERT INTO groups (path, visibility, parent_id, settings) VALUES (?, ?, ?, '{}')",
            (path, visibility, None if parent is None else parent.id),
        )
        group = Group(cursor.lastrowid or 0, path, visibility, parent, {})
        self.directory.groups[group.id] = self.directory.group_paths[path] = group
        return group

    # Projects

    def save_project(self, project: Project) -> None:
        """Keep what was changed of the project itself: ``archived``, ``package_registry``, ``keep_n``, ``name``, …"""
        self._db.execute(
            "UPDATE projects SET name = ?, visibility = ?, archived = ?, package_registry = ?, keep_n = ?,"
            " next_run_at = ? WHERE id = ?",
            (
                project.name,
                project.visibility,
                project.archived,
                project.package_registry,
                project.keep_n,
                project.next_run_at,
                project.id,
            ),
        )

    def set_member(self, project: Project, user: User, level: int | None) -> None:
        """Give a user a level in the project itself; None: none any more."""
        self._db.execute("DELETE FROM project_members WHERE project_id = ? AND user_id = ?", (project.id, user.id))
        project.members.pop(user.id, None)
        if level is not None:
            self._db.execute("INSERT INTO project_members VALUES (?, ?, ?)", (project.id, user.id, level))
            project.members[user.id] = level

    def move_project(self, project: Project, path: str) -> None:
        """Give the project another full path; the old one redirects. The new group is made if need be."""
        directory = self.directory
        if path == project.path:
            return
        group = self.group_at(path.rpartition("/")[0])
        self._db.execute("DELETE FROM moved WHERE path IN (?, ?)", (path, project.path))
        self._db.execute("INSERT INTO moved VALUES (?, ?)", (project.path, project.id))
        self._db.execute("UPDATE projects SET path = ?, group_id = ? WHERE id = ?", (path, group.id, project.id))
        directory.moved.pop(path, None)
        directory.moved[project.path] = project
        del directory.project_paths[project.path]
        directory.project_paths[path] = project
        project.path, project.group = path, group

    def remove_project(self, project: Project) -> None:
        """Delete the project itself; of its packages, :meth:`Storage.remove_packages` takes care."""
        directory = self.directory
        for table, column in (
            ("projects", "id"),
            ("moved", "project_id"),
            ("shares", "project_id"),
            ("project_members", "project_id"),
            ("rules", "project_id"),
        ):
            self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (project.id,))
        del directory.projects[project.id]
        del directory.project_paths[project.path]
        directory.moved = {path: other for path, other in directory.moved.items() if other is not project}
