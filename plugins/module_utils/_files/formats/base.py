# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each package type has to say of getting its packages out of GitLab, and in again (registries, C)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import Content
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.registries_api import RegistriesApi

Package = t.Mapping[str, t.Any]
Manifest = t.Mapping[str, t.Any]
#: A file in a manifest: ``file`` (E4's entry), ``sha256`` (of the bytes; None where nothing was fetched), ``size``.
Entry = t.Mapping[str, t.Any]
#: What a restore needs beside the bytes; None: nothing was collected so far.
Data = t.Optional[t.Mapping[str, t.Any]]
OpenBlob = t.Callable[[str], t.BinaryIO]
#: What no restore brings back, by E3's names.
ALWAYS_LOST = ("id", "created_at", "creator_id", "pipelines", "last_downloaded_at")


@dataclass(frozen=True)
class Target:
    """Where packages are published: a project's registries, out of an archive's contents."""

    api: PackagesApi
    registries: RegistriesApi
    project_id: int
    open_blob: OpenBlob


class Format:
    """A package type. As it stands here: one that can be archived only."""

    #: Whether a file has the name that the client gives it; elsewhere GitLab names it.
    names_files = True
    #: Whether one package takes a file after the other; elsewhere one publication makes it.
    takes_more = False
    #: Whether GitLab takes a publication apart after it has answered.
    in_background = False

    def __init__(self, reason: str = "") -> None:
        self._reason = reason

    def collect(
        self, api: PackagesApi, project_id: int, package: Package, entries: t.Sequence[Entry], open_blob: OpenBlob
    ) -> dict[str, t.Any]:
        """What a restore needs beside the bytes, which are in the archive: JSON.

        What cannot be read out of a file is a reason of :meth:`why_not`, and no error.
        """
        return {}

    def why_not(self, package: Package, entries: t.Sequence[Entry], data: Data) -> str | None:
        """Why it can be archived, and not restored, as the end of a sentence; None: it can be restored.

        With ``data`` None only what is certain before anything is fetched.
        """
        return self._reason

    def sent(self, entries: t.Sequence[Entry]) -> list[Entry]:
        """The files that are published; the others GitLab makes by itself."""
        return list(entries)

    def lost(self, manifest: Manifest) -> list[str]:
        """What a restore does not bring back."""
        deprecated = ["status"] if manifest["package"].get("status") == "deprecated" else []
        return [*ALWAYS_LOST, *deprecated]

    def send(self, to: Target, manifest: Manifest, entry: Entry) -> None:
        """Publish one file. Raises the errors of _gitlab/errors.py; ``lost`` says that it may be there all the same."""
        raise NotImplementedError

    def is_finished(self, to: Target, manifest: Manifest) -> bool:
        """Whether nothing is left for :meth:`finish`, of a package whose files are all there."""
        return True

    def finish(self, to: Target, manifest: Manifest) -> list[str]:
        """What is left to do when all files are there; what could not be done, in sentences."""
        return []


def content_of(to: Target, entry: Entry) -> Content:
    """A file's bytes, in the archive."""
    sha256 = entry["sha256"]
    return Content(lambda: to.open_blob(sha256), entry["size"], sha256, f"the content {sha256} of the archive")
