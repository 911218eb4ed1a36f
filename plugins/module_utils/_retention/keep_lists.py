# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep lists: files beside the policy that name what must stay. Pure: contents in, and a question asked of them.

Three kinds, told apart by their content: own lists, as YAML or CSV, with a reason for each entry; SBOMs and lock
files (sbom.py), which say what is used. An entry that cannot be judged, as a project path is unknown, keeps.
"""

from __future__ import annotations

import csv
import difflib
import fnmatch
import io
import re
import typing as t
from dataclasses import dataclass, field
from datetime import date, datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import PACKAGE_TYPES
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import version_key_for
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import (
    Match,
    Package,
    Patterns,
    package_names,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.sbom import SbomError, Used, used_by

#: What an entry of an own list names a package by: globs, each of them optional, but not all.
NAMING_KEYS = ("package_type", "name", "version", "project")
ENTRY_KEYS = (*NAMING_KEYS, "reason", "until")


class KeepListError(ValueError):
    """A keep list that is refused; the message is one sentence that names the file."""


@dataclass(frozen=True)
class Entry:
    """An entry of an own list: what it names, why, and the last day (UTC) on which it holds."""

    match: Match
    reason: str
    until: date | None = None
    names: tuple[str, ...] | None = None
    """The names, where none of them is a glob; None: any package may be meant."""


@dataclass(frozen=True)
class KeepList:
    """One file: its name for people, and what it holds. One of the two is empty."""

    label: str
    entries: tuple[Entry, ...] = ()
    used: tuple[Used, ...] = ()


# --- contents -----------------------------------------------------------------------------------------------------


def parse_keep_list(text: str, label: str, load: t.Callable[[str, str], t.Any]) -> KeepList:
    """Read the text of one file. ``load`` gives the data of YAML or JSON; what it raises is let through.

    Raises `KeepListError` for what is no keep list or has no entry, and ImportError where package URLs are to be read
    and packageurl-python is missing.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise KeepListError(f"keep list {label} is empty")
    is_csv = _is_csv(text)
    document = None if is_csv else load(text, label)
    try:
        if is_csv:
            return KeepList(label, tuple(_entries(_csv_rows(text), "line")))
        used = used_by(document)
        if used is not None:
            return KeepList(label, used=tuple(used))
        if not isinstance(document, list):
            raise ValueError(
                "it is neither a list of entries (YAML or CSV), nor CycloneDX, SPDX or package-lock.json in JSON"
            )
        if not document:
            raise ValueError("it has no entry")
        return KeepList(label, tuple(_entries(enumerate(document, 1), "entry")))
    except (ValueError, SbomError) as error:
        raise KeepListError(f"keep list {label}: {error}") from None


def _is_csv(text: str) -> bool:
    """Whether the first line is a header: words, and at least one of them our key. YAML and JSON begin otherwise."""
    first = text.lstrip().splitlines()[0]
    words = [word.strip().strip('"').lower() for word in re.split(r"[,;\t]", first)]
    return (
        first[0] not in "-[{#%&!" and ": " not in first and not first.endswith(":") and bool({*words} & {*ENTRY_KEYS})
    )


def _csv_rows(text: str) -> t.Iterator[tuple[int, dict[str, t.Any]]]:
    header = text.lstrip().splitlines()[0]
    if ";" in header or "\t" in header:
        raise ValueError("its columns are separated by another character than a comma")
    rows = csv.reader(io.StringIO(text.lstrip()), strict=True)
    keys = [key.strip() for key in next(rows, [])]
    if len(set(keys)) < len(keys):
        raise ValueError("its header names a column twice")
    found = False
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(keys):
                raise ValueError(f"line {rows.line_num} has {len(row)} cells, and the header has {len(keys)}")
            found = True
            yield rows.line_num, {key: cell.strip() for key, cell in zip(keys, row) if cell.strip()}
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num}: {error}") from None
    if not found:
        raise ValueError("it has no entry")


def _entries(rows: t.Iterable[tuple[int, t.Any]], unit: str) -> t.Iterator[Entry]:
    for number, row in rows:
        try:
            yield _entry(row)
        except ValueError as error:
            raise ValueError(f"{unit} {number}: {error}") from None


def _entry(row: t.Any) -> Entry:
    if not isinstance(row, t.Mapping):
        raise ValueError(f"it must be a mapping, not {type(row).__name__}")
    for key, value in row.items():
        if key not in ENTRY_KEYS:
            raise ValueError(f"unknown key {printable(str(key))!r}{_instead(str(key), ENTRY_KEYS)}")
        if value is None:
            raise ValueError(f"{key} is null: give it a value, or leave the key out")
    named = {key: _texts(row[key], key) for key in NAMING_KEYS if key in row}
    if not named:
        raise ValueError(f"it names nothing: give one of {', '.join(NAMING_KEYS)}")
    reason = row.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError("reason is missing: say why this stays, for whoever reads the plan")
    exact = {"package_type": _types(named.pop("package_type"))} if "package_type" in named else {}
    names = named.get("name")
    plain = names is not None and not any(re.search(r"[*?\[]", name) for name in names)
    return Entry(
        match=Match(label=reason, exact=exact, globs={key: Patterns(texts) for key, texts in named.items()}),
        reason=reason.strip(),
        until=_day(row["until"]) if "until" in row else None,
        names=tuple(names) if plain and names is not None else None,
    )


def _types(globs: t.Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    for glob in globs:
        types = fnmatch.filter(PACKAGE_TYPES, glob)
        if not types:
            raise ValueError(f"package_type {printable(glob)!r} does not exist{_instead(glob, PACKAGE_TYPES)}")
        found.update(types)
    return frozenset(found)


def _texts(value: t.Any, key: str) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts:
        raise ValueError(f"{key} must be a text or a list of texts, not {value!r}{_quote_hint(value)}")
    for text in texts:
        if not isinstance(text, str) or not text:
            raise ValueError(f"{key} holds {text!r}, which is no text{_quote_hint(text)}")
    return texts


def _quote_hint(value: t.Any) -> str:
    return ": put it in quotes" if isinstance(value, (int, float)) else ""  # bools too: YAML makes true of `on`


def _day(value: t.Any) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"until must be a day such as 2027-01-31, not {value!r}")


def _instead(wrong: str, known: t.Sequence[str]) -> str:
    close = difflib.get_close_matches(wrong, known, n=1)
    return f": did you mean {close[0]}?" if close else f": there are {', '.join(known)}"


# --- the question -------------------------------------------------------------------------------------------------


@dataclass
class Keeps:
    """What some keep lists keep at a time; called with a package, it says why (or nothing). See `combine`."""

    by_name: dict[str, list[tuple[str, Entry]]] = field(default_factory=dict)
    by_glob: list[tuple[str, Entry]] = field(default_factory=list)
    used: dict[tuple[str, str], list[tuple[str, t.Any]]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    """Sentences on entries that do not hold any more."""

    def __call__(self, package: Package) -> tuple[str, ...]:
        reasons = [f"used: {label}" for label in self._users(package)]
        for name in dict.fromkeys(package_names(package)):
            reasons += [
                _listed(*item) for item in self.by_name.get(name, ()) if item[1].match.holds(package) is not False
            ]
        reasons += [_listed(*item) for item in self.by_glob if item[1].match.holds(package) is not False]
        return tuple(dict.fromkeys(reasons))

    def _users(self, package: Package) -> t.Iterator[str]:
        package_type = package["package_type"]
        for name in dict.fromkeys(_plain_name(package_type, name) for name in package_names(package)):
            versions = self.used.get((package_type, name))
            if versions:
                mine = plain_version(package_type, package.get("version"))
                yield from (label for label, version in versions if version is None or version == mine)


def combine(lists: t.Sequence[KeepList], now: datetime) -> Keeps:
    """Make the lists ready to be asked at ``now`` (aware, the plan's reference time); an expired entry only warns."""
    today = now.astimezone(timezone.utc).date()
    keeps = Keeps()
    for one in lists:
        for entry in one.entries:
            if entry.until is not None and entry.until < today:
                keeps.warnings.append(f"keep list {one.label}: {printable(entry.reason)!r} held until {entry.until}")
            elif entry.names is None:
                keeps.by_glob.append((one.label, entry))
            else:
                for name in dict.fromkeys(entry.names):
                    keeps.by_name.setdefault(name, []).append((one.label, entry))
        for package_type, name, version in dict.fromkeys(one.used):
            wanted = None if version is None else plain_version(package_type, version)
            keeps.used.setdefault((package_type, _plain_name(package_type, name)), []).append((one.label, wanted))
    return keeps


def _listed(label: str, entry: Entry) -> str:
    return f"listed: {label} ({entry.reason})"


_MAVEN_BUILD = re.compile(r"(.*)-[0-9]{8}\.[0-9]{6}-[0-9]+")


def _plain_name(package_type: str, name: str) -> str:
    """A name as its ecosystem compares it: PEP 503 for PyPI, without case for NuGet and Composer."""
    if package_type == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.lower() if package_type in ("nuget", "composer") else name


def plain_version(package_type: str, version: str | None) -> t.Any:
    """A version as its ecosystem compares it, which is equal for all its spellings: 1.0 and 1.0.0 of PEP 440.

    A timestamped build of Maven is its ``-SNAPSHOT``. Raises ImportError if univers is missing where PyPI or NuGet
    need it.
    """
    if version is None:
        return ""  # no version that a list could name
    if package_type == "maven":
        build = _MAVEN_BUILD.fullmatch(version)
        return f"{build.group(1)}-SNAPSHOT" if build else version
    if package_type in ("pypi", "nuget"):
        key = version_key_for(package_type)(version)
        return version.lower() if key is None else key
    return version
