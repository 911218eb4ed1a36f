# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""E3, E5 and E6: one package (contract, sections 1, 3 and 4)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gitlab_sandbox.testing import Sandbox

P = "/projects/42/packages"
Publish = Callable[..., tuple[int, int]]


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json() if response.content else None


# E3


def test_e3_body_is_the_lists_with_versions(mia: Any) -> None:
    listed = next(p for p in mia.get(P, params={"per_page": 100}).json() if p["id"] == 101)
    body = mia.get(f"{P}/101").json()
    versions = body.pop("versions")
    assert body == listed
    assert versions


def test_e3_versions_are_the_other_displayable_ones_of_name_and_type_by_version(mia: Any) -> None:
    assert [v["id"] for v in mia.get(f"{P}/101").json()["versions"]] == [103, 102, 104]
    assert [v["id"] for v in mia.get(f"{P}/108").json()["versions"]] == []


def test_e3_versions_have_another_version_and_are_never_versionless(client: Callable[..., Any]) -> None:
    def package(name: str, version: str | None, package_type: str) -> dict[str, Any]:
        return {"name": name, "version": version, "package_type": package_type}

    seed = {
        "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
        "projects": [
            {
                "path": "acme/shop",
                "packages": [
                    package("zlib/1.3@acme/stable", "1.3", "conan"),
                    package("zlib/1.3@acme/testing", "1.3", "conan"),
                    package("zlib/1.2@acme/stable", "1.2", "conan"),
                    package("app", None, "maven"),
                    package("app", "2.0", "maven"),
                    package("app", "1.0", "maven"),
                    package("app", "1.0", "maven"),
                ],
            }
        ],
    }
    with Sandbox(seed) as running:
        root = client(running, "glpat-root")
        versions = {i: [v["id"] for v in root.get(f"/projects/1/packages/{i}").json()["versions"]] for i in range(1, 8)}
    # Two conan recipes of one name and version do not list each other; a versionless package lists all others.
    assert versions == {1: [3], 2: [3], 3: [1, 2], 4: [6, 7, 5], 5: [6, 7], 6: [5], 7: [5]}


def test_a_deleted_pipeline_leaves_null(client: Callable[..., Any]) -> None:
    pipelines = [{"id": 7, "deleted": True}, {"id": 6}]
    seed = {
        "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
        "projects": [
            {
                "path": "acme/shop",
                "packages": [
                    {"name": "a", "version": "1", "pipelines": pipelines, "files": [{"pipelines": pipelines}]},
                    {"name": "a", "version": "2", "pipelines": [{"id": 8}]},
                ],
            }
        ],
    }
    with Sandbox(seed) as running:
        root = client(running, "glpat-root")
        for body in (root.get("/projects/1/packages").json()[0], root.get("/projects/1/packages/1").json()):
            assert (body["pipeline"], body["pipelines"]) == (None, [])
        assert root.get("/projects/1/packages/2").json()["versions"][0]["pipeline"] is None
        assert [p["id"] for p in root.get("/projects/1/packages/1/pipelines").json()] == [6]
        (file,) = root.get("/projects/1/packages/1/package_files").json()
        assert [p["id"] for p in file["pipelines"]] == [6]


def test_e3_fields_of_a_version(mia: Any) -> None:
    versions = {v["id"]: v for v in mia.get(f"{P}/101").json()["versions"]}
    assert set(versions[103]) == {"id", "version", "created_at", "tags"}
    assert set(versions[102]) == {"id", "version", "created_at", "tags", "pipeline"}
    assert versions[102]["version"] == "1.9.0"
    assert [tag["name"] for tag in versions[102]["tags"]] == ["old"]
    assert versions[102]["pipeline"]["id"] == 880


def test_e3_has_neither_project_id_nor_project_path(mia: Any) -> None:
    assert not {"project_id", "project_path"} & set(mia.get(f"{P}/101").json())


@pytest.mark.parametrize("package_id", [101, 103, 109, 110, 111])
def test_e3_answers_for_default_and_deprecated_of_all_types(mia: Any, package_id: int) -> None:
    assert mia.get(f"{P}/{package_id}").json()["id"] == package_id


def test_e3_of_a_broken_package_is_404_package_not_found(mia: Any) -> None:
    assert answer(mia.get(f"{P}/104")) == (404, {"message": "Package not found"})


@pytest.mark.parametrize("package_id", [105, 106, 107, 999999, 201])
def test_e3_of_a_package_that_is_not_displayable_or_not_there_is_404(mia: Any, package_id: int) -> None:
    assert answer(mia.get(f"{P}/{package_id}")) == (404, {"message": "404 Not found"})


# E5


@pytest.fixture(scope="module")
def built(client: Callable[..., Any]) -> Any:
    seed = {
        "users": [{"username": "root", "name": "The Root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
        "projects": [
            {
                "path": "acme/shop",
                "packages": [
                    {
                        "id": 1,
                        "name": "ui",
                        "pipelines": [{"id": i, "user": "root"} for i in range(500, 545)],
                    },
                    {"id": 2, "name": "plain"},
                    {"id": 3, "name": "broken", "status": "error", "pipelines": [{"id": 500}]},
                    {"id": 4, "name": "hidden", "status": "hidden"},
                ],
            }
        ],
    }
    with Sandbox(seed) as running:
        yield client(running, "glpat-root")


E5 = "/projects/1/packages/1/pipelines"


def test_e5_is_newest_first_by_id(built: Any) -> None:
    assert [p["id"] for p in built.get(E5).json()] == list(range(544, 524, -1))


def test_e5_fields_of_a_pipeline(built: Any) -> None:
    pipeline = built.get(E5).json()[0]
    base = built.api_url[: -len("/api/v4")]
    assert pipeline == {
        "id": 544,
        "iid": 45,
        "project_id": 1,
        "sha": "0" * 40,
        "ref": "main",
        "status": "success",
        "source": "push",
        "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": "2025-01-01T00:00:00.000Z",
        "web_url": f"{base}/acme/shop/-/pipelines/544",
        "user": {
            "id": 1,
            "username": "root",
            "name": "The Root",
            "state": "active",
            "avatar_url": None,
            "web_url": f"{base}/root",
        },
    }


def test_e5_without_builds_is_empty(built: Any) -> None:
    response = built.get("/projects/1/packages/2/pipelines")
    assert answer(response) == (200, [])
    assert "Link" not in response.headers


def test_e5_pages_by_key_with_link_next_only(built: Any) -> None:
    seen, url, pages = [], built.api_url + E5 + "?per_page=20", 0
    while url:
        response = built.get(url[len(built.api_url) :])
        assert not [name for name in response.headers if name.lower().startswith("x-")]
        assert set(response.links) <= {"next"}
        seen += [p["id"] for p in response.json()]
        pages += 1
        url = response.links.get("next", {}).get("url")
    assert (seen, pages) == (list(range(544, 499, -1)), 3)


def test_e5_has_no_link_on_the_last_page(built: Any) -> None:
    first = built.get(E5, params={"per_page": 15})
    second = built.get(first.links["next"]["url"][len(built.api_url) :])
    third = built.get(second.links["next"]["url"][len(built.api_url) :])
    assert len(third.json()) == 15
    assert "Link" not in third.headers


def test_e5_cursor_is_urlsafe_base64_of_json(built: Any) -> None:
    link = built.get(E5, params={"per_page": 3}).links["next"]["url"]
    query = parse_qs(urlsplit(link).query)
    assert query["per_page"] == ["3"]
    # The last build record's ID, not the pipeline's.
    assert json.loads(base64.urlsafe_b64decode(query["cursor"][0])) == {"id": "43", "_kd": "n"}


def test_e5_cursor_can_point_backwards(built: Any) -> None:
    cursor = base64.urlsafe_b64encode(b'{"id":"30","_kd":"p"}').decode()
    ids = [p["id"] for p in built.get(E5, params={"per_page": 3, "cursor": cursor}).json()]
    assert ids == [532, 531, 530]


@pytest.mark.parametrize("value", ["0", "21", "100", "-1"])
def test_e5_per_page_outside_1_to_20_is_400(built: Any, value: str) -> None:
    assert answer(built.get(E5, params={"per_page": value})) == (
        400,
        {"error": "per_page does not have a valid value"},
    )


@pytest.mark.parametrize("value", ["x", "%00", "e30", "eyJpZCI6ICJ4IiwgIl9rZCI6ICJuIn0", "9" * 5000, "W10="])
def test_e5_a_cursor_that_is_none_is_400(built: Any, value: str) -> None:
    assert answer(built.get(f"{E5}?cursor={value}")) == (400, {"error": "cursor is invalid"})


def test_e5_takes_every_per_page_from_1_to_20(built: Any) -> None:
    for number in range(1, 21):
        assert len(built.get(E5, params={"per_page": number}).json()) == number


def test_e5_of_a_broken_package_is_404(built: Any) -> None:
    assert answer(built.get("/projects/1/packages/3/pipelines")) == (
        404,
        {"message": "404 Package not found Not Found"},
    )


@pytest.mark.parametrize("package_id", [4, 99])
def test_e5_of_a_package_that_is_hidden_or_not_there_is_404(built: Any, package_id: int) -> None:
    assert answer(built.get(f"/projects/1/packages/{package_id}/pipelines")) == (404, {"message": "404 Not found"})


# E6


def test_e6_answers_204_without_a_body(mia: Any, publish: Publish) -> None:
    package, _ = publish()
    response = mia.delete(f"{P}/{package}")
    assert (response.status_code, response.content) == (204, b"")


def test_e6_marks_pending_destruction(mia: Any, publish: Publish) -> None:
    package, _ = publish()
    mia.delete(f"{P}/{package}")
    assert package not in mia.ids(P)
    assert package in mia.ids(P, status="pending_destruction")
    assert answer(mia.get(f"{P}/{package}")) == (404, {"message": "404 Not found"})


def test_e6_again_is_404(mia: Any, publish: Publish) -> None:
    package, _ = publish()
    mia.delete(f"{P}/{package}")
    assert answer(mia.delete(f"{P}/{package}")) == (404, {"message": "404 Not found"})


@pytest.mark.parametrize("status", ["default", "error", "deprecated"])
def test_e6_deletes_displayable_packages(mia: Any, publish: Publish, sandbox: Sandbox, status: str) -> None:
    package, _ = publish()
    sandbox.change_package(package, status=status)
    assert mia.delete(f"{P}/{package}").status_code == 204


@pytest.mark.parametrize("status", ["hidden", "processing", "pending_destruction"])
def test_e6_does_not_find_other_statuses(mia: Any, publish: Publish, sandbox: Sandbox, status: str) -> None:
    package, _ = publish()
    sandbox.change_package(package, status=status)
    assert answer(mia.delete(f"{P}/{package}")) == (404, {"message": "404 Not found"})
    assert package in mia.ids(P, status=status)


def test_e6_of_another_projects_package_is_404(mia: Any) -> None:
    assert answer(mia.delete(f"{P}/201")) == (404, {"message": "404 Not found"})


def test_e6_if_unmodified_since_later_than_the_update_deletes(mia: Any, publish: Publish) -> None:
    package, _ = publish()
    since = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
    assert mia.delete(f"{P}/{package}", headers={"If-Unmodified-Since": since}).status_code == 204


def test_e6_if_unmodified_since_before_the_update_is_412(mia: Any, publish: Publish) -> None:
    package, _ = publish()
    since = format_datetime(datetime.now(timezone.utc) - timedelta(hours=1), usegmt=True)
    response = mia.delete(f"{P}/{package}", headers={"If-Unmodified-Since": since})
    assert answer(response) == (412, {"message": "412 Precondition Failed"})
    assert package in mia.ids(P)


def test_e6_if_unmodified_since_that_is_no_date_is_ignored(mia: Any, publish: Publish) -> None:
    package, _ = publish()
    assert mia.delete(f"{P}/{package}", headers={"If-Unmodified-Since": "yesterday"}).status_code == 204


def test_e6_a_change_behind_the_clients_back_moves_the_update(mia: Any, publish: Publish, sandbox: Sandbox) -> None:
    package, _ = publish()
    time.sleep(1.01)
    since = format_datetime(datetime.now(timezone.utc), usegmt=True)
    sandbox.change_package(package, last_downloaded_at="2030-01-01T00:00:00.000Z")
    changed = sandbox.change_package(package, status="default")["updated_at"]
    assert changed > parsedate_to_datetime(since).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert mia.delete(f"{P}/{package}", headers={"If-Unmodified-Since": since}).status_code == 412
