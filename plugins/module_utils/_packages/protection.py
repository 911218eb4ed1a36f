# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether protection rules would refuse a delete (registries, B, "What a rule does"). Pure: neither HTTP nor Ansible.

What is not known stays unknown: None, never a guess.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown

#: A rule as GitLab gives it.
Rule = t.Mapping[str, t.Any]
TYPE, PATTERN, DELETE = "package_type", "package_name_pattern", "minimum_access_level_for_delete"
#: The types for which no GitLab has rules; of a type that is not known here, it may.
NEVER_PROTECTED = ("composer", "debian", "golang", "rubygems", "rpm", "ml_model")
#: How strict a level is. Whoever reads rules has the maintainer role, or is an administrator.
_STRICT = {None: 0, "maintainer": 1, "owner": 2, "admin": 3}
#: A level of a later GitLab, or one that this GitLab does not show (17.10 refuses deletes, and 17.11 shows the levels).
_UNTOLD = 4
_RUNS = re.compile(r"[-_.]+")


@dataclass(frozen=True)
class Caller:
    """Who would delete, as far as a rule asks: whether it owns the project, and whether it is an administrator.

    None: that is not known. A job token has the role of its user. A deploy token deletes nothing, as no call that
    deletes takes it.
    """

    owner: bool | None = None
    admin: bool | None = None


def strictest(rules: t.Iterable[Rule], package_type: str, name: str) -> Rule | None:
    """The rule that decides whether a package, or a file of it, may be deleted; None: no rule asks for a higher role.

    ``rules`` are all of its project (R1); ``name`` is the package's as E1 gives it.
    """
    matching = [rule for rule in rules if covers(rule, package_type, name)]
    rule = max(matching, key=_strictness, default=None)
    return rule if rule is not None and _strictness(rule) > _STRICT["maintainer"] else None


def is_refused(rule: Rule, caller: Caller) -> bool | None:
    """Whether the caller's delete of what is under a :func:`strictest` rule is refused; None: it is not known."""
    needed = _strictness(rule)
    if caller.admin or (needed == _STRICT["owner"] and caller.owner):
        return False
    if needed == _UNTOLD or caller.admin is None or (needed == _STRICT["owner"] and caller.owner is None):
        return None
    return True


def asks_for_owner(rule: Rule) -> bool:
    """Whether the owner role is enough for a :func:`strictest` rule."""
    return _strictness(rule) == _STRICT["owner"]


def why_refused(rule: Rule) -> str:
    """What a result says of a delete that a rule refuses."""
    wanted = "owners" if asks_for_owner(rule) else "administrators"
    return (
        f"a package protection rule of the project forbids it: {rule[TYPE]} '{shown(rule[PATTERN])}' lets"
        f" only {wanted} delete"
    )


def _strictness(rule: Rule) -> int:
    return _STRICT.get(rule[DELETE], _UNTOLD) if DELETE in rule else _UNTOLD


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
