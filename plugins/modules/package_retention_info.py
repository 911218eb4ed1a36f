#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_retention_info
short_description: Plan what a retention policy deletes from a GitLab package registry
version_added: 0.1.0
description:
  - Makes the plan of a policy for the packages of a project or group, and changes nothing.
  - The plan lists each package to delete, with the rule and the reason. Save it, read it, and apply it with
    M(registryops.gitlab.package_retention).
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.retention
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.info
options:
  project:
    description:
      - Exactly one of O(project) and O(group) is required.
  policy:
    description:
      - Exactly one of O(policy) and O(policy_file) is required.
seealso:
  - module: registryops.gitlab.package_retention
"""

EXAMPLES = r"""
- name: Plan what can go of the Maven snapshots of a group
  registryops.gitlab.package_retention_info:
    group: acme
    policy:
      protect:
        - {name: "acme/core-*"}
      rules:
        - name: snapshots
          match: {package_type: [maven], version: ["*-SNAPSHOT"]}
          keep_latest: 3
          keep_within: 14d
  register: retention

- name: Keep the plan for a later run
  ansible.builtin.copy:
    content: "{{ retention.plan | to_nice_json }}"
    dest: plan.json
    mode: "0600"
  check_mode: false
"""

RETURN = r"""
plan:
  description:
    - The plan, as C(docs/schemas/plan.schema.json) describes it. RV(plan.digest) covers all else in it, so that an edited plan
      is refused. Within C(format_version) 2 keys are only added.
  returned: success
  type: dict
  contains:
    summary:
      description:
        - How many packages were looked at, how many of them go and stay, in all and of each rule; with O(with_sizes) the
          C(bytes) that the packages to delete take.
      type: dict
      returned: success
    delete:
      description: The packages to delete, each with C(rule) and C(reason), and with O(with_sizes) its C(size) in bytes.
      type: list
      elements: dict
      returned: success
    keep:
      description: The packages that stay, each with C(rule) and C(reasons).
      type: list
      elements: dict
      returned: if O(explain_keeps=true)
    digest:
      description: The hash of the rest of the plan.
      type: str
      returned: success
  sample:
    format_version: "2.0"
    created_at: "2026-11-21T10:00:00.000Z"
    api_url: https://gitlab.example.com/api/v4
    scope: {group: acme, group_id: 7, exclude_subgroups: false}
    policy: {rules: [{name: snapshots, keep_latest: 3}]}
    reference_time: "2026-11-21T10:00:00.000Z"
    summary:
      packages: 12
      delete: 0
      keep: 12
      protected: 0
      listed: 0
      unmatched: 2
      by_rule: {snapshots: {delete: 0, keep: 10}}
      without_match: []
      vanishing: []
    delete: []
    digest: sha256:0f343b0931126a20f133d67c2b018a3b
text:
  description: The plan for a reader, line by line, as C(--diff) shows it when it is applied.
  returned: success
  type: list
  elements: str
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    create_module,
    run_module,
    scope_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.retention import (
    REFUSALS,
    RETENTION_OPTIONS,
    plan_request_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_text import diff_text
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import make_plan


def main() -> None:
    module = create_module(
        {**RETENTION_OPTIONS, "policy": {"type": "dict"}, "policy_file": {"type": "path"}},
        required_one_of=[("project", "group"), ("policy", "policy_file")],
        mutually_exclusive=[("project", "group"), ("policy", "policy_file")],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        plan, _packages = make_plan(api, scope_from(params), plan_request_from(params))
        return {"plan": plan, "text": diff_text(plan).splitlines()}

    run_module(module, run, REFUSALS)


if __name__ == "__main__":
    main()
