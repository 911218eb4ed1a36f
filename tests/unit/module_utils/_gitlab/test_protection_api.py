# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""R1 to R4 on the wire: where they go, what goes along, and what is not sent."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, UnexpectedAnswer
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.protection_api import ProtectionApi, RuleList
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import Request, answer, scripted

TOKEN = Token("private", "glpat-s3cret")
OLD = Scope("project", "acme/old")
DATE = "Sat, 01 Mar 2025 10:00:00 GMT"
RULE: dict[str, t.Any] = {
    "id": 3,
    "project_id": 42,
    "package_name_pattern": "a",
    "package_type": "npm",
    "minimum_access_level_for_push": "owner",
}
RULES = "/projects/42/packages/protection/rules"


def test_a_moved_project_is_written_where_it_is_now_and_a_removal_says_when_it_was_read() -> None:
    def say(request: Request) -> bytes:
        if "old" in request.target:
            return answer(b"", 301, Location=f"/api/v4{RULES}")
        body = {"GET": answer([{**RULE, "id": 4}, RULE], Date=DATE), "DELETE": answer(b"", 204)}
        return body.get(request.method, answer(RULE, 201))

    with scripted(say) as server, server.client(token=TOKEN) as client:
        api = ProtectionApi(client)
        rules = api.rules(OLD)
        assert [rule["id"] for rule in rules.rules] == [3, 4]
        assert api.create(rules, {"package_name_pattern": "a", "minimum_access_level_for_push": None}) == RULE
        api.change(rules, 3, {})
        api.remove(rules, 3, rules.read_at)
    assert [(request.method, request.target) for request in server.requests[1:]] == [
        ("GET", f"/api/v4{RULES}"),
        ("POST", f"/api/v4{RULES}"),
        ("PATCH", f"/api/v4{RULES}/3"),
        ("DELETE", f"/api/v4{RULES}/3"),
    ]
    assert server.requests[2].headers["content-type"] == "application/json"
    assert server.requests[-1].headers["if-unmodified-since"] == DATE


def test_nobody_listening_nothing_changed() -> None:
    def gone() -> None:
        raise KeyboardInterrupt

    rules = RuleList(OLD, RULES, [], None)
    with scripted(lambda _request: answer(RULE)) as server, server.client(token=TOKEN) as client:
        api = ProtectionApi(client, gone)
        calls: list[t.Callable[[], object]] = [
            lambda: api.create(rules, {}),
            lambda: api.change(rules, 3, {}),
            lambda: api.remove(rules, 3, None),
        ]
        for call in calls:
            with pytest.raises(KeyboardInterrupt):
                call()
    assert server.requests == []


@pytest.mark.parametrize("body", [[], {"id": True}, {**RULE, "package_type": None}, {**RULE, "id": "3"}])
def test_an_answer_that_is_no_rule_may_be_to_work_that_was_done(body: t.Any) -> None:
    with scripted(lambda _request: answer(body, 201)) as server, server.client(token=TOKEN) as client:
        api = ProtectionApi(client)
        with pytest.raises(UnexpectedAnswer) as raised:
            api.create(RuleList(OLD, RULES, [], None), {})
    assert raised.value.lost is True


def test_a_job_token_is_refused_before_anything_is_sent() -> None:
    with (
        scripted(lambda _request: answer([])) as server,
        server.client(token=Token("job", "glcbt-1")) as client,
        pytest.raises(InvalidInput, match="takes no job token"),
    ):
        ProtectionApi(client).rules(OLD)
    assert server.requests == []
