# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""All calls that the sandbox knows. Of two that fit, the first counts."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox import endpoints, plan_limits, registries
from gitlab_sandbox.routes import Route

ROUTES: Final[tuple[Route, ...]] = (*endpoints.ROUTES, *plan_limits.ROUTES, *registries.ROUTES)
