#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_registry_info
short_description: Write GitLab package registries down as one document
version_added: 0.2.0
description:
  - Reads the package settings of groups, and the cleanup policies and protection rules of projects, as one document that
    M(registryops.gitlab.package_registry) takes. Running that document changes nothing.
  - What the token may not read, what the server does not know, archived projects and those whose registry is off are left out, and
    told in RV(left_out).
  - Retention policies are not in it. GitLab knows none.
  - The token needs the scope C(read_api), the maintainer role in the projects, and the owner role in the groups. GitLab takes no job
    token here.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.info
options:
  projects:
    description:
      - The projects, by full path or numeric ID. At least one project or group is needed.
    type: list
    elements: str
    default: []
  groups:
    description:
      - The groups, by full path or numeric ID, with all projects in them and in the groups below, and those of these groups that
        hold projects.
    type: list
    elements: str
    default: []
seealso:
  - module: registryops.gitlab.package_registry
"""

EXAMPLES = r"""
- name: Read the registries of a group
  registryops.gitlab.package_registry_info:
    groups: [acme]
  register: acme

- name: Keep them as a file
  ansible.builtin.copy:
    content: "{{ acme.text }}"
    dest: registry.yml
    mode: "0600"
"""

RETURN = r"""
document:
  description: The document.
  returned: success
  type: dict
  sample:
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
        cleanup_policy: {keep_n_duplicated_package_files: 10}
text:
  description: The document as YAML. Null where PyYAML is not installed on the host that runs the module.
  returned: success
  type: str
  sample: "---\ngroups: {}\n"
left_out:
  description: What is not in the document, and why, a sentence each.
  returned: success
  type: list
  elements: str
  sample: ["acme/old: it is archived"]
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.registry import document_text, refuse_nothing
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.export import export


def main() -> None:
    module = create_module(
        {
            "projects": {"type": "list", "elements": "str", "default": []},
            "groups": {"type": "list", "elements": "str", "default": []},
        }
    )

    def run(api: PackagesApi) -> dict[str, t.Any]:
        refuse_nothing(module.params)
        found = export(api, module.params["groups"], module.params["projects"])
        return {"document": found.document, "text": document_text(found.document), "left_out": found.left_out}

    run_module(module, run)


if __name__ == "__main__":
    main()
