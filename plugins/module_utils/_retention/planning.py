# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live registry and a policy become a plan: list, decide, write down. Nothing of Ansible."""

from __future__ import annotations

import sys
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache, partial

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    PackageNotFound,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.foresight import is_offered
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protected import begin
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import line
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package, Selection
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    DELETE,
    Decision,
    iter_decisions,
    undecided_by_publication,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_lists import FileLists
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_plan import (
    Governed,
    govern,
    packages_with_files,
    plan_files,
    size_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_rules import File
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.foreseen import add_protection
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_files import KeepFiles
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_lists import combine
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keeps import Published, last_publication
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import ref_of
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.places import (
    GROUP,
    Place,
    identity,
    in_words,
    kind_of,
    scope_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import build_plan, digest
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import Policy
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.summary import Summary

#: All that the API can delete: the displayable statuses, all types, versionless ones too.
EVERYTHING = Selection(include_versionless=True)
#: How far two clocks may be apart without a word, in seconds.
SKEW_TOLERANCE = 5.0


Plan = dict[str, t.Any]


@dataclass(frozen=True)
class PlanRequest:
    """What a plan is to be made of. ``reference_time`` (aware) stands for now; None: the clock.

    With ``with_sizes`` (E4 for each package to delete) each entry of ``delete`` has its ``size``, and the summary their
    ``bytes``; a package whose files are not shown counts as 0. ``with_protection`` asks GitLab's protection rules (R1,
    for each project of which something goes) what they would refuse.
    """

    policy: Policy
    reference_time: datetime | None = None
    explain_keeps: bool = False
    with_sizes: bool = False
    keep_files: KeepFiles = field(default_factory=KeepFiles)
    with_protection: bool = True


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
#: Texts that many packages share.
_REPEATED_FIELDS = ("name", "package_type", "project_path")
_MAY_DELETE = {"delete_api_path": True}
_MAY_NOT_DELETE: dict[str, t.Any] = {}
_NO_TAGS: list[str] = []


@lru_cache(maxsize=4096)
def _pipeline_of(ref: str) -> dict[str, str]:
    """One and the same for all packages of a ref, of which there are few beside the packages."""
    return {"ref": ref}


def retention_fields(package: Package) -> Package:
    """What retention needs of a package; the rest of a page is dropped as it comes."""
    reduced = {key: package[key] for key in _KEPT_FIELDS if package.get(key) is not None}
    for key in _REPEATED_FIELDS:
        if isinstance(reduced.get(key), str):
            reduced[key] = sys.intern(reduced[key])  # each page has its own object for it
    reduced.setdefault("version", None)
    if reduced.get("status") == "default":
        del reduced["status"]  # that is what it is if nothing is told; a dict of few keys takes half the memory
    if "last_downloaded_at" in package:
        reduced["last_downloaded_at"] = package["last_downloaded_at"]
    tags = _told_tags(package)
    if tags is not None:
        reduced["tags"] = tags or _NO_TAGS
    ref = ref_of(package)
    if ref is not None:
        reduced["pipeline"] = _pipeline_of(ref)
    if isinstance(package.get("_links"), dict):
        reduced["_links"] = _MAY_DELETE if package["_links"].get("delete_api_path") else _MAY_NOT_DELETE
    return reduced


def _told_tags(package: Package) -> list[str] | None:
    """The names of its tags; None where the server tells none, which is another thing than a package without any."""
    if package.get("tags") is None:
        return None
    names = [tag.get("name") if isinstance(tag, dict) else tag for tag in package["tags"]]
    texts = [name for name in names if isinstance(name, str)]
    return texts if len(texts) == len(names) else None


def canonical_scope(api: PackagesApi, scope: Scope) -> dict[str, t.Any]:
    """The scope as a plan writes it: by GitLab's own full path, and by its ID (E10)."""
    found = api.scope(scope)
    told = found.get("full_path" if scope.kind == "group" else "path_with_namespace")
    path = told if isinstance(told, str) and told else scope.ref
    if scope.kind == "group":
        return {"group": path, "group_id": found["id"], "exclude_subgroups": scope.exclude_subgroups}
    described = {"project": path, "project_id": found["id"]}
    return {**described, "archived": True} if found.get("archived") is True else described


def scope_by_id(described: Place) -> Scope:
    """A place that a plan wrote, as it is listed: by its ID, as its path may become another project's meanwhile."""
    kind, number = identity(described)
    return Scope(kind, str(number), bool(described.get("exclude_subgroups")))


def untold_fields(described: Place) -> dict[str, t.Any]:
    """What the list of a project (E1) leaves out of each package, as everything in it is of that project."""
    if "project" not in described:
        return {}
    return {"project_id": described["project_id"], "project_path": described["project"]}


def list_everything(
    api: PackagesApi, scope: Scope, more: t.Callable[[Package], dict[str, t.Any]] = lambda _package: {}
) -> tuple[dict[str, t.Any], list[Package]]:
    """The scope as a plan writes it, and every package in it that the API can delete (E1 or E2), reduced.

    Each has ``project_id``, and ``project_path`` if the caller may read the project, and what ``more`` takes from it as
    it is listed. Raises the errors of errors.py.
    """
    return _list_place(api, canonical_scope(api, scope), more)


def list_places(api: PackagesApi, scopes: t.Sequence[Scope]) -> tuple[dict[str, t.Any], list[Package]]:
    """As `list_everything`, of several scopes: each package once, although a scope is named twice, or holds another."""
    described = {identity(place): place for place in api.client.map(partial(canonical_scope, api), scopes)}
    places: list[Place] = []
    found: dict[int, Package] = {}
    # A project tells its path, which a group's list may not: its word comes first.
    for place in sorted(described.values(), key=lambda one: kind_of(one) == GROUP):
        if len(described) == 1:
            return _list_place(api, place)
        try:
            listed_place, packages = _list_place(api, place)
        except GitlabError as error:
            error.message = f"{in_words(place)}: {error.message}"
            raise
        places.append(listed_place)
        for package in packages:
            found.setdefault(package["id"], package)
    return scope_of(places), list(found.values())


def _list_place(
    api: PackagesApi,
    described: dict[str, t.Any],
    more: t.Callable[[Package], dict[str, t.Any]] = lambda _package: {},
) -> tuple[dict[str, t.Any], list[Package]]:
    untold = untold_fields(described)
    packages = list_packages(
        api,
        scope_by_id(described),
        [EVERYTHING],
        reduce=lambda package: {**retention_fields(package), **untold, **more(package)},
    )
    archived = archived_projects(api, scope_by_id(described))
    held = sorted(archived.intersection(package["project_id"] for package in packages))
    return ({**described, "archived_projects": held} if held else described), packages


def archived_projects(api: PackagesApi, scope: Scope) -> frozenset[int]:
    """The IDs of a group's projects that are archived now; none where GitLab does not tell, and of a project.

    A project's own scope says it: `canonical_scope`.
    """
    try:
        return api.archived_projects(scope) if scope.kind == "group" else frozenset()
    except GitlabError:
        return frozenset()


def earlier_clock(api: PackagesApi, moment: datetime) -> datetime:
    """A time of this host's clock, by the server's where that is behind; a skew that matters becomes a warning.

    A plan's time is a precondition of its deletes: by a clock that is ahead, later changes would pass for earlier
    ones. Whole seconds, as the server's ``Date`` is.
    """
    skew = api.client.clock_skew() or 0.0
    if abs(skew) > SKEW_TOLERANCE:
        side, meaning = (
            ("ahead of", "its time is taken")
            if skew > 0
            else ("behind", "what was published shortly before counts as changed after it")
        )
        api.client.warnings.append(
            f"the clock of this host is {abs(skew):.0f} seconds {side} GitLab's: {meaning}; set the clock"
        )
    return moment - timedelta(seconds=max(0.0, skew))


def plan_packages(
    api: PackagesApi,
    described: dict[str, t.Any],
    packages: t.Iterable[Package],
    wanted: PlanRequest,
    created_at: datetime,
    *,
    with_listed: bool = True,
) -> tuple[Plan, list[Package]]:
    """The plan for packages that :func:`list_everything` gave at ``created_at``, and those of them that it deletes.

    These come in the order of its ``delete``; those of which it deletes files follow, with these entries as ``files``,
    in the order of its ``delete_files``. ``with_listed=False`` is for who does not apply it: the packages are not held
    beside their entries, and none is given. What the policy misses becomes a warning. Raises ImportError where the
    policy orders by version and univers is missing, and the errors of _gitlab/errors.py where files are to be read.
    """
    doomed: list[Package] = []
    now = wanted.reference_time or created_at
    summary = Summary(wanted.policy)
    keeps = combine(wanted.keep_files.lists, now)
    listed = keeps if wanted.keep_files.lists else None
    published: Published = {}
    dated = any("keep_within" in rule.within for rule in wanted.policy.rules)
    files = FileLists(api, keep=dated and (wanted.with_sizes or bool(wanted.policy.files)))
    if dated:
        packages = list(packages)
        published = _last_publications(files, undecided_by_publication(packages, wanted.policy, now, listed=listed))

    closed: set[int] = set()

    def decisions() -> t.Iterator[Decision]:
        for decision in iter_decisions(
            packages, wanted.policy, now, explain_keeps=wanted.explain_keeps, listed=listed, published=published
        ):
            package = t.cast(Package, decision.package)
            if with_listed and decision.action == DELETE:
                doomed.append(package)
            if not is_offered(package):
                closed.add(package["project_id"])
            yield decision

    plan = build_plan(
        decisions(),
        policy=wanted.policy,
        scope=described,
        api_url="" if "packages" in described else api.client.api_url,
        created_at=created_at,
        reference_time=now,
        explain_keeps=wanted.explain_keeps,
        summary=summary,
        keep_lists=wanted.keep_files.digests,
        sealed=False,
    )
    api.client.warnings.extend([*keeps.warnings, *summary.warnings()])
    if wanted.with_protection:
        begin(api, plan["delete"], closed)  # while files are read
    if wanted.with_sizes:
        _add_sizes(files, plan)
    partly = _add_files(api, files, plan, summary, wanted.policy) if wanted.policy.files else []
    if wanted.with_protection:
        add_protection(api, plan, closed)
    plan["digest"] = digest(plan)
    return plan, [*doomed, *partly] if with_listed else []


def make_plan(
    api: PackagesApi, scopes: t.Sequence[Scope], wanted: PlanRequest, *, with_listed: bool = True
) -> tuple[Plan, list[Package]]:
    """The plan for what the scopes hold now, and the listed packages that it deletes, as `plan_packages`.

    Raises the errors of _gitlab/errors.py, and ImportError where the policy orders by version and univers is missing.
    """
    began = datetime.now(timezone.utc)
    described, packages = list_places(api, scopes)
    created_at = earlier_clock(api, began)
    return plan_packages(api, described, _drain(packages), wanted, created_at, with_listed=with_listed)


def _last_publications(files: FileLists, packages: t.Sequence[t.Mapping[str, t.Any]]) -> dict[int, datetime | None]:
    """By package ID, when each was last published, by its files (E4, many at a time); None: they cannot be read."""

    def published(package: t.Mapping[str, t.Any], read: list[File] | GitlabError) -> datetime | None:
        if not isinstance(read, GitlabError):
            return last_publication(package, read)
        if isinstance(read, (Forbidden, PackageNotFound)):
            return None
        raise read

    return dict(zip([package["id"] for package in packages], files.map(published, packages)))


def _add_sizes(files: FileLists, plan: Plan) -> None:
    def size(_package: t.Mapping[str, t.Any], read: list[File] | GitlabError) -> int:
        if isinstance(read, GitlabError) and not isinstance(read, PackageNotFound):
            raise read
        return 0 if isinstance(read, GitlabError) else size_of(read)

    for entry, found in zip(plan["delete"], files.map(size, plan["delete"])):
        entry["size"] = found
    plan["summary"]["bytes"] = sum(entry["size"] for entry in plan["delete"])


def _add_files(api: PackagesApi, files: FileLists, plan: Plan, summary: Summary, policy: Policy) -> list[Package]:
    """Add what the file rules delete; gives the packages that it is of. For those that go nothing is read."""
    rules = {package["id"]: rule for package, rule in summary.with_file_rules}
    packages = {package["id"]: package for package, _rule in summary.with_file_rules}
    unread: list[str] = []

    def governed(package: t.Mapping[str, t.Any], read: list[File] | GitlabError) -> Governed:
        rule = rules[package["id"]]
        if isinstance(read, GitlabError):
            unread.append(f"{line(dict(package))}: {read}")
            return Governed(rule.name, None)
        return govern(package, rule, read)

    entries, counts = plan_files(policy, files.map(governed, list(packages.values())))
    if unread:
        of_some = "1 package" if len(unread) == 1 else f"{len(unread)} packages, such as"
        api.client.warnings.append(f"no file goes, as the files cannot be read, of {of_some} {min(unread)}")
    plan["delete_files"] = entries
    plan["summary"]["files"] = counts
    return [{**packages[one["id"]], **one} for one in packages_with_files(entries)]


def _drain(packages: list[Package]) -> t.Iterator[Package]:
    """The packages in their order; the list lets go of each, so that nothing is held twice."""
    packages.reverse()
    while packages:
        yield packages.pop()
