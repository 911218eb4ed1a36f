# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which endpoint a path means (contract, section 1).

Routing works on the path as it was sent, still percent-encoded: ``acme%2Fweb%2Fshop`` is one
segment, and a hostile value cannot become another path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from typing import Callable

from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import API, Takes
from gitlab_sandbox.vocabulary import ADMIN_PACKAGES, READ_PACKAGES

_PREFIX = "/api/v4/"


@dataclass(frozen=True)
class Route:
    """One call.

    :param path: below ``/api/v4/``, or, with a slash in front, the whole of it. ``:name`` is one segment, ``*name``
        one or more (once in a path): ``call.segments[name]``, still encoded, with its slashes. A ``GET`` route
        answers ``HEAD`` too.
    :param takes: which tokens, sent in which ways; others are not seen.
    :param job: the permission that a job's token needs; empty: none, and a private project is 404 for it, not 403.
    :param granular: the permission that a fine-grained token needs: None by the method, empty for none.
    :param any_scope: whether the token's scopes do not matter.
    :param limit: the rate limit that counts the call: ``api`` (``--rate-limit``), ``packages`` (of the registries).
    :param own_limit: the limit of this call alone: ``projects``, ``groups``, ``group_projects``.
    :param packages: whether it is 404 where packages are off for the whole instance.
    :param wants_token: whether nobody gets 401, not 404, for a project that he may not see.
    :param downloads: whether a ``public`` package registry lets everybody in.
    :param recent: whether a server of 16.1 lacks the call.
    """

    name: str
    method: str
    path: str
    endpoint: Callable[[Call], Awaitable[Answer]]
    takes: Takes = field(default_factory=lambda: API)
    job: str = ""
    granular: str | None = None
    any_scope: bool = False
    limit: str = "api"
    own_limit: str | None = None
    packages: bool = False
    wants_token: bool = False
    downloads: bool = False
    recent: bool = False

    @property
    def writes(self) -> bool:
        """Whether the call needs a scope for writing."""
        return self.method != "GET"

    @property
    def permission(self) -> str | None:
        """What a fine-grained token needs."""
        if self.granular is not None:
            return self.granular or None
        return ADMIN_PACKAGES if self.writes else READ_PACKAGES


class Router:
    """The routes of one version of GitLab: of two that fit, the first counts, and those without ``*`` before others."""

    def __init__(self, routes: Iterable[Route], current: bool) -> None:
        self._fixed: dict[tuple[str, int], list[tuple[Route, list[str]]]] = {}
        self._open: list[tuple[Route, list[str], list[str], str]] = []
        for route in routes:
            if route.recent and not current:
                continue
            path = route.path[1:] if route.path[0] == "/" else f"{_PREFIX[1:]}{route.path}"
            pattern = path.split("/")
            tail = next((index for index, part in enumerate(pattern) if part[:1] == "*"), None)
            if tail is None:
                self._fixed.setdefault((route.method, len(pattern)), []).append((route, pattern))
            else:
                self._open.append((route, pattern[:tail], pattern[tail + 1 :], pattern[tail][1:]))

    def match(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a request and the segments of its path, still encoded; None if there is none."""
        method = "GET" if method == "HEAD" else method
        segments = raw_path[1:].split("/")
        for route, pattern in self._fixed.get((method, len(segments)), ()):
            values = _bind(pattern, segments)
            if values is not None:
                return route, values
        for route, before, after, name in self._open:
            end = len(segments) - len(after)
            if route.method != method or end <= len(before):
                continue
            head, tail = _bind(before, segments[: len(before)]), _bind(after, segments[end:])
            rest = segments[len(before) : end]
            if head is not None and tail is not None and all(rest):
                return route, {**head, **tail, name: "/".join(rest)}
        return None


def _bind(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    """The values of a pattern's names; None if it does not fit."""
    values = {}
    for expected, segment in zip(pattern, segments):
        if expected[:1] == ":":
            if not segment:
                return None
            values[expected[1:]] = segment
        elif expected != segment:
            return None
    return values
