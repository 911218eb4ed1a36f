# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rate limit (contract, section 6)."""

from __future__ import annotations

import math
import time
from email.utils import formatdate

from gitlab_sandbox.answers import Answer, Headers


class RateLimit:
    """So many requests of one token in so many seconds.

    A window opens with a token's first request and not at a fixed time, so that a client's first
    requests never straddle two.
    """

    def __init__(self, requests: int, seconds: int) -> None:
        self._requests = requests
        self._seconds = seconds
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, client: str, authenticated: bool) -> tuple[Headers, Answer | None]:
        """Count a request; the headers for its answer, and the answer itself if there are too many."""
        now = time.time()
        end, observed = self._windows.get(client, (0.0, 0))
        if now >= end:
            end, observed = now + self._seconds, 0
            if len(self._windows) > 10_000:
                self._windows = {key: window for key, window in self._windows.items() if window[0] > now}
        observed += 1
        self._windows[client] = (end, observed)
        reset = math.ceil(end)
        headers: Headers = [
            (b"ratelimit-limit", b"%d" % self._requests),
            (b"ratelimit-name", b"throttle_authenticated_api" if authenticated else b"throttle_unauthenticated_api"),
            (b"ratelimit-observed", b"%d" % observed),
            (b"ratelimit-remaining", b"%d" % max(0, self._requests - observed)),
            (b"ratelimit-reset", b"%d" % reset),
        ]
        if observed <= self._requests:
            return headers, None
        refusal = [
            (b"content-type", b"text/plain"),
            (b"retry-after", b"%d" % max(1, math.ceil(end - now))),
            (b"ratelimit-resettime", formatdate(reset, usegmt=True).encode()),
        ]
        return headers, Answer(429, b"Retry later", refusal)
