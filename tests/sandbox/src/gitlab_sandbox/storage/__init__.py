# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state, in SQLite: each question that the endpoints ask, each change that they make."""

from __future__ import annotations

from gitlab_sandbox.storage.opening import DatabaseError
from gitlab_sandbox.storage.state import Storage

__all__ = ["DatabaseError", "Storage"]
