#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_retention
short_description: Apply a retention policy, or a saved plan, to a GitLab package registry
version_added: 0.1.0
description:
  - Deletes what a policy does not keep, or just what a plan of M(registryops.gitlab.package_retention_info) lists.
  - The guards are checked before the first deletion. One package that cannot be deleted does not stop the others, and fails the
    task at the end. Running it again goes on where it ended.
  - With O(policy), check mode makes the plan and deletes nothing.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.retention
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.changes
options:
  project:
    description:
      - With O(policy), exactly one of O(project) and O(group) is required. A plan has its own, and the one given here must be the
        same.
  plan:
    description:
      - A plan to apply. Exactly one of O(policy), O(plan) and O(plan_file) is required.
    type: dict
  plan_file:
    description:
      - The path of a file with the plan to apply, as JSON or YAML, on the host that runs the module.
    type: path
  on_drift:
    description:
      - What to do if a package changed since the plan was made, that is it has another status, version or name, or was downloaded.
      - V(fail) deletes nothing at all, V(skip) leaves these packages and deletes the others.
    type: str
    choices: [fail, skip]
    default: fail
  max_plan_age:
    description:
      - Refuse a plan that is older, such as C(7d).
    type: str
  max_deletions:
    description:
      - Refuse to delete more packages than this.
    type: int
  max_delete_percent:
    description:
      - Refuse to delete more than this part of the packages that the plan looked at.
    type: float
  batch:
    description:
      - Apply only this part of the plan, from and to these positions in C(plan.delete), counted from 1, such as C(1001-1500).
        The guards hold for the whole plan.
    type: str
  verify:
    description:
      - Whether one more list must prove that what GitLab called deleted is gone.
    type: bool
    default: true
  tolerate:
    description:
      - Results that shall not fail the task.
    type: list
    elements: str
    choices:
      - protected
      - not_deletable
    default: []
seealso:
  - module: registryops.gitlab.package_retention_info
  - module: registryops.gitlab.package
"""

EXAMPLES = r"""
- name: Keep three snapshots of each package, and all of the last two weeks
  registryops.gitlab.package_retention:
    project: acme/web/shop
    policy:
      rules:
        - name: snapshots
          match: {package_type: [maven], version: ["*-SNAPSHOT"]}
          keep_latest: 3
          keep_within: 14d
    max_delete_percent: 50

- name: Apply the plan that was made and approved before
  registryops.gitlab.package_retention:
    plan_file: plan.json
    max_plan_age: 7d
    on_drift: skip
"""

RETURN = r"""
plan:
  description: The plan that was applied, as M(registryops.gitlab.package_retention_info) returns it. With O(batch) its C(delete) is left out.
  returned: when there is one
  type: dict
results:
  description: What became of each package to delete, or in check mode would.
  returned: when the plan could be applied
  type: list
  elements: dict
  sample:
    - id: 7
      project_id: 42
      name: com/acme/shop
      version: 1.0-SNAPSHOT
      package_type: maven
      rule: snapshots
      result: deleted
  contains:
    id:
      description: The ID.
      type: int
      returned: always
    project_id:
      description: The ID of the project.
      type: int
      returned: always
    name:
      description: The name.
      type: str
      returned: always
    version:
      description: The version.
      type: str
      returned: always
    package_type:
      description: The type.
      type: str
      returned: always
    result:
      description:
        - V(deleted), V(already_absent), V(protected) by a rule, V(not_deletable), V(failed), or V(drifted) as it changed since the
          plan was made.
      type: str
      returned: always
    message:
      description: Why, where the result is not plain.
      type: str
      returned: when there is something to say
    rule:
      description: The rule that governs the package.
      type: str
      returned: always
    size:
      description: The bytes of its files.
      type: int
      returned: if the plan was made with O(with_sizes)
summary:
  description: How many packages had each result.
  returned: when the plan could be applied
  type: dict
  sample:
    deleted: 1
    already_absent: 0
    protected: 0
    not_deletable: 0
    failed: 0
    drifted: 0
text:
  description: The same for a reader, in all and rule by rule, and with the bytes if the plan was made with O(with_sizes).
  returned: when the plan could be applied
  type: list
  elements: str
  sample: ["1 package: 1 deleted", "  rule 'snapshots': 1 deleted"]
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
    check_limits,
    plan_request_from,
    retention_report,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import apply_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import (
    compare_with_live,
    refuse_drift,
    untouched,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import check_guards
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_file import (
    batch_of,
    check_plan,
    read_plan,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import make_plan


def main() -> None:
    module = create_module(
        {
            **RETENTION_OPTIONS,
            "policy": {"type": "dict"},
            "plan": {"type": "dict"},
            "plan_file": {"type": "path"},
            "on_drift": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
            "max_plan_age": {"type": "str"},
            "max_deletions": {"type": "int"},
            "max_delete_percent": {"type": "float"},
            "batch": {"type": "str"},
            "verify": {"type": "bool", "default": True},
            "tolerate": {"type": "list", "elements": "str", "choices": ["protected", "not_deletable"], "default": []},
        },
        required_one_of=[("policy", "plan", "plan_file")],
        mutually_exclusive=[("project", "group"), ("policy", "plan", "plan_file"), ("policy", "batch")],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        guards = check_limits(params)
        if params["policy"] is not None:
            scope = scope_from(params)
            plan, packages = make_plan(api, scope, plan_request_from(params))
            check_guards(plan, **guards)
            comparisons = untouched(packages)
        else:
            plan = read_plan(params["plan_file"]) if params["plan"] is None else params["plan"]
            named = None if params["project"] is params["group"] is None else scope_from(params)
            scope = check_plan(api, plan, params["max_plan_age"], named)
            check_guards(plan, **guards)
            comparisons = compare_with_live(api, scope, batch_of(plan["delete"], params["batch"]))
            if params["on_drift"] == "fail":
                refuse_drift(comparisons)
        outcome = apply_plan(api, plan, comparisons, scope, Options(module.check_mode, params["verify"]))
        return retention_report(module, plan, outcome)

    run_module(module, run, REFUSALS)


if __name__ == "__main__":
    main()
