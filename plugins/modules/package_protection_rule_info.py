#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_protection_rule_info
short_description: Read the package protection rules of GitLab projects
version_added: 0.2.0
description:
  - Reads all package protection rules of one project or of many.
  - Needs GitLab 17.6 or newer, the maintainer role, and an access token with the scope C(read_api). GitLab takes no job token
    here. A project whose rules cannot be read fails the task.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.info
options:
  project:
    description:
      - The project, by its full path or its numeric ID. A former path of a moved project works too.
      - Exactly one of O(project) and O(projects) is required.
    type: str
  projects:
    description:
      - Many projects.
    type: list
    elements: str
seealso:
  - module: registryops.gitlab.package_protection_rule
"""

EXAMPLES = r"""
- name: Read the rules of a project
  registryops.gitlab.package_protection_rule_info:
    project: acme/web/shop
  register: shop

- name: Make them the rules of another project
  registryops.gitlab.package_protection_rule:
    project: acme/web/blog
    rules: "{{ shop.projects[0].rules }}"
    purge: true
"""

RETURN = r"""
projects:
  description: The projects, in the order in which they were named.
  returned: success
  type: list
  elements: dict
  contains:
    project:
      description: The project, as the task names it.
      type: str
      returned: always
    rules:
      description: Its rules, in the order of their IDs.
      type: list
      elements: dict
      returned: always
      contains:
        id:
          description: The ID.
          type: int
          returned: always
        package_name_pattern:
          description: The names that the rule is for.
          type: str
          returned: always
        package_type:
          description: The type of the packages.
          type: str
          returned: always
        minimum_access_level_for_push:
          description: Who may publish, V(developer) where the rule does not say so.
          type: str
          returned: always
        minimum_access_level_for_delete:
          description:
            - Who may delete, V(maintainer) where the rule does not say so, where GitLab's feature flag for it is off, and before
              GitLab 17.11.
          type: str
          returned: always
  sample:
    - project: acme/web/shop
      rules:
        - id: 3
          package_name_pattern: "@acme/*"
          package_type: npm
          minimum_access_level_for_push: maintainer
          minimum_access_level_for_delete: owner
count:
  description: How many rules there are in all.
  returned: success
  type: int
  sample: 1
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.governance import projects_of
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.protection import read_rules, shown


def main() -> None:
    module = create_module(
        {"project": {"type": "str"}, "projects": {"type": "list", "elements": "str"}},
        required_one_of=[("project", "projects")],
        mutually_exclusive=[("project", "projects")],
    )

    def run(api: PackagesApi) -> dict[str, t.Any]:
        named = projects_of(module.params)
        found = [[shown(rule) for rule in rules.rules] for rules in read_rules(api, named)]
        projects = [{"project": project, "rules": rules} for project, rules in zip(named, found)]
        return {"projects": projects, "count": sum(map(len, found))}

    run_module(module, run)


if __name__ == "__main__":
    main()
