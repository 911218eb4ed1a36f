# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's own cleanup policy of a project, and sizes (contract of the registries, section D)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox, SandboxError

NOT_AVAILABLE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)
READ = (
    "query($path: ID!) { project(fullPath: $path) { packagesCleanupPolicy { keepNDuplicatedPackageFiles nextRunAt } } }"
)
UPDATE = (
    "mutation($input: UpdatePackagesCleanupPolicyInput!) { updatePackagesCleanupPolicy(input: $input)"
    " { packagesCleanupPolicy { keepNDuplicatedPackageFiles nextRunAt } errors } }"
)
OFF = {"keepNDuplicatedPackageFiles": "ALL_PACKAGE_FILES", "nextRunAt": None}
WORDS = {
    None: "ALL_PACKAGE_FILES",
    1: "ONE_PACKAGE_FILE",
    10: "TEN_PACKAGE_FILES",
    20: "TWENTY_PACKAGE_FILES",
    30: "THIRTY_PACKAGE_FILES",
    40: "FORTY_PACKAGE_FILES",
    50: "FIFTY_PACKAGE_FILES",
}


def files(first: int, *names: str) -> list[dict[str, Any]]:
    """Files of 10 bytes, numbered from ``first``."""
    return [{"id": first + place, "file_name": name, "content": "x" * 10} for place, name in enumerate(names)]


SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        *({"username": name, "tokens": [{"value": f"glpat-{name}"}]} for name in ("mia", "sam", "rita", "gus", "otto")),
    ],
    "job_tokens": [{"value": "glcbt-mia", "user": "mia", "project": "acme/shop"}],
    "groups": [
        {
            "path": "acme",
            "visibility": "private",
            "members": {"mia": "maintainer", "sam": "developer", "rita": "reporter", "gus": "guest"},
        },
        {"path": "acme/sub"},
        {"path": "open", "visibility": "public"},
    ],
    "projects": [
        {"path": "acme/shop", "id": 1},
        {"path": "acme/archived", "id": 2, "archived": True},
        {
            "path": "acme/twice",
            "id": 3,
            "cleanup_policy": {"keep_n_duplicated_package_files": 1},
            "protection_rules": [
                {"package_name_pattern": "*", "package_type": "generic", "minimum_access_level_for_delete": "admin"}
            ],
            "packages": [
                {"id": 31, "name": "one", "files": files(311, "a", "b", "a", "a")},
                {"id": 32, "name": "two", "files": files(321, "a", "b")},
            ],
        },
        {"path": "acme/all", "id": 4, "packages": [{"id": 41, "name": "p", "files": files(411, "a", "a")}]},
        {
            "path": "acme/broken",
            "id": 5,
            "cleanup_policy": {"keep_n_duplicated_package_files": 1},
            "packages": [{"id": 51, "name": "p", "status": "error", "files": files(511, "a", "a")}],
        },
        {
            "path": "acme/sub/sized",
            "id": 6,
            "packages": [
                {"id": 61, "name": "shown", "files": files(611, "a", "b")},
                {"id": 62, "name": "hidden", "status": "hidden", "files": files(621, "a")},
                {"id": 63, "name": "gone", "status": "pending_destruction", "files": files(631, "a")},
            ],
        },
        {
            "path": "open/tool",
            "id": 7,
            "visibility": "public",
            "packages": [{"id": 71, "name": "p", "files": files(711, "a")}],
        },
    ],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


def read(api: Any, path: str) -> Any:
    """``project { packagesCleanupPolicy }``."""
    response = api.graphql(READ, {"path": path})
    assert response.status_code == 200, response.text
    return response.json()["data"]["project"]["packagesCleanupPolicy"]


def update(api: Any, path: str, **values: Any) -> dict[str, Any]:
    """The answer of the mutation."""
    response = api.graphql(UPDATE, {"input": {"projectPath": path, **values}})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def in_12_hours(text: str) -> bool:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return abs(moment - datetime.now(timezone.utc) - timedelta(hours=12)) < timedelta(minutes=5)


# The policy


def test_where_there_is_no_policy_it_keeps_all(mia: Any) -> None:
    assert read(mia, "acme/all") == OFF


def test_a_seeded_policy_is_read(mia: Any) -> None:
    assert read(mia, "acme/broken")["keepNDuplicatedPackageFiles"] == "ONE_PACKAGE_FILE"


def test_the_mutation_makes_the_policy_and_changes_it(mia: Any) -> None:
    for word in (*list(WORDS.values())[1:], WORDS[None]):
        result = update(mia, "acme/shop", keepNDuplicatedPackageFiles=word)["data"]["updatePackagesCleanupPolicy"]
        assert result["errors"] == []
        assert result["packagesCleanupPolicy"]["keepNDuplicatedPackageFiles"] == word
        assert in_12_hours(result["packagesCleanupPolicy"]["nextRunAt"])
        assert read(mia, "acme/shop") == result["packagesCleanupPolicy"]


def test_without_a_value_it_stays(mia: Any) -> None:
    before = read(mia, "acme/broken")["keepNDuplicatedPackageFiles"]
    result = update(mia, "acme/broken")["data"]["updatePackagesCleanupPolicy"]
    assert (result["packagesCleanupPolicy"]["keepNDuplicatedPackageFiles"], result["errors"]) == (before, [])


def test_null_is_refused_in_the_mutations_own_errors(mia: Any) -> None:
    assert update(mia, "acme/broken", keepNDuplicatedPackageFiles=None)["data"] == {
        "updatePackagesCleanupPolicy": {
            "packagesCleanupPolicy": None,
            "errors": ["Keep n duplicated package files is invalid"],
        }
    }


def test_other_values_are_a_top_level_error(mia: Any) -> None:
    body = update(mia, "acme/broken", keepNDuplicatedPackageFiles="TWO_PACKAGE_FILES")
    assert "data" not in body
    assert (
        'keepNDuplicatedPackageFiles (Expected "TWO_PACKAGE_FILES" to be one of: ALL_PACKAGE_FILES, ONE_'
        in (body["errors"][0]["message"])
    )


@pytest.mark.parametrize(
    ("token", "path"),
    [
        ("glpat-sam", "acme/shop"),
        ("glpat-rita", "acme/shop"),
        ("glpat-gus", "acme/shop"),
        ("glpat-otto", "acme/shop"),
        ("", "open/tool"),
        ("glpat-mia", "acme/archived"),
        ("glpat-mia", "acme/none"),
    ],
)
def test_others_than_maintainers_are_refused_and_read_null(
    sandbox: Sandbox, client: Callable[..., Any], token: str, path: str
) -> None:
    api = client(sandbox, token)
    body = update(api, path, keepNDuplicatedPackageFiles="ONE_PACKAGE_FILE")
    assert body["data"] == {"updatePackagesCleanupPolicy": None}
    assert [error["message"] for error in body["errors"]] == [NOT_AVAILABLE]
    found = api.graphql(READ, {"path": path}).json()
    assert "errors" not in found
    assert found["data"]["project"] in (None, {"packagesCleanupPolicy": None})


def test_it_outlives_the_server(tmp_path: Any, client: Callable[..., Any]) -> None:
    with Sandbox(SEED, db=tmp_path / "state.db") as running:
        update(client(running, "glpat-mia"), "acme/shop", keepNDuplicatedPackageFiles="TEN_PACKAGE_FILES")
        before = read(client(running, "glpat-mia"), "acme/shop")
    with Sandbox(SEED, db=tmp_path / "state.db") as running:
        assert read(client(running, "glpat-mia"), "acme/shop") == before


# What it does


def test_it_keeps_the_newest_files_of_each_name_in_each_package(sandbox: Sandbox, mia: Any, root: Any) -> None:
    path = "/projects/3/packages/31"
    before = root.get(path).json()
    since = {"If-Unmodified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"}
    size = mia.get("/projects/3", params={"statistics": True}).json()["statistics"]["packages_size"]
    # Projects without a package that can be installed are left alone; rules are not asked.
    assert sandbox.clean_up() == 2
    assert mia.ids(f"{path}/package_files") == [312, 314]
    assert mia.ids("/projects/3/packages/32/package_files") == [321, 322]
    assert mia.ids("/projects/4/packages/41/package_files") == [411, 412]
    assert mia.ids("/projects/5/packages/51/package_files") == [511, 512]
    assert in_12_hours(read(mia, "acme/twice")["nextRunAt"])
    # The package is as it was: its last update has not moved.
    assert root.get(path).json() == before
    assert root.delete(path, headers=since).status_code == 204
    # What is marked counts until it is destroyed.
    assert mia.get("/projects/3", params={"statistics": True}).json()["statistics"]["packages_size"] == size == 60
    assert sandbox.clean_up() == 0


def test_cleanup_and_sweep_are_control_calls(sandbox: Sandbox) -> None:
    for call in ("cleanup", "sweep"):
        with pytest.raises(SandboxError, match="405"):
            sandbox.control("GET", call)


# Sizes


def test_statistics_of_a_project(mia: Any) -> None:
    assert mia.get("/projects/6", params={"statistics": "true"}).json()["statistics"] == {
        "commit_count": 0,
        "storage_size": 40,
        "repository_size": 0,
        "wiki_size": 0,
        "lfs_objects_size": 0,
        "job_artifacts_size": 0,
        "pipeline_artifacts_size": 0,
        "packages_size": 40,
        "snippets_size": 0,
        "uploads_size": 0,
        "container_registry_size": 0,
    }
    assert "statistics" not in mia.get("/projects/6").json()
    assert mia.get("/projects/6", params={"statistics": "x"}).json() == {"error": "statistics is invalid"}


@pytest.mark.parametrize(
    ("token", "project", "sees"),
    [
        ("glpat-root", 6, True),
        ("glpat-mia", 6, True),
        ("glpat-sam", 6, True),
        ("glpat-rita", 6, True),
        ("glpat-gus", 6, False),
        ("glpat-otto", 7, False),
        ("", 7, False),
        ("glcbt-mia", 6, False),
    ],
)
def test_for_others_than_reporters_the_key_is_absent(
    sandbox: Sandbox, client: Callable[..., Any], token: str, project: int, sees: bool
) -> None:
    api = client(sandbox, token, header="JOB-TOKEN" if token.startswith("glcbt") else "PRIVATE-TOKEN")
    response = api.get(f"/projects/{project}", params={"statistics": "true"})
    assert response.status_code == 200
    assert ("statistics" in response.json()) is sees


def test_lists_of_projects_have_statistics_too_but_not_those_of_a_group(
    sandbox: Sandbox, client: Callable[..., Any]
) -> None:
    found = client(sandbox, "glpat-rita").get("/projects", params={"statistics": "true"}).json()
    sizes = {project["id"]: project.get("statistics", {}).get("packages_size") for project in found}
    assert (sizes[6], sizes[7]) == (40, None)
    found = client(sandbox, "glpat-rita").get("/groups/acme/projects", params={"statistics": "true"}).json()
    assert all("statistics" not in project for project in found)


def test_packages_size_counts_all_statuses_until_they_are_destroyed(sandbox: Sandbox, root: Any) -> None:
    def size() -> int:
        found: int = root.get("/projects/6", params={"statistics": "true"}).json()["statistics"]["packages_size"]
        return found

    assert root.delete("/projects/6/packages/61/package_files/611").status_code == 204
    assert size() == 40
    assert root.delete("/projects/6/packages/61").status_code == 204
    assert size() == 40
    sandbox.sweep()
    assert size() == 10
    assert root.names("/projects/6/packages", status="pending_destruction") == []
    assert root.names("/projects/6/packages", status="hidden") == ["hidden"]


def test_statistics_of_groups_are_for_administrators(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    with Sandbox(SEED) as running:
        groups = client(running, "glpat-root").get("/groups", params={"statistics": "true"}).json()
        found = {group["full_path"]: group for group in groups}
        assert found["acme/sub"]["statistics"]["packages_size"] == 40
        assert "root_storage_statistics" not in found["acme/sub"]
        assert found["acme"]["statistics"]["packages_size"] == 100
        assert found["acme"]["root_storage_statistics"]["packages_size"] == 140
        for token in ("glpat-mia", ""):
            groups = client(running, token).get("/groups", params={"statistics": "true"}).json()
            assert groups
            assert all("statistics" not in group for group in groups)
