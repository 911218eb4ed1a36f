# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of ``multipart/form-data``, read as they come: a file of any size passes through, and is never held."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Callable, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

# All that is not a file, in bytes. A description on PyPI can be a long page; nothing is longer.
LARGEST_TEXTS = 16 * 2**20
# A description field alone takes several parts of a form; no client sends more.
MOST_PARTS = 1000


class Sink(Protocol):
    """Where the bytes of a file go."""

    def write(self, data: bytes) -> object:
        """Take the next bytes."""


class FormError(Exception):
    """The body is not a form, or too large a one."""


@dataclass
class Form:
    """What was sent: the text fields (the last of a name counts), and the name that each file came with."""

    fields: dict[str, str] = field(default_factory=dict)
    file_names: dict[str, str] = field(default_factory=dict)


async def read_form(body: AsyncIterator[bytes], content_type: str, files: Callable[[str], Sink | None]) -> Form:
    """Read a form.

    :param content_type: the request's header, with the boundary.
    :param files: for the name of a field that comes with a file name: where its bytes go, or None to drop them.
    :raises FormError: if the body is not such a form, ends early, or has too much beside the files.
    :raises Exception: what a sink raises.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise FormError("the content type is not multipart/form-data with a boundary")
    reading = _Reading(files)
    try:
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": reading.begin,
                "on_header_field": reading.header_field,
                "on_header_value": reading.header_value,
                "on_header_end": reading.header_end,
                "on_headers_finished": reading.headers_finished,
                "on_part_data": reading.data,
                "on_part_end": reading.end,
                "on_end": reading.finish,
            },
        )
        async for part in body:
            if part:
                parser.write(part)
        parser.finalize()
    except FormParserError as error:
        raise FormError(str(error)) from None
    if not reading.finished:
        raise FormError("the form has no end")
    return reading.form


class _Reading:
    """The parser's events, put together."""

    def __init__(self, files: Callable[[str], Sink | None]) -> None:
        self.form = Form()
        self.finished = False
        self._files = files
        self._parts = 0
        self._texts = 0
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._name = ""
        self._is_file = False
        self._sink: Sink | None = None
        self._text = bytearray()

    def begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise FormError("the form has too many parts")
        self._disposition = self._header = self._value = b""
        self._text = bytearray()

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def headers_finished(self) -> None:
        # Names are UTF-8 in practice; the parser takes headers as Latin-1.
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        if b"name" not in options:
            raise FormError("a part of the form has no name")
        self._name = options[b"name"].decode(errors="replace")
        self._is_file = b"filename" in options
        self._sink = None
        if self._is_file:
            # Some clients send a path: only its last part is a name.
            file_name = options[b"filename"].decode(errors="replace").replace("\\", "/").rpartition("/")[2]
            self.form.file_names[self._name] = file_name
            self._sink = self._files(self._name)

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            if self._sink is not None:
                self._sink.write(data[start:end])
            return
        self._texts += end - start
        if self._texts > LARGEST_TEXTS:
            raise FormError("the form's texts are too long")
        self._text += data[start:end]

    def end(self) -> None:
        if not self._is_file:
            self.form.fields[self._name] = self._text.decode(errors="replace")

    def finish(self) -> None:
        self.finished = True
