# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of projects and groups (contract of the registries, sections D and E)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable, Final

from gitlab_sandbox import access, answers, paging
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.bodies import Body
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import ACCESS_TOKENS
from gitlab_sandbox.directory import Project
from gitlab_sandbox.lists import COUNT_LIMIT, Listing
from gitlab_sandbox.project_lists import ProjectQuery, candidates, select
from gitlab_sandbox.query import Parameters, to_integer
from gitlab_sandbox.routes import Route
from gitlab_sandbox.sizes import project_statistics, statistics
from gitlab_sandbox.vocabulary import VISIBILITIES

ORDERS: Final = ("id", "name", "path", "created_at", "updated_at", "last_activity_at", "similarity", "star_count")
# GitLab's levels of access, the newest ones too.
LEVELS: Final = (5, 10, 15, 20, 30, 40, 50)
OLD_LEVELS: Final = (5, 10, 20, 30, 40, 50)


async def list_group_projects(call: Call) -> Answer:
    """``GET /groups/:id/projects``."""
    group = call.group()
    parameters = call.parameters()
    page = paging.read_page(parameters)
    query = _query(call, parameters)
    simple = parameters.boolean("simple", False)
    parameters.check()
    found = candidates(call.registry.directory, group, query)
    return _list(
        call, page, _selected(call, found, query), lambda project: call.bodies.project(project, call.caller, simple)
    )


async def list_projects(call: Call) -> Answer:
    """``GET /projects``: all that the caller may know of. Paging is by offset alone."""
    parameters = call.parameters()
    page = paging.read_page(parameters)
    query = _query(call, parameters)
    simple = parameters.boolean("simple", False)
    membership = parameters.boolean("membership", False)
    with_statistics = parameters.boolean("statistics", False)
    after, before = parameters.integer("id_after", -1), parameters.integer("id_before", 2**63)
    parameters.check()
    user = call.caller.user
    found = [
        project
        for project in call.registry.directory.projects.values()
        if after < project.id < before and (not membership or (user is not None and project.level(user) > 0))
    ]

    def body(project: Project) -> Body:
        shown = call.bodies.project(project, call.caller, simple)
        return {**shown, **project_statistics(call, project)} if with_statistics and not simple else shown

    return _list(call, page, _selected(call, found, query), body)


async def list_groups(call: Call) -> Answer:
    """``GET /groups``, by name; administrators may ask for ``statistics``."""
    parameters = call.parameters()
    page = paging.read_page(parameters)
    with_statistics = parameters.boolean("statistics", False) and call.caller.admin
    parameters.check()
    directory = call.registry.directory
    groups = sorted(
        (group for group in directory.groups.values() if access.sees_group(call.caller, group)),
        key=lambda group: (group.path.rpartition("/")[2], group.id),
    )

    def body(group: Any) -> Body:
        shown = call.bodies.group(group)
        if with_statistics:
            shown["statistics"] = statistics(call, directory.projects_in(group, subgroups=False))
            if group.parent is None:
                shown["root_storage_statistics"] = statistics(call, directory.projects_in(group, subgroups=True))
        return shown

    return _list(call, page, groups, body)


def _query(call: Call, parameters: Parameters) -> ProjectQuery:
    """The parameters that lists of projects share, and those of a group's."""
    levels = LEVELS if call.registry.current else OLD_LEVELS
    level: int | None = None
    if given := call.query.get("min_access_level", ""):
        level = to_integer(given)
        if level is None:
            parameters.invalid("min_access_level")
        elif level not in levels:
            parameters.unlisted("min_access_level")
    archived: bool | None = None
    if parameters.has("archived"):
        archived = parameters.boolean("archived", False)
    return ProjectQuery(
        include_subgroups=parameters.boolean("include_subgroups", False),
        with_shared=parameters.boolean("with_shared", True),
        include_ancestor_groups=parameters.boolean("include_ancestor_groups", False),
        archived=archived,
        visibility=parameters.choice("visibility", VISIBILITIES),
        min_access_level=level,
        owned=parameters.boolean("owned", False),
        starred=parameters.boolean("starred", False),
        search=parameters.text("search"),
        topic=parameters.text("topic"),
        order_by=parameters.choice("order_by", ORDERS, "created_at") or "created_at",
        descending=parameters.choice("sort", ("asc", "desc"), "desc") == "desc",
    )


def _selected(call: Call, found: Iterable[Project], query: ProjectQuery) -> list[Project]:
    return select(found, query, call.caller.user, lambda project: access.sees_project(call.caller, project))


def _list(call: Call, page: paging.Page, found: Sequence[Any], body: Callable[[Any], Body]) -> Answer:
    """One page of a list that is in memory."""
    rows = list(found[page.offset : page.offset + page.per_page])
    total = len(found) if len(found) <= COUNT_LIMIT else None
    listing = Listing(rows, total, page.offset + page.per_page < len(found))
    headers = paging.offset_headers(page, listing, call.base_url, call.raw_path, call.query)
    return answers.json_answer(200, [body(row) for row in rows], headers)


ROUTES: Final = (
    Route(
        "E",
        "GET",
        "groups/:id/projects",
        list_group_projects,
        takes=ACCESS_TOKENS,
        granular="",
        own_limit="group_projects",
    ),
    Route("D", "GET", "projects", list_projects, takes=ACCESS_TOKENS, granular=""),
    Route("D", "GET", "groups", list_groups, takes=ACCESS_TOKENS, granular=""),
)
