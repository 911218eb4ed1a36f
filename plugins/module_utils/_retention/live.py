# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan's packages as the registry holds them now, by one fresh list, and compared. Nothing of Ansible.

What counts as drift is decided in drift.py.
"""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.proof import locate, look_after
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import line
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    NOT_DELETABLE,
    Package,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import Listed
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import (
    UNREADABLE,
    Comparison,
    Plan,
    compare,
    group_of,
    policy_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_drift import compare_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import (
    archived_projects,
    retention_fields,
    scope_by_id,
    untold_fields,
)


def untouched(packages: t.Iterable[Package]) -> list[Comparison]:
    """The comparison of packages that were listed just now."""
    return [Comparison(package, "unchanged") for package in packages]


def compare_with_live(
    api: PackagesApi,
    plan: Plan,
    described: t.Mapping[str, t.Any],
    entries: t.Sequence[Package],
    listed: Listed | None = None,
    with_files: t.Sequence[Package] = (),
) -> list[Comparison]:
    """How each package to delete is now, by one fresh listing that holds them all.

    ``described`` is the plan's scope as it is now (`check_plan`), ``entries`` the part of the plan's ``delete`` that is
    meant; ``listed`` says what keep lists keep now. The comparisons of ``with_files``, which are packages of
    `packages_with_files`, follow those of ``entries``. Raises PlanError, and the errors of _gitlab/errors.py where the
    list fails.
    """
    scope = scope_by_id(plan["scope"])
    untold = untold_fields(described)
    counted = entries
    also: t.Callable[[Package], bool] | None = None
    if policy_of(plan).keep_at_least:
        # What stays of a name is a matter of all of it, whichever batch this is.
        names = {group_of(entry) for entry in entries}
        counted = [entry for entry in plan["delete"] if group_of(entry) in names]
        also = partial(_is_of, names)

    def reduce(package: Package) -> Package:
        return {**retention_fields(package), **untold}

    all_entries = [*entries, *with_files]
    live = locate(api, [*counted, *with_files], DISPLAYABLE, scope, reduce, also)
    # A package that a list does not show any more is gone, or it has come into a status that no list shows unasked.
    missing = [entry for entry in all_entries if entry["id"] not in live]
    live.update(locate(api, missing, NOT_DELETABLE, scope, reduce))
    links = {package_id: package.get("_links") for package_id, package in live.items()}
    changed = _changed_place(plan["scope"], described, archived_projects(api, scope) if all_entries else frozenset())
    mine = {entry["id"] for entry in entries}
    compared = [
        comparison._replace(entry={**comparison.entry, "_links": links.get(comparison.entry["id"])})
        for comparison in (
            *(
                one
                for one in compare({**plan, "delete": counted}, live.values(), changed, listed)
                if one.entry["id"] in mine
            ),
            *compare_packages(with_files, live, policy_of(plan), changed, listed),
        )
    ]
    if scope.kind == "project":
        return compared
    # A group's list leaves out a project that the token may not read any more, or that left the group, without a word.
    seen = {package["project_id"] for package in live.values()}
    unseen = [entry for entry in all_entries if entry["project_id"] not in seen]
    there, silent = look_after(api, unseen, DISPLAYABLE)
    rest = [entry for entry in unseen if entry["id"] not in there and entry["project_id"] not in silent]
    hidden, also_silent = look_after(api, rest, NOT_DELETABLE)
    elsewhere, silent = {**there, **hidden}, {**silent, **also_silent}
    group = Scope("group", plan["scope"]["group"])
    return [_without_group(comparison, elsewhere, silent, group) for comparison in compared]


def _is_of(names: t.Container[tuple[int, str, str]], package: Package) -> bool:
    return group_of(package) in names


def _changed_place(
    then: t.Mapping[str, t.Any], now: t.Mapping[str, t.Any], archived: t.Collection[int]
) -> t.Callable[[t.Mapping[str, t.Any]], str | None]:
    """What became of the plan's scope as a whole, or of an entry's project; its path is a fact of the package.

    ``archived`` are a group's projects that are archived now.
    """
    if "group" in then and then["group"] != now["group"]:
        renamed = f"the group was {shown(then['group'])} and is {shown(now['group'])}"
        return lambda _entry: renamed
    new = {*archived} - {*then.get("archived_projects", ())}
    if now.get("archived") and not then.get("archived"):
        new.add(then["project_id"])
    return lambda entry: "its project was archived" if entry["project_id"] in new else None


def _without_group(
    comparison: Comparison, elsewhere: t.Mapping[int, Package], silent: t.Mapping[int, GitlabError], group: Scope
) -> Comparison:
    """A comparison by what the package's own project told, where the list of the group told nothing of the project."""
    error = silent.get(comparison.entry["project_id"])
    if error is not None:
        return comparison._replace(state=UNREADABLE, reason=error.message)
    if comparison.entry["id"] in elsewhere:
        return comparison._replace(state="drifted", reason=f"its project is not listed in {group} any more")
    return comparison


def refuse_drift(comparisons: t.Sequence[Comparison]) -> None:
    """Raise :class:`InvalidInput` if any package has drifted; nothing has been deleted then."""
    drifted = [comparison for comparison in comparisons if comparison.state == "drifted"]
    if drifted:
        told = "; ".join(f"{line(dict(c.entry))}: {c.reason}" for c in drifted[:5])
        more = f"; and {len(drifted) - 5} more" if len(drifted) > 5 else ""
        raise InvalidInput(
            f"{len(drifted)} of {len(comparisons)} packages changed since the plan was made: {told}{more}. Nothing was"
            " deleted: make a new plan, or set on_drift to skip"
        )
