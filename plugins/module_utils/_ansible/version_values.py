# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for filters and tests on versions: what a template hands over."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import PACKAGE_TYPES
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.version_parts import is_prerelease
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import version_key_for


def version_and_type(entry: t.Any, package_type: str | None) -> tuple[str | None, str]:
    """The version and the package type of an entry: a version as text, or a package with both.

    Raises ValueError for anything else, and for a type that GitLab does not have.
    """
    if isinstance(entry, t.Mapping):
        version, found = entry.get("version"), package_type or entry.get("package_type")
        if version is not None and not isinstance(version, str):
            raise ValueError(f"the version {version!r} of a package is no text: put it in quotes")
    elif isinstance(entry, str):
        version, found = entry, package_type
    else:
        hint = ": put it in quotes" if isinstance(entry, (int, float)) else ""
        raise ValueError(f"{entry!r} is neither a version, which is a text, nor a package{hint}")
    if found is None:
        raise ValueError("say the package type, such as 'npm': each orders versions in its own way")
    if found not in PACKAGE_TYPES:
        raise ValueError(f"there is no package type {found!r}: there are {', '.join(PACKAGE_TYPES)}")
    return version, found


def sorted_by_version(entries: t.Any, package_type: str | None) -> list[t.Any]:
    """Versions or packages of one type, the oldest first; equal ones stay as they were.

    Raises as `version_and_type`.
    """
    if isinstance(entries, (str, t.Mapping)) or not isinstance(entries, t.Iterable):
        raise ValueError(f"a list of versions or packages is due, not {type(entries).__name__}")
    given = [(entry, *version_and_type(entry, package_type)) for entry in entries]
    types = sorted({found for _entry, _version, found in given})
    if len(types) > 1:
        raise ValueError(f"versions of {' and '.join(types)} have no common order")
    keys = [(version_key_for(found)(version), entry) for entry, version, found in given]
    # What does not parse is the oldest.
    unparsed = [entry for key, entry in keys if key is None]
    parsed = [(key, entry) for key, entry in keys if key is not None]
    return [*unparsed, *(entry for _key, entry in sorted(parsed, key=lambda item: item[0]))]


def prerelease_of(entry: t.Any, package_type: str | None) -> bool | None:
    """Whether a version or package is a prerelease; None: its version does not parse. Raises as `version_and_type`."""
    return is_prerelease(*version_and_type(entry, package_type))
