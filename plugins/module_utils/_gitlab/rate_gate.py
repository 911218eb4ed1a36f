# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the next request may be sent: how many are in flight, and what the server's rate limit leaves.

Nothing here knows HTTP beyond the names of the headers (contract, section 6). Times are seconds.
"""

from __future__ import annotations

import email.utils
import threading
import time
import typing as t
from dataclasses import dataclass

#: A server that asks for a longer wait than this is not waited for (seconds). GitLab's own windows are a minute.
MAX_WAIT = 900.0


class Closed(Exception):
    """The gate was closed while a request waited for its turn."""


@dataclass(frozen=True)
class Limits:
    """What an answer's headers say of the rate limit. None: not said, or not usable."""

    remaining: int | None = None
    resets_in: float | None = None
    retry_after: float | None = None


def read_limits(headers: t.Mapping[str, str]) -> Limits:
    """Read ``RateLimit-Remaining``, ``RateLimit-Reset`` and ``Retry-After``; ``headers`` ignores case.

    ``RateLimit-Reset`` is a time of the server's clock: it is measured against the ``Date`` of the same answer, so
    that a clock that is wrong on either side does no harm. A time that has passed tells nothing and becomes None.
    """
    server_now = _http_date(headers.get("Date")) or time.time()
    reset = _number(headers.get("RateLimit-Reset"))
    resets_in = reset - server_now if reset is not None else None
    retry_text = headers.get("Retry-After")
    retry_after = _number(retry_text)
    if retry_after is None:
        retry_date = _http_date(retry_text)
        retry_after = retry_date - server_now if retry_date is not None else None
    remaining = _number(headers.get("RateLimit-Remaining"))
    return Limits(
        remaining=int(remaining) if remaining is not None and remaining >= 0 else None,
        resets_in=resets_in if resets_in is not None and resets_in > 0 else None,
        retry_after=retry_after if retry_after is not None and retry_after >= 0 else None,
    )


def _number(text: str | None) -> float | None:
    # Only plain decimal digits: "inf", "nan", and digits of other scripts are numbers to Python, not to HTTP.
    text = (text or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _http_date(text: str | None) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() if text else None
    except (TypeError, ValueError, OverflowError):
        return None


class RateGate:
    """Lets at most ``concurrency`` requests through at once, and none that the server would answer with 429."""

    def __init__(self, concurrency: int, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._changed = threading.Condition()
        self._clock = clock
        self._concurrency = concurrency
        self._in_flight = 0
        self._paused_until = 0.0
        self._remaining: int | None = None
        self._window_ends = 0.0
        self._closed = False

    def enter(self) -> None:
        """Wait until a request may be sent, and count it as in flight. Raises :class:`Closed`."""
        with self._changed:
            while not self._closed:
                now = self._clock()
                if now >= self._window_ends:
                    self._remaining = None
                if now < self._paused_until:
                    self._changed.wait(self._paused_until - now)
                elif self._in_flight >= self._concurrency:
                    self._changed.wait()
                elif self._remaining is not None and self._remaining <= self._in_flight:
                    # Those in flight may not be counted in `remaining` yet, so each of them takes one of it.
                    self._changed.wait(self._window_ends - now)
                else:
                    self._in_flight += 1
                    return
            raise Closed

    def leave(self, limits: Limits | None = None) -> None:
        """A request has ended; ``limits`` is what its answer said, None if there was no answer."""
        with self._changed:
            self._in_flight -= 1
            if limits and limits.remaining is not None and 0 < (limits.resets_in or 0) <= MAX_WAIT:
                ends = self._clock() + t.cast(float, limits.resets_in)
                # Answers overtake each other: within one window the lowest number is the newest. Two windows'
                # ends differ by more than the second that the header is exact to.
                if self._remaining is None or ends > self._window_ends + 2:
                    self._remaining, self._window_ends = limits.remaining, ends
                else:
                    self._remaining = min(self._remaining, limits.remaining)
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Send nothing for that long, in no thread: the limit is the token's, not the request's."""
        with self._changed:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def sleep(self, seconds: float) -> None:
        """Wait in this thread alone, until the time has passed or the gate is closed. Raises :class:`Closed`."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, timeout=seconds)
            if self._closed:
                raise Closed

    def close(self) -> None:
        """Wake all that wait, and let nothing through any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
