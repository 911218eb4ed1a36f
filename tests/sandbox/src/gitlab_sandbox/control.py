# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control calls, for tests (README, section "Control, for tests")."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gitlab_sandbox import clock
from gitlab_sandbox.calls import Registry
from gitlab_sandbox.faults import FaultError, Faults
from gitlab_sandbox.journal import Journal
from gitlab_sandbox.query import to_integer
from gitlab_sandbox.rows import Package
from gitlab_sandbox.storage import Storage
from gitlab_sandbox.vocabulary import STATUS_NUMBER, STATUSES

LARGEST_BODY = 16 * 2**20


def control_app(registry: Registry, journal: Journal, faults: Faults) -> Starlette:
    """The control calls as an application."""
    storage, current = registry.storage, registry.current

    async def requests(request: Request) -> Response:
        _check_loopback(request)
        if request.method == "DELETE":
            journal.forget()
            return Response(status_code=204)
        return JSONResponse({"requests": journal.records(), "max_in_flight": journal.max_in_flight})

    async def put_faults(request: Request) -> Response:
        _check_loopback(request)
        try:
            faults.replace(await _json(request))
        except FaultError as error:
            raise HTTPException(400, str(error)) from None
        return Response(status_code=204)

    async def state(request: Request) -> Response:
        _check_loopback(request)
        return JSONResponse(storage.counts())

    async def change_package(request: Request) -> Response:
        _check_loopback(request)
        changes = _changes(await _json(request), current)
        number = to_integer(request.path_params["id"])
        package = None if number is None else storage.package_by_id(number)
        if package is None:
            raise HTTPException(404, "there is no such package")
        package = _change_package(storage, package, changes)
        return JSONResponse(
            {
                "id": package.id,
                "status": STATUSES[package.status],
                "last_downloaded_at": package.last_downloaded_at,
                "updated_at": package.updated_at,
            }
        )

    return Starlette(
        routes=[
            Route("/sandbox/requests", requests, methods=["GET", "DELETE"]),
            Route("/sandbox/faults", put_faults, methods=["PUT"]),
            Route("/sandbox/state", state, methods=["GET"]),
            Route("/sandbox/packages/{id}", change_package, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _refuse},
    )


def _change_package(storage: Storage, package: Package, changes: dict[str, Any]) -> Package:
    """A change of the status moves the last update, others do not."""
    if "status" in changes:
        package = storage.set_status(package, changes["status"], touch=True)
    if "tags" in changes:
        storage.remove_tags([package.id])
        for tag in changes["tags"]:
            storage.add_tag(package.id, tag)
    columns = {key: changes[key] for key in ("last_downloaded_at", "updated_at") if key in changes}
    return storage.set_package(package, **columns)


async def _refuse(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


def _check_loopback(request: Request) -> None:
    """Refuse callers from other machines: these calls need no token."""
    if not is_loopback(request.client.host if request.client else ""):
        raise HTTPException(403, "control calls are answered on loopback only")


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


def _changes(data: Any, current: bool) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise HTTPException(400, "the body is not a mapping")
    changes: dict[str, Any] = {}
    for key, value in data.items():
        if key == "status":
            known = STATUSES if current else STATUSES[:-1]
            if not isinstance(value, str) or value not in known:
                raise HTTPException(400, f"status: {value!a} is none of {', '.join(known)}")
            changes["status"] = STATUS_NUMBER[value]
        elif key == "last_downloaded_at":
            try:
                changes[key] = None if value is None else clock.iso(clock.parse(value))
            except (ValueError, AttributeError):
                raise HTTPException(400, f"last_downloaded_at: {value!a} is neither a time nor null") from None
        else:
            raise HTTPException(400, f"{key!a} is none of status, last_downloaded_at")
    return changes
