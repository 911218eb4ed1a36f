# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether somebody is still there for whom a task works, and what ends it otherwise.

Ansible leaves a module alone when the task is over before its module is: on a task's timeout, and when ansible-playbook
is killed or loses its terminal. The module runs on, and nobody would ever hear what it deletes.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import threading
import time
import types
import typing as t

#: What ends a run in the middle; not every system knows all of them.
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


#: How often something is written for the reader, in seconds, while deletes are sent.
BEAT = 0.5


class Reader:
    """The reader of a module's result, at the other end of its standard output."""

    def __init__(self, fd: int = 1) -> None:
        self._fd = fd
        self._lock = threading.Lock()
        self._beaten = -BEAT
        self._ended = False
        # Of a file, and of /dev/null, nobody is the reader; they cannot be told from one that nobody reads.
        try:
            kind = os.fstat(fd).st_mode
            self._may_go = stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) or os.isatty(fd)
        except OSError:
            self._may_go = False

    def refuse_unheard(self) -> None:
        """Raise KeyboardInterrupt where the reader has gone, and after :meth:`end`. Safe in many threads at once."""
        with self._lock:
            if self._ended or (self._may_go and (self._has_hung_up() or not self._beat())):
                raise KeyboardInterrupt

    def end(self) -> None:
        """From now on nothing is written here: the result is."""
        with self._lock:
            self._ended = True

    def _has_hung_up(self) -> bool:
        # Asked for writing: macOS tells of nothing where nothing is asked for.
        if not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        return any(event & (select.POLLERR | select.POLLHUP) for _fd, event in poll.poll(0))

    def _beat(self) -> bool:
        """Whether an empty line, which Ansible skips before a result, can be written.

        SSH (and whatever else hands the output on) notices that its own reader has gone only when it writes.
        """
        now = time.monotonic()
        if now - self._beaten >= BEAT:
            self._beaten = now
            try:
                os.write(self._fd, b"\n")
            except OSError:
                return False
        return True


def interrupt_on_signals() -> None:
    """Let each signal that ends a process end the run as Ctrl-C does; what is ignored from the start (nohup) stays so.

    From the first signal on all of them are ignored: the run ends within seconds, and tells what it did.
    """
    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]

    def interrupt(_number: int, _frame: types.FrameType | None) -> t.NoReturn:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)
