# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each package type is archived and published again: one file for each that can be."""

from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.archive_only import REASONS
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.base import Format
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.generic import Generic
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.helm import Helm
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.maven import Maven
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.npm import Npm
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.nuget import Nuget
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.pypi import Pypi
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.terraform_module import TerraformModule

_FORMATS: dict[str, Format] = {
    "generic": Generic(),
    "maven": Maven(),
    "npm": Npm(),
    "pypi": Pypi(),
    "terraform_module": TerraformModule(),
    "nuget": Nuget(),
    "helm": Helm(),
    **{package_type: Format(reason) for package_type, reason in REASONS.items()},
}


def format_of(package_type: str) -> Format:
    """The format of a package type; one that is not known is archived only."""
    return _FORMATS.get(package_type) or Format(f"packages of type {package_type!r} are not known here")
