# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as text: ISO 8601 in UTC with milliseconds, as the API shows them.

All times have the same width, so comparing the text compares the times. SQLite and the rules
rely on that.
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


# How far this server's clock is off, in seconds (``--clock-offset``).
_offset = timedelta()


def set_offset(seconds: int) -> None:
    """Set the server's clock that many seconds off."""
    global _offset
    _offset = timedelta(seconds=seconds)


def timestamp() -> float:
    """The present time of the server's clock, in seconds since 1970."""
    return time.time() + _offset.total_seconds()


def iso(moment: datetime) -> str:
    """The text of a time that has no zone and means UTC."""
    return moment.isoformat(timespec="milliseconds") + "Z"


def now() -> str:
    """The present time of the server's clock, as text."""
    return iso(_present())


def ago(seconds: int) -> str:
    """A time of the server's clock that lies so many seconds back."""
    return iso(_present() - timedelta(seconds=seconds))


def _present() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None) + _offset


def parse(text: str) -> datetime:
    """A time in ISO 8601 as UTC without zone.

    :raises ValueError: if it is no such time.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time such as 2025-03-01T10:00:00.000Z")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]),
        )
        if zone and zone != "Z":
            shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            moment = moment - shift if zone[0] == "+" else moment + shift
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time: {error}") from error
    return moment


def after(previous: str) -> str:
    """The present time, or a millisecond after ``previous`` if that is later: an update always moves."""
    present = now()
    return present if present > previous else iso(parse(previous) + timedelta(milliseconds=1))


def precondition(value: str | None) -> str | None:
    """The time of an ``If-Unmodified-Since`` header as text; None if there is none.

    GitLab ignores a value that is no date, and so does this.
    """
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is not None:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
        return iso(moment)
    except (TypeError, ValueError, IndexError, OverflowError):
        pass
    try:
        return iso(parse(value))
    except ValueError:
        return None
