# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registries' own routes, by which packages get in and out (contract of the registries, A and C)."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox.registries import generic
from gitlab_sandbox.routes import Route

ROUTES: Final[tuple[Route, ...]] = (*generic.ROUTES,)
