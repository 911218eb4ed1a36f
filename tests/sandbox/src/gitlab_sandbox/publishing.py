# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all registries do when something is published (registries, A and C)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from gitlab_sandbox.answers import ApiError
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import JOB
from gitlab_sandbox.directory import Group
from gitlab_sandbox.rows import File, Package
from gitlab_sandbox.uploads import Receiver, Upload


async def receive(
    call: Call, limit: int | None = None, refusal: ApiError | None = None, generic: bool = False
) -> Upload:
    """The whole body of a request, streamed to where it is kept.

    :param limit: the most bytes that are taken; above, ``refusal`` is raised. None or 0: any number.
    :param generic: whether the SHA-256 suffices.
    """
    announced = call.headers.get("content-length", "")
    if limit and refusal is not None and announced.isdigit() and int(announced) > limit:
        raise refusal
    with call.registry.storage.contents.receive(generic) as receiver:
        await _receive_into(receiver, call.body(), limit, refusal)
        return receiver.finish()


async def _receive_into(
    receiver: Receiver, body: AsyncIterator[bytes], limit: int | None, refusal: ApiError | None
) -> None:
    async for part in body:
        receiver.write(part)
        if limit and refusal is not None and receiver.size > limit:
            raise refusal


@contextmanager
def kept(call: Call, upload: Upload) -> Iterator[None]:
    """Add an upload to a package within this: all that is done is one transaction.

    If it fails, the received bytes are removed again. Nothing may be awaited within.
    """
    storage = call.registry.storage
    try:
        with storage.transaction():
            yield
    except BaseException:
        discard(call, upload)
        raise


def discard(call: Call, upload: Upload) -> None:
    """Remove received bytes that no file will hold."""
    if upload.stored is not None:
        call.registry.storage.contents.remove(upload.stored)


def find_or_create_package(
    call: Call, project_id: int, type_: int, name: str, version: str | None, status: int = 0, recipe: str | None = None
) -> tuple[Package, bool]:
    """The package to publish into, made if it is not there, and whether it was made."""
    storage = call.registry.storage
    package = storage.find_package(project_id, type_, name, version, recipe=recipe)
    if package is not None:
        return package, False
    creator_id = call.caller.creator_id
    return storage.create_package(project_id, type_, name, version, creator_id, status, recipe), True


def add_file(call: Call, package: Package, file_name: str, upload: Upload) -> File:
    """Add received bytes to a package; for a job's token, the build is recorded too."""
    storage = call.registry.storage
    file = storage.add_file(package, file_name, upload)
    token = call.caller.token
    if token is not None and token.kind == JOB:
        storage.record_build(package, file.id, token)
    return file


def duplicates_allowed(group: Group, word: str, name: str, version: str | None) -> bool:
    """Whether a namespace takes a second file of a name in a package (``word``: generic, maven, …).

    The expression covers the whole name or the whole version, and inverts the setting.
    """
    allowed = bool(group.settings[f"{word}_duplicates_allowed"])
    expression = group.settings[f"{word}_duplicate_exception_regex"]
    if not isinstance(expression, str) or not expression:
        return allowed
    excepted = any(re.fullmatch(expression, text) is not None for text in (name, version) if text is not None)
    return allowed != excepted
