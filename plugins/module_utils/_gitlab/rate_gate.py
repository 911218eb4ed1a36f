# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the next request may be sent: how many are in flight, and what the server's rate limit leaves.

Some servers tell with each answer how much is left of their limit: then nothing is sent that they would refuse. Most
tell only when they refuse: then the limit is learned from that, and the rest goes at a pace that keeps below it.

Nothing here knows HTTP beyond the names of the headers (contract, section 6). Times are seconds.
"""

from __future__ import annotations

import threading
import time
import typing as t
from collections import deque
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.server_clock import http_date

#: A server that asks for a longer wait than this is not waited for (seconds). GitLab's own windows are a minute.
MAX_WAIT = 900.0
#: GitLab tells its limits for a minute, whatever their window; those that it does not tell have a minute's window.
WINDOW = 60.0
#: How much of a limit is used: a client that uses all of it meets it.
SHARE = 0.95
#: What is taken for a limit at least, however little was let through: GitLab's own are hundreds.
LEAST = 60
#: How many times slower than a limit that the server tells the pace becomes: so many tasks on one token at once.
MOST_SHARING = 16


class Closed(Exception):
    """The gate was closed while a request waited for its turn."""


@dataclass(frozen=True)
class Limits:
    """What an answer's headers say of the rate limit. None: not said, or not usable."""

    remaining: int | None = None
    resets_in: float | None = None
    retry_after: float | None = None
    #: Requests in 60 seconds.
    quota: int | None = None


def read_limits(headers: t.Mapping[str, str]) -> Limits:
    """Read the headers ``RateLimit-Limit``, ``-Remaining``, ``-Reset`` and ``Retry-After``; ``headers`` ignores case.

    ``RateLimit-Reset`` is a time of the server's clock: it is measured against the ``Date`` of the same answer, so
    that a clock that is wrong on either side does no harm. A time that has passed tells nothing and becomes None.
    """
    server_now = http_date(headers.get("Date")) or time.time()
    reset = _number(headers.get("RateLimit-Reset"))
    resets_in = reset - server_now if reset is not None else None
    retry_text = headers.get("Retry-After")
    retry_after = _number(retry_text)
    if retry_after is None:
        retry_date = http_date(retry_text)
        retry_after = retry_date - server_now if retry_date is not None else None
    remaining = _number(headers.get("RateLimit-Remaining"))
    quota = _number(headers.get("RateLimit-Limit"))
    return Limits(
        remaining=int(remaining) if remaining is not None and remaining >= 0 else None,
        resets_in=resets_in if resets_in is not None and resets_in > 0 else None,
        retry_after=retry_after if retry_after is not None and retry_after >= 0 else None,
        quota=int(quota) if quota else None,
    )


def _number(text: str | None) -> float | None:
    # Only plain decimal digits: "inf", "nan", and digits of other scripts are numbers to Python, not to HTTP.
    text = (text or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


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
        #: When the requests of the last window were let through.
        self._begun: deque[float] = deque()
        #: Whether good answers tell what is left: then there is no need for a pace.
        self._is_told = False
        #: Seconds between two requests, and the least that they may become again.
        self._pace = self._least_pace = 0.0
        self._next = 0.0
        self._pace_set = 0.0
        #: When a refusal without a limit was met last, and how many of the requests that were sent until then run.
        self._refused: float | None = None
        self._sent_before = 0

    def enter(self) -> None:
        """Wait until a request may be sent, and count it as in flight. Raises :class:`Closed`."""
        with self._changed:
            while not self._closed:
                wait = self.delay()
                if wait == 0:
                    self._let_through()
                    return
                self._changed.wait(wait)
            raise Closed

    def delay(self) -> float | None:
        """Seconds until a request may be sent, as far as one knows now; None: when another one has ended."""
        now = self._clock()
        if now >= self._window_ends:
            self._remaining = None
        if now < self._paused_until:
            return self._paused_until - now
        if self._in_flight >= self._concurrency:
            return None
        if self._remaining is not None and self._remaining <= self._in_flight:
            # Those in flight may not be counted in `remaining` yet, so each of them takes one of it.
            return self._window_ends - now
        return max(0.0, self._next - now)

    def _let_through(self) -> None:
        now = self._clock()
        self._in_flight += 1
        self._begun.append(now)
        while self._begun[0] <= now - WINDOW:
            self._begun.popleft()
        if self._pace and now - self._pace_set > (2 if self._least_pace else 5) * WINDOW:
            # Nothing was refused for long: somebody else may have been on the same limit.
            self._pace, self._pace_set = max(self._least_pace, 0.9 * self._pace), now
        if self._pace:
            self._next = now + self._pace

    def leave(self, limits: Limits | None = None, refused: bool = False) -> None:
        """A request has ended; ``limits`` is what its answer said, None if there was no answer.

        ``refused``: it was 429. That of the first of several requests at once sets the pace of those that follow.
        """
        with self._changed:
            self._in_flight -= 1
            quota = limits.quota if limits else None
            if limits and not refused:
                self._is_told = limits.remaining is not None and limits.resets_in is not None
            if refused and not self._is_told and not self._is_first(quota):
                self._slow_down(quota)
            self._sent_before = max(0, self._sent_before - 1)
            if limits and limits.remaining is not None and 0 < (limits.resets_in or 0) <= MAX_WAIT:
                ends = self._clock() + t.cast(float, limits.resets_in)
                # Answers overtake each other: within one window the lowest number is the newest. Two windows'
                # ends differ by more than the second that the header is exact to.
                if self._remaining is None or ends > self._window_ends + 2:
                    self._remaining, self._window_ends = limits.remaining, ends
                else:
                    self._remaining = min(self._remaining, limits.remaining)
            self._changed.notify_all()

    def _is_first(self, quota: int | None) -> bool:
        """Whether a refusal tells nothing of the pace: the first one for long, if it names no limit.

        Others may have used up the window that the task began in, and then what was let through until then is no
        measure. Where it is the server's limit that was met, the next refusal comes within a window, or right after it.
        """
        if quota or self._pace:
            return False
        now = self._clock()
        if self._sent_before:
            return True
        is_first = self._refused is None or now - self._refused > 2 * WINDOW
        self._refused = now
        if is_first:
            self._sent_before = self._in_flight + 1  # this one is counted off as it leaves
        return is_first

    def _slow_down(self, quota: int | None) -> None:
        now = self._clock()
        # A limit that is told counts more than what was guessed before: others may have used it up.
        is_news = quota is not None and not self._least_pace
        if self._pace and not is_news and now - self._pace_set < WINDOW:
            return  # sent at the old pace, or in the same window: the new one has not had its turn
        # What it let through in a window is its limit, unless it tells it.
        let_through = len(self._begun) - self._in_flight - 1
        pace = WINDOW / (SHARE * max(LEAST, quota or let_through))
        if self._pace and not is_news and not pace > self._pace:
            pace = 1.4 * self._pace  # that one was too fast too: others use the same limit
        if quota:
            self._least_pace = WINDOW / (SHARE * quota)
        # Refusals that have another reason must not make it slower without end.
        self._pace = min(pace, MOST_SHARING * self._least_pace) if self._least_pace else pace
        self._pace_set = now
        self._next = now + self._pace

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
