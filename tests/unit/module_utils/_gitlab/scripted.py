# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small real server that says what a test wants to hear, for answers that no GitLab gives."""

from __future__ import annotations

import json
import socketserver
import threading
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection


@dataclass
class Request:
    """What was received: the method, the target as it was sent, and the headers by lower-case name."""

    method: str
    target: str
    headers: dict[str, str]


@dataclass
class Scripted:
    """A running server: ``url``, and the requests so far."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def client(self, **options: t.Any) -> Client:
        """A client of this server that gives up at once; ``options`` are those of a connection."""
        return Client(Connection(**{"api_url": self.url, "retries": 0, "timeout": 10, **options}))


def answer(data: t.Any, status: int = 200, **headers: str) -> bytes:
    """A whole answer; bytes are sent as they are, all else as JSON. ``X_Total`` is the header ``X-Total``."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def scripted(say: t.Callable[[Request], bytes]) -> Iterator[Scripted]:
    """A server that answers each request with what ``say`` makes of it."""
    lock = threading.Lock()

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            method, target, _version = self.rfile.readline().decode().split(" ")
            headers = {}
            while line := self.rfile.readline().decode().strip():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            # A small body is read: closing on what is unread would take the answer along.
            if int(headers.get("content-length", 0)) <= 4096:
                self.rfile.read(int(headers.get("content-length", 0)))
            request = Request(method, target, headers)
            with lock:
                server.requests.append(request)
                said = say(request)
            self.wfile.write(said)

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True
        # As many as a client may open at once: the others would be tried again after a second.
        request_queue_size = 128

    with Listener(("127.0.0.1", 0), Conversation) as listener:
        server = Scripted(f"http://127.0.0.1:{listener.server_address[1]}")
        threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            listener.shutdown()
