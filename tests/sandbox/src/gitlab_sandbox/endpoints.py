# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints E1 to E11: one function each (contract, sections 1 to 4)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Callable

from gitlab_sandbox import access, answers, clock, content, paging
from gitlab_sandbox.access import Caller
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.bodies import Bodies
from gitlab_sandbox.directory import Directory, Group, Project
from gitlab_sandbox.query import Parameters, decode, to_integer
from gitlab_sandbox.storage import File, Package, PackageQuery, Storage
from gitlab_sandbox.vocabulary import (
    DETAILED,
    INSTALLABLE,
    PACKAGE_TYPES,
    STATUS_NUMBER,
    STATUSES,
    TYPE_NAME,
    TYPE_NUMBER,
)

# Up to this many bytes are hashed on the spot; above, in a thread, so that other requests go on.
_HASHED_AT_ONCE = 8 * 2**20
LARGEST_UPLOAD = 512 * 2**20

_GENERIC_NAME = re.compile(r"[A-Za-z0-9._+~@-]{1,255}")


@dataclass
class Registry:
    """What all calls share."""

    storage: Storage
    directory: Directory
    current: bool
    # When each access token was last used, by its ID.
    last_used: dict[int, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request to one endpoint."""

    registry: Registry
    method: str
    raw_path: str
    segments: dict[str, str]
    query: dict[str, str | None]
    caller: Caller
    base_url: str
    if_unmodified_since: str | None
    body: Callable[[], AsyncIterator[bytes]]

    @property
    def bodies(self) -> Bodies:
        """The maker of this answer's bodies."""
        return Bodies(self.registry.directory, self.base_url, self.registry.current)

    def parameters(self) -> Parameters:
        """The query parameters, to be read and checked."""
        return Parameters(self.query)

    # Finding what the path names

    def project(self) -> Project:
        """The project in the path, if the caller may know of it.

        :raises ApiError: 404, or 301 and 405 for the former path of a project that has moved.
        """
        reference = decode(self.segments["id"])
        project, moved = (None, False) if reference is None else self.registry.directory.project(reference)
        if project is None or not access.sees_project(self.caller, project):
            raise answers.project_not_found()
        if moved:
            if self.method != "GET":
                raise answers.message(405, "405 Non GET methods are not allowed for moved projects")
            _, _, rest = self.raw_path[len("/api/v4/projects/") :].partition("/")
            path = f"/api/v4/projects/{project.id}" + (f"/{rest}" if rest else "")
            url = paging.link_url(self.base_url, path, self.query) if self.query else f"{self.base_url}{path}"
            moved_answer = answers.json_answer(301, {"message": f"Moved permanently to {url}"})
            moved_answer.headers.append((b"location", url.encode()))
            raise answers.ApiError(moved_answer)
        return project

    def readable_project(self) -> Project:
        """The project in the path, if the caller may read its packages."""
        project = self.project()
        if not access.reads_packages(self.caller, project):
            raise answers.forbidden()
        return project

    def group(self) -> Group:
        """The group in the path, if the caller may know of it."""
        reference = decode(self.segments["id"])
        group = None if reference is None else self.registry.directory.group(reference)
        if group is None or not access.sees_group(self.caller, group):
            raise answers.group_not_found()
        return group

    def integer(self, parameters: Parameters, name: str) -> int:
        """An integer in the path."""
        number = to_integer(decode(self.segments[name]))
        if number is None:
            parameters.invalid(name)
            return 0
        return number

    def package(self, project: Project, package_id: int) -> Package:
        """A displayable package of the project."""
        package = self.registry.storage.package(project.id, package_id)
        if package is None:
            raise answers.package_not_found()
        return package

    def check_precondition(self, updated_at: str) -> None:
        """Answer 412 if there was an update after the time in ``If-Unmodified-Since``."""
        since = clock.precondition(self.if_unmodified_since)
        if since is not None and updated_at > since:
            raise answers.precondition_failed()

    def check_protection(self, project: Project, package: Package) -> None:
        """Answer 403 if a protection rule is above the caller's role. Servers of 16.1 have no rules."""
        if self.registry.current and access.protected(self.caller, project, package):
            raise answers.forbidden("Package is deletion protected.")


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
    package_type = parameters.choice("package_type", PACKAGE_TYPES)
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
            words=tuple((package_name or "").lower().split()),
            version=package_version,
            versionless=versionless,
            status=None if status is None else STATUS_NUMBER[status],
        ),
        page.offset,
        page.per_page,
    )
    ids = [package.id for package in listing.rows]
    tags = registry.storage.tags(ids)
    pipelines = registry.storage.last_pipelines(ids)
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
                pipelines.get(package.id),
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
    pipelines = storage.last_pipelines(ids)
    bodies = call.bodies
    body = bodies.package(
        package,
        project,
        access.deletes(call.caller, project),
        tags.get(package.id),
        pipelines.get(package.id),
    )
    body["versions"] = [bodies.version(other, project, tags.get(other.id), pipelines.get(other.id)) for other in others]
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
    rows = storage.pipelines(package.id, per_page, below, above)
    headers: answers.Headers = []
    if rows and storage.pipelines(package.id, 1, below=rows[-1].id):
        url = paging.link_url(
            call.base_url, call.raw_path, call.query, per_page=per_page, cursor=paging.make_cursor(rows[-1].id)
        )
        headers.append((b"link", f'<{url}>; rel="next"'.encode()))
    bodies = call.bodies
    return answers.json_answer(200, [bodies.pipeline(row, project) for row in rows], headers)


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
    call.check_protection(project, package)
    call.registry.storage.delete_package(package)
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
    files = await _with_checksums(storage, package, listing.rows)
    pipelines = storage.file_pipelines(package.id)
    bodies = call.bodies
    return answers.json_answer(
        200,
        [bodies.file(file, project, pipelines.get(file.id)) for file in files],
        paging.offset_headers(page, listing, call.base_url, call.raw_path, call.query),
    )


async def _with_checksums(storage: Storage, package: Package, files: list[File]) -> list[File]:
    """The files with checksums, which are computed when they are first asked for."""
    generic = TYPE_NAME[package.type] == "generic"
    missing = [file for file in files if file.sha256 is None]
    if not missing:
        return files
    # Content is read here: SQLite's connection stays in this thread.
    parts = [(file, _parts(storage, file)) for file in missing]
    if sum(file.size for file in missing) <= _HASHED_AT_ONCE:
        sums = [content.checksums(part, generic) for _, part in parts]
    else:
        sums = await asyncio.get_running_loop().run_in_executor(
            None, lambda: [content.checksums(part, generic) for _, part in parts]
        )
    found = {}
    for file, checksums in zip(missing, sums):
        storage.keep_checksums(file.id, checksums)
        found[file.id] = file._replace(md5=checksums.md5, sha1=checksums.sha1, sha256=checksums.sha256)
    return [found.get(file.id, file) for file in files]


def _parts(storage: Storage, file: File) -> Iterable[bytes]:
    """The bytes of a file."""
    stored = storage.content(file.id)
    return content.chunks(file.id, file.size) if stored is None else (stored,)


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
    call.check_protection(project, package)
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
    return _download(call.registry.storage, file)


def _download(storage: Storage, file: File) -> Answer:
    storage.note_download(file.package_id)
    name = re.sub(r"[^ -~]|[\"\\%]", "_", file.file_name)
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
    ]
    return Answer(200, headers=headers, stream=iter(_parts(storage, file)), stream_size=file.size)


# E9: the generic registry


async def publish_generic(call: Call) -> Answer:
    """E9, ``PUT``."""
    if call.caller.user is None:
        raise answers.unauthorized()
    parameters = call.parameters()
    name, version, file_name = _generic_names(call, parameters)
    select = parameters.choice("select", ("package_file",))
    status = parameters.choice("status", ("default", "hidden"))
    parameters.check()
    project = call.project()
    if not access.publishes(call.caller, project):
        raise answers.forbidden()
    received = bytearray()
    async for part in call.body():
        received += part
        if len(received) > LARGEST_UPLOAD:
            raise answers.message(400, "400 Bad request - File is too large")
    data = bytes(received)
    file = call.registry.storage.publish(
        project.id,
        name,
        version,
        file_name,
        data,
        content.checksums((data,), generic=True),
        None if status is None else STATUS_NUMBER[status],
        call.caller.user.id,
    )
    if select is None:
        return answers.json_answer(201, {"message": "201 Created"})
    return answers.json_answer(201, call.bodies.file(file, project, None))


async def download_generic(call: Call) -> Answer:
    """E9, ``GET``: the newest file of that name."""
    project = call.readable_project()
    parameters = call.parameters()
    name, version, file_name = _generic_names(call, parameters)
    parameters.check()
    storage = call.registry.storage
    package = storage.generic_package(project.id, name, version, INSTALLABLE)
    if package is None:
        raise answers.package_not_found()
    file = storage.newest_file(package.id, file_name)
    if file is None:
        raise answers.file_not_found()
    return _download(storage, file)


def _generic_names(call: Call, parameters: Parameters) -> tuple[str, str, str]:
    values = []
    for name in ("package_name", "package_version", "file_name"):
        value = decode(call.segments[name])
        if value is None or _GENERIC_NAME.fullmatch(value) is None or value in (".", ".."):
            parameters.invalid(name)
        values.append(value or "")
    return values[0], values[1], values[2]


# E10, E11: projects, groups, the token


async def get_project(call: Call) -> Answer:
    """E10 for a project."""
    return answers.json_answer(200, call.bodies.project(call.project()))


async def get_group(call: Call) -> Answer:
    """E10 for a group."""
    return answers.json_answer(200, call.bodies.group(call.group()))


async def get_own_token(call: Call) -> Answer:
    """E11: what the caller's access token is."""
    token = call.caller.token
    if token is None:
        raise answers.unauthorized()
    # A route that takes no job tokens: what is here is an access token.
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
