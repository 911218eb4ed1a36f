# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for ``state: present`` of module `package_file`: one file, published where it must be."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.archiving import keeper_from
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.deletion import result_report
from ansible_collections.registryops.gitlab.plugins.module_utils._files.present import (
    Found,
    Wanted,
    find,
    line_of,
    put,
    told_of,
    wanted_content,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import Content
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import Forbidden, InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_files
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import BAD_RESULTS, RESULTS
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown

#: What ``state: present`` has of its own.
PRESENT_OPTIONS: dict[str, dict[str, t.Any]] = {
    "src": {"type": "path"},
    "status": {"type": "str", "choices": ["default", "hidden"]},
    "if_different": {"type": "str", "choices": ["fail", "add", "replace"], "default": "fail"},
}
#: What only a delete has.
_OF_A_DELETE = ("package_id", "id", "files", "unless_modified_since")


def publish_file(module: AnsibleModule, api: PackagesApi) -> dict[str, t.Any]:
    """Have the file there, and return what the module does. Raises :class:`InvalidInput`, and others."""
    params = module.params
    given = next((option for option in _OF_A_DELETE if params.get(option) is not None), None)
    if given or params["duplicates"] != "fail" or params["package_type"] not in (None, "generic"):
        what = given or ("duplicates" if params["duplicates"] != "fail" else f"package_type {params['package_type']}")
        raise InvalidInput(f"{what} does not go with state present, which publishes one file of a generic package")
    name = params["file_name"] if params["file_name"] is not None else os.path.basename(params["src"])
    project_id = api.project_id(Scope("project", params["project"]))
    wanted = Wanted(project_id, params["name"], params["version"], name, params["src"], params["status"])
    content = wanted_content(wanted)
    before = find(api, wanted, content)
    if before.is_same and wanted.status in (None, before.status):
        return _report(module, wanted, content, before, before, changed=False)
    if before.is_other and params["if_different"] == "fail":
        raise InvalidInput(
            f"{wanted} is there with another content ({_there(before)}): nothing was published. Set if_different to add"
            " or replace"
        )
    replaced = before.files if before.is_other and params["if_different"] == "replace" else []
    if before.is_other and params["if_different"] == "replace" and not replaced:
        raise InvalidInput(
            f"{wanted} cannot be replaced: its package is {before.status}, and GitLab shows no files of such a package"
        )
    if module.check_mode:
        forbidden = api.why_no_publish(project_id)
        if forbidden:
            raise Forbidden(forbidden)
        after = before
    else:
        after = put(api, wanted, content, before)
    returned = _report(module, wanted, content, before, after, changed=True, replaced=replaced)
    # Only now: what is published is proved.
    return {**returned, **_delete(module, api, wanted, after, replaced)} if replaced else returned


def _delete(
    module: AnsibleModule, api: PackagesApi, wanted: Wanted, found: Found, files: t.Sequence[dict[str, t.Any]]
) -> dict[str, t.Any]:
    """Delete the older files of the name, or foresee it; ``failed`` and ``msg`` where one is left."""
    params = module.params
    package = {**t.cast("dict[str, t.Any]", found.package), "project_id": wanted.project_id}
    options = Options(module.check_mode, params["verify"])
    with keeper_from(module, api) as keeper:
        pairs = [(package, file) for file in files]
        outcome = keeper.noted_files(delete_files(api, pairs, options, look=keeper.look_at_files()))
    report = result_report(outcome.results, RESULTS, outcome, {*BAD_RESULTS} - {*params["tolerate"]})
    del report["changed"]  # it was published, whatever became of these
    if report.get("failed"):
        done = "is to be published" if module.check_mode else "was published"
        report["msg"] = f"{wanted} {done}, and older files of its name stay: {report['msg']}"
    return {**report, **keeper.report()}


def refuse_present(params: t.Mapping[str, t.Any]) -> None:
    """Raise :class:`InvalidInput` where a delete is given what only publishing has."""
    given = next((option for option in ("src", "status") if params[option] is not None), None)
    given = given or ("if_different" if params["if_different"] != "fail" else None)
    if given:
        raise InvalidInput(f"{given} goes with state present. Nothing was deleted")


def _there(found: Found) -> str:
    if not found.files:
        return f"in a package that is {found.status}"
    newest = found.files[-1]
    return f"id {newest['id']}, SHA-256 {shown(newest.get('file_sha256'))}"


def _report(
    module: AnsibleModule,
    wanted: Wanted,
    content: Content,
    before: Found,
    after: Found,
    changed: bool,
    replaced: t.Sequence[dict[str, t.Any]] = (),
) -> dict[str, t.Any]:
    is_there = not changed or not module.check_mode
    file = told_of(wanted, content, after, is_there)
    returned: dict[str, t.Any] = {"changed": changed, "file": file}
    if module._diff:
        had = "".join(map(line_of, before.files))
        gone = [one["id"] for one in replaced]
        kept = "".join(line_of(one) for one in before.files if one["id"] not in gone)
        header = f"files named {shown(wanted.stored_name)} of {wanted}"
        returned["diff"] = {
            "before_header": header,
            "after_header": header,
            "before": had,
            "after": kept + line_of(file) if changed else had,
        }
    return returned
