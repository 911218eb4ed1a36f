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
