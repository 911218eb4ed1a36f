# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the headers say of the rate limit, and when the next request may be sent. No test waits for a clock."""

from __future__ import annotations

import threading
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.rate_gate import (
    Closed,
    Limits,
    RateGate,
    read_limits,
)

DATE = {"Date": "Sat, 01 Mar 2025 10:00:00 GMT"}
NOW = 1740823200  # the same moment


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Limits()),
        ({"RateLimit-Remaining": "7", "RateLimit-Reset": str(NOW + 30)}, Limits(7, 30.0)),
        ({"ratelimit-remaining": "0"}, Limits(0)),
        ({"Retry-After": "12"}, Limits(retry_after=12.0)),
        ({"Retry-After": "Sat, 01 Mar 2025 10:00:05 GMT"}, Limits(retry_after=5.0)),
        # A time that has passed tells nothing.
        ({"RateLimit-Reset": str(NOW - 1), "Retry-After": "Sat, 01 Mar 2025 09:00:00 GMT"}, Limits()),
        # Numbers to Python, not to HTTP.
        ({"RateLimit-Remaining": "inf", "RateLimit-Reset": "nan", "Retry-After": "-1"}, Limits()),
        ({"RateLimit-Remaining": "٣", "Retry-After": "1e3", "RateLimit-Reset": "9" * 40}, Limits()),
        ({"Retry-After": "soon"}, Limits()),
        ({"RateLimit-Limit": "120"}, Limits(quota=120)),
        ({"RateLimit-Limit": "0"}, Limits()),
    ],
)
def test_headers(headers: dict[str, str], expected: Limits) -> None:
    assert read_limits(CaseInsensitiveDict({**DATE, **headers})) == expected


@given(st.dictionaries(st.sampled_from(["Date", "Retry-After", "RateLimit-Reset", "RateLimit-Remaining"]), st.text()))
def test_any_header_is_read_without_an_error(headers: dict[str, str]) -> None:
    limits = read_limits(CaseInsensitiveDict(headers))
    assert (limits.remaining or 0) >= 0
    assert (limits.resets_in or 1) > 0
    assert (limits.retry_after or 0) >= 0


def enters(gate: RateGate) -> threading.Event:
    """An event that is set once the gate has let a thread of its own through, or was closed."""
    through = threading.Event()

    def run() -> None:
        try:
            gate.enter()
        except Closed:
            return
        through.set()

    threading.Thread(target=run, daemon=True).start()
    return through


def test_no_more_than_that_many_at_once() -> None:
    gate = RateGate(2)
    gate.enter()
    gate.enter()
    third = enters(gate)
    assert not third.wait(0.05)
    gate.leave()
    assert third.wait(10)


def test_none_that_the_server_would_refuse() -> None:
    time = [0.0]
    gate = RateGate(8, clock=lambda: time[0])
    gate.enter()
    gate.leave(Limits(remaining=1, resets_in=30.0))
    gate.enter()  # takes the one that is left
    waiting = enters(gate)
    assert not waiting.wait(0.05)
    time[0] = 31.0  # the window has ended
    gate.leave()  # wakes those that wait
    assert waiting.wait(10)


def test_the_lowest_of_two_answers_counts() -> None:
    gate = RateGate(8, clock=lambda: 0.0)
    for remaining in (1, 5):  # they overtook each other
        gate.enter()
        gate.leave(Limits(remaining=remaining, resets_in=30.0))
    gate.enter()
    assert not enters(gate).wait(0.05)
    gate.close()


def test_a_window_that_is_too_long_to_wait_for_is_not_waited_for() -> None:
    gate = RateGate(1, clock=lambda: 0.0)
    gate.enter()
    gate.leave(Limits(remaining=0, resets_in=100000.0))
    assert enters(gate).wait(10)


def test_closing_wakes_all_that_wait() -> None:
    gate = RateGate(1, clock=lambda: 0.0)
    gate.pause(600)
    raised: list[t.Any] = []

    def expect_closed(wait: t.Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                wait()
            except Closed as closed:
                raised.append(closed)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    threads = [expect_closed(gate.enter), expect_closed(lambda: gate.sleep(600))]
    gate.close()
    for thread in threads:
        thread.join(10)
    assert len(raised) == 2


# --- servers that tell of their limit only when they refuse ---------------------------------------------------


class Server:
    """A fixed window, as GitLab has it: it begins at multiples of its length. ``tells``: what a refusal says."""

    def __init__(self, most: int, window: float, tells: t.Collection[str] = (), others: float = 0) -> None:
        self.most = most
        self.window = window
        self.tells = tells
        self.others = others  # requests of other clients, in a second
        self.counts: dict[int, float] = {}
        self.refused: list[float] = []

    def ask(self, now: float) -> tuple[Limits, bool]:
        """What it says to a request."""
        number = int(now // self.window)
        used = self.counts.get(number, 0.0) + self.others * (now % self.window)
        if used < self.most:
            self.counts[number] = self.counts.get(number, 0.0) + 1
            return Limits(), False
        self.refused.append(now)
        ends = (number + 1) * self.window - now
        quota = max(1, round(self.most * 60 / self.window))
        return Limits(
            remaining=0 if "quota" in self.tells else None,
            resets_in=ends if "quota" in self.tells else None,
            retry_after=ends if "wait" in self.tells else None,
            quota=quota if "quota" in self.tells else None,
        ), True


def drive(server: Server, requests: int, takes: float = 0.01) -> float:
    """Send so many good requests, one after the other, on a clock of its own; the time that it took."""
    clock = [7.0]
    gate = RateGate(8, clock=lambda: clock[0])
    good = tries = 0
    while good < requests:
        wait = gate.delay()
        assert wait is not None
        clock[0] += wait
        if wait:
            continue
        gate.enter()
        clock[0] += takes
        limits, refused = server.ask(clock[0])
        gate.leave(limits, refused)
        if refused:
            gate.pause(limits.retry_after if limits.retry_after is not None else min(60.0, 4.0**tries))
        good, tries = (good, tries + 1) if refused else (good + 1, 0)
    return clock[0]


@pytest.mark.parametrize("tells", [("quota", "wait"), ("wait",), ()])
@pytest.mark.parametrize(("most", "window"), [(600, 60.0), (400, 60.0), (60, 60.0)])
def test_a_limit_that_is_met_once_is_kept_to(most: int, window: float, tells: t.Collection[str]) -> None:
    server = Server(most, window, tells)
    took = drive(server, 10 * most)
    # At first, until the window has ended; then only where it tries now and then whether more is let through.
    assert len(server.refused) <= (6 if "wait" in tells else 10)
    assert took <= 10 * window * 1.5 + 130
    if "quota" in tells:
        assert len(server.refused) == 1
        assert took <= 10 * window * 1.12 + 60


def test_a_quota_for_a_minute_holds_for_longer_windows() -> None:
    server = Server(7200, 3600.0, ("quota", "wait"))
    drive(server, 20_000, takes=0.05)
    assert len(server.refused) == 1


def test_others_on_the_same_limit_make_it_slower_still() -> None:
    server = Server(600, 60.0, ("quota", "wait"), others=5)
    took = drive(server, 3000)
    assert len(server.refused) <= took / 60 + 2
    assert took < 3000 / 5 * 2.5


def test_a_server_that_tells_what_is_left_needs_no_pace() -> None:
    gate = RateGate(8, clock=lambda: 5.0)
    gate.enter()
    gate.leave(Limits(remaining=5000, resets_in=60.0, quota=10))
    gate.enter()
    gate.leave(Limits(remaining=5000, resets_in=60.0, quota=10), refused=True)
    assert gate.delay() == 0


def paced(gate: RateGate, clock: list[float], limits: Limits, refusals: int) -> float:
    """Seconds between two requests after so many refusals, each more than a minute after the one before."""
    for _ in range(refusals):
        clock[0] += 61
        gate.enter()
        gate.leave(limits, refused=True)
    return t.cast(float, gate.delay())


def test_a_limit_that_is_told_counts_more_than_what_was_guessed() -> None:
    """The first request of a task meets a window that others have used up, and a proxy that tells nothing."""
    clock = [7.0]
    gate = RateGate(1, clock=lambda: clock[0])
    for _ in range(2):
        gate.enter()
        gate.leave(Limits(), refused=True)
    assert t.cast(float, gate.delay()) > 1
    clock[0] += 20
    gate.enter()
    gate.leave(Limits(quota=600), refused=True)
    assert 0.1 < t.cast(float, gate.delay()) < 0.11


def test_the_first_refusal_that_names_no_limit_sets_no_pace() -> None:
    """Others may have used up the window: of all requests that were in flight with it, none is a measure."""
    clock = [7.0]
    gate = RateGate(8, clock=lambda: clock[0])
    for _ in range(8):
        gate.enter()
    for _ in range(8):
        gate.leave(Limits(retry_after=20.0), refused=True)
    clock[0] += 20
    assert gate.delay() == 0
    for later, expected in ((130, False), (10, True)):  # long after the first, soon after the second
        clock[0] += later
        gate.enter()
        gate.leave(Limits(), refused=True)
        assert (gate.delay() != 0) is expected


def test_refusals_without_end_do_not_make_it_slower_without_end() -> None:
    clock = [7.0]
    gate = RateGate(1, clock=lambda: clock[0])
    told = paced(gate, clock, Limits(quota=600), 1)
    assert told == pytest.approx(60 / (0.95 * 600))
    assert paced(gate, clock, Limits(), 100) == pytest.approx(16 * told)
