# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The newest that one can use, and releases apart from prereleases. Pure; raises ImportError without univers."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.version_parts import is_prerelease
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import newest_of_each

#: What can be installed: neither a failed upload nor one that is not finished.
USABLE = ("default", "deprecated")


def narrow(packages: t.Sequence[Package], prerelease: bool | None, latest: bool) -> list[Package]:
    """Only prereleases or only releases, then only the newest of each name and type in each project.

    A version that does not parse is neither a prerelease nor a release. ``prerelease`` None: both, and it.
    """
    kept = [
        package
        for package in packages
        if prerelease is None or is_prerelease(package.get("version"), package["package_type"]) is prerelease
    ]
    return newest_of_each(kept) if latest else kept
