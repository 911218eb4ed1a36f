# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far this host's clock is from the server's, by the ``Date`` of its answers. Times are Unix seconds."""

from __future__ import annotations

import email.utils
import threading


def http_date(text: str | None) -> float | None:
    """The time of an HTTP date; None for what is none."""
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() if text else None
    except (TypeError, ValueError, OverflowError):
        return None


class ServerClock:
    """What the answers so far tell of the server's clock. Safe in many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._least: float | None = None
        self._most = 0.0

    def saw(self, date: float | None, asked: float, answered: float) -> None:
        """An answer whose ``Date`` was ``date`` came between two times of this host's clock."""
        if date is None:
            return
        # The server wrote the date, which leaves out the fraction, at some moment between `asked` and `answered`.
        least, most = asked - date - 1, answered - date
        with self._lock:
            if self._least is not None and least <= self._most and most >= self._least:
                least, most = max(least, self._least), min(most, self._most)
            # Where two answers contradict each other, a clock was set, or another server answers: the newer one counts.
            self._least, self._most = least, most

    def skew(self) -> float | None:
        """Seconds, whole, that this host's clock is ahead of the server's (behind: negative); None: not known."""
        with self._lock:
            return None if self._least is None else float(round((self._least + self._most) / 2))
