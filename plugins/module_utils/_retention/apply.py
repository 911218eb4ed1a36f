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
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    RESULTS,
    Outcome,
    Result,
    result_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import UNREADABLE, Comparison

#: Every result of applying a plan, in the order of a summary.
PLAN_RESULTS = (*RESULTS, "drifted")
#: What becomes of packages that are not deleted.
RESULT_OF_STATE = {"drifted": "drifted", UNREADABLE: "failed"}
Plan = dict[str, t.Any]


def apply_plan(
    api: PackagesApi, plan: Plan, comparisons: t.Sequence[Comparison], scope: Scope, options: Options
) -> Outcome:
    """Delete what the plan lists and what is as it was; what is gone is fine, what has drifted is left.

    The deletes carry the plan's time as ``If-Unmodified-Since``, so that a change after the comparison shows too.
    """
    # The header is exact to the second, GitLab's times to the millisecond: what was published in the very second of
    # the plan, and is in it, must not count as changed after it.
    planned = parse_time(plan["created_at"])
    since = datetime.fromtimestamp(math.ceil(planned.timestamp()), timezone.utc)
    unchanged = [dict(comparison.entry) for comparison in comparisons if comparison.state == "unchanged"]
    options = replace(options, unmodified_since=since, changed="drifted", since_words="the plan was made")
    outcome = delete_packages(api, unchanged, options, scope)
    done = iter(outcome.results)
    results: list[Result] = []
    for comparison in comparisons:
        if comparison.state == "gone":
            results.append(result_of(dict(comparison.entry), "already_absent"))
        elif comparison.state in RESULT_OF_STATE:
            results.append(result_of(dict(comparison.entry), RESULT_OF_STATE[comparison.state], comparison.reason))
        else:
            results.append(next(done))
    return Outcome(results, outcome.verify_error)
