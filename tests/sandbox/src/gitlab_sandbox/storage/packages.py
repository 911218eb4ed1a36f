# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single packages and what belongs to them: tags, and what registries keep about them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gitlab_sandbox import clock
from gitlab_sandbox.lists import id_list
from gitlab_sandbox.rows import PACKAGE_COLUMNS, TAG_COLUMNS, Package, Tag
from gitlab_sandbox.schema import LISTED
from gitlab_sandbox.storage.base import Rows
from gitlab_sandbox.vocabulary import DEFAULT, DISPLAYABLE, INSTALLABLE, PENDING_DESTRUCTION


class Packages(Rows):
    """Packages and their tags."""

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

    def has_installable(self, project_id: int) -> bool:
        """Whether a project has a package that can be installed: else its cleanup policy does not run."""
        return self._package(f"project_id = ? AND status IN ({id_list(INSTALLABLE)})", project_id) is not None

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

    def _details(self, table: str, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        return {
            id_: json.loads(details)
            for id_, details in self._db.execute(
                f"SELECT id, details FROM {table} WHERE id IN ({id_list(ids)}) AND details IS NOT NULL"
            )
        }

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
