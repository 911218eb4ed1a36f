# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times and durations as GitLab and policies write them. Pure: text in, standard library types out."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING, printable

DURATION_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
#: What a schema can say of a duration; `parse_duration` refuses what is longer than calendars as well.
DURATION_PATTERN = r"^0*[1-9][0-9]*[hdw]$"

_DURATION = re.compile(r"([0-9]+)([hdw])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"(?:([Zz])|([+-][0-9]{2}):?([0-9]{2})?)?"
)


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time, such as ``2019-11-27T03:37:38.711Z`` of the packages API.

    With or without seconds and fraction (cut to microseconds); ``Z``, ``+02:00``, ``+0200``, ``+02``, or no offset,
    which is UTC. Returns an aware datetime in UTC. Raises ValueError for anything else.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an ISO 8601 time such as 2026-11-20T14:30:00Z")
    date, minutes, seconds, fraction, _zulu, hours_off, minutes_off = match.groups()
    # Python 3.9 reads neither "Z" nor any fraction but three or six digits: give it the one form that it knows.
    normal = f"{date}T{minutes}:{seconds or '00'}.{(fraction or '')[:6]:0<6}{hours_off or '+00'}:{minutes_off or '00'}"
    try:
        return datetime.fromisoformat(normal).astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time: {error}") from error


def parse_date_or_time(text: str) -> datetime:
    """Read what `parse_time` reads, or a date alone, which is its first moment in UTC. Raises ValueError."""
    stripped = text.strip()
    return parse_time(f"{stripped}T00:00Z" if _DATE.fullmatch(stripped) else stripped)


def parse_reference_time(text: str) -> datetime:
    """Read the ``reference_time`` option, as `parse_date_or_time`.

    Returns an aware datetime in UTC. Raises ValueError, with a sentence that names the option.
    """
    try:
        return parse_date_or_time(text)
    except ValueError as error:
        raise ValueError(f"reference_time: {error}") from error


def format_time(moment: datetime) -> str:
    """Write an aware datetime as the packages API does, in UTC: ``2026-11-20T14:30:00.000Z``.

    Microseconds are kept where there are some, so that `parse_time` gives the same moment back.
    Raises ValueError for a datetime without a time zone, which would be read as local time.
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs a time zone")
    timespec = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def parse_duration(text: str) -> timedelta:
    """Read a duration: a whole number above zero and a unit, ``h`` (hours), ``d`` (24 hours) or ``w`` (7 days).

    Raises ValueError for anything else, numbers without a unit and what is longer than calendars are included.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a duration: write a whole number and h, d or w, such as 14d")
    number, unit = match.groups()
    try:
        duration = timedelta(**{DURATION_UNITS[unit]: int(number)})
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{text!r} is too long for a duration") from error
    if not duration:
        raise ValueError(f"{text!r} is no time at all: a duration is at least 1{unit}")
    return duration


def moment(text: object) -> datetime | None:
    """An ISO 8601 time as UTC, or None where there is none."""
    if not isinstance(text, str):
        return None
    try:
        return parse_time(text)
    except ValueError:
        return None


def day(text: t.Any) -> str:
    """The UTC day of a time, or the mark for a value that is not known."""
    time = moment(text)
    return NOTHING if time is None else f"{time:%Y-%m-%d}"


def minute(text: t.Any) -> str:
    """The UTC time to the minute."""
    time = moment(text)
    return printable(str(text)) if time is None else f"{time:%Y-%m-%d %H:%M} UTC"
