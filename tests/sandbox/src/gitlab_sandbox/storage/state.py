# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""All of the state."""

from __future__ import annotations

from pathlib import Path

from gitlab_sandbox.loading import Loader
from gitlab_sandbox.persistence import DirectoryStore
from gitlab_sandbox.seed_model import Seed
from gitlab_sandbox.storage.builds import Builds
from gitlab_sandbox.storage.destruction import Destruction
from gitlab_sandbox.storage.files import Files
from gitlab_sandbox.storage.opening import DatabaseError, open_database
from gitlab_sandbox.storage.package_lists import PackageLists
from gitlab_sandbox.uploads import Contents
from gitlab_sandbox.vocabulary import DEPRECATED, FILE_STATUSES, STATUSES, TYPE_NUMBER


class Storage(PackageLists, Files, Builds, Destruction):
    """The registry's state: packages and files, and through :meth:`directory_store` everything else."""

    @classmethod
    def open(cls, path: Path | None) -> Storage:
        """The state in a file, or in memory if ``path`` is None.

        :raises DatabaseError: if the file is not a database of this sandbox or is in use.
        """
        connection = open_database(path)
        try:
            return cls(connection, Contents(path))
        except OSError as error:
            connection.close()
            raise DatabaseError(f"--db: cannot use {path}.files: {error.strerror}") from None

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

    def counts(self) -> dict[str, dict[str, int]]:
        """Packages and files by status."""
        packages = dict.fromkeys(STATUSES, 0)
        for number, count in self._db.execute("SELECT status, count(*) FROM packages GROUP BY status"):
            packages[STATUSES[number]] = count
        files = dict.fromkeys(FILE_STATUSES, 0)
        for number, count in self._db.execute("SELECT status, count(*) FROM files GROUP BY status"):
            files[FILE_STATUSES[number]] = count
        return {"packages": packages, "files": files}
