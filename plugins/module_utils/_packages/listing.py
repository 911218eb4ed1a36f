# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of packages: the queries that a selection takes, sent, matched again, joined and put in order."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import Keep, PackagesApi
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

    # Two selections may take the same query: it is sent once.
    params = {tuple(sorted(query.items())): query for selection in selections for query in queries(selection)}
    found = api.packages(scope, list(params.values()), keep, *sent_order, limit)
    is_sorted = len(params) == 1 and sent_order == (order_by, sort)
    return found[:limit] if is_sorted else sort_packages(found, order_by, sort)[:limit]
