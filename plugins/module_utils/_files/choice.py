# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages of an archive the words of a restore mean."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Manifest, Wanted
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, ScopeNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selectors import Selector
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable, shown

Kept = tuple[str, Manifest]


def of_plan(archive: Archive, project: Scope | None, plan_digest: str) -> list[Kept]:
    """What was archived as this plan was applied; of a version that is there more than once, the newest.

    Raises :class:`InvalidInput` where there is nothing.
    """
    wanted = Wanted(project=project.ref if project else None, plan_digest=plan_digest)
    found = _newest(list(archive.manifests(wanted)))
    if not found:
        raise InvalidInput(f"archive {archive.where} holds no package of a plan with the digest {shown(plan_digest)!r}")
    return found


def chosen(api: PackagesApi, archive: Archive, project: Scope | None, selectors: t.Sequence[Selector]) -> list[Kept]:
    """What the selectors mean, in their order, each package once; by name, of each version the newest package.

    ``project`` is the one that they were in; None: any. Raises :class:`InvalidInput` for what is not there, or is
    another than its entry says, and for a name that is of several types.
    """
    ids = frozenset(selector.id for selector in selectors if selector.id is not None)
    by_id_only = len(ids) == len(selectors)
    everything = _in_project(api, archive, project, ids if by_id_only else None)
    found: dict[str, Kept] = {}
    for selector in selectors:
        meant = [kept for kept in everything if selector.means(kept[1]["package"])]
        if not meant:
            raise InvalidInput(
                f"{selector.where}archive {archive.where} holds no {_named(selector)}"
                f"{f' of {project}' if project else ''}. Nothing was restored"
            )
        for _path, manifest in meant:
            contradiction = selector.contradiction(manifest["package"])
            if contradiction:
                raise InvalidInput(f"{contradiction}. Nothing was restored")
        if selector.id is None:
            types = sorted({manifest["package"]["package_type"] for _path, manifest in meant})
            if len(types) > 1 and not selector.all_versions:
                raise InvalidInput(
                    f"{selector.where}{_named(selector)} is there as {' and '.join(types)}: give package_type."
                    " Nothing was restored"
                )
            meant = _newest(meant)
        found.update({path: (path, manifest) for path, manifest in meant})
    return list(found.values())


def _in_project(api: PackagesApi, archive: Archive, project: Scope | None, ids: frozenset[int] | None) -> list[Kept]:
    if project is None:
        return list(archive.manifests(Wanted(ids=ids)))
    found = list(archive.manifests(Wanted(project=project.ref, ids=ids)))
    if not found and not project.is_number:
        # It may have had another path when it was archived. A project that is gone has its path only.
        try:
            number = str(api.project_id(project))
        except ScopeNotFound:
            return []
        found = list(archive.manifests(Wanted(project=number, ids=ids)))
    return found


def _newest(kept: t.Sequence[Kept]) -> list[Kept]:
    """Of packages with one project, type, name and version the one that was published last, in order of the paths."""
    newest: dict[t.Any, Kept] = {}
    for path, manifest in kept:
        package = manifest["package"]
        key = (manifest["project"]["id"], package["package_type"], package["name"], package.get("version"))
        if key not in newest or newest[key][1]["package"]["id"] < package["id"]:
            newest[key] = (path, manifest)
    return list(newest.values())


def _named(selector: Selector) -> str:
    if selector.id is not None:
        return f"package with the id {selector.id}"
    version = "" if selector.all_versions else f" {selector.version}"
    return printable(f"{selector.package_type or 'package'} {selector.name}{version}")
