# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of an answer, read in pieces and never beyond a bound. Sizes are bytes, after decompression."""

from __future__ import annotations

import json
import re
import typing as t
import zlib

#: More than any answer of GitLab holds: a page has a hundred packages, a package some thousand versions.
MOST = 100 * 1000 * 1000
#: What is read of an error: its words stand at the beginning.
MOST_OF_AN_ERROR = 64 * 1000
PIECE = 256 * 1024
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class TooLong(Exception):
    """The body goes on beyond its bound."""


class CutOff(Exception):
    """The body ended too early, or is not what its headers say."""


class Raw(t.Protocol):
    """What urllib3 gives to read from."""

    def read(self, amt: int, decode_content: bool) -> bytes:
        """At most so many bytes as they came over the wire; none at the end."""


def read_body(raw: Raw, headers: t.Mapping[str, str], most: int) -> bytes:
    """The body, decompressed. Raises :class:`TooLong`, whose argument is the beginning, :class:`CutOff`, and urllib3's.

    Decompressed here, not by urllib3: that one takes several layers of several kinds, each of which can hold a thousand
    times its size, and hands out what came of them as a whole.
    """
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise CutOff("the answer is encoded in a way that was not asked for")
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding else None
    pieces: list[bytes] = []
    came = size = 0
    while True:
        piece = raw.read(PIECE, decode_content=False)
        if not piece:
            break
        came += len(piece)
        if unzip:
            try:
                piece = unzip.decompress(piece, most + 1 - size)
            except zlib.error:
                raise CutOff("the answer cannot be decompressed") from None
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise TooLong(b"".join(pieces)[:most])
    announced = headers.get("Content-Length", "")
    short = announced.isascii() and announced.isdigit() and len(announced) < 16 and came < int(announced)
    if short or (unzip and came and not unzip.eof):
        raise CutOff("the answer ended too early")
    return b"".join(pieces)


def parse_json(body: bytes) -> t.Any:
    """The JSON in a body; lone surrogates, which no text may hold, become U+FFFD. Raises ValueError, RecursionError."""
    data = json.loads(body.decode("utf-8-sig"))
    return _without_surrogates(data) if b"\\ud" in body or b"\\uD" in body else data


def _without_surrogates(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
