#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_file
short_description: Publish or delete files of a package in a GitLab project
version_added: 0.1.0
description:
  - With O(state=absent), deletes files of packages, or the duplicates of a file name. A file that is gone already is fine.
  - With O(state=present), publishes one file of a generic package, where it is not there yet with the same SHA-256. GitLab's own
    list of files must show the checksum then. Of several files with one name the newest counts, as it is what clients get.
  - Deleting the last file keeps the package. Use M(registryops.gitlab.package) to delete it.
  - Deleting needs the maintainer role, publishing the developer role, and both a token with the scope C(api).
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.deletes
  - registryops.gitlab.archive.keep
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.changes
attributes:
  check_mode:
    support: full
    details:
      - Sends no delete, and publishes nothing. For a delete the token's role and scopes are foreseen, and what package protection
        rules forbid, where they can be read. Where not, C(summary.protection) is V(unknown), and there is a warning.
      - For a publication a package protection rule, a setting about duplicates and a size limit cannot be foreseen, only the call
        itself shows them.
options:
  state:
    description:
      - What the file shall be. It must be written, so that nobody deletes by leaving something out.
      - V(present) needs O(name), O(version) and O(src).
    type: str
    required: true
    choices: [present, absent]
  src:
    description:
      - The file to publish, on the host that runs the module. For O(state=present) only.
    type: path
    version_added: 0.2.0
  status:
    description:
      - The status that the package shall have, for O(state=present) only. A package that is V(hidden) is not listed to its users, but
        can be downloaded. Without it a new package is V(default), and one that is there keeps its own.
      - GitLab changes it only as a file is published. Where it is another, the file is published once more.
    type: str
    choices: [default, hidden]
    version_added: 0.2.0
  if_different:
    description:
      - What to do if a file of that name is there with another content, for O(state=present).
      - V(fail) publishes nothing, and fails. V(add) publishes one more file of that name, which clients get from then on.
      - V(replace) does the same, and deletes the older ones when the new one is proved to be there. That needs the maintainer role.
    type: str
    choices: [fail, add, replace]
    default: fail
    version_added: 0.2.0
  project:
    description:
      - The project, by its full path or its numeric ID. A former path of a moved project works too.
    type: str
    required: true
  package_id:
    description:
      - The ID of the package. To delete, exactly one of O(package_id), O(name) and O(files) is required.
    type: int
  name:
    description:
      - The exact name of the package. For conan the recipe or the bare name. Needs O(version).
    type: raw
  version:
    description:
      - The exact version of the package.
      - A text. Put it in quotes where YAML would make a number of it, as V("1.10").
    type: raw
  package_type:
    description:
      - The type of the package, where several types share a name and version.
    type: str
    choices:
      [maven, npm, conan, nuget, pypi, composer, generic, golang, debian, rubygems, helm, terraform_module, rpm, ml_model, cargo]
  id:
    description:
      - The ID of the file. To delete, exactly one of O(id), O(file_name) and O(files) is required.
    type: int
  file_name:
    description:
      - The exact name of the file.
      - With O(state=present), the name to publish under, with C(/) for folders. Without it, that of O(src).
    type: raw
  files:
    description:
      - Many files at once, of as many packages. Each entry holds C(package_id) with C(id) or C(file_name), or C(name), C(version) and
        C(file_name), and C(package_type) where it is needed, with the meaning of the options of these names.
      - Files as M(registryops.gitlab.package_file_info) returns them can be given as they are. Their C(id) counts, and their
        C(file_name) must be so.
    type: list
    elements: dict
    version_added: 0.2.0
  duplicates:
    description:
      - What to do if the package holds several files of that name, as it does after publishing the same file again. It holds for
        each file name in O(files).
      - V(fail) deletes nothing and fails, V(all) deletes all of them.
      - V(keep_latest) keeps the newest and deletes the others, and deletes nothing where there is one only.
    type: str
    choices: [fail, all, keep_latest]
    default: fail
seealso:
  - module: registryops.gitlab.package_file_info
  - module: registryops.gitlab.package
"""

EXAMPLES = r"""
- name: Publish a file of a release
  registryops.gitlab.package_file:
    project: acme/web/shop
    name: installer
    version: 2.0.2
    src: /srv/build/setup.exe
    state: present

- name: Publish a file in place of an older one of its name
  registryops.gitlab.package_file:
    project: acme/web/shop
    name: installer
    version: nightly
    src: /srv/build/setup.exe
    file_name: windows/setup.exe
    if_different: replace
    state: present

- name: Delete one file of a package
  registryops.gitlab.package_file:
    project: acme/web/shop
    name: "@acme/ui"
    version: 1.4.0
    file_name: notes.txt
    state: absent

- name: Delete all but the newest of the files that were published several times
  registryops.gitlab.package_file:
    project: acme/web/shop
    name: installer
    version: 2.0.1
    package_type: generic
    file_name: setup.exe
    duplicates: keep_latest
    state: absent

- name: Delete old copies of files of several packages
  registryops.gitlab.package_file:
    project: acme/web/shop
    files:
      - {name: installer, version: 2.0.1, file_name: setup.exe}
      - {name: installer, version: 2.0.2, file_name: setup.exe}
    duplicates: keep_latest
    state: absent

- name: List the files of a snapshot, newest first
  registryops.gitlab.package_file_info:
    project: acme/web/shop
    name: com/acme/shop
    version: 1.0-SNAPSHOT
    package_type: maven
    order_by: created_at
    sort: desc
  register: snapshot

- name: Delete what was built before this year
  registryops.gitlab.package_file:
    project: acme/web/shop
    files: "{{ snapshot.files | selectattr('created_at', 'lt', '2026-01-01') }}"
    state: absent
"""

RETURN = r"""
file:
  description: The file that is there, or in check mode would be.
  returned: with O(state=present)
  type: dict
  sample:
    id: 30
    package_id: 9
    project_id: 42
    name: installer
    version: 2.0.2
    file_name: setup.exe
    size: 20480
    sha256: 440e5e148a25331bbd7991575f7d54933c0ebf6cc735a18ee5066ac1381bb590
    status: default
  contains:
    id:
      description: The ID of the file, null in check mode before it is published, and where the package is hidden.
      type: int
      returned: always
    package_id:
      description: The ID of the package, null in check mode where that is not there yet.
      type: int
      returned: always
    project_id:
      description: The ID of the project.
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
    file_name:
      description: The name of the file. GitLab writes a folder before it as C(folder%2Fname).
      type: str
      returned: always
    size:
      description: Its size in bytes.
      type: int
      returned: always
    sha256:
      description: Its SHA-256.
      type: str
      returned: always
    status:
      description: The status of the package.
      type: str
      returned: always
results:
  description: What became of each file that was to be deleted, or in check mode would. With O(if_different=replace) the older files.
  returned: when the package could be looked up, and there is something to delete
  type: list
  elements: dict
  sample:
    - id: 26
      package_id: 7
      project_id: 42
      name: "@acme/ui"
      version: 1.4.0
      package_type: npm
      file_name: notes.txt
      result: deleted
  contains:
    id:
      description: The ID of the file, null for a name that matched nothing.
      type: int
      returned: always
    package_id:
      description: The ID of the package, null if that is not there.
      type: int
      returned: always
    project_id:
      description: The ID of the project.
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
    file_name:
      description: The name of the file.
      type: str
      returned: always
    result:
      description:
        - V(deleted), V(already_absent), V(protected) by a rule, V(not_deletable) as its package is hidden or being processed,
          or V(failed).
      type: str
      returned: always
    message:
      description: Why, where the result is not plain.
      type: str
      returned: when there is something to say
    archived:
      description:
        - What O(archive) holds of the files of its package that go, or in check mode would. These are C(files) and C(size) in
          bytes, C(fetched), of which the bytes were not there already, and C(manifest), the path of their manifest in the archive.
      type: dict
      returned: with O(archive), if it came to that
    archive_only:
      description: Why it can be archived, but not be restored.
      type: str
      returned: with O(archive), if it is so
summary:
  description:
    - How many files had each result.
    - In check mode C(protection) is V(unknown) where it is not known of all of them whether package protection rules forbid it.
  returned: when the package could be looked up
  type: dict
  sample:
    deleted: 1
    already_absent: 0
    protected: 0
    not_deletable: 0
    failed: 0
archived:
  description:
    - What was archived, or in check mode would be. C(files), C(size) in bytes, C(fetched), of which the bytes were not there
      already, and C(archive_only), the files of how many packages cannot be restored.
  returned: with O(archive)
  type: dict
  sample: {packages: 0, files: 2, size: 20480, fetched: 20480, archive_only: 0}
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
    TEXT,
    create_module,
    run_module,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.publishing import (
    PRESENT_OPTIONS,
    publish_file,
    refuse_present,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_files
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.entries import file_selectors_from
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.file_targets import find_files
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.origin import project_of


def main() -> None:
    module = create_module(
        {
            "project": {"type": "str", "required": True},
            "package_id": {"type": "int"},
            **PACKAGE_OPTIONS,
            "id": {"type": "int"},
            "file_name": TEXT,
            "files": {"type": "list", "elements": "dict"},
            "duplicates": {"type": "str", "choices": ["fail", "all", "keep_latest"], "default": "fail"},
            **DELETE_OPTIONS,
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            **PRESENT_OPTIONS,
            **KEEP_OPTIONS,
        },
        required_by={"archive_options": "archive"},
        required_if=[
            ("state", "absent", ("package_id", "name", "files"), True),
            ("state", "absent", ("id", "file_name", "files"), True),
            ("state", "present", ("name", "version", "src")),
        ],
        mutually_exclusive=[
            ("package_id", "name", "files"),
            ("id", "file_name", "files"),
            ("version", "files"),
            ("package_type", "files"),
        ],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        if params["state"] == "present":
            return publish_file(module, api)
        refuse_present(params)
        selectors = file_selectors_from(params)
        options = deletion_options(module)
        project = Scope("project", params["project"])
        targets = find_files(api, project_of(api, project, params["files"], "files"), selectors)
        files = [(target.package, target.item) for target in targets if target.item]
        with keeper_from(module, api) as keeper:
            outcome = keeper.noted_files(delete_files(api, files, options, look=keeper.look_at_files()))
        return {**deletion_report(module, targets, outcome, f"package files of {project}"), **keeper.report()}

    run_module(module, run)


if __name__ == "__main__":
    main()
