# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build records: which pipelines built a package, or a file of it."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sandbox import clock
from gitlab_sandbox.directory import Token
from gitlab_sandbox.lists import id_list
from gitlab_sandbox.rows import BUILD_COLUMNS, Build, Package
from gitlab_sandbox.storage.base import Rows


class Builds(Rows):
    """Build records."""

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
