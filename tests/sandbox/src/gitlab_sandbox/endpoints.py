# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints E1 to E8, E10 and E11: one function each (contract, sections 1 to 4)."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox import access, answers, paging
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import ACCESS_TOKENS, OAUTH
from gitlab_sandbox.deletion import delete_package as delete_package_of
from gitlab_sandbox.directory import Group, Project
from gitlab_sandbox.downloads import download, with_checksums
from gitlab_sandbox.lists import PackageQuery, search_words
from gitlab_sandbox.routes import Route
from gitlab_sandbox.sizes import project_statistics
from gitlab_sandbox.vocabulary import (
    ADMIN_PACKAGES,
    DETAILED,
    OLD_PACKAGE_TYPES,
    PACKAGE_TYPES,
    READ_PACKAGES,
    READ_PIPELINES,
    STATUS_NUMBER,
    STATUSES,
    TYPE_NUMBER,
)

# E1, E2: lists of packages


async def list_project_packages(call: Call) -> Answer:
    """E1."""
    project = call.readable_project()
    return _list_packages(call, {project.id: project}, None)


async def list_group_packages(call: Call) -> Answer:
    """E2."""
    group = call.group()
    if not access.reads_group_packages(call.caller, group):
        raise answers.forbidden()
    return _list_packages(call, {}, group)


def _list_packages(call: Call, projects: dict[int, Project], group: Group | None) -> Answer:
    registry = call.registry
    parameters = call.parameters()
    page = paging.read_page(parameters)
    subgroups = True
    orders = ["created_at", "name", "version", "type"]
    if group is not None:
        subgroups = not parameters.boolean("exclude_subgroups", False)
        orders.append("project_path")
    order_by = parameters.choice("order_by", orders, "created_at")
    sort = parameters.choice("sort", ("asc", "desc"), "asc")
    package_type = parameters.choice("package_type", PACKAGE_TYPES if registry.current else OLD_PACKAGE_TYPES)
    package_name = parameters.text("package_name")
    # A server of 16.1 does not know this one, and ignores it.
    package_version = parameters.text("package_version") if registry.current else None
    versionless = parameters.boolean("include_versionless", False)
    status = parameters.choice("status", STATUSES if registry.current else STATUSES[:-1])
    parameters.check()

    if group is not None:
        projects = {
            project.id: project
            for project in registry.directory.projects_in(group, subgroups)
            if access.reads_packages(call.caller, project)
        }
    listing = registry.storage.packages(
        PackageQuery(
            project_ids=tuple(projects),
            in_group=group is not None,
            order_by=order_by or "created_at",
            descending=sort == "desc",
            type=None if package_type is None else TYPE_NUMBER[package_type],
            words=search_words((package_name or "").lower()),
            version=package_version,
            versionless=versionless,
            status=None if status is None else STATUS_NUMBER[status],
        ),
        page.offset,
        page.per_page,
    )
    ids = [package.id for package in listing.rows]
    tags = registry.storage.tags(ids)
    builds = registry.storage.last_builds(ids)
    bodies = call.bodies
    deletable = {project.id: access.deletes(call.caller, project) for project in projects.values()}
    return answers.json_answer(
        200,
        [
            bodies.package(
                package,
                projects[package.project_id],
                deletable[package.project_id],
                tags.get(package.id),
                builds.get(package.id),
                in_group=group is not None,
            )
            for package in listing.rows
        ],
        paging.offset_headers(page, listing, call.base_url, call.raw_path, call.query),
    )


# E3, E5, E6: one package


async def get_package(call: Call) -> Answer:
    """E3."""
    project = call.readable_project()
    parameters = call.parameters()
    package_id = call.integer(parameters, "package_id")
    parameters.check()
    package = call.package(project, package_id)
    if package.status not in DETAILED:
        raise answers.message(404, "Package not found")
    storage = call.registry.storage
    others = storage.other_versions(package)
    ids = [package.id, *(other.id for other in others)]
    tags = storage.tags(ids)
    builds = storage.last_builds(ids)
    bodies = call.bodies
    body = bodies.package(
        package,
        project,
        access.deletes(call.caller, project),
        tags.get(package.id),
        builds.get(package.id),
    )
    body["versions"] = [bodies.version(other, tags.get(other.id), builds.get(other.id)) for other in others]
    return answers.json_answer(200, body)


async def list_pipelines(call: Call) -> Answer:
    """E5."""
    project = call.readable_project()
    parameters = call.parameters()
    package_id = call.integer(parameters, "package_id")
    per_page = parameters.integer("per_page", paging.DEFAULT_PER_PAGE)
    if not 1 <= per_page <= 20:
        parameters.unlisted("per_page")
    cursor = parameters.text("cursor")
    place = None if cursor is None else paging.read_cursor(cursor)
    if cursor is not None and place is None:
        parameters.invalid("cursor")
    parameters.check()
    package = call.package(project, package_id)
    if package.status not in DETAILED:
        raise answers.message(404, "404 Package not found Not Found")
    below = place[0] if place is not None and place[1] else None
    above = place[0] if place is not None and not place[1] else None
    storage = call.registry.storage
    rows = storage.builds(package.id, per_page, below, above)
    headers: answers.Headers = []
    if rows and storage.builds(package.id, 1, below=rows[-1].id):
        url = paging.link_url(
            call.base_url, call.raw_path, call.query, per_page=per_page, cursor=paging.make_cursor(rows[-1].id)
        )
        headers.append((b"link", f'<{url}>; rel="next"'.encode()))
    bodies = call.bodies
    return answers.json_answer(200, [bodies.pipeline(row) for row in rows if not row.deleted], headers)


async def delete_package(call: Call) -> Answer:
    """E6."""
    project = call.readable_project()
    parameters = call.parameters()
    package_id = call.integer(parameters, "package_id")
    parameters.check()
    if not access.deletes(call.caller, project):
        raise answers.forbidden()
    package = call.package(project, package_id)
    call.check_precondition(package.updated_at)
    call.check_delete_protection(project, package)
    delete_package_of(call.registry.storage, package)
    return Answer(204)


# E4, E7, E8: the files of a package


async def list_files(call: Call) -> Answer:
    """E4."""
    project = call.readable_project()
    parameters = call.parameters()
    package_id = call.integer(parameters, "package_id")
    page = paging.read_page(parameters)
    order_by: str | None = "id"
    sort: str | None = "asc"
    # A server of 16.1 knows no order here, and ignores the parameters.
    if call.registry.current:
        order_by = parameters.choice("order_by", ("id", "created_at", "file_name"), "id")
        sort = parameters.choice("sort", ("asc", "desc"), "asc")
    parameters.check()
    package = call.package(project, package_id)
    storage = call.registry.storage
    listing = storage.files(package.id, order_by or "id", sort == "desc", page.offset, page.per_page)
    files = await with_checksums(storage, package.type, listing.rows)
    builds = storage.file_builds(package.id)
    bodies = call.bodies
    return answers.json_answer(
        200,
        [bodies.file(file, builds.get(file.id)) for file in files],
        paging.offset_headers(page, listing, call.base_url, call.raw_path, call.query),
    )


async def delete_file(call: Call) -> Answer:
    """E7."""
    project = call.readable_project()
    parameters = call.parameters()
    package_id = call.integer(parameters, "package_id")
    file_id = call.integer(parameters, "package_file_id")
    parameters.check()
    if not access.deletes(call.caller, project):
        raise answers.forbidden()
    package = call.package(project, package_id)
    call.check_delete_protection(project, package)
    file = call.registry.storage.file(package.id, file_id)
    if file is None:
        raise answers.file_not_found()
    call.check_precondition(file.updated_at)
    call.registry.storage.delete_file(file)
    return Answer(204)


async def download_file(call: Call) -> Answer:
    """E8."""
    project = call.readable_project()
    parameters = call.parameters()
    package_id = call.integer(parameters, "package_id")
    file_id = call.integer(parameters, "package_file_id")
    parameters.check()
    package = call.package(project, package_id)
    file = call.registry.storage.file(package.id, file_id)
    if file is None:
        raise answers.file_not_found()
    return await download(call, package, file, disposition_on_redirect=False)


# E10, E11: projects, groups, the token


async def get_project(call: Call) -> Answer:
    """E10 for a project; ``statistics`` adds its sizes (registries, D)."""
    project = call.project()
    parameters = call.parameters()
    with_statistics = parameters.boolean("statistics", False)
    parameters.check()
    body = call.bodies.project(project, call.caller)
    return answers.json_answer(200, {**body, **project_statistics(call, project)} if with_statistics else body)


async def get_group(call: Call) -> Answer:
    """E10 for a group."""
    return answers.json_answer(200, call.bodies.group(call.group()))


async def get_own_token(call: Call) -> Answer:
    """E11: what the caller's access token is."""
    token = call.caller.token
    # A route that takes no job tokens: what is here is an access or an OAuth token.
    if token is None or token.user is None:
        raise answers.unauthorized()
    if token.kind == OAUTH:
        raise answers.bad_request("This endpoint requires token type to be a personal access token")
    return answers.json_answer(
        200,
        {
            "id": token.id,
            "name": token.name,
            "revoked": False,
            "created_at": token.created_at,
            "scopes": list(token.scopes),
            "user_id": token.user.id,
            "last_used_at": call.registry.last_used.get(token.id),
            "active": True,
            "expires_at": None,
        },
    )


_PACKAGE: Final = "projects/:id/packages/:package_id"
_FILE: Final = f"{_PACKAGE}/package_files/:package_file_id"

ROUTES: Final = (
    Route("E1", "GET", "projects/:id/packages", list_project_packages, job=READ_PACKAGES, packages=True),
    Route("E2", "GET", "groups/:id/packages", list_group_packages, takes=ACCESS_TOKENS, packages=True),
    Route("E3", "GET", _PACKAGE, get_package, job=READ_PACKAGES, packages=True),
    Route("E4", "GET", f"{_PACKAGE}/package_files", list_files, job=READ_PACKAGES, packages=True),
    Route("E5", "GET", f"{_PACKAGE}/pipelines", list_pipelines, job=READ_PIPELINES, packages=True),
    Route("E6", "DELETE", _PACKAGE, delete_package, job=ADMIN_PACKAGES, packages=True),
    Route("E7", "DELETE", _FILE, delete_file, job=ADMIN_PACKAGES, packages=True),
    Route("E8", "GET", f"{_FILE}/download", download_file, job=READ_PACKAGES, packages=True, recent=True),
    Route("E10", "GET", "projects/:id", get_project, granular="", own_limit="projects"),
    Route("E10", "GET", "groups/:id", get_group, takes=ACCESS_TOKENS, granular="", own_limit="groups"),
    Route(
        "E11",
        "GET",
        "personal_access_tokens/self",
        get_own_token,
        takes=ACCESS_TOKENS,
        granular="",
        any_scope=True,
    ),
)
