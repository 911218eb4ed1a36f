# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for `package_archive`: which packages its options mean, and what it returns."""

from __future__ import annotations

import os
import typing as t
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.archiving import (
    RUN_VARIABLE,
    archive_for_a_look,
    archiver_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import scope_from, selection_from
from ansible_collections.registryops.gitlab.plugins.module_utils._files.archiving import (
    Archived,
    Archiver,
    Why,
    foresee,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.before_delete import facts_of, summary_of
from ansible_collections.registryops.gitlab.plugins.module_utils._files.expiry import expire
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.entries import selectors_from
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import find
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.origin import project_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    Result,
    line,
    result_of,
    summarize,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    NOT_DELETABLE,
    Package,
    status_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.targets import find_targets
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_duration
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_file import check_plan, read_plan

#: Every result of archiving, in the order of a summary.
ARCHIVE_RESULTS = ("archived", "already_archived", "failed")
Params = t.Mapping[str, t.Any]


def archive_time(text: str | None) -> datetime | None:
    """The time before which what was archived expires, by the option `expire`. Raises :class:`InvalidInput`."""
    try:
        return None if text is None else datetime.now(timezone.utc) - parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"expire: {error}") from None


class Meant(t.NamedTuple):
    """A package to archive, and why; or why it cannot be."""

    package: Package
    why: Why = Why()
    not_there: str | None = None


def packages_from(api: PackagesApi, params: Params) -> list[Meant]:
    """The packages that the options mean. Raises PlanError, :class:`InvalidInput` and the errors of GitLab."""
    run = os.environ.get(RUN_VARIABLE)
    if params["plan"] is not None or params["plan_file"] is not None:
        plan = read_plan(params["plan_file"]) if params["plan"] is None else params["plan"]
        check_plan(api, plan, None, None)
        return [Meant(e, Why(e["rule"], e["reason"], plan["digest"], run)) for e in plan["delete"]]
    if params["packages"] is None:
        found = find(api, scope_from(params), selection_from(params))
        return [Meant(package, Why(run=run), _out_of_reach(package)) for package in found]
    return [target._replace(why=Why(run=run)) for target in _named(api, params)]


def _named(api: PackagesApi, params: Params) -> t.Iterator[Meant]:
    """What the entries of `packages` mean: all of the project of the options, or each of its own."""
    places: dict[str, list[Params]] = {}
    for index, entry in enumerate(params["packages"]):
        place = params["project"] if params["project"] is not None else entry.get("project_id")
        if place is None:
            raise InvalidInput(f"packages[{index}]: give its project_id, or the option project")
        places.setdefault(str(place), []).append(entry)
    for place, entries in places.items():
        project_id = project_of(api, Scope("project", place), entries, "packages")
        for target in find_targets(api, project_id, selectors_from({"packages": entries})):
            if target.item:
                yield Meant(target.item, not_there=_out_of_reach(target.item))
            elif target.result:
                absent = target.result["result"] == "already_absent"
                yield Meant(target.result, not_there="it is not there" if absent else target.result.get("message"))


def _out_of_reach(package: Package) -> str | None:
    status = status_of(package)
    return f"its status is {status}: GitLab shows no files of it" if status in NOT_DELETABLE else None


def archive_them(module: AnsibleModule, api: PackagesApi, meant: t.Sequence[Meant]) -> dict[str, t.Any]:
    """Archive packages, several at a time, or foresee it, and what `package_archive` returns of that."""
    if module.check_mode:
        archive = archive_for_a_look(module, api)
        reading = Archiver(api, archive, None, careful=False) if archive else None

        def would(one: Meant) -> Archived:
            return reading.foresee_package(one.package, one.why) if reading else foresee(api, None, one.package)

        return _archived(module, api, meant, would)
    with archiver_from(module, api, careful=False) as archiver:
        return _archived(module, api, meant, lambda one: archiver.archive_package(one.package, one.why, False)[0])


def _archived(
    module: AnsibleModule, api: PackagesApi, meant: t.Sequence[Meant], do: t.Callable[[Meant], Archived]
) -> dict[str, t.Any]:
    def attempt(one: Meant) -> tuple[Result, Archived | None]:
        if one.not_there is not None:
            return result_of(one.package, "failed", one.not_there), None
        try:
            archived = do(one)
        except GitlabError as error:
            return result_of(one.package, "failed", error.message), None
        result = result_of(one.package, "archived" if archived.is_new else "already_archived")
        return {**result, **facts_of(archived)}, archived

    done = api.client.map(attempt, meant)
    results = [result for result, _archived in done]
    # What was there already was not fetched, and is counted all the same: it is in the archive.
    report = {
        "changed": any(result["result"] == "archived" for result in results),
        "results": results,
        "summary": summarize(results, ARCHIVE_RESULTS),
        "archived": {"packages": sum(a is not None for _r, a in done), **summary_of([a for _r, a in done if a])},
    }
    bad = [result for result in results if result["result"] == "failed"]
    if bad:
        told = "; ".join(f"{line(result)}: {result['message']}" for result in bad[:5])
        more = f"; and {len(bad) - 5} more, see results" if len(bad) > 5 else ""
        report.update(failed=True, msg=f"{len(bad)} of {len(results)} could not be archived: {told}{more}")
    return {**report, "diff": _diff(module, results)} if module._diff else report


def _diff(module: AnsibleModule, results: t.Sequence[Result]) -> dict[str, str]:
    there = [result for result in results if result["result"] == "already_archived"]
    after = [result for result in results if result["result"] != "failed"]
    header = f"packages of archive {module.params['archive']}"
    texts = ("".join(f"{line(result)}\n" for result in some) for some in (there, after))
    return {"before_header": header, "after_header": header, "before": next(texts), "after": next(texts)}


def expire_report(module: AnsibleModule, api: PackagesApi, before: datetime) -> dict[str, t.Any]:
    """Remove what was archived before a time, or foresee it, and what `package_archive` returns of that."""
    archive = archive_for_a_look(module, api)
    expired = expire(archive, before, module.check_mode) if archive else None
    if expired is None or expired.busy:
        if expired:
            module.warn(f"archive {module.params['archive']}: another run writes into it: nothing was removed")
        return {"changed": False, "expired": {"packages": [], "count": 0, "contents": 0, "size": 0}}
    told = {
        "packages": expired.manifests,
        "count": len(expired.manifests),
        "contents": expired.blobs,
        "size": expired.size,
    }
    return {"changed": bool(expired.manifests or expired.blobs), "expired": told}


def merged(report: dict[str, t.Any], more: dict[str, t.Any]) -> dict[str, t.Any]:
    """Two reports as one: it changed something if either did."""
    return {**report, **more, "changed": report["changed"] or more["changed"]}
