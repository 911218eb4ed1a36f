# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan document: built from decisions, sealed with a digest, and verified. Pure.

A plan is plain data (texts, whole numbers, booleans, null, lists, mappings), so that it is the same after it was saved
and loaded as JSON or YAML. ``docs/schemas/plan.schema.json`` describes it, and plan_shape.py checks it:

- ``format_version``: ``2.0``; a later 2.x has more keys, which this code ignores;
- ``created_at``, ``api_url``, ``policy``, ``reference_time``;
- ``scope``: a project or group, by its path and its numeric ID: a path may be given to another project; or several of
  them (places.py); or how many ``packages`` were given in place of a registry: such a plan has an empty ``api_url``,
  and is not applied;
- ``summary``: ``packages`` that were looked at = ``delete`` + ``keep``; ``keep`` = ``protected`` by the policy + what
  rules keep (``by_rule``) + ``unmatched``;
- ``summary.protection``, ``summary.foreseen_protected``: what GitLab's protection rules make of it (foreseen.py), where
  they were asked;
- ``delete``: an entry with the keys of `DELETE_FIELDS` for each package to delete;
- ``delete_files``: an entry with the keys of `FILE_FIELDS` for each file to delete of packages that stay, and
  ``summary.files``, only if the policy has rules of ``files`` (file_plan.py);
- ``keep_lists``: ``path`` and ``sha256`` of each file that named what must stay, only if there were some;
- ``keep``: the same with ``reasons``, only if asked for;
- ``digest``: ``sha256:`` and the hash of all the rest.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
import urllib.parse
from datetime import datetime, timedelta
from functools import lru_cache

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import format_time, parse_duration
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import DELETE, Decision
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import Package, tag_names
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import (
    FORMAT_VERSION,
    PlanError,
    check_shape,
    plan_time,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import Policy
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.summary import Summary

#: How far ahead of this clock a plan may have been created: clocks of two hosts differ.
CLOCK_TOLERANCE = timedelta(minutes=10)

Plan = t.Mapping[str, t.Any]


def build_plan(
    decisions: t.Iterable[Decision],
    *,
    policy: Policy,
    scope: t.Mapping[str, t.Any],
    api_url: str,
    created_at: datetime,
    reference_time: datetime,
    explain_keeps: bool = False,
    summary: Summary | None = None,
    keep_lists: t.Sequence[t.Mapping[str, str]] = (),
    sealed: bool = True,
) -> dict[str, t.Any]:
    """Build the plan of some decisions; those to keep are only counted, unless ``explain_keeps``.

    Who wants to ask the ``summary`` for its warnings afterwards hands a new one in. ``keep_lists`` are the ``path`` and
    ``sha256`` of each file that the decisions have listened to. ``sealed=False`` leaves the digest out, for who has
    more to add.

    ``scope`` is what `places.scope_of` gives. ``created_at`` (before the first package was listed) and
    ``reference_time`` (what the rules took for now) are aware datetimes.
    """
    summary = summary or Summary(policy)
    delete: list[dict[str, t.Any]] = []
    keep: list[dict[str, t.Any]] = []
    for decision in decisions:
        summary.add(decision)
        if decision.action == DELETE:
            # Most reasons come again with the next name, and each of its own takes a third of what its package takes.
            reason = _once(t.cast(str, decision.reason))
            delete.append(vars(_DeleteEntry(decision.package, decision.rule, reason)))
        elif explain_keeps:
            entry = {**plan_entry(decision.package), "rule": decision.rule, "reasons": list(decision.reasons)}
            keep.append(entry)
    plan: dict[str, t.Any] = {
        "format_version": FORMAT_VERSION,
        "created_at": format_time(created_at),
        "api_url": normalize_server(api_url),
        "scope": dict(scope),
        "policy": policy.document,
        "reference_time": format_time(reference_time),
        "summary": summary.document(),
        "delete": delete,
    }
    if keep_lists:
        plan["keep_lists"] = [dict(one) for one in keep_lists]
    if explain_keeps:
        plan["keep"] = keep
    if sealed:
        plan["digest"] = digest(plan)
    return plan


class _Entry:
    """What a plan tells of a package, as it was listed: the attributes are its keys.

    The dicts of such objects share one table of keys (PEP 412), which takes half the memory of as many dicts with
    their own: a plan may hold a million.
    """

    def __init__(self, package: Package) -> None:
        self.id = package["id"]
        self.project_id = package["project_id"]
        self.project_path = package.get("project_path")
        self.name = package["name"]
        self.version = package.get("version")
        self.package_type = package["package_type"]
        self.status = status_of(t.cast("dict[str, t.Any]", package))
        self.created_at = package.get("created_at")
        self.last_downloaded_at = package.get("last_downloaded_at")
        self.tags = sorted(set(tag_names(package))) if package.get("tags") else package.get("tags")


class _DeleteEntry(_Entry):
    """An entry of ``delete``."""

    def __init__(self, package: Package, rule: str | None, reason: str) -> None:
        super().__init__(package)
        self.rule = rule
        self.reason = reason


@lru_cache(maxsize=65536)
def _once(text: str) -> str:
    """One and the same object for equal texts."""
    return text


def digest(plan: Plan) -> str:
    """Hash all of a plan but its ``digest``: as JSON with sorted keys, no spaces, and ASCII only.

    Raises TypeError or ValueError for what is not plain data, and RecursionError for what is nested too deeply.
    """
    sha256 = hashlib.sha256()
    for text in _json_texts({key: value for key, value in plan.items() if key != "digest"}):
        sha256.update(text.encode("ascii"))
    return "sha256:" + sha256.hexdigest()


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
#: So many entries of a list are written at a time: the text of a million packages is never there as a whole.
_WRITTEN_AT_ONCE = 1000


def _json_texts(content: dict[str, t.Any]) -> t.Iterator[str]:
    """The text of ``content`` as JSON, in parts: its lists by some entries at a time."""
    if not all(isinstance(key, str) for key in content):
        yield _ENCODER.encode(content)
        return
    before = "{"
    for key in sorted(content):
        value = content[key]
        yield f"{before}{_ENCODER.encode(key)}:"
        before = ","
        if isinstance(value, list) and value:
            for first in range(0, len(value), _WRITTEN_AT_ONCE):
                end = first + _WRITTEN_AT_ONCE
                entries = _ENCODER.encode(value[first:end])
                yield ("," if first else "[") + entries[1:-1]
            yield "]"
        else:
            yield _ENCODER.encode(value)
    yield "}" if content else "{}"


def verify_plan(
    plan: t.Any, *, api_url: str, now: datetime, max_age: str | None = None, expected_digest: str | None = None
) -> None:
    """Check that a plan is whole, is for this server, and is not older than ``max_age`` (``7d``; None: any age).

    ``now`` is an aware datetime; ``expected_digest`` is that of the only plan that is meant. Raises `PlanError`.
    """
    check_shape(plan)
    try:
        actual = digest(plan)
    except RecursionError:
        raise PlanError("the plan holds something that is nested too deeply") from None
    except (TypeError, ValueError) as error:
        raise PlanError(f"the plan holds something that is not plain data: {error}") from error
    if actual != plan["digest"]:
        raise PlanError("the plan was edited after it was made: its digest does not fit what it holds; make a new plan")
    if expected_digest is not None and actual != expected_digest:
        raise PlanError(
            f"this is another plan than the one that is meant: its digest is {actual}, and plan_digest is"
            f" {printable(expected_digest)}"
        )
    here = normalize_server(api_url)
    if normalize_server(plan["api_url"]) != here:
        raise PlanError(f"the plan was made for {printable(plan['api_url'])}, and api_url is {printable(here)}")
    created_at = plan_time(plan, "created_at")
    age = now - created_at
    if age < -CLOCK_TOLERANCE:
        raise PlanError(f"the plan was made at {plan['created_at']}, which is in the future: check the clocks")
    check_reference_time(plan_time(plan, "reference_time"), max(now, created_at))
    if max_age is not None:
        try:
            longest = parse_duration(max_age)
        except ValueError as error:
            raise PlanError(f"max_plan_age: {error}") from error
        if age > longest:
            raise PlanError(
                f"the plan was made at {plan['created_at']}, longer ago than max_plan_age ({max_age}) allows"
            )


def check_reference_time(reference_time: datetime, now: datetime) -> None:
    """Refuse to apply what was decided for a time to come: what is kept for its age would be old. Raises `PlanError`.

    Both are aware datetimes.
    """
    if reference_time > now:
        raise PlanError(
            f"reference_time {format_time(reference_time)} is in the future: what is to be deleted may be planned for"
            " a time to come, but not applied"
        )


def check_guards(
    plan: Plan,
    *,
    max_deletions: int | None = None,
    max_delete_percent: float | None = None,
    max_file_deletions: int | None = None,
) -> None:
    """Refuse a plan that deletes too much. Percent is of the packages that the plan looked at. Raises `PlanError`."""
    files = plan["summary"].get("files", {"delete": 0, "files": 0})
    if max_file_deletions is not None and files["delete"] > max_file_deletions:
        raise PlanError(
            f"the plan deletes {files['delete']} of {files['files']} files inside packages that stay, and"
            f" max_file_deletions allows {max_file_deletions}: nothing was deleted"
        )
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
    No address is no server's.
    """
    if not api_url:
        return ""
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
    return vars(_Entry(package))


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}".rstrip("0").rstrip(".")
