# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an archive lies, seen as a few calls: local_place.py and remote_place.py keep them.

Paths are relative to the archive, with ``/``. What a call cannot do is an :class:`ArchiveError`.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
import uuid
from collections.abc import Iterator

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.secrets import Secrets
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

#: What is not whole yet, and the marks of those who write, lie here.
INCOMING = "incoming"
#: How many bytes are read at once.
PIECE = 2**20


class ArchiveError(GitlabError):
    """What an archive could not do, in one sentence. It is an error of the run's work, as those of GitLab are."""


class Missing(ArchiveError):
    """There is nothing at this path."""


class Sink(t.Protocol):
    """Bytes on their way: nothing is seen of them before ``keep``."""

    def write(self, piece: bytes) -> object:
        """Take the next bytes."""

    def keep(self, path: str) -> None:
        """Let what was written be at ``path``, safely, in place of what is there."""

    def drop(self) -> None:
        """Forget what was written. Raises nothing."""


class Place(t.Protocol):
    """Where an archive lies."""

    #: Its address, without secrets.
    where: str
    #: Whether reading what is there costs no network.
    is_near: bool

    def sink(self, path: str | None) -> Sink:
        """A new sink; ``path`` is where its bytes will be kept, if that is known already."""

    def open(self, path: str) -> t.BinaryIO:
        """Read what is there. Raises :class:`Missing`."""

    def size(self, path: str) -> int | None:
        """Its size in bytes; None: it is not there."""

    def files(self, folder: str) -> Iterator[str]:
        """The paths of all files below a folder, sorted within each of its folders; none where it does not exist."""

    def names(self) -> list[str]:
        """What stands at the top; nothing where the archive does not exist yet."""

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is fine."""


class Words:
    """How errors of an archive are told: without its secrets, on one line."""

    def __init__(self, where: str, secrets: t.Iterable[str]) -> None:
        self._secrets = Secrets(secrets)
        self.where = printable(self._secrets.scrub(where))

    def __repr__(self) -> str:
        return f"Words({self.where!r})"

    def error(self, message: str, kind: type[ArchiveError] = ArchiveError) -> ArchiveError:
        """The error with this message, which begins with the archive's address."""
        text = printable(" ".join(self._secrets.scrub(message).split()))
        return kind(f"archive {self.where}: {text}"[:1000])

    @contextlib.contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """Whatever a back end raises, as one sentence; ``doing`` such as 'archive.json cannot be read'."""
        try:
            yield
        except (ArchiveError, ImportError):
            raise
        except FileNotFoundError as error:
            raise self.error(f"{doing}: {_reason(error)}", Missing) from None
        except Exception as error:  # each back end, and each library below it, has errors of its own
            raise self.error(f"{doing}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    said = str(error) or repr(error)
    return said if isinstance(error, OSError) else f"{said} ({type(error).__name__})"


def temporary() -> str:
    """A path that nobody else has, which says when it was made."""
    return f"{INCOMING}/{int(time.time())}-{uuid.uuid4().hex}"


def read_whole(place: Place, path: str, most: int) -> bytes | None:
    """What is at ``path``; None where it is longer than ``most`` bytes. Raises :class:`ArchiveError`."""
    with contextlib.closing(place.open(path)) as file:
        pieces: list[bytes] = []
        size = 0
        while True:
            piece = file.read(PIECE)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
            if size > most:
                return None


def write_whole(place: Place, path: str, data: bytes) -> None:
    """Put ``data`` at ``path``, as a whole or not at all. Raises :class:`ArchiveError`."""
    sink = place.sink(path)
    try:
        sink.write(data)
        sink.keep(path)
    except BaseException:
        sink.drop()
        raise
