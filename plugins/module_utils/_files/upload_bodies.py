# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies that publish a file, made piece by piece. Sizes are bytes.

Each function gives what makes the body: it is made anew for each time that it is sent. What the file holds is checked
on the way: the last piece of one that is damaged is not sent, so that no server ever has all of it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import FileDiffers
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.transfers import Upload
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

#: How much of a file is read at once; base64 makes whole characters of it.
PIECE = 3 * 64 * 1024
Body = t.Callable[[], Upload]


@dataclass(frozen=True)
class Content:
    """What a file holds: ``opened`` opens it, ``size`` and ``sha256`` must be so, ``where`` is for messages."""

    opened: t.Callable[[], t.BinaryIO]
    size: int
    sha256: str
    where: str


def raw(content: Content) -> Body:
    """The bytes as they are."""
    return lambda: Upload(_pieces(content), content.size)


def multipart(fields: t.Mapping[str, str], name: str, file_name: str, content: Content) -> tuple[Body, str]:
    """A form of text fields and one file, and its content type."""
    boundary = secrets.token_hex(24)
    texts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(key)}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    )
    about = f'form-data; name="{_quoted(name)}"; filename="{_quoted(file_name)}"'
    part = f"--{boundary}\r\nContent-Disposition: {about}\r\nContent-Type: application/octet-stream\r\n\r\n"
    head = f"{texts}{part}".encode("utf-8", "replace")
    tail = f"\r\n--{boundary}--\r\n".encode()
    total = len(head) + content.size + len(tail)
    return lambda: Upload(_around(head, _pieces(content), tail), total), f"multipart/form-data; boundary={boundary}"


def base64_in(head: bytes, content: Content, tail: bytes) -> Body:
    """The bytes as base64, between two texts: a JSON document around a tarball."""
    total = len(head) + (content.size + 2) // 3 * 4 + len(tail)
    return lambda: Upload(_around(head, map(base64.b64encode, _pieces(content)), tail), total)


def _quoted(text: str) -> str:
    # As browsers and `requests` write it: nothing in a name ends the header, or begins another one.
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _around(head: bytes, pieces: t.Iterable[bytes], tail: bytes) -> Iterator[bytes]:
    yield head
    yield from pieces
    yield tail


def _pieces(content: Content) -> Iterator[bytes]:
    """The bytes, each piece but the last one of :data:`PIECE` bytes, also where a file gives less at a time.

    Raises :class:`FileDiffers` in place of the last piece, where they are not what they must be.
    """
    found = hashlib.sha256()
    size = 0
    held = b""
    with content.opened() as file:
        while True:
            piece = file.read(PIECE)
            while piece and len(piece) < PIECE:
                more = file.read(PIECE - len(piece))
                if not more:
                    break
                piece += more
            if not piece:
                break
            found.update(piece)
            size += len(piece)
            if held:
                yield held
            held = piece
    if size != content.size or found.hexdigest() != content.sha256:
        raise FileDiffers(
            f"{printable(content.where)} is damaged or was changed: its bytes are others than they were. Nothing of it"
            " was published"
        )
    if held:
        yield held
