# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""E4, E7 and E8: the files of a package (contract, sections 1, 3 and 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

P = "/projects/42/packages"
FILES = f"{P}/101/package_files"
Publish = Callable[..., tuple[int, int]]


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json() if response.content else None


def test_e4_leaves_out_files_that_are_pending_destruction(mia: Any) -> None:
    assert mia.ids(FILES) == [1001, 1002, 1004]


def test_e4_fields_of_a_file(mia: Any) -> None:
    body = mia.get(FILES).json()[1]
    assert body == {
        "id": 1002,
        "package_id": 101,
        "created_at": "2025-03-01T10:00:00.000Z",
        "file_name": "notes.txt",
        "size": 5,
        "file_md5": hashlib.md5(b"hello").hexdigest(),
        "file_sha1": hashlib.sha1(b"hello").hexdigest(),
        "file_sha256": hashlib.sha256(b"hello").hexdigest(),
    }


def test_e4_pipelines_only_if_there_are_some(mia: Any) -> None:
    files = mia.get(FILES).json()
    assert "pipelines" not in files[0]
    assert [p["id"] for p in files[2]["pipelines"]] == [900]


def test_e4_holds_several_files_of_one_name(mia: Any) -> None:
    assert [f["file_name"] for f in mia.get(FILES).json()].count("notes.txt") == 2


def test_e4_checksums_of_generated_files_are_those_of_the_bytes_that_e8_serves(mia: Any) -> None:
    file = mia.get(FILES).json()[0]
    data = mia.get(f"{FILES}/1001/download").content
    assert len(data) == file["size"] == 20480
    assert file["file_md5"] == hashlib.md5(data).hexdigest()
    assert file["file_sha1"] == hashlib.sha1(data).hexdigest()
    assert file["file_sha256"] == hashlib.sha256(data).hexdigest()


def test_e4_generic_packages_have_only_sha256(mia: Any, publish: Publish) -> None:
    package, _ = publish(data=b"some bytes")
    file = mia.get(f"{P}/{package}/package_files").json()[0]
    assert (file["file_md5"], file["file_sha1"]) == (None, None)
    assert file["file_sha256"] == hashlib.sha256(b"some bytes").hexdigest()


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [1001, 1002, 1004]),
        ({"sort": "desc"}, [1004, 1002, 1001]),
        ({"order_by": "id", "sort": "desc"}, [1004, 1002, 1001]),
        ({"order_by": "created_at"}, [1001, 1002, 1004]),
        ({"order_by": "file_name"}, [1002, 1004, 1001]),
        ({"order_by": "file_name", "sort": "desc"}, [1001, 1004, 1002]),
    ],
)
def test_e4_order(mia: Any, params: dict[str, str], expected: list[int]) -> None:
    assert mia.ids(FILES, **params) == expected


def test_e4_order_that_is_none_is_400(mia: Any) -> None:
    assert answer(mia.get(FILES, params={"order_by": "size", "sort": "up"})) == (
        400,
        {"error": "order_by does not have a valid value, sort does not have a valid value"},
    )


def test_e4_pages_by_offset(mia: Any) -> None:
    response = mia.get(FILES, params={"per_page": 2, "page": 2})
    assert [f["id"] for f in response.json()] == [1004]
    assert response.headers["X-Total"] == "3"
    assert response.headers["X-Next-Page"] == ""
    assert set(response.links) == {"prev", "first", "last"}


def test_e4_finds_broken_packages(mia: Any) -> None:
    assert mia.ids(f"{P}/104/package_files") == [1040]


@pytest.mark.parametrize("package_id", [105, 106, 107, 999999])
def test_e4_of_a_package_that_is_not_displayable_is_404(mia: Any, package_id: int) -> None:
    assert answer(mia.get(f"{P}/{package_id}/package_files")) == (404, {"message": "404 Not found"})


def test_e7_marks_the_file_and_keeps_the_package(mia: Any, publish: Publish) -> None:
    package, file = publish()
    response = mia.delete(f"{P}/{package}/package_files/{file}")
    assert (response.status_code, response.content) == (204, b"")
    assert mia.ids(f"{P}/{package}/package_files") == []
    assert mia.get(f"{P}/{package}").status_code == 200


def test_e7_counts_as_pending_destruction(mia: Any, publish: Publish, sandbox: Sandbox) -> None:
    package, file = publish()
    before = sandbox.state()["files"]["pending_destruction"]
    mia.delete(f"{P}/{package}/package_files/{file}")
    assert sandbox.state()["files"]["pending_destruction"] == before + 1


def test_e7_again_is_404(mia: Any, publish: Publish) -> None:
    package, file = publish()
    mia.delete(f"{P}/{package}/package_files/{file}")
    assert answer(mia.delete(f"{P}/{package}/package_files/{file}")) == (404, {"message": "404 Not Found"})


def test_e7_of_another_packages_file_is_404(mia: Any, publish: Publish) -> None:
    package, _ = publish()
    assert answer(mia.delete(f"{P}/{package}/package_files/1001")) == (404, {"message": "404 Not Found"})


def test_e7_in_a_package_that_is_not_there_is_404(mia: Any) -> None:
    assert answer(mia.delete(f"{P}/999999/package_files/1001")) == (404, {"message": "404 Not found"})


def test_e7_in_a_broken_package_deletes(mia: Any, publish: Publish, sandbox: Sandbox) -> None:
    package, file = publish()
    sandbox.change_package(package, status="error")
    assert mia.delete(f"{P}/{package}/package_files/{file}").status_code == 204


@pytest.mark.parametrize("status", ["hidden", "processing", "pending_destruction"])
def test_e7_does_not_find_packages_of_other_statuses(mia: Any, publish: Publish, sandbox: Sandbox, status: str) -> None:
    package, file = publish()
    sandbox.change_package(package, status=status)
    assert answer(mia.delete(f"{P}/{package}/package_files/{file}")) == (404, {"message": "404 Not found"})


def test_e7_obeys_protection_rules(mia: Any, root: Any) -> None:
    expected = (403, {"message": "403 Forbidden - Package is deletion protected."})
    assert answer(mia.delete(f"{P}/116/package_files/1160")) == expected
    assert root.ids(f"{P}/116/package_files") == [1160]


def test_e7_if_unmodified_since(mia: Any, publish: Publish) -> None:
    package, file = publish()
    early = format_datetime(datetime.now(timezone.utc) - timedelta(hours=1), usegmt=True)
    late = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
    path = f"{P}/{package}/package_files/{file}"
    assert answer(mia.delete(path, headers={"If-Unmodified-Since": early})) == (
        412,
        {"message": "412 Precondition Failed"},
    )
    assert mia.delete(path, headers={"If-Unmodified-Since": late}).status_code == 204


def test_e8_serves_the_bytes(mia: Any) -> None:
    response = mia.get(f"{FILES}/1002/download")
    assert (response.status_code, response.content) == (200, b"hello")
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert 'filename="notes.txt"' in response.headers["Content-Disposition"]


def test_e8_of_a_file_that_is_gone_is_404(mia: Any) -> None:
    assert answer(mia.get(f"{FILES}/1003/download")) == (404, {"message": "404 Not Found"})


def test_e8_in_a_package_that_is_not_there_is_404(mia: Any) -> None:
    assert answer(mia.get(f"{P}/105/package_files/1/download")) == (404, {"message": "404 Not found"})


def test_e8_moves_last_downloaded_at(mia: Any, publish: Publish) -> None:
    package, file = publish()
    assert mia.get(f"{P}/{package}").json()["last_downloaded_at"] is None
    mia.get(f"{P}/{package}/package_files/{file}/download")
    assert mia.get(f"{P}/{package}").json()["last_downloaded_at"] is not None


def test_generated_bytes_follow_from_the_files_id(client: Callable[..., Any]) -> None:
    seed = {
        "projects": [
            {
                "path": "acme/shop",
                "visibility": "public",
                "packages": [
                    {"name": "a", "files": [{"size": 300000}, {"size": 300000}, {"size": 0}, {"size": 65537}]}
                ],
            }
        ]
    }
    seen = []
    for _ in range(2):
        with Sandbox(seed) as running:
            api = client(running)
            files = api.get("/projects/1/packages/1/package_files").json()
            parts = [api.get(f"/projects/1/packages/1/package_files/{i}/download").content for i in (1, 2, 3, 4)]
            assert [hashlib.sha256(part).hexdigest() for part in parts] == [f["file_sha256"] for f in files]
            assert [len(part) for part in parts] == [300000, 300000, 0, 65537]
            assert parts[0] != parts[1]
            seen.append(parts)
    assert seen[0] == seen[1]
