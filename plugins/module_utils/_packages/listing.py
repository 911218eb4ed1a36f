# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of packages: the queries that a selection takes, sent, matched again, joined and put in order."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import Keep, PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.paging import Unordered
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    Package,
    Selection,
    matches,
    queries,
    sort_packages,
)


def list_packages(
    api: PackagesApi,
    scope: Scope,
    selections: t.Sequence[Selection],
    order_by: str = "created_at",
    sort: str = "asc",
    limit: int | None = None,
    reduce: Keep = lambda package: package,
) -> list[Package]:
    """The packages of a project or group (E1, E2) that any of the selections means, each once, in the order asked for.

    ``reduce`` makes of each package what is kept of it (None: nothing), as the pages come. With ``limit`` no more
    pages are read than it takes. Only a group's packages come with their ``project_id``. Raises the errors of
    _gitlab/errors.py.
    """
    # Oldest first, what is published meanwhile comes last and moves nothing (see _gitlab/pages.py): so a whole list is
    # read in that order, and sorted here.
    sent_order = (order_by, sort) if limit else ("created_at", "asc")

    def keep(package: Package) -> Package | None:
        return reduce(package) if any(matches(selection, package) for selection in selections) else None

    params = _distinct(selections)
    is_sorted = len(params) == 1 and limit is not None
    try:
        found = api.packages(scope, params, keep, *sent_order, limit)
    except Unordered:
        found = api.packages(scope, params, keep, "created_at", "asc")
        is_sorted = False
    return found[:limit] if is_sorted else sort_packages(found, order_by, sort)[:limit]


def list_projects(api: PackagesApi, places: t.Mapping[int, t.Sequence[Selection]], reduce: Keep) -> list[Package]:
    """The packages of many projects, each with its own selections (E1), several lists at a time.

    They are not matched again: ``reduce``, which is asked for each package that an answer holds, is to do it.
    """
    lists = [
        (Scope("project", str(project_id)), query)
        for project_id, selections in places.items()
        for query in _distinct(selections)
    ]
    return api.lists(lists, reduce)


def _distinct(selections: t.Sequence[Selection]) -> list[dict[str, str]]:
    """The queries that the selections take; one that two of them take is sent once."""
    return list({tuple(sorted(query.items())): query for s in selections for query in queries(s)}.values())
