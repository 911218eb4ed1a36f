#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_report
short_description: Write a report on GitLab package registries
version_added: 0.1.0
description:
  - Counts the packages of projects and groups by project, type, name, status and age, finds the largest and the stalest, failed
    uploads and duplicate files, and writes that as files for people and for programs. It changes nothing in GitLab.
  - With a policy the report says too what the policy would delete, what it would free, and what no rule governs.
  - The packages are those that can be deleted, that is with the status C(default), C(error) or C(deprecated).
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
options:
  projects:
    description:
      - The projects, by full path or numeric ID. At least one of O(projects) and O(groups) is required.
    type: list
    elements: str
    default: []
  groups:
    description:
      - The groups, by full path or numeric ID. A package counts once, although its project is named too.
    type: list
    elements: str
    default: []
  exclude_subgroups:
    description:
      - Whether the projects of subgroups are left out.
    type: bool
    default: false
  policy:
    description:
      - A retention policy, as O(registryops.gitlab.package_retention_info#module:policy).
    type: dict
  policy_file:
    description:
      - The path of a file with the policy, as O(registryops.gitlab.package_retention_info#module:policy_file).
    type: path
    version_added: 0.2.0
  keep_lists:
    description:
      - Files that name what must stay, as O(registryops.gitlab.package_retention_info#module:keep_lists).
    type: list
    elements: path
    default: []
    version_added: 0.2.0
  reference_time:
    description:
      - The time in ISO 8601 that stands for now in the policy.
    type: str
  with_sizes:
    description:
      - Whether the files of each package are read, so that the report has bytes and duplicate files. One more request for each
        package.
    type: bool
    default: false
  dest:
    description:
      - An existing directory on the host that runs the module. The files are C(report.html), C(report.md), C(report.json) and
        C(report.csv).
    type: path
    required: true
  formats:
    description:
      - Which of the files to write.
    type: list
    elements: str
    choices: [html, md, json, csv]
    default: [html, md, json, csv]
  mode:
    description:
      - The rights of the files, as M(ansible.builtin.file) takes them. Names of private packages stand in the files.
    type: raw
    default: "0600"
    version_added: 0.2.0
attributes:
  check_mode:
    support: full
    details:
      - Reads GitLab, and writes no files.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - The files hold the time of the report, and are written anew each time.
seealso:
  - module: registryops.gitlab.package_info
  - module: registryops.gitlab.package_retention_info
"""

EXAMPLES = r"""
- name: Report on all registries of a group, with sizes
  registryops.gitlab.package_report:
    groups: [acme]
    with_sizes: true
    dest: /tmp

- name: Report on what a policy would delete from two projects
  registryops.gitlab.package_report:
    projects: [acme/web/shop, acme/tools]
    policy:
      rules:
        - name: nightlies
          match: {name: ["@acme/nightly*"]}
          keep_daily: 14
    dest: /tmp
    formats: [html]
"""

RETURN = r"""
report:
  description:
    - What C(report.json) holds, as C(docs/schemas/report.schema.json) describes it. Lists of packages and names are cut after 50
      rows, and say how many there are.
  returned: success
  type: dict
  sample:
    format_version: 1
    generated_at: "2026-11-21T10:00:00.000Z"
    totals: {packages: 12, bytes: 3145728, projects: 2, names: 4}
files:
  description: The paths of the files, by format.
  returned: success
  type: dict
  sample: {html: /tmp/report.html}
text:
  description: The report in a few lines.
  returned: success
  type: list
  elements: str
  sample: ["12 packages in 2 projects, 3.0 MiB"]
"""

import os
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.files import write_text
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.retention import REFUSALS, plan_request_from
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._report.audit import make_audit, render, summary_text


def main() -> None:
    formats = ["html", "md", "json", "csv"]
    module = create_module(
        {
            "projects": {"type": "list", "elements": "str", "default": []},
            "groups": {"type": "list", "elements": "str", "default": []},
            "exclude_subgroups": {"type": "bool", "default": False},
            "policy": {"type": "dict"},
            "policy_file": {"type": "path"},
            "keep_lists": {"type": "list", "elements": "path", "default": []},
            "reference_time": {"type": "str"},
            "with_sizes": {"type": "bool", "default": False},
            "dest": {"type": "path", "required": True},
            "formats": {"type": "list", "elements": "str", "choices": formats, "default": formats},
            "mode": {"type": "raw", "default": "0600"},
        },
        mutually_exclusive=[("policy", "policy_file")],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        # What no rule governs is known only where the kept packages are explained.
        has_policy = params["policy"] is not None or params["policy_file"] is not None
        explained = {**params, "explain_keeps": True}
        wanted = plan_request_from(explained, sizes=False) if has_policy else None
        scopes = [Scope("group", ref, params["exclude_subgroups"]) for ref in params["groups"]]
        scopes += [Scope("project", ref) for ref in params["projects"]]
        if not scopes:
            raise InvalidInput("name at least one of projects and groups")
        if not os.path.isdir(params["dest"]):
            raise InvalidInput(f"dest {params['dest']!r} is no directory: create it first")
        audit = make_audit(api, scopes, wanted, params["with_sizes"])
        files = {kind: os.path.join(params["dest"], f"report.{kind}") for kind in params["formats"]}
        if not module.check_mode:
            for kind, path in files.items():
                write_text(module, path, render(audit, kind), params["mode"])
        return {"changed": True, "report": audit.report, "files": files, "text": summary_text(audit)}

    run_module(module, run, REFUSALS)


if __name__ == "__main__":
    main()
