# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan document: built from decisions, sealed with a digest, verified, and compared with what is live. Pure.

A plan is plain data (texts, whole numbers, booleans, null, lists, mappings), so that it is the same after it was saved
and loaded as JSON or YAML:

- ``format_version``, ``created_at``, ``api_url``, ``scope``, ``policy``, ``reference_time``;
- ``summary``: ``packages`` that were looked at = ``delete`` + ``keep``; ``keep`` counts every kept package, also
  the protected and the ``unmatched`` ones, which are of no rule and so not in ``by_rule``;
- ``delete``: an entry with the keys of `DELETE_FIELDS` for each package to delete;
- ``keep``: the same with ``reasons``, only if asked for;
- ``digest``: ``sha256:`` and the hash of all the rest.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
import urllib.parse
from datetime import datetime, timedelta

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import (
    format_time,
    parse_duration,
    parse_time,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import DELETE, Decision
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import Package, Policy

FORMAT_VERSION = 1

#: How far ahead of this clock a plan may have been created: clocks of two hosts differ.
CLOCK_TOLERANCE = timedelta(minutes=10)

Plan = t.Mapping[str, t.Any]
Entry = t.Mapping[str, t.Any]

_TEXT = (str,)
_TEXT_OR_NULL = (str, type(None))
_NUMBER = (int,)

_TYPE_NAMES = {dict: "a mapping", int: "a whole number", list: "a list", str: "a text", type(None): "null"}

#: Keys of a plan and their types, but for ``keep``, which may be absent.
PLAN_FIELDS: dict[str, tuple[type, ...]] = {
    "format_version": _NUMBER,
    "created_at": _TEXT,
    "api_url": _TEXT,
    "scope": (dict,),
    "policy": (dict,),
    "reference_time": _TEXT,
    "summary": (dict,),
    "delete": (list,),
    "digest": _TEXT,
}
SUMMARY_FIELDS: dict[str, tuple[type, ...]] = {
    "packages": _NUMBER,
    "delete": _NUMBER,
    "keep": _NUMBER,
    "unmatched": _NUMBER,
    "by_rule": (dict,),
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
}
DELETE_FIELDS = {**PACKAGE_FIELDS, "rule": _TEXT, "reason": _TEXT}


class PlanError(ValueError):
    """A plan that is not to be applied; the message is one sentence that says why."""


def build_plan(
    decisions: t.Iterable[Decision],
    *,
    policy: Policy,
    scope: t.Mapping[str, t.Any],
    api_url: str,
    created_at: datetime,
    reference_time: datetime,
    explain_keeps: bool = False,
) -> dict[str, t.Any]:
    """Build the plan of some decisions; those to keep are only counted, unless ``explain_keeps``.

    ``scope`` is ``{"project": path}`` or ``{"group": path, "exclude_subgroups": bool}``. ``created_at``
    (the clock) and ``reference_time`` (what the rules took for now) are aware datetimes.
    """
    by_rule = {rule.name: {"delete": 0, "keep": 0} for rule in policy.rules}
    delete: list[dict[str, t.Any]] = []
    keep: list[dict[str, t.Any]] = []
    kept = 0
    unmatched = 0
    for decision in decisions:
        if decision.rule is not None:
            by_rule[decision.rule][decision.action] += 1
        if decision.action == DELETE:
            delete.append({**plan_entry(decision.package), "rule": decision.rule, "reason": decision.reason})
            continue
        kept += 1
        unmatched += decision.unmatched
        if explain_keeps:
            entry = {**plan_entry(decision.package), "rule": decision.rule, "reasons": list(decision.reasons)}
            keep.append(entry)
    plan: dict[str, t.Any] = {
        "format_version": FORMAT_VERSION,
        "created_at": format_time(created_at),
        "api_url": normalize_server(api_url),
        "scope": dict(scope),
        "policy": policy.document,
        "reference_time": format_time(reference_time),
        "summary": {
            "packages": len(delete) + kept,
            "delete": len(delete),
            "keep": kept,
            "unmatched": unmatched,
            "by_rule": by_rule,
        },
        "delete": delete,
    }
    if explain_keeps:
        plan["keep"] = keep
    plan["digest"] = digest(plan)
    return plan


def digest(plan: Plan) -> str:
    """Hash all of a plan but its ``digest``: as JSON with sorted keys, no spaces, and ASCII only.

    Raises TypeError or ValueError for what is not plain data.
    """
    content = {key: value for key, value in plan.items() if key != "digest"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def verify_plan(plan: t.Any, *, api_url: str, now: datetime, max_age: str | None = None) -> None:
    """Check that a plan is whole, is for this server, and is not older than ``max_age`` (``7d``; None: any age).

    ``now`` is an aware datetime. Raises `PlanError`.
    """
    _check_shape(plan)
    try:
        actual = digest(plan)
    except (TypeError, ValueError) as error:
        raise PlanError(f"the plan holds something that is not plain data: {error}") from error
    if actual != plan["digest"]:
        raise PlanError("the plan was edited after it was made: its digest does not fit what it holds; make a new plan")
    here = normalize_server(api_url)
    if normalize_server(plan["api_url"]) != here:
        raise PlanError(f"the plan was made for {printable(plan['api_url'])}, and api_url is {printable(here)}")
    age = now - _plan_time(plan, "created_at")
    if age < -CLOCK_TOLERANCE:
        raise PlanError(f"the plan was made at {plan['created_at']}, which is in the future: check the clocks")
    if max_age is not None:
        try:
            longest = parse_duration(max_age)
        except ValueError as error:
            raise PlanError(f"max_plan_age: {error}") from error
        if age > longest:
            raise PlanError(
                f"the plan was made at {plan['created_at']}, longer ago than max_plan_age ({max_age}) allows"
            )


def check_guards(plan: Plan, *, max_deletions: int | None = None, max_delete_percent: float | None = None) -> None:
    """Refuse a plan that deletes too much. Percent is of the packages that the plan looked at. Raises `PlanError`."""
    delete, packages = plan["summary"]["delete"], plan["summary"]["packages"]
    if max_deletions is not None and delete > max_deletions:
        raise PlanError(
            f"the plan deletes {delete} of {packages} packages, and max_deletions allows {max_deletions}:"
            " nothing was deleted"
        )
    if max_delete_percent is not None and delete * 100 > max_delete_percent * packages:
        raise PlanError(
            f"the plan deletes {delete} of {packages} packages ({_percent(delete, packages)} %), and max_delete_percent"
            f" allows {max_delete_percent:g} %: nothing was deleted"
        )


def normalize_server(api_url: str) -> str:
    """Write the address of a server in one way: lower case, no default port, no credentials, ``/api/v4`` at its end.

    Equal for all the ways in which people write ``api_url``. Unlike the client's it refuses nothing: it only compares.
    """
    try:
        parts = urllib.parse.urlsplit(api_url.strip())
    except ValueError:
        return api_url.strip()  # no URL, so equal to itself only
    scheme = parts.scheme.lower()
    host = parts.netloc.rpartition("@")[2].lower()
    default_port = {"http": ":80", "https": ":443"}.get(scheme, "")
    if default_port and host.endswith(default_port):
        host = host[: -len(default_port)]
    path = parts.path.rstrip("/")
    for ending in ("/v4", "/api"):
        if path.endswith(ending):
            path = path[: -len(ending)]
    return f"{scheme}://{host}{path}/api/v4"


def plan_entry(package: Package) -> dict[str, t.Any]:
    """What a plan tells of a package, as it was listed."""
    return {
        "id": package["id"],
        "project_id": package["project_id"],
        "project_path": package.get("project_path"),
        "name": package["name"],
        "version": package.get("version"),
        "package_type": package["package_type"],
        "status": status_of(t.cast("dict[str, t.Any]", package)),
        "created_at": package.get("created_at"),
        "last_downloaded_at": package.get("last_downloaded_at"),
    }


def _check_shape(plan: t.Any) -> None:
    if not isinstance(plan, dict):
        raise PlanError(f"the plan must be a mapping, not {type(plan).__name__}")
    version = plan.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise PlanError(
            f"this is not a plan that can be applied here: its format_version is {version!r},"
            f" and it must be {FORMAT_VERSION}"
        )
    _check_fields(plan, PLAN_FIELDS, "the plan")
    _check_fields(plan["summary"], SUMMARY_FIELDS, "the plan's summary")
    _check_scope(plan["scope"])
    if not isinstance(plan.get("keep", []), list):
        raise PlanError(f"the plan's keep must be a list, not {type(plan['keep']).__name__}")
    ids = set()
    for number, entry in enumerate(plan["delete"], 1):
        where = f"entry {number} of the plan's delete"
        if not isinstance(entry, dict):
            raise PlanError(f"{where} must be a mapping, not {type(entry).__name__}")
        _check_fields(entry, DELETE_FIELDS, where)
        if entry["id"] in ids:
            raise PlanError(f"{where} has the id {entry['id']}, as another entry has")
        ids.add(entry["id"])
    if plan["summary"]["delete"] != len(ids):
        raise PlanError(
            f"the plan lists {len(ids)} packages to delete, and its summary says {plan['summary']['delete']}"
        )
    for key in ("created_at", "reference_time"):
        _plan_time(plan, key)


def _check_scope(scope: t.Mapping[str, t.Any]) -> None:
    kinds = [key for key in ("project", "group") if isinstance(scope.get(key), str)]
    if len(kinds) != 1 or not isinstance(scope.get("exclude_subgroups", False), bool):
        raise PlanError("the plan's scope must be a project, or a group with exclude_subgroups true or false")


def _check_fields(value: t.Mapping[str, t.Any], fields: t.Mapping[str, tuple[type, ...]], where: str) -> None:
    for key, types in fields.items():
        if key not in value:
            raise PlanError(f"{where} has no {key}")
        # A boolean is an int to Python, and never what a plan means by a number.
        if not isinstance(value[key], types) or isinstance(value[key], bool):
            wanted = " or ".join(_TYPE_NAMES[kind] for kind in types)
            raise PlanError(f"{where}: {key} must be {wanted}, not {type(value[key]).__name__}")


def _plan_time(plan: Plan, key: str) -> datetime:
    try:
        return parse_time(plan[key])
    except ValueError as error:
        raise PlanError(f"the plan's {key}: {error}") from error


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}".rstrip("0").rstrip(".")
