# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of packages, page by page (E1, E2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gitlab_sandbox.lists import COUNT_LIMIT, Listing, PackageQuery, Places, id_list, order_of, where_of
from gitlab_sandbox.rows import PACKAGE_COLUMNS, Package
from gitlab_sandbox.storage.base import Rows


class PackageLists(Rows):
    """Lists of packages."""

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

    def _count(self, where: str, values: tuple[Any, ...]) -> int:
        """The number of results, all of them."""
        key = ("all", where, *values)
        if key not in self._totals:
            row = self._db.execute(f"SELECT count(*) FROM packages WHERE {where}", values).fetchone()
            self._totals[key] = row[0]
        return self._totals[key]

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
