#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_registry
short_description: Bring GitLab package registries to what one document says
version_added: 0.2.0
description:
  - Holds the package settings of groups, the cleanup policies and the protection rules of projects against one document, and
    changes what differs, of many groups and projects in one task.
  - What the document does not mention stays as it is. All is read before anything is changed; what goes wrong then does not stop
    the rest, and fails the task at the end.
  - Retention policies in the document are checked, put together and returned. They delete nothing here; the role
    R(package_cleanup,registryops.gitlab.package_cleanup) applies them.
  - The token needs the scope C(api), the maintainer role in the projects, and the owner role in groups whose settings are declared.
    For check mode and O(fail_on_drift) the scope C(read_api) is enough; check mode warns of it. GitLab takes no job token here.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.governance
options:
  document:
    description:
      - The document, with C(defaults), C(groups) and C(projects), all optional. The latter two are mappings from the full path, as GitLab
        shows it, to an entry. An entry may hold C(protection_rules) (a list of rules as M(registryops.gitlab.package_protection_rule)
        takes them), C(cleanup_policy) (with C(keep_n_duplicated_package_files)), C(retention) (a policy), and that of a group
        C(settings) (as M(registryops.gitlab.package_settings) takes them).
      - The more special wins - the defaults, then the groups above from the outermost on, then the entry itself. Keys of mappings win one
        by one, lists replace.
      - What the entry of a group says of projects holds for all projects in it and in the groups below, except archived ones and those
        whose registry is off. What only the defaults say holds for the groups and projects that the document names.
      - Forwarding, and its locks, GitLab passes on to the groups below by itself. A group below another one of the document has those
        that its own entry names.
      - Exactly one of O(document) and O(document_file) is required.
    type: dict
  document_file:
    description:
      - A file with the document, as YAML or JSON, on the host that runs the module. It is no template.
    type: path
  purge:
    description:
      - Whether all other protection rules are removed from the projects for which the document says C(protection_rules), be it an empty list.
      - They go last in each project, and only where the rules that shall be there were made.
    type: bool
    default: false
  fail_on_drift:
    description:
      - Changes nothing, as in check mode, and fails where anything is not as the document says.
    type: bool
    default: false
seealso:
  - module: registryops.gitlab.package_registry_info
  - module: registryops.gitlab.package_protection_rule
  - module: registryops.gitlab.package_cleanup_policy
  - module: registryops.gitlab.package_settings
"""

EXAMPLES = r"""
- name: Bring a group and a project to what is written here
  registryops.gitlab.package_registry:
    document:
      defaults:
        cleanup_policy: {keep_n_duplicated_package_files: 10}
      groups:
        acme:
          settings: {generic_duplicates_allowed: false}
      projects:
        acme/web/shop:
          protection_rules:
            - package_name_pattern: "@acme/*"
              package_type: npm
              minimum_access_level_for_push: maintainer
              minimum_access_level_for_delete: owner
    purge: true

- name: Bring registries to what a file says
  registryops.gitlab.package_registry:
    document_file: /srv/registry/registry.yml

- name: Fail where somebody has changed something by hand
  registryops.gitlab.package_registry:
    document_file: /srv/registry/registry.yml
    fail_on_drift: true
"""

RETURN = r"""
results:
  description:
    - What became of each thing, or in check mode would. Beside C(kind), the facts are those that
      M(registryops.gitlab.package_settings), M(registryops.gitlab.package_cleanup_policy) and
      M(registryops.gitlab.package_protection_rule) return of their kind.
  returned: when all could be read
  type: list
  elements: dict
  sample:
    - kind: cleanup_policy
      project: acme/web/shop
      keep_n_duplicated_package_files: "10"
      next_run_at: null
      result: updated
  contains:
    kind:
      description: V(settings), V(cleanup_policy) or V(protection_rule).
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
  description: How many had each result.
  returned: when all could be read
  type: dict
  sample:
    created: 1
    updated: 1
    deleted: 0
    unchanged: 7
    already_absent: 0
    failed: 0
retention:
  description:
    - The finished retention policies, as C(groups) and C(projects), each entry with C(policy) and its C(group) or C(project). What has a
      policy of its own inside a group is protected by the group's.
  returned: when all could be read
  type: dict
  sample:
    groups:
      - group: acme
        policy: {rules: [{name: all, keep_latest: 20}]}
    projects: []
left_out:
  description: The projects of groups that nothing was declared of, each with C(project) and C(why).
  returned: when all could be read
  type: list
  elements: dict
  sample:
    - project: acme/old
      why: it is archived
text:
  description: One line with the numbers, and below it what goes (V(-)), comes (V(+)) and cannot be (V(!)).
  returned: when all could be read
  type: list
  elements: str
  sample:
    - "9 things declared: 1 created"
    - "+ acme/web/shop: npm @acme/*: push maintainer, delete owner"
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.registry import (
    REFUSALS,
    document_from,
    registry_report,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.registry import bring_about, declared_of


def main() -> None:
    module = create_module(
        {
            "document": {"type": "dict"},
            "document_file": {"type": "path"},
            "purge": {"type": "bool", "default": False},
            "fail_on_drift": {"type": "bool", "default": False},
        },
        required_one_of=[("document", "document_file")],
        mutually_exclusive=[("document", "document_file")],
    )

    def run(api: PackagesApi) -> dict[str, t.Any]:
        declared, left_out = declared_of(api, document_from(module.params))
        params = module.params
        outcome = bring_about(api, declared, params["purge"], module.check_mode, params["fail_on_drift"])
        return registry_report(module, outcome, declared, left_out)

    run_module(module, run, REFUSALS)


if __name__ == "__main__":
    main()
