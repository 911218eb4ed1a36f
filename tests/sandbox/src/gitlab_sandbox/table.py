# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""All calls that the sandbox knows. Of two that fit, the first counts."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox import endpoints, graphql, inventories, plan_limits, protection_rules, registries
from gitlab_sandbox.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    *endpoints.ROUTES,
    *protection_rules.ROUTES,
    *inventories.ROUTES,
    *plan_limits.ROUTES,
    *graphql.ROUTES,
    *registries.ROUTES,
)
