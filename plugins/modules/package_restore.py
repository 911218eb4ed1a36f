#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_restore
short_description: Bring packages back from an archive into a GitLab project
version_added: 0.2.0
description:
  - Publishes packages again that an archive holds, by the registry of their type. After each file, GitLab's own list of files
    must show its checksum.
  - Nothing is overwritten. A package that is there with the same files is C(already_present), one with others is C(different).
  - Restored are packages of the types C(generic), C(maven), C(npm), C(pypi), C(terraform_module), C(nuget) and C(helm). The others
    are in an archive only, and are C(not_restorable), with the reason and the place of their bytes.
  - GitLab makes a new package of what is published. The IDs, the times of creation and of the last download, the creator and the
    pipelines are lost, so that rules by age start over.
  - Publishing needs the developer role and a token with the scope C(api).
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.archive
  - registryops.gitlab.attributes
attributes:
  check_mode:
    support: full
    details:
      - Publishes nothing. A package protection rule, a setting about duplicates and a size limit cannot be foreseen, only publishing
        itself shows them.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  archive:
    required: true
  project:
    description:
      - The project that the packages were in, by the full path that it had then, its path now, or its numeric ID. Needed with
        O(name), and with names in O(packages).
    type: str
  id:
    description:
      - The ID that the package had. Exactly one of O(id), O(name), O(packages) and O(plan_digest) is required.
    type: int
  name:
    description:
      - The exact name of the package. For conan the recipe or the bare name. Needs O(version) or O(all_versions=true).
      - Where a version was archived more than once, it is the package that was published last.
    type: raw
  version:
    description:
      - The exact version of the package.
      - A text. Put it in quotes where YAML would make a number of it, as V("1.10").
    type: raw
  all_versions:
    description:
      - Restore all versions of O(name) that the archive holds.
    type: bool
    default: false
  package_type:
    description:
      - The type of the package, where several types share a name and version.
    type: str
    choices:
      [maven, npm, conan, nuget, pypi, composer, generic, golang, debian, rubygems, helm, terraform_module, rpm, ml_model, cargo]
  packages:
    description:
      - Many packages at once. Each entry holds C(id), or C(name) with C(version) or C(all_versions), and C(package_type) where it
        is needed. Packages as M(registryops.gitlab.package_archive_info) returns them can be given as they are.
    type: list
    elements: dict
  plan_digest:
    description:
      - Restore what was archived when the plan with this digest was applied. RV(registryops.gitlab.package_retention#module:plan)
        holds it.
    type: str
  to_project:
    description:
      - The project to restore into, by its full path or its numeric ID. Without it each package goes back into its own.
    type: str
  api_username:
    description:
      - The user name that goes with the token where a registry takes HTTP Basic, as those of PyPI, NuGet and Helm do. GitLab takes any
        with an access token. A job token always goes as C(gitlab-ci-token).
    type: str
    default: oauth2
  tolerate:
    description:
      - Results that shall not fail the task.
    type: list
    elements: str
    choices: [different, not_restorable]
    default: []
seealso:
  - module: registryops.gitlab.package_archive_info
  - module: registryops.gitlab.package_retention
"""

EXAMPLES = r"""
- name: Bring one version back
  registryops.gitlab.package_restore:
    archive: /srv/archive/gitlab
    project: acme/web/shop
    name: installer
    version: 1.9.0

- name: Undo what a plan deleted, as far as that is possible
  registryops.gitlab.package_restore:
    archive: /srv/archive/gitlab
    plan_digest: "{{ applied.plan.digest }}"
    tolerate: [not_restorable]

- name: Look at all versions of a name in another project, first
  registryops.gitlab.package_restore:
    archive: /srv/archive/gitlab
    project: acme/web/shop
    name: "@acme/ui"
    all_versions: true
    package_type: npm
    to_project: acme/lab
  check_mode: true
"""

RETURN = r"""
results:
  description: What became of each package, or in check mode would.
  returned: when the packages were found in the archive
  type: list
  elements: dict
  sample:
    - id: 7
      package_id: 1207
      project_id: 42
      name: "@acme/ui"
      version: 1.4.0
      package_type: npm
      files: 1
      size: 20480
      manifest: packages/acme/web/shop/npm/%40acme%2Fui/1.4.0/7.json
      lost: [id, created_at, creator_id, pipelines, last_downloaded_at]
      result: restored
  contains:
    id:
      description: The ID that the package had.
      type: int
      returned: always
    package_id:
      description: The ID that it has now, null where it is not there.
      type: int
      returned: always
    project_id:
      description: The ID of the project that it is restored into.
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
    files:
      description: How many files the archive holds of it.
      type: int
      returned: always
    size:
      description: The bytes of these files.
      type: int
      returned: always
    manifest:
      description: The path of its manifest in the archive.
      type: str
      returned: always
    lost:
      description:
        - What a restore does not bring back, by GitLab's names. Of some packages further things, such as V(status) of a deprecated one.
      type: list
      elements: str
      returned: always
    result:
      description:
        - V(restored), V(already_present) with the same files, V(different) as another content is there, V(not_restorable) for good,
          or V(failed).
      type: str
      returned: always
    message:
      description: Why, where the result is not plain.
      type: str
      returned: when there is something to say
summary:
  description: How many packages had each result.
  returned: when the packages were found in the archive
  type: dict
  sample:
    restored: 1
    already_present: 0
    different: 0
    not_restorable: 0
    failed: 0
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.archiving import ARCHIVE_OPTIONS
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    PACKAGE_OPTIONS,
    create_module,
    run_module,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.restoring import restore_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi

#: What says which packages are meant: exactly one of them is given.
MEANT = ("id", "name", "packages", "plan_digest")


def main() -> None:
    module = create_module(
        {
            **ARCHIVE_OPTIONS,
            "archive": {**ARCHIVE_OPTIONS["archive"], "required": True},
            "project": {"type": "str"},
            "id": {"type": "int"},
            **PACKAGE_OPTIONS,
            "all_versions": {"type": "bool", "default": False},
            "packages": {"type": "list", "elements": "dict"},
            "plan_digest": {"type": "str"},
            "to_project": {"type": "str"},
            "api_username": {"type": "str", "default": "oauth2"},
            "tolerate": {"type": "list", "elements": "str", "choices": ["different", "not_restorable"], "default": []},
        },
        required_one_of=[MEANT],
        mutually_exclusive=[MEANT, *((meant, "version") for meant in ("packages", "plan_digest"))],
        required_by={"name": "project"},
    )

    def run(api: PackagesApi) -> dict[str, t.Any]:
        return restore_packages(module, api)

    run_module(module, run)


if __name__ == "__main__":
    main()
