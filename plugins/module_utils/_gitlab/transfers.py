# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of a file on their way: piece by piece, so that memory does not grow with the file. Sizes are bytes.

A file may take hours, so that no deadline for the whole can be right. Instead each piece has the connection's
``timeout``: a peer that sends or takes less than 64 KiB in that time is given up. With the file's size, which is known
beforehand and never exceeded, this bounds the whole. What this side takes for reading or writing a file does not count.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.bodies import CutOff, Raw
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.deadlines import Running

#: So much must come, or go, within a connection's timeout.
PIECE = 64 * 1024
#: After a file was sent, GitLab stores it: it may take a second for each so many bytes, beside the timeout.
STORED_EACH_SECOND = 10 * 1000 * 1000
NEVER = float("inf")


class OnThisSide(Exception):
    """Reading or writing here failed, not the wire; ``cause`` is what did."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Beyond(Exception):
    """The body goes on beyond the size that it may have."""


@dataclass(frozen=True)
class Upload:
    """A body to be sent: ``pieces`` that together hold ``size`` bytes."""

    pieces: Iterable[bytes]
    size: int


def receive(
    raw: Raw,
    headers: t.Mapping[str, str],
    write: t.Callable[[bytes], object],
    most: int | None,
    running: Running,
    timeout: float,
) -> int:
    """Hand the body on to ``write`` as it comes, and say how much it was.

    Raises :class:`CutOff` where less came than was announced, :class:`Beyond`, and :class:`OnThisSide`.
    """
    if headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise CutOff("the file came encoded in a way that was not asked for")
    announced = headers.get("Content-Length", "")
    length = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else None
    if most is not None and length is not None and length > most:
        raise Beyond
    came = 0
    while True:
        running.extend(timeout)
        piece = raw.read(PIECE, decode_content=False)
        if not piece:
            break
        came += len(piece)
        if most is not None and came > most:
            raise Beyond
        running.extend(NEVER)
        try:
            write(piece)
        except Exception as exc:
            raise OnThisSide(exc) from None
    if length is not None and came < length:
        raise CutOff("the answer ended too early")
    return came


def send_pieces(upload: Upload, running: Running, timeout: float) -> Iterator[bytes]:
    """The body in pieces, each with its deadline; after the last one the answer has its own. Raises OnThisSide."""
    left = upload.size
    pieces = iter(upload.pieces)
    while True:
        running.extend(NEVER)
        try:
            piece = next(pieces, None)
            if piece is None or len(piece) > left:
                break
        except Exception as exc:
            raise OnThisSide(exc) from None
        left -= len(piece)
        view = memoryview(piece)
        while view:
            running.extend(timeout)
            yield bytes(view[:PIECE])
            view = view[PIECE:]
    if piece is not None or left:
        # Another length than announced would leave the connection waiting, or begin another request.
        raise OnThisSide(OSError("the file is of another size than it was when it was first read"))
    running.extend(timeout + patience(upload.size))


def patience(size: int) -> float:
    """Seconds that GitLab may take beside the timeout to store a file that it has received."""
    return size / STORED_EACH_SECOND
