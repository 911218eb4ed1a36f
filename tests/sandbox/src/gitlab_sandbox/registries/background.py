# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab does with an upload after its answer: until then it is a temporary package of status ``processing``."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable, Final

from gitlab_sandbox.calls import Call
from gitlab_sandbox.rows import Package
from gitlab_sandbox.storage import Storage
from gitlab_sandbox.vocabulary import DEFAULT, STATUS_NUMBER

PROCESSING: Final = STATUS_NUMBER["processing"]
ERROR: Final = STATUS_NUMBER["error"]


def temporary_version() -> str:
    """A version that no package has."""
    return f"0.0.0-{uuid.uuid4()}"


def later(call: Call, temporary: Package, work: Callable[[], None]) -> None:
    """Do something with a temporary package in the background: ``instance.background_ms`` from now, or at once.

    If the package has gone in the meantime, nothing is done.
    """

    def run() -> None:
        if call.registry.storage.package(temporary.project_id, temporary.id, (PROCESSING,)) is not None:
            work()

    delay = call.registry.directory.instance.background_ms
    if delay:
        asyncio.get_running_loop().call_later(delay / 1000, run)
    else:
        run()


@contextmanager
def settled(storage: Storage, temporary: Package, found: Package | None) -> Iterator[Package]:
    """The package that an upload ends in: the one that is there, or else the temporary one, which is then plain.

    All that is done within is one transaction.
    """
    with storage.transaction():
        yield found if found is not None else storage.set_status(temporary, DEFAULT, touch=True)
    if found is not None:
        storage.remove_package(temporary)
