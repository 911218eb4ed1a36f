# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what, and the errors (contract, sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

P = "/projects/42/packages"
Publish = Callable[..., tuple[int, int]]

TOKENS = {
    "anonymous": "",
    "no member": "glpat-otto",
    "guest": "glpat-gus",
    "reporter": "glpat-rita",
    "developer": "glpat-sam",
    "maintainer": "glpat-mia",
    "owner": "glpat-olga",
    "admin": "glpat-root",
}


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json() if response.content else None


PROJECT_READS = ["", "/101", "/101/package_files", "/101/pipelines", "/101/package_files/1002/download"]


@pytest.mark.parametrize("path", PROJECT_READS)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 404),
        ("no member", 404),
        ("guest", 403),
        ("reporter", 200),
        ("developer", 200),
        ("maintainer", 200),
        ("owner", 200),
        ("admin", 200),
    ],
)
def test_read_private_project(sandbox: Sandbox, client: Callable[..., Any], path: str, who: str, status: int) -> None:
    response = client(sandbox, TOKENS[who]).get(P + path)
    assert response.status_code == status
    if status == 404:
        assert response.json() == {"message": "404 Project Not Found"}
    if status == 403:
        assert response.json() == {"message": "403 Forbidden"}


@pytest.mark.parametrize("path", ["", "/301", "/301/package_files", "/301/pipelines"])
@pytest.mark.parametrize("who", ["anonymous", "no member", "guest", "maintainer", "admin"])
def test_read_public_project(sandbox: Sandbox, client: Callable[..., Any], path: str, who: str) -> None:
    assert client(sandbox, TOKENS[who]).get(f"/projects/44/packages{path}").status_code == 200


@pytest.mark.parametrize(("who", "status"), [("anonymous", 404), ("no member", 200), ("guest", 200)])
def test_read_internal_project(sandbox: Sandbox, client: Callable[..., Any], who: str, status: int) -> None:
    api = client(sandbox, TOKENS[who])
    assert api.get("/projects/46/packages/401").status_code == status
    assert api.get("/projects/46").status_code == status
    assert api.get("/groups/staff").status_code == status
    assert api.get("/groups/staff/packages").status_code == status


@pytest.mark.parametrize("what", ["package", "file"])
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 404),
        ("no member", 404),
        ("guest", 403),
        ("reporter", 403),
        ("developer", 403),
        ("maintainer", 204),
        ("owner", 204),
        ("admin", 204),
    ],
)
def test_delete_in_private_project(
    sandbox: Sandbox, client: Callable[..., Any], publish: Publish, what: str, who: str, status: int
) -> None:
    package, file = publish()
    path = f"{P}/{package}" if what == "package" else f"{P}/{package}/package_files/{file}"
    response = client(sandbox, TOKENS[who]).delete(path)
    assert response.status_code == status
    if status == 404:
        assert response.json() == {"message": "404 Project Not Found"}
    if status == 403:
        assert response.json() == {"message": "403 Forbidden"}


@pytest.mark.parametrize("what", ["package", "file"])
@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 403), ("no member", 403), ("guest", 403), ("maintainer", 204), ("admin", 204)],
)
def test_delete_in_public_project(
    sandbox: Sandbox, client: Callable[..., Any], publish: Publish, what: str, who: str, status: int
) -> None:
    package, file = publish(44)
    path = f"/projects/44/packages/{package}" + ("" if what == "package" else f"/package_files/{file}")
    response = client(sandbox, TOKENS[who]).delete(path)
    assert response.status_code == status
    if status == 403:
        assert response.json() == {"message": "403 Forbidden"}


def test_roles_are_inherited_and_the_highest_counts(client: Callable[..., Any]) -> None:
    seed = {
        "users": [{"username": "mia", "tokens": [{"value": "glpat-mia"}]}],
        "groups": [
            {"path": "a", "members": {"mia": "reporter"}},
            {"path": "a/b", "members": {"mia": "maintainer"}},
            {"path": "a/b/c", "members": {"mia": "guest"}},
        ],
        "projects": [
            {"path": "a/top", "packages": [{"name": "x"}]},
            {"path": "a/b/mid", "members": {"mia": "guest"}, "packages": [{"name": "x"}]},
            {"path": "a/b/c/low", "packages": [{"name": "x"}]},
            {"path": "a/own", "members": {"mia": "owner"}, "packages": [{"name": "x"}]},
        ],
    }
    with Sandbox(seed) as running:
        mia = client(running, "glpat-mia")
        assert [mia.delete(f"/projects/{i}/packages/{i}").status_code for i in (1, 2, 3, 4)] == [403, 204, 204, 204]


def test_group_of_a_private_project_is_404_for_those_outside(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    for token in ("", "glpat-otto"):
        for path in ("/groups/acme", "/groups/acme/packages"):
            assert answer(client(sandbox, token).get(path)) == (404, {"message": "404 Group Not Found"})


def test_guest_of_a_private_group_sees_it_but_not_its_packages(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    gus = client(sandbox, "glpat-gus")
    assert gus.get("/groups/acme").status_code == 200
    assert answer(gus.get("/groups/acme/packages")) == (403, {"message": "403 Forbidden"})


ROUTES = [
    ("GET", P),
    ("GET", "/groups/acme/packages"),
    ("GET", f"{P}/101"),
    ("GET", f"{P}/101/package_files"),
    ("GET", f"{P}/101/pipelines"),
    ("DELETE", f"{P}/101"),
    ("DELETE", f"{P}/101/package_files/1001"),
    ("GET", f"{P}/101/package_files/1001/download"),
    ("PUT", f"{P}/generic/a/1/a"),
    ("GET", f"{P}/generic/a/1/a"),
    ("GET", "/projects/42"),
    ("GET", "/groups/acme"),
    ("GET", "/projects/44/packages"),
    ("GET", "/personal_access_tokens/self"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("header", ["PRIVATE-TOKEN", "Authorization"])
def test_unknown_token_is_401_everywhere(
    sandbox: Sandbox, client: Callable[..., Any], method: str, path: str, header: str
) -> None:
    response = client(sandbox, "glpat-revoked", header).call(method, path)
    assert answer(response) == (401, {"message": "401 Unauthorized"})


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if "/groups" not in route[1]])
def test_unknown_job_token_is_401(sandbox: Sandbox, client: Callable[..., Any], method: str, path: str) -> None:
    assert client(sandbox, "glcbt-none", "JOB-TOKEN").call(method, path).status_code == 401


def test_tokens_do_not_pass_for_one_another(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox, "glcbt-mia", "PRIVATE-TOKEN").get(P).status_code == 401
    assert client(sandbox, "glcbt-mia", "Authorization").get(P).status_code == 401
    assert client(sandbox, "glpat-mia", "JOB-TOKEN").get(P).status_code == 401


@pytest.mark.parametrize("header", ["PRIVATE-TOKEN", "Authorization"])
def test_access_token_in_either_header(sandbox: Sandbox, client: Callable[..., Any], header: str) -> None:
    assert client(sandbox, "glpat-mia", header).get(P).status_code == 200


@pytest.mark.parametrize("path", [*PROJECT_READS, None])
def test_job_token_acts_as_its_user(sandbox: Sandbox, client: Callable[..., Any], path: str | None) -> None:
    target = "/projects/42" if path is None else P + path
    assert client(sandbox, "glcbt-mia", "JOB-TOKEN").get(target).status_code == 200
    assert client(sandbox, "glcbt-gus", "JOB-TOKEN").get(target).status_code == (200 if path is None else 403)


def test_job_token_deletes_with_its_users_role(sandbox: Sandbox, client: Callable[..., Any], publish: Publish) -> None:
    package, file = publish()
    job = client(sandbox, "glcbt-mia", "JOB-TOKEN")
    assert job.delete(f"{P}/{package}/package_files/{file}").status_code == 204
    assert job.delete(f"{P}/{package}").status_code == 204


def test_read_api_token_reads(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    reader = client(sandbox, "glpat-mia-read")
    assert all(reader.get(P + path).status_code == 200 for path in PROJECT_READS)
    assert reader.get("/groups/acme/packages").status_code == 200


@pytest.mark.parametrize("path", ["/101", "/101/package_files/1001", "/999999"])
def test_read_api_token_deleting_is_403_insufficient_scope(
    sandbox: Sandbox, client: Callable[..., Any], path: str
) -> None:
    response = client(sandbox, "glpat-mia-read").delete(P + path)
    body = response.json()
    assert response.status_code == 403
    assert set(body) == {"error", "error_description", "scope"}
    assert (body["error"], body["scope"]) == ("insufficient_scope", "api")


def test_token_with_another_scope_is_403_insufficient_scope(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    response = client(sandbox, "glpat-mia-user").get(P)
    assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")


# Moved projects


@pytest.mark.parametrize("path", ["", "/packages", "/packages/101", "/packages/101/package_files?page=2&per_page=5"])
def test_moved_project_answers_get_with_301_to_the_numeric_id(mia: Any, path: str) -> None:
    response = mia.get(f"/projects/acme%2Fold-shop{path}")
    assert response.status_code == 301
    assert response.headers["Location"] == f"{mia.api_url}/projects/42{path}"


def test_moved_project_redirect_keeps_the_query(mia: Any) -> None:
    response = mia.get("/projects/acme%2Fold-shop/packages", params={"package_name": "a b&c", "sort": "desc"})
    assert response.headers["Location"].endswith("/projects/42/packages?package_name=a+b%26c&sort=desc")
    assert mia.get(response.headers["Location"][len(mia.api_url) :]).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/101"), ("DELETE", "/101/package_files/1001"), ("PUT", "/generic/a/1/a")],
)
def test_moved_project_answers_other_methods_with_405(mia: Any, method: str, path: str) -> None:
    response = mia.call(method, f"/projects/acme%2Fold-shop/packages{path}")
    assert answer(response) == (405, {"message": "405 Non GET methods are not allowed for moved projects"})


def test_moved_project_is_404_for_those_who_may_not_see_it(anyone: Any) -> None:
    expected = (404, {"message": "404 Project Not Found"})
    assert answer(anyone.get("/projects/acme%2Fold-shop/packages")) == expected
    assert answer(anyone.delete("/projects/acme%2Fold-shop/packages/101")) == expected


# Errors


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"package_type": "foo"}, "package_type does not have a valid value"),
        ({"package_type": ""}, "package_type does not have a valid value"),
        ({"package_type": "NPM"}, "package_type does not have a valid value"),
        ({"status": "gone"}, "status does not have a valid value"),
        ({"order_by": "size"}, "order_by does not have a valid value"),
        ({"sort": "up"}, "sort does not have a valid value"),
        ({"include_versionless": "perhaps"}, "include_versionless is invalid"),
        ({"page": "x"}, "page is invalid"),
        ({"per_page": "1.5"}, "per_page is invalid"),
        ({"package_type[]": "npm"}, "package_type is invalid"),
        ({"package_name[a]": "npm"}, "package_name is invalid"),
        ({"package_name": "a\x00b"}, "package_name is invalid"),
        (
            {"package_type": "foo", "status": "bar", "page": "z"},
            "page is invalid, package_type does not have a valid value, status does not have a valid value",
        ),
    ],
)
@pytest.mark.parametrize("path", [P, "/groups/acme/packages"])
def test_400_names_every_wrong_parameter(mia: Any, path: str, params: dict[str, str], error: str) -> None:
    assert answer(mia.get(path, params=params)) == (400, {"error": error})


def test_400_for_e2s_own_parameters(mia: Any) -> None:
    response = mia.get("/groups/acme/packages", params={"exclude_subgroups": "2", "order_by": "size"})
    assert answer(response) == (
        400,
        {"error": "exclude_subgroups is invalid, order_by does not have a valid value"},
    )


@pytest.mark.parametrize("query", ["package_name=%ff", "package_name=%zz", "package_name=%", "package_name=a%00"])
def test_400_for_a_parameter_that_is_badly_encoded(mia: Any, query: str) -> None:
    assert mia.raw("GET", f"{P}?{query}") == (400, b'{"error":"package_name is invalid"}')


@pytest.mark.parametrize("number", ["x", "1.0", "1e3", "%31x", "%00", "%ff", "%D9%A1", "--1", "%201"])
def test_400_for_ids_that_are_no_integers(mia: Any, number: str) -> None:
    for path in (f"{P}/{number}", f"{P}/{number}/package_files", f"{P}/{number}/pipelines"):
        assert mia.raw("GET", path) == (400, b'{"error":"package_id is invalid"}')
    assert mia.raw("DELETE", f"{P}/{number}/package_files/{number}") == (
        400,
        b'{"error":"package_id is invalid, package_file_id is invalid"}',
    )


@pytest.mark.parametrize("number", ["0", "-1", "9" * 18, "9" * 19, "9" * 30, "9" * 3000])
def test_404_for_ids_that_nothing_has(mia: Any, number: str) -> None:
    assert answer(mia.get(f"{P}/{number}")) == (404, {"message": "404 Not found"})
    assert answer(mia.delete(f"{P}/{number}")) == (404, {"message": "404 Not found"})
    assert answer(mia.delete(f"{P}/101/package_files/{number}")) == (404, {"message": "404 Not Found"})


@pytest.mark.parametrize(
    "reference",
    ["7", "9" * 40, "nope", "acme%2Fnope", "%00", "%ff", "%", "%2E%2E", "acme%2Fweb%2Fshop%00", "%D9%A4%D9%A2"],
)
def test_404_for_a_project_or_group_that_is_not_there(mia: Any, reference: str) -> None:
    assert mia.raw("GET", f"/projects/{reference}/packages") == (404, b'{"message":"404 Project Not Found"}')
    assert mia.raw("GET", f"/groups/{reference}/packages") == (404, b'{"message":"404 Group Not Found"}')


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/version"),
        ("GET", "/users"),
        ("GET", "/projects/42/packages/"),
        ("GET", "/projects/42/packages/protection/rules/1/2/3"),
        ("POST", P),
        ("PUT", f"{P}/101"),
        ("PATCH", f"{P}/101"),
        ("DELETE", P),
        ("DELETE", "/projects/42"),
        ("DELETE", "/groups/acme/packages"),
        ("GET", f"{P}/101/package_files/1001"),
        ("GET", "/projects//packages"),
        ("GET", "/groups/acme/-/packages/npm/x"),
        ("OPTIONS", P),
    ],
)
def test_404_for_a_route_that_gitlab_may_have_and_this_has_not(mia: Any, method: str, path: str) -> None:
    assert answer(mia.call(method, path)) == (404, {"error": "404 Not Found"})


def test_access_is_checked_before_parameters(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox, "glpat-otto").get(f"{P}?page=x").status_code == 404
    assert client(sandbox, "glpat-gus").get(f"{P}?page=x").status_code == 403


def test_every_answer_with_a_body_says_its_type(mia: Any) -> None:
    for path in (P, f"{P}/0", "/nothing", f"{P}?page=x"):
        assert mia.get(path).headers["Content-Type"] == "application/json"


# E10, E11


def test_e10_project(mia: Any, sandbox: Sandbox) -> None:
    expected = {
        "id": 42,
        "name": "shop",
        "path": "shop",
        "path_with_namespace": "acme/web/shop",
        "web_url": f"{sandbox.url}/acme/web/shop",
        "visibility": "private",
        "archived": False,
        "packages_enabled": True,
        "package_registry_access_level": "enabled",
    }
    body = mia.get("/projects/42").json()
    assert {key: body[key] for key in expected} == expected
    assert body["permissions"]["project_access"] is None
    assert body["permissions"]["group_access"]["access_level"] == 40
    assert answer(mia.get("/projects/acme%2Fweb%2Fshop")) == (200, body)


def test_e10_group(mia: Any, sandbox: Sandbox) -> None:
    body = mia.get("/groups/acme%2Fweb").json()
    assert body["full_path"] == "acme/web"
    assert body["web_url"] == f"{sandbox.url}/groups/acme/web"
    assert body["visibility"] == "private"
    assert answer(mia.get(f"/groups/{body['id']}")) == (200, body)


def test_e10_guest_sees_the_project(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox, "glpat-gus").get("/projects/42").status_code == 200


def test_e10_is_404_for_those_outside(sandbox: Sandbox, client: Callable[..., Any], anyone: Any) -> None:
    for api in (anyone, client(sandbox, "glpat-otto")):
        assert answer(api.get("/projects/42")) == (404, {"message": "404 Project Not Found"})
        assert answer(api.get("/groups/acme")) == (404, {"message": "404 Group Not Found"})


def test_e10_group_ignores_a_job_token(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox, "glcbt-mia", "JOB-TOKEN").get("/groups/acme").status_code == 404
    assert client(sandbox, "glcbt-mia", "JOB-TOKEN").get("/groups/open").status_code == 200


@pytest.mark.parametrize("header", ["PRIVATE-TOKEN", "Authorization"])
def test_e11_describes_the_token(sandbox: Sandbox, client: Callable[..., Any], header: str) -> None:
    body = client(sandbox, "glpat-mia-read", header).get("/personal_access_tokens/self").json()
    assert body.pop("last_used_at").endswith("Z")
    assert body == {
        "id": 4,
        "name": "mia-2",
        "revoked": False,
        "active": True,
        "scopes": ["read_api"],
        "user_id": 3,
        "created_at": "2025-01-01T00:00:00.000Z",
        "expires_at": None,
    }


def test_e11_is_401_without_an_access_token(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    expected = (401, {"message": "401 Unauthorized"})
    assert answer(client(sandbox).get("/personal_access_tokens/self")) == expected
    assert answer(client(sandbox, "nope").get("/personal_access_tokens/self")) == expected
    assert answer(client(sandbox, "glcbt-mia", "JOB-TOKEN").get("/personal_access_tokens/self")) == expected
