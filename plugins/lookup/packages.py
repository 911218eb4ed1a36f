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
      - Without O(status) only packages that can be used are looked at, which are those in status V(default) or V(deprecated).
    type: bool
    default: false
  prerelease:
    description:
      - V(false) returns releases only, V(true) prereleases only, as the ecosystem of each package has it.
      - A version that does not parse is neither. Needs the Python library C(univers).
    type: bool
    version_added: 0.2.0
  allow_empty:
    description:
      - Whether a term may find nothing where O(name) or O(latest) is given. By default it fails then, as most often a name is
        mistyped.
    type: bool
    default: false
    version_added: 0.2.0
  with_protected:
    description:
      - Whether each package gets C(protected), which says whether a package protection rule of its project forbids you to delete it. It
        is null where that is not known, such as with a job token, or with a role below maintainer, and then there is a warning.
    type: bool
    default: false
    version_added: 0.2.0
  field:
    description:
      - Return this field of each package, such as V(version), instead of the whole package.
    type: str
requirements:
  - univers >= 30.11, for O(latest) and O(prerelease)
seealso:
  - module: registryops.gitlab.package_info
"""

EXAMPLES = r"""
- name: Show the newest version of a package
  ansible.builtin.debug:
    msg: "{{ lookup('registryops.gitlab.packages', 'acme/web/shop', name='@acme/ui', latest=true, field='version') }}"

- name: Show the newest release, or nothing if there is none
  ansible.builtin.debug:
    msg: "{{ lookup('registryops.gitlab.packages', 'acme/web/shop', name='@acme/ui', latest=true, prerelease=false,
             allow_empty=true, field='version') }}"

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

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.last_resort import (
    missing_library,
    unforeseen,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    TOKEN_OPTIONS,
    TOKEN_VARIABLES,
    connection_from,
    selection_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import REQUESTS_IMPORT_ERROR, Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import Wanted, facts


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleError(missing_required_lib("requests"))
        self.set_options(var_options=variables, direct=kwargs)
        secrets = [self.get_option(option) or "" for option in TOKEN_OPTIONS]
        secrets += [os.environ.get(name, "") for name in TOKEN_VARIABLES]
        try:
            return self._found(terms, self.get_options())
        except AnsibleError:
            raise  # of Ansible itself, such as a term that is not defined
        except GitlabError as error:
            raise AnsibleError(f"registryops.gitlab.packages: {error.message}") from None
        except Exception as error:
            library = missing_library(error)
            if library:
                raise AnsibleError(missing_required_lib(library)) from None
            raise AnsibleError(f"registryops.gitlab.packages: {unforeseen(error, secrets)}") from None

    def _found(self, terms: list[t.Any], options: dict[str, t.Any]) -> list[t.Any]:
        """The packages of all terms, or one field of each. Raises the errors of _gitlab/errors.py."""
        packages: list[dict[str, t.Any]] = []
        with Client(connection_from(options, os.environ)) as client:
            api = PackagesApi(client)
            selection = selection_from(options)
            parts = ("protected",) if options["with_protected"] else ()
            wanted = Wanted(prerelease=options["prerelease"], latest=options["latest"], parts=parts)
            for scope in [Scope(options["scope"], str(term).strip(), options["exclude_subgroups"]) for term in terms]:
                found = facts(api, scope, selection, wanted)
                if not found and not options["allow_empty"] and (options["latest"] or options["name"] is not None):
                    what = "no such package" if options["name"] is None else f"no package named {options['name']!r}"
                    raise InvalidInput(f"{scope} holds {what} that is asked for: allow_empty=true accepts that")
                packages += found
            for warning in client.warnings:
                self._display.warning(warning)
            scrub = client.scrub  # a field's name is the server's word too
        field = options["field"]
        unknown = next((p for p in packages if field is not None and field not in p), None)
        if unknown is not None:
            known = scrub(", ".join(sorted(unknown)))
            raise InvalidInput(f"no field {field!r} in package {unknown['id']}: {known}")
        return packages if field is None else [package[field] for package in packages]
