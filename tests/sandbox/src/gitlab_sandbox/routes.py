# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which endpoint a path means (contract, section 1).

Routing works on the path as it was sent, still percent-encoded: ``acme%2Fweb%2Fshop`` is one
segment, and a hostile value cannot become another path.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Callable

from gitlab_sandbox import endpoints
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.endpoints import Call

PREFIX = "/api/v4/"


@dataclass(frozen=True)
class Route:
    """One call. ``job_tokens``: whether it takes job tokens; ``recent``: whether 16.1 lacks it."""

    name: str
    method: str
    path: str
    endpoint: Callable[[Call], Awaitable[Answer]]
    job_tokens: bool = True
    recent: bool = False


_PACKAGE = "projects/:id/packages/:package_id"
_FILE = f"{_PACKAGE}/package_files/:package_file_id"
_GENERIC = "projects/:id/packages/generic/:package_name/:package_version/:file_name"

# Of two that fit, the first counts.
ROUTES = (
    Route("E1", "GET", "projects/:id/packages", endpoints.list_project_packages),
    Route("E2", "GET", "groups/:id/packages", endpoints.list_group_packages, job_tokens=False),
    Route("E3", "GET", _PACKAGE, endpoints.get_package),
    Route("E4", "GET", f"{_PACKAGE}/package_files", endpoints.list_files),
    Route("E5", "GET", f"{_PACKAGE}/pipelines", endpoints.list_pipelines),
    Route("E6", "DELETE", _PACKAGE, endpoints.delete_package),
    Route("E7", "DELETE", _FILE, endpoints.delete_file),
    Route("E9", "PUT", _GENERIC, endpoints.publish_generic),
    Route("E9", "GET", _GENERIC, endpoints.download_generic),
    Route("E8", "GET", f"{_FILE}/download", endpoints.download_file, recent=True),
    Route("E10", "GET", "projects/:id", endpoints.get_project),
    Route("E10", "GET", "groups/:id", endpoints.get_group, job_tokens=False),
    Route("E11", "GET", "personal_access_tokens/self", endpoints.get_own_token, job_tokens=False),
)


class Router:
    """The routes of one version of GitLab."""

    def __init__(self, current: bool) -> None:
        self._routes: dict[tuple[str, int], list[tuple[Route, list[str]]]] = {}
        for route in ROUTES:
            if current or not route.recent:
                pattern = route.path.split("/")
                self._routes.setdefault((route.method, len(pattern)), []).append((route, pattern))

    def match(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a request and the segments of its path, still encoded; None if there is none."""
        if not raw_path.startswith(PREFIX):
            return None
        segments = raw_path[len(PREFIX) :].split("/")
        for route, pattern in self._routes.get((method, len(segments)), ()):
            values = {}
            for expected, segment in zip(pattern, segments):
                if expected[0] == ":":
                    if not segment:
                        break
                    values[expected[1:]] = segment
                elif expected != segment:
                    break
            else:
                return route, values
        return None
