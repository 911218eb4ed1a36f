# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moves a package's last update, and what does not (contract, section 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

OLD = "2025-01-01T00:00:00.000Z"
# A second after the seed's time: E6 with it deletes unless the last update has moved since.
SINCE = {"If-Unmodified-Since": "Wed, 01 Jan 2025 00:00:01 GMT"}
P = "/projects/1/packages"
SEED: dict[str, Any] = {
    "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
    "job_tokens": [{"value": "job-root", "user": "root", "project": "acme/shop"}],
    "projects": [
        {
            "path": "acme/shop",
            "packages": [
                {"name": f"app-{number}", "created_at": OLD, "files": [{"file_name": "app.bin", "content": "x"}]}
                for number in range(1, 21)
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


@pytest.mark.parametrize("number", [1])
def test_the_seeds_time_is_the_last_update(root: Any, number: int) -> None:
    assert root.delete(f"{P}/{number}", headers=SINCE).status_code == 204


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (2, "a file is added"),
        (3, "a file is deleted"),
        (4, "a tag is set"),
        (5, "a build is recorded"),
        (6, "it is downloaded"),
        (7, "it is downloaded by name"),
        (8, "status by the generic registry"),
        (9, "last_downloaded_at behind the client's back"),
    ],
)
def test_a_packages_last_update_does_not_move(
    sandbox: Sandbox, client: Callable[..., Any], root: Any, number: int, change: str
) -> None:
    generic = f"{P}/generic/app-{number}/1.0.0"
    if change == "a file is added":
        assert root.put(f"{generic}/new.bin", b"new").status_code == 201
    elif change == "a file is deleted":
        assert root.delete(f"{P}/{number}/package_files/{number}").status_code == 204
    elif change == "a tag is set":
        sandbox.change_package(number, tags=["stable"])
    elif change == "a build is recorded":
        assert client(sandbox, "job-root", "JOB-TOKEN").put(f"{generic}/built.bin", b"x").status_code == 201
    elif change == "it is downloaded":
        assert root.get(f"{P}/{number}/package_files/{number}/download").status_code == 200
    elif change == "it is downloaded by name":
        assert root.get(f"{generic}/app.bin").status_code == 200
    elif change == "status by the generic registry":
        for status in ("hidden", "default"):
            assert root.put(f"{generic}/new.bin?status={status}", b"new").status_code == 201
    else:
        sandbox.change_package(number, last_downloaded_at="2026-01-01T00:00:00Z")
    assert root.delete(f"{P}/{number}", headers=SINCE).status_code == 204


def test_only_the_files_show_that_a_version_was_published_again(root: Any) -> None:
    before = root.get(f"{P}/10").json()
    assert root.put(f"{P}/generic/app-10/1.0.0/app.bin", b"again").status_code == 201
    assert root.get(f"{P}/10").json() == before
    assert len(root.ids(f"{P}/10/package_files")) == 2


@pytest.mark.parametrize(
    ("number", "fields"), [(11, {"status": "deprecated"}), (12, {"updated_at": "2025-01-01T00:00:01.001Z"})]
)
def test_a_change_of_the_status_or_the_update_itself_moves_it(
    sandbox: Sandbox, root: Any, number: int, fields: dict[str, str]
) -> None:
    sandbox.change_package(number, **fields)
    response = root.delete(f"{P}/{number}", headers=SINCE)
    assert (response.status_code, response.json()) == (412, {"message": "412 Precondition Failed"})


def test_an_update_within_the_second_of_the_date_is_412(sandbox: Sandbox, root: Any) -> None:
    sandbox.change_package(13, updated_at="2025-01-01T00:00:01.000Z")
    assert root.delete(f"{P}/13", headers=SINCE).status_code == 204
    sandbox.change_package(14, updated_at="2025-01-01T00:00:01.001Z")
    assert root.delete(f"{P}/14", headers=SINCE).status_code == 412


def test_a_files_own_update_is_e7s_precondition(sandbox: Sandbox, root: Any) -> None:
    row = root.put(f"{P}/generic/app-15/1.0.0/new.bin?select=package_file", b"new").json()
    assert root.delete(f"{P}/15/package_files/{row['id']}", headers=SINCE).status_code == 412
    assert root.delete(f"{P}/15/package_files/15", headers=SINCE).status_code == 204


def test_a_name_and_version_is_free_again_at_once(root: Any) -> None:
    assert root.delete(f"{P}/16").status_code == 204
    row = root.put(f"{P}/generic/app-16/1.0.0/app.bin?select=package_file", b"new").json()
    assert row["package_id"] > 20
