# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that ends in the middle: nothing is sent after it, and each item's error says what may have happened."""

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.attempts import attempt_all


def test_what_is_still_looked_at_when_the_run_ends_is_not_deleted() -> None:
    """As where it is being archived: that may take longer than the run."""
    looking, go_on = threading.Event(), threading.Event()
    deleted: list[t.Any] = []

    def look(item: dict[str, t.Any]) -> None:
        if item["id"] == 1:
            looking.set()
            go_on.wait(30)
        else:
            looking.wait(30)
            raise KeyboardInterrupt

    items = [{"id": number, "project_id": 7} for number in (1, 2)]
    with Client(Connection(api_url="http://127.0.0.1:9", concurrency=2)) as client:
        attempted = attempt_all(client, deleted.append, items, look)
        go_on.set()
        time.sleep(0.3)  # for a delete that must not come
    assert isinstance(attempted.stopped, KeyboardInterrupt)
    assert deleted == []
    assert [error and error.message for error in attempted.errors] == ["not tried: interrupted"] * 2
