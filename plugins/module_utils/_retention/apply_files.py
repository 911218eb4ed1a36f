# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a plan are deleted, after its packages, out of packages that stay. Nothing of Ansible.

What has drifted is found in file_drift.py; how a file is deleted is in _packages/deletion.py.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, PackageNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackageFile, PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import LookAtFiles, delete_files
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import Outcome, Result, result_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import (
    RESULT_OF_STATE,
    Plan,
    options_of_plan,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import Comparison
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_drift import judge_files
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_plan import Entry, packages_with_files
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy


def apply_files(
    api: PackagesApi,
    plan: Plan,
    comparisons: t.Sequence[Comparison],
    options: Options,
    *,
    stopped: BaseException | None = None,
    keep: t.Callable[[LookAtFiles | None], LookAtFiles | None] = lambda look: look,
) -> Outcome:
    """Delete the files that ``comparisons`` hold (of `packages_with_files`) where their package is as it was.

    Right before the first delete of a package its files are read (E4), and the plan's file rule is asked again. Where
    it keeps now what the plan deletes, nothing of the package goes. ``keep`` makes of that look the one that is asked,
    such as one that archives. Where ``stopped`` ended the run before, nothing goes at all. The results are in the order
    of the files in ``comparisons``. Never raises.
    """
    results = {
        file["id"]: _result(comparison.entry, file, *_of_state(comparison))
        for comparison in comparisons
        for file in comparison.entry["files"]
    }
    unchanged = [comparison.entry for comparison in comparisons if comparison.state == "unchanged"]
    files = [(dict(package), dict(file)) for package in unchanged for file in package["files"]]
    if stopped is not None or not files:
        return Outcome(list(results.values()))
    try:
        look: LookAtFiles = _Look(api, plan)
        outcome = delete_files(api, files, options_of_plan(plan, options), look=keep(look))
    except KeyboardInterrupt as interrupt:
        return Outcome(list(results.values()), None, interrupt)
    results.update((result["id"], result) for result in outcome.results)
    return replace(outcome, results=list(results.values()))


class _Look:
    """The look at a package right before the first of its files goes."""

    def __init__(self, api: PackagesApi, plan: Plan) -> None:
        self._api = api
        # All of the plan, as a batch may hold some of the files of a package.
        self._planned = {one["id"]: one["files"] for one in packages_with_files(plan["delete_files"])}
        self._rules = {rule.name: rule for rule in validate_policy(plan["policy"]).files}

    def __call__(self, package: Package, files: t.Sequence[PackageFile]) -> dict[int, str | GitlabError]:
        rule = self._rules[files[0]["rule"]]
        there = self._api.package_files(package["project_id"], package["id"])
        gone, kept = judge_files(package, self._planned[package["id"]], there, rule)
        answers: dict[int, str | GitlabError] = {}
        for file in files:
            if file["id"] in gone:
                answers[file["id"]] = PackageNotFound(f"file {shown(file['file_name'])} is gone")
            elif kept is not None:
                answers[file["id"]] = kept
        return answers


def _of_state(comparison: Comparison) -> tuple[str, str | None]:
    """The result and the message of a file that is not tried, by the comparison of its package."""
    if comparison.state == "gone":
        return "already_absent", None
    if comparison.state in RESULT_OF_STATE:
        return RESULT_OF_STATE[comparison.state], comparison.reason
    return "failed", "not tried: interrupted"


def _result(package: Entry, file: Entry, result: str, message: str | None) -> Result:
    more = {"id": file["id"], "package_id": package["id"], "file_name": file["file_name"]}
    return {**result_of(dict(package), result, message), **more}
