# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed since a plan was made: each package to delete against what the registry holds now.

Nothing of Ansible; what is compared is plain data, what is live comes from fresh lists.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    InvalidInput,
    ScopeNotFound,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.proof import locate
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import line
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    NOT_DELETABLE,
    Package,
    status_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import plan_entry
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import retention_fields

Plan = t.Mapping[str, t.Any]
Entry = t.Mapping[str, t.Any]

#: What a drift is looked for in, beside downloads.
_DRIFT_FIELDS = ("project_id", "package_type", "name", "version", "status")
#: The state of a package of whose project nothing can be told any more: that does not pass for gone.
UNREADABLE = "unreadable"


class Comparison(t.NamedTuple):
    """One entry of ``delete`` and how its package is now: ``unchanged``, ``gone`` or ``drifted`` (with the reason)."""

    entry: Entry
    state: str
    reason: str | None = None


def compare(plan: Plan, live_packages: t.Iterable[Package]) -> list[Comparison]:
    """Compare each package that a plan deletes with a fresh listing (E1 or E2), in the order of the plan.

    The listing must cover the plan's scope with the statuses that can be deleted; what it does not hold is ``gone``.
    """
    entries: list[Entry] = plan["delete"]
    wanted = {entry["id"] for entry in entries}
    live = {package["id"]: package for package in live_packages if package["id"] in wanted}
    return [_compare(entry, live.get(entry["id"])) for entry in entries]


def _compare(entry: Entry, package: Package | None) -> Comparison:
    # A package that waits for its storage to be freed is deleted already.
    if package is None or status_of(package) == "pending_destruction":
        return Comparison(entry, "gone")
    now = plan_entry({"project_id": entry["project_id"], **package})  # E1 does not tell the project
    changes = [
        f"{key} was {shown(entry[key])} and is {shown(now[key])}" for key in _DRIFT_FIELDS if entry[key] != now[key]
    ]
    if _downloaded_since(entry["last_downloaded_at"], now["last_downloaded_at"]):
        changes.append(f"downloaded since the plan: {shown(now['last_downloaded_at'])}")
    return Comparison(entry, "drifted", "; ".join(changes)) if changes else Comparison(entry, "unchanged")


def _downloaded_since(then: str | None, now: str | None) -> bool:
    if now is None or now == then:
        return False
    try:
        return then is None or parse_time(now) > parse_time(then)
    except ValueError:
        return True  # another time than in the plan, and unreadable: not to be taken for unchanged


def untouched(packages: t.Iterable[Package]) -> list[Comparison]:
    """The comparison of packages that were listed just now."""
    return [Comparison(package, "unchanged") for package in packages]


def compare_with_live(api: PackagesApi, scope: Scope, entries: t.Sequence[Package]) -> list[Comparison]:
    """How each package to delete is now, by one fresh listing that holds them all."""
    live = locate(api, entries, DISPLAYABLE, scope, retention_fields)
    # A package that a list does not show any more is gone, or it has come into a status that no list shows unasked.
    missing = [entry for entry in entries if entry["id"] not in live]
    if missing:
        live.update(locate(api, missing, NOT_DELETABLE, scope, retention_fields))
    links = {package_id: package.get("_links") for package_id, package in live.items()}
    compared = [
        comparison._replace(entry={**comparison.entry, "_links": links.get(comparison.entry["id"])})
        for comparison in compare({"delete": entries}, live.values())
    ]
    if scope.kind == "project":
        return compared
    # A group's list leaves out a project that the token may not read any more, or that left the group, without a word.
    seen = {package["project_id"] for package in live.values()}
    unseen = [entry for entry in entries if entry["project_id"] not in seen]
    elsewhere = _ask_projects(api, unseen)
    return [_without_group(comparison, elsewhere.get(comparison.entry["project_id"]), scope) for comparison in compared]


def _ask_projects(api: PackagesApi, entries: t.Sequence[Package]) -> dict[int, set[int] | GitlabError]:
    """For each project of the entries, which of them it still holds, or why it does not say so."""
    told: dict[int, set[int] | GitlabError] = {}
    for project_id in sorted({entry["project_id"] for entry in entries}):
        mine = [entry for entry in entries if entry["project_id"] == project_id]
        try:
            told[project_id] = set(locate(api, mine, DISPLAYABLE))
        except (Forbidden, ScopeNotFound) as error:
            told[project_id] = error
    return told


def _without_group(comparison: Comparison, told: set[int] | GitlabError | None, scope: Scope) -> Comparison:
    """A comparison by what the package's own project told, where the list of the group told nothing of the project."""
    if isinstance(told, GitlabError):
        return comparison._replace(state=UNREADABLE, reason=told.message)
    if told and comparison.entry["id"] in told:
        return comparison._replace(state="drifted", reason=f"its project is not listed in {scope} any more")
    return comparison


def refuse_drift(comparisons: t.Sequence[Comparison]) -> None:
    """Raise :class:`InvalidInput` if any package has drifted; nothing has been deleted then."""
    drifted = [comparison for comparison in comparisons if comparison.state == "drifted"]
    if drifted:
        shown = "; ".join(f"{line(dict(c.entry))}: {c.reason}" for c in drifted[:5])
        more = f"; and {len(drifted) - 5} more" if len(drifted) > 5 else ""
        raise InvalidInput(
            f"{len(drifted)} of {len(comparisons)} packages changed since the plan was made: {shown}{more}. Nothing was"
            " deleted: make a new plan, or set on_drift to skip"
        )
