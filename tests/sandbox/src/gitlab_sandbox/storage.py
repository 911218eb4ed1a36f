# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state, in SQLite: each question that the endpoints ask of packages and files, each change that they make.

One connection, used by the event loop's thread only; each method is one step that nothing
interleaves with, and so is what runs in a :meth:`Storage.transaction` without an ``await``.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gitlab_sandbox import clock, content
from gitlab_sandbox.content import Checksums
from gitlab_sandbox.directory import Token
from gitlab_sandbox.lists import COUNT_LIMIT, Listing, PackageQuery, Places, id_list, order_of, where_of
from gitlab_sandbox.loading import Loader
from gitlab_sandbox.persistence import DirectoryStore
from gitlab_sandbox.rows import BUILD_COLUMNS, FILE_COLUMNS, PACKAGE_COLUMNS, TAG_COLUMNS, Build, File, Package, Tag
from gitlab_sandbox.schema import APPLICATION_ID, LISTED, SCHEMA_VERSION
from gitlab_sandbox.seed_model import Seed
from gitlab_sandbox.uploads import Contents, Upload
from gitlab_sandbox.vocabulary import (
    DEFAULT,
    DEPRECATED,
    DISPLAYABLE,
    FILE_DEFAULT,
    FILE_PENDING_DESTRUCTION,
    FILE_STATUSES,
    INSTALLABLE,
    PENDING_DESTRUCTION,
    STATUSES,
    TYPE_NUMBER,
)

_GENERIC = TYPE_NUMBER["generic"]


class DatabaseError(Exception):
    """The file of ``--db`` cannot serve; one line that says why."""


class Storage:
    """The registry's state. ``shuffled``: items with equal sort values come in another order each time."""

    def __init__(self, connection: sqlite3.Connection, contents: Contents) -> None:
        self._db = connection
        self._contents = contents
        self._totals: dict[tuple[Any, ...], int] = {}
        self._places: dict[tuple[Any, ...], Places] = {}
        self.shuffled = False

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
            contents = Contents(path)
        except sqlite3.Error as error:
            text = str(error)
            if "not a database" in text:
                raise DatabaseError(f"--db: {path} is not a database of this sandbox") from None
            raise DatabaseError(f"--db: cannot use {path}: {text}") from None
        except OSError as error:
            raise DatabaseError(f"--db: cannot use {path}.files: {error.strerror}") from None
        return cls(connection, contents)

    def close(self) -> None:
        """Close the database; what was done is in its file."""
        self._db.close()
        self._contents.close()

    def empty(self) -> bool:
        """Whether nothing was ever loaded."""
        return not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]

    def load(self, seed: Seed) -> None:
        """Load a seed into an empty database: all of it, or nothing.

        :raises SeedError: if two things have the same ID.
        """
        with self.transaction():
            Loader(self._db).load(seed)

    def forget_what_is_new(self) -> None:
        """Make deprecated packages plain ones and destroy those of cargo, for a server that knows neither."""
        self._db.execute("UPDATE packages SET status = 0 WHERE status = ?", (DEPRECATED,))
        self._destroy(f"type = {TYPE_NUMBER['cargo']}", "FALSE")

    def directory_store(self, current: bool) -> DirectoryStore:
        """Users, tokens, groups and projects, and the changes of them; not ``current``: those of a 16.1 server."""
        return DirectoryStore(self._db, current)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that follows, or nothing of it. Nothing may be awaited within."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        finally:
            self._changed()
        self._db.execute("COMMIT")

    # Lists of packages

    def packages(self, query: PackageQuery, offset: int, limit: int) -> Listing:
        """A page of a list of packages (E1, E2)."""
        where, values = where_of(query)
        total = self._total(where, values)
        rows: list[Package] = []
        if offset < 2**62 and query.order_by == "project_path":
            rows = self._by_project_path(query, offset, limit + 1)
        elif offset < 2**62:
            order, column = order_of(query, self.shuffled)
            rows = self._rows(where, values, order, column, query.descending, offset, limit + 1)
        return Listing(rows[:limit], total if total <= COUNT_LIMIT else None, len(rows) > limit)

    def _by_project_path(self, query: PackageQuery, offset: int, limit: int) -> list[Package]:
        """The rows at an offset, by the projects' own paths and then by ID: walks from project to project."""
        projects: dict[str, list[int]] = {}
        for id_, path in self._db.execute(f"SELECT id, path FROM projects WHERE id IN ({id_list(query.project_ids)})"):
            # By the last segment of the full path, which several projects may share.
            projects.setdefault(path.rpartition("/")[2], []).append(id_)
        order = f"id {'DESC' if query.descending else 'ASC'}"
        rows: list[Package] = []
        for own_path in sorted(projects, reverse=query.descending):
            if len(rows) == limit:
                break
            where, values = where_of(replace(query, project_ids=tuple(projects[own_path])))
            count = self._count(where, values)
            if offset < count:
                wanted = limit - len(rows)
                rows += self._rows(where, values, order, "id", query.descending, offset, wanted)
            offset = max(0, offset - count)
        return rows

    def _count(self, where: str, values: tuple[Any, ...]) -> int:
        """The number of results, all of them."""
        key = ("all", where, *values)
        if key not in self._totals:
            row = self._db.execute(f"SELECT count(*) FROM packages WHERE {where}", values).fetchone()
            self._totals[key] = row[0]
        return self._totals[key]

    def _rows(
        self, where: str, values: tuple[Any, ...], order: str, column: str, descending: bool, offset: int, limit: int
    ) -> list[Package]:
        """The rows at an offset, walking to it from the nearest place that an earlier page ended at."""
        places = None
        skip = offset
        if column:
            places = self._places.setdefault((where, order, *values), Places())
            start, key = places.before(offset)
            if key is not None:
                where = f"{where} AND ({column}, id) {'<' if descending else '>'} (?, ?)"
                values = (*values, *key)
                skip = offset - start
        rows = [
            Package._make(row)
            for row in self._db.execute(
                f"SELECT {PACKAGE_COLUMNS} FROM packages WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
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

    # Packages

    def package(self, project_id: int, package_id: int, statuses: Collection[int] = DISPLAYABLE) -> Package | None:
        """A package of a project, if it has one of the statuses."""
        package = self.package_by_id(package_id)
        if package is None or package.project_id != project_id or package.status not in statuses:
            return None
        return package

    def package_by_id(self, package_id: int) -> Package | None:
        """A package of any project and status."""
        if not 0 <= package_id < 2**63:
            return None
        return self._package("id = ?", package_id)

    def _package(self, condition: str, *values: Any) -> Package | None:
        row = self._db.execute(f"SELECT {PACKAGE_COLUMNS} FROM packages WHERE {condition} LIMIT 1", values).fetchone()
        return None if row is None else Package._make(row)

    def other_versions(self, package: Package) -> list[Package]:
        """The displayable packages of a package's name and type with another version, ordered by it (E3)."""
        return [
            Package._make(row)
            for row in self._db.execute(
                f"SELECT {PACKAGE_COLUMNS} FROM packages WHERE project_id = ? AND name = ? AND type = ? AND {LISTED}"
                " AND version IS NOT NULL AND version IS NOT ? ORDER BY version, id",
                (package.project_id, package.name, package.type, package.version),
            )
        ]

    def packages_of(
        self, project_id: int, type_: int, name: str | None = None, statuses: Collection[int] = DISPLAYABLE
    ) -> list[Package]:
        """All packages of a type in a project, or those of one stored name, by ID (for a registry's indexes)."""
        named, values = ("AND name = ?", (name,)) if name is not None else ("", ())
        return [
            Package._make(row)
            for row in self._db.execute(
                f"SELECT {PACKAGE_COLUMNS} FROM packages WHERE project_id = ? AND type = ? {named}"
                f" AND status IN ({id_list(sorted(statuses))}) ORDER BY id",
                (project_id, type_, *values),
            )
        ]

    def find_package(
        self,
        project_id: int,
        type_: int,
        name: str,
        version: str | None,
        statuses: Collection[int] | None = None,
        recipe: str | None = None,
    ) -> Package | None:
        """The package of that name and version: the oldest, if several have one of the statuses.

        Without statuses, one that is not pending destruction: what a registry publishes into.
        """
        condition = f"status <> {PENDING_DESTRUCTION}" if statuses is None else f"status IN ({id_list(statuses)})"
        return self._package(
            f"project_id = ? AND name = ? AND version IS ? AND type = ? AND {condition}"
            " AND (? IS NULL OR recipe = ?) ORDER BY id",
            project_id,
            name,
            version,
            type_,
            recipe,
            recipe,
        )

    def create_package(
        self,
        project_id: int,
        type_: int,
        name: str,
        version: str | None,
        creator_id: int | None,
        status: int = DEFAULT,
        recipe: str | None = None,
    ) -> Package:
        """Make a package. ``creator_id`` is the user's ID; None for what a deploy or a job token publishes."""
        moment = clock.now()
        cursor = self._db.execute(
            "INSERT INTO packages (project_id, name, recipe, folded, version, type, status, created_at, updated_at,"
            " creator_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (project_id, name, recipe, name.lower(), version, type_, status, moment, moment, creator_id),
        )
        self._changed()
        return Package(
            cursor.lastrowid or 0, project_id, name, recipe, version, type_, status, moment, moment, None, creator_id
        )

    def delete_package(self, package: Package) -> None:
        """Mark a package for destruction (E6)."""
        self.set_status(package, PENDING_DESTRUCTION, touch=True)

    def set_status(self, package: Package, status: int, touch: bool) -> Package:
        """Give a package another status; its last update moves only if ``touch``."""
        updated_at = clock.after(package.updated_at) if touch else package.updated_at
        self._db.execute(
            "UPDATE packages SET status = ?, updated_at = ? WHERE id = ?", (status, updated_at, package.id)
        )
        self._changed()
        return package._replace(status=status, updated_at=updated_at)

    def set_package(self, package: Package, **columns: Any) -> Package:
        """Set ``updated_at``, ``last_downloaded_at``, ``name`` or ``version`` of a package, and nothing else."""
        changed = package._replace(**columns)
        self._db.execute(
            "UPDATE packages SET updated_at = ?, last_downloaded_at = ?, name = ?, folded = ?, version = ?"
            " WHERE id = ?",
            (
                changed.updated_at,
                changed.last_downloaded_at,
                changed.name,
                changed.name.lower(),
                changed.version,
                package.id,
            ),
        )
        self._changed()
        return changed

    def note_download(self, package_id: int, every: int = 60) -> None:
        """A file of the package was downloaded: noted once in so many seconds, and no update of the package."""
        self._db.execute(
            "UPDATE packages SET last_downloaded_at = ? WHERE id = ?"
            " AND (last_downloaded_at IS NULL OR last_downloaded_at <= ?)",
            (clock.now(), package_id, clock.ago(every)),
        )

    def package_details(self, package_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """What registries keep about packages: JSON objects by package ID, without those that have none."""
        return self._details("packages", package_ids)

    def set_package_details(self, package_id: int, details: Mapping[str, Any]) -> None:
        """Keep an object about a package, instead of the one before."""
        self._db.execute("UPDATE packages SET details = ? WHERE id = ?", (json.dumps(details), package_id))

    def file_details(self, file_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """What registries keep about files: JSON objects by file ID, without those that have none."""
        return self._details("files", file_ids)

    def set_file_details(self, file_id: int, details: Mapping[str, Any]) -> None:
        """Keep an object about a file, instead of the one before."""
        self._db.execute("UPDATE files SET details = ? WHERE id = ?", (json.dumps(details), file_id))

    def _details(self, table: str, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        return {
            id_: json.loads(details)
            for id_, details in self._db.execute(
                f"SELECT id, details FROM {table} WHERE id IN ({id_list(ids)}) AND details IS NOT NULL"
            )
        }

    # Tags

    def tags(self, package_ids: Sequence[int]) -> dict[int, list[Tag]]:
        """The tags of some packages."""
        found: dict[int, list[Tag]] = {}
        for row in self._db.execute(
            f"SELECT {TAG_COLUMNS} FROM tags WHERE package_id IN ({id_list(package_ids)}) ORDER BY package_id, id"
        ):
            found.setdefault(row[1], []).append(Tag._make(row))
        return found

    def add_tag(self, package_id: int, name: str) -> None:
        """Tag a package. That no other version of it has the tag, as npm wants it, the caller sees to."""
        self._db.execute(
            "INSERT INTO tags (package_id, name, created_at) VALUES (?, ?, ?)", (package_id, name, clock.now())
        )

    def remove_tags(self, package_ids: Iterable[int], name: str | None = None) -> int:
        """Take a tag, or all, from some packages; how many tags that were. No package's last update moves."""
        return self._db.execute(
            f"DELETE FROM tags WHERE package_id IN ({id_list(package_ids)}) AND (? IS NULL OR name = ?)", (name, name)
        ).rowcount

    # Builds

    def last_builds(self, package_ids: Sequence[int]) -> dict[int, Build]:
        """The last build record of each of some packages that has any."""
        # Ascending IDs: the last one of a package stays.
        return {
            row[1]: Build._make(row)
            for row in self._db.execute(
                f"SELECT {BUILD_COLUMNS} FROM builds WHERE package_id IN ({id_list(package_ids)}) AND file_id = 0"
                " ORDER BY package_id, id"
            )
        }

    def builds(self, package_id: int, limit: int, below: int | None = None, above: int | None = None) -> list[Build]:
        """Build records of a package, newest first: the next ones below an ID, or those just above one (E5)."""
        select = f"SELECT {BUILD_COLUMNS} FROM builds WHERE package_id = ? AND file_id = 0"
        if above is not None:
            rows = self._db.execute(f"{select} AND id > ? ORDER BY id LIMIT ?", (package_id, above, limit)).fetchall()
            rows.reverse()
        else:
            rows = self._db.execute(
                f"{select} AND id < ? ORDER BY id DESC LIMIT ?",
                (package_id, 2**63 - 1 if below is None else below, limit),
            ).fetchall()
        return [Build._make(row) for row in rows]

    def file_builds(self, package_id: int) -> dict[int, list[Build]]:
        """The build records of a package's files whose pipelines are still there, by file, newest first."""
        found: dict[int, list[Build]] = {}
        for row in self._db.execute(
            f"SELECT {BUILD_COLUMNS} FROM builds WHERE package_id = ? AND file_id > 0 AND NOT deleted"
            " ORDER BY file_id, id DESC",
            (package_id,),
        ):
            found.setdefault(row[2], []).append(Build._make(row))
        return found

    def record_build(self, package: Package, file_id: int, token: Token) -> None:
        """Note that the pipeline of a job's token published a file of a package; a second time is one record."""
        pipeline_id, iid, created_at = self._pipeline_of(token)
        user_id = None if token.user is None else token.user.id
        project_id = package.project_id if token.project_id is None else token.project_id
        for target in (0, file_id):
            self._db.execute(
                f"INSERT INTO builds ({BUILD_COLUMNS})"
                " SELECT NULL, ?, ?, ?, ?, 'main', ?, 'running', 'push', ?, ?, ?, ?, 0 WHERE NOT EXISTS"
                " (SELECT 1 FROM builds WHERE package_id = ? AND file_id = ? AND pipeline_id = ?)",
                (
                    *(package.id, target, pipeline_id, iid, "0" * 40, created_at, created_at, user_id, project_id),
                    *(package.id, target, pipeline_id),
                ),
            )

    def _pipeline_of(self, token: Token) -> tuple[int, int, str]:
        """ID, number and time of the pipeline that a job belongs to; it begins when the job first publishes."""
        (pipeline_id,) = self._db.execute("SELECT pipeline_id FROM tokens WHERE value = ?", (token.value,)).fetchone()
        if pipeline_id is None:
            (pipeline_id,) = self._db.execute(
                "SELECT 1 + max((SELECT coalesce(max(pipeline_id), 0) FROM builds),"
                " (SELECT coalesce(max(pipeline_id), 0) FROM tokens))"
            ).fetchone()
            self._db.execute("UPDATE tokens SET pipeline_id = ? WHERE value = ?", (pipeline_id, token.value))
        known = self._db.execute("SELECT iid, created_at FROM builds WHERE pipeline_id = ?", (pipeline_id,)).fetchone()
        if known is None:
            (iid,) = self._db.execute("SELECT coalesce(max(iid), 0) + 1 FROM builds").fetchone()
            known = (iid, clock.now())
        return pipeline_id, known[0], known[1]

    # Files

    def files(self, package_id: int, order_by: str, descending: bool, offset: int, limit: int) -> Listing:
        """A page of a package's files of status ``default`` (E4)."""
        direction = "DESC" if descending else "ASC"
        tie = "random()" if self.shuffled else f"id {direction}"
        order = f"id {direction}" if order_by == "id" else f"{order_by} {direction}, {tie}"
        where = f"package_id = ? AND status = {FILE_DEFAULT}"
        total = self._db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM files WHERE {where} LIMIT {COUNT_LIMIT + 1})", (package_id,)
        ).fetchone()[0]
        rows = []
        if offset < 2**62:
            rows = [
                File._make(row)
                for row in self._db.execute(
                    f"SELECT {FILE_COLUMNS} FROM files WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
                    (package_id, limit + 1, offset),
                )
            ]
        return Listing(rows[:limit], total if total <= COUNT_LIMIT else None, len(rows) > limit)

    def file(self, package_id: int, file_id: int) -> File | None:
        """A file of a package, if its status is ``default``."""
        if file_id >= 2**63:
            return None
        return self._file("id = ? AND package_id = ?", file_id, package_id)

    def file_by_id(self, file_id: int) -> File | None:
        """A file of any package and status."""
        row = self._db.execute(f"SELECT {FILE_COLUMNS} FROM files WHERE id = ?", (file_id,)).fetchone()
        return None if row is None else File._make(row)

    def newest_file(self, package_id: int, file_name: str) -> File | None:
        """The newest file of a name in a package, of status ``default``."""
        return self._file("package_id = ? AND file_name = ?", package_id, file_name)

    def _file(self, condition: str, *values: Any) -> File | None:
        row = self._db.execute(
            f"SELECT {FILE_COLUMNS} FROM files WHERE {condition} AND status = {FILE_DEFAULT} ORDER BY id DESC LIMIT 1",
            values,
        ).fetchone()
        return None if row is None else File._make(row)

    def files_of(self, package_ids: Iterable[int]) -> list[File]:
        """All files of status ``default`` of some packages, by ID (for a registry's indexes)."""
        return [
            File._make(row)
            for row in self._db.execute(
                f"SELECT {FILE_COLUMNS} FROM files WHERE package_id IN ({id_list(package_ids)})"
                f" AND status = {FILE_DEFAULT} ORDER BY id"
            )
        ]

    def files_named(self, project_id: int, type_: int, file_name: str, statuses: Collection[int]) -> list[File]:
        """The files of a name and of status ``default`` in a project's packages of a type, newest first."""
        columns = ", ".join(f"files.{column}" for column in File._fields)
        return [
            File._make(row)
            for row in self._db.execute(
                f"SELECT {columns} FROM packages JOIN files ON package_id = packages.id WHERE project_id = ?"
                f" AND type = ? AND packages.status IN ({id_list(sorted(statuses))}) AND file_name = ?"
                f" AND files.status = {FILE_DEFAULT} ORDER BY files.id DESC",
                (project_id, type_, file_name),
            )
        ]

    def add_file(self, package: Package, file_name: str, upload: Upload, status: int = FILE_DEFAULT) -> File:
        """Add received bytes to a package; that is no update of the package."""
        moment = clock.now()
        row = (package.id, file_name, upload.size, status, moment, moment, *upload.checksums)
        cursor = self._db.execute(
            "INSERT INTO files (package_id, file_name, size, status, created_at, updated_at, md5, sha1, sha256,"
            " content, stored) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, upload.data, upload.stored),
        )
        return File(cursor.lastrowid or 0, *row)

    def move_file(self, file: File, package: Package, file_name: str) -> None:
        """Put a file into a package, under another name; the builds of the package that it was in come along."""
        self._db.execute(
            "UPDATE files SET package_id = ?, file_name = ? WHERE id = ?", (package.id, file_name, file.id)
        )
        self._db.execute(
            "UPDATE builds SET package_id = ?1 WHERE package_id = ?2 AND NOT EXISTS (SELECT 1 FROM builds AS known"
            " WHERE known.package_id = ?1 AND known.file_id = builds.file_id"
            " AND known.pipeline_id = builds.pipeline_id)",
            (package.id, file.package_id),
        )

    def parts(self, file: File) -> Iterator[bytes]:
        """The bytes of a file in pieces, to be read at any time later."""
        stored = self._db.execute("SELECT content, stored FROM files WHERE id = ?", (file.id,)).fetchone()
        if stored is not None and stored[1] is not None:
            return self._contents.parts(stored[1])
        if stored is not None and stored[0] is not None:
            return iter((stored[0],))
        return content.chunks(file.id, file.size)

    def generated(self, file: File) -> bool:
        """Whether the bytes of a file are generated."""
        row = self._db.execute(
            "SELECT content IS NULL AND stored IS NULL FROM files WHERE id = ?", (file.id,)
        ).fetchone()
        return bool(row and row[0])

    def keep_checksums(self, file_id: int, checksums: Checksums) -> None:
        """Remember checksums that were computed when they were first asked for."""
        self._db.execute("UPDATE files SET md5 = ?, sha1 = ?, sha256 = ? WHERE id = ?", (*checksums, file_id))

    def delete_file(self, file: File) -> None:
        """Mark a file for destruction (E7); its package stays."""
        self.set_file_status(file, FILE_PENDING_DESTRUCTION)

    def set_file_status(self, file: File, status: int) -> None:
        """Give a file another status; its own last update moves."""
        self._db.execute(
            "UPDATE files SET status = ?, updated_at = ? WHERE id = ?", (status, clock.after(file.updated_at), file.id)
        )

    def packages_size(self, project_id: int) -> int:
        """The bytes of all files of a project's packages, of every status, until they are destroyed."""
        row = self._db.execute(
            "SELECT coalesce(sum(size), 0) FROM files"
            " WHERE package_id IN (SELECT id FROM packages WHERE project_id = ?)",
            (project_id,),
        ).fetchone()
        return int(row[0])

    # Receiving

    @property
    def contents(self) -> Contents:
        """Where uploads are received."""
        return self._contents

    # Destruction

    def sweep(self) -> None:
        """Destroy what is pending, as GitLab's background job does: rows and bytes."""
        self._destroy(f"status = {PENDING_DESTRUCTION}", f"status = {FILE_PENDING_DESTRUCTION}")

    def remove_package(self, package: Package) -> None:
        """Destroy a package at once. Not within a transaction."""
        self._destroy(f"id = {package.id}", "FALSE")

    def remove_packages(self, project_id: int) -> None:
        """Destroy all packages of a project."""
        self._destroy(f"project_id = {project_id}", "FALSE")

    def _destroy(self, packages: str, files: str) -> None:
        of_packages = f"package_id IN (SELECT id FROM packages WHERE {packages})"
        stored = [
            name
            for (name,) in self._db.execute(
                f"SELECT stored FROM files WHERE ({files} OR {of_packages}) AND stored IS NOT NULL"
            )
        ]
        with self.transaction():
            self._db.execute(
                f"DELETE FROM builds WHERE {of_packages} OR file_id IN (SELECT id FROM files WHERE {files})"
            )
            self._db.execute(f"DELETE FROM files WHERE {files} OR {of_packages}")
            self._db.execute(f"DELETE FROM tags WHERE {of_packages}")
            self._db.execute(f"DELETE FROM packages WHERE {packages}")
        for name in stored:
            self._contents.remove(name)

    def has_installable(self, project_id: int) -> bool:
        """Whether a project has a package that can be installed: else its cleanup policy does not run."""
        return self._package(f"project_id = ? AND status IN ({id_list(INSTALLABLE)})", project_id) is not None

    def clean_up(self, project_id: int, keep: int) -> int:
        """Mark all but the newest ``keep`` files of each name in each package; how many that were.

        No package's last update moves, and nobody asks protection rules (contract, section D).
        """
        rows = self._db.execute(
            "SELECT id FROM (SELECT files.id AS id, row_number() OVER (PARTITION BY package_id, file_name"
            " ORDER BY files.id DESC) AS place FROM files JOIN packages ON packages.id = package_id"
            f" WHERE project_id = ? AND files.status = {FILE_DEFAULT})"
            " WHERE place > ?",
            (project_id, keep),
        ).fetchall()
        moment = clock.now()
        self._db.executemany(
            f"UPDATE files SET status = {FILE_PENDING_DESTRUCTION}, updated_at = ? WHERE id = ?",
            [(moment, id_) for (id_,) in rows],
        )
        return len(rows)

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
