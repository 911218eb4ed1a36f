# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state, in SQLite: each question that the endpoints ask, each change that they make.

One connection, used by the event loop's thread only; each method is one step that nothing
interleaves with.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from gitlab_sandbox import clock
from gitlab_sandbox.content import Checksums
from gitlab_sandbox.directory import Directory, Group, Project, Rule, Token, User
from gitlab_sandbox.loading import LISTED, NOT_TERRAFORM, Loader
from gitlab_sandbox.seed import Seed
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


class Package(NamedTuple):
    """A row of ``packages``."""

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
    user_id: int | None


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
    type: int | None = None
    words: tuple[str, ...] = ()
    version: str | None = None
    versionless: bool = False
    status: int | None = None


@dataclass(frozen=True)
class Listing:
    """One page of a list; ``total`` is None above 10,000 results."""

    rows: list[Any]
    total: int | None
    more: bool


class DatabaseError(Exception):
    """The file of ``--db`` cannot serve; one line that says why."""


class Storage:
    """The registry's state."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._totals: dict[tuple[Any, ...], int] = {}
        self._places: dict[tuple[Any, ...], _Places] = {}

    # Opening and loading

    @classmethod
    def open(cls, path: Path | None) -> Storage:
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
            Loader(self._db).load(seed)
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def forget_deprecated(self) -> None:
        """Make deprecated packages plain ones, for a server that does not know that status."""
        self._db.execute("UPDATE packages SET status = 0 WHERE status = ?", (DEPRECATED,))
        self._changed()

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

    # Packages

    def packages(self, query: PackageQuery, offset: int, limit: int) -> Listing:
        """A page of a list of packages (E1, E2)."""
        where, values = _where(query)
        order, column = _order(query)
        total = self._total(where, values)
        rows: list[Package] = []
        if offset < 2**62:
            rows = self._rows(where, values, order, column, query.descending, offset, limit + 1)
        return Listing(rows[:limit], total if total <= COUNT_LIMIT else None, len(rows) > limit)

    def _rows(
        self, where: str, values: tuple[Any, ...], order: str, column: str, descending: bool, offset: int, limit: int
    ) -> list[Package]:
        """The rows at an offset, walking to it from the nearest place that an earlier page ended at."""
        places = None
        skip = offset
        if column:
            places = self._places.setdefault((where, order, *values), _Places())
            start, key = places.before(offset)
            if key is not None:
                where = f"{where} AND ({column}, id) {'<' if descending else '>'} (?, ?)"
                values = (*values, *key)
                skip = offset - start
        rows = [
            Package._make(row)
            for row in self._db.execute(
                f"SELECT {_PACKAGE_COLUMNS} FROM packages WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
                (*values, limit, skip),
            )
        ]
        # The last row belongs to the next page already.
        if places is not None and len(rows) == limit > 1:
            places.note(offset + limit - 1, (getattr(rows[-2], column), rows[-2].id))
        return rows

    def _changed(self) -> None:
        """Forget what was remembered about lists."""
        self._totals.clear()
        self._places.clear()

    def _total(self, where: str, values: tuple[Any, ...]) -> int:
        """The number of results, or 10,001 if there are more than 10,000."""
        key = (where, *values)
        total = self._totals.get(key)
        if total is None:
            total = self._db.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM packages WHERE {where} LIMIT {COUNT_LIMIT + 1})", values
            ).fetchone()[0]
            if len(self._totals) > 1000:
                self._changed()
            self._totals[key] = total
        return int(total)

    def package(self, project_id: int, package_id: int, statuses: Collection[int] = DISPLAYABLE) -> Package | None:
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
                f"SELECT {_PACKAGE_COLUMNS} FROM packages WHERE project_id = ? AND name = ? AND type = ? AND {LISTED}"
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
        self._changed()

    def change_package(self, package_id: int, changes: dict[str, Any]) -> Package | None:
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
        self._changed()
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
        self, package_id: int, limit: int, below: int | None = None, above: int | None = None
    ) -> list[Pipeline]:
        """Pipelines of a package, newest first: the next ones below an ID, or those just above one (E5)."""
        select = f"SELECT {_PIPELINE_COLUMNS} FROM pipelines WHERE package_id = ? AND file_id = 0"
        if above is not None:
            rows = self._db.execute(f"{select} AND id > ? ORDER BY id LIMIT ?", (package_id, above, limit)).fetchall()
            rows.reverse()
        else:
            rows = self._db.execute(
                f"{select} AND id < ? ORDER BY id DESC LIMIT ?",
                (package_id, 2**63 - 1 if below is None else below, limit),
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

    def file(self, package_id: int, file_id: int) -> File | None:
        """A file of a package that is not pending destruction."""
        if file_id >= 2**63:
            return None
        row = self._db.execute(
            f"SELECT {_FILE_COLUMNS} FROM files WHERE id = ? AND package_id = ? AND status = {FILE_DEFAULT}",
            (file_id, package_id),
        ).fetchone()
        return None if row is None else File._make(row)

    def newest_file(self, package_id: int, file_name: str) -> File | None:
        """The newest file of a name in a package (E9)."""
        row = self._db.execute(
            f"SELECT {_FILE_COLUMNS} FROM files WHERE package_id = ? AND file_name = ? AND status = {FILE_DEFAULT}"
            " ORDER BY id DESC LIMIT 1",
            (package_id, file_name),
        ).fetchone()
        return None if row is None else File._make(row)

    def content(self, file_id: int) -> bytes | None:
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

    def generic_package(self, project_id: int, name: str, version: str, statuses: Collection[int]) -> Package | None:
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
        status: int | None,
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
        self._changed()
        return File(file_id or 0, package_id or 0, file_name, len(content), FILE_DEFAULT, moment, moment, *checksums)

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


class _Places:
    """Where pages of one list ended, so that the next page need not walk from the start."""

    def __init__(self) -> None:
        self._offsets: list[int] = []
        self._keys: list[tuple[Any, int]] = []

    def before(self, offset: int) -> tuple[int, tuple[Any, int] | None]:
        """The greatest known offset up to this one, and the sort key of the row before it."""
        index = bisect_right(self._offsets, offset) - 1
        return (0, None) if index < 0 else (self._offsets[index], self._keys[index])

    def note(self, offset: int, key: tuple[Any, int]) -> None:
        """The row before this offset has this sort key."""
        index = bisect_right(self._offsets, offset)
        if index == 0 or self._offsets[index - 1] != offset:
            self._offsets.insert(index, offset)
            self._keys.insert(index, key)


def _order(query: PackageQuery) -> tuple[str, str]:
    """The order of a list, and the column that it is by; no column if there are no places in that order."""
    direction = "DESC" if query.descending else "ASC"
    column = query.order_by
    if column == "project_path":
        return f"(SELECT path FROM projects WHERE projects.id = project_id) {direction}, id {direction}", ""
    if column == "version" and query.versionless:
        # PostgreSQL puts packages without a version last, and first when the order is reversed.
        return f"version {direction} NULLS {'FIRST' if query.descending else 'LAST'}, id {direction}", ""
    return f"{column} {direction}, id {direction}", column


def _where(query: PackageQuery) -> tuple[str, tuple[Any, ...]]:
    """The condition of a list, and its values."""
    conditions: list[str] = []
    values: list[Any] = []
    if query.in_group or query.order_by == "type":
        # The plus keeps SQLite from an index on project_id: walking the order of all packages
        # beats sorting those of several projects.
        conditions.append(f"+project_id IN ({_ids(query.project_ids)})")
    else:
        conditions.append("project_id = ?")
        values.append(query.project_ids[0])
    # What the indexes of lists hold is said even where more is asked: else SQLite does not use them.
    if query.status is None or query.status in DISPLAYABLE:
        conditions.append(LISTED)
    if query.status is not None:
        conditions.append("status = ?")
        values.append(query.status)
    if query.type != TYPE_NUMBER["terraform_module"]:
        conditions.append(NOT_TERRAFORM)
    if query.type is not None:
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
