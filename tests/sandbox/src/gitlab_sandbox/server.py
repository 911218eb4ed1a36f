# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""uvicorn, with a ready line and a quick end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from email.utils import formatdate

import uvicorn
from starlette.types import ASGIApp

from gitlab_sandbox import clock
from gitlab_sandbox.connection import SandboxProtocol
from gitlab_sandbox.journal import Journal

# SIGTERM must end the server within a second, whatever is in flight.
_GRACE = 0.3


class SandboxServer(uvicorn.Server):
    """A server that says when it is ready and does not wait for slow answers at the end."""

    url = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the ready line."""
        await super().startup(sockets=sockets)
        if self.started:
            ready = {"url": self.url, "api_url": f"{self.url}/api/v4", "pid": os.getpid()}
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()

    async def main_loop(self) -> None:
        """As uvicorn's, but look for the end more often."""
        while not self.should_exit:
            await self.on_tick(0)
            await asyncio.sleep(0.05)

    async def on_tick(self, counter: int) -> bool:
        """As uvicorn's, but with the sandbox's own clock in ``Date``."""
        done = await super().on_tick(counter)
        self.server_state.default_headers = [(b"date", formatdate(clock.timestamp(), usegmt=True).encode())]
        return done

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, give answers in flight a moment, then close every connection."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = asyncio.get_running_loop().time() + _GRACE
        while self.server_state.tasks and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # The connections learn of their end before the tasks do, so that no task can miss a client.
        await asyncio.sleep(0.01)
        for task in list(self.server_state.tasks):
            task.cancel()
        if self.server_state.tasks:
            await asyncio.wait(list(self.server_state.tasks), timeout=_GRACE)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM, with status 0."""
        previous = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, action in previous.items():
                signal.signal(number, action)

    def _end(self, *_: object) -> None:
        self.should_exit = True


def serve(
    app: ASGIApp,
    journal: Journal,
    listeners: list[socket.socket],
    url: str,
    tls: tuple[str, str] | None,
    object_port: int,
) -> None:
    """Serve until a signal ends it. The last of the listeners is that of the object storage, if it has a port."""
    protocol = type("Protocol", (SandboxProtocol,), {"journal": journal, "object_port": object_port})
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        backlog=1024,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    server = SandboxServer(config)
    server.url = url
    server.run(sockets=listeners)
