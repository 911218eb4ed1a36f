# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ASGI application: recording, rate limit, faults, the endpoint, and how the answer is sent."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from gitlab_sandbox import access, answers, clock
from gitlab_sandbox.answers import Answer, ApiError
from gitlab_sandbox.calls import Call, Registry
from gitlab_sandbox.connection import EXTENSION, Connection
from gitlab_sandbox.credentials import ACCESS
from gitlab_sandbox.faults import Fault, Faults
from gitlab_sandbox.journal import Exchange
from gitlab_sandbox.limits import Limits
from gitlab_sandbox.query import parse_query
from gitlab_sandbox.routes import Route, Router

_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


class Application:
    """Answers API requests itself and hands everything else to the control calls."""

    def __init__(
        self,
        registry: Registry,
        routes: Iterable[Route],
        faults: Faults,
        limits: Limits,
        latency: float,
        control: ASGIApp,
    ) -> None:
        self._registry = registry
        self._router = Router(routes, registry.current)
        self._faults = faults
        self._limits = limits
        self._latency = latency
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        extension = (scope.get("extensions") or {}).get(EXTENSION)
        if extension is None:
            await self._control(scope, receive, send)
            return
        exchange: Exchange
        connection: Connection
        exchange, connection = extension
        try:
            await self._exchange(exchange, connection, scope, receive, send)
        except asyncio.CancelledError:
            pass  # The client has gone or the server ends: the connection is closed already.
        finally:
            exchange.finish(None)

    async def _exchange(
        self, exchange: Exchange, connection: Connection, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers: answers.Headers = []
        answer: Answer | None = None
        fault: Fault | None = None
        objects = self._registry.objects
        stored = objects is not None and scope["server"][1] == objects.port
        found = None if stored else self._router.match(exchange.method, exchange.path)
        if not stored:
            headers, answer = self._count(exchange, scope, found[0] if found is not None else None)
        if answer is None:
            fault = self._faults.take(exchange.method, exchange.path)
            answer = None if fault is None else fault.answer
        kind = "" if fault is None else fault.kind
        if answer is None and kind != "reset_before":
            if stored and objects is not None:
                answer = objects.serve(exchange.method, exchange.path, exchange.query, bool(exchange.credentials))
            else:
                answer = await self._answer(exchange, found, scope, receive)
        await self._wait(exchange, 0.0 if fault is None else fault.ms / 1000)
        if answer is None or kind == "reset_after" or (kind == "truncate" and not answer.size):
            connection.reset()
            await _closed(receive)
            return
        given = {name for name, _ in answer.headers}
        sent_headers = answer.headers + [header for header in headers if header[0] not in given]
        if answer.status not in (204, 304):
            sent_headers.append((b"content-length", b"%d" % answer.size))
        await send({"type": "http.response.start", "status": answer.status, "headers": sent_headers})
        if kind == "truncate":
            await _send_half(answer, send)
            exchange.finish(answer.status)
            connection.close()
            await _closed(receive)
            return
        last = b""
        for part in () if exchange.method == "HEAD" else answer.parts():
            if last:
                await send({"type": "http.response.body", "body": last, "more_body": True})
            last = part
        await send({"type": "http.response.body", "body": last})
        # Nothing runs between the last byte and this: the client's next request comes after it.
        exchange.finish(answer.status)

    def _count(self, exchange: Exchange, scope: Scope, route: Route | None) -> tuple[answers.Headers, Answer | None]:
        """Count a request against the limits of its call."""
        credentials = exchange.credentials
        client = credentials[0].value if credentials else (scope["client"] or ("",))[0]
        limit, own = ("api", None) if route is None else (route.limit, route.own_limit)
        return self._limits.count(limit, own, f"{exchange.auth} {client}", bool(credentials))

    async def _wait(self, exchange: Exchange, slow: float) -> None:
        """Wait until the answer is due, counted from the arrival of the request."""
        rest = exchange.arrived + max(self._latency, slow) - time.monotonic()
        if rest > 0:
            await asyncio.sleep(rest)

    async def _answer(
        self, exchange: Exchange, found: tuple[Route, dict[str, str]] | None, scope: Scope, receive: Receive
    ) -> Answer:
        """Do the work."""
        registry = self._registry
        try:
            if found is None:
                raise answers.no_route()
            route, segments = found
            if route.packages and not registry.directory.instance.packages:
                raise answers.packages_off()
            caller = access.identify(registry.directory, exchange.credentials, route.takes)
            if not route.any_scope:
                access.check_scopes(caller, route.writes, route.permission)

            async def body() -> AsyncIterator[bytes]:
                more = True
                while more:
                    message: Any = await receive()
                    if message["type"] == "http.disconnect":
                        raise asyncio.CancelledError
                    more = message.get("more_body", False)
                    yield message.get("body", b"")

            call = Call(
                registry=registry,
                route=route,
                method=exchange.method,
                raw_path=exchange.path,
                segments=segments,
                query=parse_query(exchange.query) if exchange.query else {},
                headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
                caller=caller,
                base_url=f"{scope['scheme']}://{_host(exchange, scope)}",
                body=body,
            )
            if caller.token is not None and caller.token.kind == ACCESS:
                registry.last_used[caller.token.id] = clock.now()
            return await route.endpoint(call)
        except ApiError as error:
            return error.answer
        except Exception as error:
            # A fault of this server, not of the request: one line says where, the client gets a 500.
            where = error.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where is not None else "?"
            sys.stderr.write(f"gitlab-sandbox: {type(error).__name__}: {error} ({place})\n")
            return answers.internal_error()


def _host(exchange: Exchange, scope: Scope) -> str:
    """The host that the client knows this server by."""
    if exchange.host and _HOST.fullmatch(exchange.host):
        return exchange.host
    host, port = scope["server"]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _send_half(answer: Answer, send: Send) -> None:
    """The first half of a body, less one byte of an odd one."""
    left = answer.size // 2
    for part in answer.parts():
        await send({"type": "http.response.body", "body": part[:left], "more_body": True})
        left -= min(left, len(part))
        if not left:
            return


async def _closed(receive: Receive) -> None:
    """Wait until the connection is closed: before, uvicorn would complain of a missing answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
