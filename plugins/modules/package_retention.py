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
  - The guards are checked before the first deletion. What was planned for a time to come (O(reference_time)) is not applied.
  - One package that cannot be deleted does not stop the others, and fails the task at the end. Running it again goes on where
    it ended.
  - With O(policy) or O(policy_file), check mode makes the plan and deletes nothing.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.retention
  - registryops.gitlab.archive.keep
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.changes
options:
  project:
    description:
      - With O(policy) or O(policy_file), one of O(project), O(group), and lists of O(projects) and O(groups) is required. A plan
        has its own, and those given here must be the same, by their numeric IDs.
  plan:
    description:
      - A plan to apply. Exactly one of O(policy), O(policy_file), O(plan) and O(plan_file) is required.
    type: dict
  plan_file:
    description:
      - The path of a file with the plan to apply, as JSON or YAML, on the host that runs the module.
    type: path
  plan_digest:
    description:
      - The RV(registryops.gitlab.package_retention_info#module:plan.digest) of the plan that is meant. Any other plan is refused,
        such as one that another run has written to O(plan_file) meanwhile.
    type: str
    version_added: 0.2.0
  check_files:
    description:
      - Whether the files of each package are read right before its delete, as GitLab itself does not notice when a version is
        published again. A file that is newer than the plan makes the result V(drifted).
      - The files of a package that stays, and of which the plan deletes files, are read whatever this says.
      - One more request for each package, but for those of the types C(npm) and C(golang), whose versions are published once.
    type: bool
    default: true
    version_added: 0.2.0
  on_drift:
    description:
      - What to do if a package changed since the plan was made. That is, it has another status, version, name, type, project,
        path of the project or tag, it was downloaded, or what the policy says of it is something else now.
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
  max_file_deletions:
    description:
      - Refuse to delete more files than this of packages that stay, which the rules of C(files) of the policy name.
    type: int
    version_added: 0.2.0
  fail_on:
    description:
      - Gates, each of which fails the task with a message of its own.
      - V(changes) if the plan deletes something, V(unmatched) if it holds packages that no rule governs, and C(over=10GiB),
        or a mapping of C(over) to a size, if it frees more. These are asked before the first deletion, and nothing is deleted
        then. The last needs a plan that was made with O(with_sizes).
      - V(drift) if something drifted, although O(on_drift=skip). What did not is deleted all the same.
  batch:
    description:
      - Apply only this part of the plan, from and to these positions in C(plan.delete), counted from 1 and on through
        C(plan.delete_files), such as C(1001-1500). The guards hold for the whole plan.
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
    plan_digest: "{{ approved.plan.digest }}"
    max_plan_age: 7d
    on_drift: skip

- name: Apply it, and keep what it takes to bring packages back
  registryops.gitlab.package_retention:
    plan_file: plan.json
    archive: s3://registry-archive/gitlab
    archive_options:
      key: "{{ archive_key }}"
      secret: "{{ archive_secret }}"
"""

RETURN = r"""
plan:
  description:
    - The plan that was applied, as M(registryops.gitlab.package_retention_info) returns it. With O(batch) its C(delete) and
      C(delete_files) are left out.
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
    archived:
      description:
        - What O(archive) holds of it, or in check mode would. These are C(files) and C(size) in bytes, C(fetched), of which the
          bytes were not there already, and C(manifest), the path of its manifest in the archive.
      type: dict
      returned: with O(archive), if it came to that
    archive_only:
      description: Why it can be archived, but not be restored.
      type: str
      returned: with O(archive), if it is so
summary:
  description:
    - How many packages had each result.
    - In check mode C(protection) is V(unknown) where it is not known of all of them whether package protection rules forbid it.
  returned: when the plan could be applied
  type: dict
  sample:
    deleted: 1
    already_absent: 0
    protected: 0
    not_deletable: 0
    failed: 0
    drifted: 0
file_results:
  description: What became of each file to delete of packages that stay, or in check mode would. They go after the packages.
  returned: when the plan could be applied, and its policy has rules of C(files)
  type: list
  elements: dict
  sample:
    - id: 71
      package_id: 8
      project_id: 42
      name: com/acme/shop
      version: 1.1-SNAPSHOT
      package_type: maven
      file_name: shop-1.1-20260101.120000-1.jar
      rule: snapshot builds
      size: 20480
      result: deleted
  contains:
    id:
      description: The ID of the file.
      type: int
      returned: always
    package_id:
      description: The ID of its package.
      type: int
      returned: always
    project_id:
      description: The ID of the project.
      type: int
      returned: always
    name:
      description: The name of the package.
      type: str
      returned: always
    version:
      description: The version of the package.
      type: str
      returned: always
    package_type:
      description: The type of the package.
      type: str
      returned: always
    file_name:
      description: The name of the file.
      type: str
      returned: always
    result:
      description:
        - As RV(results[].result). V(drifted) is what the file rule would keep by now, and with it all files of that package that
          the plan deletes, and the files of a package that changed.
      type: str
      returned: always
    message:
      description: Why, where the result is not plain.
      type: str
      returned: when there is something to say
    rule:
      description: The file rule that governs the package.
      type: str
      returned: always
    size:
      description: The bytes of the file.
      type: int
      returned: if GitLab tells them
file_summary:
  description: How many files had each result, and the C(bytes) of those that were deleted.
  returned: beside RV(file_results)
  type: dict
  sample:
    deleted: 1
    already_absent: 0
    protected: 0
    not_deletable: 0
    failed: 0
    drifted: 0
    bytes: 20480
text:
  description: The same for a reader, in all and rule by rule, and with the bytes if the plan was made with O(with_sizes).
  returned: when the plan could be applied
  type: list
  elements: str
  sample: ["1 package: 1 deleted", "  rule 'snapshots': 1 deleted"]
overview:
  description: The plan in a few lines, in all and rule by rule, also where a guard or a gate refuses it.
  returned: when there is one
  type: list
  elements: str
  sample: ["delete 1 of 4 packages, keep 3 (2 of them match no rule)", "  rule 'snapshots': deletes 1 of 2"]
archived:
  description:
    - What was archived, or in check mode would be. C(packages), C(files), C(size) in bytes, C(fetched), of which the bytes were
      not there already, and C(archive_only), how many cannot be restored.
  returned: with O(archive)
  type: dict
  sample: {packages: 1, files: 2, size: 20480, fetched: 20480, archive_only: 0}
"""

import typing as t
from dataclasses import replace

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.archiving import (
    KEEP_OPTIONS,
    keeper_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    create_module,
    run_module,
    scopes_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.retention import (
    ONE_SCOPE,
    REFUSALS,
    RETENTION_OPTIONS,
    SCOPE_NAMES,
    check_limits,
    gates_from,
    listed_now,
    plan_request_from,
    retention_report,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import apply_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply_files import apply_files
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_plan import packages_with_files
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.gates import (
    DRIFT,
    PLAN_GATES,
    GateError,
    check_gates,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.live import (
    compare_with_live,
    refuse_drift,
    untouched,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import (
    check_guards,
    check_reference_time,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_file import (
    check_plan,
    parts_of,
    places_now,
    read_plan,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import PlanError, plan_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_text import overview
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import make_plan

#: Where it stands what goes: exactly one of them is given.
SOURCES = ("policy", "policy_file", "plan", "plan_file")


def main() -> None:
    module = create_module(
        {
            **RETENTION_OPTIONS,
            "policy": {"type": "dict"},
            "policy_file": {"type": "path"},
            "plan": {"type": "dict"},
            "plan_file": {"type": "path"},
            "plan_digest": {"type": "str"},
            "check_files": {"type": "bool", "default": True},
            "on_drift": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
            "max_plan_age": {"type": "str"},
            "max_deletions": {"type": "int"},
            "max_delete_percent": {"type": "float"},
            "max_file_deletions": {"type": "int"},
            "batch": {"type": "str"},
            "verify": {"type": "bool", "default": True},
            **KEEP_OPTIONS,
            "tolerate": {"type": "list", "elements": "str", "choices": ["protected", "not_deletable"], "default": []},
        },
        required_by={"archive_options": "archive"},
        required_one_of=[SOURCES],
        mutually_exclusive=[
            *ONE_SCOPE,
            SOURCES,
            *((source, option) for source in SOURCES[:2] for option in ("batch", "plan_digest")),
        ],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        guards = check_limits(params)
        gates = gates_from(params, (*PLAN_GATES, DRIFT))
        makes_plan = params["plan"] is params["plan_file"] is None
        if makes_plan:
            # A real delete hears of a protection rule from GitLab's answer.
            wanted = replace(plan_request_from(params), with_protection=module.check_mode)
            plan, packages = make_plan(api, scopes_from(params), wanted)
            check_reference_time(plan_time(plan, "reference_time"), plan_time(plan, "created_at"))
        else:
            plan = read_plan(params["plan_file"]) if params["plan"] is None else params["plan"]
            listed = listed_now(params)
            named = scopes_from(params) if any(params[name] is not None for name in SCOPE_NAMES) else []
            check_plan(api, plan, params["max_plan_age"], params["plan_digest"])
        try:
            check_guards(plan, **guards)
            check_gates(gates, plan)
        except (PlanError, GateError) as error:
            return {"failed": True, "msg": str(error), "overview": overview(plan)}
        if makes_plan:
            comparisons = untouched(packages)
            entries = plan["delete"]
        else:
            entries, files = parts_of(plan, params["batch"])
            now = places_now(api, plan, named)
            comparisons = compare_with_live(api, plan, now, entries, listed, packages_with_files(files))
            if params["on_drift"] == "fail":
                refuse_drift(comparisons)
        options = Options(module.check_mode, params["verify"])
        count = len(entries)
        whole, with_files = comparisons[:count], comparisons[count:]
        with keeper_from(module, api, plan["digest"]) as keeper:
            more = {"check_files": params["check_files"], "keep": keeper.look}
            outcome = keeper.noted(apply_plan(api, plan, whole, options, **more))
            of_files = apply_files(api, plan, with_files, options, stopped=outcome.stopped, keep=keeper.look_at_files)
        report = retention_report(module, plan, outcome, keeper.noted_files(of_files), gates)
        return {**report, **keeper.report()}

    run_module(module, run, REFUSALS)


if __name__ == "__main__":
    main()
