#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_file_info
short_description: List the files of a package in a GitLab project
version_added: 0.1.0
description:
  - Lists the files of one package, with their sizes and checksums.
  - A package that is not there gives an empty list. A project that is not there fails, and so does a hidden package, as GitLab
    shows no files of it.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.info
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
      - Only files whose name matches this shell glob, case-sensitive.
    type: raw
  order_by:
    description:
      - What to sort by.
    type: str
    choices: [id, created_at, file_name]
    default: id
  sort:
    description:
      - The direction.
    type: str
    choices: [asc, desc]
    default: asc
seealso:
  - module: registryops.gitlab.package_file
  - module: registryops.gitlab.package_info
"""

EXAMPLES = r"""
- name: List the files of a package
  registryops.gitlab.package_file_info:
    project: acme/web/shop
    name: "@acme/ui"
    version: 1.4.0
  register: ui

- name: Find the jars of a package by its ID, newest first
  registryops.gitlab.package_file_info:
    project: acme/web/shop
    id: 7
    file_name: "*.jar"
    order_by: created_at
    sort: desc
  register: jars
"""

RETURN = r"""
files:
  description: The package files, each with the fields that GitLab gives.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 25
      package_id: 7
      file_name: ui-1.4.0.tgz
      size: 20480
      created_at: "2026-03-01T10:00:00.000Z"
      file_md5: null
      file_sha1: null
      file_sha256: 440e5e148a25331bbd7991575f7d54933c0ebf6cc735a18ee5066ac1381bb590
count:
  description: How many files are in RV(files).
  returned: success
  type: int
  sample: 1
total_size:
  description: The sum of their sizes, in bytes.
  returned: success
  type: int
  sample: 20480
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    PACKAGE_OPTIONS,
    TEXT,
    create_module,
    run_module,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.file_targets import read_files
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import match_glob
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selectors import (
    Selector,
    check_selector,
)


def main() -> None:
    module = create_module(
        {
            "project": {"type": "str", "required": True},
            "id": {"type": "int"},
            **PACKAGE_OPTIONS,
            "file_name": TEXT,
            "order_by": {"type": "str", "choices": ["id", "created_at", "file_name"], "default": "id"},
            "sort": {"type": "str", "choices": ["asc", "desc"], "default": "asc"},
        },
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        package = Selector(params["id"], params["name"], params["version"], package_type=params["package_type"])
        scope = Scope("project", params["project"])
        files = read_files(api, scope, check_selector(package, one=True), params["order_by"], params["sort"])
        chosen = [file for file in files if match_glob(params["file_name"], file["file_name"])]
        return {"files": chosen, "count": len(chosen), "total_size": sum(file.get("size") or 0 for file in chosen)}

    run_module(module, run)


if __name__ == "__main__":
    main()
