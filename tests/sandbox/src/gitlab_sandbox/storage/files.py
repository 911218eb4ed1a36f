# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of packages and their bytes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from gitlab_sandbox import clock, content
from gitlab_sandbox.content import Checksums
from gitlab_sandbox.lists import COUNT_LIMIT, Listing, id_list
from gitlab_sandbox.rows import FILE_COLUMNS, File, Package
from gitlab_sandbox.storage.packages import Packages
from gitlab_sandbox.uploads import Upload
from gitlab_sandbox.vocabulary import FILE_DEFAULT, FILE_PENDING_DESTRUCTION


class Files(Packages):
    """Files of packages."""

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

    def file_details(self, file_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """What registries keep about files: JSON objects by file ID, without those that have none."""
        return self._details("files", file_ids)

    def set_file_details(self, file_id: int, details: Mapping[str, Any]) -> None:
        """Keep an object about a file, instead of the one before."""
        self._db.execute("UPDATE files SET details = ? WHERE id = ?", (json.dumps(details), file_id))
