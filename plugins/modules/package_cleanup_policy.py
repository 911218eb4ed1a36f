#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_cleanup_policy
short_description: Manage GitLab's own cleanup policy for package files
version_added: 0.2.0
description:
  - Says how many files of one name GitLab itself keeps in each package of a project, and reads what it keeps.
  - GitLab runs this policy every 12 hours. It deletes the older files of the same name for good, and asks no protection rule
    before. Neither check mode nor a plan shows which files those will be.
  - Packages are the matter of M(registryops.gitlab.package_retention).
  - Needs the maintainer role, and an access token with the scope C(api). GitLab takes no job token here.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.governance
options:
  project:
    description:
      - The project, by its full path or its numeric ID. A former path of a moved project works too.
      - Exactly one of O(project), O(projects) and O(policies) is required.
    type: str
  projects:
    description:
      - Many projects, with the same policy.
    type: list
    elements: str
  keep_n_duplicated_package_files:
    description:
      - How many files of one name are kept in each package, the newest ones. V(all) switches the policy off.
      - If not given, the policy is only read.
    type: str
    choices: [all, "1", "10", "20", "30", "40", "50"]
  policies:
    description:
      - Many projects, each with its own policy.
    type: list
    elements: dict
    suboptions:
      project:
        description: As O(project).
        type: str
        required: true
      keep_n_duplicated_package_files:
        description: As O(keep_n_duplicated_package_files).
        type: str
        choices: [all, "1", "10", "20", "30", "40", "50"]
seealso:
  - module: registryops.gitlab.package_settings
"""

EXAMPLES = r"""
- name: Let GitLab keep the ten newest files of each name in a package
  registryops.gitlab.package_cleanup_policy:
    project: acme/web/shop
    keep_n_duplicated_package_files: 10

- name: Read the policy of two projects
  registryops.gitlab.package_cleanup_policy:
    projects: [acme/web/shop, acme/web/blog]

- name: Each project its own
  registryops.gitlab.package_cleanup_policy:
    policies:
      - {project: acme/web/shop, keep_n_duplicated_package_files: 50}
      - {project: acme/web/blog, keep_n_duplicated_package_files: all}
"""

RETURN = r"""
results:
  description: The policy of each project as it then is, or in check mode would be.
  returned: when the policies could be read
  type: list
  elements: dict
  sample:
    - project: acme/web/shop
      keep_n_duplicated_package_files: "10"
      next_run_at: "2026-11-24T12:00:00Z"
      result: updated
  contains:
    project:
      description: The project, as the task names it.
      type: str
      returned: always
    keep_n_duplicated_package_files:
      description: How many files of one name are kept, V(all) for a policy that is off.
      type: str
      returned: always
    next_run_at:
      description: When GitLab applies it next, null where it does not tell, and in check mode where it would change.
      type: str
      returned: always
    result:
      description: V(updated), V(unchanged) or V(failed).
      type: str
      returned: always
    message:
      description: Why, where the result is not plain.
      type: str
      returned: when there is something to say
summary:
  description: How many policies had each result.
  returned: when the policies could be read
  type: dict
  sample:
    created: 0
    updated: 1
    deleted: 0
    unchanged: 0
    already_absent: 0
    failed: 0
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.governance import (
    POLICY_OPTIONS,
    declared_policies,
    governance_report,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.cleanup import bring_about


def main() -> None:
    project = {"type": "str", "required": True}
    module = create_module(
        {
            "project": {"type": "str"},
            "projects": {"type": "list", "elements": "str"},
            **POLICY_OPTIONS,
            "policies": {"type": "list", "elements": "dict", "options": {"project": project, **POLICY_OPTIONS}},
        },
        required_one_of=[("project", "projects", "policies")],
        mutually_exclusive=[("project", "projects", "policies"), (*POLICY_OPTIONS, "policies")],
    )

    def run(api: PackagesApi) -> dict[str, t.Any]:
        outcome = bring_about(api, declared_policies(module.params), module.check_mode)
        return governance_report(module, outcome, "GitLab's cleanup policies")

    run_module(module, run)


if __name__ == "__main__":
    main()
