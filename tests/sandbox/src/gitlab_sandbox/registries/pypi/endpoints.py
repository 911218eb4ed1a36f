# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""PyPI's calls: upload, the simple repository, files (contract of the registries, C)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from gitlab_sandbox import answers, publishing
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.content import Checksums
from gitlab_sandbox.credentials import BASIC, REGISTRY
from gitlab_sandbox.directory import Project, pypi_name
from gitlab_sandbox.downloads import download, with_checksums
from gitlab_sandbox.query import decode
from gitlab_sandbox.registries import receiving
from gitlab_sandbox.registries.pypi import pages
from gitlab_sandbox.registries.routing import created, not_found, publishing_project, registry_route
from gitlab_sandbox.rows import Package
from gitlab_sandbox.vocabulary import INSTALLABLE, TYPE_NUMBER

_PYPI: Final = TYPE_NUMBER["pypi"]
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
# https://packaging.python.org/specifications/version-specifiers/
_VERSION: Final = re.compile(
    r"v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|preview)[-_.]?[0-9]*)?"
    r"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?(?:[-_.]?dev[-_.]?[0-9]*)?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?",
    re.IGNORECASE,
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_MD5: Final = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


async def upload(call: Call) -> Answer:
    """``twine upload``: one file."""
    project = publishing_project(call)
    form, received = await receiving.receive_form(call, "content", "pypi", ("name", "version"))
    fields, file_name = form.fields, form.file_names["content"]
    with publishing.kept(call, received):
        if fields.get("sha256_digest") and _SHA256.fullmatch(fields["sha256_digest"]) is None:
            raise answers.error(400, "sha256_digest is invalid")
        call.check_push_protection(project, fields["name"], _PYPI)
        for what, pattern in (("name", _NAME), ("version", _VERSION)):
            if len(fields[what]) > 255 or pattern.fullmatch(fields[what]) is None:
                raise answers.bad_request(f"Validation failed: {what.capitalize()} is invalid")
        if not file_name or len(file_name) > 255 or "\x00" in file_name:
            raise answers.bad_request("Validation failed: File name is invalid")
        storage = call.registry.storage
        package, _ = publishing.find_or_create_package(call, project.id, _PYPI, fields["name"], fields["version"])
        if storage.newest_file(package.id, file_name) is not None:
            raise answers.bad_request("Validation failed: File name has already been taken")
        storage.set_package_details(package.id, {"requires_python": fields.get("requires_python") or None})
        sums = _sums(fields, received.checksums)
        publishing.add_file(call, package, file_name, dataclasses.replace(received, checksums=sums))
    return created()


def _sums(fields: dict[str, str], computed: Checksums) -> Checksums:
    """The checksums of a file. As GitLab does: those that the form names."""
    md5 = fields.get("md5_digest") or ""
    return Checksums(
        md5.lower() if _MD5.fullmatch(md5) else computed.md5,
        computed.sha1,
        (fields.get("sha256_digest") or computed.sha256).lower(),
    )


async def show_index(call: Call) -> Answer:
    """The names of all projects."""
    project = call.readable_project()
    packages = call.registry.storage.packages_of(project.id, _PYPI, statuses=INSTALLABLE)
    base_url = f"{_base_url(call, project)}/simple"
    return _html(pages.index_page(project.name, base_url, (package.name for package in packages)))


async def show_project(call: Call) -> Answer:
    """The files of all versions of a project, however its name is written."""
    project = call.readable_project()
    name = pypi_name(decode(call.segments["package_name"]) or "")
    storage = call.registry.storage
    packages = {
        package.id: package
        for package in storage.packages_of(project.id, _PYPI, statuses=INSTALLABLE)
        if pypi_name(package.name) == name
    }
    if not packages:
        raise not_found(call, project, "Package", "pypi")
    details = storage.package_details(packages)
    links = [
        pages.Link(
            url=f"{_base_url(call, project)}/files/{file.sha256}/{quote(file.file_name, safe='')}",
            file_name=file.file_name,
            sha256=file.sha256 or "",
            requires_python=details.get(file.package_id, {}).get("requires_python"),
        )
        for file in await with_checksums(storage, _PYPI, storage.files_of(packages))
    ]
    return _html(pages.project_page(_shown_name(packages.values()), links))


def _shown_name(packages: Iterable[Package]) -> str:
    return next(iter(packages)).name


def _base_url(call: Call, project: Project) -> str:
    return f"{call.base_url}/api/v4/projects/{project.id}/packages/pypi"


def _html(page: bytes) -> Answer:
    return Answer(200, page, [(b"content-type", b"text/html; charset=utf-8")])


async def serve(call: Call) -> Answer:
    """A file, by its SHA-256 and name."""
    project = call.readable_project()
    digest, file_name = decode(call.segments["sha256"]) or "", decode(call.segments["file_name"]) or ""
    storage = call.registry.storage
    named = storage.files_named(project.id, _PYPI, file_name, INSTALLABLE)
    for file in await with_checksums(storage, _PYPI, named):
        package = storage.package_by_id(file.package_id)
        if file.sha256 == digest.lower() and package is not None:
            return await download(call, package, file)
    raise answers.message(404, "404 Package Not Found")


# A job's token comes as the password only.
_TAKES: Final = {**{way: kinds for way, kinds in REGISTRY.items() if way != "job-token"}, **BASIC}

ROUTES: Final = (
    registry_route("pypi", "POST", "pypi", upload, _TAKES),
    registry_route("pypi", "POST", "pypi/", upload, _TAKES),
    registry_route("pypi", "GET", "pypi/simple", show_index, _TAKES),
    registry_route("pypi", "GET", "pypi/simple/", show_index, _TAKES),
    registry_route("pypi", "GET", "pypi/simple/:package_name", show_project, _TAKES),
    registry_route("pypi", "GET", "pypi/simple/:package_name/", show_project, _TAKES),
    registry_route("pypi", "GET", "pypi/files/:sha256/:file_name", serve, _TAKES),
)
