# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few threads that nobody has to wait for: at the end of a run they are left where they are.

The interpreter joins the threads of ``concurrent.futures`` before it exits, whatever hangs in them: one answer that
never ends would keep a process that was told to end.
"""

from __future__ import annotations

import queue
import threading
import typing as t
from concurrent.futures import Future

T = t.TypeVar("T")
R = t.TypeVar("R")
_Job = t.Optional[tuple["Future[t.Any]", t.Callable[..., t.Any], tuple[t.Any, ...]]]


class Threads:
    """At most ``count`` daemon threads, started as there is work for them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._started = 0
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, func: t.Callable[..., R], *args: t.Any) -> Future[R]:
        """Run ``func`` in one of the threads."""
        future: Future[R] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("nothing can be submitted any more")
            self._jobs.put((future, func, args))
            if self._started < self._count:
                self._started += 1
                threading.Thread(target=self._work, name=f"gitlab_{self._started}", daemon=True).start()
        return future

    def map(self, func: t.Callable[[T], R], items: t.Iterable[T]) -> list[R]:
        """``[func(item) for item in items]``, in parallel and in order; the first error in that order is raised."""
        futures = [self.submit(func, item) for item in items]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()  # what has run already is not touched

    def close(self) -> None:
        """Begin nothing more, and wait for nothing."""
        with self._lock:
            self._closed = True
            try:
                while True:
                    job = self._jobs.get_nowait()
                    if job:
                        job[0].cancel()
            except queue.Empty:
                pass
            for _thread in range(self._started):
                self._jobs.put(None)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            future, func, args = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = func(*args)
            except BaseException as exc:
                future.set_exception(exc)
            else:
                future.set_result(result)
            # The thread may rest for long: it must not keep what it worked on.
            del job, future, func, args
