# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the two clocks are apart, to the second."""

from __future__ import annotations

import math
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.server_clock import ServerClock, http_date
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import answer, scripted


@given(
    st.integers(-100_000, 100_000),
    st.lists(
        st.tuples(st.floats(1e9, 2e9), st.floats(0, 0.4), st.floats(0, 0.4)),
        min_size=1,
        max_size=20,
    ),
)
def test_any_skew_is_found_to_the_second(skew: int, answers: list[tuple[float, float, float]]) -> None:
    clock = ServerClock()
    for written, before, after in answers:
        clock.saw(math.floor(written), written - before + skew, written + after + skew)
    found = clock.skew()
    assert found is not None
    assert abs(found - skew) <= 1


def test_nothing_is_known_without_a_date() -> None:
    clock = ServerClock()
    clock.saw(http_date("soon"), 1.0, 2.0)
    clock.saw(None, 1.0, 2.0)
    assert clock.skew() is None


def test_the_newer_of_two_answers_that_contradict_each_other_counts() -> None:
    clock = ServerClock()
    for date in (1000, 2000):
        clock.saw(date, 3000.2, 3000.4)
    assert clock.skew() == 1000


@pytest.mark.parametrize("ahead", [-3600, 0, 90])
def test_a_client_knows_it_from_its_lists(ahead: int) -> None:
    with scripted(lambda _request: answer([], Date=formatdate(time.time() - ahead, usegmt=True))) as server:  # noqa: SIM117
        with server.client() as client:
            assert client.clock_skew() is None
            client.get("/projects/1/packages")
            assert abs((client.clock_skew() or 0) - ahead) <= 1


def test_a_cached_answer_tells_nothing() -> None:
    old = formatdate(time.time() - 600, usegmt=True)
    with scripted(lambda _request: answer([], Date=old, Age="600")) as server, server.client() as client:
        client.get("/projects/1/packages")
        assert client.clock_skew() is None
