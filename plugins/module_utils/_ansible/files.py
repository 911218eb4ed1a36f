# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a module writes, the way Ansible does."""

from __future__ import annotations

import contextlib
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput


def write_text(module: AnsibleModule, path: str, text: str, mode: str | int) -> None:
    """Write a file with these rights, as a whole or not at all. Raises :class:`InvalidInput` where that cannot be."""
    temporary = None
    try:
        # Beside its place, so that the last step is one rename; a disk without room fails before that.
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".report-")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        module.set_mode_if_different(temporary, mode, False)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise InvalidInput(f"{path!r} cannot be written: {error.strerror}") from None
