# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where packages are: a project or a group, by its numeric ID or its full path."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable


@dataclass(frozen=True)
class Scope:
    """A project or a group, by its numeric ID or its full path."""

    kind: str
    ref: str
    exclude_subgroups: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is named by its ID: ASCII digits; GitLab knows no others."""
        return self.ref.isascii() and self.ref.isdigit()

    @property
    def path(self) -> str:
        """Its path below ``/api/v4``, encoded. Raises :class:`InvalidInput` for what is neither ID nor full path."""
        segments = self.ref.split("/")
        known = all(re.fullmatch(r"[A-Za-z0-9_.+-]+", part) and part.strip(".") for part in segments)
        # A number that no ID reaches is none; Python does not even read one of 5,000 digits.
        if not known or (self.is_number and len(self.ref) > 18):
            raise InvalidInput(
                f"{self.kind} {printable(self.ref)!r} is neither a numeric ID nor a full path such as 'acme/web/shop'"
                " (no URL, nothing encoded)"
            )
        return f"/{self.kind}s/{urllib.parse.quote(self.ref, safe='')}"

    def __str__(self) -> str:
        return f"{self.kind} {self.ref!r}"
