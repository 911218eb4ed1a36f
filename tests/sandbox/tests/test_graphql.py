# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GraphQL: what it reads, and the forms of its answers (contract of the registries, section F)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from gitlab_sandbox.testing import Sandbox

NOT_AVAILABLE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)
PACKAGE = (
    "query($id: PackagesPackageID!) { package(id: $id) { id name version packageType status statusMessage createdAt"
    " updatedAt lastDownloadedAt protectionRuleExists userPermissions { destroyPackage } project { fullPath } } }"
)
DELETE = "mutation($ids: [PackagesPackageID!]!) { destroyPackages(input: {ids: $ids}) { errors } }"


def gid(number: int) -> str:
    return f"gid://gitlab/Packages::Package/{number}"


def answer(response: requests.Response) -> dict[str, Any]:
    """The body of an answer that is 200, whatever it says."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    body: dict[str, Any] = response.json()
    return body


def messages(response: requests.Response) -> list[str]:
    return [error["message"] for error in answer(response)["errors"]]


@pytest.fixture(scope="module")
def old(base_seed: dict[str, Any]) -> Iterator[Sandbox]:
    with Sandbox(base_seed, gitlab_version="16.1") as running:
        yield running


# Where it is, and how it is asked


def test_it_lies_beside_api_v4(sandbox: Sandbox, mia: Any) -> None:
    assert mia.call("POST", "/graphql", json={"query": "{ currentUser { username } }"}).status_code == 404
    assert answer(mia.graphql("{ currentUser { username } }")) == {"data": {"currentUser": {"username": "mia"}}}


def test_variables_and_operation_names(mia: Any) -> None:
    query = "query A($p: ID!) { project(fullPath: $p) { id } } query B { currentUser { username } }"
    body = {"query": query, "operationName": "B", "variables": {}}
    assert answer(mia.graphql("", json=body)) == {"data": {"currentUser": {"username": "mia"}}}
    body = {"query": query, "operationName": "A", "variables": {"p": "acme/web/shop"}}
    assert answer(mia.graphql("", json=body)) == {"data": {"project": {"id": "gid://gitlab/Project/42"}}}
    # Without a name, and with a wrong one.
    assert "errors" in answer(mia.graphql(query))
    assert "errors" in answer(mia.graphql("", json={"query": query, "operationName": "C"}))


def test_forms_and_variables_as_text(mia: Any) -> None:
    query = "query($p: ID!) { project(fullPath: $p) { fullPath } }"
    form = {"query": query, "variables": json.dumps({"p": "acme/web/shop"})}
    assert answer(mia.graphql("", json=None, data=form)) == {"data": {"project": {"fullPath": "acme/web/shop"}}}


def test_fragments_aliases_and_typename(mia: Any) -> None:
    query = (
        'query { one: project(fullPath: "acme/web/shop") { ...p } two: project(fullPath: "open/tool") { ...p } }'
        " fragment p on Project { __typename path }"
    )
    assert answer(mia.graphql(query))["data"] == {
        "one": {"__typename": "Project", "path": "shop"},
        "two": {"__typename": "Project", "path": "tool"},
    }


def test_types_have_gitlabs_names(mia: Any) -> None:
    query = '{ __type(name: "Mutation") { fields { name args { type { ofType { name } } } type { name } } } }'
    fields = answer(mia.graphql(query))["data"]["__type"]["fields"]
    assert {field["name"]: (field["args"][0]["type"]["ofType"]["name"], field["type"]["name"]) for field in fields} == {
        name: (f"{name[0].upper()}{name[1:]}Input", f"{name[0].upper()}{name[1:]}Payload")
        for name in (
            "destroyPackageFiles",
            "destroyPackages",
            "updateNamespacePackageSettings",
            "updatePackagesCleanupPolicy",
        )
    }


# Tokens


@pytest.mark.parametrize(
    ("header", "token", "username"),
    [
        ("PRIVATE-TOKEN", "glpat-mia", "mia"),
        ("PRIVATE-TOKEN", "glpat-mia-read", "mia"),
        ("Authorization", "glpat-mia", "mia"),
        ("", "", None),
    ],
)
def test_access_tokens_and_nobody(
    sandbox: Sandbox, client: Callable[..., Any], header: str, token: str, username: str | None
) -> None:
    api = client(sandbox, token, header=header or "PRIVATE-TOKEN")
    found = answer(api.graphql("{ currentUser { username } }"))["data"]["currentUser"]
    assert found == (None if username is None else {"username": username})


@pytest.mark.parametrize("token", ["glpat-unknown", "glpat-mia-user"])
def test_401_in_json_for_unknown_tokens_and_scopes(sandbox: Sandbox, client: Callable[..., Any], token: str) -> None:
    response = client(sandbox, token).graphql("{ currentUser { username } }")
    assert (response.status_code, response.json()) == (401, {"errors": [{"message": "Invalid token"}]})


def test_job_tokens_are_nobody(sandbox: Sandbox, client: Callable[..., Any], publish: Callable[..., Any]) -> None:
    package, _ = publish()
    for token in ("glcbt-mia", "unknown"):
        api = client(sandbox, token, header="JOB-TOKEN")
        assert answer(api.graphql("{ currentUser { username } }")) == {"data": {"currentUser": None}}
        assert answer(api.graphql(PACKAGE, {"id": gid(101)})) == {"data": {"package": None}}
        refused = answer(api.graphql(DELETE, {"ids": [gid(package)]}))
        assert refused["data"] == {"destroyPackages": None}
        assert [error["message"] for error in refused["errors"]] == [NOT_AVAILABLE]


def test_read_api_is_refused_for_mutations(
    sandbox: Sandbox, client: Callable[..., Any], mia: Any, publish: Callable[..., Any]
) -> None:
    package, _ = publish()
    api = client(sandbox, "glpat-mia-read")
    refused = answer(api.graphql(DELETE, {"ids": [gid(package)]}))
    assert refused["data"] == {"destroyPackages": None}
    assert [(error["message"], error["path"]) for error in refused["errors"]] == [(NOT_AVAILABLE, ["destroyPackages"])]
    assert mia.get(f"/projects/42/packages/{package}").status_code == 200


# What is not there is an error, and nothing is done


def test_a_field_that_is_not_there_is_an_error_that_names_it(mia: Any) -> None:
    body = answer(mia.graphql('query Q { package(id: "gid://gitlab/Packages::Package/101") { name flavour } }'))
    assert body == {
        "errors": [
            {
                "message": "Field 'flavour' doesn't exist on type 'PackageDetailsType'",
                "locations": [{"line": 1, "column": 68}],
                "path": ["query Q", "package", "flavour"],
                "extensions": {"code": "undefinedField", "typeName": "PackageDetailsType", "fieldName": "flavour"},
            }
        ]
    }


def test_an_argument_that_is_not_there_is_an_error_that_names_it(mia: Any, publish: Callable[..., Any]) -> None:
    package, _ = publish()
    query = f'mutation {{ destroyPackages(input: {{ids: ["{gid(package)}"], force: true}}) {{ errors }} }}'
    body = answer(mia.graphql(query))
    assert body == {
        "errors": [
            {
                "message": "InputObject 'DestroyPackagesInput' doesn't accept argument 'force'",
                "locations": [{"line": 1, "column": query.index("force") + 1}],
                "path": ["mutation", "destroyPackages", "input", "force"],
                "extensions": {
                    "code": "argumentNotAccepted",
                    "name": "DestroyPackagesInput",
                    "typeName": "InputObject",
                    "argumentName": "force",
                },
            }
        ]
    }
    assert messages(mia.graphql('{ project(path: "x", fullPath: "y") { id } }')) == [
        "Field 'project' doesn't accept argument 'path'"
    ]
    assert mia.get(f"/projects/42/packages/{package}").status_code == 200


def test_an_argument_that_is_not_there_in_a_variable(mia: Any, publish: Callable[..., Any]) -> None:
    package, _ = publish()
    query = "mutation($input: DestroyPackagesInput!) { destroyPackages(input: $input) { errors } }"
    given = {"ids": [gid(package)], "force": True}
    body = answer(mia.graphql(query, {"input": given}))
    assert body == {
        "errors": [
            {
                "message": "Variable $input of type DestroyPackagesInput! was provided invalid value for force"
                " (Field is not defined on DestroyPackagesInput)",
                "locations": [{"line": 1, "column": 10}],
                "extensions": {
                    "value": given,
                    "problems": [{"path": ["force"], "explanation": "Field is not defined on DestroyPackagesInput"}],
                },
            }
        ]
    }
    assert mia.get(f"/projects/42/packages/{package}").status_code == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ package { id } }", "Field 'package' is missing required arguments: id"),
        (
            "mutation { destroyPackages(input: {}) { errors } }",
            "Argument 'ids' on InputObject 'DestroyPackagesInput' is required. Expected type [PackagesPackageID!]!",
        ),
        ('{ package(id: "7") { id } }', '"7" is not a valid Global ID'),
        (
            '{ package(id: "gid://gitlab/Project/7") { id } }',
            '"gid://gitlab/Project/7" does not represent an instance of Packages::Package',
        ),
        (
            '{ package(id: "gid://other/Packages::Package/7") { id } }',
            '"gid://other/Packages::Package/7" is not a Gitlab Global ID',
        ),
        (
            "mutation { updatePackagesCleanupPolicy(input: "
            '{projectPath: "a", keepNDuplicatedPackageFiles: TWO}) { errors } }',
            "Argument 'keepNDuplicatedPackageFiles' on InputObject 'UpdatePackagesCleanupPolicyInput' has an invalid"
            " value (TWO). Expected type 'PackagesCleanupKeepDuplicatedPackageFilesEnum'.",
        ),
        (
            "{ currentUser }",
            "Field must have selections (field 'currentUser' returns CurrentUser but has no selections. Did you mean"
            " 'currentUser { ... }'?)",
        ),
        ("{ nothing }", "Field 'nothing' doesn't exist on type 'Query'"),
    ],
)
def test_wrong_queries(mia: Any, query: str, message: str) -> None:
    body = answer(mia.graphql(query))
    assert [error["message"] for error in body["errors"]] == [message]
    assert "data" not in body


@pytest.mark.parametrize(
    ("declared", "value", "explanation"),
    [
        ("[PackagesPackageID!]!", None, ""),
        ("[PackagesPackageID!]!", [None], " for 0 (Expected value to not be null)"),
        ("[PackagesPackageID!]!", ["7"], ' for 0 ("7" is not a valid Global ID)'),
    ],
)
def test_wrong_variables(mia: Any, declared: str, value: Any, explanation: str) -> None:
    assert messages(mia.graphql(DELETE, {"ids": value})) == [
        f"Variable $ids of type {declared} was provided invalid value{explanation}"
    ]


def test_a_variable_of_another_type(mia: Any) -> None:
    query = "mutation($ids: [ID!]!) { destroyPackages(input: {ids: $ids}) { errors } }"
    (message,) = messages(mia.graphql(query, {"ids": [gid(101)]}))
    assert "$ids" in message
    assert "[ID!]!" in message
    assert "[PackagesPackageID!]!" in message


@pytest.mark.parametrize("query", ["", "{", "query {", "}", "{ a", "nonsense", "{ a" * 3000])
def test_syntax_errors(mia: Any, query: str) -> None:
    body = answer(mia.graphql(query))
    assert "data" not in body
    assert body["errors"][0]["message"]


def test_bodies_that_are_no_request(mia: Any) -> None:
    headers = {"Content-Type": "application/json"}
    half = b'{"query": "{ currentUser { username } }", "variables": {"x": "\\ud800"}}'
    for data in (b"{", b"[]", b"7", b"\xff", b'{"query": 7}', b'{"query": NaN}', half, b"[" * 100_000):
        response = mia.graphql("", json=None, data=data, headers=headers)
        assert response.status_code == 400
        assert response.json()["errors"]
    wrong = mia.graphql("", json={"query": "{ currentUser { username } }", "variables": [1]})
    assert (wrong.status_code, wrong.json()["errors"][0]["message"]) == (422, "Unexpected parameter: [1]")


def test_queries_above_10000_characters(mia: Any) -> None:
    query = "{ currentUser { username } }"
    assert answer(mia.graphql(query + " " * (10_000 - len(query))))["data"]
    response = mia.graphql(query + " " * (10_001 - len(query)))
    assert (response.status_code, response.json()) == (422, {"errors": [{"message": "Query too large"}]})


# package


def test_a_package(sandbox: Sandbox, mia: Any, root: Any, publish: Callable[..., Any]) -> None:
    package, _ = publish(name="plain")
    sandbox.change_package(package, last_downloaded_at="2025-03-01T10:00:00.000Z")
    listed = mia.get(f"/projects/42/packages/{package}").json()
    updated_at = sandbox.change_package(package, status="deprecated")["updated_at"]
    assert answer(mia.graphql(PACKAGE, {"id": gid(package)}))["data"]["package"] == {
        "id": gid(package),
        "name": "plain",
        "version": "1.0.0",
        "packageType": "GENERIC",
        "status": "DEPRECATED",
        "statusMessage": None,
        "createdAt": listed["created_at"],
        "updatedAt": updated_at,
        "lastDownloadedAt": "2025-03-01T10:00:00.000Z",
        "protectionRuleExists": False,
        "userPermissions": {"destroyPackage": True},
        "project": {"fullPath": "acme/web/shop"},
    }


@pytest.mark.parametrize("package", [104, 105, 106, 107, 99999, 10**17])
def test_null_for_packages_of_other_statuses_or_that_are_not_there(mia: Any, package: int) -> None:
    assert answer(mia.graphql(PACKAGE, {"id": gid(package)})) == {"data": {"package": None}}


def test_null_for_packages_that_are_not_for_the_caller(
    sandbox: Sandbox, client: Callable[..., Any], anyone: Any
) -> None:
    for api in (anyone, client(sandbox, "glpat-otto"), client(sandbox, "glpat-gus")):
        assert answer(api.graphql(PACKAGE, {"id": gid(101)})) == {"data": {"package": None}}
    assert answer(anyone.graphql(PACKAGE, {"id": gid(301)}))["data"]["package"]["name"] == "tool"


def test_user_permissions_follow_the_role(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    query = f'{{ package(id: "{gid(101)}") {{ userPermissions {{ destroyPackage }} }} }}'
    for user, may in (("root", True), ("olga", True), ("mia", True), ("sam", False), ("rita", False)):
        found = answer(client(sandbox, f"glpat-{user}").graphql(query))["data"]["package"]
        assert found == {"userPermissions": {"destroyPackage": may}}


def test_protection_rule_exists_tells_of_push_rules_only(client: Callable[..., Any]) -> None:
    level = {"push": "minimum_access_level_for_push", "delete": "minimum_access_level_for_delete"}
    seed = {
        "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
        "projects": [
            {
                "path": "a/b",
                "protection_rules": [
                    {"package_name_pattern": "pushed*", "package_type": "generic", level["push"]: "maintainer"},
                    {"package_name_pattern": "kept*", "package_type": "generic", level["delete"]: "admin"},
                ],
                "packages": [{"id": 1, "name": "pushed-1"}, {"id": 2, "name": "kept-1"}],
            }
        ],
    }
    with Sandbox(seed) as running:
        api = client(running, "glpat-root")
        for package, exists in ((1, True), (2, False)):
            found = answer(api.graphql(PACKAGE, {"id": gid(package)}))["data"]["package"]
            assert found["protectionRuleExists"] is exists


def test_one_package_in_a_request(mia: Any) -> None:
    query = f'{{ a: package(id: "{gid(101)}") {{ id }} b: package(id: "{gid(102)}") {{ id }} }}'
    body = answer(mia.graphql(query))
    assert body["data"] == {"a": {"id": gid(101)}, "b": None}
    assert [(error["message"], error["path"]) for error in body["errors"]] == [
        ('"package" field can be requested only for 1 Query(s) at a time.', ["b"])
    ]


def test_packages_off_for_the_instance_show_none(base_seed: dict[str, Any], client: Callable[..., Any]) -> None:
    with Sandbox({**base_seed, "instance": {"packages": "disabled"}}) as running:
        api = client(running, "glpat-root")
        assert answer(api.graphql(PACKAGE, {"id": gid(101)})) == {"data": {"package": None}}
        assert messages(api.graphql(DELETE, {"ids": [gid(101)]})) == [NOT_AVAILABLE]
        query = '{ project(fullPath: "acme/web/shop") { packagesCleanupPolicy { nextRunAt } } }'
        assert answer(api.graphql(query))["data"] == {"project": {"packagesCleanupPolicy": None}}


# project and group


def test_projects_and_groups_are_null_for_those_who_do_not_see_them(
    sandbox: Sandbox, client: Callable[..., Any], anyone: Any, mia: Any
) -> None:
    query = (
        '{ shop: project(fullPath: "acme/web/shop") { id name archived } acme: group(fullPath: "acme") { id name }'
        ' tool: project(fullPath: "open/tool") { id } open: group(fullPath: "open") { fullPath }'
        ' none: project(fullPath: "acme/none") { id } old: project(fullPath: "acme/old-shop") { id } }'
    )
    seen = answer(mia.graphql(query))["data"]
    assert seen["shop"] == {"id": "gid://gitlab/Project/42", "name": "shop", "archived": False}
    assert seen["acme"]["name"] == "acme"
    assert (seen["none"], seen["old"]) == (None, None)
    for api in (anyone, client(sandbox, "glpat-otto")):
        assert answer(api.graphql(query)) == {
            "data": {
                "shop": None,
                "acme": None,
                "tool": {"id": "gid://gitlab/Project/44"},
                "open": {"fullPath": "open"},
                "none": None,
                "old": None,
            }
        }


# Counting, faults, versions


def test_it_counts_as_a_request_of_the_plain_api(base_seed: dict[str, Any], client: Callable[..., Any]) -> None:
    with Sandbox(base_seed, rate_limit="2/3600") as running:
        api = client(running, "glpat-mia")
        assert api.get("/projects/42/packages").status_code == 200
        assert api.graphql("{ currentUser { username } }").status_code == 200
        refused = api.graphql("{ currentUser { username } }")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0


def test_it_is_recorded_and_takes_faults(sandbox: Sandbox, mia: Any) -> None:
    sandbox.forget()
    sandbox.faults([{"path": "/api/graphql", "kind": "status", "code": 502}])
    assert mia.graphql("{ currentUser { username } }").status_code == 502
    assert mia.graphql("{ currentUser { username } }").status_code == 200
    assert [(call["method"], call["path"], call["status"], call["auth"]) for call in sandbox.requests()] == [
        ("POST", "/api/graphql", 502, "private-token"),
        ("POST", "/api/graphql", 200, "private-token"),
    ]


@pytest.mark.parametrize("field", ["protectionRuleExists", "statusMessage", "userPermissions { destroyPackage }"])
def test_16_1_lacks_newer_fields(old: Sandbox, client: Callable[..., Any], field: str) -> None:
    query = f'{{ package(id: "{gid(101)}") {{ name {field} }} }}'
    name = field.split()[0]
    assert messages(client(old, "glpat-mia").graphql(query)) == [
        f"Field '{name}' doesn't exist on type 'PackageDetailsType'"
    ]


def test_16_1_knows_updated_at(old: Sandbox, client: Callable[..., Any]) -> None:
    query = f'{{ package(id: "{gid(101)}") {{ updatedAt status }} }}'
    found = answer(client(old, "glpat-mia").graphql(query))["data"]["package"]
    assert found == {"updatedAt": "2025-03-01T10:00:00.000Z", "status": "DEFAULT"}


def test_fine_grained_tokens_need_the_permission(base_seed: dict[str, Any], client: Callable[..., Any]) -> None:
    tokens = [
        {"value": f"glpat-fine-{permission}", "scopes": ["granular"], "permissions": [permission] if permission else []}
        for permission in ("", "read_packages", "admin_packages")
    ]
    seed = {
        **base_seed,
        "users": [*base_seed["users"][:2], {"username": "mia", "tokens": tokens}, *base_seed["users"][3:]],
    }
    with Sandbox(seed) as running:
        for permission, reads, writes in (
            ("", False, False),
            ("read_packages", True, False),
            ("admin_packages", True, True),
        ):
            api = client(running, f"glpat-fine-{permission}")
            read = answer(api.graphql(PACKAGE, {"id": gid(101)}))
            assert (read["data"]["package"] is not None) is reads
            assert ("errors" not in read) is reads
            assert ("errors" not in answer(api.graphql(DELETE, {"ids": [gid(102)]}))) is writes
