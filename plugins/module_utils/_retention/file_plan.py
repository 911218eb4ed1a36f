# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a plan on files inside packages that stay: ``delete_files`` and ``summary.files``. Pure.

Both are there only where the policy has rules of ``files``.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_rules import File, files_to_delete
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import FileRule, Policy

Entry = t.Mapping[str, t.Any]

#: What an entry of ``delete_files`` tells of the package of its file.
PACKAGE_KEYS = ("project_id", "project_path", "name", "version", "package_type")


class Governed(t.NamedTuple):
    """What a file rule makes of a package that stays: entries of ``delete_files``, and how many of its files stay.

    ``delete`` is None where the files of the package cannot be read.
    """

    rule: str
    delete: list[dict[str, t.Any]] | None
    keep: int = 0


def govern(package: Package, rule: FileRule, files: t.Sequence[File]) -> Governed:
    """What ``rule`` makes of a package with these files, which are all that it has (E4)."""
    going = files_to_delete(package, files, rule)
    entries = [file_entry(package, file, rule.name, reason) for file, reason in going]
    return Governed(rule.name, entries, len(files) - len(entries))


def plan_files(policy: Policy, governed: t.Iterable[Governed]) -> tuple[list[dict[str, t.Any]], dict[str, t.Any]]:
    """``delete_files`` and ``summary.files`` of a plan.

    ``files`` = ``delete`` + ``keep``; ``bytes`` are those of the files to delete; ``unreadable`` counts packages, of
    which nothing goes.
    """
    entries: list[dict[str, t.Any]] = []
    by_rule = {rule.name: {"delete": 0, "keep": 0, "bytes": 0} for rule in policy.files}
    unreadable = 0
    for one in governed:
        if one.delete is None:
            unreadable += 1
            continue
        entries += one.delete
        counts = by_rule[one.rule]
        counts["delete"] += len(one.delete)
        counts["keep"] += one.keep
        counts["bytes"] += size_of(one.delete)
    totals = {key: sum(counts[key] for counts in by_rule.values()) for key in ("delete", "keep", "bytes")}
    summary = {"files": totals["delete"] + totals["keep"], **totals, "unreadable": unreadable, "by_rule": by_rule}
    return entries, summary


def file_entry(package: Package, file: File, rule: str, reason: str) -> dict[str, t.Any]:
    """What a plan tells of a file to delete, as it was listed."""
    return {
        "id": file["id"],
        "package_id": package["id"],
        **{key: package.get(key) for key in PACKAGE_KEYS},
        "file_name": file["file_name"],
        "size": file.get("size"),
        "created_at": file.get("created_at"),
        "rule": rule,
        "reason": reason,
    }


def size_of(files: t.Iterable[Entry]) -> int:
    """The bytes of files whose sizes are known."""
    return sum(file.get("size") or 0 for file in files)


def packages_with_files(entries: t.Iterable[Entry]) -> list[dict[str, t.Any]]:
    """The packages of some entries of ``delete_files``, in their order, each with its entries as ``files``."""
    packages: dict[tuple[int, int], dict[str, t.Any]] = {}
    for entry in entries:
        key = (entry["project_id"], entry["package_id"])
        if key not in packages:
            packages[key] = {"id": entry["package_id"], **{k: entry[k] for k in PACKAGE_KEYS}, "files": []}
        packages[key]["files"].append(entry)
    return list(packages.values())
