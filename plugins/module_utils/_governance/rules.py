# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection rules: what is wanted against what is there. Pure: neither HTTP nor Ansible.

A rule that is there is a dict as GitLab gives it (registries, B). It is known by its type and pattern, exactly.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.registryops.gitlab.plugins.module_utils._packages import protection
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

Rule = protection.Rule
#: The type and the pattern.
Key = tuple[str, str]
PUSH, DELETE = "minimum_access_level_for_push", protection.DELETE
TYPE, PATTERN = protection.TYPE, protection.PATTERN
#: The types that the rules of the newest GitLab know.
TYPES = ("npm", "pypi", "conan", "maven", "generic", "nuget", "helm", "terraform_module", "cargo")
#: The levels, and the words for none: the role that suffices without a rule.
NO_RULE = {PUSH: "developer", DELETE: "maintainer"}
LEVELS = {PUSH: ("developer", "maintainer", "owner", "admin"), DELETE: ("maintainer", "owner", "admin")}
LONGEST_PATTERN = 255
NO_LEVEL = (
    "a rule must hold minimum_access_level_for_push (maintainer, owner or admin) or minimum_access_level_for_delete"
    " (owner or admin)"
)

NO_DELETE_LEVELS = (
    "this GitLab does not take minimum_access_level_for_delete: it is of GitLab 17.11 or newer, with the feature flag"
    " packages_protected_packages_delete on"
)


@dataclass(frozen=True)
class Wanted:
    """A rule that is to be there, or not (``present``). A level that is None stays as it is."""

    package_type: str
    pattern: str
    push: str | None = None
    delete: str | None = None
    present: bool = True

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.package_type, self.pattern

    def levels(self) -> dict[str, str | None]:
        """The levels that are wanted, as GitLab writes them: None for no rule. What stays is not among them."""
        given = {PUSH: self.push, DELETE: self.delete}
        return {name: None if level == NO_RULE[name] else level for name, level in given.items() if level is not None}


@dataclass(frozen=True)
class Change:
    """``action`` is ``create``, ``change``, ``remove`` or ``keep``; ``fields`` are what is sent.

    ``rule`` is what is there (None: nothing), ``refused`` why it cannot be done, ``untaken`` whether GitLab is known
    not to take the level for deletes that is wanted.
    """

    action: str
    wanted: Wanted
    rule: Rule | None = None
    fields: t.Mapping[str, str | None] = field(default_factory=dict)
    refused: str | None = None
    untaken: bool = False


def key_of(rule: Rule) -> Key:
    """What a rule is known by."""
    return rule[TYPE], rule[PATTERN]


def takes_delete_levels(rules: t.Iterable[Rule]) -> bool | None:
    """Whether the project's rules take a level for deletes, as far as they show it; None: they do not.

    Before GitLab 17.11 there is none. With the feature flag off it reads null, so that a rule may seem to hold nothing.
    """
    known: bool | None = None
    for rule in rules:
        if rule.get(DELETE) is not None:
            return True
        if DELETE not in rule or rule.get(PUSH) is None:
            known = False
    return known


def compare(wanted: t.Sequence[Wanted], there: t.Sequence[Rule], purge: bool = False) -> list[Change]:
    """What is to be done in one project, removals last. ``purge`` removes the rules that are not wanted by their keys.

    ``there`` are all rules of the project; a key is wanted at most once.
    """
    by_key = {key_of(rule): rule for rule in there}
    takes = takes_delete_levels(there)
    changes = [compare_one(one, by_key.get(one.key), takes) for one in wanted]
    if purge:
        named = {one.key for one in wanted}
        others = [rule for rule in there if key_of(rule) not in named]
        changes += [compare_one(Wanted(*key_of(rule), present=False), rule, takes) for rule in others]
    return sorted(changes, key=lambda change: change.action == "remove")


def compare_one(wanted: Wanted, rule: Rule | None, takes: bool | None = None) -> Change:
    """What is to be done for one rule. ``takes``: see :func:`takes_delete_levels`."""
    if not wanted.present:
        return Change("remove" if rule else "keep", wanted, rule)
    levels = wanted.levels()
    untaken = takes is False and levels.get(DELETE) is not None
    if untaken:
        del levels[DELETE]
    if rule is None:
        given = {name: level for name, level in levels.items() if level is not None}
        why = f"{NO_DELETE_LEVELS}, and {NO_LEVEL}" if untaken else NO_LEVEL
        refused = None if given else why
        fields: dict[str, str | None] = {PATTERN: wanted.pattern, TYPE: wanted.package_type, **given}
        return Change("create", wanted, None, fields, refused, untaken)
    fields = {name: level for name, level in levels.items() if rule.get(name) != level}
    after = {**rule, **fields}
    # What a flag hides is not known: GitLab decides then.
    empty = fields and after.get(PUSH) is None and after.get(DELETE) is None and takes is True
    refused = f"{NO_LEVEL}: to take both away, remove the rule (state: absent)" if empty else None
    return Change("change" if fields else "keep", wanted, rule, fields, refused, untaken)


def line(project: str, rule: Rule) -> str:
    """A rule in a diff."""
    push, delete = rule.get(PUSH) or NO_RULE[PUSH], rule.get(DELETE) or NO_RULE[DELETE]
    return printable(f"{project}: {rule[TYPE]} {rule[PATTERN]}: push {push}, delete {delete}")
