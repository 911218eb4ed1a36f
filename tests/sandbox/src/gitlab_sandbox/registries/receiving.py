# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Receiving files: as the body itself, or in a form."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Final

from gitlab_sandbox import answers, publishing
from gitlab_sandbox.answers import ApiError
from gitlab_sandbox.calls import Call
from gitlab_sandbox.plan_limits import LARGEST_FILE
from gitlab_sandbox.registries.forms import Form, FormError, Sink, read_form
from gitlab_sandbox.uploads import Receiver, Upload

TOO_LARGE: Final = "File is too large"


class Limited:
    """A receiver that refuses to take too much."""

    def __init__(self, receiver: Receiver, most: int, refusal: ApiError) -> None:
        self._receiver = receiver
        self._most = most
        self._refusal = refusal

    def write(self, data: bytes) -> None:
        """The next bytes.

        :raises ApiError: the refusal.
        """
        self._receiver.write(data)
        if self._receiver.size > self._most:
            raise self._refusal


async def receive_form(call: Call, field: str, package_type: str, needed: tuple[str, ...] = ()) -> tuple[Form, Upload]:
    """A form with a file.

    :param field: the file's; what other files there are, is dropped.
    :param package_type: whose limit counts.
    :param needed: the texts that must be there.
    :raises ApiError: 400 for a form without these, for one that is none, for a file that is too large.
    """
    most = LARGEST_FILE[package_type]
    receiver: Receiver | None = None
    with ExitStack() as stack:

        def sink(name: str) -> Sink | None:
            nonlocal receiver
            if name != field:
                return None
            receiver = stack.enter_context(call.registry.storage.contents.receive(False))
            return Limited(receiver, most, answers.bad_request(TOO_LARGE))

        kind = call.headers.get("content-type", "")
        if not kind.lower().startswith("multipart/form-data"):
            raise answers.error(400, f"{field} is missing")
        try:
            form = await read_form(call.body(), kind, sink)
        except FormError as error:
            raise answers.bad_request(str(error)) from None
        missing = [name for name in needed if not form.fields.get(name)]
        if receiver is None:
            missing.append(field)
        if receiver is None or missing:
            raise answers.error(400, ", ".join(f"{name} is missing" for name in missing))
        return form, receiver.finish()


async def receive_body(call: Call, package_type: str) -> Upload:
    """A file that is the whole body.

    :raises ApiError: 400 if it is too large.
    """
    return await publishing.receive(call, LARGEST_FILE[package_type], answers.bad_request(TOO_LARGE))


@contextmanager
def opened(call: Call, received: Upload) -> Iterator[IO[bytes]]:
    """What was received, as a file to read in."""
    contents = call.registry.storage.contents
    parts = iter((received.data or b"",)) if received.stored is None else contents.parts(received.stored)
    with opened_parts(parts) as file:
        yield file


@contextmanager
def opened_parts(parts: Iterator[bytes]) -> Iterator[IO[bytes]]:
    """Bytes in pieces as a file to read in."""
    with tempfile.TemporaryFile() as file:
        for part in parts:
            file.write(part)
        file.seek(0)
        yield file


async def read_small(call: Call, most: int) -> bytes:
    """A short body.

    :raises ApiError: 400 if it is longer than ``most`` bytes.
    """
    body = b""
    async for part in call.body():
        body += part
        if len(body) > most:
            raise answers.bad_request(TOO_LARGE)
    return body
