# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How packages and files are to be deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Options:
    """How to delete. ``unmodified_since`` is an aware datetime; what changed after it has the result ``changed``.

    ``since_words`` is what a message calls that time.
    """

    check_mode: bool = False
    verify: bool = True
    unmodified_since: datetime | None = None
    changed: str = "failed"
    since_words: str = "unless_modified_since"
