# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables and indexes of the state, in SQLite."""

from __future__ import annotations

import sqlite3
from typing import Final

from gitlab_sandbox.vocabulary import DISPLAYABLE, TYPE_NUMBER

APPLICATION_ID: Final = 0x67_6C_73_62
SCHEMA_VERSION: Final = 2

# The condition of the indexes that serve lists. SQLite uses them only for a query that says the
# same, word for word.
LISTED: Final = f"status IN ({', '.join(map(str, DISPLAYABLE))})"
NOT_TERRAFORM: Final = f"type <> {TYPE_NUMBER['terraform_module']}"

# In ``tokens``, ``permissions`` are words with blanks between them, and null means all. In ``projects``,
# ``allowlist`` are IDs likewise. ``details`` is JSON that a registry keeps for itself. ``content`` holds the
# bytes of a small file; ``stored`` names the one of a large one; without both they are generated.
_TABLES: Final = """
CREATE TABLE instance (packages INTEGER NOT NULL, delete_protection INTEGER NOT NULL, rules_endpoint INTEGER NOT NULL,
    max_file_size INTEGER NOT NULL, limits TEXT NOT NULL, background_ms INTEGER NOT NULL);
CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL, name TEXT NOT NULL, admin INTEGER NOT NULL);
CREATE TABLE tokens (id INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL UNIQUE, user_id INTEGER,
    scopes TEXT NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL, revoked INTEGER NOT NULL, project_id INTEGER,
    group_id INTEGER, permissions TEXT, pipeline_id INTEGER);
CREATE TABLE groups (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, visibility TEXT NOT NULL, parent_id INTEGER,
    settings TEXT NOT NULL);
CREATE TABLE projects (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, name TEXT NOT NULL, visibility TEXT NOT NULL,
    group_id INTEGER NOT NULL, archived INTEGER NOT NULL, package_registry TEXT NOT NULL, keep_n INTEGER,
    next_run_at TEXT, allowlist TEXT);
CREATE TABLE moved (path TEXT PRIMARY KEY, project_id INTEGER NOT NULL);
CREATE TABLE shares (project_id INTEGER NOT NULL, group_id INTEGER NOT NULL, PRIMARY KEY (project_id, group_id));
CREATE TABLE group_members (group_id INTEGER NOT NULL, user_id INTEGER NOT NULL, level INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id));
CREATE TABLE project_members (project_id INTEGER NOT NULL, user_id INTEGER NOT NULL, level INTEGER NOT NULL,
    PRIMARY KEY (project_id, user_id));
CREATE TABLE rules (id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, pattern TEXT NOT NULL,
    type INTEGER NOT NULL, push_level INTEGER, delete_level INTEGER, updated_at TEXT NOT NULL);
CREATE TABLE packages (id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, name TEXT NOT NULL,
    recipe TEXT, folded TEXT NOT NULL, version TEXT, type INTEGER NOT NULL, status INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_downloaded_at TEXT, creator_id INTEGER, details TEXT);
CREATE TABLE tags (id INTEGER PRIMARY KEY AUTOINCREMENT, package_id INTEGER NOT NULL, name TEXT NOT NULL,
    created_at TEXT NOT NULL);
CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT, package_id INTEGER NOT NULL, file_name TEXT NOT NULL,
    size INTEGER NOT NULL, status INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    md5 TEXT, sha1 TEXT, sha256 TEXT, content BLOB, stored TEXT, details TEXT);
CREATE TABLE builds (id INTEGER PRIMARY KEY AUTOINCREMENT, package_id INTEGER NOT NULL, file_id INTEGER NOT NULL,
    pipeline_id INTEGER NOT NULL, iid INTEGER NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, status TEXT NOT NULL,
    source TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, user_id INTEGER,
    project_id INTEGER NOT NULL, deleted INTEGER NOT NULL);
"""

# Made after loading, which is much faster. The partial ones hold exactly what the default lists
# show, so that an offset is walked within the index.
_INDEXES: Final = f"""
CREATE INDEX listed_in_project ON packages (project_id, created_at, id, version, folded)
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
CREATE INDEX builds_of_package ON builds (package_id, file_id, id);
"""


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the empty tables."""
    _run(connection, _TABLES)


def create_indexes(connection: sqlite3.Connection) -> None:
    """Make the indexes, and note whose database this is."""
    _run(connection, _INDEXES)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _run(connection: sqlite3.Connection, script: str) -> None:
    # Not executescript: that would commit.
    for statement in script.split(";"):
        connection.execute(statement)
