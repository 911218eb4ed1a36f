# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live registry and a policy become a plan: list, decide, write down. Nothing of Ansible."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package, Selection
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    DELETE,
    Decision,
    iter_decisions,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import build_plan, digest
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import Policy

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

    Each has ``project_id``, and ``project_path`` if the caller may read the project. Raises the errors of errors.py.
    """
    described, lacking = canonical_scope(api, scope)
    packages = list_packages(api, scope, [EVERYTHING], reduce=lambda package: {**retention_fields(package), **lacking})
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

    Raises the errors of _gitlab/errors.py, and ImportError where the policy orders by version and univers is missing.
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
