# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""E9: the generic registry (contract, sections 1 and 3)."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

G = "/projects/42/packages/generic"
_numbers = itertools.count(1)


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json() if response.content else None


@pytest.fixture
def name() -> str:
    return f"app-{next(_numbers)}"


def test_e9_put_answers_201(mia: Any, name: str) -> None:
    assert answer(mia.put(f"{G}/{name}/1.0.0/app.bin", b"bytes")) == (201, {"message": "201 Created"})


def test_e9_put_makes_a_package_that_lists_show(mia: Any, name: str) -> None:
    mia.put(f"{G}/{name}/1.0.0/app.bin", b"bytes")
    (package,) = mia.get("/projects/42/packages", params={"package_name": name, "package_version": "1.0.0"}).json()
    assert (package["name"], package["version"]) == (name, "1.0.0")
    assert (package["package_type"], package["status"], package["creator_id"]) == ("generic", "default", 3)


def test_e9_put_with_select_answers_200_with_the_row(mia: Any, name: str) -> None:
    response = mia.put(f"{G}/{name}/1.0.0/app.bin?select=package_file", b"bytes")
    row = response.json()
    assert response.status_code == 200
    digest = hashlib.sha256(b"bytes").hexdigest()
    shown = ("size", "file_store", "file_md5", "file_sha1", "file_sha256", "file_name", "status", "new_file_path")
    assert [row[key] for key in shown] == [5, 1, None, None, digest, "app.bin", "default", None]
    assert row["created_at"] == row["updated_at"]
    assert row["file"]["url"].startswith("/")
    assert [key for key in row if key.startswith("verification_")]
    # Not E4's body, which agrees with it.
    (listed,) = mia.get(f"/projects/42/packages/{row['package_id']}/package_files").json()
    assert listed == {key: row[key] for key in listed}


def test_e9_put_status_hidden_publishes_hidden(mia: Any, name: str) -> None:
    mia.put(f"{G}/{name}/1.0.0/app.bin?status=hidden", b"bytes")
    assert mia.names("/projects/42/packages", package_name=name) == []
    assert mia.names("/projects/42/packages", package_name=name, status="hidden") == [name]


def test_e9_put_status_hides_and_unhides_a_package_that_is_there(mia: Any, name: str) -> None:
    path = f"{G}/{name}/1.0.0/app.bin"
    package = mia.put(f"{path}?select=package_file", b"one").json()["package_id"]
    for status, found in (("hidden", 404), ("default", 200)):
        row = mia.put(f"{path}?status={status}&select=package_file", status.encode()).json()
        assert row["package_id"] == package
        assert mia.get(f"/projects/42/packages/{package}").status_code == found
    # What was hidden can be deleted again.
    assert mia.delete(f"/projects/42/packages/{package}").status_code == 204


def test_e9_put_same_file_name_adds_a_second_file_and_get_serves_the_newest(mia: Any, name: str) -> None:
    path = f"{G}/{name}/1.0.0/app.bin"
    first = mia.put(f"{path}?select=package_file", b"one").json()
    second = mia.put(f"{path}?select=package_file", b"two").json()
    assert first["package_id"] == second["package_id"]
    assert mia.ids(f"/projects/42/packages/{first['package_id']}/package_files") == [first["id"], second["id"]]
    assert mia.get(path).content == b"two"


def test_e9_get_serves_the_older_file_after_the_newest_is_deleted(mia: Any, name: str) -> None:
    path = f"{G}/{name}/1.0.0/app.bin"
    mia.put(path, b"one")
    second = mia.put(f"{path}?select=package_file", b"two").json()
    mia.delete(f"/projects/42/packages/{second['package_id']}/package_files/{second['id']}")
    assert mia.get(path).content == b"one"


def test_e9_put_after_a_deletion_makes_a_new_package(mia: Any, name: str) -> None:
    path = f"{G}/{name}/1.0.0/app.bin?select=package_file"
    first = mia.put(path, b"one").json()["package_id"]
    mia.delete(f"/projects/42/packages/{first}")
    assert mia.put(path, b"two").json()["package_id"] != first


def test_e9_put_of_nothing_and_of_much(mia: Any, name: str) -> None:
    for data in (b"", b"x" * 3_000_000):
        mia.put(f"{G}/{name}/1.0.0/app.bin", data)
        assert mia.get(f"{G}/{name}/1.0.0/app.bin").content == data


def test_e9_put_chunked(mia: Any, name: str) -> None:
    mia.put(f"{G}/{name}/1.0.0/app.bin", iter([b"one ", b"two"]))
    assert mia.get(f"{G}/{name}/1.0.0/app.bin").content == b"one two"


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("", 401),
        ("glpat-otto", 404),
        ("glpat-gus", 403),
        ("glpat-rita", 403),
        ("glpat-sam", 201),
        ("glpat-mia", 201),
        ("glpat-olga", 201),
        ("glpat-root", 201),
        ("nonsense", 401),
    ],
)
def test_e9_put_needs_developer(
    sandbox: Sandbox, client: Callable[..., Any], name: str, token: str, status: int
) -> None:
    assert client(sandbox, token).put(f"{G}/{name}/1.0.0/app.bin", b"x").status_code == status


def test_e9_put_to_a_public_project(sandbox: Sandbox, client: Callable[..., Any], name: str) -> None:
    path = f"/projects/44/packages/generic/{name}/1.0.0/app.bin"
    assert answer(client(sandbox).put(path, b"x")) == (401, {"message": "401 Unauthorized"})
    assert answer(client(sandbox, "glpat-otto").put(path, b"x")) == (403, {"message": "403 Forbidden"})


def test_e9_put_with_a_read_token_is_403_insufficient_scope(
    sandbox: Sandbox, client: Callable[..., Any], name: str
) -> None:
    response = client(sandbox, "glpat-mia-read").put(f"{G}/{name}/1.0.0/app.bin", b"x")
    assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")


def test_e9_put_with_a_job_token(sandbox: Sandbox, client: Callable[..., Any], name: str) -> None:
    assert client(sandbox, "glcbt-mia", "JOB-TOKEN").put(f"{G}/{name}/1.0.0/app.bin", b"x").status_code == 201


@pytest.mark.parametrize("segment", ["app", "App_1", "a.b-c+d", "1", "-", "a" * 255, "%41pp", "a%2Bb"])
def test_e9_characters_of_all_names(mia: Any, segment: str) -> None:
    path = f"{G}/{segment}/{segment}/{segment}"
    assert mia.put(path, b"x").status_code == 201
    assert mia.get(path).content == b"x"


@pytest.mark.parametrize(
    ("segment", "wrong"),
    [
        ("a~b", "package_name is invalid, package_version is invalid"),
        ("a@b", "package_name is invalid, package_version is invalid"),
        *(
            (segment, "package_name is invalid, package_version is invalid, file_name is invalid")
            for segment in (
                *("~a", "a@", "a..b", "...", "a%20b", "%2E%2E", "%2e", "a%25", "%C3%A4", "a%00", "%zz", "%"),
                *("%ff", "a%3Ab", "*", "a%0A"),
            )
        ),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_e9_names_that_are_not_allowed(mia: Any, method: str, segment: str, wrong: str) -> None:
    status, body = mia.raw(method, f"{G}/{segment}/{segment}/{segment}", b"x")
    assert (status, json.loads(body)) == (400, {"error": wrong})


def test_e9_name_and_version_hold_no_slash(mia: Any) -> None:
    status, body = mia.raw("PUT", f"{G}/a%2Fb/1%2F0/file", b"x")
    assert (status, json.loads(body)) == (400, {"error": "package_name is invalid, package_version is invalid"})


def test_16_1_takes_neither_tilde_nor_at_nor_a_path(base_seed: dict[str, Any], client: Callable[..., Any]) -> None:
    with Sandbox(base_seed, gitlab_version="16.1") as running:
        mia = client(running, "glpat-mia")
        assert mia.put(f"{G}/a/1/plain", b"x").status_code == 201
        assert answer(mia.put(f"{G}/a/1/a~b", b"x")) == (400, {"error": "file_name is invalid"})
        assert answer(mia.put(f"{G}/a/1/dir/b", b"x")) == (404, {"error": "404 Not Found"})


@pytest.mark.parametrize("sent", ["dir/sub/app.bin", "dir%2Fsub%2Fapp.bin", "dir%2Fsub/app.bin"])
def test_e9_path_is_kept_percent_encoded_and_read_back_by_the_same_path(mia: Any, name: str, sent: str) -> None:
    status, body = mia.raw("PUT", f"{G}/{name}/1.0.0/{sent}?select=package_file", b"x")
    assert status == 200
    (listed,) = mia.get(f"/projects/42/packages/{json.loads(body)['package_id']}/package_files").json()
    assert listed["file_name"] == "dir%2Fsub%2Fapp.bin"
    assert mia.raw("GET", f"{G}/{name}/1.0.0/{sent}") == (200, b"x")
    assert mia.raw("GET", f"{G}/{name}/1.0.0/app.bin")[0] == 404


@pytest.mark.parametrize("path", ["dir/../app", "dir/%2E%2E/app", "%2e%2e%2Fapp", "di%20r/app", "./app"])
def test_e9_path_with_two_dots_or_other_characters_is_400(mia: Any, name: str, path: str) -> None:
    assert mia.raw("PUT", f"{G}/{name}/1.0.0/{path}", b"x") == (400, b'{"error":"path is invalid"}')


def test_e9_select_and_status_are_checked(mia: Any, name: str) -> None:
    response = mia.put(f"{G}/{name}/1.0.0/app.bin?select=all&status=error", b"x")
    assert answer(response) == (
        400,
        {"error": "select does not have a valid value, status does not have a valid value"},
    )
    assert mia.names("/projects/42/packages", package_name=name) == []


# Limit and duplicates


LIMITED: dict[str, Any] = {
    "instance": {"max_file_size": 10},
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
    ],
    "groups": [
        {"path": "acme", "package_settings": {"generic_duplicates_allowed": False}, "members": {"sam": "developer"}},
        {"path": "acme/sub"},
        {
            "path": "acme/except",
            "package_settings": {
                "generic_duplicates_allowed": False,
                "generic_duplicate_exception_regex": "app|.*-snapshot",
            },
        },
        {"path": "acme/invert", "package_settings": {"generic_duplicate_exception_regex": "app|.*-snapshot"}},
    ],
    "projects": [
        {
            "path": "acme/shop",
            "protection_rules": [{"package_name_pattern": "held", "minimum_access_level_for_push": "owner"}],
            "packages": [{"name": "held", "version": "1", "files": [{"file_name": "a"}]}],
        },
        {"path": "acme/sub/shop"},
        {"path": "acme/except/shop"},
        {"path": "acme/invert/shop"},
    ],
}
TOO_LARGE = (400, {"message": "400 Bad request - File is too large"})
DUPLICATE = (400, {"message": "400 Bad request - Duplicate package is not allowed"})
CREATED = (201, {"message": "201 Created"})


@pytest.fixture(scope="module")
def limited() -> Iterator[Sandbox]:
    with Sandbox(LIMITED) as running:
        yield running


def test_e9_put_above_the_limit_is_400(limited: Sandbox, client: Callable[..., Any]) -> None:
    root = client(limited, "glpat-root")
    path = "/projects/1/packages/generic/large/1/a"
    assert answer(root.put(path, b"x" * 11)) == TOO_LARGE
    assert answer(root.put(path, iter([b"x" * 6, b"x" * 5]))) == TOO_LARGE
    assert root.get("/projects/1/packages", params={"package_name": "large"}).json() == []
    assert answer(root.put(path, b"x" * 10)) == CREATED


def test_plan_limits_tell_administrators_the_limit(limited: Sandbox, client: Callable[..., Any]) -> None:
    limits = client(limited, "glpat-root").get("/application/plan_limits").json()
    assert limits["generic_packages_max_file_size"] == 10
    assert limits["npm_max_file_size"] == 500 * 2**20
    assert answer(client(limited, "glpat-sam").get("/application/plan_limits")) == (403, {"message": "403 Forbidden"})
    assert answer(client(limited).get("/application/plan_limits")) == (401, {"message": "401 Unauthorized"})


@pytest.mark.parametrize(
    ("project", "name", "version", "second"),
    [
        # The setting of the project's own namespace, which is not inherited.
        (1, "app", "1", DUPLICATE),
        (2, "app", "1", CREATED),
        # The expression inverts it, for the whole name or the whole version.
        (3, "app", "1", CREATED),
        (3, "apps", "1", DUPLICATE),
        (3, "apps", "1-snapshot", CREATED),
        (4, "app", "1", DUPLICATE),
        (4, "apps", "1", CREATED),
        (4, "apps", "1-snapshot", DUPLICATE),
    ],
)
def test_e9_put_duplicates(
    limited: Sandbox,
    client: Callable[..., Any],
    project: int,
    name: str,
    version: str,
    second: tuple[int, Any],
) -> None:
    root = client(limited, "glpat-root")
    path = f"/projects/{project}/packages/generic/{name}/{version}"
    assert answer(root.put(f"{path}/a", b"1")) == CREATED
    assert answer(root.put(f"{path}/a", b"2")) == second
    # Another file of the package is none.
    assert answer(root.put(f"{path}/b", b"2")) == CREATED
    assert root.get(f"{path}/a").content == (b"2" if second == CREATED else b"1")


def test_e9_put_of_a_deleted_file_is_no_duplicate(limited: Sandbox, client: Callable[..., Any]) -> None:
    root = client(limited, "glpat-root")
    path = "/projects/1/packages/generic/again/1/a"
    row = root.put(f"{path}?select=package_file", b"1").json()
    assert root.delete(f"/projects/1/packages/{row['package_id']}/package_files/{row['id']}").status_code == 204
    assert answer(root.put(path, b"2")) == CREATED


def test_e9_put_refuses_in_order(limited: Sandbox, client: Callable[..., Any]) -> None:
    large, wrong = b"x" * 11, "?status=gone"
    sam, root, anyone = client(limited, "glpat-sam"), client(limited, "glpat-root"), client(limited)
    held = "/packages/generic/held/1/a"
    assert answer(anyone.put(f"/projects/99{held}{wrong}", large)) == (401, {"message": "401 Unauthorized"})
    assert answer(sam.put(f"/projects/99{held}{wrong}", large)) == (
        400,
        {"error": "status does not have a valid value"},
    )
    assert answer(sam.put(f"/projects/99{held}", large)) == (404, {"message": "404 Project Not Found"})
    limited.change_project(1, archived=True)
    assert answer(sam.put(f"/projects/1{held}", large)) == (403, {"message": "403 Forbidden"})
    limited.change_project(1, archived=False)
    assert answer(sam.put(f"/projects/1{held}", large)) == (403, {"message": "403 Forbidden - Package protected."})
    assert answer(root.put(f"/projects/1{held}", large)) == TOO_LARGE
    assert answer(root.put(f"/projects/1{held}", b"x")) == DUPLICATE


# Reading


def test_e9_get_of_what_is_not_there(mia: Any, name: str) -> None:
    assert answer(mia.get(f"{G}/{name}/1.0.0/app.bin")) == (404, {"message": "404 Not found"})
    mia.put(f"{G}/{name}/1.0.0/app.bin", b"x")
    assert answer(mia.get(f"{G}/{name}/1.0.0/other.bin")) == (404, {"message": "404 Not found"})


def test_e9_put_without_a_body_is_400(mia: Any, name: str) -> None:
    status, body = mia.raw("PUT", f"{G}/{name}/1.0.0/app.bin")
    assert (status, json.loads(body)) == (400, {"error": "file is missing"})


def test_e9_get_serves_hidden_packages(mia: Any, name: str) -> None:
    mia.put(f"{G}/{name}/1.0.0/app.bin?status=hidden", b"x")
    assert mia.get(f"{G}/{name}/1.0.0/app.bin").content == b"x"


def test_e9_get_does_not_serve_deleted_packages(mia: Any, name: str) -> None:
    package = mia.put(f"{G}/{name}/1.0.0/app.bin?select=package_file", b"x").json()["package_id"]
    mia.delete(f"/projects/42/packages/{package}")
    assert answer(mia.get(f"{G}/{name}/1.0.0/app.bin")) == (404, {"message": "404 Not found"})


def test_e9_get_moves_last_downloaded_at(mia: Any, name: str) -> None:
    package = mia.put(f"{G}/{name}/1.0.0/app.bin?select=package_file", b"x").json()["package_id"]
    mia.get(f"{G}/{name}/1.0.0/app.bin")
    assert mia.get(f"/projects/42/packages/{package}").json()["last_downloaded_at"] is not None


@pytest.mark.parametrize(
    ("project", "token", "status"),
    [
        *((44, token, 200) for token in ("", "glpat-otto", "glpat-gus", "glpat-rita", "glpat-mia")),
        (44, "unknown", 401),
        (42, "", 401),
        (42, "glpat-otto", 404),
        (42, "glpat-gus", 403),
        (42, "glpat-rita", 200),
        (42, "glpat-mia", 200),
        (42, "unknown", 401),
        (99, "", 401),
        (99, "glpat-mia", 404),
    ],
)
def test_e9_get_by_role(sandbox: Sandbox, client: Callable[..., Any], project: int, token: str, status: int) -> None:
    path = f"/projects/{project}/packages/generic/roles/1/a"
    client(sandbox, "glpat-root").put(path, b"x")
    assert client(sandbox, token).get(path).status_code == status
