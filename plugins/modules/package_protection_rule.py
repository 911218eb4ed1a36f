#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_protection_rule
short_description: Manage the package protection rules of GitLab projects
version_added: 0.2.0
description:
  - Says who may publish and who may delete packages of a name, for one rule or for many, in one project or in many.
  - A rule is known by its type and its pattern, exactly. Rules that are not named stay as they are, unless O(purge) is set.
  - All rules are read before any is changed. One that cannot be made does not stop the others, and fails the task at the end.
    In its project nothing is removed then.
  - Needs GitLab 17.6 or newer, the maintainer role, and an access token with the scope C(api). GitLab takes no job token here.
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
    type: str
  projects:
    description:
      - Many projects, each of which gets the rule, or O(rules).
    type: list
    elements: str
  package_name_pattern:
    description:
      - The names that the rule is for, up to 255 characters. C(*) is the only wildcard.
      - Exactly one of O(package_name_pattern) and O(rules) is required.
    type: raw
  package_type:
    description:
      - The type of the packages. Which ones a GitLab knows depends on its version.
    type: str
    choices: [npm, pypi, conan, maven, generic, nuget, helm, terraform_module, cargo]
  minimum_access_level_for_push:
    description:
      - Who may publish. V(developer) means that the rule does not say so.
      - If not given, a rule that is there keeps what it has.
    type: str
    choices: [developer, maintainer, owner, admin]
  minimum_access_level_for_delete:
    description:
      - Who may delete. V(maintainer) means that the rule does not say so.
      - If not given, a rule that is there keeps what it has.
      - GitLab 17.11 and newer take it, while their feature flag C(packages_protected_packages_delete) is on, which it is not by
        default. It does not refuse the level then, and keeps none. The task warns of it, and does not count it as a change.
    type: str
    choices: [maintainer, owner, admin]
  state:
    description:
      - Whether the rule shall be there. Of O(rules) those that do not say it themselves.
    type: str
    choices: [present, absent]
    default: present
  rules:
    description:
      - Many rules. Rules as M(registryops.gitlab.package_protection_rule_info) returns them can be given as they are.
    type: list
    elements: dict
    suboptions:
      project:
        description: The project of this rule, instead of O(project) and O(projects).
        type: str
      package_name_pattern:
        description: As O(package_name_pattern).
        type: raw
        required: true
      package_type:
        description: As O(package_type).
        type: str
        required: true
        choices: [npm, pypi, conan, maven, generic, nuget, helm, terraform_module, cargo]
      minimum_access_level_for_push:
        description: As O(minimum_access_level_for_push).
        type: str
        choices: [developer, maintainer, owner, admin]
      minimum_access_level_for_delete:
        description: As O(minimum_access_level_for_delete).
        type: str
        choices: [maintainer, owner, admin]
      state:
        description: As O(state).
        type: str
        choices: [present, absent]
      id:
        description: Not looked at.
        type: int
      project_id:
        description: Not looked at.
        type: int
  purge:
    description:
      - Whether all other rules are removed from the projects that O(project), O(projects) and O(rules) name. Needs O(rules).
    type: bool
    default: false
seealso:
  - module: registryops.gitlab.package_protection_rule_info
"""

EXAMPLES = r"""
- name: Only maintainers publish the packages of the company, only owners delete them
  registryops.gitlab.package_protection_rule:
    project: acme/web/shop
    package_name_pattern: "@acme/*"
    package_type: npm
    minimum_access_level_for_push: maintainer
    minimum_access_level_for_delete: owner

- name: These rules and no others, in two projects
  registryops.gitlab.package_protection_rule:
    projects: [acme/web/shop, acme/web/blog]
    rules:
      - {package_name_pattern: "@acme/*", package_type: npm, minimum_access_level_for_push: maintainer}
      - {package_name_pattern: "release-*", package_type: generic, minimum_access_level_for_delete: owner}
    purge: true

- name: Each project its own
  registryops.gitlab.package_protection_rule:
    rules:
      - {project: acme/web/shop, package_name_pattern: shop, package_type: pypi, minimum_access_level_for_push: owner}
      - {project: acme/web/blog, package_name_pattern: blog, package_type: pypi, minimum_access_level_for_push: owner}

- name: Remove one
  registryops.gitlab.package_protection_rule:
    project: acme/web/shop
    package_name_pattern: "release-*"
    package_type: generic
    state: absent
"""

RETURN = r"""
results:
  description: What became of each rule, or in check mode would. The levels are those that the rule then has.
  returned: when the rules could be read
  type: list
  elements: dict
  sample:
    - project: acme/web/shop
      id: 3
      package_name_pattern: "@acme/*"
      package_type: npm
      minimum_access_level_for_push: maintainer
      minimum_access_level_for_delete: owner
      result: created
  contains:
    project:
      description: The project, as the task names it.
      type: str
      returned: always
    id:
      description: The ID, null for a rule that is not there.
      type: int
      returned: always
    package_name_pattern:
      description: The pattern.
      type: str
      returned: always
    package_type:
      description: The type.
      type: str
      returned: always
    minimum_access_level_for_push:
      description: Who may publish, null for a rule that is not there.
      type: str
      returned: always
    minimum_access_level_for_delete:
      description: Who may delete, null for a rule that is not there.
      type: str
      returned: always
    result:
      description: V(created), V(updated), V(deleted), V(unchanged), V(already_absent) or V(failed).
      type: str
      returned: always
    message:
      description: Why, where the result is not plain.
      type: str
      returned: when there is something to say
summary:
  description: How many rules had each result.
  returned: when the rules could be read
  type: dict
  sample:
    created: 1
    updated: 0
    deleted: 0
    unchanged: 0
    already_absent: 0
    failed: 0
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.governance import (
    RULE_ENTRY,
    RULE_OPTIONS,
    declared_rules,
    governance_report,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.protection import bring_about


def main() -> None:
    module = create_module(
        {
            "project": {"type": "str"},
            "projects": {"type": "list", "elements": "str"},
            **RULE_OPTIONS,
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "rules": {"type": "list", "elements": "dict", "options": RULE_ENTRY},
            "purge": {"type": "bool", "default": False},
        },
        required_one_of=[("project", "projects", "rules"), ("package_name_pattern", "rules")],
        required_together=[("package_name_pattern", "package_type")],
        required_if=[("purge", True, ["rules"])],
        mutually_exclusive=[("project", "projects"), *((name, "rules") for name in RULE_OPTIONS)],
    )

    def run(api: PackagesApi) -> dict[str, t.Any]:
        outcome = bring_about(api, declared_rules(module.params), module.check_mode)
        return governance_report(module, outcome, "package protection rules")

    run_module(module, run)


if __name__ == "__main__":
    main()
