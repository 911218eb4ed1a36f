# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a seed fills the tables."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from gitlab_sandbox.node import SeedError
from gitlab_sandbox.schema import create_indexes, create_tables
from gitlab_sandbox.seed_model import EPOCH, FileSeed, PackageSeed, PipelineSeed, ProjectSeed, Seed, TokenSeed
from gitlab_sandbox.vocabulary import FILE_STATUS_NUMBER, STATUS_NUMBER, TYPE_NUMBER


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
        self._groups: dict[str, int] = {}
        self._projects: dict[str, int] = {}
        # The number of each pipeline within the project that is being loaded.
        self._iids: dict[int, int] = {}

    def load(self, seed: Seed) -> None:
        """Make the tables, fill them, then make the indexes.

        :raises SeedError: if two things have the same ID.
        """
        create_tables(self._db)
        instance = seed.instance
        row = (instance.packages, instance.delete_protection, instance.rules_endpoint, instance.max_file_size)
        self._insert("instance", [(*row, json.dumps(instance.limits), instance.background_ms)])
        self._load_users(seed)
        self._load_groups(seed)
        self._deal_ids(seed)
        for project in seed.projects:
            self._load_project(project)
        self._load_tokens(seed.tokens)
        create_indexes(self._db)

    def _deal_ids(self, seed: Seed) -> None:
        packages = [package for project in seed.projects for package in project.packages]
        files = [file for package in packages for file in package.files]
        builds = [build for package in packages for build in package.pipelines]
        builds += [build for file in files for build in file.pipelines]
        ids = _Ids((project.id for project in seed.projects), "project")
        self._projects = {project.path: ids.take(project.id) for project in seed.projects}
        self._package_ids = _Ids((package.id for package in packages), "package")
        self._file_ids = _Ids((file.id for file in files), "file")
        # A pipeline can have built several packages: its ID may come again.
        self._pipeline_ids = _Ids({build.id for build in builds}, "pipeline")

    def _load_users(self, seed: Seed) -> None:
        ids = _Ids((user.id for user in seed.users), "user")
        self._users = {user.username: ids.take(user.id) for user in seed.users}
        self._insert("users", ((self._users[u.username], u.username, u.name, u.admin) for u in seed.users))

    def _load_tokens(self, tokens: list[TokenSeed]) -> None:
        """The tokens. Each kind has IDs of its own, but OAuth tokens count as access tokens here."""
        counters = {
            kinds: _Ids((token.id for token in tokens if token.kind in kinds), "token")
            for kinds in (("access", "oauth"), ("job",), ("deploy",))
        }
        rows = []
        for token in tokens:
            ids = next(ids for kinds, ids in counters.items() if token.kind in kinds)
            rows.append(
                (
                    ids.take(token.id),
                    token.kind,
                    token.value,
                    None if token.user is None else self._users[token.user],
                    " ".join(token.scopes),
                    token.name,
                    token.created_at,
                    token.revoked,
                    None if token.project is None else self._projects[token.project],
                    None if token.group is None else self._groups[token.group],
                    None if token.permissions is None else " ".join(token.permissions),
                    None,
                )
            )
        self._insert("tokens", rows)

    def _load_groups(self, seed: Seed) -> None:
        ids = _Ids((group.id for group in seed.groups), "group")
        self._groups = {group.path: ids.take(group.id) for group in seed.groups}
        for group in seed.groups:
            group_id = self._groups[group.path]
            parent_id = self._groups.get(group.path.rpartition("/")[0])
            self._insert("groups", [(group_id, group.path, group.visibility, parent_id, json.dumps(group.settings))])
            self._insert(
                "group_members", ((group_id, self._users[name], level) for name, level in group.members.items())
            )

    def _load_project(self, project: ProjectSeed) -> None:
        project_id = self._projects[project.path]
        allowlist = project.job_token_allowlist
        self._insert(
            "projects",
            [
                (
                    project_id,
                    project.path,
                    project.name,
                    project.visibility,
                    self._groups[project.path.rpartition("/")[0]],
                    project.archived,
                    project.package_registry,
                    project.keep_n,
                    None,
                    None if allowlist is None else " ".join(str(self._projects[path]) for path in allowlist),
                )
            ],
        )
        self._insert("moved", ((path, project_id) for path in project.moved_from))
        self._insert("shares", ((project_id, group_id) for group_id in {self._groups[p] for p in project.shared_with}))
        self._insert(
            "project_members", ((project_id, self._users[name], level) for name, level in project.members.items())
        )
        self._insert(
            "rules",
            (
                (
                    None,
                    project_id,
                    rule.package_name_pattern,
                    TYPE_NUMBER[rule.package_type],
                    rule.push_level,
                    rule.delete_level,
                    EPOCH,
                )
                for rule in project.rules
            ),
        )
        self._iids = {}
        self._load_packages(project_id, iter(project.packages))
        for series in project.series:
            self._load_packages(project_id, series.packages())

    def _load_packages(self, project_id: int, packages: Iterator[PackageSeed]) -> None:
        files: list[tuple[Any, ...]] = []
        tags: list[tuple[Any, ...]] = []
        builds: list[tuple[Any, ...]] = []

        def rows() -> Iterator[tuple[Any, ...]]:
            for package in packages:
                package_id = self._package_ids.take(package.id)
                tags.extend((None, package_id, tag, package.created_at) for tag in package.tags)
                builds.extend(self._builds(project_id, package_id, 0, package.pipelines))
                for file in package.files:
                    file_id = self._file_ids.take(file.id)
                    files.append(_file(file_id, package_id, file, package.created_at))
                    builds.extend(self._builds(project_id, package_id, file_id, file.pipelines))
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
                    None,
                )

        self._insert("packages", rows())
        self._insert("files", files)
        self._insert("tags", tags)
        self._insert("builds", builds)

    def _builds(
        self, project_id: int, package_id: int, file_id: int, builds: list[PipelineSeed]
    ) -> list[tuple[Any, ...]]:
        """The records of some builds, those of older pipelines first."""
        rows = [self._build(project_id, package_id, file_id, build) for build in builds]
        return sorted(rows, key=lambda row: int(row[3]))

    def _build(self, project_id: int, package_id: int, file_id: int, build: PipelineSeed) -> tuple[Any, ...]:
        pipeline_id = self._pipeline_ids.take(build.id)
        iid = self._iids.setdefault(pipeline_id, build.iid or len(self._iids) + 1)
        user_id = None if build.user is None else self._users[build.user]
        return (
            None,
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
            project_id,
            build.deleted,
        )

    def _insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        iterator = iter(rows)
        first = next(iterator, None)
        if first is None:
            return
        statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(first))})"
        self._db.execute(statement, first)
        self._db.executemany(statement, iterator)


def _file(file_id: int, package_id: int, file: FileSeed, package_created_at: str) -> tuple[Any, ...]:
    created_at = file.created_at or package_created_at
    status = FILE_STATUS_NUMBER[file.status]
    row = (file_id, package_id, file.file_name, file.size, status, created_at, created_at)
    return (*row, None, None, None, file.content, None, None)
