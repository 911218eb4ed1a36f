# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import compare
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import LISTED, plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    Package,
    ago,
)


def compared(live: list[Package]) -> list[tuple[int, str, str | None]]:
    return [(entry["id"], state, reason) for entry, state, reason in compare(plan_of(), live)]


def test_unchanged_and_gone() -> None:
    assert compared(LISTED) == [(2, "unchanged", None), (3, "unchanged", None)]
    assert compared([LISTED[1]]) == [(2, "unchanged", None), (3, "gone", None)]
    assert compared([]) == [(2, "gone", None), (3, "gone", None)]
    without_project = [{key: value for key, value in one.items() if key != "project_id"} for one in LISTED]
    assert compared(without_project) == [(2, "unchanged", None), (3, "unchanged", None)]


def test_a_package_that_waits_for_its_end_is_gone() -> None:
    assert compared([{**LISTED[1], "status": "pending_destruction"}])[0] == (2, "gone", None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "error"}, "status was default and is error"),
        ({"status": "hidden"}, "status was default and is hidden"),
        ({"version": "1.0.3"}, "version was 1.0.2 and is 1.0.3"),
        ({"version": None}, "version was 1.0.2 and is null"),
        ({"name": "x\x1b"}, "name was @acme/ui and is x\\u001b"),
        ({"package_type": "generic"}, "package_type was npm and is generic"),
        ({"project_id": 43}, "project_id was 42 and is 43"),
        ({"last_downloaded_at": ago(minutes=59)}, f"downloaded since the plan: {ago(minutes=59)}"),
        ({"last_downloaded_at": "soon"}, "downloaded since the plan: soon"),
        ({"status": "error", "version": "2"}, "version was 1.0.2 and is 2; status was default and is error"),
    ],
)
def test_drift(changes: dict[str, t.Any], reason: str) -> None:
    assert compared([{**LISTED[1], **changes}])[0] == (2, "drifted", reason)


def test_the_first_download_is_drift() -> None:
    assert compared([{**LISTED[2], "last_downloaded_at": ago(days=900)}])[1][1] == "drifted"


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": ["new"]},
        {"project_path": "acme/renamed"},
        {"last_downloaded_at": ago(hours=1).replace(".000Z", "+00:00")},
        {"last_downloaded_at": ago(hours=2)},
        {"last_downloaded_at": None},
    ],
)
def test_what_is_no_drift(changes: dict[str, t.Any]) -> None:
    assert compared([{**LISTED[1], **changes}])[0] == (2, "unchanged", None)
