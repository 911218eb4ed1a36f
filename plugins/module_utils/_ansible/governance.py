# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for modules that declare rules, policies and settings: their options, and what they return."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.last_resort import unforeseen
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import INTERRUPTED, TEXT
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.names import KEEP, SETTINGS, WORDS
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.protection import ProjectRules
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.results import (
    Outcome,
    changed,
    diff,
    summary,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.rules import (
    DELETE,
    LEVELS,
    LONGEST_PATTERN,
    PATTERN,
    PUSH,
    TYPE,
    TYPES,
    Wanted,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import not_text

Options = dict[str, dict[str, t.Any]]
#: One protection rule.
RULE_OPTIONS: Options = {
    PATTERN: TEXT,
    TYPE: {"type": "str", "choices": list(TYPES)},
    PUSH: {"type": "str", "choices": list(LEVELS[PUSH])},
    DELETE: {"type": "str", "choices": list(LEVELS[DELETE])},
}
#: The same as an entry of `rules`, with what `package_protection_rule_info` returns beside it.
RULE_ENTRY: Options = {
    "project": {"type": "str"},
    **RULE_OPTIONS,
    PATTERN: {"type": "raw", "required": True},
    TYPE: {**RULE_OPTIONS[TYPE], "required": True},
    "state": {"type": "str", "choices": ["present", "absent"]},
    "id": {"type": "int"},
    "project_id": {"type": "int"},
}
POLICY_OPTIONS: Options = {KEEP: {"type": "str", "choices": list(WORDS)}}
SETTING_OPTIONS: Options = {name: {"type": "bool" if kind is bool else "str"} for name, kind in SETTINGS.items()}


def declared_rules(params: t.Mapping[str, t.Any]) -> list[ProjectRules]:
    """What is wanted of each project, out of the options of `package_protection_rule`. Raises :class:`InvalidInput`."""
    named = projects_of(params)
    wanted: dict[str, list[Wanted]] = {project: [] for project in named}
    single = params["rules"] is None
    for number, entry in enumerate([params] if single else params["rules"], start=1):
        where = "" if single else f"rules[{number}]."
        of = [entry["project"].strip()] if not single and entry["project"] is not None else named
        if not of:
            raise InvalidInput(f"{where}project is required where neither project nor projects is given")
        for project in of:
            wanted.setdefault(project, []).append(_wanted(entry, where, params["state"]))
    for project, rules in wanted.items():
        keys = [one.key for one in rules]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice:
            raise InvalidInput(f"project {project!r}: the rule {twice[0]} {twice[1]!r} is given twice")
    return [ProjectRules(project, rules, bool(params["purge"])) for project, rules in wanted.items()]


def _wanted(entry: t.Mapping[str, t.Any], where: str, state: str) -> Wanted:
    pattern = entry[PATTERN]
    if not isinstance(pattern, str):
        raise InvalidInput(not_text(f"{where}{PATTERN}", pattern))
    if not 0 < len(pattern) <= LONGEST_PATTERN:
        raise InvalidInput(f"{where}{PATTERN} must have 1 to {LONGEST_PATTERN} characters, not {len(pattern)}")
    return Wanted(entry[TYPE], pattern, entry[PUSH], entry[DELETE], (entry["state"] or state) == "present")


def projects_of(params: t.Mapping[str, t.Any]) -> list[str]:
    """The projects that `project` and `projects` name, each once."""
    named = [params["project"]] if params["project"] is not None else params["projects"] or []
    return list(dict.fromkeys(name.strip() for name in named))


def declared_policies(params: t.Mapping[str, t.Any]) -> list[tuple[str, str | None]]:
    """The projects of `package_cleanup_policy`, with how many files each is to keep. Raises :class:`InvalidInput`."""
    entries = params["policies"]
    pairs = (
        [(entry["project"].strip(), entry[KEEP]) for entry in entries]
        if entries is not None
        else [(project, params[KEEP]) for project in projects_of(params)]
    )
    return _each_once(pairs, "project")


def declared_settings(params: t.Mapping[str, t.Any]) -> list[tuple[str, dict[str, t.Any]]]:
    """The groups of `package_settings`, with the settings that are given. Raises :class:`InvalidInput`."""
    entries = params["groups"] if params["groups"] is not None else [params]
    given = [
        (entry["group"].strip(), {name: entry[name] for name in SETTINGS if entry[name] is not None})
        for entry in entries
    ]
    return _each_once(given, "group")


V = t.TypeVar("V")


def _each_once(pairs: list[tuple[str, V]], kind: str) -> list[tuple[str, V]]:
    names = [name for name, _value in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput(f"{kind} {twice!r} is given twice")
    return pairs


def governance_report(module: AnsibleModule, outcome: Outcome, what: str) -> dict[str, t.Any]:
    """``changed``, ``results``, ``summary`` and the diff; ``failed`` and ``msg`` where something failed. Warns too."""
    results = outcome.results
    report: dict[str, t.Any] = {
        "changed": changed(results),
        "results": [result.as_dict() for result in results],
        "summary": summary(results),
    }
    if module._diff:
        report["diff"] = diff(results, what)
    for warning in [*outcome.warnings, *dict.fromkeys(r.warning for r in results if r.warning)]:
        of = [result.what for result in results if result.warning == warning]
        more = f" and {len(of) - 3} more" if len(of) > 3 else ""
        module.warn(f"{', '.join(of[:3])}{more}: {warning}" if of else warning)
    failed = [result for result in results if result.result == "failed"]
    done = f"{len(failed)} of {len(results)} failed"
    if outcome.stopped:
        foreseen = isinstance(outcome.stopped, KeyboardInterrupt)
        report.update(
            failed=True, msg=f"{INTERRUPTED if foreseen else unforeseen(outcome.stopped)} ({done}, see results)"
        )
    elif failed:
        shown = "; ".join(f"{result.what}: {result.message}" for result in failed[:5])
        more = f"; and {len(failed) - 5} more, see results" if len(failed) > 5 else ""
        report.update(failed=True, msg=f"{done}: {shown}{more}")
    return report
