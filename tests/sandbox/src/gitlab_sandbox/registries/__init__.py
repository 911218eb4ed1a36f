# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registries' own routes, by which packages get in and out (contract of the registries, A and C)."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox.registries import generic
from gitlab_sandbox.registries.helm import endpoints as helm
from gitlab_sandbox.registries.maven import endpoints as maven
from gitlab_sandbox.registries.npm import endpoints as npm
from gitlab_sandbox.registries.nuget import endpoints as nuget
from gitlab_sandbox.registries.pypi import endpoints as pypi
from gitlab_sandbox.registries.terraform import endpoints as terraform
from gitlab_sandbox.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    *generic.ROUTES,
    *npm.ROUTES,
    *pypi.ROUTES,
    *maven.ROUTES,
    *terraform.ROUTES,
    *nuget.ROUTES,
    *helm.ROUTES,
)
