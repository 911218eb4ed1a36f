#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_settings
short_description: Manage the package settings of GitLab groups
version_added: 0.2.0
description:
  - Says whether files may be published twice in a group, and whether names that its registry does not know are asked for in the
    public ones.
  - What is not given stays as it is. With nothing given the settings are only read.
  - Duplicates are each group's own matter. Forwarding is inherited by the groups below, unless they set it themselves.
  - Which settings there are depends on the version and the edition of GitLab. Forwarding is for Premium and Ultimate.
  - Needs the owner role, before GitLab 17.0 the maintainer role, and an access token with the scope C(api). GitLab takes no job
    token here.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
  - registryops.gitlab.attributes.governance
options:
  group:
    description:
      - The group, by its full path or its numeric ID.
      - Exactly one of O(group) and O(groups) is required.
    type: str
  maven_duplicates_allowed:
    description:
      - Whether files of Maven packages may be published that are there already.
    type: bool
  generic_duplicates_allowed:
    description:
      - Whether files of generic packages may be published that are there already.
    type: bool
  nuget_duplicates_allowed:
    description:
      - Whether files of NuGet packages may be published that are there already.
    type: bool
  terraform_module_duplicates_allowed:
    description:
      - Whether files of Terraform module packages may be published that are there already.
    type: bool
  maven_duplicate_exception_regex:
    description:
      - A regular expression over the names and versions of Maven packages for which the opposite of O(maven_duplicates_allowed) holds.
      - An empty text takes it away.
    type: str
  generic_duplicate_exception_regex:
    description:
      - A regular expression over the names and versions of generic packages for which the opposite of O(generic_duplicates_allowed) holds.
      - An empty text takes it away.
    type: str
  nuget_duplicate_exception_regex:
    description:
      - A regular expression over the names and versions of NuGet packages for which the opposite of O(nuget_duplicates_allowed) holds.
      - An empty text takes it away.
    type: str
  terraform_module_duplicate_exception_regex:
    description:
      - A regular expression over the names and versions of Terraform module packages for which the opposite of O(terraform_module_duplicates_allowed) holds.
      - An empty text takes it away.
    type: str
  maven_package_requests_forwarding:
    description:
      - Whether names of Maven packages that the registry does not have are asked for in the public one.
    type: bool
  npm_package_requests_forwarding:
    description:
      - Whether names of npm packages that the registry does not have are asked for in the public one.
    type: bool
  pypi_package_requests_forwarding:
    description:
      - Whether names of PyPI packages that the registry does not have are asked for in the public one.
    type: bool
  lock_maven_package_requests_forwarding:
    description:
      - Whether groups below may not change O(maven_package_requests_forwarding).
    type: bool
  lock_npm_package_requests_forwarding:
    description:
      - Whether groups below may not change O(npm_package_requests_forwarding).
    type: bool
  lock_pypi_package_requests_forwarding:
    description:
      - Whether groups below may not change O(pypi_package_requests_forwarding).
    type: bool
  nuget_symbol_server_enabled:
    description:
      - Whether GitLab serves NuGet symbol files.
    type: bool
  groups:
    description:
      - Many groups, each with its own settings.
    type: list
    elements: dict
    suboptions:
      group:
        description: As O(group).
        type: str
        required: true
      maven_duplicates_allowed:
        description:
          - As O(maven_duplicates_allowed).
        type: bool
      generic_duplicates_allowed:
        description:
          - As O(generic_duplicates_allowed).
        type: bool
      nuget_duplicates_allowed:
        description:
          - As O(nuget_duplicates_allowed).
        type: bool
      terraform_module_duplicates_allowed:
        description:
          - As O(terraform_module_duplicates_allowed).
        type: bool
      maven_duplicate_exception_regex:
        description:
          - As O(maven_duplicate_exception_regex).
        type: str
      generic_duplicate_exception_regex:
        description:
          - As O(generic_duplicate_exception_regex).
        type: str
      nuget_duplicate_exception_regex:
        description:
          - As O(nuget_duplicate_exception_regex).
        type: str
      terraform_module_duplicate_exception_regex:
        description:
          - As O(terraform_module_duplicate_exception_regex).
        type: str
      maven_package_requests_forwarding:
        description:
          - As O(maven_package_requests_forwarding).
        type: bool
      npm_package_requests_forwarding:
        description:
          - As O(npm_package_requests_forwarding).
        type: bool
      pypi_package_requests_forwarding:
        description:
          - As O(pypi_package_requests_forwarding).
        type: bool
      lock_maven_package_requests_forwarding:
        description:
          - As O(lock_maven_package_requests_forwarding).
        type: bool
      lock_npm_package_requests_forwarding:
        description:
          - As O(lock_npm_package_requests_forwarding).
        type: bool
      lock_pypi_package_requests_forwarding:
        description:
          - As O(lock_pypi_package_requests_forwarding).
        type: bool
      nuget_symbol_server_enabled:
        description:
          - As O(nuget_symbol_server_enabled).
        type: bool
seealso:
  - module: registryops.gitlab.package_cleanup_policy
"""

EXAMPLES = r"""
- name: A generic file is published once, and stays what it is
  registryops.gitlab.package_settings:
    group: acme
    generic_duplicates_allowed: false

- name: Nobody below asks the public registries for a name that is not there
  registryops.gitlab.package_settings:
    group: acme
    npm_package_requests_forwarding: false
    lock_npm_package_requests_forwarding: true
    pypi_package_requests_forwarding: false
    lock_pypi_package_requests_forwarding: true

- name: Snapshots may be published again, nothing else
  registryops.gitlab.package_settings:
    groups:
      - {group: acme/web, maven_duplicates_allowed: false, maven_duplicate_exception_regex: ".*-SNAPSHOT"}
"""

RETURN = r"""
results:
  description: The settings of each group as they then are, or in check mode would be.
  returned: when the settings could be read
  type: list
  elements: dict
  sample:
    - group: acme
      settings:
        generic_duplicates_allowed: false
        generic_duplicate_exception_regex: null
      result: updated
  contains:
    group:
      description: The group, as the task names it.
      type: str
      returned: always
    settings:
      description:
        - All settings that the server knows, by the names of the options. C(npm_package_requests_forwarding_locked) and its like say
          whether a group above locks them.
      type: dict
      returned: always
    result:
      description: V(updated), V(unchanged) or V(failed).
      type: str
      returned: always
    message:
      description: Why, where the result is not plain.
      type: str
      returned: when there is something to say
summary:
  description: How many groups had each result.
  returned: when the settings could be read
  type: dict
  sample:
    created: 0
    updated: 1
    deleted: 0
    unchanged: 0
    already_absent: 0
    failed: 0
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.governance import (
    SETTING_OPTIONS,
    declared_settings,
    governance_report,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.settings import bring_about


def main() -> None:
    group = {"type": "str", "required": True}
    module = create_module(
        {
            "group": {"type": "str"},
            **SETTING_OPTIONS,
            "groups": {"type": "list", "elements": "dict", "options": {"group": group, **SETTING_OPTIONS}},
        },
        required_one_of=[("group", "groups")],
        mutually_exclusive=[("group", "groups"), *((name, "groups") for name in SETTING_OPTIONS)],
    )

    def run(api: PackagesApi) -> dict[str, t.Any]:
        outcome = bring_about(api, declared_settings(module.params), module.check_mode)
        return governance_report(module, outcome, "package settings of groups")

    run_module(module, run)


if __name__ == "__main__":
    main()
