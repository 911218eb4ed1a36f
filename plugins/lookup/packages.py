# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: packages
short_description: Packages of GitLab projects or groups
version_added: 0.1.0
description:
  - Returns the packages of projects or groups, with the same completeness as M(registryops.gitlab.package_info).
  - It runs on the controller. The connection's options are those of the modules, but V(module_defaults) does not reach them.
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.connection.plugin
  - registryops.gitlab.selection
options:
  _terms:
    description:
      - Projects by full path or numeric ID, or groups with O(scope=group).
    type: list
    elements: str
    required: true
  scope:
    description:
      - What the terms are.
    type: str
    choices: [project, group]
    default: project
  exclude_subgroups:
    description:
      - Whether the projects of subgroups are left out. For O(scope=group) only.
    type: bool
    default: false
  latest:
    description:
      - Whether only the newest package of each name and type in each project is returned, by the order of versions that its
        ecosystem uses. Packages without a version are left out. Needs the Python library C(univers).
    type: bool
    default: false
  field:
    description:
      - Return this field of each package, such as V(version), instead of the whole package.
    type: str
requirements:
  - univers >= 30.11, for O(latest)
seealso:
  - module: registryops.gitlab.package_info
"""

EXAMPLES = r"""
- name: Show the newest version of a package
  ansible.builtin.debug:
    msg: "{{ lookup('registryops.gitlab.packages', 'acme/web/shop', name='@acme/ui', latest=true, field='version') }}"

- name: Show the names of all packages of two projects
  ansible.builtin.debug:
    msg: "{{ query('registryops.gitlab.packages', 'acme/web/shop', 'acme/tools', field='name') | unique }}"
"""

RETURN = r"""
_raw:
  description: The packages, term by term, or one field of each.
  type: list
  elements: raw
"""

import os
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.lookup import LookupBase

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import connection_from, selection_from
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import REQUESTS_IMPORT_ERROR, Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import find
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import newest_of_each


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleError(missing_required_lib("requests"))
        self.set_options(var_options=variables, direct=kwargs)
        options = self.get_options()
        try:
            with Client(connection_from(options, os.environ)) as client:
                api = PackagesApi(client)
                scopes = [Scope(options["scope"], str(term).strip(), options["exclude_subgroups"]) for term in terms]
                packages = [p for scope in scopes for p in find(api, scope, selection_from(options))]
                for warning in client.warnings:
                    self._display.warning(warning)
            if options["latest"]:
                packages = newest_of_each(packages)
        except GitlabError as error:
            raise AnsibleError(f"registryops.gitlab.packages: {error.message}") from None
        except ImportError:
            raise AnsibleError(missing_required_lib("univers")) from None
        field = options["field"]
        if field is None:
            return packages
        unknown = next((p for p in packages if field not in p), None)
        if unknown is not None:
            known = ", ".join(sorted(unknown))
            raise AnsibleError(f"registryops.gitlab.packages: no field {field!r} in package {unknown['id']}: {known}")
        return [package[field] for package in packages]
