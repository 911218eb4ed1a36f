# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: version_latest
short_description: The newest of some versions, as their package type's ecosystem orders them
version_added: 0.2.0
description:
  - Gives the newest version, or the package with the newest version.
  - It fails where there is none, so that a name that is misspelt is not written down as a version.
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
  prerelease:
    description:
      - V(false) looks at releases only, V(true) at prereleases only. A version that does not parse is neither.
      - Without it, any version may be the newest, and one that does not parse only if no other does.
    type: bool
requirements:
  - univers >= 30.11
seealso:
  - plugin: registryops.gitlab.version_sort
    plugin_type: filter
  - plugin: registryops.gitlab.prerelease
    plugin_type: test
"""

EXAMPLES = r"""
- name: The newest release
  ansible.builtin.debug:
    msg: "{{ ['2.0.0-rc.1', '1.9.0', '1.10.0'] | registryops.gitlab.version_latest('npm', prerelease=false) }}"
    # => "1.10.0"

- name: The newest package of a list
  ansible.builtin.set_fact:
    wanted: "{{ found.packages | registryops.gitlab.version_latest }}"
"""

RETURN = r"""
_value:
  description: The entry with the newest version.
  type: raw
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.version_values import (
    prerelease_of,
    sorted_by_version,
)
from ansible_collections.registryops.gitlab.plugins.plugin_utils.template_errors import told_of


@told_of("registryops.gitlab.version_latest")
def version_latest(entries: t.Any, package_type: str | None = None, prerelease: bool | None = None) -> t.Any:
    """The newest entry; ValueError if there is none."""
    found = [
        entry
        for entry in sorted_by_version(entries, package_type)
        if prerelease is None or prerelease_of(entry, package_type) is prerelease
    ]
    if not found:
        wanted = {None: "version", True: "prerelease", False: "release"}[prerelease]
        raise ValueError(f"there is no {wanted} among the {len(list(entries))} that were given")
    return found[-1]


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"version_latest": version_latest}
