# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a version says beside its place in the order: whether it is a prerelease, and its major and minor. Pure.

Both are read off the key that orders the version (versions.py), so that there is one lenient parser: what does not
parse for the order is neither a prerelease nor a release, and has no major.
"""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import Key, version_key_for

#: Longer versions do not parse, whatever they are.
_LONGEST = 255
#: Plain for every ecosystem: a release, its major and its minor. Most versions are such, and need no parser.
_PLAIN = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.[0-9]{1,9}")


class Line(t.NamedTuple):
    """The line of development that a version is of. An epoch (PyPI, Debian, RPM) belongs to the major.

    ``[:2]`` is the major, the whole the minor; a missing minor is 0.
    """

    epoch: int
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.of_major}.{self.minor}"

    @property
    def of_major(self) -> str:
        """The major for people: ``2``, or with an epoch ``1:2``."""
        return f"{self.epoch}:{self.major}" if self.epoch else str(self.major)


def is_prerelease(version: str | None, package_type: str) -> bool | None:
    """Whether a version is a prerelease, as its ecosystem has it; None: it does not parse, or there is none.

    semver (npm, Go, Helm, Terraform, generic ...) and NuGet: a prerelease part, of which Go's pseudo-versions have one
    too; PEP 440: pre or dev; Maven: alpha, beta, milestone, rc, cr, snapshot, and a, b, m before a digit, anywhere in
    the version; Composer: dev, alpha, beta, RC, and any ``dev-…`` branch; RubyGems: any letters; Debian and RPM: ``~``
    in the upstream version, so that a backport (``1.0-1~bpo12+1``) is none. Raises ImportError without univers.
    """
    return _parts(version, package_type)[0]


def major_minor(version: str | None, package_type: str) -> Line | None:
    """The major and minor of a version; None: it does not parse, or there is none. A ``dev-…`` branch has none.

    Debian, RPM and NuGet: the first two numbers. Raises ImportError if univers is not installed.
    """
    return _parts(version, package_type)[1]


#: Large enough for the versions of a name, which are asked for one after the other, by one rule after the other.
@lru_cache(maxsize=4096)
def _parts(version: str | None, package_type: str) -> tuple[bool | None, Line | None]:
    version_key = version_key_for(package_type)
    if not isinstance(version, str) or len(version) > _LONGEST:
        return None, None
    plain = _PLAIN.fullmatch(version)
    if plain:
        return False, Line(0, int(plain.group(1)), int(plain.group(2)))
    return _parsed(version, package_type, version_key(version))


def _parsed(version: str, package_type: str, key: Key) -> tuple[bool | None, Line | None]:
    """What the key of a version tells, without the short way for plain ones."""
    if key is not None:
        return _READERS.get(package_type, _of_numbers_and_prerelease)(key)
    if package_type == "composer" and version.strip().lower().startswith("dev-"):
        return True, None  # a branch has no order and no major, and is a prerelease all the same
    return None, None


def _line(epoch: int, numbers: t.Sequence[int]) -> Line:
    # Zeros at the end are trimmed in keys: what is missing is 0.
    major, minor = (*numbers, 0, 0)[:2]
    return Line(epoch, major, minor)


def _of_numbers_and_prerelease(key: Key) -> tuple[bool, Line]:
    numbers, prerelease = key
    return prerelease[0] == 0, _line(0, numbers)


def _of_pypi(key: Key) -> tuple[bool, Line]:
    return key.is_prerelease, _line(key.epoch, key.release)


def _of_rubygems(key: Key) -> tuple[bool, Line]:
    # Ranks: 0 a word, 1 a zero before a word, 2 the end, 3 a number.
    numbers: list[int] = []
    for rank, number, _word in key:
        if rank not in (1, 3):
            break
        numbers.append(number)
    return any(rank == 0 for rank, _number, _word in key), _line(0, numbers)


def _of_debian(key: Key) -> tuple[bool, Line]:
    epoch, upstream, _revision = key
    return any(-1 in ranks for ranks, _number in upstream), _line(epoch, [number for _ranks, number in upstream])


def _of_rpm(key: Key) -> tuple[bool, Line]:
    # Ranks: 0 a tilde, 1 the end, 2 a caret, 3 a word, 4 a number.
    epoch, upstream, _release = key
    numbers = [number for rank, number, _word in upstream if rank == 4]
    return any(rank == 0 for rank, _number, _word in upstream), _line(epoch, numbers)


def _of_maven(key: Key) -> tuple[bool, Line]:
    # Ranks: 0 a qualifier before a release, 1 the end, 2 another qualifier, 3 a number after a hyphen, 4 a number.
    numbers: list[int] = []
    for rank, number, _word in key:
        if rank != 4:
            break
        numbers.append(number)
    return any(rank == 0 for rank, _number, _word in key), _line(0, numbers)


def _of_composer(key: Key) -> tuple[bool, Line]:
    numbers, stability, _counts, not_dev = key
    return stability < 4 or not not_dev, _line(0, numbers)


_READERS: dict[str, t.Callable[[Key], tuple[bool, Line]]] = {
    "composer": _of_composer,
    "debian": _of_debian,
    "maven": _of_maven,
    "pypi": _of_pypi,
    "rpm": _of_rpm,
    "rubygems": _of_rubygems,
}
