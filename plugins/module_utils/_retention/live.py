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
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.places import (
    GROUP,
    PROJECT,
    Place,
    kind_of,
    places_of,
)
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
    places: t.Sequence[Place],
    entries: t.Sequence[Package],
    listed: Listed | None = None,
    with_files: t.Sequence[Package] = (),
) -> list[Comparison]:
    """How each package to delete is now, by fresh listings that hold them all.

    ``places`` are those of the plan as they are now (`places_now`), ``entries`` the part of the plan's ``delete`` that
    is meant; ``listed`` says what keep lists keep now. The comparisons of ``with_files``, which are packages of
    `packages_with_files`, follow those of ``entries``. Raises PlanError, and the errors of _gitlab/errors.py where the
    list fails.
    """
    counted = entries
    also: t.Callable[[Package], bool] | None = None
    if policy_of(plan).keep_at_least:
        # What stays of a name is a matter of all of it, whichever batch this is.
        names = {group_of(entry) for entry in entries}
        counted = [entry for entry in plan["delete"] if group_of(entry) in names]
        also = partial(_is_of, names)

    all_entries = [*entries, *with_files]
    fresh = _FreshLists(api, list(zip(places_of(plan["scope"]), places)))
    fresh.locate([*counted, *with_files], DISPLAYABLE, also)
    # A package that a list does not show any more is gone, or it has come into a status that no list shows unasked.
    fresh.locate([entry for entry in all_entries if entry["id"] not in fresh.packages], NOT_DELETABLE)
    live = fresh.packages
    links = {package_id: package.get("_links") for package_id, package in live.items()}
    changed = fresh.changed_places() if all_entries else lambda _entry: None
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
    # A group's list leaves out a project that the token may not read any more, or that left the group, without a word.
    seen = {package["project_id"] for package in live.values()} | fresh.own_lists
    unseen = [entry for entry in all_entries if entry["project_id"] not in seen]
    if not unseen or not fresh.groups:
        return compared
    there, silent = look_after(api, unseen, DISPLAYABLE)
    rest = [entry for entry in unseen if entry["id"] not in there and entry["project_id"] not in silent]
    hidden, also_silent = look_after(api, rest, NOT_DELETABLE)
    elsewhere, silent = {**there, **hidden}, {**silent, **also_silent}
    return [_without_group(comparison, elsewhere, silent, fresh) for comparison in compared]


class _FreshLists:
    """What the places of a plan hold now, each asked for what it may hold.

    ``places`` are pairs: as the plan has them, and as they are now.
    """

    def __init__(self, api: PackagesApi, places: t.Sequence[tuple[Place, Place]]) -> None:
        self._api = api
        self._places = places
        self.packages: dict[int, Package] = {}
        self._place_of: dict[int, int] = {}
        self.own_lists = {then["project_id"] for then, _now in places if kind_of(then) == PROJECT}
        """The IDs of the projects of which the list is their own."""
        self.groups = [then for then, _now in places if kind_of(then) == GROUP]

    def locate(
        self,
        entries: t.Sequence[Package],
        statuses: tuple[str, ...],
        also: t.Callable[[Package], bool] | None = None,
    ) -> None:
        """List anew what the places hold of these entries of the plan in these statuses; ``also`` as in `locate`."""
        for number, (then, now) in enumerate(self._places):
            mine = [entry for entry in entries if entry["id"] not in self.packages and self._may_hold(then, entry)]
            reduce = partial(_with_untold, untold_fields(now))
            found = locate(self._api, mine, statuses, scope_by_id(then), reduce, also)
            self.packages.update(found)
            self._place_of.update(dict.fromkeys(found, number))

    def _may_hold(self, place: Place, entry: t.Mapping[str, t.Any]) -> bool:
        """Whether an entry of the plan may be listed there; a project's own list is asked alone."""
        if len(self._places) == 1:
            return True
        if kind_of(place) == PROJECT:
            return bool(entry["project_id"] == place["project_id"])
        path = entry["project_path"]
        return entry["project_id"] not in self.own_lists and (path is None or path.startswith(f"{place['group']}/"))

    def group_of(self, entry: t.Mapping[str, t.Any]) -> Scope:
        """The group of the plan in whose list an entry was: the innermost of its path."""
        groups = [group for group in self.groups if self._may_hold(group, entry)] or self.groups
        return Scope(GROUP, max((group[GROUP] for group in groups), key=len))

    def changed_places(self) -> t.Callable[[t.Mapping[str, t.Any]], str | None]:
        """Says of an entry that was found what became of the place that lists it."""
        asked = {*self._place_of.values()}
        changed = {
            number: _changed_place(then, now, archived_projects(self._api, scope_by_id(then)))
            for number, (then, now) in enumerate(self._places)
            if number in asked
        }

        def what(entry: t.Mapping[str, t.Any]) -> str | None:
            number = self._place_of.get(entry["id"])
            return None if number is None else changed[number](entry)

        return what


def _with_untold(untold: dict[str, t.Any], package: Package) -> Package:
    return {**retention_fields(package), **untold}


def _is_of(names: t.Container[tuple[int, str, str]], package: Package) -> bool:
    return group_of(package) in names


def _changed_place(
    then: Place, now: Place, archived: t.Collection[int]
) -> t.Callable[[t.Mapping[str, t.Any]], str | None]:
    """What became of a place of the plan as a whole, or of an entry's project; its path is a fact of the package.

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
    comparison: Comparison, elsewhere: t.Mapping[int, Package], silent: t.Mapping[int, GitlabError], fresh: _FreshLists
) -> Comparison:
    """A comparison by what the package's own project told, where no list of a group told anything of the project."""
    error = silent.get(comparison.entry["project_id"])
    if error is not None:
        return comparison._replace(state=UNREADABLE, reason=error.message)
    if comparison.entry["id"] in elsewhere:
        return comparison._replace(
            state="drifted", reason=f"its project is not listed in {fresh.group_of(comparison.entry)} any more"
        )
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
