# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""All calls that the sandbox knows. Of two that fit, the first counts."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox import endpoints, registries
from gitlab_sandbox.routes import Route

ROUTES: Final[tuple[Route, ...]] = (*endpoints.ROUTES, *registries.ROUTES)
