# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The retention policy: what one may write, checked, and made ready to be applied. Pure: plain data in.

The tables at the top say which keys there are; argument specs and the JSON Schema are held against them.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
import typing as t
from dataclasses import dataclass
from datetime import timedelta

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    PACKAGE_TYPES,
    STATUSES,
    status_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_duration

POLICY_KEYS = ("protect", "rules")

#: Match keys whose entries are equal to the package's value, with the values there are (None: any text).
MATCH_EXACT: dict[str, tuple[str, ...] | None] = {"package_type": PACKAGE_TYPES, "status": STATUSES, "tag": None}
#: Match keys whose entries are shell globs: case-sensitive, over the whole text; ``*`` also crosses slashes.
MATCH_GLOB = ("name", "version", "project")
MATCH_KEYS = (*MATCH_EXACT, *MATCH_GLOB)

#: Bucket keeps, and what each calls its bucket.
KEEP_BUCKETS = {"keep_daily": "day", "keep_weekly": "week", "keep_monthly": "month", "keep_yearly": "year"}
KEEP_COUNTS = ("keep_latest", *KEEP_BUCKETS)
KEEP_DURATIONS = ("keep_within", "keep_downloaded_within")
KEEP_KEYS = (*KEEP_COUNTS, *KEEP_DURATIONS)
#: A count may be a text of digits: templates of ansible-core before 2.19 give nothing else.
COUNT_PATTERN = r"^[0-9]{1,9}$"
ORDER_BY = ("created_at", "version")
RULE_KEYS = ("name", "match", *KEEP_KEYS, "order_by", "delete_all")

Package = t.Mapping[str, t.Any]


class PolicyError(ValueError):
    """A policy that is refused; the message is one sentence that names the rule and the key."""


class Duration(t.NamedTuple):
    """A duration of a policy: as it is written (``14d``), and its length."""

    text: str
    length: timedelta


class Patterns:
    """The entries of one glob key: a text matches if one entry does."""

    __slots__ = ("_globs", "_plain")

    def __init__(self, entries: t.Sequence[str]) -> None:
        self._plain = frozenset(entry for entry in entries if not re.search(r"[*?\[]", entry))
        self._globs = tuple(re.compile(fnmatch.translate(e)).match for e in entries if e not in self._plain)

    def match(self, text: str) -> bool:
        return text in self._plain or any(glob(text) for glob in self._globs)


@dataclass(frozen=True)
class Match:
    """One ``match``, or one entry of ``protect``. ``label`` tells a reader which: ``'acme/core-*'``."""

    label: str
    exact: t.Mapping[str, frozenset[str]]
    globs: t.Mapping[str, Patterns]

    def holds(self, package: Package) -> bool | None:
        """Whether all keys hold. None: that depends on the project's path, which this package does not tell.

        E2 gives ``project_path`` only if the caller may read the project, and E1 never does.
        """
        for key, values in self.exact.items():
            if key == "tag":
                if values.isdisjoint(tag_names(package)):
                    return False
            elif (
                status_of(t.cast("dict[str, t.Any]", package)) if key == "status" else package["package_type"]
            ) not in values:
                return False
        for key, patterns in self.globs.items():
            if key == "name":
                if not any(map(patterns.match, package_names(package))):
                    return False
            elif key == "version":
                version = package.get("version")
                if version is None or not patterns.match(version):
                    return False
        projects = self.globs.get("project")
        if projects is None:
            return True
        path = package.get("project_path")
        return projects.match(path) if path is not None else None


@dataclass(frozen=True)
class Rule:
    """One rule. ``match`` None matches every package; a keep that is not asked for is not in ``counts``/``within``.

    A count of 0 asks for nothing, so no count here is 0.
    """

    name: str
    match: Match | None
    counts: t.Mapping[str, int]
    within: t.Mapping[str, Duration]
    order_by: str
    delete_all: bool

    def governs(self, package: Package) -> bool | None:
        """Whether this rule matches the package; None as `Match.holds` has it."""
        return True if self.match is None else self.match.holds(package)


@dataclass(frozen=True)
class Policy:
    """A policy that was checked.

    ``document`` is the same as plain data, without keys whose value is null, and with every count as a number.
    """

    protect: tuple[Match, ...]
    rules: tuple[Rule, ...]
    document: dict[str, t.Any]


def package_names(package: Package) -> tuple[str, ...]:
    """What a package answers to: its name; for conan the recipe (which E1 to E3 call ``name``) and the bare name."""
    name: str = package["name"]
    if package["package_type"] != "conan":
        return (name,)
    return (name, package.get("conan_package_name") or name.partition("/")[0])


def tag_names(package: Package) -> list[str]:
    """The names of a package's tags, which are objects, on some servers plain strings, on old ones absent."""
    return [tag["name"] if isinstance(tag, t.Mapping) else tag for tag in package.get("tags") or ()]


def validate_policy(policy: t.Any) -> Policy:
    """Check a policy, given as plain data (``{"protect": [...], "rules": [...]}``), before anything is asked of GitLab.

    A key whose value is null counts as not written, as Ansible fills in null for suboptions that are not given. A count
    may be a text of digits, and a count of 0 keeps nothing: a rule whose only keeps are 0 has no keep. A rule without
    ``name`` is called ``rule 2`` by its position; without ``match`` it matches every package. So does ``match: {}``,
    but it is refused together with ``delete_all``: there it is more likely a variable that was empty.
    Raises `PolicyError` for whatever is wrong first.
    """
    given = _mapping(policy, "policy", POLICY_KEYS)
    if "rules" not in given:
        raise PolicyError("policy: rules is missing")
    rules: list[Rule] = []
    for number, entry in enumerate(_list(given["rules"], "policy: rules"), 1):
        rule = _rule(entry, number)
        if any(rule.name == other.name for other in rules):
            raise PolicyError(f"policy: two rules are named {rule.name!r}: each needs a name of its own")
        rules.append(rule)
    protect = []
    for number, entry in enumerate(_list(given.get("protect", []), "policy: protect"), 1):
        where = f"policy: protect entry {number}"
        match = _match(entry, where)
        if not match.exact and not match.globs:
            raise PolicyError(f"{where} is empty: to protect every package, write name: '*'")
        protect.append(match)
    return Policy(protect=tuple(protect), rules=tuple(rules), document=_document(given))


def _rule(entry: t.Any, number: int) -> Rule:
    where = f"policy: rule {number}"
    if isinstance(entry, t.Mapping) and entry.get("name") is not None:
        if not isinstance(entry["name"], str) or not entry["name"].strip():
            raise PolicyError(f"{where}: name must be a text that is not empty, not {entry['name']!r}")
        where = f"policy: rule {entry['name']!r}"
    given = _mapping(entry, where, RULE_KEYS)
    match = _match(given["match"], f"{where}: match") if "match" in given else None
    numbers = {key: _count(given[key], f"{where}: {key}") for key in KEEP_COUNTS if key in given}
    counts = {key: number for key, number in numbers.items() if number}
    within = {key: _duration(given[key], f"{where}: {key}") for key in KEEP_DURATIONS if key in given}
    order_by = given.get("order_by", ORDER_BY[0])
    if order_by not in ORDER_BY:
        raise PolicyError(f"{where}: order_by must be {' or '.join(ORDER_BY)}, not {order_by!r}")
    delete_all = given.get("delete_all", False)
    if not isinstance(delete_all, bool):
        raise PolicyError(f"{where}: delete_all must be true or false, not {delete_all!r}")
    keeps = [*counts, *within]
    if delete_all and keeps:
        raise PolicyError(f"{where}: delete_all and {keeps[0]} exclude each other")
    if not delete_all and not keeps:
        zeros = f" ({next(iter(numbers))}: 0 keeps nothing)" if numbers else ""
        raise PolicyError(
            f"{where}: no keep is given{zeros}: a rule that deletes all that it matches says delete_all: true"
        )
    if delete_all and match and not match.exact and not match.globs:
        raise PolicyError(
            f"{where}: match is empty, and delete_all would delete every package: leave match out to say so"
        )
    return Rule(
        name=str(given.get("name", f"rule {number}")),
        match=match,
        counts=counts,
        within=within,
        order_by=order_by,
        delete_all=delete_all,
    )


def _match(entry: t.Any, where: str) -> Match:
    given = _mapping(entry, where, MATCH_KEYS)
    values = {key: _texts(value, f"{where}: {key}") for key, value in given.items()}
    for key, choices in MATCH_EXACT.items():
        for value in values.get(key, ()):
            if choices is not None and value not in choices:
                raise PolicyError(f"{where}: {key} {value!r} does not exist{_instead(value, choices)}")
    labels = []
    for key, texts in values.items():
        entries = " or ".join(f"'{text}'" for text in texts)
        labels.append(entries if key == "name" else f"{key} {entries}")
    return Match(
        label=", ".join(labels),
        exact={key: frozenset(values[key]) for key in MATCH_EXACT if key in values},
        globs={key: Patterns(values[key]) for key in MATCH_GLOB if key in values},
    )


def _mapping(value: t.Any, where: str, known: t.Sequence[str]) -> dict[str, t.Any]:
    if not isinstance(value, t.Mapping):
        raise PolicyError(f"{where} must be a mapping, not {_kind(value)}")
    for key in value:
        if key not in known:
            raise PolicyError(f"{where}: unknown key {key!r}{_instead(key, known)}")
    return {key: entry for key, entry in value.items() if entry is not None}


def _list(value: t.Any, where: str) -> list[t.Any]:
    if not isinstance(value, (list, tuple)):
        raise PolicyError(f"{where} must be a list, not {_kind(value)}")
    return list(value)


def _texts(value: t.Any, where: str) -> list[str]:
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, (list, tuple)):
        raise PolicyError(f"{where} must be a text or a list of texts, not {value!r}{_quote_hint(value)}")
    if not entries:
        raise PolicyError(f"{where} is an empty list: leave the key out, or give at least one entry")
    for entry in entries:
        if not isinstance(entry, str):
            raise PolicyError(f"{where} holds {entry!r}, which is not a text{_quote_hint(entry)}")
        if not entry:
            raise PolicyError(f"{where} holds an empty text, which matches nothing")
    return [str(entry) for entry in entries]


def _count(value: t.Any, where: str) -> int:
    if isinstance(value, str) and re.fullmatch(COUNT_PATTERN.strip("^$"), value):
        return int(value)
    # In Python true is the number 1; in a policy it is a mistake.
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PolicyError(f"{where} must be a whole number that is not negative, not {value!r}")
    return value


def _duration(value: t.Any, where: str) -> Duration:
    try:
        return Duration(str(value), parse_duration(value))
    except ValueError as error:
        raise PolicyError(f"{where}: {error}") from error


def _instead(wrong: t.Any, known: t.Sequence[str]) -> str:
    close = difflib.get_close_matches(str(wrong), known, n=1)
    return f": did you mean {close[0]}?" if close else f": there are {', '.join(known)}"


def _quote_hint(value: t.Any) -> str:
    return ": put it in quotes" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _kind(value: t.Any) -> str:
    return "null" if value is None else f"{type(value).__name__} {value!r}"


def _document(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    document: dict[str, t.Any] = _plain(given)
    for rule in document["rules"]:
        rule.update({key: int(rule[key]) for key in KEEP_COUNTS if key in rule})
    return document


def _plain(value: t.Any) -> t.Any:
    """A copy of checked data in the types of JSON (Ansible's own kinds of text become text), without nulls."""
    if isinstance(value, t.Mapping):
        return {str(key): _plain(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, str) else value
