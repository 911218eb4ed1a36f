# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the wire: where their bytes may come from, who learns the token, and how long it may take."""

from __future__ import annotations

import socket
import threading
import time
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import errors
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import (
    Client,
    Connection,
    Token,
    Upload,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import Request, answer, scripted

TOKEN = Token("private", "glpat-s3cret")
SIGNED = "/bucket/file?X-Amz-Signature=5f0e3c"
DATA = bytes(range(256)) * 1024


class Sink:
    """Takes a file's bytes; ``begun`` counts the tries."""

    def __init__(self) -> None:
        self.begun = 0
        self.data = bytearray()

    def start(self) -> t.Callable[[bytes], object]:
        self.begun += 1
        self.data = bytearray()
        return self.data.extend


def fetched(client: Client, most: int | None = None) -> Sink:
    sink = Sink()
    client.download("/projects/1/packages/generic/a/1/f", sink.start, most)
    return sink


def refused(client: Client) -> GitlabError:
    with pytest.raises(GitlabError) as raised:
        fetched(client)
    assert "5f0e3c" not in raised.value.message
    assert "s3cret" not in raised.value.message
    return raised.value


def carried(request: Request) -> set[str]:
    return {"private-token", "authorization", "job-token", "deploy-token", "cookie"} & set(request.headers)


def test_the_token_stays_with_gitlab() -> None:
    with scripted(lambda _request: answer(DATA, Set_Cookie="a=b")) as storage:

        def say(_request: Request) -> bytes:
            return answer(b"", 302, Location=f"{storage.url}{SIGNED}", Set_Cookie="session=1")

        with scripted(say) as gitlab, gitlab.client(token=TOKEN) as client:
            assert bytes(fetched(client, len(DATA)).data) == DATA
            assert bytes(fetched(client).data) == DATA
    assert [carried(request) for request in gitlab.requests] == [{"private-token"}] * 2
    assert [(request.target, carried(request)) for request in storage.requests] == [(SIGNED, set())] * 2


def test_a_storage_below_the_same_host_is_no_gitlab() -> None:
    def say(request: Request) -> bytes:
        return answer(DATA) if request.target == SIGNED else answer(b"", 302, Location=SIGNED)

    with scripted(say) as gitlab, gitlab.client(token=TOKEN) as client:
        assert bytes(fetched(client).data) == DATA
    assert [carried(request) for request in gitlab.requests] == [{"private-token"}, set()]


def test_a_moved_project_is_followed_with_the_token() -> None:
    def say(request: Request) -> bytes:
        moved = "/projects/1/" in request.target
        return answer(b"", 301, Location=request.target.replace("/1/", "/2/", 1)) if moved else answer(DATA)

    with scripted(say) as gitlab, gitlab.client(token=TOKEN) as client:
        assert bytes(fetched(client).data) == DATA
    assert [carried(request) for request in gitlab.requests] == [{"private-token"}] * 2


def test_one_redirect_and_no_more() -> None:
    with scripted(lambda _request: answer(b"", 302, Location="/elsewhere")) as storage:

        def say(_request: Request) -> bytes:
            return answer(b"", 302, Location=f"{storage.url}{SIGNED}")

        with scripted(say) as gitlab, gitlab.client(token=TOKEN) as client:
            error = refused(client)
    assert isinstance(error, errors.RedirectRefused)
    assert error.message.endswith(
        f"was redirected to {storage.url[7:]}, and from there again: one redirect is followed, no more"
    )
    assert len(storage.requests) == 1


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/f", "file:///etc/passwd", "", "http://[", "http:///f"])
def test_what_is_no_address_of_a_file(location: str) -> None:
    with (
        scripted(lambda _request: answer(b"", 302, Location=location)) as gitlab,
        gitlab.client(token=TOKEN) as client,
    ):
        error = refused(client)
    assert isinstance(error, errors.RedirectRefused)


def test_a_storage_that_refuses_says_so_without_its_address() -> None:
    xml = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'
    with (
        scripted(lambda _request: answer(xml, 403)) as storage,
        scripted(lambda _request: answer(b"", 302, Location=f"{storage.url}{SIGNED}")) as gitlab,
        gitlab.client(token=TOKEN) as client,
    ):
        error = refused(client)
    assert isinstance(error, errors.StorageRefused)
    assert f"the object storage {storage.url[7:]} answered 403" in error.message


def test_a_storage_that_is_not_there_says_so_without_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with (
        scripted(lambda _request: answer(b"", 302, Location=f"http://127.0.0.1:{port}{SIGNED}")) as gitlab,
        gitlab.client(token=TOKEN) as client,
    ):
        error = refused(client)
    assert isinstance(error, errors.Unreachable)
    assert f"the object storage 127.0.0.1:{port} does not answer" in error.message


def test_each_try_begins_anew_with_a_new_address() -> None:
    whole = answer(DATA)
    bodies = [whole[:-5], answer(b"slow down", 503), whole]
    with (
        scripted(lambda _request: bodies[len(storage.requests) - 1]) as storage,
        scripted(lambda _request: answer(b"", 302, Location=f"{storage.url}{SIGNED}")) as gitlab,
        gitlab.client(token=TOKEN, retries=2) as client,
    ):
        sink = fetched(client, len(DATA))
    assert (bytes(sink.data), sink.begun, len(gitlab.requests)) == (DATA, 3, 3)


def test_more_than_the_file_has_is_not_read() -> None:
    with (
        scripted(lambda _request: answer(DATA)) as gitlab,
        gitlab.client(token=TOKEN) as client,
        pytest.raises(errors.FileDiffers) as raised,
    ):
        fetched(client, 1000)
    assert "more bytes came than the 1000 that the file has" in raised.value.message


def test_a_full_disk_is_no_fault_of_the_wire() -> None:
    def full(_piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    with (
        scripted(lambda _request: answer(DATA)) as gitlab,
        gitlab.client(token=TOKEN, retries=3) as client,
        pytest.raises(OSError, match="No space left on device"),
    ):
        client.download("/projects/1/f", lambda: full)
    assert len(gitlab.requests) == 1


@contextmanager
def talking(say: t.Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with each connection what it is told; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _peer = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection:
                try:
                    say(connection)
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def head_of(connection: socket.socket) -> bytes:
    came = b""
    while b"\r\n\r\n" not in came:
        came += connection.recv(65536)
    return came


def connected(url: str, **options: t.Any) -> Client:
    return Client(Connection(**{"api_url": url, "token": TOKEN, "retries": 0, "timeout": 0.6, **options}))


def test_a_file_may_take_longer_than_the_timeout_but_not_stand_still() -> None:
    pieces = [DATA[:131072], DATA[131072:]]

    def slow(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(DATA))
        for piece in pieces:
            time.sleep(0.4)
            connection.sendall(piece)

    with talking(slow) as url, connected(url) as client:
        assert bytes(fetched(client).data) == DATA

    def trickling(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b".")
            time.sleep(0.02)

    with talking(trickling) as url, connected(url) as client:
        error = refused(client)
    assert error.message.endswith("no 64 KiB of the file came within 0.6 seconds (option timeout)")


def received(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of a request."""
    head, _end, body = head_of(connection).partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head, body


def test_an_upload_goes_piece_by_piece_with_its_length() -> None:
    came: list[tuple[bytes, bytes]] = []

    def take(connection: socket.socket) -> None:
        came.append(received(connection))
        connection.sendall(b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")

    with talking(take) as url, connected(url) as client:
        pieces = (DATA[i : i + 100000] for i in range(0, len(DATA), 100000))
        said = client.upload("PUT", "/projects/1/f", lambda: Upload(pieces, len(DATA)), {"X-Any": "1"})
        empty = client.upload("PUT", "/projects/1/f", lambda: Upload((), 0), basic="mia")
    assert (said.status, said.data, empty.status) == (201, None, 201)
    assert [body for _head, body in came] == [DATA, b""]
    assert b"PRIVATE-TOKEN: glpat-s3cret" in came[0][0]
    assert b"Transfer-Encoding" not in came[0][0]
    assert b"Authorization: Basic bWlhOmdscGF0LXMzY3JldA==" in came[1][0]
    assert b"PRIVATE-TOKEN" not in came[1][0]


def test_an_upload_is_not_sent_again_where_it_may_have_worked() -> None:
    came: list[bytes] = []

    def drop(connection: socket.socket) -> None:
        came.append(received(connection)[1])

    with talking(drop) as url, connected(url, retries=3) as client, pytest.raises(errors.Unreachable) as raised:
        client.upload("PUT", "/projects/1/f", lambda: Upload([b"data"], 4))
    assert raised.value.lost
    assert came == [b"data"]


def test_an_upload_that_was_refused_by_the_rate_limit_is_sent_again() -> None:
    came: list[bytes] = []

    def say(connection: socket.socket) -> None:
        came.append(received(connection)[1])
        status = b"429 Too Many" if len(came) == 1 else b"201 Created"
        connection.sendall(
            b"HTTP/1.1 %s\r\nRetry-After: 0\r\nRateLimit-Limit: 9999\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            % status
        )

    with talking(say) as url, connected(url, retries=1) as client:
        client.upload("PUT", "/projects/1/f", lambda: Upload([b"data"], 4))
    assert came == [b"data", b"data"]


@pytest.mark.parametrize("pieces", [[b"dat"], [b"data", b"!"]])
def test_a_file_of_another_size_than_announced_is_not_sent(pieces: list[bytes]) -> None:
    def say(connection: socket.socket) -> None:
        received(connection)

    with talking(say) as url, connected(url) as client, pytest.raises(OSError, match="of another size"):
        client.upload("PUT", "/projects/1/f", lambda: Upload(pieces, 4))


def test_an_upload_that_nobody_takes_ends() -> None:
    held: list[socket.socket] = []

    def hold(connection: socket.socket) -> None:
        head_of(connection)
        held.append(connection.dup())

    big = 64 * 1024 * 1024
    pieces = (b"\0" * 1048576 for _ in range(64))
    with talking(hold) as url, connected(url) as client, pytest.raises(errors.Unreachable) as raised:
        client.upload("PUT", "/projects/1/f", lambda: Upload(pieces, big))
    assert "within 0.6 seconds (option timeout)" in raised.value.message


def test_no_redirect_for_what_is_sent() -> None:
    def say(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(b"HTTP/1.1 307 Moved\r\nLocation: /api/v4/other\r\nContent-Length: 0\r\n\r\n")

    with talking(say) as url, connected(url) as client, pytest.raises(errors.RedirectRefused):
        client.upload("PUT", "/projects/1/f", lambda: Upload([b"data"], 4))
