# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a file in a generic package (registries, A): published where it is not there yet, by its SHA-256."""

from __future__ import annotations

import hashlib
import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._files.checksums import told
from ansible_collections.registryops.gitlab.plugins.module_utils._files.download import fetch
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats import generic
from ansible_collections.registryops.gitlab.plugins.module_utils._files.publish import publish
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import PIECE, Content, raw
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    FileDiffers,
    GitlabError,
    InvalidInput,
    PackageNotFound,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.registries_api import RegistriesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    NOT_DELETABLE,
    Package,
    Selection,
    status_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable, shown

PackageFile = dict[str, t.Any]


@dataclass(frozen=True)
class Wanted:
    """What is to be there: the file ``src`` under ``file_name`` (with ``/`` for folders) in a version of a name.

    ``status`` is that of the package: ``default``, ``hidden``, or None where it does not matter.
    """

    project_id: int
    name: str
    version: str
    file_name: str
    src: str
    status: str | None

    @property
    def stored_name(self) -> str:
        """As E4 gives it."""
        return self.file_name.replace("/", "%2F")

    def __str__(self) -> str:
        return printable(f"generic {self.name} {self.version} {self.file_name}")


@dataclass(frozen=True)
class Found:
    """What is there: the package (None: none), and its files of that name, the oldest first.

    Of a package that is hidden GitLab lists no files: only whether the newest ``is_same`` is known then.
    """

    package: Package | None
    files: list[PackageFile]
    is_same: bool
    is_other: bool

    @property
    def status(self) -> str | None:
        """The package's status."""
        return status_of(self.package) if self.package else None


def wanted_content(wanted: Wanted) -> Content:
    """The bytes of ``src``. Raises :class:`InvalidInput` where it cannot be read, or no registry takes such a name."""
    wrong = generic.wrong_names(wanted.name, wanted.version, [wanted.file_name])
    if wrong:
        raise InvalidInput(f"{wanted}: {printable(wrong)}")
    digest, size = hashlib.sha256(), 0
    try:
        with open(wanted.src, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidInput(f"src {wanted.src!r} is not a file")
            for piece in iter(lambda: file.read(PIECE), b""):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise InvalidInput(f"src {wanted.src!r} cannot be read: {error.strerror}") from None
    return Content(lambda: open(wanted.src, "rb"), size, digest.hexdigest(), f"src {wanted.src!r}")


def find(api: PackagesApi, wanted: Wanted, content: Content) -> Found:
    """What is there under the name (E1, E4). The newest file of the name is what clients get, so it is what counts."""
    statuses = (*DISPLAYABLE, *NOT_DELETABLE)
    named = Selection(name=wanted.name, version=wanted.version, package_types=("generic",), statuses=statuses)
    packages = list_packages(api, Scope("project", str(wanted.project_id)), [named])
    if not packages:
        return Found(None, [], False, False)
    package = max(packages, key=lambda one: int(one["id"]))
    if status_of(package) not in DISPLAYABLE:
        same = _served(api, wanted, content)
        return Found(package, [], same is True, same is False)
    return found_in(api, wanted, content, package)


def found_in(api: PackagesApi, wanted: Wanted, content: Content, package: Package) -> Found:
    """What is in this package, of which GitLab lists the files."""
    files = [
        file for file in api.package_files(wanted.project_id, package["id"]) if file["file_name"] == wanted.stored_name
    ]
    is_same = bool(files) and told(files[-1]) == ("sha256", content.sha256)
    return Found(package, files, is_same, bool(files) and not is_same)


def _served(api: PackagesApi, wanted: Wanted, content: Content) -> bool | None:
    """Whether what the registry serves under the name is this content; None: it serves nothing. It is fetched."""
    package = {"id": 0, "name": wanted.name, "version": wanted.version, "package_type": "generic"}
    due = {"id": 0, "file_name": wanted.stored_name, "size": content.size, "file_sha256": content.sha256}
    # A hidden package's files have no IDs to be seen.
    by_name = PackagesApi(api.client)
    by_name.downloads_by_id = False
    try:
        fetch(by_name, wanted.project_id, package, due, lambda: lambda _piece: None)
    except FileDiffers:
        return False
    except GitlabError as error:
        if error.status == 404:
            return None
        raise
    return True


def put(api: PackagesApi, wanted: Wanted, content: Content, before: Found) -> Found:
    """Publish it, and prove by E4 (of a hidden package: by what is served) that it is there now.

    Raises the errors of _gitlab/errors.py.
    """
    registries = RegistriesApi(api.client)

    def send() -> None:
        generic.publish(
            registries,
            wanted.project_id,
            wanted.name,
            wanted.version,
            wanted.file_name,
            raw(content),
            wanted.status,
        )

    def look() -> Found | None:
        now = find(api, wanted, content)
        if now.package is None or (wanted.status and now.status != wanted.status):
            return None
        if now.status in DISPLAYABLE and before.status in (None, *DISPLAYABLE):
            newest = max((file["id"] for file in before.files), default=0)
            is_new = bool(now.files) and now.files[-1]["id"] > newest
            return now if now.is_same and is_new else None
        return now if now.is_same else None

    try:
        return publish(send, look, str(wanted), api.client.connection.retries)
    except PackageNotFound as error:
        raise GitlabError(f"{wanted} was published, and its package went meanwhile: {error.message}") from None


def told_of(wanted: Wanted, content: Content, found: Found, is_there: bool) -> dict[str, t.Any]:
    """The file as the module returns it; IDs are None where they are not known."""
    newest = found.files[-1] if is_there and found.files else {}
    return {
        "id": newest.get("id"),
        "package_id": found.package["id"] if found.package else None,
        "project_id": wanted.project_id,
        "name": wanted.name,
        "version": wanted.version,
        "file_name": wanted.stored_name,
        "size": content.size,
        "sha256": content.sha256,
        "status": found.status if is_there else (wanted.status or found.status or "default"),
    }


def line_of(file: t.Mapping[str, t.Any]) -> str:
    """One copy of the file on one line, for a diff."""
    return f"{shown(file['file_name'])} {file.get('size')} {file.get('file_sha256') or file.get('sha256') or ''}\n"
