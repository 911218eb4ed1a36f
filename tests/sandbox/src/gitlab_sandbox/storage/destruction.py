# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab's background jobs do: destroying what is pending, and cleaning up."""

from __future__ import annotations

from gitlab_sandbox import clock
from gitlab_sandbox.rows import Package
from gitlab_sandbox.storage.base import Rows
from gitlab_sandbox.vocabulary import FILE_DEFAULT, FILE_PENDING_DESTRUCTION, PENDING_DESTRUCTION


class Destruction(Rows):
    """Destroying packages and files, rows and bytes."""

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
