# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: absolute_path
short_description: Make a path absolute, from the directory that Ansible was started in
version_added: 0.2.0
description:
  - A relative path counts from the working directory of the Ansible process itself, whatever the environment variable E(PWD)
    says and wherever the playbook lies. C(~) and C(~user) at its beginning are expanded.
  - It knows the controller only. Nothing is looked up in the file system.
author:
  - registryops maintainers (@registryops)
positional: _input
options:
  _input:
    description: The path.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say where a policy is read from
  ansible.builtin.debug:
    msg: "{{ 'policies/shop.yml' | registryops.gitlab.absolute_path }}"
"""

RETURN = r"""
_value:
  description: The path, absolute, without C(.), C(..) and doubled slashes.
  type: str
"""

import os
import typing as t

from ansible.errors import AnsibleFilterError


def absolute_path(path: t.Any) -> str:
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise AnsibleFilterError(f"registryops.gitlab.absolute_path: {path!r} is no path")
    return os.path.abspath(os.path.expanduser(path))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"absolute_path": absolute_path}
