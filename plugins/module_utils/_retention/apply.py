# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is applied: what is as it was goes, what is gone is fine, what has drifted is left. Nothing of Ansible.

What has drifted is found in drift.py; how a package is deleted is in _packages/deletion.py.
"""

from __future__ import annotations

import math
import typing as t
from dataclasses import replace
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.attempts import Look
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    RESULTS,
    Outcome,
    Result,
    result_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import moment, parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import PUBLISHED_ONCE
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import UNREADABLE, Comparison

#: Every result of applying a plan, in the order of a summary.
PLAN_RESULTS = (*RESULTS, "drifted")
#: What becomes of packages that are not deleted.
RESULT_OF_STATE = {"drifted": "drifted", UNREADABLE: "failed"}
Plan = dict[str, t.Any]


def apply_plan(
    api: PackagesApi,
    plan: Plan,
    comparisons: t.Sequence[Comparison],
    options: Options,
    *,
    check_files: bool = True,
    keep: t.Callable[[Look | None], Look | None] = lambda look: look,
) -> Outcome:
    """Delete what the plan lists and what is as it was; what is gone is fine, what has drifted is left.

    The deletes carry the plan's time as ``If-Unmodified-Since``, so that a change after the comparison shows too.
    GitLab does not count a new file as a change of its package: with ``check_files`` the files of each package are
    read (E4) right before its delete, where its type lets a version be published again. ``keep`` makes of that look the
    one that is asked, such as one that archives.
    """
    planned = parse_time(plan["created_at"])
    unchanged = [dict(comparison.entry) for comparison in comparisons if comparison.state == "unchanged"]
    options = options_of_plan(plan, options)
    look = (lambda package: republished(api, package, planned)) if check_files else None
    outcome = delete_packages(api, unchanged, options, look=keep(look))
    done = iter(outcome.results)
    results: list[Result] = []
    for comparison in comparisons:
        if comparison.state == "gone":
            results.append(result_of(dict(comparison.entry), "already_absent"))
        elif comparison.state in RESULT_OF_STATE:
            results.append(result_of(dict(comparison.entry), RESULT_OF_STATE[comparison.state], comparison.reason))
        else:
            results.append(next(done))
    return replace(outcome, results=results)


def options_of_plan(plan: Plan, options: Options) -> Options:
    """How to delete what was as it is when the plan was made."""
    # The header is exact to the second, GitLab's times to the millisecond: what was published in the very second of
    # the plan, and is in it, must not count as changed after it.
    since = datetime.fromtimestamp(math.ceil(parse_time(plan["created_at"]).timestamp()), timezone.utc)
    return replace(options, unmodified_since=since, changed="drifted", since_words="the plan was made")


def republished(api: PackagesApi, package: Package, planned: datetime) -> str | None:
    """Why a package's files (E4) show that it was published again after ``planned`` (aware); None: they do not.

    Raises the errors of _gitlab/errors.py.
    """
    if package["package_type"] in PUBLISHED_ONCE:
        return None
    for file in api.package_files(package["project_id"], package["id"]):
        created = moment(file.get("created_at"))
        if created is None:
            return f"the time of its file {shown(file['file_name'])} is unknown: it may be newer than the plan"
        if created > planned:
            return f"its file {shown(file['file_name'])} was published at {shown(file['created_at'])}, after the plan"
    return None
