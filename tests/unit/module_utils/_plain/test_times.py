# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import (
    format_time,
    parse_duration,
    parse_reference_time,
    parse_time,
)

UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-11-27T03:37:38.711Z", datetime(2019, 11, 27, 3, 37, 38, 711000, UTC)),
        ("2019-11-27T03:37:38Z", datetime(2019, 11, 27, 3, 37, 38, 0, UTC)),
        ("2019-11-27T03:37:38.7Z", datetime(2019, 11, 27, 3, 37, 38, 700000, UTC)),
        ("2019-11-27T03:37:38.123456789Z", datetime(2019, 11, 27, 3, 37, 38, 123456, UTC)),
        ("2019-11-27T03:37:38.711+00:00", datetime(2019, 11, 27, 3, 37, 38, 711000, UTC)),
        ("2019-11-27T03:37:38.711+02:00", datetime(2019, 11, 27, 1, 37, 38, 711000, UTC)),
        ("2019-11-27T03:37:38-0330", datetime(2019, 11, 27, 7, 7, 38, 0, UTC)),
        ("2019-11-27T03:37+02", datetime(2019, 11, 27, 1, 37, 0, 0, UTC)),
        ("2019-11-27 03:37:38", datetime(2019, 11, 27, 3, 37, 38, 0, UTC)),
    ],
)
def test_times_as_gitlab_and_people_write_them(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected
    assert parse_time(text).tzinfo == UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2019-11-27",
        "2019-13-27T03:37:38Z",
        "2019-11-27T25:00:00Z",
        "2019-11-27T03:37:38.Z",
        "0001-01-01T00:00:00+23:00",
        "2019-11-27T03:37:38Z\n",
        "٢٠١٩-11-27T03:37:38Z",
    ],
)
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_time(text)


def test_a_reference_time_may_be_a_date() -> None:
    assert parse_reference_time("2026-11-20") == datetime(2026, 11, 20, tzinfo=UTC)
    assert parse_reference_time(" 2026-11-20T14:30:00+01:00 ") == datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="reference_time: 'soon' is not"):
        parse_reference_time("soon")


@given(st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.just(UTC)))
def test_a_time_survives_being_written(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment
    assert parse_reference_time(format_time(moment)) == moment


def test_times_are_written_as_gitlab_does() -> None:
    assert (
        format_time(datetime(2026, 11, 20, 14, 30, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-20T12:30:00.000Z"
    )
    with pytest.raises(ValueError, match="time zone"):
        format_time(datetime(2026, 11, 20))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("36h", timedelta(hours=36)),
        ("14d", timedelta(days=14)),
        ("8w", timedelta(weeks=8)),
        ("007d", timedelta(days=7)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "14", "d", "14 d", "14D", "-1d", "1.5d", "14m", "1d12h", "0d", "9999999999w", "14d\n", "١٤d", 14, None, True],
)
def test_what_is_no_duration_is_a_value_error(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)  # type: ignore[arg-type]
