# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which projects a list holds, and in which order (contract of the registries, section E)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Callable

from gitlab_sandbox.directory import Directory, Group, Project, User
from gitlab_sandbox.vocabulary import OWNER

# Words of a search that are shorter find nothing but what equals the whole search.
_SHORTEST_WORD = 3


@dataclass(frozen=True)
class ProjectQuery:
    """The parameters of the list, with their defaults."""

    include_subgroups: bool = False
    with_shared: bool = True
    include_ancestor_groups: bool = False
    archived: bool | None = None
    visibility: str | None = None
    min_access_level: int | None = None
    owned: bool = False
    starred: bool = False
    search: str | None = None
    topic: str | None = None
    order_by: str = "created_at"
    descending: bool = True


def select(
    projects: Iterable[Project], query: ProjectQuery, user: User | None, sees: Callable[[Project], bool]
) -> list[Project]:
    """What a query asks for of some projects, in its order.

    :param user: the caller; None: anonymous.
    :param sees: whether the caller may know of a project.
    """
    found = [
        project
        for project in projects
        if _is_asked_for(project, query) and _is_within_reach(project, query, user, sees)
    ]
    # By similarity, the likest always comes first.
    by_similarity = query.order_by == "similarity" and bool(query.search)
    return sorted(found, key=_order(query), reverse=query.descending or by_similarity)


def candidates(directory: Directory, group: Group, query: ProjectQuery) -> Iterator[Project]:
    """The projects in a group, around it or shared with it, as a query wants them, before any other filter."""
    groups: list[Group] = [group]
    if query.include_ancestor_groups:
        above = group.parent
        while above is not None:
            groups.append(above)
            above = above.parent
    prefix = group.path + "/"
    for project in directory.projects.values():
        below = query.include_subgroups and project.path.startswith(prefix)
        shared = query.with_shared and any(other is group for other in project.shared_with)
        if below or shared or any(project.group is one for one in groups):
            yield project


def _is_asked_for(project: Project, query: ProjectQuery) -> bool:
    """Whether the project is what the filters ask for, whoever asks."""
    # Nobody stars projects here or gives them topics.
    if query.starred or query.topic:
        return False
    if query.archived is not None and project.archived != query.archived:
        return False
    if query.visibility is not None and project.visibility != query.visibility:
        return False
    return not query.search or _matches(project, query.search)


def _is_within_reach(project: Project, query: ProjectQuery, user: User | None, sees: Callable[[Project], bool]) -> bool:
    """Whether the caller sees the project, and has the level there that the query asks for."""
    level = OWNER if query.owned else query.min_access_level
    # By membership alone: neither public projects nor an administrator's rights count.
    return sees(project) and (level is None or project.level(user) >= level)


def _matches(project: Project, search: str) -> bool:
    texts = (project.name.lower(), _own_path(project).lower())
    words = [word for word in search.lower().split() if len(word) >= _SHORTEST_WORD]
    if not words:
        return search.lower() in texts
    return all(any(word in text for text in texts) for word in words)


def _own_path(project: Project) -> str:
    return project.path.rpartition("/")[2]


def _order(query: ProjectQuery) -> Callable[[Project], Any]:
    """The sort key: ties go by ID, in the direction of the list."""
    if query.order_by == "name":
        return lambda project: (project.name, project.id)
    if query.order_by == "path":
        return lambda project: (_own_path(project), project.id)
    if query.order_by == "similarity" and query.search:
        wanted = query.search
        return lambda project: (_similarity(project, wanted), project.id)
    # Projects are made in the order of their IDs, nothing happens to them, and nobody stars them.
    return lambda project: project.id


def _similarity(project: Project, search: str) -> float:
    """How much a project's path, and less so its name, are like a search, by the trigrams that they share."""
    wanted = set(_trigrams(search))

    def likeness(text: str) -> float:
        found = set(_trigrams(text))
        return _share(found & wanted, found | wanted)

    return likeness(_own_path(project)) + 0.7 * likeness(project.name)


def _share(part: Collection[str], whole: Collection[str]) -> float:
    return len(part) / len(whole) if whole else 0.0


def _trigrams(text: str) -> Iterator[str]:
    for word in text.lower().replace("-", " ").replace("_", " ").split():
        padded = f"  {word} "
        yield from (padded[index : index + 3] for index in range(len(padded) - 2))
