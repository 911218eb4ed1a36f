#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_download
short_description: Download files of a package in a GitLab project
version_added: 0.2.0
description:
  - Fetches the files of one package into a directory, whatever the type of the package. Each is compared with the size and the
    strongest checksum that GitLab tells of it, and appears under its name only when it is whole.
  - A file that is there with the same checksum is not fetched again.
  - Files may come from an object storage, to which GitLab redirects. The token does not go there.
  - Needs GitLab 18.4 or newer. From an older one, files of the types C(generic), C(maven), C(npm), C(pypi), C(nuget) and
    C(terraform_module) are fetched by their names.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  project:
    description:
      - The project, by its full path or its numeric ID. A former path of a moved project works too.
    type: str
    required: true
  id:
    description:
      - The ID of the package. Exactly one of O(id) and O(name) is required.
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
  file_name:
    description:
      - Only files whose name matches this shell glob, case-sensitive. It fails where there is none. Of several files with one name
        the newest is fetched. Without it, all files are.
    type: raw
  dest:
    description:
      - A directory that exists, on the host that runs the module.
      - Names that lead out of it, that differ by case only, or that common file systems do not take are refused before anything is
        written. A C(/) in a name, as in those of npm packages with a scope, is written C(%2F).
    type: path
    required: true
seealso:
  - module: registryops.gitlab.package_file_info
  - module: registryops.gitlab.package_file
"""

EXAMPLES = r"""
- name: Download all files of a release
  registryops.gitlab.package_download:
    project: acme/web/shop
    name: installer
    version: 2.0.1
    dest: /srv/mirror
  register: release

- name: Download the jars of a package by its ID
  registryops.gitlab.package_download:
    project: acme/web/shop
    id: 7
    file_name: "*.jar"
    dest: /srv/mirror
"""

RETURN = r"""
files:
  description: The files, each with where it is.
  returned: success
  type: list
  elements: dict
  sample:
    - file_name: setup.exe
      path: /srv/mirror/setup.exe
      size: 20480
      sha256: 440e5e148a25331bbd7991575f7d54933c0ebf6cc735a18ee5066ac1381bb590
      checked: sha256
      result: downloaded
  contains:
    file_name:
      description: The name that GitLab has for it.
      type: str
      returned: always
    path:
      description: Where it is.
      type: str
      returned: always
    size:
      description: Its size in bytes.
      type: int
      returned: always
    sha256:
      description: The SHA-256 of its bytes. In check mode of what is not there yet the one that GitLab tells, if it does.
      type: str
      returned: always
    checked:
      description:
        - What of GitLab's its bytes were compared with. V(sha256), V(sha1), V(md5), V(size), or null where GitLab tells nothing of them,
          or where nothing was fetched in check mode.
      type: str
      returned: always
    result:
      description: V(downloaded), or V(present) as it was there already.
      type: str
      returned: always
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.downloading import download_files
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    PACKAGE_OPTIONS,
    TEXT,
    create_module,
    run_module,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi


def main() -> None:
    module = create_module(
        {
            "project": {"type": "str", "required": True},
            "id": {"type": "int"},
            **PACKAGE_OPTIONS,
            "file_name": TEXT,
            "dest": {"type": "path", "required": True},
        },
    )

    def run(api: PackagesApi) -> dict[str, t.Any]:
        return download_files(module, api)

    run_module(module, run)


if __name__ == "__main__":
    main()
