# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan and a live registry: made from its list, compared with it, and applied. Nothing of Ansible.

What is decided, and how a plan looks, is in retention.py and plan.py; how a package is deleted, in deletion.py.
"""

from __future__ import annotations

import json
import math
import re
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    InvalidInput,
    ScopeNotFound,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi, Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import (
    RESULTS,
    Options,
    Outcome,
    Result,
    delete_packages,
    line,
    locate,
    result_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    NOT_DELETABLE,
    Package,
    Selection,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    DELETE,
    Decision,
    iter_decisions,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import (
    Comparison,
    build_plan,
    compare,
    digest,
    verify_plan,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import Policy

#: Every result of applying a plan, in the order of a summary.
PLAN_RESULTS = (*RESULTS, "drifted")
#: The state of a package of whose project nothing can be told any more: that does not pass for gone.
UNREADABLE = "unreadable"
#: What becomes of packages that are not deleted.
RESULT_OF_STATE = {"drifted": "drifted", UNREADABLE: "failed"}
#: All that the API can delete: the displayable statuses, all types, versionless ones too.
EVERYTHING = Selection(include_versionless=True)

Plan = dict[str, t.Any]


@dataclass(frozen=True)
class PlanRequest:
    """What a plan is to be made of. ``reference_time`` (aware) stands for now; None: the clock.

    With ``with_sizes`` (E4 for each package to delete) each entry of ``delete`` has its ``size``, and the summary their
    ``bytes``; a package whose files are not shown counts as 0.
    """

    policy: Policy
    reference_time: datetime | None = None
    explain_keeps: bool = False
    with_sizes: bool = False


_KEPT_FIELDS = (
    "id",
    "project_id",
    "project_path",
    "name",
    "version",
    "package_type",
    "status",
    "created_at",
    "conan_package_name",
)
_MAY_DELETE = {"delete_api_path": True}
_MAY_NOT_DELETE: dict[str, t.Any] = {}


def retention_fields(package: Package) -> Package:
    """What retention needs of a package; the rest of a page is dropped as it comes."""
    reduced = {key: package[key] for key in _KEPT_FIELDS if package.get(key) is not None}
    reduced.setdefault("version", None)
    if "last_downloaded_at" in package:
        reduced["last_downloaded_at"] = package["last_downloaded_at"]
    if package.get("tags"):
        reduced["tags"] = [tag.get("name") if isinstance(tag, dict) else tag for tag in package["tags"]]
    if isinstance(package.get("_links"), dict):
        reduced["_links"] = _MAY_DELETE if package["_links"].get("delete_api_path") else _MAY_NOT_DELETE
    return reduced


def canonical_scope(api: PackagesApi, scope: Scope) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """The scope as a plan writes it, by GitLab's own full path, and what a project's packages lack (E10)."""
    found = api.scope(scope)
    if scope.kind == "group":
        return {"group": found.get("full_path") or scope.ref, "exclude_subgroups": scope.exclude_subgroups}, {}
    path = found.get("path_with_namespace") or scope.ref
    return {"project": path}, {"project_id": found["id"], "project_path": path}


def list_everything(api: PackagesApi, scope: Scope) -> tuple[dict[str, t.Any], list[Package]]:
    """The scope as a plan writes it, and every package in it that the API can delete (E1 or E2), reduced.

    Each has ``project_id``, and ``project_path`` if the caller may read the project. Raises the errors of client.py.
    """
    described, lacking = canonical_scope(api, scope)
    packages = api.packages(scope, [EVERYTHING], reduce=lambda package: {**retention_fields(package), **lacking})
    return described, packages


def plan_packages(
    api: PackagesApi,
    described: dict[str, t.Any],
    packages: t.Iterable[Package],
    wanted: PlanRequest,
    created_at: datetime,
) -> tuple[Plan, list[Package]]:
    """The plan for packages that :func:`list_everything` gave at ``created_at``, and those of them that it deletes.

    Raises ImportError where the policy orders by version and univers is missing.
    """
    doomed: dict[int, Package] = {}
    now = wanted.reference_time or created_at

    def decisions() -> t.Iterator[Decision]:
        for decision in iter_decisions(packages, wanted.policy, now, explain_keeps=wanted.explain_keeps):
            if decision.action == DELETE:
                doomed[decision.package["id"]] = t.cast(Package, decision.package)
            yield decision

    plan = build_plan(
        decisions(),
        policy=wanted.policy,
        scope=described,
        api_url=api.client.api_url,
        created_at=created_at,
        reference_time=now,
        explain_keeps=wanted.explain_keeps,
    )
    if wanted.with_sizes:
        _add_sizes(api, plan)
    return plan, [doomed[entry["id"]] for entry in plan["delete"]]


def make_plan(api: PackagesApi, scope: Scope, wanted: PlanRequest) -> tuple[Plan, list[Package]]:
    """The plan for what the registry holds now, and the listed packages that it deletes.

    Raises the errors of client.py, and ImportError where the policy orders by version and univers is missing.
    """
    created_at = datetime.now(timezone.utc)
    described, packages = list_everything(api, scope)
    return plan_packages(api, described, _drain(packages), wanted, created_at)


def _add_sizes(api: PackagesApi, plan: Plan) -> None:
    read = complete(api, plan["delete"], ["files"])
    for entry, package in zip(plan["delete"], read):
        entry["size"] = sum(file.get("size") or 0 for file in package["files"] or ())
    plan["summary"]["bytes"] = sum(entry["size"] for entry in plan["delete"])
    plan["digest"] = digest(plan)


def _drain(packages: list[Package]) -> t.Iterator[Package]:
    """The packages in their order; the list lets go of each, so that nothing is held twice."""
    packages.reverse()
    while packages:
        yield packages.pop()


def scope_of_plan(plan: Plan) -> Scope:
    """Where a verified plan applies."""
    scope = plan["scope"]
    kind = "project" if "project" in scope else "group"
    return Scope(kind, scope[kind], bool(scope.get("exclude_subgroups")))


def check_plan(api: PackagesApi, plan: t.Any, max_plan_age: str | None, named: Scope | None) -> Scope:
    """The scope of a plan that is whole, for this server, young enough, and for the scope that the caller ``named``.

    Raises PlanError, :class:`InvalidInput`, and the errors of client.py where a name must be looked up.
    """
    verify_plan(plan, api_url=api.client.api_url, now=datetime.now(timezone.utc), max_age=max_plan_age)
    scope = scope_of_plan(plan)
    if named is None:
        return scope
    if (named.kind, named.ref) != (scope.kind, scope.ref):
        described, _lacking = canonical_scope(api, named)
        if described.get(scope.kind) != scope.ref:
            raise InvalidInput(f"the plan is for {scope}, and the task names {named}")
    if named.exclude_subgroups and not scope.exclude_subgroups:
        raise InvalidInput(f"the plan is for {scope} with its subgroups, and the task excludes them")
    return scope


def read_plan(path: str) -> t.Any:
    """The plan in a file, as JSON or YAML. Raises :class:`InvalidInput`."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"plan_file {path!r} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        import yaml

        return yaml.safe_load(text)
    except ImportError:
        raise InvalidInput(f"plan_file {path!r} is not JSON, and PyYAML, which reads YAML, is not installed") from None
    except yaml.YAMLError:
        raise InvalidInput(f"plan_file {path!r} is neither JSON nor YAML") from None


def batch_of(entries: t.Sequence[Package], batch: str | None) -> t.Sequence[Package]:
    """The part of a plan's ``delete`` that ``batch`` names (``1001-1500``, from 1, both ends included)."""
    if batch is None:
        return entries
    match = re.fullmatch(r"([1-9][0-9]*)-([1-9][0-9]*)", batch)
    if not match or int(match.group(1)) > int(match.group(2)) or int(match.group(2)) > len(entries):
        raise InvalidInput(f"batch {batch!r} is no part of the plan: write first-last, from 1 to {len(entries)}")
    return entries[int(match.group(1)) - 1 : int(match.group(2))]


def untouched(packages: t.Iterable[Package]) -> list[Comparison]:
    """The comparison of packages that were listed just now."""
    return [Comparison(package, "unchanged") for package in packages]


def compare_with_live(api: PackagesApi, scope: Scope, entries: t.Sequence[Package]) -> list[Comparison]:
    """How each package to delete is now, by one fresh listing that holds them all."""
    live = locate(api, entries, DISPLAYABLE, scope, retention_fields)
    # A package that a list does not show any more is gone, or it has come into a status that no list shows unasked.
    missing = [entry for entry in entries if entry["id"] not in live]
    if missing:
        live.update(locate(api, missing, NOT_DELETABLE, scope, retention_fields))
    links = {package_id: package.get("_links") for package_id, package in live.items()}
    compared = [
        comparison._replace(entry={**comparison.entry, "_links": links.get(comparison.entry["id"])})
        for comparison in compare({"delete": entries}, live.values())
    ]
    if scope.kind == "project":
        return compared
    # A group's list leaves out a project that the token may not read any more, or that left the group, without a word.
    seen = {package["project_id"] for package in live.values()}
    unseen = [entry for entry in entries if entry["project_id"] not in seen]
    elsewhere = _ask_projects(api, unseen)
    return [_without_group(comparison, elsewhere.get(comparison.entry["project_id"]), scope) for comparison in compared]


def _ask_projects(api: PackagesApi, entries: t.Sequence[Package]) -> dict[int, set[int] | GitlabError]:
    """For each project of the entries, which of them it still holds, or why it does not say so."""
    told: dict[int, set[int] | GitlabError] = {}
    for project_id in sorted({entry["project_id"] for entry in entries}):
        mine = [entry for entry in entries if entry["project_id"] == project_id]
        try:
            told[project_id] = set(locate(api, mine, DISPLAYABLE))
        except (Forbidden, ScopeNotFound) as error:
            told[project_id] = error
    return told


def _without_group(comparison: Comparison, told: set[int] | GitlabError | None, scope: Scope) -> Comparison:
    """A comparison by what the package's own project told, where the list of the group told nothing of the project."""
    if isinstance(told, GitlabError):
        return comparison._replace(state=UNREADABLE, reason=told.message)
    if told and comparison.entry["id"] in told:
        return comparison._replace(state="drifted", reason=f"its project is not listed in {scope} any more")
    return comparison


def apply_plan(
    api: PackagesApi, plan: Plan, comparisons: t.Sequence[Comparison], scope: Scope, options: Options
) -> Outcome:
    """Delete what the plan lists and what is as it was; what is gone is fine, what has drifted is left.

    The deletes carry the plan's time as ``If-Unmodified-Since``, so that a change after the comparison shows too.
    """
    # The header is exact to the second, GitLab's times to the millisecond: what was published in the very second of
    # the plan, and is in it, must not count as changed after it.
    planned = parse_time(plan["created_at"])
    since = datetime.fromtimestamp(math.ceil(planned.timestamp()), timezone.utc)
    unchanged = [dict(comparison.entry) for comparison in comparisons if comparison.state == "unchanged"]
    options = replace(options, unmodified_since=since, changed="drifted", since_words="the plan was made")
    outcome = delete_packages(api, unchanged, options, scope)
    done = iter(outcome.results)
    results: list[Result] = []
    for comparison in comparisons:
        if comparison.state == "gone":
            results.append(result_of(dict(comparison.entry), "already_absent"))
        elif comparison.state in RESULT_OF_STATE:
            results.append(result_of(dict(comparison.entry), RESULT_OF_STATE[comparison.state], comparison.reason))
        else:
            results.append(next(done))
    return Outcome(results, outcome.verify_error)


def refuse_drift(comparisons: t.Sequence[Comparison]) -> None:
    """Raise :class:`InvalidInput` if any package has drifted; nothing has been deleted then."""
    drifted = [comparison for comparison in comparisons if comparison.state == "drifted"]
    if drifted:
        shown = "; ".join(f"{line(dict(c.entry))}: {c.reason}" for c in drifted[:5])
        more = f"; and {len(drifted) - 5} more" if len(drifted) > 5 else ""
        raise InvalidInput(
            f"{len(drifted)} of {len(comparisons)} packages changed since the plan was made: {shown}{more}. Nothing was"
            " deleted: make a new plan, or set on_drift to skip"
        )
