# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protection rules of projects: read, compared with what is wanted, and brought there."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    InvalidInput,
    PreconditionFailed,
    Rejected,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.protection_api import ProtectionApi, RuleList
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.carrying_out import (
    Step,
    carry_out,
    converge,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.results import Outcome, Result
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.rules import (
    DELETE,
    NO_DELETE_LEVELS,
    NO_RULE,
    PATTERN,
    PUSH,
    TYPE,
    Change,
    Rule,
    Wanted,
    compare,
    compare_one,
    key_of,
    line,
    takes_delete_levels,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

NOT_TAKEN = f"the level for deletes does not hold: {NO_DELETE_LEVELS}"
NOT_FORESEEN = (
    "whether this GitLab takes minimum_access_level_for_delete shows only when it is set: its feature flag"
    " packages_protected_packages_delete is off by default"
)


@dataclass(frozen=True)
class ProjectRules:
    """What is wanted of one project; ``project`` is named as the user named it."""

    project: str
    wanted: list[Wanted]
    purge: bool = False


def read_rules(api: PackagesApi, projects: t.Sequence[str]) -> list[RuleList]:
    """The rules of many projects (R1), in their order. Raises the first error, which names its project."""
    rules = ProtectionApi(api.client)
    return api.client.map(lambda project: rules.rules(Scope("project", project)), projects)


def bring_about(api: PackagesApi, declared: t.Sequence[ProjectRules], check_mode: bool) -> Outcome:
    """Make the rules of many projects what is wanted. All are read before any is changed: one that cannot be raises."""
    return carry_out(api, places(api, declared), check_mode)


def places(api: PackagesApi, declared: t.Sequence[ProjectRules]) -> list[list[Step]]:
    """The steps of :func:`bring_about`, project by project; the rules are read for them."""
    found = read_rules(api, [one.project for one in declared])
    _refuse_same(found)
    protection = ProtectionApi(api.client, api.before_delete)
    return [
        [_step(protection, one.project, rules, change) for change in compare(one.wanted, rules.rules, one.purge)]
        for one, rules in zip(declared, found)
    ]


def _refuse_same(found: t.Sequence[RuleList]) -> None:
    """Two names of one project would undo each other's work."""
    seen: dict[int, RuleList] = {}
    for rules in found:
        for rule in rules.rules:
            other = seen.setdefault(rule["id"], rules)
            if other is not rules:
                raise InvalidInput(f"{other.project} and {rules.project} are the same project: name it once")


def _step(api: ProtectionApi, project: str, rules: RuleList, change: Change) -> Step:
    taken = takes_delete_levels(rules.rules)
    foreseen = _foreseen(project, change, taken)
    if change.refused:
        return Step(foreseen.failed(change.refused))
    if change.action == "keep":
        return Step(foreseen)
    removes = change.action == "remove"
    send = _removed if removes else _made
    return Step(foreseen, lambda: send(api, project, rules, change), removes)


def _foreseen(project: str, change: Change, takes: bool | None) -> Result:
    before = change.rule
    if change.action == "remove":
        after = None
    elif change.action in ("create", "change"):
        after = {**(before or {}), **change.fields}
    else:
        after = dict(before) if before else None
    result = _result(project, change.wanted, before, after, change.untaken)
    unknown = takes is None and change.fields.get(DELETE) is not None
    return replace(result, warning=NOT_FORESEEN) if unknown else result


def _result(
    project: str, wanted: Wanted, before: Rule | None, after: Rule | None, untaken: bool, ours: bool = True
) -> Result:
    """What became of one rule, by what was there and what is there. ``ours``: false where somebody else made it so."""
    facts = {"project": project, **shown(after or before or {}, wanted)}
    if before is None and after is None:
        kind = "already_absent"
    elif before is None:
        kind = "created" if ours else "unchanged"
    elif after is None:
        kind = "deleted" if ours else "already_absent"
    else:
        differs = any(before.get(name) != after.get(name) for name in (PUSH, DELETE))
        kind = "updated" if differs and ours else "unchanged"
    return Result(
        printable(f"{project}: {wanted.package_type} {wanted.pattern}"),
        facts,
        kind,
        NOT_TAKEN if untaken else None,
        (line(project, before),) if before else (),
        (line(project, after),) if after else (),
        NOT_TAKEN if untaken else None,
    )


def shown(rule: Rule, wanted: Wanted | None = None) -> dict[str, t.Any]:
    """A rule as the modules return it and take it: a level that it does not hold is the role that suffices without it.

    ``wanted`` names one that is not there.
    """
    if wanted and not rule:
        return {"id": None, PATTERN: wanted.pattern, TYPE: wanted.package_type, PUSH: None, DELETE: None}
    levels = {name: rule.get(name) or NO_RULE[name] for name in (PUSH, DELETE)}
    return {"id": rule.get("id"), PATTERN: rule[PATTERN], TYPE: rule[TYPE], **levels}


def _made(api: ProtectionApi, project: str, rules: RuleList, change: Change) -> Result:
    """Create or change a rule, and look at what GitLab made of it."""
    wanted, before = change.wanted, change.rule
    takes = takes_delete_levels(rules.rules)
    sent: list[str] = []

    def write(state: Rule | None) -> t.Callable[[], Rule | None] | None:
        now = compare_one(wanted, state, takes)
        if now.refused:
            raise Rejected(now.refused)
        sent.append(now.action)
        if state is None:
            return lambda: api.create(rules, now.fields)
        rule_id = int(state["id"])
        return (lambda: api.change(rules, rule_id, now.fields)) if now.fields else None

    after, ours = converge(before, write, lambda: _find(api, rules, wanted))
    level = wanted.levels().get(DELETE)
    untaken = level is not None and (after or {}).get(DELETE) != level
    result = _result(project, wanted, before, after, untaken, ours)
    # Somebody else was faster to make it, and it was not what is wanted.
    return replace(result, result="updated") if result.result == "created" and sent[-1] == "change" else result


def _removed(api: ProtectionApi, project: str, rules: RuleList, change: Change) -> Result:
    """Remove a rule, unless it has become another one since it was read."""
    wanted = change.wanted
    since: list[str | None] = [rules.read_at]

    def write(state: Rule | None) -> t.Callable[[], Rule | None] | None:
        if state is None:
            return None
        rule_id = int(state["id"])

        def send() -> Rule | None:
            try:
                api.remove(rules, rule_id, since[0])
            except PreconditionFailed:
                # Exact to the second, it may also mean the second before the list was read. It is read anew.
                since[0] = None
                raise
            return None

        return send

    after, ours = converge(change.rule, write, lambda: _find(api, rules, wanted))
    return _result(project, wanted, change.rule, after, False, ours)


def _find(api: ProtectionApi, rules: RuleList, wanted: Wanted) -> Rule | None:
    """The rule as it is now (R1)."""
    now = api.rules(rules.project).rules
    return next((rule for rule in now if key_of(rule) == wanted.key), None)
