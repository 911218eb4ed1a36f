# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether somebody still reads: real pipes, sockets, terminals and processes."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.listening import Reader

#: Asks until nobody is there any more; its last breath is a file.
ASKS = """
import sys, time
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.listening import Reader
reader = Reader()
deadline = time.monotonic() + 30
try:
    while time.monotonic() < deadline:
        reader.refuse_unheard()
        time.sleep(0.01)
except KeyboardInterrupt:
    open(sys.argv[1], "w").close()
"""


@pytest.mark.parametrize("kind", ["pipe", "socket", "terminal"])
def test_a_reader_that_goes(kind: str) -> None:
    if kind == "pipe":
        read, write = os.pipe()
    elif kind == "terminal":
        read, write = pty.openpty()
    else:
        ours, theirs = socket.socketpair()
        read, write = ours.detach(), theirs.detach()
    reader = Reader(write)
    reader.refuse_unheard()
    reader.refuse_unheard()
    # One empty line, not one for each delete.
    assert os.read(read, 100).strip() == b""
    os.close(read)
    with pytest.raises(KeyboardInterrupt):
        reader.refuse_unheard()
    os.close(write)


def test_a_half_closed_socket_still_reads() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.shutdown(socket.SHUT_WR)
        Reader(theirs.fileno()).refuse_unheard()


@pytest.mark.parametrize("path", ["file", "/dev/null"])
def test_what_has_no_reader_that_could_go(tmp_path: Path, path: str) -> None:
    with open(tmp_path / path, "wb") as file:
        Reader(file.fileno()).refuse_unheard()
        assert file.seek(0, os.SEEK_END) == 0


def test_nothing_is_written_into_the_result() -> None:
    read, write = os.pipe()
    reader = Reader(write)
    reader.end()
    with pytest.raises(KeyboardInterrupt):
        reader.refuse_unheard()
    os.close(write)
    assert os.read(read, 100) == b""
    os.close(read)


def test_a_reader_behind_another_program(tmp_path: Path) -> None:
    """`cat` stands for ssh: it is there until it writes, and finds that nobody reads what it hands on."""
    read, write = os.pipe()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=write) as cat:
        os.close(write)
        done = tmp_path / "done"
        with subprocess.Popen([sys.executable, "-c", ASKS, str(done)], stdout=cat.stdin) as asking:
            assert cat.stdin is not None
            cat.stdin.close()
            assert os.read(read, 1) == b"\n"
            assert not done.exists()
            os.close(read)
            asking.wait(timeout=20)
    assert done.exists()
