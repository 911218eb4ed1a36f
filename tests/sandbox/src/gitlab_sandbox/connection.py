# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP connection: uvicorn's own, plus what an honest registry never needs.

Each request to the API or the object storage gets an ASGI extension, ``gitlab_sandbox``: an
:class:`Exchange` that starts when the request's headers have arrived, not when a busy server gets
round to it, and a way to end the TCP connection.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gitlab_sandbox.journal import Exchange, Journal

EXTENSION = "gitlab_sandbox"
_API_PATHS = (b"/api/v4", b"/api/graphql")


def _is_api(raw_path: bytes) -> bool:
    """Whether a path belongs to the API; everything else is a control call."""
    return any(raw_path == path or raw_path.startswith(path + b"/") for path in _API_PATHS)


class Connection:
    """The transport of a request, for faults."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def reset(self) -> None:
        """End the connection at once; what was not sent yet is lost."""
        # Without lingering, closing sends RST: the client sees a reset, not a clean end. It fails
        # only if the client was faster.
        with contextlib.suppress(OSError):
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def close(self) -> None:
        """End the connection after what was sent."""
        self._transport.close()


class SandboxProtocol(HttpToolsProtocol):
    """uvicorn's connection with the extension."""

    journal: ClassVar[Journal]
    # The port of the object storage, whose every request is recorded; 0: there is none.
    object_port: ClassVar[int]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not hasattr(self, "_open"):
            self._open: list[Exchange] = []

    def on_headers_complete(self) -> None:
        # The application's task starts only after this returns, so it finds the extension.
        super().on_headers_complete()
        scope: Any = self.scope
        raw_path = scope.get("raw_path")
        if raw_path is None:
            return
        server = scope.get("server")
        if not _is_api(raw_path) and not (self.object_port and server and server[1] == self.object_port):
            return
        exchange = self.journal.begin(
            scope["method"], raw_path.decode("ascii"), scope["query_string"].decode("latin-1"), self.headers
        )
        self._open = [earlier for earlier in self._open if earlier.finished is None]
        self._open.append(exchange)
        scope["extensions"] = {EXTENSION: (exchange, Connection(self.transport))}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # Nobody waits for these any more, whatever the server is still doing.
        for exchange in getattr(self, "_open", ()):
            exchange.finish(None)
