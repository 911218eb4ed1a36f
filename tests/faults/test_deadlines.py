# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that go on and on: answers without an end in time, or in size."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    BadRequest,
    ServerError,
    UnexpectedAnswer,
    Unreachable,
)
from ansible_collections.registryops.gitlab.tests.faults.test_connections import _certificate
from ansible_collections.registryops.gitlab.tests.faults.wire import WireServer, reply

#: How long a trickle lasts before it ends well: longer than a client waits that has a deadline.
LAST = 8.0
HEAD = b"HTTP/1.1 200 OK\r\n"


class Trickler:
    """A server whose answer is ``first``, then ``drop`` again and again for ``lasts`` seconds, then ``end``."""

    def __init__(self, first: bytes, drop: bytes, end: bytes, pause: float = 0.05, lasts: float = LAST) -> None:
        self._say = (first, drop, end)
        self._pause = pause
        self._lasts = lasts
        self.tls: ssl.SSLContext | None = None
        self.wordless = False
        self.asked = threading.Event()
        #: Set once the client has gone, in the middle of an answer.
        self.left = threading.Event()

    @contextlib.contextmanager
    def listening(self) -> Iterator[int]:
        """The port."""
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            yield listener.getsockname()[1]

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=(listener.accept()[0],), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            try:
                if self.tls:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                if not self.wordless:
                    while b"\r\n\r\n" not in connection.recv(65536):
                        pass
                self.asked.set()
                first, drop, end = self._say
                connection.sendall(first)
                ends = time.monotonic() + self._lasts
                while time.monotonic() < ends:
                    connection.sendall(drop)
                    time.sleep(self._pause)
                connection.sendall(end)
            except OSError:
                self.left.set()


def _refused(port: int, scheme: str = "http", **options: t.Any) -> str:
    settings: dict[str, t.Any] = {"timeout": 0.6, "retries": 0, "concurrency": 1, **options}
    url = f"{scheme}://127.0.0.1:{port}"
    with Client(Connection(url, **settings)) as client, pytest.raises(Unreachable) as caught:
        client.get("/projects/1/packages")
    return caught.value.message


BODY = Trickler(HEAD + b"Content-Length: 100000\r\n\r\n[", b" ", b" " * 99999)
TRICKLES = {
    "a body": BODY,
    "a body, and the connection closed after it": Trickler(HEAD + b"Connection: close\r\n\r\n[", b" ", b"]"),
    "chunks": Trickler(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n", b"1\r\n \r\n", b"1\r\n]\r\n0\r\n\r\n"),
    "the length of a chunk": Trickler(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", b"2\r\n[]\r\n0\r\n\r\n"),
    "what follows the chunks": Trickler(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n", b"X: y\r\n", b"\r\n"
    ),
    "a header": Trickler(HEAD + b"X-Long: ", b"x", b"\r\nContent-Length: 2\r\n\r\n[]"),
    "the status": Trickler(b"HTTP/1.1 200 ", b"O", b"\r\nContent-Length: 2\r\n\r\n[]"),
    "100 Continue": Trickler(b"", b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"Content-Length: 2\r\n\r\n[]"),
    "100 Continue without a pause": Trickler(
        b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, HEAD + b"Content-Length: 2\r\n\r\n[]", pause=0
    ),
}


@pytest.mark.parametrize("server", TRICKLES.values(), ids=TRICKLES)
def test_an_answer_that_trickles_ends_with_the_timeout(server: Trickler) -> None:
    with server.listening() as port:
        message = _refused(port)
    assert message.startswith("GET /projects/1/packages: ")
    assert message.endswith(" within 0.6 seconds (option timeout)")
    # The connection has not been left open either.
    assert server.left.wait(LAST)


def test_the_same_over_tls(tmp_path: Path) -> None:
    _, context = _certificate(tmp_path)
    server = Trickler(HEAD + b"Connection: close\r\n\r\n[", b" ", b"]")
    server.tls = context
    with server.listening() as port:
        assert "the answer did not end within 0.6 seconds" in _refused(port, "https", validate_certs=False)


def test_a_tls_handshake_that_trickles() -> None:
    # The beginning of a record of a handshake, which is announced to be 16 kB long.
    server = Trickler(b"\x16\x03\x03\x40\x00\x02", b"\x00", b"")
    server.wordless = True
    with server.listening() as port:
        assert "no answer within 0.6 seconds" in _refused(port, "https", validate_certs=False)


def test_the_same_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with BODY.listening() as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        with Client(Connection("http://gitlab.invalid", timeout=0.6, retries=0)) as client:  # noqa: SIM117
            with pytest.raises(Unreachable, match=r"the answer did not end within 0\.6 seconds"):
                client.get("/projects/1/packages")


def test_one_request_that_hangs_takes_no_other_with_it() -> None:
    """They share connections, and the deadline is each one's own."""
    page = reply(200, [])
    with WireServer(lambda request: page) as quick, BODY.listening() as port:
        with Client(Connection(quick.url, timeout=0.6, retries=0, concurrency=4)) as client:
            ends = time.monotonic() + 1.5
            done = client.map(lambda _: _until(client, ends), range(4))
        assert all(count > 10 for count in done)
        _refused(port)


def _until(client: Client, ends: float) -> int:
    count = 0
    while time.monotonic() < ends:
        client.get("/projects/1/packages")
        count += 1
    return count


SCRIPT = """
import signal, sys
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
try:
    with Client(Connection(sys.argv[1], timeout=600)) as client:
        client.map(lambda path: client.get(path), ["/projects/1/packages", "/projects/2/packages"])
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_waits_for_no_answer() -> None:
    server = Trickler(HEAD + b"Content-Length: 100000\r\n\r\n[", b" ", b"", lasts=60)
    with server.listening() as port:
        url = f"http://127.0.0.1:{port}"
        with subprocess.Popen([sys.executable, "-c", SCRIPT, url], stdout=subprocess.PIPE, text=True) as process:
            assert server.asked.wait(30)
            time.sleep(0.2)
            os.kill(process.pid, signal.SIGINT)
            try:
                said, _ = process.communicate(timeout=20)
            finally:
                process.kill()
    assert (said, process.returncode) == ("interrupted\n", 0)
    assert server.left.wait(20)


# --- size ----------------------------------------------------------------------------------------------------


def _packed(size: int) -> bytes:
    return gzip.compress(b"[" + b" " * size + b"]", 1)


def test_a_body_that_unpacks_without_measure_is_refused() -> None:
    packed = reply(200, _packed(101_000_000), {"Content-Encoding": "gzip"})
    with WireServer(lambda request: packed) as server:
        with Client(Connection(server.url, retries=3)) as client, pytest.raises(UnexpectedAnswer) as caught:
            client.get("/projects/1/packages")
        # The next one would be no shorter.
        assert len(server.requests) == 1
    assert caught.value.message == (
        "GET /projects/1/packages: answered with more than 100 MB, more than GitLab ever does: the rest was not read"
    )
    assert caught.value.lost


def test_a_body_below_that_is_read() -> None:
    packed = reply(200, _packed(5_000_000), {"Content-Encoding": "gzip"})
    with WireServer(lambda request: packed) as server, Client(Connection(server.url, retries=0)) as client:
        assert client.get("/projects/1/packages").data == []


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "x"])
def test_what_is_packed_otherwise_than_asked_for_is_not_unpacked(encoding: str) -> None:
    packed = reply(200, gzip.compress(_packed(10)), {"Content-Encoding": encoding})
    with WireServer(lambda request: packed) as server:
        with Client(Connection(server.url, retries=0)) as client, pytest.raises(Unreachable) as caught:
            client.get("/projects/1/packages")
        assert server.requests[0].headers["accept-encoding"] == "gzip"
    assert caught.value.message.endswith("the answer is encoded in a way that was not asked for")


@pytest.mark.parametrize("cut", [1, 20])
def test_a_packed_body_that_is_cut_off(cut: int) -> None:
    packed = reply(200, _packed(1000)[:-cut], {"Content-Encoding": "gzip"})
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(WireServer(lambda request: packed))
        client = stack.enter_context(Client(Connection(server.url, retries=0)))
        with pytest.raises(Unreachable, match="the answer ended too early"):
            client.get("/projects/1/packages")


def test_an_error_is_not_read_to_its_end() -> None:
    page = reply(502, b"<title>502 Bad Gateway</title>" + b"x" * 50_000_000)
    answers = iter([page, reply(400, {"message": "x" * 2_000_000}), reply(200, [])])
    with WireServer(lambda request: next(answers)) as server, Client(Connection(server.url, retries=0)) as client:
        with pytest.raises(ServerError) as caught:
            client.get("/projects/1/packages")
        assert caught.value.message == "GET /projects/1/packages: 502 Bad Gateway"
        with pytest.raises(BadRequest) as refused:
            client.get("/projects/1/packages")
        assert len(refused.value.message) < 500
        assert client.get("/projects/1/packages").data == []
        # The rest of an answer would stand before the next one: that comes over another connection.
        assert server.connections == 3
