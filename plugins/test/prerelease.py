# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prerelease
short_description: Whether a version is a prerelease, as its package type's ecosystem has it
version_added: 0.2.0
description:
  - True for prereleases, such as C(1.0.0-rc.1) of npm, C(1.0rc1) of PyPI, C(1.0-SNAPSHOT) of Maven, or C(1.0~rc1-1) of
    Debian.
  - False for releases, and for versions that do not parse. It is what C(prerelease) means in a retention policy.
author:
  - registryops maintainers (@registryops)
positional: package_type
options:
  _input:
    description:
      - A version as text, or a package such as those of M(registryops.gitlab.package_info).
    type: raw
    required: true
  package_type:
    description:
      - The package type, such as V(npm) or V(debian). A package tells it itself.
    type: str
requirements:
  - univers >= 30.11
seealso:
  - plugin: registryops.gitlab.version_latest
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Releases only
  ansible.builtin.debug:
    msg: "{{ found.packages | reject('registryops.gitlab.prerelease') | map(attribute='version') }}"

- name: A tag that must be a release
  ansible.builtin.assert:
    that: release_version is not registryops.gitlab.prerelease('pypi')
"""

RETURN = r"""
_value:
  description: Whether it is a prerelease.
  type: bool
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.version_values import prerelease_of
from ansible_collections.registryops.gitlab.plugins.plugin_utils.template_errors import told_of


@told_of("registryops.gitlab.prerelease")
def prerelease(entry: t.Any, package_type: str | None = None) -> bool:
    """Whether a version or package is a prerelease."""
    return prerelease_of(entry, package_type) is True


class TestModule:
    def tests(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"prerelease": prerelease}
