# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""R1 to R4: the calls of package protection rules (contract of the registries, section B)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

RULES = "/projects/42/packages/protection/rules"
ARCHIVED = "/projects/47/packages/protection/rules"
PUSH = "minimum_access_level_for_push"
DELETE = "minimum_access_level_for_delete"

SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "olga", "tokens": [{"value": "glpat-olga"}]},
        {
            "username": "mia",
            "tokens": [
                {"value": "glpat-mia"},
                {"value": "glpat-mia-read", "scopes": ["read_api"]},
                {"value": "glpat-mia-fine", "scopes": ["granular"], "permissions": ["read_packages"]},
            ],
        },
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
        {"username": "rita", "tokens": [{"value": "glpat-rita"}]},
        {"username": "gus", "tokens": [{"value": "glpat-gus"}]},
        {"username": "otto", "tokens": [{"value": "glpat-otto"}]},
    ],
    "job_tokens": [{"value": "glcbt-mia", "user": "mia", "project": "acme/shop"}],
    "groups": [
        {
            "path": "acme",
            "visibility": "private",
            "members": {"olga": "owner", "mia": "maintainer", "sam": "developer", "rita": "reporter", "gus": "guest"},
        },
        {"path": "open", "visibility": "public", "members": {"mia": "maintainer"}},
    ],
    "projects": [
        {"path": "acme/shop", "id": 42, "moved_from": ["acme/old"]},
        {"path": "acme/other", "id": 43},
        {"path": "open/tool", "id": 44},
        {
            "path": "acme/seeded",
            "id": 46,
            "protection_rules": [
                {"package_name_pattern": "b*", "package_type": "generic", PUSH: "maintainer", DELETE: "owner"},
                {"package_name_pattern": "a*", "package_type": "npm", PUSH: "admin"},
            ],
        },
        {
            "path": "acme/archived",
            "id": 47,
            "archived": True,
            "protection_rules": [{"package_name_pattern": "x", "package_type": "helm", PUSH: "owner"}],
        },
        {"path": "acme/off", "id": 48, "package_registry": "disabled"},
    ],
}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


@pytest.fixture
def pattern() -> str:
    """A pattern that no other test uses."""
    return f"own-{next(_numbers)}-*"


def post(api: Any, pattern: str, path: str = RULES, **fields: Any) -> Any:
    """R2 with defaults."""
    return api.call("POST", path, json={"package_name_pattern": pattern, "package_type": "generic", **fields})


def told(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


def created(api: Any, pattern: str, path: str = RULES, **fields: Any) -> dict[str, Any]:
    response = post(api, pattern, path, **(fields or {PUSH: "maintainer"}))
    assert response.status_code == 201, response.text
    rule: dict[str, Any] = response.json()
    return rule


# R1


def test_r1_lists_all_rules_of_the_project_without_pages(mia: Any) -> None:
    response = mia.get("/projects/46/packages/protection/rules", params={"per_page": 1})
    assert response.status_code == 200
    assert [{key: value for key, value in rule.items() if key != "id"} for rule in response.json()] == [
        {
            "project_id": 46,
            "package_name_pattern": "b*",
            "package_type": "generic",
            DELETE: "owner",
            PUSH: "maintainer",
        },
        {"project_id": 46, "package_name_pattern": "a*", "package_type": "npm", DELETE: None, PUSH: "admin"},
    ]
    assert not [name for name in response.headers if name.lower().startswith("x-") or name.lower() == "link"]


def test_there_is_no_get_of_one_rule(mia: Any, pattern: str) -> None:
    rule = created(mia, pattern)
    assert told(mia.get(f"{RULES}/{rule['id']}")) == (404, {"error": "404 Not Found"})


# R2


def test_r2_answers_201_and_the_rule(mia: Any, pattern: str) -> None:
    response = post(mia, pattern, **{PUSH: "maintainer", DELETE: "owner"})
    rule = response.json()
    assert response.status_code == 201
    assert isinstance(rule.pop("id"), int)
    assert rule == {
        "project_id": 42,
        "package_name_pattern": pattern,
        "package_type": "generic",
        PUSH: "maintainer",
        DELETE: "owner",
    }
    assert pattern in [rule["package_name_pattern"] for rule in mia.get(RULES).json()]


def test_r2_takes_forms_and_query_strings(mia: Any, pattern: str) -> None:
    fields = {"package_name_pattern": pattern, "package_type": "maven", PUSH: "owner"}
    assert mia.call("POST", RULES, data=fields).json()["package_type"] == "maven"
    assert mia.call("POST", RULES, params={**fields, "package_type": "helm"}).json()[PUSH] == "owner"


@pytest.mark.parametrize(
    "package_type", ["npm", "pypi", "conan", "maven", "generic", "nuget", "helm", "cargo", "terraform_module"]
)
def test_r2_takes_these_types(mia: Any, package_type: str) -> None:
    name = f"types-{next(_numbers)}/x" if package_type == "terraform_module" else f"types-{next(_numbers)}"
    assert post(mia, name, package_type=package_type, **{PUSH: "owner"}).status_code == 201


@pytest.mark.parametrize("package_type", ["composer", "debian", "golang", "rubygems", "rpm", "ml_model", "foo", ""])
def test_r2_takes_no_other_types(mia: Any, pattern: str, package_type: str) -> None:
    assert told(post(mia, pattern, package_type=package_type, **{PUSH: "owner"})) == (
        400,
        {"error": "package_type does not have a valid value"},
    )


@pytest.mark.parametrize(
    ("name", "level"), [(PUSH, "maintainer"), (PUSH, "owner"), (PUSH, "admin"), (DELETE, "owner"), (DELETE, "admin")]
)
def test_r2_takes_one_level_alone(mia: Any, pattern: str, name: str, level: str) -> None:
    rule = created(mia, pattern, **{name: level})
    assert {PUSH: rule[PUSH], DELETE: rule[DELETE]} == {PUSH: None, DELETE: None, name: level}


@pytest.mark.parametrize(
    ("name", "level"),
    [(PUSH, "developer"), (PUSH, "guest"), (PUSH, ""), (PUSH, 40), (DELETE, "maintainer"), (DELETE, "")],
)
def test_r2_refuses_other_levels(mia: Any, pattern: str, name: str, level: Any) -> None:
    assert told(post(mia, pattern, **{name: level})) == (400, {"error": f"{name} does not have a valid value"})


def test_null_is_no_rule_for_that_deed(mia: Any, pattern: str) -> None:
    rule = created(mia, pattern, **{PUSH: None, DELETE: "owner"})
    assert (rule[PUSH], rule[DELETE]) == (None, "owner")


def test_r2_wants_at_least_one_level(mia: Any, pattern: str) -> None:
    assert told(post(mia, pattern)) == (
        400,
        {"error": f"{PUSH}, {DELETE} are missing, at least one parameter must be provided"},
    )


def test_r2_wants_a_pattern_and_a_type(mia: Any) -> None:
    status, body = told(mia.call("POST", RULES, json={PUSH: "owner"}))
    assert status == 400
    assert body["error"] == (
        "package_name_pattern is missing, package_type is missing, package_type does not have a valid value"
    )


def test_r2_tells_all_errors_at_once(mia: Any) -> None:
    response = mia.call("POST", RULES, json={"package_name_pattern": ["x"], "package_type": "x", PUSH: "x"})
    assert response.json() == {
        "error": f"package_name_pattern is invalid, package_type does not have a valid value, {PUSH} does not have"
        " a valid value"
    }


def test_r2_refuses_a_body_that_is_no_json(mia: Any) -> None:
    headers = {"Content-Type": "application/json"}
    assert mia.call("POST", RULES, data=b"{", headers=headers).status_code == 400
    for data in (b"[]", b"\xff", b'{"package_name_pattern": "\\ud800"}', b'{"package_name_pattern": "\\u0000"}', b"7"):
        assert mia.call("POST", RULES, data=data, headers=headers).status_code == 400
    assert mia.call("POST", RULES, data=b"x", headers={"Content-Type": "text/plain"}).status_code == 415


# 422


def test_422_already_taken(mia: Any, pattern: str) -> None:
    created(mia, pattern)
    status, body = told(post(mia, pattern, **{PUSH: "owner"}))
    assert status == 422
    assert body["message"]["error"][0] == "Package name pattern has already been taken"
    # The key is project, type and pattern, with upper and lower case.
    assert post(mia, pattern, package_type="helm", **{PUSH: "owner"}).status_code == 201
    assert post(mia, pattern.upper(), **{PUSH: "owner"}).status_code == 201
    assert post(mia, pattern, "/projects/43/packages/protection/rules", **{PUSH: "owner"}).status_code == 201


def test_422_both_levels_null(mia: Any, pattern: str) -> None:
    assert told(post(mia, pattern, **{PUSH: None, DELETE: None})) == (
        422,
        {"message": {"error": ["A rule must have at least a minimum access role for push or delete."]}},
    )


@pytest.mark.parametrize("text", ["", "  ", None])
def test_422_blank_pattern(mia: Any, text: Any) -> None:
    status, body = told(post(mia, text, **{PUSH: "owner"}))
    assert (status, body["message"]["error"]) == (422, ["Package name pattern can't be blank"])


def test_422_pattern_above_255_characters(mia: Any, pattern: str) -> None:
    status, body = told(post(mia, pattern + "x" * (256 - len(pattern)), **{PUSH: "owner"}))
    assert (status, body["message"]["error"]) == (422, ["Package name pattern is too long (maximum is 255 characters)"])
    assert post(mia, pattern + "x" * (255 - len(pattern)), **{PUSH: "owner"}).status_code == 201


@pytest.mark.parametrize(
    ("package_type", "name", "wrong"),
    [
        ("npm", "NPM", "@acme/100%"),
        ("npm", "NPM", "*@acme/ui"),
        ("npm", "NPM", "@ac*e/ui"),
        ("npm", "NPM", "two words"),
        ("pypi", "PyPI", "two words"),
        ("pypi", "PyPI", "100%"),
        ("terraform_module", "Terraform module", "network"),
        ("terraform_module", "Terraform module", "Network/aws"),
        ("terraform_module", "Terraform module", "a/b/c"),
    ],
)
def test_422_pattern_that_no_package_of_the_type_can_have(mia: Any, package_type: str, name: str, wrong: str) -> None:
    assert told(post(mia, wrong, package_type=package_type, **{PUSH: "owner"})) == (
        422,
        {
            "message": {
                "error": [
                    f"Package name pattern should be a valid {name} package name with optional wildcard characters."
                ]
            }
        },
    )


@pytest.mark.parametrize(
    ("package_type", "right"),
    [
        ("npm", "*"),
        ("npm", "@acme/ui-*"),
        ("npm", "@acme.x/*-ui-*"),
        ("npm", "plain*"),
        ("pypi", "*"),
        ("pypi", "my_lib.*"),
        ("terraform_module", "*/aws"),
        ("terraform_module", "net*/a-*"),
        ("generic", "any thing % goes \\u0000 here"),
    ],
)
def test_201_pattern_that_packages_of_the_type_can_have(mia: Any, package_type: str, right: str) -> None:
    assert post(mia, right, package_type=package_type, **{PUSH: "owner"}).status_code == 201


# R3


def test_r3_answers_200_and_changes_only_what_is_sent(mia: Any, pattern: str) -> None:
    rule = created(mia, pattern, **{PUSH: "maintainer", DELETE: "owner"})
    path = f"{RULES}/{rule['id']}"
    assert told(mia.call("PATCH", path, json={PUSH: "admin"})) == (200, {**rule, PUSH: "admin"})
    assert told(mia.call("PATCH", path, json={DELETE: None})) == (200, {**rule, PUSH: "admin", DELETE: None})
    assert told(mia.call("PATCH", path, json={})) == (200, {**rule, PUSH: "admin", DELETE: None})
    renamed = {**rule, PUSH: "admin", DELETE: None, "package_name_pattern": f"{pattern}2", "package_type": "nuget"}
    fields = {"package_name_pattern": f"{pattern}2", "package_type": "nuget"}
    assert told(mia.call("PATCH", path, json=fields)) == (200, renamed)
    assert renamed in mia.get(RULES).json()


def test_r3_cannot_clear_the_last_level(mia: Any, pattern: str) -> None:
    rule = created(mia, pattern)
    status, body = told(mia.call("PATCH", f"{RULES}/{rule['id']}", json={PUSH: None}))
    assert status == 422
    assert body["message"]["error"] == ["A rule must have at least a minimum access role for push or delete."]
    assert rule in mia.get(RULES).json()


def test_r3_refuses_what_r2_refuses(mia: Any, pattern: str) -> None:
    created(mia, pattern)
    path = f"{RULES}/{created(mia, f'{pattern}2')['id']}"
    status, body = told(mia.call("PATCH", path, json={"package_name_pattern": pattern}))
    assert (status, body["message"]["error"][0]) == (422, "Package name pattern has already been taken")
    assert mia.call("PATCH", path, json={"package_type": "terraform_module"}).status_code == 422
    assert mia.call("PATCH", path, json={"package_type": None}).status_code == 422
    assert told(mia.call("PATCH", path, json={DELETE: ""})) == (400, {"error": f"{DELETE} does not have a valid value"})
    assert mia.call("PATCH", path, json={"package_name_pattern": f"{pattern}2"}).status_code == 200


# R4


def test_r4_answers_204_and_the_rule_is_gone(mia: Any, pattern: str) -> None:
    rule = created(mia, pattern)
    response = mia.delete(f"{RULES}/{rule['id']}")
    assert (response.status_code, response.content) == (204, b"")
    assert rule not in mia.get(RULES).json()
    assert told(mia.delete(f"{RULES}/{rule['id']}")) == (404, {"message": "404 Not found"})


def test_r4_honours_if_unmodified_since(mia: Any, pattern: str) -> None:
    path = f"{RULES}/{created(mia, pattern)['id']}"
    hour = timedelta(hours=1)
    now = datetime.now(timezone.utc)
    before = {"If-Unmodified-Since": format_datetime(now - hour, usegmt=True)}
    assert told(mia.delete(path, headers=before)) == (412, {"message": "412 Precondition Failed"})
    assert (
        mia.delete(path, headers={"If-Unmodified-Since": format_datetime(now + hour, usegmt=True)}).status_code == 204
    )


def test_a_change_moves_a_rules_last_update(sandbox: Sandbox, mia: Any) -> None:
    seeded = mia.get("/projects/46/packages/protection/rules").json()[0]
    path = f"/projects/46/packages/protection/rules/{seeded['id']}"
    long_ago = {"If-Unmodified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"}
    assert mia.call("PATCH", path, json={PUSH: seeded[PUSH]}).status_code == 200
    # Nothing has changed so far: the rule is as old as its seed.
    assert mia.call("PATCH", path, json={PUSH: "admin"}).status_code == 200
    assert mia.delete(path, headers=long_ago).status_code == 412
    assert mia.call("PATCH", path, json={PUSH: seeded[PUSH]}).status_code == 200


# Refusals of all four


def every(api: Any, path: str, rule: Any) -> list[Any]:
    """The answers of R1 to R4."""
    return [
        api.get(path),
        post(api, "refused-*", path, **{PUSH: "owner"}),
        api.call("PATCH", f"{path}/{rule}", json={PUSH: "owner"}),
        api.delete(f"{path}/{rule}"),
    ]


@pytest.mark.parametrize("rule", ["x", "1.5", "a%2Fb"])
def test_400_id_that_is_no_integer(mia: Any, rule: str) -> None:
    for answer in every(mia, RULES, rule)[2:]:
        assert told(answer) == (400, {"error": "package_protection_rule_id is invalid"})


@pytest.mark.parametrize(
    ("header", "token"), [("", ""), ("PRIVATE-TOKEN", "glpat-unknown"), ("JOB-TOKEN", "glcbt-mia")]
)
@pytest.mark.parametrize("project", [42, 44])
def test_401_for_nobody_unknown_tokens_and_job_tokens(
    sandbox: Sandbox, client: Callable[..., Any], header: str, token: str, project: int
) -> None:
    api = client(sandbox, token, header=header or "PRIVATE-TOKEN")
    for answer in every(api, f"/projects/{project}/packages/protection/rules", 1):
        assert told(answer) == (401, {"message": "401 Unauthorized"})


@pytest.mark.parametrize("user", ["gus", "rita", "sam"])
def test_403_below_maintainer(sandbox: Sandbox, client: Callable[..., Any], user: str) -> None:
    for answer in every(client(sandbox, f"glpat-{user}"), RULES, 1):
        assert told(answer) == (403, {"message": "403 Forbidden"})


def test_403_for_no_member_of_a_public_project(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    for answer in every(client(sandbox, "glpat-otto"), "/projects/44/packages/protection/rules", 1):
        assert told(answer) == (403, {"message": "403 Forbidden"})


@pytest.mark.parametrize("user", ["mia", "olga", "root"])
def test_maintainers_owners_and_administrators_may(
    sandbox: Sandbox, client: Callable[..., Any], pattern: str, user: str
) -> None:
    api = client(sandbox, f"glpat-{user}")
    rule = created(api, pattern)
    assert api.get(RULES).status_code == 200
    assert api.delete(f"{RULES}/{rule['id']}").status_code == 204


@pytest.mark.parametrize("path", [ARCHIVED, "/projects/48/packages/protection/rules"])
def test_403_in_archived_projects_and_where_the_registry_is_off(
    sandbox: Sandbox, client: Callable[..., Any], path: str
) -> None:
    for user in ("olga", "root"):
        for answer in every(client(sandbox, f"glpat-{user}"), path, 900):
            assert told(answer) == (403, {"message": "403 Forbidden"})


def test_404_for_projects_that_are_not_there_or_not_for_the_caller(
    sandbox: Sandbox, client: Callable[..., Any]
) -> None:
    for token, project in (("glpat-mia", "99999"), ("glpat-otto", "42"), ("glpat-otto", "acme%2Fshop")):
        for answer in every(client(sandbox, token), f"/projects/{project}/packages/protection/rules", 1):
            assert told(answer) == (404, {"message": "404 Project Not Found"})


def test_404_for_rules_of_another_project(mia: Any, pattern: str) -> None:
    rule = created(mia, pattern)
    other = f"/projects/43/packages/protection/rules/{rule['id']}"
    assert told(mia.delete(other)) == (404, {"message": "404 Not found"})
    assert told(mia.call("PATCH", other, json={PUSH: "owner"})) == (404, {"message": "404 Not found"})
    assert rule in mia.get(RULES).json()


def test_403_for_tokens_that_may_only_read(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    answers = every(client(sandbox, "glpat-mia-read"), RULES, 1)
    assert answers[0].status_code == 200
    assert [answer.json()["error"] for answer in answers[1:]] == ["insufficient_scope"] * 3
    fine = every(client(sandbox, "glpat-mia-fine"), RULES, 1)
    assert [answer.json()["error"] for answer in fine] == ["insufficient_granular_scope"] * 4


def test_a_moved_projects_rules(mia: Any) -> None:
    answers = every(mia, "/projects/acme%2Fold/packages/protection/rules", 1)
    assert answers[0].status_code == 301
    assert answers[0].headers["location"].endswith("/api/v4/projects/42/packages/protection/rules")
    assert [answer.status_code for answer in answers[1:]] == [405, 405, 405]


# Servers without


@pytest.mark.parametrize("options", [{"instance": {"rules_endpoint": False}}, {"gitlab_version": "16.1"}])
def test_servers_without_the_calls_answer_404(client: Callable[..., Any], options: dict[str, Any]) -> None:
    seed = {**SEED, "instance": options.get("instance", {})}
    with Sandbox(seed, gitlab_version=options.get("gitlab_version", "current")) as running:
        for answer in every(client(running, "glpat-mia"), RULES, 1):
            assert told(answer) == (404, {"error": "404 Not Found"})


def test_packages_off_for_the_instance_make_the_calls_404(client: Callable[..., Any]) -> None:
    with Sandbox({**SEED, "instance": {"packages": "disabled"}}) as running:
        for answer in every(client(running, "glpat-mia"), RULES, 1):
            assert told(answer) == (404, {"message": "404 Not Found"})


# The flag packages_protected_packages_delete


@pytest.fixture(scope="module")
def without_flag() -> Iterator[Sandbox]:
    with Sandbox({**SEED, "instance": {"delete_protection": False}}) as running:
        yield running


def test_with_the_flag_off_the_level_for_deleting_reads_null(without_flag: Sandbox, client: Callable[..., Any]) -> None:
    api = client(without_flag, "glpat-mia")
    assert [rule[DELETE] for rule in api.get("/projects/46/packages/protection/rules").json()] == [None, None]
    rule = created(api, "flag-*", **{PUSH: "maintainer", DELETE: "owner"})
    assert (rule[PUSH], rule[DELETE]) == ("maintainer", None)


def test_with_the_flag_off_a_rule_for_deleting_alone_is_422(without_flag: Sandbox, client: Callable[..., Any]) -> None:
    response = post(client(without_flag, "glpat-mia"), "flag-2-*", **{DELETE: "owner"})
    assert told(response) == (
        422,
        {"message": {"error": ["A rule must have at least a minimum access role for push or delete."]}},
    )


def test_with_the_flag_off_r3_keeps_the_stored_level(without_flag: Sandbox, client: Callable[..., Any]) -> None:
    api = client(without_flag, "glpat-mia")
    path = "/projects/46/packages/protection/rules"
    rule = api.get(path).json()[0]
    # Its stored level for deleting is owner: without it, clearing the other one would be refused.
    response = api.call("PATCH", f"{path}/{rule['id']}", json={PUSH: None, DELETE: None})
    assert told(response) == (200, {**rule, PUSH: None, DELETE: None})


def test_rules_outlive_the_server(tmp_path: Any, client: Callable[..., Any]) -> None:
    with Sandbox(SEED, db=tmp_path / "state.db") as running:
        rule = created(client(running, "glpat-mia"), "kept-*", **{DELETE: "admin"})
    with Sandbox(SEED, db=tmp_path / "state.db") as running:
        api = client(running, "glpat-mia")
        assert rule in api.get(RULES).json()
        before = {"If-Unmodified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"}
        assert api.delete(f"{RULES}/{rule['id']}", headers=before).status_code == 412


# What a rule does is in test_protection.py; here is what it takes to make one


def test_of_several_rules_the_strictest_decides(
    mia: Any, root: Any, sandbox: Sandbox, client: Callable[..., Any]
) -> None:
    created(root, "strict-*", **{PUSH: "maintainer", DELETE: "owner"})
    created(root, "strict-and-*", **{PUSH: "owner", DELETE: "admin"})
    created(root, "*-and-more", **{PUSH: "maintainer"})
    olga = client(sandbox, "glpat-olga")
    names = ("strict-1", "strict-and-1", "strict-and-more")

    def published(api: Any) -> list[bool]:
        path = "/projects/42/packages/generic"
        return [api.put(f"{path}/{name}/1.0/file", b"x").status_code == 201 for name in names]

    assert published(client(sandbox, "glpat-sam")) == [False, False, False]
    assert published(mia) == [True, False, False]
    assert published(olga) == [True, True, True]
    packages = {package["name"]: package["id"] for package in root.get("/projects/42/packages").json()}
    deleted = [olga.delete(f"/projects/42/packages/{packages[name]}").status_code for name in names]
    assert deleted == [204, 403, 403]


def test_rules_hold_and_end_at_once(sandbox: Sandbox, client: Callable[..., Any], root: Any, pattern: str) -> None:
    mia = client(sandbox, "glpat-mia")
    path = f"/projects/42/packages/generic/{pattern[:-2]}/1.0/file"
    package = mia.put(f"{path}?select=package_file", b"x").json()["package_id"]
    rule = created(root, pattern[:-1] + "*", **{PUSH: "owner", DELETE: "owner"})
    assert mia.call("PATCH", f"{RULES}/{rule['id']}", json={"package_name_pattern": pattern[:-2]}).status_code == 200
    assert mia.put(path, b"x").json() == {"message": "403 Forbidden - Package protected."}
    assert mia.delete(f"/projects/42/packages/{package}").status_code == 403
    assert root.call("PATCH", f"{RULES}/{rule['id']}", json={PUSH: None}).status_code == 200
    assert mia.put(path, b"x").status_code == 201
    assert mia.delete(f"/projects/42/packages/{package}").status_code == 403
    assert root.delete(f"{RULES}/{rule['id']}").status_code == 204
    assert mia.delete(f"/projects/42/packages/{package}").status_code == 204
