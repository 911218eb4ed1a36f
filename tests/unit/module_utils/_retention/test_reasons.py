# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.reasons import own_reason


@pytest.mark.parametrize(
    ("reason", "read"),
    [
        ("no keep of rule 'r' holds it: latest 11 of 39 (5 kept)", "number 11 of 39, newest first (5 kept)"),
        ("latest 6 of 1978 by version (5 kept)", "number 6 of 1978, newest first by version (5 kept)"),
        (
            "no keep of rule 'r' holds it: latest 2 of 3 by version of minor 1.2 (1 kept), older than 14d",
            "number 2 of 3 of minor 1.2, newest first by version (1 kept), older than 14d",
        ),
        ("latest 3 of 4 without a ref (1 kept)", "number 3 of 4 without a ref, newest first (1 kept)"),
        ("not the latest of day 2026-11-20", "not the latest of day 2026-11-20"),
        ("rule 'r' deletes what it matches", "rule 'r' deletes what it matches"),
    ],
)
def test_a_reason_beside_its_rule(reason: str, read: str) -> None:
    assert own_reason({"rule": "r", "reason": reason}) == read
