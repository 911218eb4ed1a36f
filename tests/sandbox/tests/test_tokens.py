# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kinds of tokens: job, fine-grained, deploy, OAuth, revoked ones (contract, sections 1 and 4; registries, A)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

P = "/projects/1/packages"
PACKAGE = {"name": "app", "files": [{"file_name": "app.bin", "content": "x"}]}
SEED: dict[str, Any] = {
    "users": [
        {
            "username": "mia",
            "tokens": [
                {"value": "glpat-mia"},
                {"value": "glpat-old", "revoked": True},
                {"value": "oauth-mia", "kind": "oauth"},
                {"value": "glpat-user", "scopes": ["read_user"]},
                {"value": "glpat-reader", "scopes": ["granular"], "permissions": ["read_packages"]},
                {"value": "glpat-writer", "scopes": ["granular"], "permissions": ["admin_packages"]},
                {"value": "glpat-nothing", "scopes": ["granular"]},
            ],
        },
        {"username": "otto"},
        {"username": "gus"},
    ],
    "job_tokens": [
        {"value": "job-all", "user": "mia", "project": "acme/ci"},
        {"value": "job-strange", "user": "mia", "project": "acme/strange"},
        {"value": "job-read", "user": "mia", "project": "acme/ci", "permissions": ["read_packages"]},
        {"value": "job-admin", "user": "mia", "project": "acme/ci", "permissions": ["admin_packages"]},
        {"value": "job-pipelines", "user": "mia", "project": "acme/ci", "permissions": ["read_pipelines"]},
        {"value": "job-otto", "user": "otto", "project": "acme/ci"},
        {"value": "job-gus", "user": "gus", "project": "acme/ci"},
    ],
    "deploy_tokens": [
        {"value": "gldt-shop", "project": "acme/shop"},
        {"value": "gldt-read", "project": "acme/shop", "scopes": ["read_package_registry"]},
        {"value": "gldt-group", "group": "acme"},
        {"value": "gldt-open", "project": "open/tool"},
    ],
    "groups": [
        {"path": "acme", "members": {"mia": "maintainer"}},
        {"path": "open", "visibility": "public", "members": {"mia": "maintainer"}},
    ],
    "projects": [
        {
            "path": "acme/shop",
            "members": {"gus": "guest"},
            "job_token_allowlist": ["acme/ci"],
            "packages": [PACKAGE],
        },
        {"path": "open/tool", "job_token_allowlist": [], "packages": [PACKAGE]},
        {"path": "acme/ci"},
        {"path": "acme/strange"},
    ],
}
# Each call of E1 and E3 to E9, with the permission that a job needs for it.
CALLS = [
    ("GET", "", "read_packages"),
    ("GET", "/1", "read_packages"),
    ("GET", "/1/package_files", "read_packages"),
    ("GET", "/1/package_files/1/download", "read_packages"),
    ("GET", "/1/pipelines", "read_pipelines"),
    ("GET", "/generic/app/1.0.0/app.bin", "read_packages"),
    ("PUT", "/generic/job/1.0.0/app.bin", "admin_packages"),
    ("DELETE", "/999/package_files/1", "admin_packages"),
    ("DELETE", "/999", "admin_packages"),
]
READS = [call for call in CALLS if call[0] == "GET"]


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json() if response.content else None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


# Job tokens


@pytest.mark.parametrize(("method", "path", "_"), CALLS)
@pytest.mark.parametrize(("token", "source"), [("job-otto", "acme/ci"), ("job-strange", "acme/strange")])
def test_job_token_without_access_to_a_private_project_is_403_that_names_both_projects(
    sandbox: Sandbox, client: Callable[..., Any], method: str, path: str, _: str, token: str, source: str
) -> None:
    reason = f"Authentication by CI/CD job token not allowed from {source} to acme/shop."
    response = client(sandbox, token, "JOB-TOKEN").call(method, P + path)
    assert answer(response) == (403, {"message": f"403 Forbidden - {reason}"})


@pytest.mark.parametrize("token", ["job-otto", "job-strange"])
def test_job_token_without_access_is_404_for_a_project_that_is_not_there_and_for_e10(
    sandbox: Sandbox, client: Callable[..., Any], token: str
) -> None:
    job = client(sandbox, token, "JOB-TOKEN")
    assert answer(job.get("/projects/99/packages")) == (404, {"message": "404 Project Not Found"})
    assert answer(job.get("/projects/1")) == (404, {"message": "404 Project Not Found"})


@pytest.mark.parametrize(("method", "path", "needed"), CALLS)
@pytest.mark.parametrize(
    ("token", "permission"),
    [("job-read", "read_packages"), ("job-admin", "admin_packages"), ("job-pipelines", "read_pipelines")],
)
def test_job_token_needs_the_calls_permission(
    sandbox: Sandbox, client: Callable[..., Any], method: str, path: str, needed: str, token: str, permission: str
) -> None:
    response = client(sandbox, token, "JOB-TOKEN").call(method, P + path)
    if permission == needed:
        assert response.status_code == (404 if "999" in path else 201 if method == "PUT" else 200)
    else:
        reason = (
            "Insufficient permissions to access this resource in project acme/shop."
            f" The following token permission is required: {needed}."
        )
        assert answer(response) == (403, {"message": f"403 Forbidden - {reason}"})


@pytest.mark.parametrize("header", ["JOB-TOKEN"])
@pytest.mark.parametrize("token", ["job-strange", "job-pipelines", "job-otto"])
@pytest.mark.parametrize(("method", "path", "_"), READS)
def test_job_token_reads_a_public_project_whatever_its_allowlist_and_permissions(
    sandbox: Sandbox, client: Callable[..., Any], header: str, token: str, method: str, path: str, _: str
) -> None:
    path = f"/projects/2/packages{path}".replace("/1/", "/2/").replace("files/1/", "files/2/")
    path = path[:-2] + "/2" if path.endswith("/1") else path
    assert client(sandbox, token, header).call(method, path).status_code == 200


def test_job_token_outside_the_allowlist_does_not_delete_in_a_public_project(
    sandbox: Sandbox, client: Callable[..., Any]
) -> None:
    response = client(sandbox, "job-strange", "JOB-TOKEN").delete("/projects/2/packages/2")
    assert response.status_code == 403
    assert "not allowed from acme/strange to open/tool." in response.json()["message"]


def test_job_token_of_a_guest_is_refused_by_the_role(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert answer(client(sandbox, "job-gus", "JOB-TOKEN").get(P)) == (403, {"message": "403 Forbidden"})


def test_job_token_publishes_without_a_creator_and_with_its_pipeline(
    sandbox: Sandbox, client: Callable[..., Any]
) -> None:
    job = client(sandbox, "job-all", "JOB-TOKEN")
    row = job.put(f"{P}/generic/built/1.0.0/a.bin?select=package_file", b"x").json()
    job.put(f"{P}/generic/built/1.0.0/b.bin", b"x")
    body = job.get(f"{P}/{row['package_id']}").json()
    assert body["creator_id"] is None
    assert (body["pipeline"]["project_id"], body["pipeline"]["user"]["username"]) == (3, "mia")
    # Both files are of one pipeline: one record.
    assert job.get(f"{P}/{row['package_id']}/pipelines").json() == [body["pipeline"]]
    files = job.get(f"{P}/{row['package_id']}/package_files").json()
    assert [file["pipelines"] for file in files] == [[body["pipeline"]]] * 2


# Fine-grained tokens


def test_e11_of_a_fine_grained_token_does_not_tell_what_it_may(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    body = client(sandbox, "glpat-reader").get("/personal_access_tokens/self").json()
    assert body["scopes"] == ["granular"]
    assert "permissions" not in body


@pytest.mark.parametrize(("method", "path", "_"), CALLS)
@pytest.mark.parametrize("token", ["glpat-reader", "glpat-writer", "glpat-nothing"])
def test_fine_grained_token_without_the_permission_is_403_insufficient_granular_scope(
    sandbox: Sandbox, client: Callable[..., Any], method: str, path: str, _: str, token: str
) -> None:
    response = client(sandbox, token).call(method, P + path)
    allowed = token == ("glpat-reader" if method == "GET" else "glpat-writer")
    if allowed:
        assert response.status_code in (200, 201, 404)
    else:
        assert (response.status_code, response.json()["error"]) == (403, "insufficient_granular_scope")
        assert "error_description" in response.json()


def test_fine_grained_token_lists_groups_and_asks_e10_and_e11(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox, "glpat-reader").get("/groups/acme/packages").status_code == 200
    assert client(sandbox, "glpat-writer").get("/groups/acme/packages").status_code == 403
    nothing = client(sandbox, "glpat-nothing")
    for path in ("/projects/1", "/groups/acme", "/personal_access_tokens/self"):
        assert nothing.get(path).status_code == 200


# OAuth, revoked, other scopes


def test_oauth_token_comes_as_bearer_only(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox, "oauth-mia", "Authorization").get(P).status_code == 200
    assert client(sandbox, "oauth-mia").get(P).status_code == 401


def test_e11_of_an_oauth_token_is_400(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    text = "400 Bad request - This endpoint requires token type to be a personal access token"
    response = client(sandbox, "oauth-mia", "Authorization").get("/personal_access_tokens/self")
    assert answer(response) == (400, {"message": text})


def test_e11_takes_any_scope(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox, "glpat-user").get("/personal_access_tokens/self").json()["scopes"] == ["read_user"]
    assert client(sandbox, "glpat-user").get(P).status_code == 403


@pytest.mark.parametrize("path", [P, "/groups/acme", "/personal_access_tokens/self", f"{P}/generic/app/1.0.0/app.bin"])
def test_revoked_token_is_401(sandbox: Sandbox, client: Callable[..., Any], path: str) -> None:
    assert answer(client(sandbox, "glpat-old").get(path)) == (401, {"message": "401 Unauthorized"})


# Deploy tokens


@pytest.mark.parametrize(("method", "path", "_"), [call for call in CALLS if "generic" not in call[1]])
def test_deploy_token_is_not_taken_by_e1_to_e8(
    sandbox: Sandbox, client: Callable[..., Any], method: str, path: str, _: str
) -> None:
    response = client(sandbox, "gldt-shop", "Deploy-Token").call(method, P + path)
    assert answer(response) == (404, {"message": "404 Project Not Found"})


def test_deploy_token_is_ignored_by_e1_of_a_public_project(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox, "no-such-token", "Deploy-Token").get("/projects/2/packages").status_code == 200


GENERIC = f"{P}/generic/app/1.0.0/app.bin"


@pytest.mark.parametrize(
    ("token", "get", "put"),
    [
        ("gldt-shop", 200, 201),
        ("gldt-group", 200, 201),
        ("gldt-read", 200, 403),
        ("gldt-open", 404, 404),
        ("nonsense", 401, 401),
    ],
)
@pytest.mark.parametrize("way", ["header", "basic"])
def test_deploy_token_in_the_generic_registry(
    sandbox: Sandbox, client: Callable[..., Any], token: str, get: int, put: int, way: str
) -> None:
    api = client(sandbox, token, "Deploy-Token") if way == "header" else client(sandbox)
    options = {} if way == "header" else {"auth": ("any", token)}
    assert api.get(GENERIC, **options).status_code == get
    response = api.put(f"{P}/generic/by-{token}/1.0.0/{way}.bin", b"x", **options)
    assert response.status_code == put
    if put == 403:
        assert response.json()["error"] == "insufficient_scope"


def test_deploy_token_publishes_without_a_creator(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    path = f"{P}/generic/deployed/1.0.0/a.bin?select=package_file"
    package = client(sandbox, "gldt-shop", "Deploy-Token").put(path, b"x").json()["package_id"]
    assert client(sandbox, "glpat-mia").get(f"{P}/{package}").json()["creator_id"] is None


# HTTP Basic in the generic registry


@pytest.mark.parametrize(
    ("user", "token", "get", "put"),
    [
        ("mia", "glpat-mia", 200, 201),
        ("anyone-at-all", "glpat-mia", 200, 201),
        ("gitlab-ci-token", "job-all", 200, 401),
        ("mia", "job-all", 401, 401),
        ("gitlab-ci-token", "glpat-mia", 401, 401),
        ("mia", "glpat-old", 401, 401),
    ],
)
def test_basic_in_the_generic_registry(
    sandbox: Sandbox, client: Callable[..., Any], user: str, token: str, get: int, put: int
) -> None:
    anyone = client(sandbox)
    assert anyone.get(GENERIC, auth=(user, token)).status_code == get
    assert anyone.put(f"{P}/generic/basic/1.0.0/a.bin", b"x", auth=(user, token)).status_code == put


def test_wrong_basic_credentials_on_a_public_download_are_ignored(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    path = "/projects/2/packages/generic/app/1.0.0/app.bin"
    assert client(sandbox).get(path, auth=("mia", "wrong")).status_code == 200
    assert client(sandbox, "wrong").get(path).status_code == 401


def test_basic_is_not_taken_by_e1(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert client(sandbox).get(P, auth=("mia", "glpat-mia")).status_code == 404


def test_the_first_token_that_the_call_takes_counts(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    api = client(sandbox, "gldt-read", "Deploy-Token")
    assert api.get(P, headers={"JOB-TOKEN": "job-all"}).status_code == 200
    assert api.get(GENERIC, headers={"PRIVATE-TOKEN": "wrong"}).status_code == 401
