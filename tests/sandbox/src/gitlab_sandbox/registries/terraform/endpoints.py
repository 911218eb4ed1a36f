# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls for Terraform modules: upload and download (contract of the registries, C)."""

from __future__ import annotations

import re
from typing import Final

from gitlab_sandbox import answers, publishing
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import BASIC, REGISTRY
from gitlab_sandbox.directory import Group, Project
from gitlab_sandbox.downloads import download
from gitlab_sandbox.query import decode
from gitlab_sandbox.registries import receiving
from gitlab_sandbox.registries.routing import created, publishing_project, registry_route
from gitlab_sandbox.registries.semver import VERSION, precedence
from gitlab_sandbox.rows import Package
from gitlab_sandbox.vocabulary import INSTALLABLE, TYPE_NUMBER

_TERRAFORM: Final = TYPE_NUMBER["terraform_module"]
_NAME: Final = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


async def upload(call: Call) -> Answer:
    """A version, once. GitLab names the file."""
    project = publishing_project(call)
    module, system, version = _segments(call)
    name = f"{module}/{system}"
    call.check_push_protection(project, name, _TERRAFORM)
    if call.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        _, received = await receiving.receive_form(call, "file", "terraform_module")
    else:
        received = await receiving.receive_body(call, "terraform_module")
    storage = call.registry.storage
    with publishing.kept(call, received):
        if _elsewhere(call, project, name):
            raise answers.message(403, "A package with the same name already exists in the namespace")
        if storage.find_package(project.id, _TERRAFORM, name, version) is not None:
            raise answers.message(403, "Package version already exists.")
        if len(name) > 255 or _NAME.fullmatch(name) is None:
            raise answers.message(400, "Validation failed: Name is invalid")
        package, _ = publishing.find_or_create_package(call, project.id, _TERRAFORM, name, version)
        publishing.add_file(call, package, f"{module}-{system}-{version}.tgz", received)
    return created()


def _elsewhere(call: Call, project: Project, name: str) -> bool:
    """Whether another project of the top group has the module, and no namespace around this one takes that."""
    group: Group | None = project.group
    top = project.group
    while group is not None:
        if publishing.duplicates_allowed(group, "terraform_module", name, None):
            return False
        top, group = group, group.parent
    storage = call.registry.storage
    return any(
        other is not project
        and any(package.status in INSTALLABLE for package in storage.packages_of(other.id, _TERRAFORM, name))
        for other in call.registry.directory.projects_in(top, True)
    )


async def serve(call: Call) -> Answer:
    """A version's archive, or the highest version's."""
    project = call.readable_project()
    module, system, version = _segments(call)
    packages = [
        package
        for package in call.registry.storage.packages_of(project.id, _TERRAFORM, f"{module}/{system}", INSTALLABLE)
        if not version or package.version == version
    ]
    if call.query.get("terraform-get") == "1":
        address = f"{call.base_url}{call.raw_path}?archive=tgz"
        return Answer(204, headers=[(b"x-terraform-get", address.encode())])
    for package in sorted(packages, key=_order, reverse=True):
        files = call.registry.storage.files_of([package.id])
        if files:
            return await download(call, package, files[0])
    raise answers.file_not_found()


def _order(package: Package) -> tuple[object, ...]:
    return precedence(package.version or "")


def _segments(call: Call) -> tuple[str, str, str]:
    """The module's name, its system, and the version; an empty one if the path has none.

    :raises ApiError: 400 if they cannot be.
    """
    parameters = call.parameters()
    values = {}
    for name in ("module_name", "module_system"):
        values[name] = decode(call.segments[name]) or ""
        if not values[name] or "/" in values[name]:
            parameters.invalid(name)
    version = decode(call.segments.get("module_version", "")) or ""
    if "module_version" in call.segments and (len(version) > 255 or VERSION.fullmatch(version) is None):
        parameters.invalid("module_version")
    parameters.check()
    return values["module_name"], values["module_system"], version


_MODULE: Final = "terraform/modules/:module_name/:module_system"
_UPLOAD: Final = {way: kinds for way, kinds in REGISTRY.items() if way != "bearer"}

ROUTES: Final = (
    registry_route("terraform", "PUT", f"{_MODULE}/:module_version/file", upload, _UPLOAD),
    registry_route("terraform", "GET", f"{_MODULE}/:module_version", serve, BASIC),
    registry_route("terraform", "GET", _MODULE, serve, BASIC),
)
