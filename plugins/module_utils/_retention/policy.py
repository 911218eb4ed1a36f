# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The retention policy: what one may write, checked, and made ready to be applied. Pure: plain data in.

The tables at the top say which keys there are; argument specs and the JSON Schema are held against them.
"""

from __future__ import annotations

import difflib
import re
import typing as t
from dataclasses import dataclass
from datetime import timedelta

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    PACKAGE_TYPES,
    STATUSES,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_duration
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import Match, Package, Patterns

POLICY_KEYS = ("keep_at_least", "protect", "rules", "files")

#: Match keys whose entries are equal to the package's value, with the values there are (None: any text).
MATCH_EXACT: dict[str, tuple[str, ...] | None] = {"package_type": PACKAGE_TYPES, "status": STATUSES, "tag": None}
#: Match keys whose entries are shell globs: case-sensitive, over the whole text; ``*`` also crosses slashes.
MATCH_GLOB = ("name", "version", "project", "ref")
#: Match keys that are true or false.
MATCH_FLAGS = ("prerelease", "versionless")
MATCH_KEYS = (*MATCH_EXACT, *MATCH_GLOB, *MATCH_FLAGS, "exclude")

#: Bucket keeps, and what each calls its bucket.
KEEP_BUCKETS = {"keep_daily": "day", "keep_weekly": "week", "keep_monthly": "month", "keep_yearly": "year"}
KEEP_COUNTS = ("keep_latest", *KEEP_BUCKETS)
KEEP_DURATIONS = ("keep_within", "keep_downloaded_within")
#: Keeps that are true, or as if they were not there.
KEEP_FLAGS = ("keep_downloaded",)
KEEP_KEYS = (*KEEP_COUNTS, *KEEP_DURATIONS, *KEEP_FLAGS)
#: A count may be a text of digits: templates of ansible-core before 2.19 give nothing else.
COUNT_PATTERN = r"^[0-9]{1,9}$"
ORDER_BY = ("created_at", "version")
#: What the counts of a rule count in: all of one name, or each line of versions, or each branch, of it.
PER = ("name", "major", "minor", "ref")
RULE_KEYS = ("name", "match", *KEEP_KEYS, "order_by", "per", "delete_all")
#: Keeps of the files of packages that stay; a rule has one of them.
FILE_KEEPS = ("keep_latest_copies", "keep_latest_builds")
FILE_RULE_KEYS = ("name", "match", *FILE_KEEPS)


class PolicyError(ValueError):
    """A policy that is refused; the message is one sentence that names the rule and the key."""


class Duration(t.NamedTuple):
    """A duration of a policy: as it is written (``14d``), and its length."""

    text: str
    length: timedelta


@dataclass(frozen=True)
class Rule:
    """One rule. ``match`` None matches every package; a keep that is not asked for is not in ``counts``/``within``.

    A count of 0 asks for nothing, so no count here is 0; a keep that is false is not in ``flags``.
    """

    name: str
    match: Match | None
    counts: t.Mapping[str, int]
    within: t.Mapping[str, Duration]
    flags: frozenset[str]
    order_by: str
    per: str
    delete_all: bool

    def governs(self, package: Package) -> bool | None:
        """Whether this rule matches the package; None as `Match.holds` has it.

        A package without a version is matched only by a rule that says so: it is no version of its name among others,
        but what an ecosystem keeps beside them (Maven's metadata, Debian's incoming).
        """
        return _governs(self.match, package)

    def names(self, key: str) -> bool:
        """Whether the rule's own match has this key (``status``, ``tag``)."""
        return self.match is not None and key in self.match.exact


@dataclass(frozen=True)
class FileRule:
    """One rule of ``files``: of the files of a package that stays, the newest ``count`` copies or builds are kept."""

    name: str
    match: Match | None
    keep: str
    count: int

    def governs(self, package: Package) -> bool | None:
        """Whether this rule matches the package; as `Rule.governs`."""
        return _governs(self.match, package)


def _governs(match: Match | None, package: Package) -> bool | None:
    if package.get("version") is None and (match is None or not match.versionless):
        return False
    return True if match is None else match.holds(package)


@dataclass(frozen=True)
class Policy:
    """A policy that was checked.

    ``document`` is the same as plain data, without keys whose value is null, and with every count as a number.
    """

    protect: tuple[Match, ...]
    rules: tuple[Rule, ...]
    files: tuple[FileRule, ...]
    keep_at_least: int
    """Of each (project, type, name) so many stay, whatever the rules say; 0: none must."""
    document: dict[str, t.Any]


def validate_policy(policy: t.Any) -> Policy:
    """Check a policy, given as plain data (``{"protect": [...], "rules": [...]}``), before anything is asked of GitLab.

    A keep whose value is null counts as not written: a rule that is left without a keep is refused. Any other null is
    refused: a ``match``, a key of it or a ``protect`` without a value is more likely a variable that was empty, or a
    block whose lines are commented out, than a wish to govern every package or to protect none. A count may be a text
    of digits, and a count of 0 keeps nothing: a rule whose only keeps are 0 has no keep. A rule without ``name`` is
    called ``rule 2`` by its position; without ``match`` it matches every package. What is empty, such as ``match: {}``
    or ``protect: []``, is refused for the reason above. Only ``rules`` may be so, beside rules of ``files``.
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
    for number, entry in enumerate(_entries(given, "protect"), 1):
        where = f"policy: protect entry {number}"
        match = _match(entry, where)
        if match.is_empty:
            raise PolicyError(f"{where} is empty: to protect every package, write name: '*'")
        protect.append(match)
    files = _file_rules(_entries(given, "files"))
    keep_at_least = _count(given.get("keep_at_least", 0), "policy: keep_at_least")
    if not rules and not files:
        raise PolicyError(
            "policy: rules is an empty list, so that nothing would ever be deleted: give at least one rule"
        )
    return Policy(tuple(protect), tuple(rules), files, keep_at_least, _document(given))


def _rule(entry: t.Any, number: int) -> Rule:
    where = _where(entry, "rule", number)
    given = _mapping(entry, where, RULE_KEYS)
    match = _own_match(given, where)
    numbers = {key: _count(given[key], f"{where}: {key}") for key in KEEP_COUNTS if key in given}
    counts = {key: number for key, number in numbers.items() if number}
    within = {key: _duration(given[key], f"{where}: {key}") for key in KEEP_DURATIONS if key in given}
    order_by = given.get("order_by", ORDER_BY[0])
    if order_by not in ORDER_BY:
        raise PolicyError(f"{where}: order_by must be {' or '.join(ORDER_BY)}, not {order_by!r}")
    delete_all = _flag(given.get("delete_all", False), f"{where}: delete_all")
    flags = frozenset(key for key in KEEP_FLAGS if _flag(given.get(key, False), f"{where}: {key}"))
    keeps = [*counts, *within, *sorted(flags)]
    if delete_all and keeps:
        raise PolicyError(f"{where}: delete_all and {keeps[0]} exclude each other")
    if not delete_all and not keeps:
        zeros = f" ({next(iter(numbers))}: 0 keeps nothing)" if numbers else ""
        raise PolicyError(
            f"{where}: no keep is given{zeros}: a rule that deletes all that it matches says delete_all: true"
        )
    return Rule(
        name=str(given.get("name", f"rule {number}")),
        match=match,
        counts=counts,
        within=within,
        flags=flags,
        order_by=order_by,
        per=_per(given, counts, where),
        delete_all=delete_all,
    )


def _file_rules(entries: t.Sequence[t.Any]) -> tuple[FileRule, ...]:
    rules: list[FileRule] = []
    for number, entry in enumerate(entries, 1):
        where = _where(entry, "file rule", number)
        given = _mapping(entry, where, FILE_RULE_KEYS)
        match = _own_match(given, where)
        counts = {key: _count(given[key], f"{where}: {key}") for key in FILE_KEEPS if key in given}
        counts = {key: count for key, count in counts.items() if count}
        if not counts:
            raise PolicyError(f"{where}: no keep is given: say {' or '.join(FILE_KEEPS)}")
        if len(counts) > 1:
            raise PolicyError(f"{where}: {' and '.join(counts)} exclude each other: write two rules")
        keep, count = next(iter(counts.items()))
        rule = FileRule(str(given.get("name", f"file rule {number}")), match, keep, count)
        if any(rule.name == other.name for other in rules):
            raise PolicyError(f"policy: two file rules are named {rule.name!r}: each needs a name of its own")
        rules.append(rule)
    return tuple(rules)


def _where(entry: t.Any, kind: str, number: int) -> str:
    """What a message calls a rule: by its name, or by its place. Refuses a name that is none."""
    where = f"policy: {kind} {number}"
    if not isinstance(entry, t.Mapping) or entry.get("name") is None:
        return where
    if not isinstance(entry["name"], str) or not entry["name"].strip():
        raise PolicyError(f"{where}: name must be a text that is not empty, not {entry['name']!r}")
    return f"policy: {kind} {entry['name']!r}"


def _per(given: t.Mapping[str, t.Any], counts: t.Mapping[str, int], where: str) -> str:
    if "per" not in given:
        return PER[0]
    per = given["per"]
    if per not in PER:
        raise PolicyError(f"{where}: per must be {', '.join(PER[:-1])} or {PER[-1]}, not {per!r}")
    if not counts:
        raise PolicyError(f"{where}: per says what is counted apart, and no count is given: leave it out")
    return str(per)


def _own_match(given: t.Mapping[str, t.Any], where: str) -> Match | None:
    """The match of a rule; None: it has none, and governs every package."""
    if "match" not in given:
        return None
    match = _match(given["match"], f"{where}: match")
    if match.is_empty:
        raise PolicyError(f"{where}: match is empty, and would be every package: leave match out to say so")
    return match


def _match(entry: t.Any, where: str, known: t.Sequence[str] = MATCH_KEYS) -> Match:
    given = _mapping(entry, where, known)
    texts = {
        key: _texts(value, f"{where}: {key}") for key, value in given.items() if key in MATCH_EXACT or key in MATCH_GLOB
    }
    for key, choices in MATCH_EXACT.items():
        for value in texts.get(key, ()):
            if choices is not None and value not in choices:
                raise PolicyError(f"{where}: {key} {value!r} does not exist{_instead(value, choices)}")
    flags = {key: _flag(given[key], f"{where}: {key}") for key in MATCH_FLAGS if key in given}
    if "versionless" in flags:
        _check_versionless(given, where)
    exclusions = _exclusions(given, where)
    return Match(
        label=_label({**texts, **flags}, exclusions),
        exact={key: frozenset(texts[key]) for key in MATCH_EXACT if key in texts},
        globs={key: Patterns(texts[key]) for key in MATCH_GLOB if key in texts},
        prerelease=flags.get("prerelease"),
        versionless=flags.get("versionless", False),
        exclude=exclusions,
    )


def _check_versionless(given: t.Mapping[str, t.Any], where: str) -> None:
    if not given["versionless"]:
        raise PolicyError(f"{where}: versionless can only be true: without it a rule governs what has a version")
    for key in ("version", "prerelease"):
        if key in given:
            raise PolicyError(f"{where}: versionless and {key} exclude each other")


def _exclusions(given: t.Mapping[str, t.Any], where: str) -> tuple[Match, ...]:
    if "exclude" not in given:
        return ()
    where = f"{where}: exclude"
    entries = given["exclude"]
    if isinstance(entries, t.Mapping):
        entries = [entries]
    elif not isinstance(entries, (list, tuple)):
        raise PolicyError(f"{where} must be a mapping or a list of mappings, not {_kind(entries)}")
    if not entries:
        raise PolicyError(f"{where} is an empty list: leave the key out, or give at least one entry")
    found = []
    for number, entry in enumerate(entries, 1):
        here = f"{where}: entry {number}"
        if isinstance(entry, t.Mapping) and "exclude" in entry:
            raise PolicyError(f"{here}: an exclusion has no exclusions of its own: write what it means as one entry")
        match = _match(entry, here, [key for key in MATCH_KEYS if key != "exclude"])
        if match.is_empty:
            raise PolicyError(f"{here} is empty, and would exclude every package")
        found.append(match)
    return tuple(found)


def _label(values: t.Mapping[str, t.Any], exclusions: t.Sequence[Match]) -> str:
    labels = []
    for key, value in values.items():
        if isinstance(value, bool):
            labels.append(key if value else f"no {key}")
        else:
            entries = " or ".join(f"'{text}'" for text in value)
            labels.append(entries if key == "name" else f"{key} {entries}")
    label = ", ".join(labels)
    if exclusions:
        excluded = "; ".join(entry.label for entry in exclusions)
        label = f"{label or 'all'} but not ({excluded})"
    return label


def _mapping(value: t.Any, where: str, known: t.Sequence[str]) -> dict[str, t.Any]:
    if not isinstance(value, t.Mapping):
        raise PolicyError(f"{where} must be a mapping, not {_kind(value)}")
    for key in value:
        if key not in known:
            raise PolicyError(f"{where}: unknown key {key!r}{_instead(key, known)}")
        if value[key] is None and key not in KEEP_KEYS and key not in FILE_KEEPS:
            raise PolicyError(f"{where}: {key} is null: give it a value, or leave the key out")
    return {key: entry for key, entry in value.items() if entry is not None}


def _entries(given: t.Mapping[str, t.Any], key: str) -> list[t.Any]:
    """A list of the policy that may be left out, and that is not empty where it is written."""
    entries = _list(given.get(key, []), f"policy: {key}")
    if key in given and not entries:
        raise PolicyError(f"policy: {key} is an empty list: leave the key out, or give at least one entry")
    return entries


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


def _flag(value: t.Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(f"{where} must be true or false, not {value!r}")
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
    return ": put it in quotes" if isinstance(value, (int, float)) else ""  # bools too: YAML makes true of `on`


def _kind(value: t.Any) -> str:
    return "null" if value is None else f"{type(value).__name__} {value!r}"


def _document(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    document: dict[str, t.Any] = _plain(given)
    for rule in document["rules"]:
        rule.update({key: int(rule[key]) for key in KEEP_COUNTS if key in rule})
    for rule in document.get("files", ()):
        rule.update({key: int(rule[key]) for key in FILE_KEEPS if key in rule})
    if "keep_at_least" in document:
        document["keep_at_least"] = int(document["keep_at_least"])
    return document


def _plain(value: t.Any) -> t.Any:
    """A copy of checked data in the types of JSON (Ansible's own kinds of text become text), without nulls."""
    if isinstance(value, t.Mapping):
        return {str(key): _plain(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, str) else value
