# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables and how a seed fills them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from gitlab_sandbox.node import SeedError
from gitlab_sandbox.seed import PackageSeed, PipelineSeed, Seed
from gitlab_sandbox.vocabulary import DISPLAYABLE, FILE_STATUSES, STATUS_NUMBER, TYPE_NUMBER

# The condition of the indexes that serve lists. SQLite uses them only for a query that says the
# same, word for word.
LISTED = f"status IN ({', '.join(map(str, DISPLAYABLE))})"
NOT_TERRAFORM = f"type <> {TYPE_NUMBER['terraform_module']}"

_SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL, name TEXT NOT NULL, admin INTEGER NOT NULL);
CREATE TABLE tokens (id INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL UNIQUE, user_id INTEGER NOT NULL,
    scopes TEXT NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE groups (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, visibility TEXT NOT NULL, parent_id INTEGER);
CREATE TABLE projects (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, visibility TEXT NOT NULL,
    group_id INTEGER NOT NULL);
CREATE TABLE moved (path TEXT PRIMARY KEY, project_id INTEGER NOT NULL);
CREATE TABLE group_members (group_id INTEGER NOT NULL, user_id INTEGER NOT NULL, level INTEGER NOT NULL);
CREATE TABLE project_members (project_id INTEGER NOT NULL, user_id INTEGER NOT NULL, level INTEGER NOT NULL);
CREATE TABLE rules (project_id INTEGER NOT NULL, pattern TEXT NOT NULL, type INTEGER NOT NULL,
    minimum_level INTEGER NOT NULL);
CREATE TABLE packages (id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, name TEXT NOT NULL, recipe TEXT,
    folded TEXT NOT NULL, version TEXT, type INTEGER NOT NULL, status INTEGER NOT NULL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, last_downloaded_at TEXT, creator_id INTEGER);
CREATE TABLE tags (id INTEGER PRIMARY KEY, package_id INTEGER NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE files (id INTEGER PRIMARY KEY, package_id INTEGER NOT NULL, file_name TEXT NOT NULL,
    size INTEGER NOT NULL, status INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    md5 TEXT, sha1 TEXT, sha256 TEXT, content BLOB);
CREATE TABLE pipelines (package_id INTEGER NOT NULL, file_id INTEGER NOT NULL, id INTEGER NOT NULL,
    iid INTEGER NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, status TEXT NOT NULL, source TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, user_id INTEGER,
    PRIMARY KEY (package_id, file_id, id)) WITHOUT ROWID;
"""

# Made after loading, which is much faster. The partial ones hold exactly what the default lists
# show, so that an offset is walked within the index.
_INDEXES = f"""
CREATE INDEX listed_in_project ON packages (project_id, created_at, id, version)
    WHERE {LISTED} AND {NOT_TERRAFORM};
CREATE INDEX listed_anywhere ON packages (created_at, id, project_id, version) WHERE {LISTED} AND {NOT_TERRAFORM};
CREATE INDEX listed_by_type ON packages (project_id, type, created_at, id, version) WHERE {LISTED};
CREATE INDEX listed_by_name ON packages (project_id, name, id, version) WHERE {LISTED} AND {NOT_TERRAFORM};
CREATE INDEX listed_by_version ON packages (project_id, version, id) WHERE {LISTED} AND {NOT_TERRAFORM};
CREATE INDEX anywhere_by_name ON packages (name, id, project_id, version) WHERE {LISTED} AND {NOT_TERRAFORM};
CREATE INDEX anywhere_by_version ON packages (version, id, project_id) WHERE {LISTED} AND {NOT_TERRAFORM};
CREATE INDEX anywhere_by_type ON packages (type, id, project_id, version) WHERE {LISTED} AND {NOT_TERRAFORM};
CREATE INDEX anywhere_of_type ON packages (type, created_at, id, project_id, version) WHERE {LISTED};
CREATE INDEX by_name ON packages (project_id, name, version);
CREATE INDEX by_status ON packages (project_id, status, created_at, id);
CREATE INDEX tags_of_package ON tags (package_id, id);
CREATE INDEX files_of_package ON files (package_id, id);
"""


class _Ids:
    """Deals out IDs in order, leaving out those that the seed gives."""

    def __init__(self, given: Iterable[int | None], what: str) -> None:
        self._given: set[int] = set()
        for number in given:
            if number is None:
                continue
            if number in self._given:
                raise SeedError(f"seed: the {what} ID {number} is given twice")
            self._given.add(number)
        self._next = 1

    def take(self, given: int | None) -> int:
        """The given ID, or else the next free one."""
        if given is not None:
            return given
        while self._next in self._given:
            self._next += 1
        self._next += 1
        return self._next - 1


class Loader:
    """Puts one seed into empty tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._users: dict[str, int] = {}
        # The number of each pipeline within the project that is being loaded.
        self._iids: dict[int, int] = {}
        self._tag_id = 0

    def load(self, seed: Seed) -> None:
        """Make the tables, fill them, then make the indexes.

        :raises SeedError: if two things have the same ID.
        """
        self._run(_SCHEMA)
        self._load_users(seed)
        groups = self._load_groups(seed)
        packages = [package for project in seed.projects for package in project.packages]
        files = [file for package in packages for file in package.files]
        builds = [build for package in packages for build in package.pipelines]
        builds += [build for file in files for build in file.pipelines]
        ids = _Ids((project.id for project in seed.projects), "project")
        self._package_ids = _Ids((package.id for package in packages), "package")
        self._file_ids = _Ids((file.id for file in files), "file")
        # A pipeline can have built several packages: its ID may come again.
        self._pipeline_ids = _Ids({build.id for build in builds}, "pipeline")
        for project in seed.projects:
            project_id = ids.take(project.id)
            self._insert(
                "projects", (project_id, project.path, project.visibility, groups[project.path.rpartition("/")[0]])
            )
            self._insert_many("moved", ((path, project_id) for path in project.moved_from))
            self._insert_many(
                "project_members", ((project_id, self._users[name], level) for name, level in project.members.items())
            )
            self._insert_many(
                "rules",
                (
                    (project_id, rule.package_name_pattern, TYPE_NUMBER[rule.package_type], rule.minimum_level)
                    for rule in project.rules
                ),
            )
            self._iids = {}
            self._load_packages(project_id, iter(project.packages))
            for series in project.series:
                self._load_packages(project_id, series.packages())
        self._run(_INDEXES)

    def _run(self, script: str) -> None:
        # Not executescript: that would commit.
        for statement in script.split(";"):
            self._db.execute(statement)

    def _load_users(self, seed: Seed) -> None:
        ids = _Ids((user.id for user in seed.users), "user")
        token_ids = _Ids((token.id for user in seed.users for token in user.tokens), "token")
        for user in seed.users:
            user_id = self._users[user.username] = ids.take(user.id)
            self._insert("users", (user_id, user.username, user.name, user.admin))
            for token in user.tokens:
                row = (token_ids.take(token.id), "access", token.value, user_id, " ".join(token.scopes), token.name)
                self._insert("tokens", (*row, token.created_at))
        for number, job in enumerate(seed.job_tokens, start=1):
            self._insert("tokens", (number, "job", job.value, self._users[job.user], "api", "job", ""))

    def _load_groups(self, seed: Seed) -> dict[str, int]:
        ids = _Ids((group.id for group in seed.groups), "group")
        groups = {group.path: ids.take(group.id) for group in seed.groups}
        for group in seed.groups:
            group_id = groups[group.path]
            self._insert("groups", (group_id, group.path, group.visibility, groups.get(group.path.rpartition("/")[0])))
            self._insert_many(
                "group_members", ((group_id, self._users[name], level) for name, level in group.members.items())
            )
        return groups

    def _load_packages(self, project_id: int, packages: Iterator[PackageSeed]) -> None:
        files: list[tuple[Any, ...]] = []
        tags: list[tuple[Any, ...]] = []
        builds: list[tuple[Any, ...]] = []

        def rows() -> Iterator[tuple[Any, ...]]:
            for package in packages:
                package_id = self._package_ids.take(package.id)
                for tag in package.tags:
                    self._tag_id += 1
                    tags.append((self._tag_id, package_id, tag, package.created_at))
                for build in package.pipelines:
                    builds.append(self._build(package_id, 0, build))
                for file in package.files:
                    file_id = self._file_ids.take(file.id)
                    created_at = file.created_at or package.created_at
                    status = FILE_STATUSES.index(file.status)
                    files.append(
                        (
                            file_id,
                            package_id,
                            file.file_name,
                            file.size,
                            status,
                            created_at,
                            created_at,
                            None,
                            None,
                            None,
                            file.content,
                        )
                    )
                    for build in file.pipelines:
                        builds.append(self._build(package_id, file_id, build))
                # GitLab stores the bare name of a conan package, searches and sorts by it, and
                # shows the recipe.
                conan = package.package_type == "conan"
                name = (package.name.split("/")[0] or package.name) if conan else package.name
                yield (
                    package_id,
                    project_id,
                    name,
                    package.name if conan else None,
                    name.lower(),
                    package.version,
                    TYPE_NUMBER[package.package_type],
                    STATUS_NUMBER[package.status],
                    package.created_at,
                    package.created_at,
                    package.last_downloaded_at,
                    None if package.creator is None else self._users[package.creator],
                )

        self._insert_many("packages", rows())
        self._insert_many("files", files)
        self._insert_many("tags", tags)
        self._insert_many("pipelines", builds)

    def _build(self, package_id: int, file_id: int, build: PipelineSeed) -> tuple[Any, ...]:
        pipeline_id = self._pipeline_ids.take(build.id)
        iid = self._iids.setdefault(pipeline_id, build.iid or len(self._iids) + 1)
        user_id = None if build.user is None else self._users[build.user]
        return (
            package_id,
            file_id,
            pipeline_id,
            iid,
            build.ref,
            build.sha,
            build.status,
            build.source,
            build.created_at,
            build.updated_at,
            user_id,
        )

    def _insert(self, table: str, row: tuple[Any, ...]) -> None:
        self._insert_many(table, [row])

    def _insert_many(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        iterator = iter(rows)
        first = next(iterator, None)
        if first is None:
            return
        statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(first))})"
        self._db.execute(statement, first)
        self._db.executemany(statement, iterator)
