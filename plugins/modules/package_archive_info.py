#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_archive_info
short_description: Find packages in an archive, and check it
version_added: 0.2.0
description:
  - Lists what an archive holds that M(registryops.gitlab.package_archive) or a delete with O(registryops.gitlab.package#module:archive)
    has written. It reads the archive only, and needs no GitLab.
  - The options of the connection are taken, so that C(module_defaults) of the action group fit, and are not used.
  - An archive that is not there fails. A package that it does not hold gives an empty list.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.archive
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.info
options:
  archive:
    required: true
  project:
    description:
      - Only packages of projects whose full path this shell glob matches, or of the project with this numeric ID.
    type: str
  name:
    description:
      - Only packages whose name this shell glob matches. Upper and lower case differ.
    type: raw
  version:
    description:
      - Only packages whose version this shell glob matches.
      - A text. Put it in quotes where YAML would make a number of it, as V("1.10").
    type: raw
  package_type:
    description:
      - Only packages whose type this shell glob matches.
    type: str
  plan_digest:
    description:
      - Only what was archived by the plan with this RV(registryops.gitlab.package_retention_info#module:plan.digest).
    type: str
  verify:
    description:
      - Whether every content of these packages is read, and its checksum compared.
    type: bool
    default: false
seealso:
  - module: registryops.gitlab.package_archive
"""

EXAMPLES = r"""
- name: Find what is archived of a package
  registryops.gitlab.package_archive_info:
    archive: /srv/archive/gitlab
    project: acme/web/shop
    name: "@acme/ui"
  register: found

- name: Read all of an archive
  registryops.gitlab.package_archive_info:
    archive: /srv/archive/gitlab
    verify: true
  register: checked
  failed_when: checked.failed or checked.damaged | length > 0
"""

RETURN = r"""
packages:
  description: The packages, sorted by project, type, name and version.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 7
      project_id: 42
      project_path: acme/web/shop
      name: "@acme/ui"
      version: 1.4.0
      package_type: npm
      kind: package
      archived_at: "2026-11-20T14:30:00.000Z"
      files: [{file_name: ui-1.4.0.tgz, size: 20480, sha256: 8f43…}]
      size: 20480
      restorable: true
      reason: null
      rule: old
      plan_digest: null
      run: null
      manifest: packages/acme/web/shop/npm/@acme%2fui/1.4.0/7.json
  contains:
    id:
      description: The ID that the package had.
      type: int
      returned: always
    project_id:
      description: The ID of its project.
      type: int
      returned: always
    project_path:
      description: The full path of its project, null where that could not be read.
      type: str
      returned: always
    name:
      description: The name.
      type: str
      returned: always
    version:
      description: The version, null for a versionless package.
      type: str
      returned: always
    package_type:
      description: The type.
      type: str
      returned: always
    kind:
      description: V(package), or V(files) for files that were deleted out of a package that stayed.
      type: str
      returned: always
    archived_at:
      description: When it was archived, in UTC.
      type: str
      returned: always
    files:
      description: Its files, each with C(file_name), C(size) in bytes and C(sha256), which names the content in the archive.
      type: list
      elements: dict
      returned: always
    size:
      description: The bytes of its files.
      type: int
      returned: always
    restorable:
      description: Whether it can be restored.
      type: bool
      returned: always
    reason:
      description: Why it cannot be restored, null where it can.
      type: str
      returned: always
    rule:
      description: The rule of the policy by which it was deleted, null without a plan.
      type: str
      returned: always
    plan_digest:
      description: The digest of the plan by which it was deleted, null without one.
      type: str
      returned: always
    run:
      description: The address of the CI job that archived it (C(CI_JOB_URL)), null outside of one.
      type: str
      returned: always
    manifest:
      description: The path of its manifest in the archive.
      type: str
      returned: always
count:
  description: How many packages are in RV(packages).
  returned: success
  type: int
  sample: 1
size:
  description: The bytes of their contents. One that several of them share counts once.
  returned: success
  type: int
  sample: 20480
damaged:
  description:
    - What is not as it should be. Manifests that cannot be read are found always, contents with O(verify).
  returned: success
  type: list
  elements: dict
  sample: []
  contains:
    problem:
      description:
        - V(manifest) for a manifest that cannot be read; of a content V(missing), V(size) or V(content) for another one than its
          name says, or V(unreadable).
      type: str
      returned: always
    message:
      description: The same as a sentence.
      type: str
      returned: always
    sha256:
      description: The content, null for a manifest.
      type: str
      returned: always
    manifests:
      description: The paths of the manifests that need it, or of the one that cannot be read.
      type: list
      elements: str
      returned: always
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.archiving import (
    ARCHIVE_OPTIONS,
    spare_plain_options,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    CONNECTION_OPTIONS,
    TEXT,
    run_offline,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.inventory import inventory
from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Wanted
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import open_archive


def main() -> None:
    module = AnsibleModule(
        {
            **CONNECTION_OPTIONS,
            **ARCHIVE_OPTIONS,
            "archive": {"type": "path", "required": True},
            "project": {"type": "str"},
            "name": TEXT,
            "version": TEXT,
            "package_type": {"type": "str"},
            "plan_digest": {"type": "str"},
            "verify": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    params = module.params

    def run() -> dict[str, t.Any]:
        spare_plain_options(module)
        names = ("project", "package_type", "name", "version", "plan_digest")
        archive = open_archive(params["archive"], params["archive_options"])
        return inventory(archive, Wanted(**{name: params[name] for name in names}), params["verify"])

    run_offline(module, run)


if __name__ == "__main__":
    main()
