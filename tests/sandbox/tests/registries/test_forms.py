# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forms, in pieces of any size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from urllib3.filepost import encode_multipart_formdata

from gitlab_sandbox.registries.forms import LARGEST_TEXTS, MOST_PARTS, Form, FormError, Sink, read_form

KIND = "multipart/form-data; boundary=b"


def read(body: bytes, kind: str = KIND, step: int = 65536, sink: Sink | None = None) -> Form:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), step):
            yield body[at : at + step]

    return asyncio.run(read_form(pieces(), kind, lambda name: sink if name == "content" else None))


class Bytes(bytearray):
    def write(self, data: bytes) -> None:
        self.extend(data)


@pytest.mark.parametrize("step", [1, 7, 65536])
def test_texts_and_files_come_out_as_they_went_in(step: int) -> None:
    # What looks like a boundary, and is none.
    data = b"\r\n--b\r\n--" * 300
    body, kind = encode_multipart_formdata(
        {"name": "Größe", "content": ("some/folder/ä-1.whl", data, "application/zip"), "gpg": ("x.asc", b"dropped")}
    )
    sink = Bytes()
    form = read(body, kind, step, sink)
    assert form == Form({"name": "Größe"}, {"content": "ä-1.whl", "gpg": "x.asc"})
    assert bytes(sink) == data


def part(name: str, text: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), text)


def test_of_a_name_that_comes_twice_the_last_counts() -> None:
    assert read(part("a", b"1") + part("a", b"2") + b"--b--\r\n").fields == {"a": "2"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"junk", KIND),
        (b"", KIND),
        (part("a", b"1"), KIND),
        (part("a", b"1")[:-20], KIND),
        (b"--b\r\nX: y\r\n\r\n1\r\n--b--\r\n", KIND),
        (part("a", b"1") + b"--b--\r\n", "application/json"),
        (part("a", b"1") + b"--b--\r\n", "multipart/form-data"),
        (part("a", b"1") * (MOST_PARTS + 1) + b"--b--\r\n", KIND),
        (part("a", b"1" * (LARGEST_TEXTS + 1)) + b"--b--\r\n", KIND),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(FormError):
        read(body, kind)
