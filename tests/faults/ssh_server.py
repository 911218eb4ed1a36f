# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real SSH server on loopback, whose connections a test can cut. What it runs it leaves alone then, as sshd does."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import subprocess
import termios
import threading
import typing as t
from pathlib import Path

import asyncssh


class SshServer:
    """Runs commands as this user, in a terminal where the client asks for one; a context manager.

    ``folder`` gets the client's key; ``env`` is the environment of what runs.
    """

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.port = 0
        self.key = folder / "key"
        self._env = env
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open: list[asyncssh.SSHServerConnection] = []
        self._server: asyncssh.SSHAcceptor | None = None
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(self.key))
        self.key.chmod(0o600)
        self._known = key.export_public_key().decode()

    @property
    def host(self) -> dict[str, t.Any]:
        """The variables by which Ansible reaches it."""
        return {
            "ansible_connection": "ansible.builtin.ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
        }

    def __enter__(self) -> SshServer:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=30)
        self.port = self._server.get_port()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.cut()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()

    def cut(self) -> None:
        """Break every connection off, without a word to the clients."""

        async def abort() -> None:
            for connection in self._open:
                connection.abort()

        asyncio.run_coroutine_threadsafe(abort(), self._loop).result(timeout=30)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        opened = self._open

        class Server(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                opened.append(conn)

        return await asyncssh.create_server(
            Server,
            "127.0.0.1",
            0,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            authorized_client_keys=asyncssh.import_authorized_keys(self._known),
            process_factory=self._run,
            sftp_factory=True,
            encoding=None,
            line_editor=False,
        )

    async def _end(self) -> None:
        if self._server:
            self._server.close()
            await self._server.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=5) if others else None

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        end, ends = _terminal() if process.term_type else _pipes()
        child = subprocess.Popen(
            ["/bin/sh", "-c", process.command or "exit 1"],
            stdin=ends[0],
            stdout=ends[1],
            stderr=ends[1],
            env=self._env,
            start_new_session=True,
            preexec_fn=_take_terminal if process.term_type else None,
        )
        for one in {*ends}:
            os.close(one)
        said = asyncio.ensure_future(_hand_on(end[1], process.stdout))
        heard = asyncio.ensure_future(_hand_over(process.stdin, end[0]))
        cut = asyncio.ensure_future(process.wait_closed())
        await asyncio.wait([said, cut], return_when=asyncio.FIRST_COMPLETED)
        # The ends are closed, and no signal is sent: the one of a terminal is the kernel's.
        for task in (said, heard):
            task.cancel()
        await asyncio.wait([said, heard])
        for one in {*end}:
            os.close(one)
        if not cut.done():
            process.exit(await asyncio.to_thread(child.wait))
            await cut


def _pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Our ends, to write to and to read from, and those of the child: its input and its output."""
    (their_input, our_input), (our_output, their_output) = os.pipe(), os.pipe()
    return (our_input, our_output), (their_input, their_output)


def _terminal() -> tuple[tuple[int, int], tuple[int, int]]:
    ours, theirs = pty.openpty()
    return (ours, ours), (theirs, theirs)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


async def _ready(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(fd, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(fd)


async def _hand_on(fd: int, output: t.Any) -> None:
    """What the child says, until it or its terminal has ended."""
    with contextlib.suppress(OSError):
        while True:
            await _ready(fd)
            data = os.read(fd, 65536)
            if not data:
                return
            output.write(data)


async def _hand_over(source: t.Any, fd: int) -> None:
    """What the client says; the end of a client's input closes a pipe, and no terminal."""
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await source.read(65536):
            await asyncio.to_thread(os.write, fd, data)
