# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maven's calls: ``PUT`` and ``GET`` of the layout, and checksums (contract of the registries, C)."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox import answers, publishing
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import BASIC, REGISTRY
from gitlab_sandbox.directory import Project
from gitlab_sandbox.downloads import download, with_checksums
from gitlab_sandbox.query import decode
from gitlab_sandbox.registries import receiving
from gitlab_sandbox.registries.maven.layout import METADATA, Place, read_place, valid, without_build
from gitlab_sandbox.registries.routing import not_found, publishing_project, registry_route
from gitlab_sandbox.rows import File, Package
from gitlab_sandbox.storage import Storage
from gitlab_sandbox.vocabulary import INSTALLABLE, TYPE_NUMBER

_MAVEN: Final = TYPE_NUMBER["maven"]
_LARGEST_SUM: Final = 1024


async def upload(call: Call) -> Answer:
    """A file, or the checksum of one: that is compared if it is a SHA-1, and else passed over."""
    project = publishing_project(call)
    place = _place(call)
    if place.checksum is not None:
        return await _compare(call, project, place)
    storage = call.registry.storage
    # What lies in this folder already is where the file goes, whatever a new package would be called.
    found = _find_package(storage, project, place)
    name, version = place.package if found is None else (found.name, found.version)
    call.check_push_protection(project, name, _MAVEN)
    wrong = valid(name, version)
    if wrong is not None:
        raise answers.bad_request(wrong)
    received = await receiving.receive_body(call, "maven")
    with publishing.kept(call, received):
        package, _ = publishing.find_or_create_package(call, project.id, _MAVEN, name, version)
        if _duplicate(storage, project, package, place.file_name):
            raise answers.bad_request("Duplicate package is not allowed")
        file = publishing.add_file(call, package, place.file_name, received)
    return answers.json_answer(200, {"id": file.id, "package_id": package.id, "file_name": file.file_name})


async def _compare(call: Call, project: Project, place: Place) -> Answer:
    sent = await receiving.read_small(call, _LARGEST_SUM)
    if place.checksum == "md5":
        return Answer(200)
    _, file = await _file(call, project, place)
    if (file.sha1 or "").encode() != sent.strip().lower():
        raise answers.message(409, "409 Conflict")
    return Answer(204)


def _duplicate(storage: Storage, project: Project, package: Package, file_name: str) -> bool:
    """Whether the namespace does not take the file because the package has one of that name."""
    # Metadata of versions is uploaded again and again.
    if package.version is None:
        return False
    if publishing.duplicates_allowed(project.group, "maven", package.name, package.version):
        return False
    name = without_build(package.version, file_name)
    return any(without_build(package.version, file.file_name) == name for file in storage.files_of([package.id]))


async def serve(call: Call) -> Answer:
    """A file, or the stored checksum of one."""
    project = call.readable_project()
    place = _place(call)
    package, file = await _file(call, project, place)
    if place.checksum is None:
        return await download(call, package, file)
    digest = file.sha1 if place.checksum == "sha1" else file.md5
    return Answer(200, (digest or "").encode(), [(b"content-type", b"text/plain")])


def _place(call: Call) -> Place:
    """The place of the path.

    :raises ApiError: 400 if it is none.
    """
    path = decode(call.segments["path"]) or ""
    place = read_place(path)
    if place is not None:
        return place
    parts = path.split("/")
    raise answers.error(400, "path is invalid" if not all(parts[:-1]) or ".." in parts else "file_name is invalid")


def _find_package(storage: Storage, project: Project, place: Place) -> Package | None:
    """The package that an upload goes to, if it is there."""
    name, version = place.package
    found = storage.find_package(project.id, _MAVEN, name, version)
    if found is None and place.file_name == METADATA:
        # Gradle may have made the version first.
        found = next(filter(None, (storage.find_package(project.id, _MAVEN, *each) for each in place.candidates)), None)
    return found


async def _file(call: Call, project: Project, place: Place) -> tuple[Package, File]:
    """The newest file of the name in the folder.

    :raises ApiError: 404 if there is none.
    """
    storage = call.registry.storage
    for name, version in place.candidates:
        package = storage.find_package(project.id, _MAVEN, name, version, INSTALLABLE)
        file = None if package is None else storage.newest_file(package.id, place.file_name)
        if package is not None and file is not None:
            (summed,) = await with_checksums(storage, _MAVEN, [file])
            return package, summed
    raise not_found(call, project, "Package", "maven")


_TAKES: Final = {**REGISTRY, **BASIC}

ROUTES: Final = (
    registry_route("maven", "PUT", "maven/*path", upload, _TAKES),
    registry_route("maven", "GET", "maven/*path", serve, _TAKES),
)
