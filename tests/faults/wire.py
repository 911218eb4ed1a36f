# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of raw bytes, for answers that no honest server gives, and a proxy made of it."""

from __future__ import annotations

import http.client
import json
import socket
import socketserver
import ssl
import struct
import threading
import typing as t
import urllib.parse
from dataclasses import dataclass, field
from types import TracebackType


@dataclass(frozen=True)
class Request:
    """One request as it arrived. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    connection: int

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(urllib.parse.parse_qsl(self.target.partition("?")[2]))


@dataclass(frozen=True)
class Reply:
    """The bytes of an answer. ``then``: ``keep`` the connection, ``close`` it, or ``reset`` it."""

    data: bytes = b""
    then: str = "keep"


def reply(
    status: int = 200,
    body: t.Any = b"",
    headers: t.Mapping[str, str] | t.Sequence[tuple[str, str]] = (),
    then: str = "keep",
) -> Reply:
    """An answer with a length; a ``body`` that is not bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    pairs.append(("Content-Length", str(len(raw))))
    head = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    return Reply(f"HTTP/1.1 {status} Any\r\n{head}\r\n".encode("latin-1") + raw, then)


class WireServer:
    """Answers each request with what ``answer`` makes of it; a context manager. ``requests`` are those that came."""

    def __init__(self, answer: t.Callable[[Request], Reply], tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._answer = answer
        self._tls = tls
        self._lock = threading.Lock()
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                outer._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address, with the scheme."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> WireServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self.connections += 1
            number = self.connections
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            stream = connection.makefile("rb")
            while True:
                request = _read_request(stream, number)
                if request is None:
                    return
                with self._lock:
                    self.requests.append(request)
                answer = self._answer(request)
                connection.sendall(answer.data)
                if answer.then == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if answer.then != "keep":
                    stream.close()
                    connection.close()
                    return
        except OSError:
            return  # the client went, or refused the certificate


def _read_request(stream: t.BinaryIO, connection: int) -> Request | None:
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers: dict[str, str] = {}
    for raw in iter(stream.readline, b"\r\n"):
        if not raw:
            return None
        name, _, value = raw.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    stream.read(int(headers.get("content-length", 0)))
    return Request(line[0], line[1], headers, connection)


@dataclass
class Proxy:
    """What stands between a client and a server: ``answer`` for a :class:`WireServer`.

    ``rename`` is applied to each header's name, ``extra`` headers come first, and after ``every`` answers of a
    connection it is closed without a word.
    """

    upstream: str
    rename: t.Callable[[str], str] = str
    extra: t.Sequence[tuple[str, str]] = ()
    every: int = 0
    _answers: dict[int, int] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        """Ask the server behind, and pass its answer on."""
        passed = {name: value for name, value in request.headers.items() if name != "connection"}
        upstream = http.client.HTTPConnection(self.upstream.partition("://")[2], timeout=30)
        try:
            upstream.request(request.method, request.target, headers=passed)
            response = upstream.getresponse()
            body = response.read()
        finally:
            upstream.close()
        kept = [
            (self.rename(name), value)
            for name, value in response.getheaders()
            if name.lower() not in ("content-length", "connection", "transfer-encoding")
        ]
        self._answers[request.connection] = count = self._answers.get(request.connection, 0) + 1
        closing = bool(self.every) and count % self.every == 0
        return reply(response.status, body, [*self.extra, *kept], "close" if closing else "keep")
