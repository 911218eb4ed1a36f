# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""``--gitlab-version 16.1``: what such a server does not know (README, section "The command")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox, SandboxError

P = "/projects/42/packages"


@pytest.fixture(scope="module")
def sandbox(base_seed: dict[str, Any]) -> Any:
    with Sandbox(base_seed, gitlab_version="16.1") as running:
        yield running


def test_16_1_ignores_package_version(mia: Any) -> None:
    assert mia.ids(P, package_version="1.10.0") == mia.ids(P)
    assert mia.ids("/groups/acme/packages", package_version="x") == mia.ids("/groups/acme/packages")


@pytest.mark.parametrize("path", [P, "/groups/acme/packages"])
def test_16_1_has_no_deprecated_status(mia: Any, path: str) -> None:
    response = mia.get(path, params={"status": "deprecated"})
    assert (response.status_code, response.json()) == (400, {"error": "status does not have a valid value"})


@pytest.mark.parametrize("status", ["default", "hidden", "processing", "error", "pending_destruction"])
def test_16_1_has_the_other_statuses(mia: Any, status: str) -> None:
    assert mia.get(P, params={"status": status}).status_code == 200


def test_16_1_shows_deprecated_packages_as_default(mia: Any, sandbox: Sandbox) -> None:
    assert mia.get(f"{P}/103").json()["status"] == "default"
    with pytest.raises(SandboxError, match="'deprecated' is none of"):
        sandbox.change_package(103, status="deprecated")


def test_16_1_has_no_e8(mia: Any) -> None:
    response = mia.get(f"{P}/101/package_files/1001/download")
    assert (response.status_code, response.json()) == (404, {"error": "404 Not Found"})


def test_16_1_knows_no_order_of_files(mia: Any) -> None:
    path = f"{P}/101/package_files"
    assert mia.ids(path, order_by="file_name", sort="desc") == mia.ids(path) == [1001, 1002, 1004]
    assert mia.get(path, params={"order_by": "size"}).status_code == 200


def test_16_1_has_no_protection_rules(mia: Any, publish: Callable[..., tuple[int, int]]) -> None:
    package, file = publish(name="release-2")
    assert mia.delete(f"{P}/{package}/package_files/{file}").status_code == 204
    assert mia.delete(f"{P}/{package}").status_code == 204


def test_16_1_has_no_creator_id(mia: Any) -> None:
    assert "creator_id" not in mia.get(f"{P}/101").json()


def test_16_1_has_pipelines_and_the_generic_registry_and_the_token(mia: Any) -> None:
    assert [p["id"] for p in mia.get(f"{P}/101/pipelines").json()] == [901, 900]
    assert mia.put(f"{P}/generic/old/1/old.bin", b"x").status_code == 201
    assert mia.get(f"{P}/generic/old/1/old.bin").content == b"x"
    assert mia.get("/personal_access_tokens/self").json()["name"] == "cleanup"


def test_16_1_does_not_know_cargo(client: Callable[..., Any]) -> None:
    seed = {
        "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
        "projects": [{"path": "a/b", "packages": [{"name": "crate", "package_type": "cargo"}, {"name": "app"}]}],
    }
    for version, found in (("current", ["crate", "app"]), ("16.1", ["app"])):
        with Sandbox(seed, gitlab_version=version) as running:
            root = client(running, "glpat-root")
            assert root.names("/projects/1/packages") == found
            status = root.get("/projects/1/packages", params={"package_type": "cargo"}).status_code
            assert status == (200 if version == "current" else 400)


def test_16_1_has_tags_without_a_project(mia: Any) -> None:
    assert "project_id" not in mia.get(f"{P}/101").json()["tags"][0]


def test_16_1_has_no_access_level_of_the_registry(mia: Any) -> None:
    assert "package_registry_access_level" not in mia.get("/projects/42").json()


def test_16_1_has_no_permissions_of_job_tokens(client: Callable[..., Any]) -> None:
    seed = {
        "users": [{"username": "mia"}],
        "job_tokens": [{"value": "job", "user": "mia", "project": "a/b", "permissions": ["read_pipelines"]}],
        "projects": [{"path": "a/b", "members": {"mia": "maintainer"}, "packages": [{"name": "app"}]}],
    }
    with Sandbox(seed, gitlab_version="16.1") as running:
        assert client(running, "job", "JOB-TOKEN").delete("/projects/1/packages/1").status_code == 204
