# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed of packages that stay and of the files of them that a plan deletes. Pure.

A package is judged by a fresh list (`compare_packages`), its files by E4, right before the first of them goes
(`judge_files`).
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import NOT_DELETABLE, status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    LISTED,
    PROTECTED,
    Listed,
    judge,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import Comparison
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_plan import Entry
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_rules import (
    File,
    files_to_delete,
    first_file_rule,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import FileRule, Policy

_PACKAGE_FACTS = ("project_id", "package_type", "name", "version")
_FILE_FACTS = ("file_name", "created_at", "size")


def compare_packages(
    packages: t.Sequence[Entry],
    live: t.Mapping[int, Package],
    policy: Policy,
    place_changed: t.Callable[[Entry], str | None] = lambda _entry: None,
    listed: Listed | None = None,
) -> list[Comparison]:
    """Compare packages of `packages_with_files` with a fresh listing, by their IDs; as `drift.compare`."""
    return [_compare(entry, live.get(entry["id"]), policy, place_changed(entry), listed) for entry in packages]


def _compare(
    entry: Entry, package: Package | None, policy: Policy, place_changed: str | None, listed: Listed | None
) -> Comparison:
    if package is None or status_of(package) == "pending_destruction":
        return Comparison(entry, "gone")
    fresh = {"project_id": entry["project_id"], **package}  # E1 does not tell the project
    changes = [*_changed_facts(entry, fresh), *_changed_judgement(entry, fresh, policy, listed)]
    if place_changed:
        changes.insert(0, place_changed)
    return Comparison(entry, "drifted", "; ".join(changes)) if changes else Comparison(entry, "unchanged")


def _changed_facts(entry: Entry, fresh: Package) -> t.Iterator[str]:
    for key in _PACKAGE_FACTS:
        if entry[key] != fresh.get(key):
            yield f"{key} was {shown(entry[key])} and is {shown(fresh.get(key))}"
    # A path that the caller could not read, or cannot read any more, is no other path.
    paths = (entry["project_path"], fresh.get("project_path"))
    if None not in paths and paths[0] != paths[1]:
        yield f"project_path was {shown(paths[0])} and is {shown(paths[1])}"
    if status_of(fresh) in NOT_DELETABLE:
        yield f"its status is {status_of(fresh)} now: GitLab's API cannot delete its files"


def _changed_judgement(entry: Entry, fresh: Package, policy: Policy, listed: Listed | None) -> t.Iterator[str]:
    judgement = judge(fresh, policy, listed)
    if judgement.held_by in (PROTECTED, LISTED):
        yield f"its files are kept now: {shown('; '.join(judgement.reasons))}"
        return
    rule = first_file_rule(fresh, policy)
    planned = {file["rule"] for file in entry["files"]}
    if rule is None:
        yield "no file rule governs its files now"
    elif planned != {rule.name}:
        yield f"file rule '{shown(rule.name)}' governs its files now, not '{shown(min(planned - {rule.name}))}'"


def judge_files(
    package: Package, planned: t.Sequence[Entry], files: t.Sequence[File], rule: FileRule
) -> tuple[set[int], str | None]:
    """The IDs of planned files that are gone, and why nothing of the others may go any more; None: all of them may.

    ``planned`` are all entries of ``delete_files`` of the package, ``files`` its files as they are now (E4). A file
    that is new is heard like any other: it is no drift, unless the rule keeps now what the plan deletes.
    """
    there = {file["id"]: file for file in files}
    gone = {entry["id"] for entry in planned if entry["id"] not in there}
    left = [entry for entry in planned if entry["id"] in there]
    for entry in left:
        file = there[entry["id"]]
        if any(file.get(key) != entry[key] for key in _FILE_FACTS):
            return gone, f"file {shown(entry['file_name'])} is another one now"
    to_go = {file["id"] for file, _reason in files_to_delete(package, files, rule)}
    kept = [entry for entry in left if entry["id"] not in to_go]
    if not kept:
        return gone, None
    more = f" and {len(kept) - 1} more of its files" if len(kept) > 1 else ""
    return gone, f"file rule '{shown(rule.name)}' keeps {shown(kept[0]['file_name'])}{more} now"
