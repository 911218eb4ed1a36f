# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for modules that plan and apply retention: their options, and what they return."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.deletion import (
    result_report,
    unforeseen_rules,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import SCOPE_OPTIONS
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protected import UNKNOWN
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    BAD_RESULTS,
    Outcome,
    Result,
    summarize,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_reference_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import PLAN_RESULTS
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import (
    DocumentError,
    read_document,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_plan import size_of
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.gates import (
    DRIFT,
    PLAN_GATES,
    GateError,
    Gates,
    read_gates,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_files import read_keep_lists
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_lists import (
    KeepListError,
    Keeps,
    combine,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_file import parts_of
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import PlanError
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_text import (
    diff_text,
    overview,
    results_text,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import PlanRequest
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import (
    Policy,
    PolicyError,
    validate_policy,
)

#: Errors of the pure code whose text is a sentence for the user.
REFUSALS = (PolicyError, PlanError, DocumentError, KeepListError, GateError)

#: A policy is written by hand: a larger file is another one.
MAX_POLICY_BYTES = 2**22

#: The options of doc fragment `retention` but for the policy, which `validate_policy` checks with better words.
RETENTION_OPTIONS: dict[str, dict[str, t.Any]] = {
    **SCOPE_OPTIONS,
    "projects": {"type": "list", "elements": "str"},
    "groups": {"type": "list", "elements": "str"},
    "keep_lists": {"type": "list", "elements": "path", "default": []},
    "reference_time": {"type": "str"},
    "explain_keeps": {"type": "bool", "default": False},
    "with_sizes": {"type": "bool", "default": False},
    "fail_on": {"type": "list", "elements": "raw", "default": []},
}
#: Where a plan is for: one project, one group, or lists of both.
SCOPE_NAMES = ("project", "group", "projects", "groups")
#: What of these excludes each other.
ONE_SCOPE = [("project", "group"), *((one, many) for one in SCOPE_NAMES[:2] for many in SCOPE_NAMES[2:])]


def plan_request_from(params: t.Mapping[str, t.Any], sizes: bool = True) -> PlanRequest:
    """The plan that the options of doc fragment `retention` ask for; without ``sizes`` it reads no files of its own.

    Raises PolicyError, KeepListError, DocumentError, :class:`InvalidInput`.
    """
    policy = policy_from(params)
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


def gates_from(params: t.Mapping[str, t.Any], known: t.Sequence[str] = PLAN_GATES) -> Gates:
    """The gates of the options. Raises GateError for one that is none, or that the other options leave untold."""
    gates = read_gates(params["fail_on"], known)
    makes_plan = params.get("plan") is params.get("plan_file") is None
    if gates.over is not None and makes_plan and not params["with_sizes"]:
        raise GateError("fail_on: over needs sizes: set with_sizes")
    return gates


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
    files = params["max_file_deletions"]
    if files is not None and files < 0:
        raise InvalidInput(f"max_file_deletions must not be negative, not {files}")
    return {"max_deletions": deletions, "max_delete_percent": percent, "max_file_deletions": files}


def retention_report(
    module: AnsibleModule, plan: dict[str, t.Any], outcome: Outcome, of_files: Outcome, gates: Gates
) -> dict[str, t.Any]:
    """What `package_retention` returns; what has drifted fails the task unless it is to be skipped, and no gate."""
    params = module.params
    skips = params["on_drift"] == "skip" and DRIFT not in gates.names
    bad = {*BAD_RESULTS, "drifted"} - {*params["tolerate"]} - ({"drifted"} if skips else set())
    entries, files = parts_of(plan, params["batch"])
    results = _with_plan(outcome.results, entries)
    file_results = _with_plan(of_files.results, files)
    whole = replace(
        outcome,
        verify_error=outcome.verify_error or of_files.verify_error,
        stopped=outcome.stopped or of_files.stopped,
        protection=UNKNOWN if UNKNOWN in (outcome.protection, of_files.protection) else outcome.protection,
    )
    report = result_report([*results, *file_results], PLAN_RESULTS, whole, bad)
    report.update(results=results, summary={**summarize(results, PLAN_RESULTS), **unforeseen_rules(whole)})
    report["text"] = results_text(results, PLAN_RESULTS)
    report["overview"] = overview(plan)
    if "delete_files" in plan:
        freed = size_of(result for result in file_results if result["result"] == "deleted")
        report["file_results"] = file_results
        report["file_summary"] = {**summarize(file_results, PLAN_RESULTS), "bytes": freed}
        report["text"] += results_text(file_results, PLAN_RESULTS, "file")
    # A batch of many does not repeat the whole plan.
    lists = ("delete", "keep", "delete_files") if params["batch"] else ()
    report["plan"] = {key: value for key, value in plan.items() if key not in lists}
    if module._diff and report["changed"]:
        report["diff"] = {"prepared": diff_text(_done(plan, results, file_results))}
    return report


def _with_plan(results: t.Sequence[Result], entries: t.Sequence[t.Mapping[str, t.Any]]) -> list[Result]:
    """Results with what the plan says of each, by ID and not by place: a plan may have files in any order."""
    by_id = {result["id"]: result for result in results}
    return [
        {**by_id[entry["id"]], **{key: entry[key] for key in ("rule", "size") if entry.get(key) is not None}}
        for entry in entries
    ]


def _done(plan: dict[str, t.Any], results: t.Sequence[Result], file_results: t.Sequence[Result]) -> dict[str, t.Any]:
    """A plan of just what was deleted."""
    done = {**plan, "summary": {**plan["summary"]}}
    for key, some in (("delete", results), ("delete_files", file_results)):
        if key in plan:
            deleted = {result["id"] for result in some if result["result"] == "deleted"}
            done[key] = [entry for entry in plan[key] if entry["id"] in deleted]
    done["summary"]["delete"] = len(done["delete"])
    done["summary"].pop("protection", None)  # that is known by now
    if "files" in plan["summary"]:
        done["summary"]["files"] = {**plan["summary"]["files"], "delete": len(done["delete_files"])}
    return done
