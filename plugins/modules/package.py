#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package
short_description: Delete packages from a GitLab project
version_added: 0.1.0
description:
  - Deletes packages from the package registry of a project, by ID or by exact name. One that is gone already is fine.
  - Everything is found before anything is deleted. One package that cannot be deleted does not stop the others, and fails the
    task at the end.
  - Deleting needs the maintainer role and a token with the scope C(api).
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.deletes
  - registryops.gitlab.archive.keep
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.changes
options:
  project:
    description:
      - The project, by its full path or its numeric ID. A former path of a moved project works too.
    type: str
    required: true
  id:
    description:
      - The ID of the package.
      - Exactly one of O(id), O(name) and O(packages) is required.
    type: int
  name:
    description:
      - The exact name, case-sensitive. For conan the recipe or the bare name. Needs O(version) or O(all_versions).
    type: raw
  version:
    description:
      - The exact version.
      - A text. Put it in quotes where YAML would make a number of it, as V("1.10").
    type: raw
  all_versions:
    description:
      - Whether all versions of O(name) are deleted, the one without a version too.
    type: bool
    default: false
  package_type:
    description:
      - The type. Needed where packages of several types share the name and version, which fails otherwise.
    type: str
    choices:
      [maven, npm, conan, nuget, pypi, composer, generic, golang, debian, rubygems, helm, terraform_module, rpm, ml_model, cargo]
  packages:
    description:
      - Many packages at once. Each entry holds C(id), or C(name) with C(version) or C(all_versions), and C(package_type) where
        it is needed, with the meaning of the options of these names.
      - Packages as M(registryops.gitlab.package_info) returns them can be given as they are. Their C(id) counts, and all else
        that they say of the name, the version, the type, the project and the server must be so.
    type: list
    elements: dict
seealso:
  - module: registryops.gitlab.package_info
  - module: registryops.gitlab.package_file
"""

EXAMPLES = r"""
- name: Delete one version
  registryops.gitlab.package:
    project: acme/web/shop
    name: "@acme/ui"
    version: 1.4.0
    state: absent

- name: Delete all versions of a package, unless a protection rule forbids it
  registryops.gitlab.package:
    project: acme/web/shop
    name: old-tool
    all_versions: true
    package_type: generic
    state: absent
    tolerate: [protected]

- name: Delete an old release, and keep what it takes to bring it back
  registryops.gitlab.package:
    project: acme/web/shop
    name: installer
    version: 1.9.0
    archive: /srv/archive/gitlab
    state: absent

- name: Find the failed uploads
  registryops.gitlab.package_info:
    project: acme/web/shop
    status: [error]
  register: broken

- name: Delete them
  registryops.gitlab.package:
    project: acme/web/shop
    packages: "{{ broken.packages }}"
    state: absent

- name: Delete several packages by name
  registryops.gitlab.package:
    project: acme/web/shop
    packages:
      - {name: installer, version: 2.0.1, package_type: generic}
      - {name: old-tool, all_versions: true}
    state: absent
"""

RETURN = r"""
results:
  description: What became of each package, or in check mode would.
  returned: when the packages could be looked up
  type: list
  elements: dict
  sample:
    - id: 7
      project_id: 42
      name: "@acme/ui"
      version: 1.4.0
      package_type: npm
      result: deleted
  contains:
    id:
      description: The ID, null for a selector by name that matched nothing.
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
        - V(deleted), V(already_absent), V(protected) by a rule, V(not_deletable) as it is hidden or being processed, or V(failed).
      type: str
      returned: always
    message:
      description: Why, where the result is not plain.
      type: str
      returned: when there is something to say
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
  returned: when the packages could be looked up
  type: dict
  sample:
    deleted: 1
    already_absent: 0
    protected: 0
    not_deletable: 0
    failed: 0
archived:
  description:
    - What was archived, or in check mode would be. C(packages), C(files), C(size) in bytes, C(fetched), of which the bytes were
      not there already, and C(archive_only), how many cannot be restored.
  returned: with O(archive)
  type: dict
  sample: {packages: 1, files: 2, size: 20480, fetched: 20480, archive_only: 0}
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.archiving import (
    KEEP_OPTIONS,
    keeper_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.deletion import (
    DELETE_OPTIONS,
    deletion_options,
    deletion_report,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    PACKAGE_OPTIONS,
    create_module,
    run_module,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.entries import selectors_from
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.origin import project_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.targets import find_targets


def main() -> None:
    module = create_module(
        {
            "project": {"type": "str", "required": True},
            "id": {"type": "int"},
            **PACKAGE_OPTIONS,
            "all_versions": {"type": "bool", "default": False},
            "packages": {"type": "list", "elements": "dict"},
            **DELETE_OPTIONS,
            **KEEP_OPTIONS,
        },
        required_by={"archive_options": "archive"},
        required_one_of=[("id", "name", "packages")],
        mutually_exclusive=[("id", "name", "packages"), ("version", "packages"), ("package_type", "packages")],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        options = deletion_options(module)
        selectors = selectors_from(params)
        project = Scope("project", params["project"])
        project_id = project_of(api, project, params["packages"], "packages")
        targets = find_targets(api, project_id, selectors)
        packages = [target.item for target in targets if target.item]
        with keeper_from(module, api) as keeper:
            outcome = keeper.noted(delete_packages(api, packages, options, look=keeper.look()))
        return {**deletion_report(module, targets, outcome, f"packages of {project}"), **keeper.report()}

    run_module(module, run)


if __name__ == "__main__":
    main()
