# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One deadline for each request as a whole, and an end to all of them at once.

A socket's own timeout is for one wait: a server that sends a byte now and then, headers without end, or one
``100 Continue`` after the other, holds a request for ever. So one thread watches all requests, and shuts the socket of
each whose time is up; what waits for that socket then meets its end. Only what has no socket yet escapes it: the DNS
has its own patience, and connecting has the socket's timeout for each address. A proxy of kind SOCKS has that one only.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import typing as t
from collections.abc import Iterator

_here = threading.local()


class Running:
    """A request that has been begun in this thread. ``cut``: its time was up, or the run has ended.

    ``waits_for`` are the words for what did not come in time.
    """

    def __init__(self, watch: Watch, ends: float) -> None:
        self.cut = False
        self.waits_for = "no answer"
        self.ends = ends
        self._watch = watch
        self._socket: socket.socket | None = None
        self._own = False

    def hold(self, sock: socket.socket, own: bool) -> None:
        """The request now goes through this socket; one that is its ``own`` is closed when it is done with."""
        with self._watch.changed:
            for other in self._watch.running:
                # A connection may be in use again before the request that had it is over.
                if other._socket is sock:
                    other.let_go()
            self.let_go()
            self._socket, self._own = sock, own
            if self.cut:
                self.shut()

    def let_go(self) -> None:
        """Forget the socket."""
        if self._own and self._socket is not None:
            self._socket.close()
        self._socket, self._own = None, False

    def extend(self, seconds: float) -> None:
        """From now on it may take so long: what streams has a deadline for each piece."""
        with self._watch.changed:
            self.ends = time.monotonic() + seconds
            self._watch.keeps(self.ends)

    def shut(self) -> None:
        """End it: whoever reads from the socket or writes to it is woken."""
        self.cut = True
        if self._socket is not None:
            # Not the method of a TLS socket: that one takes TLS away from under the reader.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watch:
    """Watches the requests of one client. Safe in many threads at once."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.running: set[Running] = set()
        self._wakes = float("-inf")
        self._closed = False

    @contextlib.contextmanager
    def request(self, seconds: float) -> Iterator[Running]:
        """A request of this thread, that may take so long."""
        running = Running(self, time.monotonic() + seconds)
        with self.changed:
            self.running.add(running)
            if self._closed:
                running.cut = True
            elif self._wakes == float("-inf"):
                self._wakes = float("inf")
                threading.Thread(target=self._run, name="gitlab_deadlines", daemon=True).start()
            self.keeps(running.ends)
        _here.running = running
        try:
            yield running
        finally:
            _here.running = None
            with self.changed:
                self.running.discard(running)
                running.let_go()

    def keeps(self, ends: float) -> None:
        """Be awake by then; ``changed`` is held."""
        if ends < self._wakes:
            self.changed.notify_all()

    def close(self) -> None:
        """Cut all requests, and those that are still to come."""
        with self.changed:
            self._closed = True
            for running in self.running:
                running.shut()
            self.changed.notify_all()

    def _run(self) -> None:
        with self.changed:
            while not self._closed:
                now = time.monotonic()
                for running in self.running:
                    if running.ends <= now and not running.cut:
                        running.shut()
                self._wakes = min((r.ends for r in self.running if not r.cut), default=float("inf"))
                # Those that begin later end later too, unless they say so: it sleeps through most of them.
                self.changed.wait(None if self._wakes == float("inf") else self._wakes - now)


def hold(sock: socket.socket | None, own: bool = False) -> None:
    """The request that runs in this thread goes through this socket; without one nothing is watched."""
    running: Running | None = getattr(_here, "running", None)
    if running is not None and sock is not None:
        running.hold(sock, own)
    elif own and sock is not None:
        sock.close()


try:
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    pass  # client.py says what is missing
else:

    class _Watched:
        """A connection that shows its socket, from the first moment on."""

        sock: socket.socket | None

        def _new_conn(self) -> socket.socket:
            made = t.cast(socket.socket, super()._new_conn())  # type: ignore[misc]
            # TLS takes the socket over before it shakes hands: until that is done, watch a second one of the same.
            hold(made.dup(), own=True)
            return made

        def connect(self) -> None:
            super().connect()  # type: ignore[misc]
            hold(self.sock)

        def putrequest(self, *args: t.Any, **more: t.Any) -> None:
            hold(self.sock)
            super().putrequest(*args, **more)  # type: ignore[misc]

    class _Connection(_Watched, HTTPConnection):
        pass

    class _TlsConnection(_Watched, HTTPSConnection):
        pass

    class _Pool(HTTPConnectionPool):
        ConnectionCls = _Connection

    class _TlsPool(HTTPSConnectionPool):
        ConnectionCls = _TlsConnection

    _POOLS = {"http": _Pool, "https": _TlsPool}

    class WatchedAdapter(HTTPAdapter):
        """Sends over connections that a :class:`Watch` can cut, straight or through an HTTP proxy."""

        def init_poolmanager(self, *args: t.Any, **more: t.Any) -> None:
            super().init_poolmanager(*args, **more)
            self.poolmanager.pool_classes_by_scheme = _POOLS

        def proxy_manager_for(self, proxy: str, **more: t.Any) -> t.Any:
            manager = super().proxy_manager_for(proxy, **more)
            if not proxy.lower().startswith("socks"):
                manager.pool_classes_by_scheme = _POOLS
            return manager
