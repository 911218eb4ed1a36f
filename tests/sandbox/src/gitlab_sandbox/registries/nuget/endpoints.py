# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""NuGet's calls: push of packages and symbols, download (contract of the registries, C).

The project is named by its ID alone, and tokens come as the password or in ``X-NuGet-ApiKey``.
"""

from __future__ import annotations

import contextlib
from typing import Final

from gitlab_sandbox import answers, clock, publishing
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import BASIC
from gitlab_sandbox.directory import Project, is_id
from gitlab_sandbox.downloads import download
from gitlab_sandbox.query import decode
from gitlab_sandbox.registries import background, receiving
from gitlab_sandbox.registries.nuget.nuspec import Nuspec, NuspecError, normalized, read_nuspec
from gitlab_sandbox.registries.routing import NUGET_KEY, created, publishing_project, registry_route
from gitlab_sandbox.rows import File, Package
from gitlab_sandbox.uploads import Upload
from gitlab_sandbox.vocabulary import INSTALLABLE, TYPE_NUMBER

_NUGET: Final = TYPE_NUMBER["nuget"]


async def push(call: Call) -> Answer:
    """A package. Its nuspec is read at once: what it says is the package's name and version."""
    project = _publishing_project(call)
    _, received = await receiving.receive_form(call, "package", "nuget")
    storage = call.registry.storage
    with publishing.kept(call, received):
        try:
            nuspec = _read_nuspec(call, received)
        except NuspecError as error:
            raise answers.bad_request(str(error)) from None
        found = _find(call, project, nuspec.id, nuspec.version)
        once = not publishing.duplicates_allowed(project.group, "nuget", nuspec.id, nuspec.version)
        if found is not None and once:
            raise answers.message(409, "A package with the same name and version already exists")
        call.check_push_protection(project, nuspec.id, _NUGET)
        package = found or _create(call, project, nuspec.id, nuspec.version)
        publishing.add_file(call, package, nuspec.file_name("nupkg"), received)
        storage.remove_tags([package.id])
        for tag in dict.fromkeys(nuspec.tags):
            storage.add_tag(package.id, tag)
        if found is not None:
            storage.set_package(package, updated_at=clock.after(package.updated_at))
    return created()


async def push_symbols(call: Call) -> Answer:
    """The symbols of a package that is there. They are read in the background: the answer is always the same."""
    project = _publishing_project(call)
    _, received = await receiving.receive_form(call, "package", "nuget")
    name, version = "NuGet.Temporary.SymbolPackage", background.temporary_version()
    with publishing.kept(call, received):
        package = _create(call, project, name, version, background.PROCESSING)
        file = publishing.add_file(call, package, "package.snupkg", received)
    background.later(call, package, lambda: _add_symbols(call, project, package, file))
    return created()


def _add_symbols(call: Call, project: Project, temporary: Package, file: File) -> None:
    """Put the file into its package."""
    storage = call.registry.storage
    found = None
    with contextlib.suppress(NuspecError), receiving.opened_parts(storage.parts(file)) as opened:
        nuspec = read_nuspec(opened)
        found = _find(call, project, nuspec.id, nuspec.version)
    if found is None:
        storage.set_status(temporary, background.ERROR, touch=True)
        return
    with background.settled(storage, temporary, found) as package:
        storage.move_file(file, package, nuspec.file_name("snupkg"))


def _read_nuspec(call: Call, received: Upload) -> Nuspec:
    with receiving.opened(call, received) as file:
        return read_nuspec(file)


def _create(call: Call, project: Project, name: str, version: str, status: int = 0) -> Package:
    return call.registry.storage.create_package(project.id, _NUGET, name, version, call.caller.creator_id, status)


def _find(call: Call, project: Project, name: str, version: str) -> Package | None:
    """The package of a name and version, upper and lower case alike."""
    packages = _of_name(call, project, name)
    return next((package for package in packages if normalized(package.version or "") == normalized(version)), None)


def _of_name(call: Call, project: Project, name: str) -> list[Package]:
    packages = call.registry.storage.packages_of(project.id, _NUGET, statuses=INSTALLABLE)
    return [package for package in packages if package.name.lower() == name.lower() and package.version is not None]


async def show_service(call: Call) -> Answer:
    """Where the calls are (https://learn.microsoft.com/nuget/api/service-index)."""
    project = _readable_project(call)
    base_url = f"{call.base_url}/api/v4/projects/{project.id}/packages/nuget"
    resources = {
        "PackageBaseAddress/3.0.0": f"{base_url}/download",
        "PackagePublish/2.0.0": base_url,
        "SymbolPackagePublish/4.9.0": f"{base_url}/symbolpackage",
    }
    listed = [{"@id": address, "@type": kind} for kind, address in resources.items()]
    return answers.json_answer(200, {"version": "3.0.0", "resources": listed})


async def list_versions(call: Call) -> Answer:
    """The versions of a package."""
    project = _readable_project(call)
    packages = _of_name(call, project, decode(call.segments["package_name"]) or "")
    if not packages:
        raise answers.message(404, "404 Packages Not Found")
    return answers.json_answer(200, {"versions": [package.version for package in packages]})


async def serve(call: Call) -> Answer:
    """A file, upper and lower case alike. NuGet does not follow redirects: there is none."""
    project = _readable_project(call)
    name, version, file_name = (
        decode(call.segments[key]) or "" for key in ("package_name", "package_version", "file_name")
    )
    package = _find(call, project, name, version)
    files = [] if package is None else call.registry.storage.files_of([package.id])
    named = [file for file in files if file.file_name.lower() == file_name.lower()]
    if package is None or not named:
        raise answers.message(404, "404 Package Not Found")
    return await download(call, package, named[-1], redirects=False)


def _publishing_project(call: Call) -> Project:
    _check_id(call)
    return publishing_project(call)


def _readable_project(call: Call) -> Project:
    _check_id(call)
    return call.readable_project()


def _check_id(call: Call) -> None:
    """Answer 400 to a project's path."""
    if not is_id(decode(call.segments["id"]) or ""):
        raise answers.error(400, "id is invalid")


_PUSH: Final = {**BASIC, **NUGET_KEY}
_DOWNLOAD: Final = "nuget/download/:package_name"

ROUTES: Final = (
    registry_route("nuget", "PUT", "nuget", push, _PUSH),
    registry_route("nuget", "PUT", "nuget/", push, _PUSH),
    registry_route("nuget", "PUT", "nuget/symbolpackage", push_symbols, _PUSH),
    registry_route("nuget", "PUT", "nuget/symbolpackage/", push_symbols, _PUSH),
    registry_route("nuget", "GET", "nuget/index.json", show_service, BASIC),
    registry_route("nuget", "GET", f"{_DOWNLOAD}/index.json", list_versions, BASIC),
    registry_route("nuget", "GET", f"{_DOWNLOAD}/:package_version/:file_name", serve, BASIC),
)
