# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the routes of all package types have in common."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Callable, Final

from gitlab_sandbox import answers, package_settings
from gitlab_sandbox.answers import Answer, ApiError
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import ACCESS, DEPLOY, JOB, OAUTH, Takes
from gitlab_sandbox.directory import Project
from gitlab_sandbox.routes import Route
from gitlab_sandbox.vocabulary import ADMIN_PACKAGES, READ_PACKAGES

PACKAGES: Final = "projects/:id/packages"

# npm sends every token as a bearer.
ANY_BEARER: Final[Takes] = {"bearer": frozenset((ACCESS, OAUTH, DEPLOY, JOB))}
NUGET_KEY: Final[Takes] = {"nuget-key": frozenset((ACCESS, DEPLOY, JOB))}

# Without it, a client that has a user name and a password does not send them.
_CHALLENGE: Final = (b"www-authenticate", b'Basic realm="GitLab Packages Registry"')


def registry_route(
    name: str, method: str, path: str, endpoint: Callable[[Call], Awaitable[Answer]], takes: Takes, **more: Any
) -> Route:
    """A call of a registry, below ``projects/:id/packages``. It wants a token unless the project lets everybody in."""
    reads = method == "GET"
    settings: dict[str, Any] = {
        "job": READ_PACKAGES if reads else ADMIN_PACKAGES,
        "limit": "packages",
        "packages": True,
        "downloads": reads,
        "wants_token": True,
        **more,
    }
    answering = _challenging(endpoint) if "basic" in takes else endpoint
    return Route(name, method, f"{PACKAGES}/{path}", answering, takes=takes, **settings)


def _challenging(endpoint: Callable[[Call], Awaitable[Answer]]) -> Callable[[Call], Awaitable[Answer]]:
    """The endpoint, whose 401 asks for HTTP Basic."""

    async def challenge(call: Call) -> Answer:
        try:
            return await endpoint(call)
        except ApiError as error:
            if error.answer.status == 401:
                error.answer.headers.append(_CHALLENGE)
            raise

    return challenge


def publishing_project(call: Call) -> Project:
    """The project in the path, if the caller may publish there.

    :raises ApiError: 401 for nobody, also in a public project; else as :meth:`Call.publishing_project`.
    """
    if call.caller.anonymous:
        raise answers.unauthorized()
    return call.publishing_project()


def created() -> Answer:
    """What most registries answer to an upload."""
    return answers.json_answer(201, {"message": "201 Created"})


def not_found(call: Call, project: Project, what: str, word: str) -> ApiError:
    """404: nothing of that name. A server that forwards requests (``word``: npm, pypi, maven) would ask elsewhere."""
    error = answers.message(404, f"404 {what} Not Found")
    if package_settings.effective(project.group, f"{word}_package_requests_forwarding"):
        error.answer.headers.append((b"x-sandbox-would-forward", b"true"))
    return error
