# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry as one document: what one may write, checked, and what it wants of each group and project. Pure.

The document is plain data: ``defaults``, ``groups`` and ``projects``, each entry by the full path of what it is for.
The more special wins: defaults, then the groups above from the outermost on, then the entry itself. Keys of mappings
win one by one, lists replace. The tables at the top say which keys there are; the JSON Schema is held against them.
"""

from __future__ import annotations

import difflib
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.registryops.gitlab.plugins.module_utils._governance.names import (
    FORWARDING,
    KEEP,
    LOCKS,
    SETTINGS,
    WORDS,
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
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import not_text, printable

Entry = t.Mapping[str, t.Any]

RULES, POLICY, GROUP_SETTINGS, RETENTION = "protection_rules", "cleanup_policy", "settings", "retention"
#: What may stand in an entry of each part.
PARTS: dict[str, tuple[str, ...]] = {
    "defaults": (RULES, POLICY, GROUP_SETTINGS, RETENTION),
    "groups": (RULES, POLICY, GROUP_SETTINGS, RETENTION),
    "projects": (RULES, POLICY, RETENTION),
}
STATE = "state"
STATES = ("present", "absent")
RULE_KEYS = (PATTERN, TYPE, PUSH, DELETE, STATE)
CHOICES: dict[str, t.Sequence[str]] = {TYPE: TYPES, **LEVELS, STATE: STATES}
#: GitLab passes these on to the groups below by itself.
PASSED_ON = (*FORWARDING, *LOCKS)
LONGEST_EXPRESSION = 255
#: A full path, of two parts at least for a project; an ID is none.
PATH = r"[A-Za-z0-9_.+-]+(/[A-Za-z0-9_.+-]+)*"


class RegistryError(ValueError):
    """A document that is refused; the message is one sentence that names the place."""


@dataclass(frozen=True)
class Document:
    """A document that was checked: every part is there, and no entry is null."""

    defaults: Entry
    groups: t.Mapping[str, Entry]
    projects: t.Mapping[str, Entry]


@dataclass(frozen=True)
class Declared:
    """What a document wants, place by place.

    ``rules`` are those of a project, ``policies`` a number of files (a key of `WORDS`) of a project, ``settings`` those
    of a group. ``groups_retention`` and ``projects_retention`` are finished policies of what they are named after.
    """

    settings: dict[str, dict[str, t.Any]] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    rules: dict[str, list[Wanted]] = field(default_factory=dict)
    groups_retention: dict[str, dict[str, t.Any]] = field(default_factory=dict)
    projects_retention: dict[str, dict[str, t.Any]] = field(default_factory=dict)


# --- checked ------------------------------------------------------------------------------------------------------


def validate_document(document: t.Any) -> Document:
    """Check a document, but for what retention policies say. Raises `RegistryError` for whatever is wrong first."""
    given = _mapping(document, "the document", tuple(PARTS))
    defaults = _mapping(given.get("defaults") or {}, "defaults", PARTS["defaults"])
    _check_entry(defaults, "defaults")
    entries: dict[str, dict[str, Entry]] = {}
    for part in ("groups", "projects"):
        entries[part] = {}
        by_path = _mapping(given.get(part) or {}, part, None)
        for path, entry in by_path.items():
            _check_path(path, part)
            where = f"{part}: {path}"
            entries[part][path] = _mapping(entry if entry is not None else {}, where, PARTS[part])
            _check_entry(entries[part][path], where)
        folded = [path.lower() for path in by_path]
        twice = next((path for path in by_path if folded.count(path.lower()) > 1), None)
        if twice is not None:
            raise RegistryError(f"{part}: {twice} is there twice: GitLab's paths are the same in upper and lower case")
    return Document(defaults, entries["groups"], entries["projects"])


def _check_path(path: t.Any, part: str) -> None:
    kind = part[:-1]
    if not isinstance(path, str):
        raise RegistryError(f"{part}: {not_text('a path', path)}")
    whole = re.fullmatch(PATH, path) and not path.isdigit() and (kind == "group" or "/" in path)
    if not whole:
        example = "acme/web" if kind == "group" else "acme/web/shop"
        raise RegistryError(f"{part}: {printable(path)!r} is no full path of a {kind}, such as {example}")


def _check_entry(entry: Entry, where: str) -> None:
    for key, value in entry.items():
        here = f"{where}: {key}"
        if value is None:
            raise RegistryError(f"{here} is null: give it a value, or leave the key out")
        if key == RULES:
            _check_rules(value, here)
        elif key == POLICY:
            _check_policy(value, here)
        elif key == GROUP_SETTINGS:
            _check_settings(value, here)
        else:
            _mapping(value, here, None)


def _check_rules(value: t.Any, where: str) -> None:
    if not isinstance(value, (list, tuple)):
        raise RegistryError(f"{where} must be a list, not {_kind(value)}")
    seen: set[tuple[str, str]] = set()
    for number, entry in enumerate(value, 1):
        here = f"{where}[{number}]"
        rule = _mapping(entry, here, RULE_KEYS)
        for key in (PATTERN, TYPE):
            if key not in rule:
                raise RegistryError(f"{here}: {key} is missing")
        for key, given in rule.items():
            if not isinstance(given, str):
                raise RegistryError(f"{here}: {not_text(key, given)}")
            if key in CHOICES and given not in CHOICES[key]:
                raise RegistryError(f"{here}: {key} {printable(given)!r} is none of {', '.join(CHOICES[key])}")
        if not 0 < len(rule[PATTERN]) <= LONGEST_PATTERN:
            raise RegistryError(f"{here}: {PATTERN} must have 1 to {LONGEST_PATTERN} characters")
        known_by = (rule[TYPE], rule[PATTERN])
        if known_by in seen:
            raise RegistryError(f"{here}: the rule {rule[TYPE]} {printable(rule[PATTERN])!r} is given twice")
        seen.add(known_by)


def _check_policy(value: t.Any, where: str) -> None:
    policy = _mapping(value, where, (KEEP,))
    if KEEP not in policy:
        raise RegistryError(f"{where}: {KEEP} is missing")
    number = policy[KEEP]
    if isinstance(number, bool) or not isinstance(number, (int, str)) or str(number) not in WORDS:
        raise RegistryError(f"{where}: {KEEP} must be one of {', '.join(WORDS)}, not {printable(str(number))!r}")


def _check_settings(value: t.Any, where: str) -> None:
    for key, given in _mapping(value, where, tuple(SETTINGS)).items():
        if SETTINGS[key] is bool and not isinstance(given, bool):
            raise RegistryError(f"{where}: {key} must be true or false, not {printable(repr(given))}")
        if SETTINGS[key] is str and not isinstance(given, str):
            hint = ": an empty text takes it away" if given is None else ""
            raise RegistryError(f"{where}: {key} must be a text, not {_kind(given)}{hint}")
        if SETTINGS[key] is str and len(given) > LONGEST_EXPRESSION:
            raise RegistryError(f"{where}: {key} must have at most {LONGEST_EXPRESSION} characters")


def _mapping(value: t.Any, where: str, known: t.Sequence[str] | None) -> dict[t.Any, t.Any]:
    if not isinstance(value, t.Mapping):
        raise RegistryError(f"{where} must be a mapping, not {_kind(value)}")
    for key in value:
        if known is not None and key not in known:
            raise RegistryError(f"{where}: unknown key {printable(str(key))!r}{_instead(where, key, known)}")
    return dict(value)


def _instead(where: str, key: t.Any, known: t.Sequence[str]) -> str:
    if where.startswith("projects: ") and key == GROUP_SETTINGS:
        return ": settings are of groups"
    close = difflib.get_close_matches(str(key), known, n=1)
    return f": did you mean {close[0]}?" if close else f": there are {', '.join(known)}"


def _kind(value: t.Any) -> str:
    if value is None:
        return "null"
    kinds: list[tuple[tuple[type, ...], str]] = [
        ((bool,), "true or false"),
        ((int, float), "a number"),
        ((str,), "a text"),
        ((list, tuple), "a list"),
    ]
    return next((words for kind, words in kinds if isinstance(value, kind)), "a mapping")


# --- resolved -----------------------------------------------------------------------------------------------------


def groups_to_list(document: Document) -> list[str]:
    """The groups whose entries hold for all their projects, so that these must be known: the outermost ones of them."""
    speaking = [path for path, entry in document.groups.items() if RULES in entry or POLICY in entry]
    return [path for path in speaking if not any(is_below(path, other) for other in speaking)]


def resolve(document: Document, members: t.Iterable[str] = ()) -> Declared:
    """What the document wants of each group and project. ``members`` are the projects in `groups_to_list`.

    What a group says of projects holds for all in it. What only the defaults say holds for those that are named.
    Retention policies are put together, not checked.
    """
    named = list(document.projects)
    folded = {path.lower() for path in named}
    projects = [*named, *(path for path in dict.fromkeys(members) if path.lower() not in folded)]
    declared = Declared()
    for path in document.groups:
        settings = _settings_of(document, path)
        if settings:
            declared.settings[path] = settings
    for path in projects:
        own = document.projects.get(path)
        policy = _value(document, path, own, POLICY)
        if policy is not None:
            declared.policies[path] = str(policy[KEEP])
        rules = _value(document, path, own, RULES)
        if rules is not None:
            declared.rules[path] = [_rule(rule) for rule in rules]
    _resolve_retention(document, declared)
    return declared


def _value(document: Document, path: str, own: Entry | None, key: str) -> t.Any:
    """What a project is to have of ``key``; None: nothing is said. ``own`` is None for one that is not named."""
    above = [document.groups[group] for group in _above(document, path)]
    said = [entry[key] for entry in (*above, own or {}) if key in entry]
    if not said and own is None:
        return None
    return _merged([document.defaults.get(key), *said])


def _settings_of(document: Document, path: str) -> dict[str, t.Any]:
    above = _above(document, path)
    given = [document.defaults.get(GROUP_SETTINGS), *(document.groups[group].get(GROUP_SETTINGS) for group in above)]
    inherited = _merged(given) or {}
    if above:
        inherited = {key: value for key, value in inherited.items() if key not in PASSED_ON}
    return {**inherited, **document.groups[path].get(GROUP_SETTINGS, {})}


def _resolve_retention(document: Document, declared: Declared) -> None:
    groups = [path for path, entry in document.groups.items() if RETENTION in entry]
    for path in groups:
        chain = [*_above(document, path), path]
        said = [document.groups[group].get(RETENTION) for group in chain]
        declared.groups_retention[path] = _merged([document.defaults.get(RETENTION), *said])
    for path, entry in document.projects.items():
        above = [group for group in _above(document, path) if group in groups]
        if RETENTION in entry or (not above and RETENTION in document.defaults):
            said = [document.groups[group][RETENTION] for group in above]
            declared.projects_retention[path] = _merged([document.defaults.get(RETENTION), *said, entry.get(RETENTION)])
    # What has a policy of its own is kept by those of the groups above.
    for path in groups:
        others = [f"{other}/*" for other in groups if is_below(other, path)]
        others += [other for other in declared.projects_retention if is_below(other, path)]
        if others:
            policy = declared.groups_retention[path]
            declared.groups_retention[path] = {**policy, "protect": [*policy.get("protect", ()), {"project": others}]}


def _above(document: Document, path: str) -> list[str]:
    """The groups of the document that hold this path, from the outermost on."""
    return sorted((group for group in document.groups if is_below(path, group)), key=len)


def is_below(path: str, group: str) -> bool:
    """Whether a path lies in a group, in any depth; GitLab's paths are the same in upper and lower case."""
    return path.lower().startswith(f"{group.lower()}/")


def _merged(values: t.Iterable[t.Any]) -> t.Any:
    """The last of the values that are given; mappings key by key."""
    merged: t.Any = None
    for value in values:
        if value is not None:
            both = isinstance(merged, t.Mapping) and isinstance(value, t.Mapping)
            merged = {**merged, **value} if both else value
    return merged


def _rule(rule: Entry) -> Wanted:
    return Wanted(rule[TYPE], rule[PATTERN], rule.get(PUSH), rule.get(DELETE), rule.get(STATE) != "absent")
