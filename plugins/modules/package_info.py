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
      - V(size) is by the bytes of all files of a package, which takes one more request for each package. Packages whose files GitLab
        does not show come last.
    type: str
    choices: [created_at, name, version, type, project_path, size]
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
  latest:
    description:
      - Whether only the newest version of each name and type in each project is listed, by the version order of its ecosystem.
        Unless O(status) says otherwise only V(default) and V(deprecated) count. Needs the Python library univers.
    type: bool
    default: false
    version_added: 0.2.0
  prerelease:
    description:
      - V(false) leaves out prereleases as each ecosystem has them, V(true) lists nothing else. A version that does not parse is
        neither. Needs the Python library univers.
    type: bool
    version_added: 0.2.0
  fields:
    description:
      - Only these fields of each package, such as V(name) and V(version). A dot leads into a field, as in V(pipeline.ref). A field
        that a package does not have is null.
    type: list
    elements: str
    version_added: 0.2.0
  summary:
    description:
      - Whether RV(summary) is returned in place of RV(packages).
    type: bool
    default: false
    version_added: 0.2.0
  with_size:
    description:
      - Whether each package gets C(size), the bytes of all its files. One more request for each package.
    type: bool
    default: false
    version_added: 0.2.0
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
  with_protected:
    description:
      - Whether each package gets C(protected), which says whether a package protection rule of its project forbids you to delete it. It
        is null where that is not known, such as with a job token, or with a role below maintainer, and then there is a warning.
      - One more request for each project, and up to two more in all.
    type: bool
    default: false
    version_added: 0.2.0
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

- name: Count the packages of a group by type, status and project
  registryops.gitlab.package_info:
    group: acme
    summary: true

- name: List the ten largest packages of a project
  registryops.gitlab.package_info:
    project: acme/web/shop
    order_by: size
    sort: desc
    limit: 10
    fields: [name, version, size]

- name: Find the newest release of one name
  registryops.gitlab.package_info:
    project: acme/web/shop
    name: "@acme/ui"
    latest: true
    prerelease: false
    fields: [version]
"""

RETURN = r"""
packages:
  description:
    - The packages, each with the fields that GitLab gives, and always with C(project_id).
    - C(versions), C(pipelines) and C(files) are there where they were asked for. They are null for a package of which GitLab
      does not show them (C(versions) and C(pipelines) for the status C(error), all three for hidden packages).
    - With O(fields) each has those and no others.
  returned: unless O(summary) is given
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
    size:
      description: The bytes of all its files, null for a package whose files GitLab does not show.
      type: int
      returned: with O(with_size), or with O(order_by=size)
    protected:
      description: Whether a package protection rule forbids you to delete it, null where that is not known.
      type: bool
      returned: with O(with_protected)
count:
  description: How many packages were found.
  returned: success
  type: int
  sample: 1
summary:
  description: How many packages there are of each kind, the most first.
  returned: with O(summary)
  type: dict
  sample:
    by_type: {npm: 3, generic: 1}
    by_status: {default: 4}
    by_project: {acme/web/shop: 4}
  contains:
    by_type:
      description: Counts by type.
      type: dict
      returned: success
    by_status:
      description: Counts by status.
      type: dict
      returned: success
    by_project:
      description: Counts by the path of the project, or by its ID where GitLab tells no path, as in the list of one project.
      type: dict
      returned: success
    size:
      description: The bytes of all of them.
      type: int
      returned: with O(with_size), or with O(order_by=size)
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
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import Wanted, facts
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.views import counts, only_fields

PARTS = ("versions", "pipelines", "files", "size", "protected")
ORDERS = ["created_at", "name", "version", "type", "project_path", "size"]


def main() -> None:
    module = create_module(
        {
            **SCOPE_OPTIONS,
            **SELECTION_OPTIONS,
            "id": {"type": "int"},
            "order_by": {"type": "str", "choices": ORDERS, "default": "created_at"},
            "sort": {"type": "str", "choices": ["asc", "desc"], "default": "asc"},
            "limit": {"type": "int"},
            "latest": {"type": "bool", "default": False},
            "prerelease": {"type": "bool"},
            "fields": {"type": "list", "elements": "str"},
            "summary": {"type": "bool", "default": False},
            **{f"with_{part}": {"type": "bool", "default": False} for part in PARTS},
        },
        required_one_of=[("project", "group")],
        mutually_exclusive=[("project", "group"), ("name", "name_search"), ("group", "id"), ("summary", "fields")],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        wanted = Wanted(
            **{key: params[key] for key in ("order_by", "sort", "limit", "prerelease", "latest")},
            parts=tuple(part for part in PARTS if params[f"with_{part}"]),
        )
        packages = facts(api, scope_from(params), selection_from(params), wanted)
        if params["summary"]:
            return {"summary": counts(packages, wanted.sized), "count": len(packages)}
        if params["fields"]:
            packages, unseen = only_fields(packages, params["fields"])
            api.client.warnings.extend(f"no package that was found has a field {field!r}" for field in unseen)
        return {"packages": packages, "count": len(packages)}

    run_module(module, run)


if __name__ == "__main__":
    main()
