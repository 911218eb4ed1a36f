# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was asked, when, and how many requests were in flight at once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from gitlab_sandbox.answers import Headers
from gitlab_sandbox.credentials import read_credentials

# Wall-clock time that never goes backwards.
_OFFSET = time.time() - time.monotonic()

_KEPT_HEADERS = frozenset(
    (
        b"private-token",
        b"authorization",
        b"job-token",
        b"deploy-token",
        b"x-nuget-apikey",
        b"host",
        b"if-unmodified-since",
    )
)


class Exchange:
    """One API request, from its arrival to the end of its answer. Times are monotonic seconds."""

    __slots__ = (
        "_journal",
        "arrived",
        "credentials",
        "finished",
        "host",
        "if_unmodified_since",
        "method",
        "path",
        "query",
        "status",
    )

    def __init__(self, journal: Journal, method: str, path: str, query: str, headers: Headers) -> None:
        kept = {name: value.decode("latin-1").strip() for name, value in headers if name in _KEPT_HEADERS}
        self._journal = journal
        self.arrived = time.monotonic()
        self.finished: float | None = None
        self.method = method
        self.path = path
        self.query = query
        self.status: int | None = None
        self.host = kept.get(b"host")
        self.if_unmodified_since = kept.get(b"if-unmodified-since")
        self.credentials = read_credentials(kept)

    @property
    def auth(self) -> str:
        """In which way the first token came; ``none`` without one."""
        return self.credentials[0].kind if self.credentials else "none"

    def finish(self, status: int | None) -> None:
        """The answer is sent, or, without a status, there will be none. Only the first call counts."""
        if self.finished is None:
            self.finished = time.monotonic()
            self.status = status
            self._journal.in_flight -= 1

    def record(self) -> dict[str, Any]:
        """The request as the control call shows it: never with a token."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "auth": self.auth,
            "if_unmodified_since": self.if_unmodified_since,
            "host": self.host,
            "started_at": self.arrived + _OFFSET,
            "finished_at": None if self.finished is None else self.finished + _OFFSET,
        }


class Journal:
    """All requests since the last :meth:`forget`."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self.in_flight = 0
        self.max_in_flight = 0

    def begin(self, method: str, path: str, query: str, headers: Headers) -> Exchange:
        """Note that a request has arrived."""
        exchange = Exchange(self, method, path, query, headers)
        self._exchanges.append(exchange)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return exchange

    def records(self) -> Iterable[dict[str, Any]]:
        """The requests, oldest first."""
        return [exchange.record() for exchange in self._exchanges]

    def forget(self) -> None:
        """Forget the requests; those still in flight count for the new maximum."""
        self._exchanges = []
        self.max_in_flight = self.in_flight
