# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: version_sort
short_description: Sort versions as their package type's ecosystem does
version_added: 0.2.0
description:
  - Sorts versions, or packages by their version, the oldest first.
  - Versions that do not parse count as oldest. Equal versions stay in the order in which they were given.
author:
  - registryops maintainers (@registryops)
positional: package_type
options:
  _input:
    description:
      - Versions as texts, or packages such as those of M(registryops.gitlab.package_info), all of one package type.
    type: list
    elements: raw
    required: true
  package_type:
    description:
      - The package type, such as V(npm) or V(debian). Packages tell it themselves.
    type: str
  reverse:
    description:
      - Whether the newest comes first.
    type: bool
    default: false
requirements:
  - univers >= 30.11
seealso:
  - plugin: registryops.gitlab.version_latest
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Versions in the order of Maven
  ansible.builtin.debug:
    msg: "{{ ['1.10', '1.9', '1.10-SNAPSHOT'] | registryops.gitlab.version_sort('maven') }}"
    # => ["1.9", "1.10-SNAPSHOT", "1.10"]

- name: The three newest packages of a list
  ansible.builtin.debug:
    msg: "{{ (found.packages | registryops.gitlab.version_sort(reverse=true))[:3] | map(attribute='version') }}"
"""

RETURN = r"""
_value:
  description: The same entries, sorted.
  type: list
  elements: raw
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.version_values import sorted_by_version
from ansible_collections.registryops.gitlab.plugins.plugin_utils.template_errors import told_of


@told_of("registryops.gitlab.version_sort")
def version_sort(entries: t.Any, package_type: str | None = None, reverse: bool = False) -> list[t.Any]:
    """The entries, oldest first."""
    found = sorted_by_version(entries, package_type)
    return found[::-1] if reverse else found


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"version_sort": version_sort}
