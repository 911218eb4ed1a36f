# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publish a file, and prove that it is there. Times are seconds.

What was sent is not blindly sent again: after a lost answer GitLab may have the file, or may be about to. So one looks
first (E4), and sends again only what is not there.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError

R = t.TypeVar("R")
#: How long a file may take to be seen: what GitLab takes apart in the background, and what it answers at once.
BACKGROUND, AT_ONCE = 120.0, 10.0
#: After a lost answer: how long one looks before it is sent again.
LOST = 3.0


def publish(
    send: t.Callable[[], object], look: t.Callable[[], R | None], what: str, retries: int, patience: float = AT_ONCE
) -> R:
    """Send until ``look`` finds it, and return what that gives. ``what`` names it in a message.

    Raises the errors of _gitlab/errors.py; :class:`GitlabError` itself where GitLab took it and never shows it.
    """
    attempt = 0
    while True:
        lost: GitlabError | None = None
        try:
            send()
        except GitlabError as error:
            if not error.lost:
                raise
            lost = error
        found = _wait_for(look, min(LOST, patience) if lost else patience)
        if found is not None:
            return found
        if lost is None:
            raise GitlabError(
                f"{what}: GitLab answered that it was published, and does not show it after {patience:g} s"
            )
        if attempt >= retries:
            raise lost
        attempt += 1


def _wait_for(look: t.Callable[[], R | None], patience: float) -> R | None:
    pause, ends = 0.1, time.monotonic() + patience
    while True:
        found = look()
        if found is not None or time.monotonic() + pause > ends:
            return found
        time.sleep(pause)
        pause = min(2 * pause, 5.0)
