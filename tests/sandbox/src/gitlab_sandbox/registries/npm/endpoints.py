# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""npm's calls: publishing, metadata, tarballs, dist-tags (contract of the registries, C)."""

from __future__ import annotations

import base64
import dataclasses
import json
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import quote

from gitlab_sandbox import access, answers, publishing
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import REGISTRY
from gitlab_sandbox.directory import Project
from gitlab_sandbox.downloads import download, with_checksums
from gitlab_sandbox.plan_limits import LARGEST_FILE
from gitlab_sandbox.query import decode
from gitlab_sandbox.registries import receiving
from gitlab_sandbox.registries.forms import Sink
from gitlab_sandbox.registries.npm import documents
from gitlab_sandbox.registries.npm.body import BodyError, PublishBody
from gitlab_sandbox.registries.npm.documents import Publication, PublicationError, Version
from gitlab_sandbox.registries.routing import ANY_BEARER, not_found, publishing_project, registry_route
from gitlab_sandbox.rows import File, Package
from gitlab_sandbox.uploads import Receiver, Upload
from gitlab_sandbox.vocabulary import INSTALLABLE, READ_PACKAGES, TYPE_NUMBER

_NPM: Final = TYPE_NUMBER["npm"]
_LARGEST_TAG_BODY: Final = 1024


async def publish(call: Call) -> Answer:
    """``npm publish``."""
    project = publishing_project(call)
    publication, upload = await _receive(call)
    storage = call.registry.storage
    with publishing.kept(call, upload):
        if storage.find_package(project.id, _NPM, publication.name, publication.version) is not None:
            raise answers.error(403, "Package already exists.")
        call.check_push_protection(project, publication.name, _NPM)
        package, _ = publishing.find_or_create_package(call, project.id, _NPM, publication.name, publication.version)
        storage.set_package_details(package.id, publication.package_json)
        # As GitLab does: the sum is the one that the request names.
        sums = upload.checksums._replace(sha1=publication.shasum or upload.checksums.sha1)
        publishing.add_file(call, package, publication.file_name, dataclasses.replace(upload, checksums=sums))
        _set_tag(call, project, package, publication.tag)
    return answers.json_answer(200, {})


async def _receive(call: Call) -> tuple[Publication, Upload]:
    """What is published, and its tarball.

    :raises ApiError: 400 if the body is not such a publication, or the tarball is too large.
    """
    most = LARGEST_FILE["npm"]
    receivers: dict[str, Receiver] = {}
    with ExitStack() as stack:

        def attachment(name: str) -> Sink:
            if name in receivers:
                raise BodyError("an attachment is there twice")
            receivers[name] = stack.enter_context(call.registry.storage.contents.receive(False))
            return receiving.Limited(receivers[name], most, answers.error(400, f"{receiving.TOO_LARGE}."))

        body = PublishBody(attachment)
        try:
            async for part in call.body():
                body.feed(part)
            publication = documents.read_publication(body.document())
        except (BodyError, PublicationError) as error:
            raise answers.error(400, str(error)) from None
        receiver = receivers.get(publication.file_name)
        if receiver is None or not receiver.size:
            raise answers.error(400, "Attachment data is empty.")
        return publication, receiver.finish()


async def show_metadata(call: Call) -> Answer:
    """``npm view``, ``npm install``: the abbreviated metadata."""
    project, name, packages = _named(call)
    storage = call.registry.storage
    # Of several files, the newest is the version's.
    newest = {file.package_id: file for file in storage.files_of([package.id for package in packages])}
    files = {file.package_id: file for file in await with_checksums(storage, _NPM, list(newest.values()))}
    details = storage.package_details([package.id for package in packages])
    versions = [
        _version(call, project, package, files[package.id], details.get(package.id, {}))
        for package in packages
        if package.id in files
    ]
    return answers.json_answer(200, documents.metadata(name, versions, _tags(call, packages)))


def _version(call: Call, project: Project, package: Package, file: File, package_json: dict[str, Any]) -> Version:
    path = f"{quote(package.name, safe='@/')}/-/{quote(file.file_name, safe='@/')}"
    return Version(
        version=package.version or "",
        package_json=package_json,
        tarball=f"{call.base_url}/api/v4/projects/{project.id}/packages/npm/{path}",
        shasum=file.sha1,
        integrity=f"sha256-{base64.b64encode(bytes.fromhex(file.sha256)).decode()}" if file.sha256 else None,
    )


async def serve_tarball(call: Call) -> Answer:
    """A version's file."""
    project = call.readable_project()
    name, file_name = _name(call), decode(call.segments["file_name"])
    storage = call.registry.storage
    packages = {package.id: package for package in storage.packages_of(project.id, _NPM, name, INSTALLABLE)}
    files = [file for file in storage.files_of(packages) if file.file_name == file_name]
    if not files:
        raise answers.message(404, "404 Package Not Found")
    return await download(call, packages[files[-1].package_id], files[-1])


async def list_tags(call: Call) -> Answer:
    """``npm dist-tag ls``."""
    _, _, packages = _named(call)
    versions = [package.version or "" for package in packages]
    return answers.json_answer(200, documents.dist_tags(versions, _tags(call, packages)))


async def set_tag(call: Call) -> Answer:
    """``npm dist-tag add``: the body is the version, as JSON."""
    project = publishing_project(call)
    tag = _tag(call)
    try:
        version = json.loads(await receiving.read_small(call, _LARGEST_TAG_BODY))
    except ValueError:
        version = None
    if not isinstance(version, str) or not version:
        raise answers.message(400, '400 Bad request - "Version" not given')
    storage = call.registry.storage
    package = storage.find_package(project.id, _NPM, _name(call), version, INSTALLABLE)
    if package is None:
        raise answers.message(404, "404 Package Not Found")
    with storage.transaction():
        _set_tag(call, project, package, tag)
    return Answer(204)


async def remove_tag(call: Call) -> Answer:
    """``npm dist-tag rm``."""
    if call.caller.anonymous:
        raise answers.unauthorized()
    project = call.project()
    if not access.deletes(call.caller, project):
        raise answers.forbidden()
    storage = call.registry.storage
    packages = storage.packages_of(project.id, _NPM, _name(call), INSTALLABLE)
    if not storage.remove_tags([package.id for package in packages], _tag(call)):
        raise answers.message(404, "404 Package tag Not Found")
    return Answer(204)


async def audit(call: Call) -> Answer:
    """``npm audit``: nothing is known of any package, and nothing is asked elsewhere."""
    call.readable_project()
    async for _ in call.body():
        pass
    return answers.json_answer(200, [])


def _set_tag(call: Call, project: Project, package: Package, tag: str) -> None:
    """Put a tag on one version, and take it from the others of the name."""
    storage = call.registry.storage
    if any(known.name == tag for known in storage.tags([package.id]).get(package.id, ())):
        return
    others = storage.packages_of(project.id, _NPM, package.name, INSTALLABLE)
    storage.remove_tags([other.id for other in others], tag)
    storage.add_tag(package.id, tag)


def _tags(call: Call, packages: list[Package]) -> dict[str, str]:
    """The version that each tag is on."""
    tags = call.registry.storage.tags([package.id for package in packages])
    return {tag.name: package.version or "" for package in packages for tag in tags.get(package.id, ())}


def _named(call: Call) -> tuple[Project, str, list[Package]]:
    """The project and the packages of the name in the path.

    :raises ApiError: 404 if there is none.
    """
    project = call.readable_project()
    name = _name(call)
    packages = [
        package
        for package in call.registry.storage.packages_of(project.id, _NPM, name, INSTALLABLE)
        if package.version is not None
    ]
    if not packages:
        raise not_found(call, project, "Packages", "npm")
    return project, name, packages


def _name(call: Call) -> str:
    """The package's name: npm sends a scope and a slash as one segment, others as two."""
    scope, name = call.segments.get("scope", ""), call.segments["package_name"]
    return decode(f"{scope}/{name}" if scope else name) or ""


def _tag(call: Call) -> str:
    return decode(call.segments["tag"]) or ""


_TAKES: Final = {**REGISTRY, **ANY_BEARER}
_AUDIT: Final[dict[str, Any]] = {"takes": _TAKES, "any_scope": True, "job": READ_PACKAGES, "wants_token": False}
_TAGS: Final = "npm/-/package/*package_name/dist-tags"

ROUTES: Final = (
    registry_route("npm", "GET", _TAGS, list_tags, _TAKES, wants_token=False),
    registry_route("npm", "PUT", f"{_TAGS}/:tag", set_tag, _TAKES),
    registry_route("npm", "DELETE", f"{_TAGS}/:tag", remove_tag, _TAKES),
    registry_route("npm", "POST", "npm/-/npm/v1/security/advisories/bulk", audit, **_AUDIT),
    registry_route("npm", "POST", "npm/-/npm/v1/security/audits/quick", audit, **_AUDIT),
    registry_route("npm", "GET", "npm/:package_name/-/*file_name", serve_tarball, _TAKES, wants_token=False),
    registry_route("npm", "GET", "npm/:scope/:package_name/-/*file_name", serve_tarball, _TAKES, wants_token=False),
    registry_route("npm", "PUT", "npm/:package_name", publish, _TAKES),
    registry_route("npm", "GET", "npm/*package_name", show_metadata, _TAKES, wants_token=False),
)
