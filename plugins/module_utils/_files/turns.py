# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who writes into an archive, and who removes from it: never both at once, on whatever hosts they run.

Each leaves a mark, and only then looks for marks of the other kind. So of two that begin at once at least one sees the
other: whoever writes waits for who removes, and who removes leaves all in its place while somebody writes. A content
that is there already is thus there still when the manifest that needs it is written.
"""

from __future__ import annotations

import contextlib
import json
import time
import typing as t
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._files.place import (
    INCOMING,
    ArchiveError,
    Missing,
    read_whole,
    write_whole,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import Archive
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import format_time, moment

#: How old the mark of one that was killed may be, and still hold up the others; a writer makes its own anew meanwhile.
WRITER_LASTS, REMOVER_LASTS = timedelta(days=1), timedelta(hours=1)
#: How long one who removes goes on: well below what its mark lasts.
REMOVER_ENDS = timedelta(minutes=30)
#: How many seconds a writer's mark is left as it is.
_REFRESH = 300.0
#: How many seconds a writer waits for one who removes.
PATIENCE = 60.0


class Turn:
    """The mark of one who writes, or removes."""

    def __init__(self, archive: Archive, kind: str) -> None:
        self._place = archive.place
        self._path = f"{INCOMING}/{kind}-{uuid.uuid4().hex}"
        self._marked = -_REFRESH

    def go_on(self) -> None:
        """Say that one still works. Cheap: call it often, in any thread."""
        now = time.monotonic()
        if now - self._marked >= _REFRESH:
            self._marked = now
            mark = {"at": format_time(datetime.now(timezone.utc))}
            write_whole(self._place, self._path, (json.dumps(mark) + "\n").encode())

    def end(self) -> None:
        """Take the mark away."""
        with contextlib.suppress(ArchiveError):
            self._place.remove(self._path)


@contextlib.contextmanager
def writing(archive: Archive) -> Iterator[Turn]:
    """What is archived in this block is safe from those who remove. Raises :class:`.place.ArchiveError`."""
    with _turn(archive, "writer") as turn:
        deadline = time.monotonic() + PATIENCE
        while _others(archive, "remover", REMOVER_LASTS):
            if time.monotonic() > deadline:
                raise archive.words.error(
                    "another run removes what has expired there: run it again when that has ended; of one that was"
                    f" killed the mark lasts for {REMOVER_LASTS}"
                )
            time.sleep(0.5)
        yield turn


@contextlib.contextmanager
def removing(archive: Archive) -> Iterator[bool]:
    """Whether in this block somebody may remove: nobody writes. Raises :class:`.place.ArchiveError`."""
    with _turn(archive, "remover"):
        yield not _others(archive, "writer", WRITER_LASTS)


@contextlib.contextmanager
def _turn(archive: Archive, kind: str) -> Iterator[Turn]:
    turn = Turn(archive, kind)
    try:
        turn.go_on()
        yield turn
    finally:
        turn.end()


def _others(archive: Archive, kind: str, lasts: timedelta) -> bool:
    """Whether marks of a kind are there that still hold; those that do not any more are taken away."""
    found = False
    for path in archive.place.files(INCOMING):
        if not path.startswith(f"{INCOMING}/{kind}-"):
            continue
        try:
            mark = json.loads(read_whole(archive.place, path, 1000) or b"null")
        except Missing:
            continue
        except ValueError:
            mark = None
        at = moment(mark.get("at")) if isinstance(mark, dict) else None
        if at is None or datetime.now(timezone.utc) - at > lasts:
            archive.place.remove(path)
        else:
            found = True
    return found


def left_over(paths: t.Iterable[str], now: float) -> Iterator[str]:
    """Of the files below INCOMING those that a run has left that was killed: of more than a day ago."""
    for path in paths:
        begun = path.rpartition("/")[2].partition("-")[0]
        if begun.isdigit() and len(begun) < 16 and now - int(begun) > WRITER_LASTS.total_seconds():
            yield path
