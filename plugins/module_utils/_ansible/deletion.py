# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for modules that delete: their options, and what they return."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.last_resort import unforeseen
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import INTERRUPTED
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protected import UNKNOWN
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    BAD_RESULTS,
    RESULTS,
    Outcome,
    Result,
    deletion_diff,
    in_words,
    summarize,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.targets import Target
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time

#: The options of doc fragment `deletes`.
DELETE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["absent"], "required": True},
    "verify": {"type": "bool", "default": True},
    "unless_modified_since": {"type": "str"},
    "tolerate": {"type": "list", "elements": "str", "choices": ["protected", "not_deletable"], "default": []},
}


def deletion_options(module: AnsibleModule) -> Options:
    """How to delete, out of the options of doc fragment `deletes`. Raises :class:`InvalidInput`."""
    since = module.params["unless_modified_since"]
    try:
        return Options(module.check_mode, module.params["verify"], parse_time(since) if since is not None else None)
    except ValueError:
        raise InvalidInput(f"unless_modified_since {since!r} is not a time such as 2026-11-21T10:00:00Z") from None


def deletion_report(
    module: AnsibleModule, targets: t.Sequence[Target], outcome: Outcome, what: str
) -> dict[str, t.Any]:
    """What `package` and `package_file` return: ``changed``, ``results``, ``summary``, and whether the task fails."""
    done = iter(outcome.results)
    results = [target.result or next(done) for target in targets]
    report = result_report(results, RESULTS, outcome, {*BAD_RESULTS} - {*module.params["tolerate"]})
    return {**report, "diff": deletion_diff(results, what)} if module._diff else report


def result_report(
    results: t.Sequence[Result], kinds: t.Sequence[str], outcome: Outcome, bad_kinds: t.Collection[str]
) -> dict[str, t.Any]:
    """``changed``, ``results`` and ``summary``; ``failed`` and ``msg`` where a result is one of ``bad_kinds``.

    ``outcome`` says what else went wrong; of its results ``results`` may be more, or hold more.
    """
    summary = summarize(results, kinds)
    report: dict[str, t.Any] = {
        "changed": summary["deleted"] > 0,
        "results": list(results),
        "summary": {**summary, **unforeseen_rules(outcome)},
    }
    bad = [result for result in results if result["result"] in bad_kinds]
    if outcome.stopped:
        done = f"{summary['deleted']} of {len(results)} deleted, see results"
        foreseen = isinstance(outcome.stopped, KeyboardInterrupt)
        report.update(failed=True, msg=f"{INTERRUPTED if foreseen else unforeseen(outcome.stopped)} ({done})")
    elif bad:
        report.update(failed=True, msg=f"{len(bad)} of {len(results)} could not be deleted: {in_words(bad)}")
    elif outcome.verify_error:
        problem = f"deleted, but the list that should prove it failed: {outcome.verify_error.message}"
        report.update(failed=True, msg=problem)
    return report


def unforeseen_rules(outcome: Outcome) -> dict[str, str]:
    """What a summary says where rules may refuse more, or less, than check mode could foresee."""
    return {"protection": UNKNOWN} if outcome.protection == UNKNOWN else {}
