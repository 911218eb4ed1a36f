# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Less than all facts of all packages: some fields of each, or how many there are of each kind. Pure."""

from __future__ import annotations

import typing as t
from collections import Counter

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package, status_of


def only_fields(packages: t.Iterable[Package], fields: t.Sequence[str]) -> tuple[list[Package], list[str]]:
    """The packages with these fields only, and those fields that none of them has.

    A dot leads into a field: ``pipeline.ref``. A field that a package lacks is None in it, so that all look alike.
    """
    unseen = dict.fromkeys(fields)
    shown = []
    for package in packages:
        row = {}
        for field in fields:
            there, row[field] = _value(package, field)
            if there:
                unseen.pop(field, None)
        shown.append(row)
    return shown, list(unseen) if shown else []


def _value(package: Package, field: str) -> tuple[bool, t.Any]:
    """Whether the field is there, and its value."""
    value: t.Any = package
    for part in field.split("."):
        if not isinstance(value, dict) or part not in value:
            return False, None
        value = value[part]
    return True, value


def counts(packages: t.Sequence[Package], sized: bool) -> dict[str, t.Any]:
    """How many packages there are ``by_type``, ``by_status`` and ``by_project`` (its path, or its ID where no path is
    told), the most first; where they are ``sized``, with the bytes of all as ``size``.
    """
    told: dict[str, t.Any] = {
        "by_type": _count(package["package_type"] for package in packages),
        "by_status": _count(map(status_of, packages)),
        "by_project": _count(str(package.get("project_path") or package["project_id"]) for package in packages),
    }
    if sized:
        told["size"] = sum(package["size"] or 0 for package in packages)
    return told


def _count(values: t.Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))
