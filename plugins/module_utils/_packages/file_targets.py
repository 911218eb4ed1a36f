# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files the words of a delete mean. Nothing of Ansible."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, PackageNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackageFile, PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import line, result_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selectors import FileSelector, Selector
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.targets import (
    Target,
    find_targets,
    resolve,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time


def read_files(api: PackagesApi, project: Scope, selector: Selector, order_by: str, sort: str) -> list[PackageFile]:
    """The files of the one package that is meant; none if it is not there.

    Raises :class:`InvalidInput` for a package that is there, but shows no files (hidden, processing).
    """
    project_id = api.project_id(project)
    package_id = selector.id
    if package_id is not None:
        try:
            return api.package_files(project_id, package_id, order_by, sort)
        except PackageNotFound:
            pass  # not there, or not shown: find out
    target = find_targets(api, project_id, [selector])[0]
    if target.item is not None:
        return api.package_files(project_id, target.item["id"], order_by, sort)
    if target.result and target.result["result"] == "not_deletable":
        raise InvalidInput(f"{line(target.result)}: {target.result['message']}, nor show its files")
    return []


@dataclass(frozen=True)
class FileTarget(Target):
    """A file that can be deleted, or a result that is certain already; with its package, as far as that is known."""

    package: Package = field(default_factory=dict)


def find_files(api: PackagesApi, project_id: int, selectors: t.Sequence[FileSelector]) -> list[FileTarget]:
    """What the selectors mean, in their order, each file once. Each package is looked for, and its files read, once.

    Raises :class:`InvalidInput` for several files of a name where ``duplicates`` is ``fail``, as
    :func:`..targets.resolve`, and the errors of _gitlab/errors.py.
    """
    named = list(dict.fromkeys(selector.package for selector in selectors))
    packages = dict(zip(named, (meant[0] for meant in resolve(api, project_id, named))))
    ids = list(dict.fromkeys(target.item["id"] for target in packages.values() if target.item))
    files = dict(zip(ids, api.client.map(lambda package_id: _files_of(api, project_id, package_id), ids)))
    targets: list[FileTarget] = []
    seen: set[int] = set()
    for selector in selectors:
        package = packages[selector.package]
        for target in _meant(selector, package, files[package.item["id"]] if package.item else []):
            if target.item is None or target.item["id"] not in seen:
                targets.append(target)
                seen.update([target.item["id"]] if target.item else [])
    return targets


def _files_of(api: PackagesApi, project_id: int, package_id: int) -> list[PackageFile]:
    try:
        return api.package_files(project_id, package_id)
    except PackageNotFound:
        return []  # the package went since it was found


def _meant(selector: FileSelector, target: Target, files: t.Sequence[PackageFile]) -> list[FileTarget]:
    package = target.item or t.cast(Package, target.result)
    chosen = [file for file in files if selector.means(file)]
    for file in chosen:
        if selector.file_name is not None and file["file_name"] != selector.file_name:
            raise InvalidInput(
                f"{selector.where}id {selector.id} is a file named {shown(file['file_name'])}, not"
                f" {shown(selector.file_name)}. Nothing was deleted"
            )
    if selector.duplicates == "fail" and len(chosen) > 1:
        ids = ", ".join(str(file["id"]) for file in chosen)
        raise InvalidInput(
            f"{selector.where}{line({**package})} holds {len(chosen)} files named {selector.file_name!r} (ids {ids})."
            " Nothing was deleted: say which by id, or set duplicates to all or keep_latest"
        )
    if not chosen:
        wanted = {"id": selector.id, "file_name": selector.file_name, "package_id": package.get("id")}
        certain = target.result or result_of(package, "already_absent")
        return [FileTarget(result={**certain, **wanted}, package=package)]
    if selector.duplicates == "keep_latest":
        chosen = sorted(chosen, key=lambda file: _age(file, package), reverse=True)[1:]
    return [FileTarget(item=file, package=package) for file in chosen]


def _age(file: PackageFile, package: Package) -> t.Any:
    """What the newest file has most of. As text, times of different offsets would not sort by time."""
    try:
        return parse_time(file.get("created_at") or ""), file["id"]
    except ValueError:
        raise InvalidInput(
            f"file {file['id']} of {line({**package})} has no readable time ({shown(file.get('created_at'))}): which is"
            " the latest cannot be told. Nothing was deleted"
        ) from None
