# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state, in SQLite: schema, loading a seed, and each question that the endpoints ask.

One connection, used by the event loop's thread only; each method is one step that nothing
interleaves with.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional

from gitlab_sandbox import clock
from gitlab_sandbox.content import Checksums
from gitlab_sandbox.directory import Directory, Group, Project, Rule, Token, User
from gitlab_sandbox.node import SeedError
from gitlab_sandbox.seed import PackageSeed, PipelineSeed, Seed
from gitlab_sandbox.vocabulary import (
    DEPRECATED,
    DISPLAYABLE,
    FILE_DEFAULT,
    FILE_PENDING_DESTRUCTION,
    FILE_STATUSES,
    PENDING_DESTRUCTION,
    STATUS_NUMBER,
    STATUSES,
    TYPE_NUMBER,
)

APPLICATION_ID = 0x67_6C_73_62
SCHEMA_VERSION = 1

# Above this many results GitLab gives no totals.
COUNT_LIMIT = 10_000

# The condition of the indexes that serve lists. SQLite uses them only for a query that says the
# same, word for word.
_LISTED = f"status IN ({', '.join(map(str, DISPLAYABLE))})"
_NOT_TERRAFORM = f"type <> {TYPE_NUMBER['terraform_module']}"

_SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL, name TEXT NOT NULL, admin INTEGER NOT NULL);
CREATE TABLE tokens (id INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL UNIQUE, user_id INTEGER NOT NULL,
    scopes TEXT NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT);
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
    WHERE {_LISTED} AND {_NOT_TERRAFORM};
CREATE INDEX listed_anywhere ON packages (created_at, id, project_id, version) WHERE {_LISTED} AND {_NOT_TERRAFORM};
CREATE INDEX listed_by_type ON packages (project_id, type, created_at, id, version) WHERE {_LISTED};
CREATE INDEX listed_by_version ON packages (project_id, version, id) WHERE {_LISTED} AND {_NOT_TERRAFORM};
CREATE INDEX by_name ON packages (project_id, name, id, version, type, status);
CREATE INDEX by_status ON packages (project_id, status, created_at, id);
CREATE INDEX tags_of_package ON tags (package_id, id);
CREATE INDEX files_of_package ON files (package_id, id);
"""


class Package(NamedTuple):
    """A row of ``packages``."""

    id: int
    project_id: int
    name: str
    recipe: Optional[str]
    version: Optional[str]
    type: int
    status: int
    created_at: str
    updated_at: str
    last_downloaded_at: Optional[str]
    creator_id: Optional[int]


class File(NamedTuple):
    """A row of ``files``, without its content."""

    id: int
    package_id: int
    file_name: str
    size: int
    status: int
    created_at: str
    updated_at: str
    md5: Optional[str]
    sha1: Optional[str]
    sha256: Optional[str]


class Tag(NamedTuple):
    """A row of ``tags``."""

    id: int
    package_id: int
    name: str
    created_at: str


class Pipeline(NamedTuple):
    """A row of ``pipelines``: the build of a package, or of one file of it."""

    package_id: int
    file_id: int
    id: int
    iid: int
    ref: str
    sha: str
    status: str
    source: str
    created_at: str
    updated_at: str
    user_id: Optional[int]


_PACKAGE_COLUMNS = (
    "id, project_id, name, recipe, version, type, status, created_at, updated_at, last_downloaded_at, creator_id"
)
_FILE_COLUMNS = "id, package_id, file_name, size, status, created_at, updated_at, md5, sha1, sha256"
_PIPELINE_COLUMNS = "package_id, file_id, id, iid, ref, sha, status, source, created_at, updated_at, user_id"


@dataclass(frozen=True)
class PackageQuery:
    """What a list of packages holds and how it is ordered (contract, section 2)."""

    project_ids: tuple[int, ...]
    in_group: bool
    order_by: str = "created_at"
    descending: bool = False
    type: Optional[int] = None
    words: tuple[str, ...] = ()
    version: Optional[str] = None
    versionless: bool = False
    status: Optional[int] = None


@dataclass(frozen=True)
class Listing:
    """One page of a list; ``total`` is None above 10,000 results."""

    rows: list[Any]
    total: Optional[int]
    more: bool


class DatabaseError(Exception):
    """The file of ``--db`` cannot serve; one line that says why."""


class Storage:
    """The registry's state."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._totals: dict[tuple[Any, ...], int] = {}

    # Opening and loading

    @classmethod
    def open(cls, path: Optional[Path]) -> Storage:
        """The state in a file, or in memory if ``path`` is None.

        :raises DatabaseError: if the file is not a database of this sandbox or is in use.
        """
        where = ":memory:" if path is None else str(path)
        try:
            connection = sqlite3.connect(where, isolation_level=None, timeout=0.2, cached_statements=512)
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables:
                if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                    raise DatabaseError(f"--db: {path} is not a database of this sandbox")
                if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
                    raise DatabaseError(f"--db: {path} was written by another version of this sandbox")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA cache_size = -65536")
            # Takes the lock at once: a second server on this file ends here, not later.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            text = str(error)
            if "not a database" in text:
                raise DatabaseError(f"--db: {path} is not a database of this sandbox") from None
            raise DatabaseError(f"--db: cannot use {path}: {text}") from None
        return cls(connection)

    def close(self) -> None:
        """Close the database; what was done is in its file."""
        self._db.close()

    def empty(self) -> bool:
        """Whether nothing was ever loaded."""
        return not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]

    def load(self, seed: Seed) -> None:
        """Load a seed into an empty database: all of it, or nothing.

        :raises SeedError: if two things have the same ID.
        """
        self._db.execute("BEGIN")
        try:
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            _Loader(self._db).load(seed)
            for statement in _INDEXES.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def forget_deprecated(self) -> None:
        """Make deprecated packages plain ones, for a server that does not know that status."""
        self._db.execute("UPDATE packages SET status = 0 WHERE status = ?", (DEPRECATED,))
        self._totals.clear()

    def directory(self) -> Directory:
        """Everything that does not change while the server runs."""
        directory = Directory()
        for id_, username, name, admin in self._db.execute("SELECT id, username, name, admin FROM users"):
            directory.users[id_] = User(id_, username, name, bool(admin))
        for id_, kind, value, user_id, scopes, name, created_at in self._db.execute(
            "SELECT id, kind, value, user_id, scopes, name, created_at FROM tokens"
        ):
            user = directory.users[user_id]
            directory.tokens[value] = Token(id_, kind, user, tuple(scopes.split()), name, created_at)
        # Outer groups first.
        for id_, path, visibility, parent_id in self._db.execute(
            "SELECT id, path, visibility, parent_id FROM groups ORDER BY length(path) - length(replace(path, '/', ''))"
        ):
            parent = None if parent_id is None else directory.groups[parent_id]
            directory.groups[id_] = directory.group_paths[path] = Group(id_, path, visibility, parent, {})
        for id_, path, visibility, group_id in self._db.execute(
            "SELECT id, path, visibility, group_id FROM projects ORDER BY id"
        ):
            project = Project(id_, path, visibility, directory.groups[group_id], {})
            directory.projects[id_] = directory.project_paths[path] = project
        for path, project_id in self._db.execute("SELECT path, project_id FROM moved"):
            directory.moved[path] = directory.projects[project_id]
        for group_id, user_id, level in self._db.execute("SELECT group_id, user_id, level FROM group_members"):
            directory.groups[group_id].members[user_id] = level
        for project_id, user_id, level in self._db.execute("SELECT project_id, user_id, level FROM project_members"):
            directory.projects[project_id].members[user_id] = level
        for project_id, pattern, type_, level in self._db.execute(
            "SELECT project_id, pattern, type, minimum_level FROM rules"
        ):
            directory.projects[project_id].rules.append(Rule(pattern, type_, level))
        return directory

    # Tokens

    def touch_token(self, token_id: int) -> None:
        """Note that an access token was used."""
        self._db.execute("UPDATE tokens SET last_used_at = ? WHERE id = ? AND kind = 'access'", (clock.now(), token_id))

    def last_used(self, token_id: int) -> Optional[str]:
        """When an access token was last used before this."""
        row = self._db.execute(
            "SELECT last_used_at FROM tokens WHERE id = ? AND kind = 'access'", (token_id,)
        ).fetchone()
        return row[0] if row else None

    # Packages

    def packages(self, query: PackageQuery, offset: int, limit: int) -> Listing:
        """A page of a list of packages (E1, E2)."""
        where, values = _where(query)
        direction = "DESC" if query.descending else "ASC"
        # PostgreSQL puts packages without a version last, and first when the order is reversed.
        nulls = "NULLS FIRST" if query.descending else "NULLS LAST"
        order = {
            "created_at": f"created_at {direction}, id {direction}",
            "name": f"name {direction}, id {direction}",
            "version": f"version {direction} {nulls}, id {direction}"
            if query.versionless
            else f"version {direction}, id {direction}",
            "type": f"type {direction}, id {direction}",
            "project_path": f"(SELECT path FROM projects WHERE projects.id = project_id) {direction}, id {direction}",
        }[query.order_by]
        total = self._total(where, values)
        rows: list[Package] = []
        if offset < 2**62:
            rows = [
                Package._make(row)
                for row in self._db.execute(
                    f"SELECT {_PACKAGE_COLUMNS} FROM packages WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
                    (*values, limit + 1, offset),
                )
            ]
        more = len(rows) > limit
        return Listing(rows[:limit], total if total <= COUNT_LIMIT else None, more)

    def _total(self, where: str, values: tuple[Any, ...]) -> int:
        """The number of results, or 10,001 if there are more than 10,000."""
        key = (where, *values)
        total = self._totals.get(key)
        if total is None:
            total = self._db.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM packages WHERE {where} LIMIT {COUNT_LIMIT + 1})", values
            ).fetchone()[0]
            if len(self._totals) > 1000:
                self._totals.clear()
            self._totals[key] = total
        return int(total)

    def package(self, project_id: int, package_id: int, statuses: Collection[int] = DISPLAYABLE) -> Optional[Package]:
        """A package of a project, if it has one of the statuses."""
        if package_id >= 2**63:
            return None
        row = self._db.execute(f"SELECT {_PACKAGE_COLUMNS} FROM packages WHERE id = ?", (package_id,)).fetchone()
        if row is None:
            return None
        package = Package._make(row)
        return package if package.project_id == project_id and package.status in statuses else None

    def other_versions(self, package: Package) -> list[Package]:
        """The other displayable packages of a package's name and type, ordered by version (E3)."""
        return [
            Package._make(row)
            for row in self._db.execute(
                f"SELECT {_PACKAGE_COLUMNS} FROM packages WHERE project_id = ? AND name = ? AND type = ? AND {_LISTED}"
                " AND id <> ? ORDER BY version NULLS LAST, id",
                (package.project_id, package.name, package.type, package.id),
            )
        ]

    def delete_package(self, package: Package) -> None:
        """Mark a package for destruction (E6)."""
        self._db.execute(
            "UPDATE packages SET status = ?, updated_at = ? WHERE id = ?",
            (PENDING_DESTRUCTION, clock.after(package.updated_at), package.id),
        )
        self._totals.clear()

    def change_package(self, package_id: int, changes: dict[str, Any]) -> Optional[Package]:
        """Change the columns ``status`` and ``last_downloaded_at``, whatever the status (control call)."""
        if not 0 <= package_id < 2**63:
            return None
        row = self._db.execute(f"SELECT {_PACKAGE_COLUMNS} FROM packages WHERE id = ?", (package_id,)).fetchone()
        if row is None:
            return None
        package = Package._make(row)._replace(**changes)
        package = package._replace(updated_at=clock.after(package.updated_at))
        self._db.execute(
            "UPDATE packages SET status = ?, last_downloaded_at = ?, updated_at = ? WHERE id = ?",
            (package.status, package.last_downloaded_at, package.updated_at, package_id),
        )
        self._totals.clear()
        return package

    def note_download(self, package_id: int) -> None:
        """A file of the package was downloaded; that is no update of the package."""
        self._db.execute("UPDATE packages SET last_downloaded_at = ? WHERE id = ?", (clock.now(), package_id))

    def tags(self, package_ids: Sequence[int]) -> dict[int, list[Tag]]:
        """The tags of some packages."""
        found: dict[int, list[Tag]] = {}
        for row in self._db.execute(
            f"SELECT id, package_id, name, created_at FROM tags WHERE package_id IN ({_ids(package_ids)})"
            " ORDER BY package_id, id"
        ):
            found.setdefault(row[1], []).append(Tag._make(row))
        return found

    def last_pipelines(self, package_ids: Sequence[int]) -> dict[int, Pipeline]:
        """The last pipeline of each of some packages that has any."""
        # Ascending IDs: the last one of a package stays.
        return {
            row[0]: Pipeline._make(row)
            for row in self._db.execute(
                f"SELECT {_PIPELINE_COLUMNS} FROM pipelines WHERE package_id IN ({_ids(package_ids)}) AND file_id = 0"
                " ORDER BY package_id, id"
            )
        }

    def pipelines(
        self, package_id: int, limit: int, below: Optional[int] = None, above: Optional[int] = None
    ) -> list[Pipeline]:
        """Pipelines of a package, newest first: the next ones below an ID, or those just above one (E5)."""
        select = f"SELECT {_PIPELINE_COLUMNS} FROM pipelines WHERE package_id = ? AND file_id = 0"
        if above is not None:
            rows = self._db.execute(f"{select} AND id > ? ORDER BY id LIMIT ?", (package_id, above, limit)).fetchall()
            rows.reverse()
        else:
            rows = self._db.execute(
                f"{select} AND id < ? ORDER BY id DESC LIMIT ?", (package_id, 2**63 - 1 if below is None else below, limit)
            ).fetchall()
        return [Pipeline._make(row) for row in rows]

    # Files

    def files(self, package_id: int, order_by: str, descending: bool, offset: int, limit: int) -> Listing:
        """A page of a package's files that are not pending destruction (E4)."""
        direction = "DESC" if descending else "ASC"
        order = f"id {direction}" if order_by == "id" else f"{order_by} {direction}, id {direction}"
        where = f"package_id = ? AND status = {FILE_DEFAULT}"
        total = self._db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM files WHERE {where} LIMIT {COUNT_LIMIT + 1})", (package_id,)
        ).fetchone()[0]
        rows = []
        if offset < 2**62:
            rows = [
                File._make(row)
                for row in self._db.execute(
                    f"SELECT {_FILE_COLUMNS} FROM files WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
                    (package_id, limit + 1, offset),
                )
            ]
        return Listing(rows[:limit], total if total <= COUNT_LIMIT else None, len(rows) > limit)

    def file(self, package_id: int, file_id: int) -> Optional[File]:
        """A file of a package that is not pending destruction."""
        if file_id >= 2**63:
            return None
        row = self._db.execute(
            f"SELECT {_FILE_COLUMNS} FROM files WHERE id = ? AND package_id = ? AND status = {FILE_DEFAULT}",
            (file_id, package_id),
        ).fetchone()
        return None if row is None else File._make(row)

    def newest_file(self, package_id: int, file_name: str) -> Optional[File]:
        """The newest file of a name in a package (E9)."""
        row = self._db.execute(
            f"SELECT {_FILE_COLUMNS} FROM files WHERE package_id = ? AND file_name = ? AND status = {FILE_DEFAULT}"
            " ORDER BY id DESC LIMIT 1",
            (package_id, file_name),
        ).fetchone()
        return None if row is None else File._make(row)

    def content(self, file_id: int) -> Optional[bytes]:
        """The stored bytes of a file; None if they are generated."""
        row = self._db.execute("SELECT content FROM files WHERE id = ?", (file_id,)).fetchone()
        return None if row is None else row[0]

    def keep_checksums(self, file_id: int, checksums: Checksums) -> None:
        """Remember checksums that were computed when they were first asked for."""
        self._db.execute("UPDATE files SET md5 = ?, sha1 = ?, sha256 = ? WHERE id = ?", (*checksums, file_id))

    def delete_file(self, file: File) -> None:
        """Mark a file for destruction (E7); its package stays."""
        self._db.execute(
            "UPDATE files SET status = ?, updated_at = ? WHERE id = ?",
            (FILE_PENDING_DESTRUCTION, clock.after(file.updated_at), file.id),
        )

    def file_pipelines(self, package_id: int) -> dict[int, list[Pipeline]]:
        """The pipelines of a package's files, by file, newest first."""
        found: dict[int, list[Pipeline]] = {}
        for row in self._db.execute(
            f"SELECT {_PIPELINE_COLUMNS} FROM pipelines WHERE package_id = ? AND file_id > 0 ORDER BY file_id, id DESC",
            (package_id,),
        ):
            found.setdefault(row[1], []).append(Pipeline._make(row))
        return found

    # The generic registry

    def generic_package(
        self, project_id: int, name: str, version: str, statuses: Collection[int]
    ) -> Optional[Package]:
        """A generic package by name and version, if it has one of the statuses; the oldest if several do."""
        row = self._db.execute(
            f"SELECT {_PACKAGE_COLUMNS} FROM packages WHERE project_id = ? AND name = ? AND version = ? AND type = ?"
            f" AND status IN ({_ids(sorted(statuses))}) ORDER BY id LIMIT 1",
            (project_id, name, version, TYPE_NUMBER["generic"]),
        ).fetchone()
        return None if row is None else Package._make(row)

    def publish(
        self,
        project_id: int,
        name: str,
        version: str,
        file_name: str,
        content: bytes,
        checksums: Checksums,
        status: Optional[int],
        creator_id: int,
    ) -> File:
        """Add a file to a generic package, which is made if it is not there (E9)."""
        moment = clock.now()
        alive = [number for number in STATUS_NUMBER.values() if number != PENDING_DESTRUCTION]
        self._db.execute("BEGIN")
        try:
            package = self.generic_package(project_id, name, version, alive)
            if package is None:
                package_id = self._db.execute(
                    "INSERT INTO packages (project_id, name, folded, version, type, status, created_at, updated_at,"
                    " creator_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        project_id,
                        name,
                        name.lower(),
                        version,
                        TYPE_NUMBER["generic"],
                        status or 0,
                        moment,
                        moment,
                        creator_id,
                    ),
                ).lastrowid
            else:
                package_id = package.id
                if status is not None and status != package.status:
                    self._db.execute(
                        "UPDATE packages SET status = ?, updated_at = ? WHERE id = ?",
                        (status, clock.after(package.updated_at), package_id),
                    )
            file_id = self._db.execute(
                "INSERT INTO files (package_id, file_name, size, status, created_at, updated_at, md5, sha1, sha256,"
                " content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (package_id, file_name, len(content), FILE_DEFAULT, moment, moment, *checksums, content),
            ).lastrowid
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        self._totals.clear()
        return File(
            file_id or 0, package_id or 0, file_name, len(content), FILE_DEFAULT, moment, moment, *checksums
        )

    # Control

    def counts(self) -> dict[str, dict[str, int]]:
        """Packages and files by status."""
        packages = dict.fromkeys(STATUSES, 0)
        for number, count in self._db.execute("SELECT status, count(*) FROM packages GROUP BY status"):
            packages[STATUSES[number]] = count
        files = dict.fromkeys(FILE_STATUSES, 0)
        for number, count in self._db.execute("SELECT status, count(*) FROM files GROUP BY status"):
            files[FILE_STATUSES[number]] = count
        return {"packages": packages, "files": files}


def _ids(numbers: Iterable[int]) -> str:
    """Integers for an IN list. They come from the database, never from a client."""
    return ", ".join(map(str, numbers))


def _where(query: PackageQuery) -> tuple[str, tuple[Any, ...]]:
    """The condition of a list, and its values."""
    conditions: list[str] = []
    values: list[Any] = []
    if query.in_group:
        # The plus keeps SQLite from an index on project_id: walking the order of all packages
        # beats sorting those of several projects.
        conditions.append(f"+project_id IN ({_ids(query.project_ids)})")
    else:
        conditions.append("project_id = ?")
        values.append(query.project_ids[0])
    if query.status is None:
        conditions.append(_LISTED)
    else:
        conditions.append("status = ?")
        values.append(query.status)
    if query.type is None:
        conditions.append(_NOT_TERRAFORM)
    else:
        conditions.append("type = ?")
        values.append(query.type)
    if not query.versionless:
        conditions.append("version IS NOT NULL")
    if query.version is not None:
        conditions.append("version = ?")
        values.append(query.version)
    for word in query.words:
        conditions.append("instr(folded, ?) > 0")
        values.append(word)
    return " AND ".join(conditions), tuple(values)


class _Ids:
    """Deals out IDs in order, leaving out those that the seed gives."""

    def __init__(self, given: Iterable[Optional[int]], what: str) -> None:
        self._given: set[int] = set()
        for number in given:
            if number is None:
                continue
            if number in self._given:
                raise SeedError(f"seed: the {what} ID {number} is given twice")
            self._given.add(number)
        self._next = 1

    def take(self, given: Optional[int]) -> int:
        """The given ID, or else the next free one."""
        if given is not None:
            return given
        while self._next in self._given:
            self._next += 1
        self._next += 1
        return self._next - 1


class _Loader:
    """Puts a seed into the tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._users: dict[str, int] = {}

    def load(self, seed: Seed) -> None:
        self._load_users(seed)
        groups = self._load_groups(seed)
        packages = [package for project in seed.projects for package in project.packages]
        files = [file for package in packages for file in package.files]
        builds = [build for owner in (*packages, *files) for build in owner.pipelines]
        ids = _Ids((project.id for project in seed.projects), "project")
        self._package_ids = _Ids((package.id for package in packages), "package")
        self._file_ids = _Ids((file.id for file in files), "file")
        # A pipeline can have built several packages: its ID may come again.
        self._pipeline_ids = _Ids({build.id for build in builds}, "pipeline")
        self._tag_id = 0
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
            self._iids: dict[int, int] = {}
            self._load_packages(project_id, iter(project.packages))
            for series in project.series:
                self._load_packages(project_id, series.packages())

    def _load_users(self, seed: Seed) -> None:
        ids = _Ids((user.id for user in seed.users), "user")
        token_ids = _Ids((token.id for user in seed.users for token in user.tokens), "token")
        for user in seed.users:
            user_id = self._users[user.username] = ids.take(user.id)
            self._insert("users", (user_id, user.username, user.name, user.admin))
            for token in user.tokens:
                row = (token_ids.take(token.id), "access", token.value, user_id, " ".join(token.scopes), token.name)
                self._insert("tokens", (*row, token.created_at, None))
        for number, job in enumerate(seed.job_tokens, start=1):
            self._insert("tokens", (number, "job", job.value, self._users[job.user], "api", "job", "", None))

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
                        (file_id, package_id, file.file_name, file.size, status, created_at, created_at)
                        + (None, None, None, file.content)
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
            (package_id, file_id, pipeline_id, iid, build.ref, build.sha, build.status, build.source)
            + (build.created_at, build.updated_at, user_id)
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
