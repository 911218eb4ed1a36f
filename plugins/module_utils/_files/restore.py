# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring packages back out of an archive: what is there is never overwritten, and what was published is proved by E4."""

from __future__ import annotations

import typing as t
from collections import defaultdict
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats import format_of
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.base import Entry, Format, Target
from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Manifest
from ansible_collections.registryops.gitlab.plugins.module_utils._files.presence import compare, is_same
from ansible_collections.registryops.gitlab.plugins.module_utils._files.publish import AT_ONCE, BACKGROUND, publish
from ansible_collections.registryops.gitlab.plugins.module_utils._files.restore_results import Result, result_of
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, PackageNotFound
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
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown

Kept = tuple[str, Manifest]


@dataclass(frozen=True)
class Restore:
    """How: into ``to_project`` (None: each into its own), with ``user`` for HTTP Basic, or in check mode not at all."""

    api: PackagesApi
    archive: Archive
    registries: RegistriesApi
    to_project: int | None = None
    check_mode: bool = False


def restore(how: Restore, kept: t.Sequence[Kept]) -> list[Result]:
    """The result of each manifest, in their order.

    Versions of one name go one after the other: GitLab makes a new package out of the first file, and a tag goes from
    one version to another. Names go side by side.
    """
    names: dict[t.Any, list[int]] = defaultdict(list)
    for index, (_path, manifest) in enumerate(kept):
        package = manifest["package"]
        names[manifest["project"]["id"], package["package_type"], package["name"]].append(index)

    def of_a_name(indexes: list[int]) -> list[tuple[int, Result]]:
        # The oldest first, as they were published: their order by age comes back with it.
        ordered = sorted(indexes, key=lambda i: kept[i][1]["package"]["id"])
        return [(i, _restore_one(how, *kept[i])) for i in ordered]

    done = dict(pair for pairs in how.api.client.map(of_a_name, names.values()) for pair in pairs)
    return [done[index] for index in range(len(kept))]


def _restore_one(how: Restore, path: str, manifest: Manifest) -> Result:
    project_id = how.to_project or manifest["project"]["id"]

    def result(kind: str, message: str | None = None, package_id: int | None = None) -> Result:
        return result_of(path, manifest, project_id, kind, message, package_id)

    form = format_of(manifest["package"]["package_type"])
    entries = manifest["files"]
    reason = form.why_not(manifest["package"], entries, manifest["restore"]["data"])
    if reason:
        return result("not_restorable", f"{reason}. Its bytes are in the archive, see {path}")
    to = Target(how.api, how.registries, project_id, how.archive.open_blob)
    try:
        there = _find(to, manifest, (*DISPLAYABLE, *NOT_DELETABLE))
        if there is not None and status_of(there) in NOT_DELETABLE:
            return result("different", f"a package of this version is there with the status {status_of(there)}")
        files = how.api.package_files(project_id, there["id"]) if there else []
        presence = compare(form, entries, files)
        is_there = there is not None and not presence.missing and presence.other is None
        if there is not None and is_there and form.is_finished(to, manifest):
            return result("already_present", None, there["id"])
        if presence.other is not None or (there is not None and not is_there and not form.takes_more):
            other = presence.other or "it is there without its file, and takes no more"
            return result("different", f"{other}. Nothing is overwritten", (there or {}).get("id"))
        lacks = _not_kept(how.archive, presence.missing)
        if lacks:
            return result("failed", lacks)
        if how.check_mode:
            forbidden = how.api.why_no_publish(project_id)
            return result("failed", forbidden) if forbidden else result("restored")
        package_id = _publish(to, form, manifest, presence.missing, there)
        said = form.finish(to, manifest)
        return result("restored", "; ".join(said) or None, package_id)
    except GitlabError as error:
        return result("failed", error.message)


def _publish(
    to: Target, form: Format, manifest: Manifest, missing: t.Sequence[Entry], there: Package | None
) -> int | None:
    """Publish file by file, in order, each proved before the next one; the ID that the package has then."""
    package_id: int | None = there["id"] if there else None
    for entry in missing:
        before = _count(to, form, entry, package_id)

        def look(entry: Entry = entry, before: int = before, known: int | None = package_id) -> int | None:
            found = _find(to, manifest, DISPLAYABLE) if known is None else {"id": known}
            return found["id"] if found and _count(to, form, entry, found["id"]) > before else None

        def send(entry: Entry = entry) -> None:
            form.send(to, manifest, entry)

        what = f"file {shown(entry['file']['file_name'])} of {shown(manifest['package']['name'])}"
        patience = BACKGROUND if form.in_background else AT_ONCE
        package_id = publish(send, look, what, to.api.client.connection.retries, patience)
    return package_id


def _count(to: Target, form: Format, entry: Entry, package_id: int | None) -> int:
    """How many files of the package are this one (E4)."""
    if package_id is None:
        return 0
    try:
        files = to.api.package_files(to.project_id, package_id)
    except PackageNotFound:
        return 0
    return sum(is_same(entry, file, form.names_files) for file in files)


def _find(to: Target, manifest: Manifest, statuses: tuple[str, ...]) -> Package | None:
    """The package of this type, name and version, in one of these statuses; None: there is none (E1)."""
    package = manifest["package"]
    selection = Selection(
        name=package["name"], version=package["version"], package_types=(package["package_type"],), statuses=statuses
    )
    found = list_packages(to.api, Scope("project", str(to.project_id)), [selection])
    # One that can be seen goes before one that is hidden; of several the newest is what clients get.
    ordered = sorted(found, key=lambda one: (status_of(one) in DISPLAYABLE, one["id"]))
    return ordered[-1] if ordered else None


def _not_kept(archive: Archive, missing: t.Sequence[Entry]) -> str | None:
    for entry in missing:
        if not archive.has_blob(entry["sha256"], entry["size"]):
            name = shown(entry["file"]["file_name"])
            return f"the archive lacks the content of file {name} ({entry['sha256']}), or has not all of it"
    return None
