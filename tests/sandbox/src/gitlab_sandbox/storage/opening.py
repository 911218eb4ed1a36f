# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opening the database, which one server at a time may use."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gitlab_sandbox.schema import APPLICATION_ID, SCHEMA_VERSION


class DatabaseError(Exception):
    """The file of ``--db`` cannot serve; one line that says why."""


def open_database(path: Path | None) -> sqlite3.Connection:
    """The database in a file, or in memory if ``path`` is None.

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
    return connection
