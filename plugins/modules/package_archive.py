#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_archive
short_description: Archive packages of a GitLab package registry, without deleting them
version_added: 0.2.0
description:
  - Fetches the files of packages, checks them against what GitLab tells of them, and keeps them in an archive, with all else
    that bringing them back takes. What the archive has already is not fetched again.
  - Removes from the archive what was archived long ago (O(expire)).
  - A package that cannot be archived does not stop the others, and fails the task at the end. Running it again goes on where it
    ended.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.selection
  - registryops.gitlab.archive
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.archives
options:
  archive:
    required: true
  project:
    description:
      - The project, by its full path or its numeric ID.
      - At least one of O(project), O(group), O(packages), O(plan), O(plan_file) and O(expire) is required.
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
  packages:
    description:
      - These packages, each as M(registryops.gitlab.package_info) returns it, or with C(id), or with C(name) and C(version) or
        C(all_versions), and C(package_type) where it is needed.
      - They are of O(project), or each says its C(project_id).
    type: list
    elements: dict
  plan:
    description:
      - What this plan of M(registryops.gitlab.package_retention_info) deletes.
    type: dict
  plan_file:
    description:
      - The path of a file with a plan, as JSON or YAML, on the host that runs the module.
    type: path
  expire:
    description:
      - How long the archive keeps what is in it, such as C(180d). What was archived before is removed, with the contents that
        nothing else in the archive needs.
      - Nothing is removed while another run writes into the archive, which is a warning.
    type: str
seealso:
  - module: registryops.gitlab.package_archive_info
  - module: registryops.gitlab.package_retention
"""

EXAMPLES = r"""
- name: Archive the releases of a project
  registryops.gitlab.package_archive:
    project: acme/web/shop
    package_type: [npm]
    name: "@acme/ui"
    archive: /srv/archive/gitlab

- name: Archive what a plan is going to delete
  registryops.gitlab.package_archive:
    plan_file: plan.json
    archive: s3://registry-archive/gitlab
    archive_options:
      key: "{{ archive_key }}"
      secret: "{{ archive_secret }}"

- name: Keep half a year in the archive
  registryops.gitlab.package_archive:
    archive: /srv/archive/gitlab
    expire: 180d
"""

RETURN = r"""
results:
  description: What became of each package, or in check mode would.
  returned: when packages are named
  type: list
  elements: dict
  sample:
    - id: 7
      project_id: 42
      name: "@acme/ui"
      version: 1.4.0
      package_type: npm
      result: archived
      archived: {files: 1, size: 20480, fetched: 20480, manifest: packages/acme/web/shop/npm/@acme%2fui/1.4.0/7.json}
  contains:
    id:
      description: The ID, null for a package that was named and is not there.
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
        - V(archived), V(already_archived), or V(failed).
      type: str
      returned: always
    message:
      description: Why, where it failed.
      type: str
      returned: when there is something to say
    archived:
      description:
        - What the archive holds of it, or in check mode would. These are C(files) and C(size) in bytes, C(fetched), of which the
          bytes were not there already, and C(manifest), the path of its manifest in the archive.
      type: dict
      returned: if it did not fail
    archive_only:
      description: Why it can be archived, but not be restored.
      type: str
      returned: if it is so
summary:
  description: How many packages had each result.
  returned: when packages are named
  type: dict
  sample: {archived: 1, already_archived: 0, failed: 0}
archived:
  description:
    - What the archive holds of these packages, or in check mode would. C(packages), C(files), C(size) in bytes, C(fetched), of
      which the bytes were not there already, and C(archive_only), how many cannot be restored.
  returned: when packages are named
  type: dict
  sample: {packages: 1, files: 1, size: 20480, fetched: 20480, archive_only: 0}
expired:
  description:
    - What was removed from the archive, or in check mode would be. C(packages), each as
      M(registryops.gitlab.package_archive_info) tells it, C(count) of them, and C(contents), with their C(size) in bytes.
  returned: with O(expire)
  type: dict
  sample: {packages: [], count: 0, contents: 0, size: 0}
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.archive_run import (
    archive_them,
    archive_time,
    expire_report,
    merged,
    packages_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.archiving import ARCHIVE_OPTIONS
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    SCOPE_OPTIONS,
    SELECTION_OPTIONS,
    create_module,
    run_module,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.retention import REFUSALS
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi

#: Where it stands what is to be archived.
SOURCES = ("packages", "plan", "plan_file")


def main() -> None:
    module = create_module(
        {
            **SCOPE_OPTIONS,
            **SELECTION_OPTIONS,
            **ARCHIVE_OPTIONS,
            "archive": {"type": "path", "required": True},
            "id": {"type": "int"},
            "packages": {"type": "list", "elements": "dict"},
            "plan": {"type": "dict"},
            "plan_file": {"type": "path"},
            "expire": {"type": "str"},
        },
        required_one_of=[("project", "group", *SOURCES, "expire")],
        mutually_exclusive=[
            ("project", "group"),
            ("name", "name_search"),
            ("group", "id"),
            SOURCES,
            ("group", "packages"),
            *(("project", source) for source in SOURCES[1:]),
            *(("group", source) for source in SOURCES[1:]),
        ],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        before = archive_time(params["expire"])
        report: dict[str, t.Any] = {"changed": False}
        if any(params[option] is not None for option in ("project", "group", *SOURCES)):
            report = archive_them(module, api, packages_from(api, params))
        return report if before is None else merged(report, expire_report(module, api, before))

    run_module(module, run, REFUSALS)


if __name__ == "__main__":
    main()
