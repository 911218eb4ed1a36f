# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""E9: the generic registry (contract of the registries, A)."""

from __future__ import annotations

import re
from typing import Final

from gitlab_sandbox import answers, publishing
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.bodies import Body
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import BASIC, BASIC_WITHOUT_JOBS, REGISTRY
from gitlab_sandbox.downloads import download
from gitlab_sandbox.query import Parameters, decode
from gitlab_sandbox.routes import Route
from gitlab_sandbox.rows import File
from gitlab_sandbox.vocabulary import (
    ADMIN_PACKAGES,
    FILE_STATUSES,
    INSTALLABLE,
    READ_PACKAGES,
    STATUS_NUMBER,
    TYPE_NUMBER,
)

_GENERIC: Final = TYPE_NUMBER["generic"]
_NAME: Final = re.compile(r"[A-Za-z0-9._+-]+")
_FILE_NAME: Final = re.compile(r"(?![~@])[A-Za-z0-9._+~@-]+(?<![~@])")


async def publish(call: Call) -> Answer:
    """G1."""
    if call.caller.anonymous:
        raise answers.unauthorized()
    parameters = call.parameters()
    name, version, file_name = _names(call, parameters)
    select = parameters.choice("select", ("package_file",))
    status = parameters.choice("status", ("default", "hidden"))
    if not {"content-length", "transfer-encoding"} & call.headers.keys():
        parameters.missing("file")
    parameters.check()
    project = call.publishing_project()
    call.check_push_protection(project, name, _GENERIC)
    limit = call.registry.directory.instance.max_file_size
    upload = await publishing.receive(call, limit, answers.bad_request("File is too large"), generic=True)
    storage = call.registry.storage
    with publishing.kept(call, upload):
        number = None if status is None else STATUS_NUMBER[status]
        package, made = publishing.find_or_create_package(call, project.id, _GENERIC, name, version, number or 0)
        once = not publishing.duplicates_allowed(project.group, "generic", name, version)
        if once and storage.newest_file(package.id, file_name) is not None:
            raise answers.bad_request("Duplicate package is not allowed")
        if number is not None and not made:
            storage.set_status(package, number, touch=False)
        file = publishing.add_file(call, package, file_name, upload)
    if select is None:
        return answers.json_answer(201, {"message": "201 Created"})
    return answers.json_answer(200, _row(file, call.registry.objects is not None))


def _row(file: File, objects: bool) -> Body:
    """The row of the database, as GitLab shows it (``select=package_file``)."""
    digest = file.sha256 or ""
    return {
        "id": file.id,
        "package_id": file.package_id,
        "created_at": file.created_at,
        "updated_at": file.updated_at,
        "size": file.size,
        "file_store": 2 if objects else 1,
        "file_md5": None,
        "file_sha1": None,
        "file_name": file.file_name,
        "file": {"url": f"/{digest[:2]}/{digest[2:4]}/{digest}/packages/{file.package_id}/files/{file.id}"},
        "file_sha256": file.sha256,
        "verification_retry_at": None,
        "verified_at": None,
        "verification_failure": None,
        "verification_retry_count": None,
        "verification_checksum": None,
        "verification_state": 0,
        "verification_started_at": None,
        "status": FILE_STATUSES[file.status],
        "new_file_path": None,
    }


async def serve(call: Call) -> Answer:
    """G2: the newest file of that name."""
    parameters = call.parameters()
    name, version, file_name = _names(call, parameters)
    parameters.check()
    project = call.readable_project()
    storage = call.registry.storage
    package = storage.find_package(project.id, _GENERIC, name, version, INSTALLABLE)
    file = None if package is None else storage.newest_file(package.id, file_name)
    if package is None or file is None:
        raise answers.package_not_found()
    return await download(call, package, file, checksum=call.registry.current)


def _names(call: Call, parameters: Parameters) -> tuple[str, str, str]:
    """Package name, version and file name. A path before the file name is part of it, percent-encoded."""
    if not call.registry.current and "/" in call.segments["path"]:
        raise answers.no_route()
    name, version, path = (decode(call.segments[key]) or "" for key in ("package_name", "package_version", "path"))
    *folders, file_name = path.split("/")
    _check(parameters, "package_name", name)
    _check(parameters, "package_version", version)
    if not all(_fits(folder) for folder in folders):
        parameters.invalid("path")
    _check(parameters, "file_name", file_name, _FILE_NAME if call.registry.current else _NAME)
    return name, version, "%2F".join((*folders, file_name))


def _check(parameters: Parameters, key: str, value: str, pattern: re.Pattern[str] = _NAME) -> None:
    if not _fits(value, pattern):
        parameters.invalid(key)


def _fits(value: str, pattern: re.Pattern[str] = _NAME) -> bool:
    return pattern.fullmatch(value) is not None and ".." not in value and value != "."


_PATH: Final = "projects/:id/packages/generic/:package_name/:package_version/*path"

ROUTES: Final = (
    Route(
        "G1",
        "PUT",
        _PATH,
        publish,
        takes={**REGISTRY, **BASIC_WITHOUT_JOBS},
        job=ADMIN_PACKAGES,
        limit="packages",
        packages=True,
        wants_token=True,
    ),
    Route(
        "G2",
        "GET",
        _PATH,
        serve,
        takes={**REGISTRY, **BASIC},
        job=READ_PACKAGES,
        limit="packages",
        packages=True,
        wants_token=True,
        downloads=True,
    ),
)
