# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ``match`` of a policy, and whether a package is what it means. Pure: the checks are in policy.py.

A package is a mapping with the fields of E1 or E2; what E2 leaves out for want of rights is missing or null.
"""

from __future__ import annotations

import fnmatch
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.version_parts import is_prerelease

Package = t.Mapping[str, t.Any]


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
    prerelease: bool | None = None
    versionless: bool = False
    exclude: tuple[Match, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no key is given, so that every package matches."""
        return not (self.exact or self.globs or self.prerelease is not None or self.versionless or self.exclude)

    def holds(self, package: Package) -> bool | None:
        """Whether all keys hold, and no exclusion does. None: that depends on what nobody tells, see `unknown`.

        E2 gives ``project_path`` only if the caller may read the project, and E1 never does; very old servers do not
        tell tags. Raises ImportError if
        ``prerelease`` is asked for and univers is not installed.
        """
        if self.versionless and package.get("version") is not None:
            return False
        verdict: bool | None = True
        for key, values in self.exact.items():
            if key == "tag":
                if not tags_are_told(package):
                    verdict = None
                elif values.isdisjoint(tag_names(package)):
                    return False
            elif (
                status_of(t.cast("dict[str, t.Any]", package)) if key == "status" else package["package_type"]
            ) not in values:
                return False
        project: Patterns | None = None
        for key, patterns in self.globs.items():
            if key == "name":
                if not any(map(patterns.match, package_names(package))):
                    return False
            elif key == "project":
                project = patterns
            else:
                text = package.get("version") if key == "version" else ref_of(package)
                if text is None or not patterns.match(text):
                    return False
        if self.prerelease is not None:
            found = is_prerelease(package.get("version"), package["package_type"])
            if found is not self.prerelease:
                return False
        if project is not None:
            path = package.get("project_path")
            if path is None:
                verdict = None
            elif not project.match(path):
                return False
        return self._excluded(package, verdict) if self.exclude and verdict is not False else verdict

    def unknown(self, package: Package) -> str:
        """By which key `holds` cannot judge a package: ``tag`` or ``project``."""
        asks_for_tags = any("tag" in match.exact for match in (self, *self.exclude))
        return "tag" if asks_for_tags and not tags_are_told(package) else "project"

    def _excluded(self, package: Package, verdict: bool | None) -> bool | None:
        """The verdict once the exclusions are heard: one that holds beats it, one that is unknown leaves it open."""
        for entry in self.exclude:
            holds = entry.holds(package)
            if holds:
                return False
            if holds is None:
                verdict = None
        return verdict


def package_names(package: Package) -> tuple[str, ...]:
    """What a package answers to: its name; for conan the recipe (which E1 to E3 call ``name``) and the bare name."""
    name: str = package["name"]
    if package["package_type"] != "conan":
        return (name,)
    return (name, package.get("conan_package_name") or name.partition("/")[0])


def group_name(package: Package) -> str:
    """The name by which packages are counted together.

    For conan the API's ``name`` is the recipe, which holds the version: each would be a group of its own. So it is
    the bare name with user and channel: ``zlib@acme/stable`` for ``zlib/1.3@acme/stable``.
    """
    names = package_names(package)
    if len(names) == 1:
        return names[0]
    recipe, bare = names
    _version, at, channel = recipe.partition("@")
    return bare + at + channel


def tag_names(package: Package) -> list[str]:
    """The names of a package's tags, which are objects, on some servers plain strings, on old ones absent."""
    return [tag["name"] if isinstance(tag, t.Mapping) else tag for tag in package.get("tags") or ()]


def tags_are_told(package: Package) -> bool:
    """Whether the server tells tags at all; very old ones do not."""
    return package.get("tags") is not None


def ref_of(package: Package) -> str | None:
    """The branch or tag of the last pipeline; None if there was none, it was deleted, or the caller may not read it."""
    pipeline = package.get("pipeline")
    return pipeline.get("ref") if isinstance(pipeline, t.Mapping) else None
