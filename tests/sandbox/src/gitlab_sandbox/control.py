# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control calls, for tests (README, section "Control, for tests")."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable
from typing import Any, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gitlab_sandbox import changes
from gitlab_sandbox.calls import Registry
from gitlab_sandbox.changes import ChangeError
from gitlab_sandbox.cleanup import run_policies
from gitlab_sandbox.faults import FaultError, Faults
from gitlab_sandbox.journal import Journal
from gitlab_sandbox.query import to_integer
from gitlab_sandbox.vocabulary import STATUSES

LARGEST_BODY = 16 * 2**20


def control_app(registry: Registry, journal: Journal, faults: Faults) -> Starlette:
    """The control calls as an application."""
    storage = registry.storage

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            journal.forget()
            return Response(status_code=204)
        return JSONResponse({"requests": journal.records(), "max_in_flight": journal.max_in_flight})

    async def put_faults(request: Request) -> Response:
        faults.replace(await _json(request))
        return Response(status_code=204)

    async def state(_: Request) -> Response:
        return JSONResponse(storage.counts())

    async def change_package(request: Request) -> Response:
        data = await _json(request)
        number = to_integer(request.path_params["id"])
        package = None if number is None else storage.package_by_id(number)
        if package is None:
            raise HTTPException(404, "there is no such package")
        package = changes.change_package(registry, package, data)
        return JSONResponse(
            {
                "id": package.id,
                "status": STATUSES[package.status],
                "last_downloaded_at": package.last_downloaded_at,
                "updated_at": package.updated_at,
                "tags": [tag.name for tag in storage.tags([package.id]).get(package.id, ())],
            }
        )

    async def change_project(request: Request) -> Response:
        data = await _json(request)
        project, former = registry.directory.project(request.path_params["id"])
        if project is None or former:
            raise HTTPException(404, "there is no such project")
        changes.change_project(registry, project, data)
        return JSONResponse(
            {
                "id": project.id,
                "path": project.path,
                "archived": project.archived,
                "package_registry": project.package_registry,
                "deleted": project.id not in registry.directory.projects,
            }
        )

    async def run_cleanup(_request: Request) -> Response:
        return JSONResponse({"files": run_policies(registry)})

    async def sweep(_request: Request) -> Response:
        storage.sweep()
        return Response(status_code=204)

    return Starlette(
        routes=[
            _route("requests", requests, "GET", "DELETE"),
            _route("faults", put_faults, "PUT"),
            _route("state", state, "GET"),
            _route("packages/{id}", change_package, "POST"),
            _route("projects/{id:path}", change_project, "POST"),
            _route("cleanup", run_cleanup, "POST"),
            _route("sweep", sweep, "POST"),
        ],
        exception_handlers={HTTPException: _refuse},
    )


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]], *methods: str) -> Route:
    """A control call: on loopback only, since it needs no token; what is wrong with it is 400."""

    async def checked(request: Request) -> Response:
        if not is_loopback(request.client.host if request.client else ""):
            raise HTTPException(403, "control calls are answered on loopback only")
        try:
            return await endpoint(request)
        except (ChangeError, FaultError) as error:
            raise HTTPException(400, str(error)) from None

    return Route(f"/sandbox/{path}", checked, methods=list(methods))


async def _refuse(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


def is_loopback(host: str) -> bool:
    """Whether a caller's address is this machine's own, as IPv4, as IPv6, or as IPv4 in IPv6."""
    try:
        address: Any = ipaddress.ip_address(host)
    except ValueError:
        return False
    return bool((getattr(address, "ipv4_mapped", None) or address).is_loopback)


async def _json(request: Request) -> Any:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST_BODY:
            raise HTTPException(400, f"the body is longer than {LARGEST_BODY} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON") from None
