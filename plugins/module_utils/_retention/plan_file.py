# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that somebody hands over: read from its file, and found to be for this server and this scope."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, ScopeNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import read_document
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.places import (
    Place,
    identity,
    in_words,
    kind_of,
    places_of,
    scope_of,
    title,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import verify_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import canonical_scope, scope_by_id

Plan = dict[str, t.Any]


def read_plan(path: str) -> t.Any:
    """The plan in a file, as JSON or YAML; not checked yet. Raises DocumentError."""
    return read_document(path, "plan_file")


def check_plan(api: PackagesApi, plan: t.Any, max_plan_age: str | None, expected_digest: str | None = None) -> None:
    """Check that a plan is whole, the one that is expected, for this server, and young enough. Nothing is asked.

    Raises PlanError.
    """
    now = datetime.now(timezone.utc)
    verify_plan(plan, api_url=api.client.api_url, now=now, max_age=max_plan_age, expected_digest=expected_digest)


def places_now(api: PackagesApi, plan: Plan, named: t.Sequence[Scope] = ()) -> list[Place]:
    """The places of a checked plan as GitLab describes them now (E10, by their IDs), in the order of `places_of`.

    They are those that the caller ``named``, if any: a path is another project where its ID is another. A path may have
    changed since the plan, which is drift. Raises :class:`InvalidInput`, and the errors of _gitlab/errors.py.
    """
    places = places_of(plan["scope"])
    if named:
        _check_named(api, places, named)

    def now(place: Place) -> Place:
        try:
            return canonical_scope(api, scope_by_id(place))
        except ScopeNotFound as error:
            raise ScopeNotFound(f"the plan is for {in_words(place)}: {error.message}", error.status) from None

    return api.client.map(now, places)


def _check_named(api: PackagesApi, places: t.Sequence[Place], named: t.Sequence[Scope]) -> None:
    planned = {identity(place): place for place in places}
    kinds = {kind_of(place) for place in places}
    foreign = next((scope for scope in named if scope.kind not in kinds), None)
    if foreign is not None:
        raise InvalidInput(f"the plan is for {_these(places)}, and the task names {foreign}")
    found = dict(zip(api.client.map(lambda scope: identity(canonical_scope(api, scope)), named), named))
    for one, scope in found.items():
        if one not in planned:
            raise InvalidInput(
                f"the plan is for {_these(places)}, and the task names {scope}, which has the ID {one[1]}"
            )
        if scope.exclude_subgroups and not planned[one].get("exclude_subgroups"):
            raise InvalidInput(
                f"the plan is for {in_words(planned[one])} and its subgroups, and the task excludes them"
            )
    missing = next((place for one, place in planned.items() if one not in found), None)
    if missing is not None:
        raise InvalidInput(f"the plan is for {in_words(missing)} too, which the task does not name")


def _these(places: t.Sequence[Place]) -> str:
    return in_words(places[0]) if len(places) == 1 else title(scope_of(places))


def parts_of(plan: t.Mapping[str, t.Any], batch: str | None) -> tuple[list[Package], list[dict[str, t.Any]]]:
    """What ``batch`` names of a plan's ``delete``, and on, of its ``delete_files``; all of both without one.

    The entries are counted from 1 through both lists; ``1001-1500`` includes both ends. Raises :class:`InvalidInput`.
    """
    delete, files = plan["delete"], plan.get("delete_files") or []
    first, last = _batch(batch, len(delete) + len(files)) if batch is not None else (1, len(delete) + len(files))
    begin = first - 1
    of_files, to_files = (max(0, position - len(delete)) for position in (begin, last))
    return delete[begin:last], files[of_files:to_files]


def _batch(batch: str, entries: int) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,8})-([1-9][0-9]{0,8})", batch)
    if not match or int(match.group(1)) > int(match.group(2)) or int(match.group(2)) > entries:
        raise InvalidInput(
            f"batch {printable(batch[:40])!r} is no part of the plan: write first-last, from 1 to {entries}"
        )
    return int(match.group(1)), int(match.group(2))
