# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible: connection options, the module object, errors as ``fail_json``, results as ``exit_json``."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from ansible_collections.registryops.gitlab.plugins.module_utils.client import (
    REQUESTS_IMPORT_ERROR,
    Client,
    Connection,
    Token,
)
from ansible_collections.registryops.gitlab.plugins.module_utils.deletion import (
    BAD_RESULTS,
    RESULTS,
    Options,
    Outcome,
    Result,
    deletion_diff,
    line,
    summarize,
)
from ansible_collections.registryops.gitlab.plugins.module_utils.errors import GitlabError, InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils.governance import (
    PLAN_RESULTS,
    PlanRequest,
    batch_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils.packages_api import PackagesApi, Scope
from ansible_collections.registryops.gitlab.plugins.module_utils.plan import PlanError, diff_text, results_text
from ansible_collections.registryops.gitlab.plugins.module_utils.policy import PolicyError, validate_policy
from ansible_collections.registryops.gitlab.plugins.module_utils.selection import PACKAGE_TYPES, STATUSES, Selection
from ansible_collections.registryops.gitlab.plugins.module_utils.targets import Target
from ansible_collections.registryops.gitlab.plugins.module_utils.times import parse_reference_time, parse_time

TOKEN_OPTIONS = {"api_token": "private", "api_oauth_token": "oauth", "api_job_token": "job"}

#: The options of doc fragment `connection`. Tokens of the environment are read in :func:`connection_from`, not by
#: fallbacks: a task's token and one of another kind in the environment do not exclude each other.
CONNECTION_OPTIONS: dict[str, dict[str, t.Any]] = {
    "api_url": {
        "type": "str",
        "default": "https://gitlab.com",
        "fallback": (env_fallback, ["GITLAB_API_URL", "CI_API_V4_URL"]),
    },
    "api_token": {"type": "str", "no_log": True},
    "api_oauth_token": {"type": "str", "no_log": True},
    "api_job_token": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 30},
    "retries": {"type": "int", "default": 5},
    "concurrency": {"type": "int", "default": 8},
}
#: Where packages are listed.
SCOPE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "project": {"type": "str"},
    "group": {"type": "str"},
    "exclude_subgroups": {"type": "bool", "default": False},
}
#: The options of doc fragment `selection`.
SELECTION_OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str"},
    "name_search": {"type": "str"},
    "version": {"type": "str"},
    "package_type": {"type": "list", "elements": "str", "choices": list(PACKAGE_TYPES)},
    "status": {"type": "list", "elements": "str", "choices": ["all", *STATUSES]},
    "include_versionless": {"type": "bool", "default": False},
}
#: The options of doc fragment `retention` but for the policy, which `validate_policy` checks with better words.
RETENTION_OPTIONS: dict[str, dict[str, t.Any]] = {
    **SCOPE_OPTIONS,
    "reference_time": {"type": "str"},
    "explain_keeps": {"type": "bool", "default": False},
    "with_sizes": {"type": "bool", "default": False},
}
#: One package, in `package_file_info`, `package_file` and `package`.
PACKAGE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str"},
    "version": {"type": "str"},
    "package_type": {"type": "str", "choices": list(PACKAGE_TYPES)},
}
#: The options of doc fragment `deletes`.
DELETE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["absent"], "required": True},
    "verify": {"type": "bool", "default": True},
    "unless_modified_since": {"type": "str"},
    "tolerate": {"type": "list", "elements": "str", "choices": ["protected", "not_deletable"], "default": []},
}


def create_module(options: dict[str, dict[str, t.Any]], **more: t.Any) -> AnsibleModule:
    """An AnsibleModule with the connection's options and these; ``more`` goes to AnsibleModule."""
    exclusive = [tuple(TOKEN_OPTIONS), *more.pop("mutually_exclusive", ())]
    module = AnsibleModule(
        argument_spec={**CONNECTION_OPTIONS, **options},
        mutually_exclusive=exclusive,
        supports_check_mode=True,
        **more,
    )
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    return module


def connection_from(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> Connection:
    """The connection that the options describe, with a token of the environment where they name none.

    ``GITLAB_TOKEN`` comes before ``CI_JOB_TOKEN``. Raises :class:`InvalidInput`.
    """
    tokens = [(option, kind, params[option]) for option, kind in TOKEN_OPTIONS.items() if params.get(option)]
    if not tokens and environ.get("GITLAB_TOKEN"):
        tokens = [("GITLAB_TOKEN", "private", environ["GITLAB_TOKEN"])]
    if not tokens and environ.get("CI_JOB_TOKEN"):
        tokens = [("CI_JOB_TOKEN", "job", environ["CI_JOB_TOKEN"])]
    if len(tokens) > 1:
        raise InvalidInput(f"{' and '.join(name for name, _kind, _value in tokens)} exclude each other: give one token")
    token = None
    for name, kind, value in tokens:
        if not re.fullmatch(r"[!-~]+", value.strip()):
            raise InvalidInput(f"{name} holds characters that no token has, such as a space or a line break inside it")
        token = Token(kind, value.strip())
    for option, least, most in (("timeout", 0.001, 3600), ("retries", 0, 100), ("concurrency", 1, 64)):
        if not least <= params[option] <= most:
            raise InvalidInput(f"{option} must be between {least:g} and {most}, not {params[option]:g}")
    ca_path = params.get("ca_path")
    if ca_path and not os.path.exists(ca_path):
        raise InvalidInput(f"ca_path {ca_path!r} does not exist")
    return Connection(
        api_url=params["api_url"],
        token=token,
        validate_certs=params["validate_certs"],
        ca_path=ca_path,
        timeout=params["timeout"],
        retries=params["retries"],
        concurrency=params["concurrency"],
    )


def scope_from(params: t.Mapping[str, t.Any]) -> Scope:
    """The project or group that the options name. Raises :class:`InvalidInput` if they name none."""
    if params.get("project") is not None:
        return Scope("project", params["project"].strip())
    if params.get("group") is not None:
        return Scope("group", params["group"].strip(), bool(params.get("exclude_subgroups")))
    raise InvalidInput("one of project and group is required")


def selection_from(params: t.Mapping[str, t.Any]) -> Selection:
    """The packages that the options of doc fragment `selection` mean, and ``id`` where there is one.

    Raises :class:`InvalidInput`; a lookup's options have been checked by nobody else.
    """
    statuses = tuple(params.get("status") or ())
    types = tuple(params.get("package_type") or ())
    for option, values, known in (("package_type", types, PACKAGE_TYPES), ("status", statuses, ("all", *STATUSES))):
        unknown = next((value for value in values if value not in known), None)
        if unknown is not None:
            raise InvalidInput(f"{option} {unknown!r} is none of {', '.join(known)}")
    if params.get("name") is not None and params.get("name_search") is not None:
        raise InvalidInput("name and name_search exclude each other")
    if params.get("name") == "":
        raise InvalidInput("name must not be empty: leave it out to list all packages")
    if params.get("id") is not None and params["id"] <= 0:
        raise InvalidInput(f"id must be a positive number, not {params['id']}")
    return Selection(
        package_id=params.get("id"),
        name=params.get("name"),
        name_search=params.get("name_search"),
        version=params.get("version"),
        package_types=types,
        statuses=STATUSES if "all" in statuses else statuses,
        include_versionless=params["include_versionless"],
    )


def deletion_options(module: AnsibleModule) -> Options:
    """How to delete, out of the options of doc fragment `deletes`. Raises :class:`InvalidInput`."""
    since = module.params["unless_modified_since"]
    try:
        return Options(module.check_mode, module.params["verify"], parse_time(since) if since is not None else None)
    except ValueError:
        raise InvalidInput(f"unless_modified_since {since!r} is not a time such as 2026-11-21T10:00:00Z") from None


def run_module(module: AnsibleModule, run: t.Callable[[PackagesApi], dict[str, t.Any]]) -> None:
    """Run with a connected API and exit with what it returns; every error becomes a failure with one sentence.

    What is returned may hold ``failed`` and ``msg``.
    """
    # A cancelled CI job or a timed-out task ends as an interrupted one does: nothing more is sent.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    api: PackagesApi | None = None
    try:
        connection = connection_from(module.params, os.environ)
        if connection.token:
            module.no_log_values.add(connection.token.value)
        with Client(connection) as client:
            api = PackagesApi(client)
            returned = run(api)
    except GitlabError as error:
        returned = {"failed": True, "msg": error.message, "error": error.as_dict()}
    except (PolicyError, PlanError) as error:
        returned = {"failed": True, "msg": str(error)}
    except ImportError:
        returned = {"failed": True, "msg": missing_required_lib("univers"), "exception": traceback.format_exc()}
    except KeyboardInterrupt:
        returned = {"failed": True, "msg": "interrupted: what was not done yet is left undone, run it again to go on"}
    for warning in api.client.warnings if api else ():
        module.warn(warning)
    if returned.get("failed"):
        module.fail_json(**returned)
    module.exit_json(**returned)


def plan_request_from(params: t.Mapping[str, t.Any], sizes: bool = True) -> PlanRequest:
    """The plan that the options of doc fragment `retention` ask for; without ``sizes`` it reads no files of its own.

    Raises PolicyError, :class:`InvalidInput`.
    """
    policy = validate_policy(params["policy"])
    try:
        text = params["reference_time"]
        reference_time = parse_reference_time(text) if text is not None else None
    except ValueError as error:
        raise InvalidInput(str(error)) from None
    return PlanRequest(policy, reference_time, params["explain_keeps"], sizes and params["with_sizes"])


def write_text(module: AnsibleModule, path: str, text: str) -> None:
    """Write a file as a whole or not at all. Raises :class:`InvalidInput` where that cannot be."""
    try:
        handle, temporary = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise InvalidInput(f"{path!r} cannot be written: {error.strerror}") from None
    module.atomic_move(temporary, path)


def check_limits(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The guards of package_retention. Raises :class:`InvalidInput` for what is no limit."""
    deletions, percent = params["max_deletions"], params["max_delete_percent"]
    if deletions is not None and deletions < 0:
        raise InvalidInput(f"max_deletions must not be negative, not {deletions}")
    if percent is not None and not 0 <= percent <= 100:
        raise InvalidInput(f"max_delete_percent must be between 0 and 100, not {percent:g}")
    return {"max_deletions": deletions, "max_delete_percent": percent}


def deletion_report(
    module: AnsibleModule, targets: t.Sequence[Target], outcome: Outcome, what: str
) -> dict[str, t.Any]:
    """What `package` and `package_file` return: ``changed``, ``results``, ``summary``, and whether the task fails."""
    done = iter(outcome.results)
    results = [target.result or next(done) for target in targets]
    report = _report(results, RESULTS, outcome.verify_error, {*BAD_RESULTS} - {*module.params["tolerate"]})
    return {**report, "diff": deletion_diff(results, what)} if module._diff else report


def retention_report(module: AnsibleModule, plan: dict[str, t.Any], outcome: Outcome) -> dict[str, t.Any]:
    """What `package_retention` returns; what has drifted fails the task unless it is to be skipped."""
    params = module.params
    bad = {*BAD_RESULTS, "drifted"} - {*params["tolerate"]} - ({"drifted"} if params["on_drift"] == "skip" else set())
    entries = batch_of(plan["delete"], params["batch"])
    results = [
        {**result, **{key: entry[key] for key in ("rule", "size") if key in entry}}
        for result, entry in zip(outcome.results, entries)
    ]
    report = _report(results, PLAN_RESULTS, outcome.verify_error, bad)
    report["text"] = results_text(results, PLAN_RESULTS)
    # A batch of many does not repeat the whole plan.
    report["plan"] = {k: v for k, v in plan.items() if k not in ("delete", "keep")} if params["batch"] else plan
    if module._diff and report["changed"]:
        deleted = {result["id"] for result in outcome.results if result["result"] == "deleted"}
        entries = [entry for entry in plan["delete"] if entry["id"] in deleted]
        shown = {**plan, "delete": entries, "summary": {**plan["summary"], "delete": len(entries)}}
        report["diff"] = {"prepared": diff_text(shown)}
    return report


def _report(
    results: t.Sequence[Result], kinds: t.Sequence[str], verify_error: GitlabError | None, bad_kinds: t.Collection[str]
) -> dict[str, t.Any]:
    summary = summarize(results, kinds)
    report: dict[str, t.Any] = {"changed": summary["deleted"] > 0, "results": list(results), "summary": summary}
    bad = [result for result in results if result["result"] in bad_kinds]
    if bad:
        shown = "; ".join(f"{line(r)}: {r['result']}: {r.get('message', '')}" for r in bad[:5])
        more = f"; and {len(bad) - 5} more, see results" if len(bad) > 5 else ""
        report.update(failed=True, msg=f"{len(bad)} of {len(results)} could not be deleted: {shown}{more}")
    elif verify_error:
        problem = f"deleted, but the list that should prove it failed: {verify_error.message}"
        report.update(failed=True, msg=problem)
    return report
