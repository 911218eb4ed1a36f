# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rate limits (contract, section 6)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from email.utils import formatdate

from gitlab_sandbox import answers, clock
from gitlab_sandbox.answers import Answer, Headers
from gitlab_sandbox.directory import Instance


@dataclass(frozen=True)
class Count:
    """Where a client stands in a window: how many requests it has made there, and when it ends, in Unix seconds."""

    observed: int
    exceeded: bool
    reset: int
    retry_after: int


class Window:
    """So many requests of one client in so many seconds. Windows begin at multiples of their length."""

    def __init__(self, requests: int, seconds: int) -> None:
        self.requests = requests
        self.seconds = seconds
        self._number = 0
        self._observed: dict[str, int] = {}

    def count(self, client: str) -> Count:
        """Count a request."""
        now = clock.timestamp()
        number = int(now // self.seconds)
        if number != self._number:
            self._number = number
            self._observed.clear()
        observed = self._observed[client] = self._observed.get(client, 0) + 1
        reset = (number + 1) * self.seconds
        return Count(observed, observed > self.requests, reset, max(1, math.ceil(reset - now)))


class Throttle:
    """A limit that answers with ``RateLimit-*`` headers: on a refusal, or on every answer (``always``)."""

    def __init__(self, requests: int, seconds: int, name: str, always: bool) -> None:
        self._window = Window(requests, seconds)
        self._name = name
        self._always = always

    def count(self, client: str, authenticated: bool) -> tuple[Headers, Answer | None]:
        """Count a request; the headers for its answer, and the answer itself if there are too many."""
        window = self._window
        count = window.count(client)
        name = f"throttle_{'authenticated' if authenticated else 'unauthenticated'}_{self._name}"
        headers: Headers = [
            # Whatever the window, the quota is said for 60 seconds.
            (b"ratelimit-limit", b"%d" % math.ceil(window.requests * 60 / window.seconds)),
            (b"ratelimit-name", name.encode()),
            (b"ratelimit-observed", b"%d" % count.observed),
            (b"ratelimit-remaining", b"%d" % max(0, window.requests - count.observed)),
            (b"ratelimit-reset", b"%d" % count.reset),
            (b"ratelimit-resettime", formatdate(count.reset, usegmt=True).encode()),
        ]
        if not count.exceeded:
            return (headers if self._always else []), None
        refusal = [(b"content-type", b"text/plain"), (b"retry-after", b"%d" % count.retry_after)]
        return headers, Answer(429, b"Retry later", refusal)


class CallLimit:
    """A limit of one call, which answers in JSON and without ``RateLimit-*``."""

    def __init__(self, requests: int, seconds: int, current: bool) -> None:
        self._window = Window(requests, seconds)
        self._current = current

    def count(self, client: str) -> Answer | None:
        """Count a request; the answer if there are too many."""
        if not self._window.count(client).exceeded:
            return None
        text = "This endpoint has been requested too many times. Try again later."
        # Newer servers say how long the window is, not how much of it is left.
        headers: Headers = [(b"retry-after", b"%d" % self._window.seconds)] if self._current else []
        return answers.json_answer(429, {"message": {"error": text}}, headers)


class Limits:
    """All limits of the server: ``rate`` is ``--rate-limit``, the others are those of the seed's instance."""

    def __init__(self, rate: tuple[int, int] | None, instance: Instance, always: bool) -> None:
        named = instance.limits
        self._throttles: dict[str, Throttle] = {}
        if rate is not None:
            self._throttles["api"] = Throttle(*rate, "api", always)
        if "packages" in named:
            self._throttles["packages"] = Throttle(*named["packages"], "packages_api", always)
        self._calls = {name: CallLimit(*limit, instance.current) for name, limit in named.items() if name != "packages"}

    def count(self, limit: str, call: str | None, client: str, authenticated: bool) -> tuple[Headers, Answer | None]:
        """Count a request against ``limit`` (``api``, ``packages``) and the own limit of its ``call``, if any."""
        headers: Headers = []
        refusal: Answer | None = None
        throttle = self._throttles.get(limit)
        if throttle is not None:
            headers, refusal = throttle.count(client, authenticated)
        own = self._calls.get(call) if call is not None else None
        if own is not None and refusal is None:
            refusal = own.count(client)
        return headers, refusal
