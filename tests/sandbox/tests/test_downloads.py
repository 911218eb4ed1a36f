# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""E8 and downloads by name, from disk and from an object storage; large files (contract, section 3; registries, A)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from gitlab_sandbox.testing import Sandbox

P = "/projects/1/packages"
E8 = f"{P}/1/package_files/1/download"
G2 = f"{P}/generic/app/1.0.0/app%20x.bin".replace("%20", "-")
SEED: dict[str, Any] = {
    "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
    "job_tokens": [{"value": "job-root", "user": "root", "project": "acme/shop"}],
    "projects": [
        {
            "path": "acme/shop",
            "visibility": "public",
            "packages": [
                {"name": "app", "files": [{"file_name": "app-x.bin", "size": 100_000}]},
                *(
                    {"name": status, "status": status, "files": [{"file_name": "a", "content": status}]}
                    for status in ("default", "hidden", "processing", "error", "pending_destruction", "deprecated")
                ),
                {
                    "name": "files",
                    "files": [
                        {"file_name": "a", "content": status, "status": status}
                        for status in ("default", "pending_destruction", "processing", "error")
                    ],
                },
            ],
        }
    ],
}


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json() if response.content else None


@pytest.fixture(scope="module")
def disk() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


@pytest.fixture(scope="module")
def objects() -> Iterator[Sandbox]:
    with Sandbox(SEED, storage="object") as running:
        yield running


# From disk


@pytest.mark.parametrize("path", [E8, G2])
def test_from_disk_200_with_type_and_disposition(disk: Sandbox, client: Callable[..., Any], path: str) -> None:
    root = client(disk, "glpat-root")
    response = root.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == 'attachment; filename="app-x.bin"'
    digest = hashlib.sha256(response.content).hexdigest()
    assert root.get(f"{P}/1/package_files").json()[0]["file_sha256"] == digest
    # The generic registry's own.
    assert response.headers.get("X-Checksum-SHA256") == (digest if path == G2 else None)


@pytest.mark.parametrize("path", [E8, G2])
def test_head_answers_as_get_without_the_bytes(disk: Sandbox, client: Callable[..., Any], path: str) -> None:
    api = client(disk, "glpat-root")
    head, get = api.call("HEAD", path), api.get(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type", "Content-Disposition", "X-Checksum-SHA256"):
        assert head.headers.get(name) == get.headers.get(name)
    assert api.call("HEAD", f"{P}/generic/none/1/x").status_code == 404


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("default", True),
        ("hidden", True),
        ("deprecated", True),
        ("error", False),
        ("processing", False),
        ("pending_destruction", False),
    ],
)
def test_g2_serves_default_hidden_and_deprecated_packages(
    disk: Sandbox, client: Callable[..., Any], status: str, found: bool
) -> None:
    response = client(disk, "glpat-root").get(f"{P}/generic/{status}/1.0.0/a")
    if found:
        assert (response.status_code, response.text) == (200, status)
    else:
        assert answer(response) == (404, {"message": "404 Not found"})


def test_e4_e7_and_e8_see_only_files_of_status_default(disk: Sandbox, client: Callable[..., Any]) -> None:
    root = client(disk, "glpat-root")
    (file,) = root.get(f"{P}/8/package_files").json()
    assert root.get(f"{P}/8/package_files/{file['id']}/download").text == "default"
    for other in range(file["id"] + 1, file["id"] + 4):
        for response in (
            root.get(f"{P}/8/package_files/{other}/download"),
            root.delete(f"{P}/8/package_files/{other}"),
        ):
            assert answer(response) == (404, {"message": "404 Not Found"})
    assert root.get(f"{P}/generic/files/1.0.0/a").text == "default"
    assert disk.state()["files"]["processing"] == disk.state()["files"]["error"] == 1


def test_last_downloaded_at_is_written_at_most_once_a_minute(client: Callable[..., Any]) -> None:
    with Sandbox(SEED) as running:
        root = client(running, "glpat-root")

        def last() -> str:
            shown: str = root.get(f"{P}/1").json()["last_downloaded_at"]
            return shown

        root.get(E8)
        first = last()
        root.get(G2)
        assert last() == first
        running.change_package(1, last_downloaded_at="2024-01-01T00:00:00.000Z")
        root.get(G2)
        assert last() > "2025"


def test_16_1_writes_last_downloaded_at_every_time(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, gitlab_version="16.1") as running:
        root = client(running, "glpat-root")
        shown = []
        for _ in range(2):
            response = root.get(G2)
            assert "X-Checksum-SHA256" not in response.headers
            shown.append(root.get(f"{P}/1").json()["last_downloaded_at"])
            time.sleep(0.01)
        assert shown[1] > shown[0]


# From an object storage


@pytest.mark.parametrize("path", [E8, G2])
def test_object_storage_302_to_a_signed_address_on_another_port(
    objects: Sandbox, client: Callable[..., Any], path: str
) -> None:
    response = client(objects, "glpat-root").get(path)
    assert (response.status_code, response.content) == (302, b"")
    assert not {"content-disposition", "x-checksum-sha256"} & {name.lower() for name in response.headers}
    location = response.headers["Location"]
    assert urlsplit(location).port != urlsplit(objects.url).port
    assert "Signature=" in location
    stored = requests.get(location, timeout=30)
    assert (stored.status_code, len(stored.content)) == (200, 100_000)
    assert stored.headers["Content-Type"] == "application/octet-stream"
    # E8 asks for no disposition on its redirect.
    assert stored.headers.get("Content-Disposition") == (None if path == E8 else 'attachment; filename="app-x.bin"')
    head = requests.head(location, timeout=30)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "100000", b"")


@pytest.mark.parametrize(
    "headers",
    [
        {"PRIVATE-TOKEN": "glpat-root"},
        {"Authorization": "Bearer glpat-root"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "glpat-root"},
        {"JOB-TOKEN": "job-root"},
        {"Deploy-Token": "x"},
        {"X-NuGet-ApiKey": "x"},
    ],
)
def test_object_storage_answers_400_to_any_token(
    objects: Sandbox, client: Callable[..., Any], headers: dict[str, str]
) -> None:
    location = client(objects, "glpat-root").get(E8).headers["Location"]
    response = requests.get(location, headers=headers, timeout=30)
    assert response.status_code == 400
    assert b"package" not in response.content


def test_object_storage_serves_nothing_at_an_address_that_it_did_not_sign(
    objects: Sandbox, client: Callable[..., Any]
) -> None:
    location = client(objects, "glpat-root").get(E8).headers["Location"]
    start = location.index("Signature=") + len("Signature=")
    for wrong in (
        location[:start] + "0" * 64,
        location.partition("?")[0],
        location.replace("/files/1/", "/files/2/"),
        location.replace("Expires=600", "Expires=6000"),
        f"{location.partition('/packages')[0]}/",
        f"{location.partition('/packages')[0]}/api/v4/projects/1",
        f"{location.partition('/packages')[0]}/sandbox/state",
    ):
        assert requests.get(wrong, timeout=30).status_code == 403
    assert requests.delete(location, timeout=30).status_code == 405


def test_object_storage_is_recorded_with_its_host(objects: Sandbox, client: Callable[..., Any]) -> None:
    objects.forget()
    location = client(objects, "glpat-root").get(E8).headers["Location"]
    requests.get(location, timeout=30)
    requests.get(location, headers={"JOB-TOKEN": "x"}, timeout=30)
    api, stored, refused = objects.requests()
    assert (api["status"], api["auth"], api["host"]) == (302, "private-token", urlsplit(objects.url).netloc)
    assert (stored["status"], stored["auth"], stored["host"]) == (200, "none", urlsplit(location).netloc)
    assert (refused["status"], refused["auth"], refused["host"]) == (400, "job-token", urlsplit(location).netloc)
    assert stored["path"] == urlsplit(location).path


def test_object_storage_knows_latency_and_faults(objects: Sandbox, client: Callable[..., Any]) -> None:
    location = client(objects, "glpat-root").get(E8).headers["Location"]
    objects.faults(
        [{"path": "^/packages/", "kind": "truncate"}, {"path": "^/packages/", "kind": "status", "code": 503}]
    )
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(location, timeout=30)
    assert requests.get(location, timeout=30).status_code == 503
    assert requests.get(location, timeout=30).status_code == 200


def test_object_storage_marks_the_package_as_downloaded(objects: Sandbox, client: Callable[..., Any]) -> None:
    objects.change_package(1, last_downloaded_at=None)
    root = client(objects, "glpat-root")
    root.get(G2)
    assert root.get(f"{P}/1").json()["last_downloaded_at"] is not None


# Large files


def memory(pid: int) -> int:
    """The most memory that a process ever used, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise AssertionError("no VmHWM")


def test_a_large_file_goes_up_and_down_without_the_memory_for_it(client: Callable[..., Any], tmp_path: Path) -> None:
    size, part = 128 * 2**20, bytes(range(256)) * 4096
    with Sandbox(SEED, db=tmp_path / "state.db") as running:
        root = client(running, "glpat-root")
        path = f"{P}/generic/large/1/large.bin"
        before = memory(running.pid)
        row = root.put(f"{path}?select=package_file", iter([part] * (size // len(part)))).json()
        digest = hashlib.sha256()
        with root.get(path, stream=True) as response:
            for received in response.iter_content(2**20):
                digest.update(received)
        assert row["size"] == size
        assert digest.hexdigest() == row["file_sha256"] == response.headers["X-Checksum-SHA256"]
        assert memory(running.pid) < before + 50
    # It lies beside the database, and a later start serves it.
    with Sandbox(SEED, db=tmp_path / "state.db") as again:
        assert client(again, "glpat-root").call("HEAD", path).headers["Content-Length"] == str(size)
        (stored,) = (tmp_path / "state.db.files").iterdir()
        assert stored.stat().st_size == size
        assert client(again, "glpat-root").delete(f"{P}/{row['package_id']}").status_code == 204


def test_an_upload_that_breaks_off_leaves_nothing(client: Callable[..., Any], tmp_path: Path) -> None:
    with Sandbox(SEED, db=tmp_path / "state.db") as running:

        def parts() -> Iterator[bytes]:
            yield b"x" * 2**20
            raise OSError("gone")

        with pytest.raises(OSError, match="gone"):
            client(running, "glpat-root").put(f"{P}/generic/broken/1/a", parts())
        deadline = time.monotonic() + 5
        while running.requests()[0]["finished_at"] is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert client(running, "glpat-root").names(P, package_name="broken") == []
        assert list((tmp_path / "state.db.files").iterdir()) == []
        assert running.log() == ""


# Generated contents


def test_generated_bytes_have_the_shown_size_and_checksums(client: Callable[..., Any]) -> None:
    sizes = [0, 1, 31, 32, 33, 65_536, 2**20 + 31, 2**20 + 32, 3 * 2**20 + 5]
    files = [{"file_name": f"{number}", "size": size} for size in sizes for number in range(2)]
    with Sandbox(of_files({"name": "x", "package_type": "npm", "files": files})) as running:
        root = client(running, "glpat-root")
        shown = root.get(f"{P}/1/package_files").json()
        served = [root.get(f"{P}/1/package_files/{file['id']}/download").content for file in shown]
    assert [file["size"] for file in shown] == [size for size in sizes for _ in range(2)]
    for file, data in zip(shown, served):
        assert len(data) == file["size"]
        assert file["file_md5"] == hashlib.md5(data).hexdigest()
        assert file["file_sha1"] == hashlib.sha1(data).hexdigest()
        assert file["file_sha256"] == hashlib.sha256(data).hexdigest()
    # Each file has its own bytes.
    assert len({file["file_sha256"] for file in shown[4:]}) == len(shown) - 4


def test_e4_of_300_gb_hashes_nothing_twice(client: Callable[..., Any]) -> None:
    # All of different sizes. Hashing each of the 100 of a page would take longer than a client waits.
    files = [{"file_name": f"{number}", "size": 500 * 2**20 + number * 1000} for number in range(100)]
    with Sandbox(of_files(*({"name": f"p{number}", "files": files} for number in range(6)))) as running:
        root = client(running, "glpat-root")
        found = set()
        for package in range(1, 7):
            page = root.get(f"{P}/{package}/package_files", params={"per_page": 100}).json()
            found |= {file["file_sha256"] for file in page}
    assert len(found) == 600


def of_files(*packages: dict[str, Any]) -> dict[str, Any]:
    return {**SEED, "projects": [{"path": "acme/shop", "packages": list(packages)}]}
