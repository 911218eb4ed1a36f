# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plans would delete inside packages that stay, for a report: files counted by rule, and the largest of them."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import TopList

_COUNTS = ("files", "delete", "keep", "bytes", "unreadable")
_FIELDS = ("id", "package_id", "project_id", "project_path", "name", "version", "package_type", "file_name", "size")


def files_part(plans: Sequence[Mapping[str, t.Any]]) -> dict[str, t.Any] | None:
    """The ``plan.files`` part of the report; None where no plan has rules of files.

    The counts are those of ``summary.files``, added up; ``bytes`` are of the files to delete. ``deletions`` lists the
    largest files first.
    """
    summaries = [plan["summary"]["files"] for plan in plans if "delete_files" in plan]
    if not summaries:
        return None
    by_rule: dict[str, dict[str, int]] = {}
    for summary in summaries:
        for rule, counts in summary["by_rule"].items():
            row = by_rule.setdefault(rule, {"delete": 0, "keep": 0, "bytes": 0})
            for key in row:
                row[key] += counts[key]
    top = TopList()
    for plan in plans:
        for entry in plan.get("delete_files", ()):
            row_of_file = {key: entry[key] for key in (*_FIELDS, "created_at", "rule", "reason")}
            top.add((-(entry["size"] or 0), entry["id"]), row_of_file)
    return {
        **{key: sum(summary[key] for summary in summaries) for key in _COUNTS},
        "by_rule": [{"rule": rule, **counts} for rule, counts in by_rule.items()],
        "deletions": {"total": top.total, "rows": top.values()},
    }
