# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package is archived: its files fetched and checked, what a restore needs besides, and its manifest, written last.

Nothing here deletes; before_delete.py holds a delete up until the package that it is of is archived.
"""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._files.download import fetch
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats import format_of
from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import FORMAT_VERSION, Manifest
from ansible_collections.registryops.gitlab.plugins.module_utils._files.names import is_sha256, manifest_path
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive
from ansible_collections.registryops.gitlab.plugins.module_utils._files.turns import Turn
from ansible_collections.registryops.gitlab.plugins.module_utils._files.verification import is_whole
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    NotFound,
    PackageNotShown,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackageFile, PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package, status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import format_time

#: What a package's own downloads change, or the way that it was read: it makes no other package of it.
_PASSING = ("last_downloaded_at", "pipeline", "_links")
#: What a plan adds to a package, which is told elsewhere.
_OF_A_PLAN = ("rule", "reason", "size", "project_path", "protected", "protected_by", "files")


@dataclass(frozen=True)
class Why:
    """Why a package is archived: the rule of a plan with its reason and its digest, and the run."""

    rule: str | None = None
    reason: str | None = None
    plan_digest: str | None = None
    run: str | None = None


@dataclass(frozen=True)
class Archived:
    """What an archive holds of a package, or would: how many files, of how many bytes, and how many were fetched.

    ``archive_only`` is why it could not be restored; ``manifest`` is where its manifest lies (None: not written);
    ``is_new``: something was written.
    """

    files: int
    size: int
    fetched: int
    archive_only: str | None
    manifest: str | None = None
    is_new: bool = True


class Archiver:
    """Archives packages of one GitLab, in as many threads as call it.

    ``careful``: what is archived is about to be deleted. So a content that the archive has already is read before it is
    relied on, where that is not over a network. ``turn`` is None for who only looks. Every method raises the errors of
    _gitlab/errors.py, of which :class:`.place.ArchiveError` is one.
    """

    def __init__(self, api: PackagesApi, archive: Archive, turn: Turn | None, careful: bool = True) -> None:
        self._api, self.archive, self._turn = api, archive, turn
        self._careful = careful
        self._lock = threading.Lock()
        #: One lock for each content and each project, so that two threads do not fetch the same.
        self._locks: dict[t.Any, threading.Lock] = {}
        #: Contents that this run has written or read, with their sizes.
        self._sure: dict[str, int] = {}
        self._paths: dict[int, str | None] = {}

    def archive_package(self, package: Package, why: Why, again: bool = True) -> tuple[Archived, Manifest]:
        """Archive a package as it is now. Not ``again``: nothing is written where the archive has it already."""
        project_id = package["project_id"]
        whole = self._whole(package)
        manifest = self._begun(whole, why)
        files = self._api.package_files(project_id, package["id"])
        there = None if again else self._already(manifest, files)
        if there is not None:
            return replace(told(there, 0), is_new=False, manifest=manifest_path(there)), there
        manifest["pipelines"] = self._pipelines(project_id, package["id"])
        return self._finish(manifest, whole, files)

    def archive_files(self, package: Package, files: t.Sequence[PackageFile], why: Why) -> tuple[Archived, Manifest]:
        """Archive some files of a package, which stays itself."""
        whole = self._whole(package)
        return self._finish({**self._begun(whole, why), "kind": "files"}, whole, files)

    def foresee_package(self, package: Package, why: Why) -> Archived:
        """What `archive_package` would come to, not again. Nothing is written."""
        whole = self._whole(package)
        files = self._api.package_files(package["project_id"], package["id"])
        there = self._already(self._begun(whole, why), files)
        if there is not None:
            return replace(told(there, 0), is_new=False, manifest=manifest_path(there))
        return foresee(self._api, self.archive, whole, files)

    # --- the parts -------------------------------------------------------------------------------------------

    def _whole(self, package: Package) -> Package:
        """E3's body, without the other versions of its name; a package that E3 does not show as it was listed."""
        listed = {key: value for key, value in package.items() if key not in _OF_A_PLAN}
        if status_of(package) == "error":
            return listed
        try:
            whole = self._api.package(package["project_id"], package["id"])
        except PackageNotShown:
            return listed
        whole.pop("versions", None)
        return {**whole, "project_id": package["project_id"]}

    def _begun(self, package: Package, why: Why) -> Manifest:
        return {
            "format_version": FORMAT_VERSION,
            "kind": "package",
            "archived_at": format_time(datetime.now(timezone.utc)),
            "server": self._api.client.api_url,
            "project": {"id": package["project_id"], "path": self._path_of(package["project_id"])},
            "package": package,
            "pipelines": None,
            "files": [],
            "restore": {},
            "why": {"rule": why.rule, "reason": why.reason, "plan_digest": why.plan_digest, "run": why.run},
        }

    def _path_of(self, project_id: int) -> str | None:
        """The path of a project (E10), asked for once; None where the token may not read it."""
        with self._lock_of(("project", project_id)):
            if project_id not in self._paths:
                try:
                    path = self._api.scope(Scope("project", str(project_id))).get("path_with_namespace")
                except (Forbidden, NotFound):
                    path = None
                self._paths[project_id] = path if isinstance(path, str) else None
            return self._paths[project_id]

    def _pipelines(self, project_id: int, package_id: int) -> list[t.Any] | None:
        """E5, or None where GitLab does not show it: of status error, before 16.1, to a token that may not read it."""
        try:
            return self._api.pipelines(project_id, package_id)
        except (Forbidden, NotFound):
            return None

    def _already(self, manifest: Manifest, files: t.Sequence[PackageFile]) -> Manifest | None:
        """The manifest that the archive has, if it says the same of the package and all its contents are there."""
        before = self.archive.manifest_of(manifest)
        if before is None or _lasting(before["package"]) != _lasting(manifest["package"]):
            return None
        if manifest["why"]["plan_digest"] not in (None, before["why"]["plan_digest"]):
            return None
        if [file["file"]["id"] for file in before["files"]] != [file["id"] for file in files]:
            return None
        for there, file in zip(before["files"], files):
            if known_sha256(file) not in (None, there["sha256"]) or not self._has(there["sha256"], there["size"]):
                return None
        return before

    def _finish(
        self, manifest: Manifest, package: Package, files: t.Sequence[PackageFile]
    ) -> tuple[Archived, Manifest]:
        kept = [self._keep_file(package, file) for file in files]
        entries = [entry for entry, _fetched in kept]
        form = format_of(package["package_type"])
        data = form.collect(self._api, package["project_id"], package, entries, self.archive.open_blob)
        reason = form.why_not(package, entries, data)
        whole = {
            **manifest,
            "files": entries,
            "restore": {"possible": reason is None, "reason": reason, "data": data},
        }
        path = self.archive.put_manifest(whole)
        return replace(told(whole, sum(fetched for _entry, fetched in kept)), manifest=path), whole

    def _keep_file(self, package: Package, file: PackageFile) -> tuple[dict[str, t.Any], int]:
        """The entry of a file whose content is in the archive then, and how many bytes were fetched for that."""
        self._go_on()
        sha256, size = known_sha256(file), file.get("size")
        with self._lock_of(sha256 or ("file", file["id"])):
            if sha256 is not None and self._has(sha256, size):
                return {"file": file, "sha256": sha256, "size": self._sure[sha256]}, 0
            with self.archive.put_blob(sha256) as incoming:

                def start() -> t.Callable[[bytes], object]:
                    write = incoming.start()

                    def take(piece: bytes) -> None:
                        self._go_on()
                        write(piece)

                    return take

                fetched = fetch(self._api, package["project_id"], package, file, start)
                if fetched.checked is None and self._careful:
                    raise self.archive.words.error(
                        f"file {shown(file['file_name'])} (id {file['id']}) cannot be relied on: GitLab tells neither"
                        " its size nor a checksum of it"
                    )
                incoming.keep(fetched.sha256)
            self._sure[fetched.sha256] = fetched.size
            return {"file": file, "sha256": fetched.sha256, "size": fetched.size}, fetched.size

    def _has(self, sha256: str, size: int | None) -> bool:
        """Whether a content can be relied on that is there already."""
        if sha256 in self._sure:
            return size in (None, self._sure[sha256])
        there = self.archive.size_of(sha256)
        if there is None or size not in (None, there):
            return False
        if self._careful and self.archive.place.is_near and not is_whole(self.archive, sha256, there):
            return False
        self._sure[sha256] = there
        return True

    def _go_on(self) -> None:
        if self._turn is not None:
            self._turn.go_on()

    def _lock_of(self, key: t.Any) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(key, threading.Lock())


def foresee(
    api: PackagesApi, archive: Archive | None, package: Package, files: t.Sequence[PackageFile] | None = None
) -> Archived:
    """What archiving a package (or these files of it) would come to, by its files' list (E4). Nothing is written.

    ``archive`` is None where there is none yet. Raises the errors of _gitlab/errors.py.
    """
    files = api.package_files(package["project_id"], package["id"]) if files is None else files
    missing = 0
    for file in files:
        sha256, size = known_sha256(file), file.get("size") or 0
        if archive is None or sha256 is None or not archive.has_blob(sha256, file.get("size")):
            missing += size
    reason = archive_only(package, files)
    return Archived(len(files), sum(file.get("size") or 0 for file in files), missing, reason)


def archive_only(package: Package, files: t.Sequence[PackageFile]) -> str | None:
    """Why a package could not be restored, as far as its type and its files' list tell; None: it could."""
    entries = [{"file": file, "sha256": known_sha256(file), "size": file.get("size")} for file in files]
    return format_of(package["package_type"]).why_not(package, entries, None)


def told(manifest: Manifest, fetched: int) -> Archived:
    """What a manifest holds."""
    size = sum(file["size"] for file in manifest["files"])
    return Archived(len(manifest["files"]), size, fetched, manifest["restore"]["reason"])


def known_sha256(file: PackageFile) -> str | None:
    """The SHA-256 that E4 tells of a file; None where it tells none."""
    told = file.get("file_sha256")
    lower = told.lower() if isinstance(told, str) else None
    return lower if is_sha256(lower) else None


def _lasting(package: Package) -> Package:
    return {key: value for key, value in package.items() if key not in _PASSING}
