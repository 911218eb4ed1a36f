#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_info
short_description: List the packages of a GitLab project or group
version_added: 0.1.0
description:
  - Lists packages in the package registry of a project or of a group, completely, however many there are.
  - A package that is not there gives an empty list. A project or group that is not there, or that the token may not read, fails.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.selection
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.info
options:
  project:
    description:
      - The project, by its full path (C(acme/web/shop)) or its numeric ID. A former path of a moved project works too.
      - Exactly one of O(project) and O(group) is required.
    type: str
  group:
    description:
      - The group, by its full path or its numeric ID. Needs an access token, as GitLab ignores job tokens for groups.
    type: str
  exclude_subgroups:
    description:
      - Whether the projects of subgroups are left out. For O(group) only.
    type: bool
    default: false
  id:
    description:
      - Only the package with this ID. Use it with O(project).
    type: int
  order_by:
    description:
      - What to sort by. V(version) sorts as text. V(project_path) is for O(group).
    type: str
    choices: [created_at, name, version, type, project_path]
    default: created_at
  sort:
    description:
      - The direction.
    type: str
    choices: [asc, desc]
    default: asc
  limit:
    description:
      - At most this many packages, the first ones in the given order.
    type: int
  with_versions:
    description:
      - Whether each package gets C(versions), the other versions of the same name. One more request for each package.
    type: bool
    default: false
  with_pipelines:
    description:
      - Whether each package gets C(pipelines), all that built it. One more request for each package.
    type: bool
    default: false
  with_files:
    description:
      - Whether each package gets C(files), its package files. One more request for each package.
    type: bool
    default: false
seealso:
  - module: registryops.gitlab.package_file_info
  - module: registryops.gitlab.package
  - plugin: registryops.gitlab.packages
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: List all packages of a project
  registryops.gitlab.package_info:
    project: acme/web/shop
  register: shop

- name: Find one package, exactly
  registryops.gitlab.package_info:
    project: acme/web/shop
    name: "@acme/ui"
    version: 1.4.0
    package_type: [npm]
  register: ui

- name: List the failed uploads of a whole group
  registryops.gitlab.package_info:
    group: acme
    status: [error]
  register: broken

- name: Read the five newest packages of a project with their files
  registryops.gitlab.package_info:
    project: acme/web/shop
    sort: desc
    limit: 5
    with_files: true
  register: newest
"""

RETURN = r"""
packages:
  description:
    - The packages, each with the fields that GitLab gives, and always with C(project_id).
    - C(versions), C(pipelines) and C(files) are there where they were asked for. They are null for a package of which GitLab
      does not show them (C(versions) and C(pipelines) for the status C(error), all three for hidden packages).
  returned: success
  type: list
  elements: dict
  sample:
    - id: 7
      name: "@acme/ui"
      version: 1.4.0
      package_type: npm
      status: default
      project_id: 42
      created_at: "2026-03-01T10:00:00.000Z"
      last_downloaded_at: null
      tags: []
  contains:
    id:
      description: The ID of the package.
      type: int
      returned: success
    project_id:
      description: The ID of its project.
      type: int
      returned: success
    name:
      description: The name. For conan the recipe.
      type: str
      returned: success
    version:
      description: The version, null for a versionless package.
      type: str
      returned: success
    package_type:
      description: The type.
      type: str
      returned: success
    status:
      description: The status.
      type: str
      returned: success
    created_at:
      description: When it was published, in UTC.
      type: str
      returned: success
count:
  description: How many packages are in RV(packages).
  returned: success
  type: int
  sample: 1
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    SCOPE_OPTIONS,
    SELECTION_OPTIONS,
    create_module,
    run_module,
    scope_from,
    selection_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete, find


def main() -> None:
    module = create_module(
        {
            **SCOPE_OPTIONS,
            **SELECTION_OPTIONS,
            "id": {"type": "int"},
            "order_by": {
                "type": "str",
                "choices": ["created_at", "name", "version", "type", "project_path"],
                "default": "created_at",
            },
            "sort": {"type": "str", "choices": ["asc", "desc"], "default": "asc"},
            "limit": {"type": "int"},
            "with_versions": {"type": "bool", "default": False},
            "with_pipelines": {"type": "bool", "default": False},
            "with_files": {"type": "bool", "default": False},
        },
        required_one_of=[("project", "group")],
        mutually_exclusive=[("project", "group"), ("name", "name_search"), ("group", "id")],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        order = {"order_by": params["order_by"], "sort": params["sort"], "limit": params["limit"]}
        packages = find(api, scope_from(params), selection_from(params), **order)
        parts = [part for part in ("versions", "pipelines", "files") if params[f"with_{part}"]]
        return {"packages": complete(api, packages, parts), "count": len(packages)}

    run_module(module, run)


if __name__ == "__main__":
    main()
