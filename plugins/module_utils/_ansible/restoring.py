# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for module `package_restore`: what is meant, and what it returns."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._files.choice import Kept, chosen, of_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._files.restore import Restore, restore
from ansible_collections.registryops.gitlab.plugins.module_utils._files.restore_results import (
    BAD_RESULTS,
    RESULTS,
    Result,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive, open_archive
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.registries_api import RegistriesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.entries import selectors_from
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import line, summarize


def restore_packages(module: AnsibleModule, api: PackagesApi) -> dict[str, t.Any]:
    """Restore what the options mean, and return what the module does. Raises :class:`InvalidInput`, and others."""
    params = module.params
    if ":" in params["api_username"]:
        raise InvalidInput("api_username must not hold a colon: HTTP Basic ends the name there")
    archive = open_archive(params["archive"], params["archive_options"], api.client.api_url)
    kept = _meant(params, api, archive)
    to_project = params["to_project"]
    how = Restore(
        api,
        archive,
        RegistriesApi(api.client, params["api_username"]),
        api.project_id(Scope("project", to_project.strip())) if to_project is not None else None,
        module.check_mode,
    )
    return _report(module, restore(how, kept), archive)


def _meant(params: t.Mapping[str, t.Any], api: PackagesApi, archive: Archive) -> list[Kept]:
    project = Scope("project", params["project"].strip()) if params["project"] is not None else None
    if project:
        project.path  # noqa: B018 - refuses what cannot be one
    if params["plan_digest"] is not None:
        return of_plan(archive, project, params["plan_digest"])
    selectors = selectors_from(params)
    if project is None and any(selector.id is None for selector in selectors):
        raise InvalidInput("a name is that of one project: give project")
    return chosen(api, archive, project, selectors)


def _report(module: AnsibleModule, results: t.Sequence[Result], archive: Archive) -> dict[str, t.Any]:
    summary = summarize(results, RESULTS)
    report: dict[str, t.Any] = {"changed": summary["restored"] > 0, "results": list(results), "summary": summary}
    bad = [r for r in results if r["result"] in BAD_RESULTS and r["result"] not in module.params["tolerate"]]
    if bad:
        told = "; ".join(f"{line(result)}: {result['result']}: {result.get('message', '')}" for result in bad[:5])
        more = f"; and {len(bad) - 5} more, see results" if len(bad) > 5 else ""
        report.update(failed=True, msg=f"{len(bad)} of {len(results)} could not be restored: {told}{more}")
    if module._diff:
        report["diff"] = _diff(results, archive)
    return report


def _diff(results: t.Sequence[Result], archive: Archive) -> dict[str, str]:
    """The packages that are there before and after, each by its name: IDs change."""

    def lines(kinds: t.Collection[str]) -> str:
        shown = [f"{line({**r, 'id': None})} in project {r['project_id']}\n" for r in results if r["result"] in kinds]
        return "".join(shown)

    header = f"packages of archive {archive.where}"
    return {
        "before_header": header,
        "after_header": header,
        "before": lines(("already_present",)),
        "after": lines(("already_present", "restored")),
    }
