# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make sandbox` and `make demo PAUSE=1` run: the port, how to stop, where the tour waits."""

from __future__ import annotations

import re
import select
import signal
import socket
import subprocess
import sys
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT

#: How long a start may take, in seconds.
START = 60


@pytest.fixture
def start() -> Iterator[t.Callable[..., subprocess.Popen[bytes]]]:
    """Start a program of tests/demo with pipes; those that still run are ended with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(ROOT / "tests/demo" / name), *arguments]
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, bufsize=0))
        return running[-1]

    yield begin
    for process in running:
        with process:
            process.terminate()


def read_until(process: subprocess.Popen[bytes], words: str) -> str:
    """What the process prints, until it has printed these words."""
    assert process.stdout
    said = b""
    while words.encode() not in said:
        assert select.select([process.stdout], [], [], START)[0], f"{words!r} did not come: {said.decode()}"
        more = process.stdout.read(65536)
        assert more, f"it ended before {words!r}: {said.decode()}"
        said += more
    return said.decode()


def test_the_sandbox_keeps_its_port_and_says_how_to_stop(start: t.Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    first = start("sandbox.py", "--port", str(port))
    said = read_until(first, "/groups/acme/packages\n")
    assert f"http://127.0.0.1:{port} " in said
    assert f"Ctrl-C to stop it, or run: kill {first.pid}\n" in said
    second = read_until(start("sandbox.py", "--port", str(port)), "/groups/acme/packages\n")
    assert f"Port {port} is taken" in second
    assert f"http://127.0.0.1:{port} " not in second
    assert re.search(r"http://127\.0\.0\.1:\d+ ", second)
    first.send_signal(signal.SIGTERM)
    assert first.wait(START) == 0
    again = read_until(start("sandbox.py", "--port", str(port)), "/groups/acme/packages\n")
    assert f"http://127.0.0.1:{port} " in again


def test_the_tour_waits_before_each_step(start: t.Any) -> None:
    tour = start("demo.py", "--pause")
    assert "1. Facts" not in read_until(tour, "Press Enter to go on ")
    # It waits: what comes next, comes after Enter.
    assert not select.select([tour.stdout], [], [], 0.5)[0]
    tour.stdin.write(b"\n")
    read_until(tour, "1. Facts")
    tour.send_signal(signal.SIGINT)
    assert tour.wait(START) == 130
