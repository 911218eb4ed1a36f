# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The growth of a registry: packages and bytes by the month (UTC) of publishing, and what of them a plan deletes."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import Tally

MONTHS_SHOWN = 60
MONTHS_AT_LEAST = 12


class Months:
    """Counts packages by month; with ``planned`` also those that are deleted."""

    def __init__(self, *, planned: bool) -> None:
        self._planned = planned
        self._all: dict[int, Tally] = {}
        self._delete: dict[int, Tally] = {}

    def add(self, created: datetime, size: int | None, *, deleted: bool) -> None:
        month = created.year * 12 + created.month - 1
        self._all.setdefault(month, Tally()).add(size)
        if deleted:
            self._delete.setdefault(month, Tally()).add(size)

    def as_dict(self, now: datetime) -> dict[str, t.Any]:
        """Months without a gap up to that of ``now``, `MONTHS_SHOWN` at most; what is older is one sum, ``before``.

        With a plan each has ``delete``, what it deletes of the month, and ``total_delete``, of all months until then.
        """
        last = max([now.year * 12 + now.month - 1, *self._all])
        first = min([last - MONTHS_AT_LEAST + 1, *self._all])
        first = max(first, last - MONTHS_SHOWN + 1)
        running, doomed = Tally(), Tally()
        for tallies, total in ((self._all, running), (self._delete, doomed)):
            for month, tally in tallies.items():
                if month < first:
                    total.merge(tally)
        before = {**running.as_dict(), **({"delete": doomed.as_dict()} if self._planned else {})}
        rows = []
        for month in range(first, last + 1):
            tally, delete = self._all.get(month, Tally()), self._delete.get(month, Tally())
            running.merge(tally)
            doomed.merge(delete)
            row: dict[str, t.Any] = {
                "month": f"{month // 12:04d}-{month % 12 + 1:02d}",
                **tally.as_dict(),
                "total_packages": running.packages,
                "total_bytes": running.bytes,
            }
            if self._planned:
                row |= {"delete": delete.as_dict(), "total_delete": doomed.as_dict()}
            rows.append(row)
        return {"before": before, "rows": rows}
