# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Semantic versions, of npm and of Terraform modules (https://semver.org)."""

from __future__ import annotations

import re
from typing import Any, Final

VERSION: Final = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)


def precedence(version: str) -> tuple[Any, ...]:
    """A key that sorts versions as semver does; what is none comes before all that is."""
    parsed = VERSION.fullmatch(version)
    if parsed is None:
        return (0, version)
    major, minor, patch, prerelease = parsed.groups()
    parts = tuple(
        # Numbers come before words, and fewer parts before more.
        (0, len(part), part) if part.isdigit() else (1, 0, part)
        for part in (prerelease or "").split(".")
    )
    # A release comes after its prereleases.
    return (1, *((len(number), number) for number in (major, minor, patch)), prerelease is None, parts)
