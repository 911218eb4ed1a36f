# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for modules that plan and apply retention: their options, and what they return."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.deletion import result_report
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import SCOPE_OPTIONS
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import BAD_RESULTS, Outcome
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_reference_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import PLAN_RESULTS
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import (
    DocumentError,
    read_document,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_files import read_keep_lists
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_lists import (
    KeepListError,
    Keeps,
    combine,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_file import batch_of
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import PlanError
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_text import diff_text, results_text
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import PlanRequest
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import (
    Policy,
    PolicyError,
    validate_policy,
)

#: Errors of the pure code whose text is a sentence for the user.
REFUSALS = (PolicyError, PlanError, DocumentError, KeepListError)

#: A policy is written by hand: a larger file is another one.
MAX_POLICY_BYTES = 2**22

#: The options of doc fragment `retention` but for the policy, which `validate_policy` checks with better words.
RETENTION_OPTIONS: dict[str, dict[str, t.Any]] = {
    **SCOPE_OPTIONS,
    "keep_lists": {"type": "list", "elements": "path", "default": []},
    "reference_time": {"type": "str"},
    "explain_keeps": {"type": "bool", "default": False},
    "with_sizes": {"type": "bool", "default": False},
}


def plan_request_from(params: t.Mapping[str, t.Any], sizes: bool = True) -> PlanRequest:
    """The plan that the options of doc fragment `retention` ask for; without ``sizes`` it reads no files of its own.

    Raises PolicyError, KeepListError, DocumentError, :class:`InvalidInput`.
    """
    policy = policy_from(params)
    if policy.files:
        # Until they are planned and applied: what would be ignored must not look as if it were heard.
        raise InvalidInput("policy: files are not looked at yet: leave the rules of files out")
    try:
        text = params["reference_time"]
        reference_time = parse_reference_time(text) if text is not None else None
    except ValueError as error:
        raise InvalidInput(str(error)) from None
    return PlanRequest(
        policy,
        reference_time,
        params["explain_keeps"],
        sizes and params["with_sizes"],
        read_keep_lists(params["keep_lists"]),
    )


def listed_now(params: t.Mapping[str, t.Any]) -> Keeps | None:
    """What the keep lists of the options keep now; None if none is named. Raises KeepListError, DocumentError."""
    files = read_keep_lists(params["keep_lists"])
    return combine(files.lists, datetime.now(timezone.utc)) if files.lists else None


def policy_from(params: t.Mapping[str, t.Any]) -> Policy:
    """The policy of the options, or of the file that they name. Raises PolicyError, DocumentError."""
    path = params.get("policy_file")
    if path is None:
        return validate_policy(params["policy"])
    try:
        return validate_policy(read_document(path, "policy_file", MAX_POLICY_BYTES))
    except PolicyError as error:
        raise PolicyError(f"policy_file {printable(path)!r}: {error}") from None


def check_limits(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The guards of package_retention. Raises :class:`InvalidInput` for what is no limit."""
    deletions, percent = params["max_deletions"], params["max_delete_percent"]
    if deletions is not None and deletions < 0:
        raise InvalidInput(f"max_deletions must not be negative, not {deletions}")
    if percent is not None and not 0 <= percent <= 100:
        raise InvalidInput(f"max_delete_percent must be between 0 and 100, not {percent:g}")
    return {"max_deletions": deletions, "max_delete_percent": percent}


def retention_report(module: AnsibleModule, plan: dict[str, t.Any], outcome: Outcome) -> dict[str, t.Any]:
    """What `package_retention` returns; what has drifted fails the task unless it is to be skipped."""
    params = module.params
    bad = {*BAD_RESULTS, "drifted"} - {*params["tolerate"]} - ({"drifted"} if params["on_drift"] == "skip" else set())
    entries = batch_of(plan["delete"], params["batch"])
    results = [
        {**result, **{key: entry[key] for key in ("rule", "size") if key in entry}}
        for result, entry in zip(outcome.results, entries)
    ]
    report = result_report(results, PLAN_RESULTS, outcome, bad)
    report["text"] = results_text(results, PLAN_RESULTS)
    # A batch of many does not repeat the whole plan.
    report["plan"] = {k: v for k, v in plan.items() if k not in ("delete", "keep")} if params["batch"] else plan
    if module._diff and report["changed"]:
        deleted = {result["id"] for result in outcome.results if result["result"] == "deleted"}
        entries = [entry for entry in plan["delete"] if entry["id"] in deleted]
        shown = {**plan, "delete": entries, "summary": {**plan["summary"], "delete": len(entries)}}
        report["diff"] = {"prepared": diff_text(shown)}
    return report
