# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what an archive holds of a package is in a project: by names and checksums (E4). Pure."""

from __future__ import annotations

import typing as t
from collections import defaultdict
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._files.checksums import told
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.base import Entry, Format
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown

PackageFile = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Presence:
    """Of the files that are to be there, the ``missing`` ones, in their order; ``other`` says what is there instead."""

    missing: list[Entry]
    other: str | None = None


def is_same(entry: Entry, file: PackageFile, names_files: bool) -> bool:
    """Whether a file of GitLab is the archived one: by the strongest checksum that GitLab tells of it."""
    if names_files and file["file_name"] != entry["file"]["file_name"]:
        return False
    sum_told = told(file)
    if sum_told is None or file.get("size") not in (None, entry["size"]):
        return False
    kind, digest = sum_told
    due = entry["sha256"] if kind == "sha256" else entry["file"].get(f"file_{kind}")
    return bool(due) and digest == due.lower()


def compare(form: Format, entries: t.Sequence[Entry], files: t.Sequence[PackageFile]) -> Presence:
    """What of ``entries`` (all of a manifest) is among the package's files (E4, in its order)."""
    due = form.sent(entries)
    # What GitLab makes by itself is neither due nor in the way.
    there = [pseudo["file"] for pseudo in form.sent([{"file": file} for file in files])]
    missing = list(due)
    for file in there:
        match = next((entry for entry in missing if is_same(entry, file, form.names_files)), None)
        if match is None:
            return Presence(missing, f"it holds a file {shown(file['file_name'])} that the archive's does not")
        missing.remove(match)
    if missing and there and not form.takes_more:
        return Presence(missing, "it is there without all of its files, and takes no more")
    if form.names_files and _out_of_order(due, missing):
        return Presence(missing, "of several files with one name the newer ones are there, and the older ones are not")
    return Presence(missing)


def _out_of_order(due: t.Sequence[Entry], missing: t.Sequence[Entry]) -> bool:
    """Whether a file would come after one of its name that it was before."""
    absent = {id(entry) for entry in missing}
    by_name: dict[str, list[bool]] = defaultdict(list)
    for entry in due:
        by_name[entry["file"]["file_name"]].append(id(entry) in absent)
    return any(flags != sorted(flags) for flags in by_name.values())
