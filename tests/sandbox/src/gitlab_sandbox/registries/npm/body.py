# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The body of ``npm publish``: JSON that holds the tarball as base64, read as it comes.

What is kept is the JSON without the tarball: the text of ``_attachments.<file name>.data`` goes, decoded, to where
files go, a piece at a time.
"""

from __future__ import annotations

import binascii
import json
import re
from typing import Any, Callable

from gitlab_sandbox.registries.forms import Sink

# The document beside the tarball, in bytes: a package.json and a readme.
LARGEST_DOCUMENT = 16 * 2**20

_STRUCTURE = re.compile(rb'[{}\[\],:"]')
_STRING_END = re.compile(rb'["\\]')

_DATA_PATH = ("_attachments", "data")


class BodyError(Exception):
    """The body is not what ``npm publish`` sends."""


class PublishBody:
    """Takes the body in pieces of any size; :meth:`document` gives what it said.

    :param attachment: for the file name of an attachment: where its bytes go. Asked before its first byte.
    """

    def __init__(self, attachment: Callable[[str], Sink]) -> None:
        self._attachment = attachment
        self._kept = bytearray()
        # The containers that are open, outermost first: the key that an object is at, None in a list.
        self._keys: list[str | None] = []
        self._in_object: list[bool] = []
        self._at_key = False
        self._string: bytearray | None = None
        self._escaped = False
        self._base64: _Base64 | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        :raises BodyError: if they cannot be part of such a body.
        """
        at = 0
        while at < len(data):
            if self._base64 is not None:
                at = self._feed_base64(data, at)
            elif self._string is not None:
                at = self._feed_string(data, at)
            else:
                at = self._feed_structure(data, at)
        if len(self._kept) + len(self._string or b"") > LARGEST_DOCUMENT:
            raise BodyError("the document is too large")

    def document(self) -> dict[str, Any]:
        """The JSON, the data of attachments replaced by empty strings.

        :raises BodyError: if it is not a JSON object.
        """
        try:
            document = json.loads(self._kept)
        except (ValueError, RecursionError):
            raise BodyError("the body is not JSON") from None
        if not isinstance(document, dict):
            raise BodyError("the body is not a JSON object")
        return document

    def _feed_structure(self, data: bytes, at: int) -> int:
        found = _STRUCTURE.search(data, at)
        if found is None:
            self._kept += data[at:]
            return len(data)
        self._kept += data[at : found.end()]
        sign = found.group()
        if sign == b'"':
            if self._at_data():
                # The text goes elsewhere; an empty one stays.
                self._base64 = _Base64(self._attachment(self._keys[1] or ""))
            else:
                self._string = bytearray()
        elif sign in b"{[":
            self._keys.append(None)
            self._in_object.append(sign == b"{")
            self._at_key = sign == b"{"
        elif sign in b"}]":
            if not self._keys:
                raise BodyError("the body is not JSON")
            self._keys.pop()
            self._in_object.pop()
            self._at_key = False
        elif sign == b",":
            self._at_key = bool(self._in_object) and self._in_object[-1]
        else:
            self._at_key = False
        return found.end()

    def _at_data(self) -> bool:
        """Whether a string that begins here is the data of an attachment."""
        return (
            not self._at_key
            and len(self._keys) == 3
            and all(self._in_object)
            and (self._keys[0], self._keys[2]) == _DATA_PATH
        )

    def _feed_string(self, data: bytes, at: int) -> int:
        text = self._string
        assert text is not None
        if self._escaped:
            text += data[at : at + 1]
            self._escaped = False
            return at + 1
        found = _STRING_END.search(data, at)
        if found is None:
            text += data[at:]
            return len(data)
        text += data[at : found.end()]
        if found.group() == b"\\":
            self._escaped = True
            return found.end()
        self._kept += text
        self._string = None
        if self._at_key and self._keys:
            try:
                self._keys[-1] = json.loads(b'"' + text)
            except ValueError:
                raise BodyError("the body is not JSON") from None
        return found.end()

    def _feed_base64(self, data: bytes, at: int) -> int:
        decoder = self._base64
        assert decoder is not None
        if self._escaped:
            # JSON may write a slash as \/, and some encoders break base64 into lines.
            sign = data[at : at + 1]
            if sign == b"/":
                decoder.feed(sign)
            elif sign not in b"nr":
                raise BodyError("the data of an attachment is not base64")
            self._escaped = False
            return at + 1
        found = _STRING_END.search(data, at)
        decoder.feed(data[at : len(data) if found is None else found.start()])
        if found is None:
            return len(data)
        if found.group() == b"\\":
            self._escaped = True
        else:
            decoder.finish()
            self._base64 = None
            self._kept += b'"'
        return found.end()


class _Base64:
    """Base64 in pieces of any size, decoded to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rest = b""
        self._ended = False

    def feed(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % 4
        self._rest = data[whole:]
        self._decode(data[:whole])

    def finish(self) -> None:
        if self._rest:
            # Some encoders leave the padding out.
            self._decode(self._rest + b"=" * (4 - len(self._rest)))

    def _decode(self, data: bytes) -> None:
        if not data:
            return
        padding = len(data) - len(data.rstrip(b"="))
        try:
            decoded = binascii.a2b_base64(data)
        except binascii.Error:
            raise BodyError("the data of an attachment is not base64") from None
        # What is no base64 is left out by the decoder: then the length is not the one that it must be.
        if self._ended or padding > 2 or len(decoded) != len(data) // 4 * 3 - padding:
            raise BodyError("the data of an attachment is not base64")
        self._ended = padding > 0
        self._sink.write(decoded)
