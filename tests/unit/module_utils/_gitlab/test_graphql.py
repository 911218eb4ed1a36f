# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GraphQL's refusals, which come with HTTP 200, are the errors that they are; mutations are not sent again blindly."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import errors
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.graphql import NOT_AVAILABLE, GraphqlApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.settings_api import SettingsApi
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import answer, scripted

TOKEN = Token("private", "glpat-s3cret")
MUTATION = "mutation($input: UpdatePackagesCleanupPolicyInput!) { … }"
FIELD = {
    "message": "Field 'nugetDuplicatesAllowed' doesn't exist on type 'PackageSettings'",
    "locations": [{"line": 1, "column": 70}],
    "path": ["query", "group", "packageSettings", "nugetDuplicatesAllowed"],
    "extensions": {"code": "undefinedField", "typeName": "PackageSettings", "fieldName": "nugetDuplicatesAllowed"},
}
ARGUMENT = {
    "message": "InputObject 'UpdateNamespacePackageSettingsInput'"
    " doesn't accept argument 'npmPackageRequestsForwarding'"
}
VARIABLE = {
    "message": "Variable $input of type UpdateNamespacePackageSettingsInput! was provided invalid value for"
    " nugetDuplicatesAllowed (Field is not defined on UpdateNamespacePackageSettingsInput), lockIt (Field is not"
    " defined on UpdateNamespacePackageSettingsInput)"
}


def refused(body: t.Any, status: int = 200, mutation: bool = False, **options: t.Any) -> tuple[GitlabError, int]:
    """The error of an answer, and how many requests it took."""

    def ask(api: GraphqlApi) -> dict[str, t.Any]:
        if mutation:
            return api.mutate("updatePackagesCleanupPolicy", MUTATION, {"projectPath": "acme/shop"})
        return api.query("query { currentUser { username } }", {})

    with (
        scripted(lambda _request: answer(body, status)) as server,
        server.client(token=TOKEN, **options) as client,
        pytest.raises(GitlabError) as raised,
    ):
        ask(GraphqlApi(client))
    assert {request.target for request in server.requests} == {"/api/graphql"}
    assert "s3cret" not in raised.value.message
    return raised.value, len(server.requests)


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        ({"errors": [FIELD]}, 200, "Unsupported", "this GitLab does not know nugetDuplicatesAllowed: it is too old"),
        ({"errors": [ARGUMENT]}, 200, "Unsupported", "does not know npmPackageRequestsForwarding"),
        ({"errors": [VARIABLE]}, 200, "Unsupported", "does not know nugetDuplicatesAllowed, lockIt"),
        ({"data": {"a": None}, "errors": [{"message": NOT_AVAILABLE}]}, 200, "Forbidden", "role or its scopes"),
        ({"errors": [{"message": "requested too many times. Try again later."}]}, 200, "RateLimited", "used up"),
        ({"errors": [{"message": "Timeout on Query.project"}]}, 200, "ServerError", "Timeout"),
        ({"errors": [{"message": 'Parse error on "}" with glpat-s3cret'}]}, 200, "BadRequest", "Parse error"),
        ({"errors": "strange"}, 200, "BadRequest", "strange"),
        ({"errors": [{"message": "Invalid token"}]}, 401, "Unauthorized", "401 Invalid token: the private token is"),
        ({"data": None}, 200, "UnexpectedAnswer", "is api_url a GitLab?"),
        ([], 200, "UnexpectedAnswer", "is api_url a GitLab?"),
        (b"<html>", 200, "UnexpectedAnswer", "not JSON"),
    ],
)
def test_each_refusal(body: t.Any, status: int, kind: str, words: str) -> None:
    error, _requests = refused(body, status)
    assert type(error) is getattr(errors, kind)
    assert words in error.message
    assert error.message.startswith("POST /api/graphql: ")
    assert error.lost is False or kind == "UnexpectedAnswer"


def test_a_mutation_s_own_errors_are_its_refusal() -> None:
    body = {"data": {"updatePackagesCleanupPolicy": {"errors": ["Keep n is invalid", "No"]}}}
    error, _requests = refused(body, mutation=True)
    assert type(error) is errors.Rejected
    assert "Keep n is invalid, No" in error.message
    assert error.lost is False


@pytest.mark.parametrize("body", [b"<html>", {"data": {}}, {"errors": [{"message": "Timeout on Mutation.a"}]}])
def test_a_mutation_whose_answer_tells_nothing_is_lost_and_not_sent_again(body: t.Any) -> None:
    error, requests = refused(body, mutation=True, retries=3)
    assert (error.lost, requests) == (True, 1)


def test_what_reads_is_sent_again_after_a_fault() -> None:
    answers = [answer(b"", 502), answer({"data": {"currentUser": None}})]
    with scripted(lambda _request: answers.pop(0)) as server, server.client(token=TOKEN, retries=1) as client:
        assert GraphqlApi(client).query("query { currentUser { username } }", {}) == {"currentUser": None}


def test_nobody_listening_no_mutation() -> None:
    def gone() -> None:
        raise KeyboardInterrupt

    with (
        scripted(lambda _request: answer({})) as server,
        server.client(token=TOKEN) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        GraphqlApi(client, gone).mutate("destroyPackages", MUTATION, {})
    assert server.requests == []


def test_settings_that_the_server_does_not_know_are_left_out_and_no_question_is_asked_for_ever() -> None:
    known = {"data": {"found": {"packageSettings": {"mavenDuplicatesAllowed": True}}}}
    answers = [{"errors": [FIELD]}, known, known]
    with scripted(lambda _request: answer(answers.pop(0))) as server, server.client(token=TOKEN) as client:
        api = SettingsApi(client, settings=["mavenDuplicatesAllowed", "nugetDuplicatesAllowed"])
        for _time in range(2):
            assert api.settings(Scope("group", "acme")).fields == {"mavenDuplicatesAllowed": True}
    assert len(server.requests) == 3
    unknown = {"errors": [{"message": "Field 'packageSettings' doesn't exist on type 'Group'"}]}
    with (
        scripted(lambda _request: answer(unknown)) as server,
        server.client(token=TOKEN) as client,
        pytest.raises(errors.Unsupported),
    ):
        SettingsApi(client, settings=["mavenDuplicatesAllowed"]).settings(Scope("group", "acme"))
    assert len(server.requests) == 1
