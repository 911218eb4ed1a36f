# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan document must look like before anything in it is believed. Pure: plain data in, a refusal or nothing.

The tables say which keys there are; ``docs/schemas/plan.schema.json`` is held against them.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.places import (
    has_many,
    identity,
    places_of,
)

#: A later minor adds keys, which are ignored here; another major is refused.
FORMAT_VERSION = "2.0"

#: No number of a registry is larger: IDs and sizes are 64 bits wide in GitLab's database.
LARGEST = 2**63 - 1

Plan = t.Mapping[str, t.Any]

_TEXT = (str,)
_TEXT_OR_NULL = (str, type(None))
_NUMBER = (int,)
_NUMBER_OR_NULL = (int, type(None))

_TYPE_NAMES = {dict: "a mapping", int: "a whole number", list: "a list", str: "a text", type(None): "null"}

#: Keys of a plan and their types, but for ``keep``, ``keep_lists`` and ``delete_files``, which may be absent.
PLAN_FIELDS: dict[str, tuple[type, ...]] = {
    "format_version": _TEXT,
    "created_at": _TEXT,
    "api_url": _TEXT,
    "scope": (dict,),
    "policy": (dict,),
    "reference_time": _TEXT,
    "summary": (dict,),
    "delete": (list,),
    "digest": _TEXT,
}
#: Keys of the summary, but for ``bytes``, which is there where sizes were read, ``files``, beside ``delete_files``, and
#: ``protection`` and ``foreseen_protected``, where protection rules were asked.
SUMMARY_FIELDS: dict[str, tuple[type, ...]] = {
    "packages": _NUMBER,
    "delete": _NUMBER,
    "keep": _NUMBER,
    "protected": _NUMBER,
    "listed": _NUMBER,
    "unmatched": _NUMBER,
    "by_rule": (dict,),
    "without_match": (list,),
    "vanishing": (list,),
}
PACKAGE_FIELDS: dict[str, tuple[type, ...]] = {
    "id": _NUMBER,
    "project_id": _NUMBER,
    "project_path": _TEXT_OR_NULL,
    "name": _TEXT,
    "version": _TEXT_OR_NULL,
    "package_type": _TEXT,
    "status": _TEXT,
    "created_at": _TEXT_OR_NULL,
    "last_downloaded_at": _TEXT_OR_NULL,
    "tags": (list, type(None)),
}
#: Keys of an entry to delete, but for ``size``, which is there where sizes were read, and ``protected`` and
#: ``protected_by``, where a protection rule would refuse it.
DELETE_FIELDS = {**PACKAGE_FIELDS, "rule": _TEXT, "reason": _TEXT}

#: Keys of an entry of ``delete_files``.
FILE_FIELDS: dict[str, tuple[type, ...]] = {
    "id": _NUMBER,
    "package_id": _NUMBER,
    "project_id": _NUMBER,
    "project_path": _TEXT_OR_NULL,
    "name": _TEXT,
    "version": _TEXT_OR_NULL,
    "package_type": _TEXT,
    "file_name": _TEXT,
    "size": _NUMBER_OR_NULL,
    "created_at": _TEXT_OR_NULL,
    "rule": _TEXT,
    "reason": _TEXT,
}
#: Keys of ``summary.files``.
FILE_SUMMARY_FIELDS: dict[str, tuple[type, ...]] = {
    "files": _NUMBER,
    "delete": _NUMBER,
    "keep": _NUMBER,
    "bytes": _NUMBER,
    "unreadable": _NUMBER,
    "by_rule": (dict,),
}


class PlanError(ValueError):
    """A plan that is not to be applied; the message is one sentence that says why."""


def check_shape(plan: t.Any) -> None:
    """Raise `PlanError` for what is no plan of this format, or contradicts itself."""
    if not isinstance(plan, dict):
        raise PlanError(f"the plan must be a mapping, not {type(plan).__name__}")
    _check_version(plan.get("format_version"))
    _check_fields(plan, PLAN_FIELDS, "the plan")
    summary = plan["summary"]
    _check_fields(summary, SUMMARY_FIELDS, "the plan's summary")
    for key, types in (("bytes", _NUMBER), ("foreseen_protected", _NUMBER), ("protection", _TEXT)):
        _check_optional(summary, key, types, "the plan's summary")
    _check_scope(plan["scope"])
    for key in ("keep", "keep_lists", "delete_files"):
        if not isinstance(plan.get(key, []), list):
            raise PlanError(f"the plan's {key} must be a list, not {type(plan[key]).__name__}")
    _check_entries(plan["delete"])
    if summary["delete"] != len(plan["delete"]):
        raise PlanError(
            f"the plan lists {len(plan['delete'])} packages to delete, and its summary says {summary['delete']}"
        )
    if summary["packages"] != summary["delete"] + summary["keep"]:
        raise PlanError(
            f"the plan's summary says {summary['packages']} packages, {summary['delete']} to delete and"
            f" {summary['keep']} to keep, which does not add up"
        )
    _check_files(plan)
    for key in ("created_at", "reference_time"):
        plan_time(plan, key)


def plan_time(plan: Plan, key: str) -> datetime:
    """A time of a plan, as an aware datetime. Raises `PlanError`."""
    try:
        return parse_time(plan[key])
    except ValueError as error:
        raise PlanError(f"the plan's {key}: {error}") from error


def _check_version(version: t.Any) -> None:
    major = FORMAT_VERSION.partition(".")[0]
    if isinstance(version, str) and re.fullmatch(rf"{major}\.[0-9]{{1,4}}", version):
        return
    if version == 1 and not isinstance(version, bool):
        raise PlanError(
            "the plan has format 1, of release 0.1, which knows a project only by its path: make a new plan"
        )
    raise PlanError(
        f"this is not a plan that can be applied here: its format_version is {str(version)[:40]!r}, and it must be"
        f" {FORMAT_VERSION!r}, or a later {major}.x"
    )


def _check_scope(scope: t.Mapping[str, t.Any]) -> None:
    if "packages" in scope:
        raise PlanError(
            "the plan is for packages that were given to package_retention_info, and for no registry: it cannot be"
            " applied; make a plan of a project or group"
        )
    if not has_many(scope):
        _check_place(scope)
        return
    if not all(isinstance(scope.get(key), list) for key in ("projects", "groups")) or {"project", "group"} & {*scope}:
        raise PlanError("the plan's scope must have a list of projects and one of groups")
    for kind in ("project", "group"):
        for place in scope[f"{kind}s"]:
            if not isinstance(place, dict) or kind not in place:
                raise PlanError(f"the plan's scope: {kind}s must be {kind}s, by their paths")
            _check_place(place)
    places = places_of(scope)
    if len(places) < 2 or len({identity(place) for place in places}) < len(places):
        raise PlanError("the plan's scope must have several places, and none of them twice")


def _check_place(scope: t.Mapping[str, t.Any]) -> None:
    kinds = [key for key in ("project", "group") if key in scope]
    if len(kinds) != 1 or not isinstance(scope[kinds[0]], str):
        raise PlanError("the plan's scope must be a project or a group, by its path")
    _check_fields(scope, {f"{kinds[0]}_id": _NUMBER}, "the plan's scope")
    if kinds == ["group"] and not isinstance(scope.get("exclude_subgroups"), bool):
        raise PlanError("the plan's scope: exclude_subgroups must be true or false")
    archived = scope.get("archived_projects", [])
    if not isinstance(archived, list) or not all(one.__class__ is int for one in archived):
        raise PlanError("the plan's scope: archived_projects must be a list of IDs")


def _check_entries(entries: list[t.Any]) -> None:
    ids = set()
    for number, entry in enumerate(entries, 1):
        where = f"entry {number} of the plan's delete"
        if not isinstance(entry, dict):
            raise PlanError(f"{where} must be a mapping, not {type(entry).__name__}")
        _check_fields(entry, DELETE_FIELDS, where)
        _check_optional(entry, "size", _NUMBER, where)
        _check_rule(entry, where)
        if not all(isinstance(tag, str) for tag in entry["tags"] or ()):
            raise PlanError(f"{where}: tags must be texts")
        if entry["id"] in ids:
            raise PlanError(f"{where} has the id {entry['id']}, as another entry has")
        ids.add(entry["id"])


def _check_files(plan: Plan) -> None:
    entries, going = plan.get("delete_files"), {entry["id"] for entry in plan["delete"]}
    if entries is None and "files" not in plan["summary"]:
        return
    _check_fields({"delete_files": entries}, {"delete_files": (list,)}, "the plan")
    _check_fields(plan["summary"], {"files": (dict,)}, "the plan's summary")
    counts = plan["summary"]["files"]
    _check_fields(counts, FILE_SUMMARY_FIELDS, "the plan's summary.files")
    ids = set()
    for number, entry in enumerate(entries or (), 1):
        where = f"entry {number} of the plan's delete_files"
        if not isinstance(entry, dict):
            raise PlanError(f"{where} must be a mapping, not {type(entry).__name__}")
        _check_fields(entry, FILE_FIELDS, where)
        _check_rule(entry, where)
        if entry["id"] in ids:
            raise PlanError(f"{where} has the id {entry['id']}, as another entry has")
        if entry["package_id"] in going:
            raise PlanError(f"{where} is of package {entry['package_id']}, which the plan deletes as a whole")
        ids.add(entry["id"])
    if (counts["delete"], counts["files"]) != (len(ids), len(ids) + counts["keep"]):
        raise PlanError(
            f"the plan lists {len(ids)} files to delete, and its summary says {counts['files']} files,"
            f" {counts['delete']} to delete and {counts['keep']} to keep"
        )


def _check_fields(value: t.Mapping[str, t.Any], fields: t.Mapping[str, tuple[type, ...]], where: str) -> None:
    for key, types in fields.items():
        if key not in value:
            raise PlanError(f"{where} has no {key}")
        # A boolean is an int to Python, and never what a plan means by a number.
        if not isinstance(value[key], types) or isinstance(value[key], bool):
            wanted = " or ".join(_TYPE_NAMES[kind] for kind in types)
            raise PlanError(f"{where}: {key} must be {wanted}, not {type(value[key]).__name__}")
        if int in types and value[key] is not None and not 0 <= value[key] <= LARGEST:
            raise PlanError(f"{where}: {key} is no number of a registry")


def _check_rule(entry: t.Mapping[str, t.Any], where: str) -> None:
    """Of a protection rule that would refuse it, people are told the pattern."""
    _check_optional(entry, "protected_by", (dict,), where)
    if "protected_by" in entry:
        _check_fields(entry["protected_by"], {"package_name_pattern": _TEXT}, f"{where}: protected_by")


def _check_optional(value: t.Mapping[str, t.Any], key: str, types: tuple[type, ...], where: str) -> None:
    if key in value:
        _check_fields(value, {key: types}, where)
