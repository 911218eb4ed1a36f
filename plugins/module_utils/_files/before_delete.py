# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is deleted that is not archived: looks, right before each delete, that archive what is about to go.

They are asked in the thread that deletes, after all that may find that a package must stay. In check mode they tell
what would be archived.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.registryops.gitlab.plugins.module_utils._files.archiving import (
    Archived,
    Archiver,
    Why,
    archive_only,
    foresee,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Manifest
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, PackageNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackageFile, PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.attempts import Look
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import LookAtFiles
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import Outcome, Result
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown


class Keeper:
    """Looks that archive, and what became of it. Without an archive they are the looks that are given to it.

    ``archiver`` is None in check mode; then ``archive`` is looked at (None: there is none yet). With
    ``refuse_archive_only`` what could not be restored is not deleted.
    """

    def __init__(
        self,
        api: PackagesApi,
        *,
        keeps: bool,
        archiver: Archiver | None = None,
        archive: Archive | None = None,
        plan_digest: str | None = None,
        run: str | None = None,
        refuse_archive_only: bool = False,
    ) -> None:
        self._api = api
        self.keeps = keeps
        self._archiver, self._archive = archiver, archive
        self._plan_digest, self._run = plan_digest, run
        self._refuse = refuse_archive_only
        #: What was archived, or would be, by the ID of the package, and of each file that goes out of one that stays.
        self._of_package: dict[int, Archived] = {}
        self._of_file: dict[int, Archived] = {}

    def look(self, before: Look | None = None) -> Look | None:
        """A look at a package that first asks ``before``, then archives it."""
        if not self.keeps:
            return before

        def both(package: Package) -> str | None:
            changed = before(package) if before else None
            return changed if changed is not None else self._keep_package(package)

        return both

    def noted(self, outcome: Outcome) -> Outcome:
        """The outcome of deleting packages, with ``archived`` and ``archive_only`` in the results."""
        return replace(
            outcome, results=[_noted(result, self._of_package.get(result["id"])) for result in outcome.results]
        )

    def report(self) -> dict[str, t.Any]:
        """How many packages, files and bytes were archived, or would be, and how many bytes were fetched for that."""
        return {"archived": self._summary()} if self.keeps else {}

    def _summary(self) -> dict[str, int]:
        told = [*self._of_package.values(), *{id(archived): archived for archived in self._of_file.values()}.values()]
        return {"packages": len(self._of_package), **summary_of(told)}

    def _keep_package(self, package: Package) -> str | None:
        if self._archiver is None:
            archived = foresee(self._api, self._archive, package)
            self._of_package[package["id"]] = archived
            self._refuse_what_cannot_return(archived.archive_only)
            return None
        if self._refuse:  # before anything is fetched
            files = self._api.package_files(package["project_id"], package["id"])
            self._refuse_what_cannot_return(archive_only(package, files))
        archived, manifest = self._archiver.archive_package(package, self._why(package))
        self._of_package[package["id"]] = archived
        self._refuse_what_cannot_return(archived.archive_only)
        return self._grown(package, manifest)

    def _grown(self, package: Package, manifest: Manifest) -> str | None:
        """Why the files (E4) are not those that were archived, any more; None: they are, as far as they are there."""
        archived = {entry["file"]["id"] for entry in manifest["files"]}
        for file in self._api.package_files(package["project_id"], package["id"]):
            if file["id"] not in archived:
                return f"its file {shown(file['file_name'])} was published while it was archived"
        return None

    def _why(self, package: Package) -> Why:
        rule, reason = package.get("rule"), package.get("reason")
        return Why(rule, reason, self._plan_digest, self._run)

    def _refuse_what_cannot_return(self, reason: str | None) -> None:
        if reason is not None and self._refuse:
            raise GitlabError(f"it could not be restored: {reason} (archive_only is fail)")

    # --- files of packages that stay -------------------------------------------------------------------------

    def look_at_files(self, before: LookAtFiles | None = None) -> LookAtFiles | None:
        """A look at files of a package that first asks ``before``, then archives those that may go."""
        if not self.keeps:
            return before

        def both(package: Package, files: t.Sequence[PackageFile]) -> dict[int, str | GitlabError]:
            answers = dict(before(package, files)) if before else {}
            left = [file for file in files if file["id"] not in answers]
            try:
                answers.update(self._keep_files(package, left) if left else {})
            except GitlabError as error:
                answers.update({file["id"]: error for file in left})
            return answers

        return both

    def _keep_files(self, package: Package, files: t.Sequence[PackageFile]) -> dict[int, PackageNotFound]:
        """Archive files of a package that stays. Those that are not there (E4) have an error that says so."""
        there = {file["id"]: file for file in self._api.package_files(package["project_id"], package["id"])}
        left = [there[file["id"]] for file in files if file["id"] in there]
        if left:
            if self._archiver is None:
                archived = foresee(self._api, self._archive, package, left)
            else:
                archived, _manifest = self._archiver.archive_files(package, left, self._why(files[0]))
            self._of_file.update({file["id"]: archived for file in left})
            self._refuse_what_cannot_return(archived.archive_only)
        return {
            file["id"]: PackageNotFound(f"file {shown(file['file_name'])} is gone")
            for file in files
            if file["id"] not in there
        }

    def noted_files(self, outcome: Outcome) -> Outcome:
        """The outcome of deleting files; otherwise as `noted`."""
        return replace(outcome, results=[_noted(result, self._of_file.get(result["id"])) for result in outcome.results])


def _noted(result: Result, archived: Archived | None) -> Result:
    if archived is None:
        return result
    return {**result, **facts_of(archived)}


def facts_of(archived: Archived) -> dict[str, t.Any]:
    """What a result says of what was archived."""
    facts = {key: getattr(archived, key) for key in ("files", "size", "fetched", "manifest")}
    more = {"archive_only": archived.archive_only} if archived.archive_only is not None else {}
    return {"archived": facts, **more}


def summary_of(told: t.Iterable[Archived]) -> dict[str, int]:
    """The sums of what was archived."""
    told = list(told)
    return {
        "files": sum(archived.files for archived in told),
        "size": sum(archived.size for archived in told),
        "fetched": sum(archived.fetched for archived in told),
        "archive_only": sum(archived.archive_only is not None for archived in told),
    }
