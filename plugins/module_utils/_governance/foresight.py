# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether protection rules would refuse a delete (registries, B, "What a rule does"). Pure: neither HTTP nor Ansible.

What is not known stays unknown: None, never a guess.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._governance.rules import (
    DELETE,
    PATTERN,
    TYPE,
    Rule,
    takes_delete_levels,
)

#: GitLab's numbers of the roles that a rule can ask for; no role of a member is as high as an administrator's.
LEVEL = {"maintainer": 40, "owner": 50, "admin": 60}
_RUNS = re.compile(r"[-_.]+")


@dataclass(frozen=True)
class Caller:
    """Who would delete.

    ``role`` is the number of the highest role in the project that is known (None: none is), of a job token that of its
    user; ``exact`` says that there is no higher one. ``admin`` is None where it is not known. ``deploy_token``: it has
    no role, and each rule that matches refuses it.
    """

    role: int | None = None
    exact: bool = False
    admin: bool | None = None
    deploy_token: bool = False


def delete_refused(rules: t.Sequence[Rule] | None, caller: Caller, package_type: str, name: str) -> bool | None:
    """Whether a delete of the package, or of a file of it, would be refused by a rule.

    ``rules`` are all of its project (R1), None where they cannot be read; ``name`` is the package's as E1 gives it.
    """
    if rules is None:
        return None
    matching = [rule for rule in rules if covers(rule, package_type, name)]
    if not matching or (caller.admin and not caller.deploy_token):
        return False
    if caller.deploy_token:
        # Whatever the levels are; but while the feature flag is off, no delete is refused.
        return takes_delete_levels(rules)
    levels = [rule[DELETE] for rule in matching if rule.get(DELETE) is not None]
    if not levels:
        return False
    if any(level not in LEVEL for level in levels):
        return None  # a level that a later GitLab has
    return _is_below(caller, max(LEVEL[level] for level in levels))


def _is_below(caller: Caller, needed: int) -> bool | None:
    if caller.role is not None and caller.role >= needed:
        return False
    certain = caller.role is not None and caller.exact and caller.admin is False
    return True if certain else None


def covers(rule: Rule, package_type: str, name: str) -> bool:
    """Whether a package is under a rule: the same type, and its whole stored name, in any case, matches the pattern."""
    if rule[TYPE] != package_type:
        return False
    pattern = str(rule[PATTERN])
    if package_type == "conan":
        name = name.partition("/")[0]  # stored bare; a list shows the recipe
    elif package_type == "pypi":
        pattern, name = _RUNS.sub("-", pattern), _RUNS.sub("-", name)
    return _matches(pattern.lower(), name.lower())


def _matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches a pattern whose only wildcard is ``*``; in time that does not run away."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    *middle, last = rest
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    # The leftmost place of each part leaves the most for the others.
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
