# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files go of a package that stays, by the policy's ``files``, with reasons. Pure.

A file is a row of E4: ``id``, ``file_name``, ``created_at`` and more. One package may hold several files of one name,
as each upload of a file adds one. Where something is not known, the file stays.
A name may be None where it was not given (given.py).
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import moment
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    KEEP,
    LISTED,
    PROTECTED,
    Decision,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import FileRule, Policy

File = t.Mapping[str, t.Any]


class Build(t.NamedTuple):
    """A build of a snapshot, as Maven writes it into a file's name; the greater, the newer."""

    timestamp: str
    number: int

    def __str__(self) -> str:
        return f"{self.timestamp}-{self.number}"


class _Built(t.NamedTuple):
    """The name of a file that holds a build: ``app-1.0`` and ``-sources.jar`` around it."""

    artifact: str
    build: Build
    kind: str


_BUILD = re.compile(r"([0-9]{8}\.[0-9]{6})-([0-9]{1,9})(?![0-9])")


def governing_file_rule(decision: Decision, policy: Policy) -> FileRule | None:
    """The rule of ``files`` that governs the files of a package, once it was decided on.

    None: its files are not touched, as it goes, or is protected or listed, or no rule matches it, or nobody can say
    whether one does.
    """
    if decision.action != KEEP or decision.held_by in (PROTECTED, LISTED):
        return None
    return first_file_rule(decision.package, policy)


def first_file_rule(package: Package, policy: Policy) -> FileRule | None:
    """The first rule of ``files`` that matches a package; None: none does, or nobody can say whether one does."""
    for rule in policy.files:
        governs = rule.governs(package)
        if governs is not False:
            return rule if governs else None
    return None


def files_to_delete(package: Package, files: t.Sequence[File], rule: FileRule) -> list[tuple[File, str]]:
    """The files that ``rule`` deletes of a package, in the order of ``files``, each with the reason.

    ``files`` are all of the package (E4). Of a name, and with builds of each classifier and extension, one at least is
    always left.
    """
    if rule.keep == "keep_latest_copies":
        reasons = _copies(files, rule.count)
    elif package["package_type"] == "maven" and str(package.get("version")).endswith("-SNAPSHOT"):
        reasons = _builds(files, rule.count)
    else:
        reasons = {}
    return [
        (file, f"no keep of file rule '{rule.name}' holds it: {reasons[file['id']]}")
        for file in files
        if file["id"] in reasons
    ]


def _copies(files: t.Sequence[File], count: int) -> dict[int, str]:
    """By file ID, why a copy is not among the newest ``count`` of its name."""
    names: dict[str, list[tuple[datetime, int]]] = {}
    for file in files:
        created = moment(file.get("created_at"))
        if created is not None and file["file_name"] is not None:
            names.setdefault(file["file_name"], []).append((created, file["id"]))
    reasons = {}
    for copies in names.values():
        copies.sort(reverse=True)
        for place, (_created, file_id) in enumerate(copies[count:], count + 1):
            reasons[file_id] = f"copy {place} of {len(copies)}, newest first ({count} kept)"
    return reasons


def _builds(files: t.Sequence[File], count: int) -> dict[int, str]:
    """By file ID, why a file is neither of the newest ``count`` builds of its artifact, nor the newest of its kind."""
    built = {file["id"]: found for file in files for found in [_built(file["file_name"])] if found is not None}
    builds: dict[str, set[Build]] = {}
    newest: dict[tuple[str, str], Build] = {}
    for artifact, build, kind in built.values():
        builds.setdefault(artifact, set()).add(build)
        newest[artifact, kind] = max(build, newest.get((artifact, kind), build))
    places = {
        (artifact, build): place
        for artifact, found in builds.items()
        for place, build in enumerate(sorted(found, reverse=True), 1)
    }
    return {
        file_id: f"build {build} is {places[artifact, build]} of {len(builds[artifact])}, newest first ({count} kept)"
        for file_id, (artifact, build, kind) in built.items()
        if places[artifact, build] > count and newest[artifact, kind] != build
    }


def _built(file_name: str | None) -> _Built | None:
    if file_name is None:
        return None
    # The last place that looks like a build: what stands before is the artifact's name, which may look like one too.
    found = None
    for match in _BUILD.finditer(file_name):
        if match.start() > 1 and file_name[match.start() - 1] == "-":
            found = match
    if found is None:
        return None
    build = Build(found.group(1), int(found.group(2)))
    begin, end = found.start() - 1, found.end()
    return _Built(file_name[:begin], build, file_name[end:])
