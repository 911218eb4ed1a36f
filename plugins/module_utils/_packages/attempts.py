# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes are sent, several at a time, until all are done or something ends the run. Nothing of Ansible.

What ends a run in the middle is a KeyboardInterrupt: of a signal in the main thread, or of :class:`PackagesApi`'s
``before_delete`` in a thread that is about to send. Then nothing more is sent, and what is known of each item is kept:
a run that is interrupted still tells what it did.
"""

from __future__ import annotations

import queue
import threading
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    InsufficientGranularScope,
    InsufficientScope,
    JobTokenRefused,
    PreconditionFailed,
    ProjectArchived,
    RegistryOff,
    Unauthorized,
)

#: Looks at an item right before its delete: why it must not go after all (a text for its result), or None.
Look = t.Callable[[dict[str, t.Any]], t.Optional[str]]
#: How many seconds an interrupted run waits for the answers to what it has sent.
PATIENCE = 1.0
NOT_TRIED = "not tried: interrupted"
#: What fails all other items in the same way, and what fails those of the same project.
HOPELESS = (Unauthorized, InsufficientScope)
HOPELESS_IN_PROJECT = (ProjectArchived, RegistryOff, JobTokenRefused, InsufficientGranularScope)


@dataclass(frozen=True)
class Attempted:
    """The error of each item (None: its delete was answered well), in their order, and what ended it early."""

    errors: list[GitlabError | None]
    stopped: BaseException | None = None


def attempt_all(
    client: Client,
    delete: t.Callable[[t.Any], None],
    items: t.Sequence[t.Any],
    look: Look | None = None,
) -> Attempted:
    """Call ``delete(item)`` for each item in the client's threads, each after a ``look`` at it. Never raises.

    An item has its ``project_id``. One that was not tried any more has an error that says so: after an interrupt, and
    where another one's error showed that it would fail in the same way.
    """
    return _Attempts(delete, look).run(client, items)


class _Attempts:
    def __init__(self, delete: t.Callable[[t.Any], None], look: Look | None) -> None:
        self._delete = delete
        self._look = look
        #: An error that shows that all others would fail the same way, by the project's ID; None: in every project.
        self._hopeless: dict[int | None, GitlabError] = {}
        self._lock = threading.Lock()
        self._ended = False
        self._sending: set[int] = set()
        self._known: dict[int, GitlabError | None] = {}
        #: One entry for each item that a thread is done with: what went wrong beyond its own delete.
        self._done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def run(self, client: Client, items: t.Sequence[t.Any]) -> Attempted:
        stopped: BaseException | None = None
        try:
            for index, item in enumerate(items):
                client.submit(self._attempt, index, item)
            for _item in items:
                stopped = self._done.get()
                if stopped:
                    break
        except KeyboardInterrupt as interrupt:
            stopped = interrupt
        if stopped:
            self._end()
        return Attempted([self._error_of(index) for index in range(len(items))], stopped)

    def _end(self) -> None:
        with self._lock:
            self._ended = True
        deadline = time.monotonic() + PATIENCE
        while self._sending and time.monotonic() < deadline:
            time.sleep(0.01)

    def _error_of(self, index: int) -> GitlabError | None:
        if index in self._known:
            return self._known[index]
        if index in self._sending:
            return GitlabError("interrupted while it was being deleted: it may be gone")
        return GitlabError(NOT_TRIED)

    # --- in the client's threads -----------------------------------------------------------------------------

    def _attempt(self, index: int, item: t.Any) -> None:
        if self._ended:
            return
        trouble: BaseException | None = None
        try:
            self._known[index] = self._error(index, item)
        except KeyboardInterrupt as exc:
            trouble = exc
        except BaseException as exc:  # whatever it is, the main thread must hear of it
            trouble = exc
            self._known[index] = GitlabError("an unexpected error ended it: it may be gone")
        finally:
            self._sending.discard(index)
            self._done.put(trouble)

    def _error(self, index: int, item: t.Any) -> GitlabError | None:
        hopeless = self._hopeless.get(None) or self._hopeless.get(item["project_id"])
        if hopeless:
            return type(hopeless)(f"not tried: {hopeless.message}")
        try:
            self._look_at(item)
            self._begin(index)
            self._delete(item)
        except GitlabError as error:
            if isinstance(error, HOPELESS):
                self._hopeless[None] = error
            elif isinstance(error, HOPELESS_IN_PROJECT):
                self._hopeless[item["project_id"]] = error
            return error
        return None

    def _begin(self, index: int) -> None:
        """From here on it may be gone. A look, such as one that archives, may have outlasted the run."""
        with self._lock:
            if self._ended:
                raise GitlabError(NOT_TRIED)
            self._sending.add(index)

    def _look_at(self, item: t.Any) -> None:
        try:
            changed = self._look(item) if self._look else None
        except GitlabError as error:
            error.lost = False  # the answer to a look, not to a delete
            raise
        if changed is not None:
            raise PreconditionFailed(changed)
