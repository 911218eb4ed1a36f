# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places of a plan's scope: one project, one group, or several of both. Pure.

A place is ``{"project": path, "project_id": 42}`` or ``{"group": path, "group_id": 7, "exclude_subgroups": bool}``. The
scope of one place is that place; that of several is ``{"projects": [place, …], "groups": [place, …]}``.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

Place = t.Mapping[str, t.Any]
PROJECT = "project"
GROUP = "group"
#: How many paths a title names.
_NAMED = 3


def scope_of(places: t.Sequence[Place]) -> dict[str, t.Any]:
    """The scope of a plan for these places, none of which comes twice: by kind, each kind in its order."""
    if len(places) == 1:
        return dict(places[0])
    return {f"{kind}s": [dict(place) for place in places if kind_of(place) == kind] for kind in (PROJECT, GROUP)}


def places_of(scope: t.Mapping[str, t.Any]) -> list[Place]:
    """The places of a scope of `scope_of`, projects before groups."""
    return [*scope["projects"], *scope["groups"]] if has_many(scope) else [scope]


def has_many(scope: t.Mapping[str, t.Any]) -> bool:
    """Whether a scope is of several places."""
    return "projects" in scope or "groups" in scope


def kind_of(place: Place) -> str:
    """``project`` or ``group``."""
    return PROJECT if PROJECT in place else GROUP


def identity(place: Place) -> tuple[str, int]:
    """What tells one place from another: its path may become another's."""
    kind = kind_of(place)
    return kind, place[f"{kind}_id"]


def in_words(place: Place) -> str:
    """A place for a sentence: ``project 'acme/shop' with the ID 42``."""
    kind, number = identity(place)
    return f"{kind} {printable(place[kind])!r} with the ID {number}"


def title(scope: t.Mapping[str, t.Any]) -> str:
    """A scope for a heading: a path, or how many there are and the first of them."""
    if "packages" in scope:
        return f"{scope['packages']} packages that were given"
    places = places_of(scope)
    paths = [printable(place[kind_of(place)]) for place in places]
    if len(paths) == 1:
        return paths[0]
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    counts = [(kind, sum(kind_of(place) == kind for place in places)) for kind in (PROJECT, GROUP)]
    words = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts if count]
    return f"{' and '.join(words)} ({', '.join(paths[:_NAMED])}{more})"
