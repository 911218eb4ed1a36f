# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of ansible-playbook ends its workers, and with them the modules whose results nobody would hear.

Ansible runs each task in a worker, a process of its own; from 2.19 on in a session of its own. Where ansible-playbook
is killed, or its terminal closed, the worker goes on waiting for its module, which goes on deleting.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import signal
import threading
import time
import typing as t

from ansible.plugins.action.normal import ActionModule as NormalAction

#: How often a worker looks whether its ansible-playbook is still there, in seconds, where the system does not tell.
INTERVAL = 0.2


def end_with_parent() -> None:
    """End this worker when the process ends that started it. Returns at once."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        threading.Thread(target=_watch, args=(parent.pid,), daemon=True, name="end with parent").start()


def _watch(parent: int) -> None:
    # Linux tells at once; the process may have ended before it was asked for.
    with contextlib.suppress(AttributeError, OSError):
        select.select([os.pidfd_open(parent)], [], [])
    while os.getppid() == parent:
        time.sleep(INTERVAL)
    # Nothing is left to be done properly: there is nobody to hand a result to. The module sees that its reader is gone.
    hang_up()
    os._exit(1)


def hang_up() -> None:
    """Send SIGHUP to what this worker has started: an ssh that holds a terminal would go on otherwise.

    Only where the worker leads a process group of its own, as from ansible-core 2.19 on: before that the group is the
    user's. The worker itself does not outlive it, unless it ignores the signal.
    """
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGHUP)


class ListenedAction(NormalAction):  # type: ignore[misc]
    """Runs the module of the same name as Ansible would without it, in a worker that ends with ansible-playbook."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        end_with_parent()
        try:
            returned: dict[str, t.Any] = super().run(tmp, task_vars)
        except BaseException:
            # The task's timeout, most of all: nobody waits any more for what runs below.
            before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
            hang_up()
            signal.signal(signal.SIGHUP, before)
            raise
        return returned
