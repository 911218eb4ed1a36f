# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes, headers and errors that the contract states (sections 3 to 6), of old and new servers, are all taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import errors
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.replay import Line, recorded, replay

LINES = recorded(Path(__file__).parent / "recorded" / "contract.jsonl")


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['contract']}, {line['server']}")
def test_an_answer_that_the_contract_states(line: Line) -> None:
    token = "job" if "job token" in line["contract"] and "/groups" not in line["request"] else "private"
    found = replay(line, token)
    if "means" in line:
        assert type(found) is getattr(errors, line["means"]), found
        assert found.message.isprintable()
    elif "self" in line["request"]:
        assert found == (line["body"]["scopes"] if line["status"] == 200 and token != "job" else None)
    else:
        assert not isinstance(found, GitlabError), found
        assert found == line.get("body")
