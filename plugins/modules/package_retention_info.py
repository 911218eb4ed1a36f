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
      - One of O(project), O(group), O(packages), and lists of O(projects) and O(groups) is required.
  packages:
    description:
      - Packages in place of a registry, so that a policy can be tested without a server. Nothing is asked of GitLab, and the
        options of the connection are not needed. The plan is for no registry, and cannot be applied.
      - What RV(registryops.gitlab.package_info#module:packages) holds, rows of a report, or a history written by hand. Each
        entry needs C(name), C(version) (null for a package without one) and C(package_type), and may have C(status), C(created_at),
        C(last_downloaded_at), C(tags), C(pipeline) (with C(ref)), C(project_path), C(files), C(id), C(project_id) and
        C(conan_package_name). Other keys are ignored. A time may be a date alone.
      - What an entry does not tell is not known, and keeps. Without C(created_at) a rule with keeps holds it, without
        C(last_downloaded_at) (null for never) the keeps of downloads, an npm package without C(tags) may have the tag C(latest),
        and C(keep_within) holds what is old and comes without C(files), which V([]) says has no newer ones.
      - An entry without an C(id) gets one, a later entry a higher one. Entries without a C(project_path) are of one project.
    type: list
    elements: raw
    version_added: 0.2.0
  policy:
    description:
      - Exactly one of O(policy) and O(policy_file) is required.
  pages:
    description:
      - The plan as whole pages for readers, with a table of its rules and every package, as RV(pages). V(txt) is plain text, V(md)
        Markdown.
    type: list
    elements: str
    choices: [md, txt]
    default: []
    version_added: 0.2.0
  fail_on:
    description:
      - Gates, which fail the task when the plan is made, each with a message of its own. RV(plan) and the other results are
        returned all the same.
      - V(changes) if something would be deleted, V(unmatched) if a package is governed by no rule, and C(over=10GiB), or a
        mapping of C(over) to a size, if more would be freed. The last needs O(with_sizes).
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

- name: Try a policy on packages that are no registry's
  registryops.gitlab.package_retention_info:
    policy_file: policy.yml
    reference_time: "2026-11-20"
    packages:
      - {name: app, package_type: generic, version: 1.1.0, created_at: "2026-11-19", files: []}
      - {name: app, package_type: generic, version: 1.0.0, created_at: "2026-01-19", files: []}
  register: tried

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
        - C(foreseen_protected) of the packages to delete GitLab's package protection rules would refuse. C(protection) is V(known), or
          V(unknown) where that could not be found out for all of them. Both are absent with O(packages).
      type: dict
      returned: success
    delete:
      description:
        - The packages to delete, each with C(rule) and C(reason), and with O(with_sizes) its C(size) in bytes.
        - What a package protection rule would refuse has C(protected) and, in C(protected_by), the pattern and the level of the rule.
      type: list
      elements: dict
      returned: success
    keep:
      description: The packages that stay, each with C(rule) and C(reasons).
      type: list
      elements: dict
      returned: if O(explain_keeps=true)
    delete_files:
      description:
        - The files to delete of packages that stay, each with C(rule) and C(reason). C(summary.files) counts them, with their
          C(bytes).
      type: list
      elements: dict
      returned: if the policy has rules of C(files)
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
      protection: known
      foreseen_protected: 0
    delete: []
    digest: sha256:0f343b0931126a20f133d67c2b018a3b
text:
  description: The plan for a reader, line by line, as C(--diff) shows it when it is applied. Of many packages not all.
  returned: success
  type: list
  elements: str
overview:
  description: The plan in a few lines, in all and rule by rule.
  returned: success
  type: list
  elements: str
  sample: ["delete 1 of 4 packages, keep 3 (2 of them match no rule)", "  rule 'snapshots': deletes 1 of 2"]
pages:
  description: The whole plan for readers, by the kinds of O(pages).
  returned: with O(pages)
  type: dict
"""

import typing as t

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
    gates_from,
    plan_request_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.gates import (
    figures_of,
    in_a_sentence,
    refusals,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.given import plan_of_given
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_markdown import plan_markdown
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_text import (
    diff_text,
    overview,
    whole_text,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import make_plan

#: What makes a page of a plan, by the ending of its file.
PAGES: dict[str, t.Callable[[dict[str, t.Any]], str]] = {"txt": whole_text, "md": plan_markdown}


def main() -> None:
    module = create_module(
        {
            **RETENTION_OPTIONS,
            "packages": {"type": "list", "elements": "raw"},
            "policy": {"type": "dict"},
            "policy_file": {"type": "path"},
            "pages": {"type": "list", "elements": "str", "choices": sorted(PAGES), "default": []},
        },
        required_one_of=[(*SCOPE_NAMES, "packages"), ("policy", "policy_file")],
        mutually_exclusive=[*ONE_SCOPE, *(("packages", name) for name in SCOPE_NAMES), ("policy", "policy_file")],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        wanted = plan_request_from(params)
        gates = gates_from(params)
        if params["packages"] is None:
            plan, _packages = make_plan(api, scopes_from(params), wanted, with_listed=False)
        else:
            plan = plan_of_given(api.client, params["packages"], wanted)
        closed = in_a_sentence(refusals(gates, figures_of(plan)))
        failure = {"failed": True, "msg": closed} if closed else {}
        pages = {kind: PAGES[kind](plan) for kind in params["pages"]}
        text = {"text": diff_text(plan).splitlines(), "overview": overview(plan)}
        return {"plan": plan, **text, **({"pages": pages} if pages else {}), **failure}

    run_module(module, run, REFUSALS)


if __name__ == "__main__":
    main()
