# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all parts of the state share."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

from gitlab_sandbox.lists import Places
from gitlab_sandbox.uploads import Contents


class Rows:
    """One connection, used by the event loop's thread only; each method is one step that nothing interleaves with.

    ``shuffled``: items with equal sort values come in another order each time.
    """

    def __init__(self, connection: sqlite3.Connection, contents: Contents) -> None:
        self._db = connection
        self._contents = contents
        self._totals: dict[tuple[Any, ...], int] = {}
        self._places: dict[tuple[Any, ...], Places] = {}
        self.shuffled = False

    @property
    def contents(self) -> Contents:
        """Where uploads are received."""
        return self._contents

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that follows, or nothing of it. Nothing may be awaited within."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        finally:
            self._changed()
        self._db.execute("COMMIT")

    def _changed(self) -> None:
        """Forget what was remembered about lists."""
        self._totals.clear()
        self._places.clear()
