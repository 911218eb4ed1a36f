# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a module writes, the way Ansible does."""

from __future__ import annotations

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput


def write_text(module: AnsibleModule, path: str, text: str) -> None:
    """Write a file as a whole or not at all. Raises :class:`InvalidInput` where that cannot be."""
    try:
        handle, temporary = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise InvalidInput(f"{path!r} cannot be written: {error.strerror}") from None
    module.atomic_move(temporary, path)
