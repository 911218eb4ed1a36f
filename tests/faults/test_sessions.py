# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal that is closed, and SSH connections that break: with them the deletes end that were begun there."""

from __future__ import annotations

import os
import pty
import signal
import sys
import tempfile
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.tests.faults.runs import (
    DELETE_ALL,
    begin,
    left_for_good,
    many,
    wait_for_deletes,
)
from ansible_collections.registryops.gitlab.tests.faults.ssh_server import SshServer
from ansible_collections.registryops.gitlab.tests.integration.conftest import environment
from gitlab_sandbox.testing import Sandbox

#: Runs a command in the terminal that is its standard input, as a shell in a window does.
IN_TERMINAL = """
import fcntl, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


def test_a_terminal_that_is_closed(start: t.Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = many(start)
    ours, theirs = pty.openpty()
    process = begin(sandbox, tmp_path, DELETE_ALL, command=[sys.executable, "-c", IN_TERMINAL], terminal=theirs)
    os.close(theirs)
    wait_for_deletes(sandbox, process, 50)
    os.close(ours)
    process.wait(timeout=30)
    left_for_good(sandbox)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path, environment(tmp_path)) as running:
        yield running


@pytest.mark.parametrize("terminal", [True, False], ids=["with a terminal", "without"])
@pytest.mark.parametrize("what", ["cut", "kill"])
def test_an_ssh_connection_that_breaks(
    start: t.Callable[..., Sandbox], tmp_path: Path, server: SshServer, what: str, terminal: bool
) -> None:
    """The module runs on the far side of the connection. Its other end breaks off, or ansible-playbook is killed."""
    sandbox = many(start)
    to = {"api_url": sandbox.api_url, "api_token": "glpat-mia"}
    task = {"registryops.gitlab.package": {**DELETE_ALL["registryops.gitlab.package"], **to}}
    there = {**server.host, "ansible_python_interpreter": sys.executable, "ansible_ssh_use_tty": terminal}
    with tempfile.TemporaryDirectory() as short:  # a socket's path has some hundred characters at most
        play = {"vars": {**there, "ansible_control_path_dir": short}}
        process = begin(sandbox, tmp_path, task, play=play)
        wait_for_deletes(sandbox, process, 50)
        if what == "cut":
            server.cut()
        else:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        left_for_good(sandbox)
