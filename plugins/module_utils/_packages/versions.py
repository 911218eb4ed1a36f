# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version order, as each package type's own ecosystem has it. Pure: packages in, packages out.

``univers`` reads the versions. It is imported at the first call that orders something, so that a policy that does not
order by version works without it; a missing library is an ImportError of that call.

What univers reads is turned into a plain tuple, once per version, and the tuples are compared. Its own comparison
is not used, for three reasons: it reads some versions anew at every comparison (RubyGems, Debian, RPM), which takes
minutes for 100,000 of them; for some types "equal" and "less" contradict each other, so that the result would depend
on the order of the input; and it differs from the ecosystem's in the places named below.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time

Package = t.Mapping[str, t.Any]
P = t.TypeVar("P", bound=Package)

Key = t.Any
"""What orders one version among those of its type. Keys of two types must not be compared."""

#: The longest version that GitLab stores.
LONGEST = 255

_OLDEST = datetime.min.replace(tzinfo=timezone.utc)


def sort_newest_first(packages: t.Iterable[P], package_type: str) -> list[P]:
    """Order packages of one type (E1's ``package_type``) by version, the newest first.

    A package is a mapping with ``id``, ``version`` (may be None) and ``created_at``. Versions that do not parse, and
    packages without one, come last, by ``created_at``, newest first. Equal versions (``1.0`` and ``1.0.0`` for
    PyPI; build metadata) go by ``created_at`` too, and at last the higher ID comes first, so the order is total.
    Raises ImportError if univers is not installed.
    """
    version_key = version_key_for(package_type)

    def key(package: P) -> tuple[bool, Key, datetime, int]:
        parsed = version_key(package.get("version"))
        # Those without a key are never compared by it: the first element has told them apart already.
        return (parsed is not None, parsed if parsed is not None else (), _created(package), package["id"])

    return sorted(packages, key=key, reverse=True)


def newest(packages: t.Iterable[P], package_type: str) -> P | None:
    """Return the first of `sort_newest_first`, or None if there are no packages."""
    return next(iter(sort_newest_first(packages, package_type)), None)


def newest_of_each(packages: t.Iterable[P]) -> list[P]:
    """Of each name and type in each project the newest by its ecosystem's order of versions.

    Packages without a version have no place in that order, and are left out. Raises ImportError without univers.
    """
    groups: dict[tuple[int, str, str], list[P]] = {}
    for package in packages:
        if package.get("version") is not None:
            # A conan recipe holds the version: the bare name is what its versions have in common.
            name = package.get("conan_package_name") or package["name"]
            groups.setdefault((package["project_id"], package["package_type"], name), []).append(package)
    return [sort_newest_first(group, kind)[0] for (_project, kind, _name), group in groups.items()]


def version_key_for(package_type: str) -> t.Callable[[str | None], Key]:
    """Return a function from a version to its key: the greater the key, the newer the version; None: does not parse.

    What is longer than GitLab allows does not parse, whatever it is. Types without an order of their own (generic,
    helm, terraform_module, conan, ml_model, cargo, any that is unknown) go by semver. Raises ImportError if univers is
    not installed.
    """
    import univers.versions  # imported late: only ordering by version needs the library

    read = _READERS.get(package_type, _semver_key)

    def version_key(version: str | None) -> Key:
        if not isinstance(version, str) or not version.strip() or len(version) > LONGEST:
            return None
        try:
            return read(univers.versions, version.strip())
        except Exception:
            # Anyone with push access chose this text, and each parser fails in its own way (NuGet's exception is no
            # ValueError, a number of 5000 digits is one): whatever it was, the version does not parse.
            return None

    return version_key


def _created(package: Package) -> datetime:
    try:
        return parse_time(package["created_at"])
    except (KeyError, TypeError, ValueError):
        return _OLDEST


# --- semver: npm, Go, Helm, Terraform, generic ... ----------------------------------------------------------------

_SEMVER = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+)*)(-[0-9A-Za-z.-]+|[A-Za-z][0-9A-Za-z.-]*)?(?:\+.*)?", re.DOTALL)
_ZERO_PADDED = re.compile(r"(^[^-+]*-|\.)(0[0-9]+)(?=[.+]|$)")


def _without_padding(version: str) -> str:
    """Without the zeros before a number: ``1.02.3`` is ``1.2.3``."""
    return _ZERO_PADDED.sub(lambda match: match.group(1) + (match.group(2).lstrip("0") or "0"), version)


def _semver_key(univers: t.Any, version: str) -> Key:
    """Semver 2.0, read as kindly as its lenient readers do: ``v1.2``, ``1.2.3rc1``, ``2024.01.15``, ``1.2.3.4``.

    Go's pseudo-versions and ``+incompatible`` need nothing more: they are semver by design.
    """
    match = _SEMVER.fullmatch(_without_padding(version))
    if match is None:
        raise ValueError(version)
    numbers, prerelease = match.groups()
    if "." not in numbers and prerelease and not prerelease.startswith("-"):
        # univers reads the commit hash 7f3c2ab as version 7.0.0 with the prerelease f3c2ab.
        raise ValueError(version)
    parts = numbers.split(".")
    # univers takes a fourth number, and a prerelease after it, for build metadata, which has no order.
    value = univers.SemverVersion.build_value(".".join(parts[:3]) + (prerelease or ""))
    core = [value.major, value.minor, value.patch, *map(int, parts[3:])]
    return _trimmed(core), _prerelease_key(value.prerelease)


def _prerelease_key(identifiers: t.Sequence[str]) -> Key:
    """Semver, item 11: none is the newest, numbers by value and before words, more identifiers after fewer."""
    if not identifiers:
        return (1,)
    return (0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in identifiers))


def _trimmed(numbers: list[int]) -> tuple[int, ...]:
    """Without the zeros at the end: 1.2, 1.2.0 and 1.2.0.0 are one version."""
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


# --- the other types ----------------------------------------------------------------------------------------------


def _pypi_key(univers: t.Any, version: str) -> Key:
    # PEP 440 as `packaging` has it, whose versions are compared by a key of their own.
    return univers.PypiVersion.build_value(version)


def _nuget_key(univers: t.Any, version: str) -> Key:
    """Semver with a fourth number; prereleases without regard to case. NuGet allows numbers padded with zeros."""
    value = univers.NugetVersion.build_value(_without_padding(version))
    core = [int(value.major), int(value.minor), int(value.patch), int(value.revision)]
    return _trimmed(core), _prerelease_key(value.prerelease.lower().split(".") if value.prerelease else ())


def _rubygems_key(univers: t.Any, version: str) -> Key:
    """``Gem::Version``: words before numbers, the shorter version filled up with zeros.

    Filling up makes a zero that a word follows older than the end of a version (``1.a.0.b`` < ``1.a``), and one that
    a number follows newer. Zeros at the end, also those before the first word, do not count.
    """
    numbers, words = univers.RubygemsVersion.build_value(version).split_segments()
    segments = [*_trimmed(list(numbers)), *words]
    while segments and segments[-1] == 0:
        segments.pop()
    key: list[tuple[int, int, str]] = [(2, 0, "")]
    word_follows = False
    for segment in reversed(segments):
        if isinstance(segment, str):
            word_follows = True
            key.append((0, 0, segment))
        elif segment == 0 and word_follows:
            key.append((1, 0, ""))
        else:
            word_follows = False
            key.append((3, segment, ""))
    return tuple(reversed(key))


_DEBIAN_PART = re.compile(r"([^0-9]*)([0-9]*)")


def _debian_key(univers: t.Any, version: str) -> Key:
    """deb-version(7): epoch, upstream version, revision; ``~`` is older even than the end."""
    value = univers.DebianVersion.build_value(version)
    if not value.revision:  # "1.0-": univers takes it, dpkg refuses it
        raise ValueError(version)
    return value.epoch, _debian_part(value.upstream), _debian_part(value.revision)


def _debian_part(text: str) -> Key:
    # Words and numbers by turns. Each word ends with a 0, which stands for "no more characters".
    return tuple(((*map(_debian_rank, word), 0), int(number or 0)) for word, number in _DEBIAN_PART.findall(text))


def _debian_rank(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 0x110000


_RPM_SEGMENT = re.compile(r"([0-9]+)|([A-Za-z]+)|([~^])")
_RPM_END = (1, 0, "")


def _rpm_key(univers: t.Any, version: str) -> Key:
    """rpm-version(7): epoch, version, release; ``~`` is older than the end, ``^`` newer, numbers are after words."""
    value = univers.RpmVersion.build_value(version)
    return value.epoch, _rpm_part(value.version), _rpm_part(value.release)


def _rpm_part(text: str) -> Key:
    segments: list[tuple[int, int, str]] = []
    for number, word, mark in _RPM_SEGMENT.findall(text):
        if mark:
            segments.append((0 if mark == "~" else 2, 0, ""))
        else:
            segments.append((4, int(number), "") if number else (3, 0, word))
    return (*segments, _RPM_END)


_MAVEN_TOKEN = re.compile(r"([.-]?)([0-9]+|[^0-9.-]+|(?=[.-]|$))")
_MAVEN_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_MAVEN_ALIAS = {"ga": "", "final": "", "release": "", "cr": "rc"}
_MAVEN_QUALIFIERS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "snapshot": 4, "": 5, "sp": 6}
_MAVEN_END = (1, 0, "")


def _maven_key(_univers: t.Any, version: str) -> Key:
    """Maven's version order specification (POM reference), where a qualifier is the same after ``.`` and ``-``.

    Not read by univers: it takes ``1.0.RELEASE`` for newer than ``1.0``, ``1.0.RC2`` for newer than ``1.0-1``, and
    compares words with lists in circles. In each token, first its rank: qualifier before a release (0), the
    end (1), qualifier after it (2), number after ``-`` (3), number after ``.`` (4).
    """
    text = version.lower()
    if not re.search("[0-9]", text):
        raise ValueError(version)  # a branch or a word: Maven would order it, among versions it says nothing
    tokens: list[tuple[str, int | str]] = []
    for match in _MAVEN_TOKEN.finditer(text):
        separator, token = match.groups()
        if not match.group():
            continue
        if not separator and tokens:
            separator = "-"  # a change between digits and letters separates like a hyphen
        if not token or token.isdigit():
            tokens.append((separator, int(token or 0)))
            continue
        end = match.end()
        if text[end:][:1].isdigit():
            token = _MAVEN_SHORT.get(token, token)
        tokens.append(("-", _MAVEN_ALIAS.get(token, token)))
    key: list[tuple[int, int, str]] = []
    follows = "-"
    for separator, value in reversed(tokens):
        # Zeros and empty qualifiers at the end of the version, or before a hyphen, do not count.
        if value in (0, "") and follows == "-":
            continue
        follows = separator
        if isinstance(value, int):
            key.append((3 if separator == "-" else 4, value, ""))
        else:
            qualifier = _MAVEN_QUALIFIERS.get(value, 7)
            key.append((0 if qualifier < 5 else 2, qualifier, value if qualifier == 7 else ""))
    return (*reversed(key), _MAVEN_END)


# A separator is optional only before the first number: between two of them there is one way to read each digit.
_COMPOSER_SUFFIX = r"(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?[0-9]+(?:[.-][0-9]+)*)?))?([.-]?dev)?"
_COMPOSER = re.compile(r"v?([0-9]+(?:\.[0-9]+){0,3}(?:\.[x*])*|[0-9]{4}(?:[.:-]?[0-9]{2,3}){1,8})" + _COMPOSER_SUFFIX)
_COMPOSER_STABILITY = {"alpha": 1, "a": 1, "beta": 2, "b": 2, "rc": 3, "stable": 4, "": 4, "patch": 5, "pl": 5, "p": 5}
_COMPOSER_WILDCARD = 9999999


def _composer_key(_univers: t.Any, version: str) -> Key:
    """Composer's ``VersionParser::normalize`` and PHP's ``version_compare``: dev, alpha, beta, RC, release, patch.

    Not read by univers, for which Composer is semver: ``beta10`` would come before ``beta2``, ``1.0-p1`` before
    ``1.0``, and a fourth number would not count. A branch (``dev-main``) has no order in Composer: it does not
    parse; ``1.x-dev`` is the branch after all that begins with ``1.``.
    """
    match = _COMPOSER.fullmatch(version.lower().partition("+")[0].partition("@")[0].partition("#")[0])
    if match is None:
        raise ValueError(version)
    core, word, suffix, dev = match.groups()
    parts = re.split(r"[.:-]", core)
    wildcard = any(part in ("x", "*") for part in parts)
    if wildcard and (word or not dev):
        raise ValueError(version)
    numbers = [_COMPOSER_WILDCARD if part in ("x", "*") else int(part) for part in parts]
    if wildcard:
        numbers += [_COMPOSER_WILDCARD] * (4 - len(numbers))
    stability = 0 if dev and not word else _COMPOSER_STABILITY[word or ""]
    counts = tuple(map(int, re.findall("[0-9]+", suffix or "")))
    return _trimmed(numbers), stability, counts, not dev


_READERS: dict[str, t.Callable[[t.Any, str], Key]] = {
    "composer": _composer_key,
    "debian": _debian_key,
    "golang": _semver_key,
    "maven": _maven_key,
    "npm": _semver_key,
    "nuget": _nuget_key,
    "pypi": _pypi_key,
    "rpm": _rpm_key,
    "rubygems": _rubygems_key,
}
