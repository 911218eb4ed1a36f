# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""E9: the generic registry (contract, sections 1 and 3)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
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


def test_e9_put_with_select_answers_with_the_file(mia: Any, name: str) -> None:
    response = mia.put(f"{G}/{name}/1.0.0/app.bin?select=package_file", b"bytes")
    body = response.json()
    assert response.status_code == 200
    (listed,) = mia.get(f"/projects/42/packages/{body['package_id']}/package_files").json()
    assert listed == {key: body[key] for key in listed}
    assert (body["file_name"], body["size"]) == ("app.bin", 5)
    assert body["file_sha256"] == hashlib.sha256(b"bytes").hexdigest()


def test_e9_put_status_hidden_publishes_hidden(mia: Any, name: str) -> None:
    mia.put(f"{G}/{name}/1.0.0/app.bin?status=hidden", b"bytes")
    assert mia.names("/projects/42/packages", package_name=name) == []
    assert mia.names("/projects/42/packages", package_name=name, status="hidden") == [name]


def test_e9_put_status_default(mia: Any, name: str) -> None:
    assert mia.put(f"{G}/{name}/1.0.0/app.bin?status=default", b"bytes").status_code == 201


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
def test_e9_names_that_are_allowed(mia: Any, segment: str) -> None:
    assert mia.put(f"{G}/{segment}/{segment}/{segment}", b"x").status_code == 201
    assert mia.get(f"{G}/{segment}/{segment}/{segment}").content == b"x"


@pytest.mark.parametrize(
    "segment",
    ["a%20b", "%2E%2E", "%2e", "a%25", "%C3%A4", "a%00", "%zz", "%", "%ff", "a%3Ab", "*", "a%0A"],
)
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_e9_names_that_are_not_allowed(mia: Any, method: str, segment: str) -> None:
    response = mia.raw(method, f"{G}/{segment}/{segment}/{segment}")
    assert response == (
        400,
        b'{"error":"package_name is invalid, package_version is invalid, file_name is invalid"}',
    )


def test_e9_path_before_the_file_name_is_part_of_it(mia: Any, name: str) -> None:
    package = mia.put(f"{G}/{name}/1.0.0/dir/sub/app.bin?select=package_file", b"x").json()["package_id"]
    (listed,) = mia.get(f"/projects/42/packages/{package}/package_files").json()
    assert listed["file_name"] == "dir%2Fsub%2Fapp.bin"
    assert mia.get(f"{G}/{name}/1.0.0/dir/sub/app.bin").content == b"x"


def test_e9_select_and_status_are_checked(mia: Any, name: str) -> None:
    response = mia.put(f"{G}/{name}/1.0.0/app.bin?select=all&status=error", b"x")
    assert answer(response) == (
        400,
        {"error": "select does not have a valid value, status does not have a valid value"},
    )
    assert mia.names("/projects/42/packages", package_name=name) == []


def test_e9_get_of_what_is_not_there(mia: Any, name: str) -> None:
    assert answer(mia.get(f"{G}/{name}/1.0.0/app.bin")) == (404, {"message": "404 Not found"})
    mia.put(f"{G}/{name}/1.0.0/app.bin", b"x")
    assert answer(mia.get(f"{G}/{name}/1.0.0/other.bin")) == (404, {"message": "404 Not found"})


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


@pytest.mark.parametrize(("token", "status"), [("", 401), ("glpat-otto", 404), ("glpat-gus", 403), ("glpat-rita", 200)])
def test_e9_get_needs_read_access(
    sandbox: Sandbox, client: Callable[..., Any], mia: Any, name: str, token: str, status: int
) -> None:
    mia.put(f"{G}/{name}/1.0.0/app.bin", b"x")
    assert client(sandbox, token).get(f"{G}/{name}/1.0.0/app.bin").status_code == status
