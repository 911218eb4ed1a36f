# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""E1 and E2: lists of packages (contract, sections 1 to 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

P = "/projects/42/packages"
G = "/groups/acme/packages"
OPEN = "/groups/open/packages"

TYPES = [
    "maven",
    "npm",
    "conan",
    "nuget",
    "pypi",
    "composer",
    "generic",
    "golang",
    "debian",
    "rubygems",
    "helm",
    "terraform_module",
    "rpm",
    "ml_model",
    "cargo",
]


def test_e1_lists_displayable_packages_with_a_version_but_no_terraform_modules(mia: Any) -> None:
    assert set(mia.ids(P)) >= {101, 102, 103, 104, 108, 111, 112}
    assert not set(mia.ids(P)) & {105, 106, 107, 109, 110}


def test_e1_by_full_path(mia: Any) -> None:
    assert mia.ids("/projects/acme%2Fweb%2Fshop/packages") == mia.ids(P)
    assert mia.ids("/projects/acme%2fweb%2fshop/packages") == mia.ids(P)


def test_e1_path_with_plain_slashes_is_no_route(mia: Any) -> None:
    response = mia.get("/projects/acme/web/shop/packages")
    assert (response.status_code, response.json()) == (404, {"error": "404 Not Found"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("app", {112, 113}),
        ("APP", {112, 113}),
        ("my-app", {112}),
        ("pie apple", {113}),
        ("  pie\tapp ", {113}),
        ("app zzz", set()),
        ("@acme/ui", {101, 102, 103, 104, 108}),
        ("100%", {114}),
        ("%", {114}),
        ("_", {114}),
        ("100", {114, 115}),
        ('"apple pie"', {113}),
        ('"pie apple"', set()),
        ('"pct done" 100', {115}),
        ('"100', set()),
    ],
)
def test_e1_package_name_is_fuzzy(mia: Any, words: str, expected: set[int]) -> None:
    assert set(mia.ids(P, package_name=words)) == expected


def test_e1_package_name_finds_conan_packages_by_the_bare_name(mia: Any) -> None:
    assert mia.names(P, package_name="zli") == ["zlib/1.3@acme/stable"]
    # GitLab stores the bare name; the recipe is only shown.
    assert mia.names(P, package_name="zlib/1.3@acme/stable") == []


def test_e1_empty_package_name_is_no_filter(mia: Any) -> None:
    assert mia.ids(P, package_name="") == mia.ids(P)


def test_e1_package_version_is_exact(mia: Any) -> None:
    assert mia.ids(P, package_version="1.10.0") == [101]
    assert mia.ids(P, package_version="1.1") == []
    assert mia.ids(P, package_version="1.10.0 ") == []


def test_e1_include_versionless(mia: Any) -> None:
    assert set(mia.ids(P, include_versionless="true")) - set(mia.ids(P)) == {109}
    assert mia.ids(P, include_versionless="false") == mia.ids(P)


@pytest.mark.parametrize("value", ["true", "1", "yes", "on", "TRUE", "t"])
def test_e1_include_versionless_takes_every_form_of_true(mia: Any, value: str) -> None:
    assert 109 in mia.ids(P, include_versionless=value)


@pytest.mark.parametrize(
    ("package_type", "expected"),
    [
        ("npm", {101, 102, 103, 104}),
        ("pypi", {108}),
        ("conan", {111}),
        ("terraform_module", {110}),
        ("helm", {117}),
        ("rpm", set()),
        ("ml_model", set()),
    ],
)
def test_e1_package_type(mia: Any, package_type: str, expected: set[int]) -> None:
    assert set(mia.ids(P, package_type=package_type)) == expected


@pytest.mark.parametrize("package_type", TYPES)
def test_e1_knows_every_package_type(mia: Any, package_type: str) -> None:
    assert all(p["package_type"] == package_type for p in mia.get(P, params={"package_type": package_type}).json())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("hidden", [105]),
        ("processing", [106]),
        ("error", [104]),
        ("deprecated", [103]),
    ],
)
def test_e1_status(mia: Any, status: str, expected: list[int]) -> None:
    assert mia.ids(P, status=status) == expected


def test_e1_status_default_and_pending_destruction(mia: Any) -> None:
    assert 107 in mia.ids(P, status="pending_destruction")
    assert {101, 104} & set(mia.ids(P, status="default")) == {101}


def test_e1_status_keeps_terraform_modules_and_versionless_packages_out(mia: Any) -> None:
    assert not {109, 110} & set(mia.ids(P, status="default"))
    assert 109 in mia.ids(P, status="default", include_versionless=True)


def test_e1_is_ordered_by_created_at_ascending(mia: Any) -> None:
    assert mia.ids(P, package_type="npm") == [103, 102, 101, 104]
    assert mia.ids(P, package_type="npm", order_by="created_at", sort="asc") == [103, 102, 101, 104]


def test_e1_sort_desc(mia: Any) -> None:
    assert mia.ids(P, package_type="npm", sort="desc") == [104, 101, 102, 103]


def test_e1_order_by_name(mia: Any) -> None:
    names = [name for name in mia.names(P, order_by="name") if not name.startswith("own-")]
    assert names == sorted(names)
    assert mia.ids(P, order_by="name", sort="desc") == mia.ids(P, order_by="name")[::-1]


def test_e1_order_by_version_is_by_text(mia: Any) -> None:
    assert mia.ids(P, package_type="npm", order_by="version") == [103, 101, 102, 104]
    assert mia.ids(P, package_type="npm", order_by="version", sort="desc") == [104, 102, 101, 103]


def test_e1_order_by_version_puts_versionless_packages_last(mia: Any) -> None:
    assert mia.ids(P, order_by="version", include_versionless=True)[-1] == 109
    assert mia.ids(P, order_by="version", include_versionless=True, sort="desc")[0] == 109


def test_e1_order_by_type_is_by_gitlabs_number(mia: Any) -> None:
    for sort, numbers in (("asc", TYPES), ("desc", TYPES[::-1])):
        listed = mia.get(P, params={"order_by": "type", "sort": sort, "per_page": 100}).json()
        types = [package["package_type"] for package in listed]
        assert types == sorted(types, key=numbers.index)
        assert len(set(types)) > 3


def test_e1_ties_are_in_the_order_of_ids(mia: Any) -> None:
    ids = [i for i in mia.ids(P) if 111 <= i <= 117]
    assert ids == sorted(ids)


def test_e1_does_not_know_project_path_as_order(mia: Any) -> None:
    response = mia.get(P, params={"order_by": "project_path"})
    assert (response.status_code, response.json()) == (400, {"error": "order_by does not have a valid value"})


def test_e1_ignores_unknown_parameters(mia: Any) -> None:
    assert mia.ids(P, colour="red", exclude_subgroups="maybe") == mia.ids(P)


def test_e1_takes_the_last_of_repeated_parameters(mia: Any) -> None:
    assert [p["id"] for p in mia.get(f"{P}?package_type=rpm&package_type=pypi").json()] == [108]


def test_e1_package_body(mia: Any, sandbox: Sandbox) -> None:
    body = next(p for p in mia.get(P, params={"per_page": 100}).json() if p["id"] == 101)
    assert body == {
        "id": 101,
        "name": "@acme/ui",
        "version": "1.10.0",
        "package_type": "npm",
        "status": "default",
        "_links": {
            "web_path": "/acme/web/shop/-/packages/101",
            "delete_api_path": f"{sandbox.api_url}/projects/42/packages/101",
        },
        "created_at": "2025-03-01T10:00:00.000Z",
        "last_downloaded_at": "2025-04-01T10:00:00.123Z",
        "creator_id": 3,
        "tags": [
            {
                "id": 1,
                "package_id": 101,
                "name": "latest",
                "created_at": "2025-03-01T10:00:00.000Z",
                "updated_at": "2025-03-01T10:00:00.000Z",
                "project_id": 42,
            },
            {
                "id": 2,
                "package_id": 101,
                "name": "stable",
                "created_at": "2025-03-01T10:00:00.000Z",
                "updated_at": "2025-03-01T10:00:00.000Z",
                "project_id": 42,
            },
        ],
        "pipeline": {
            "id": 901,
            "iid": 2,
            "project_id": 42,
            "sha": "6" * 40,
            "ref": "v1.10.0",
            "status": "failed",
            "source": "push",
            "created_at": "2025-01-01T00:00:00.000Z",
            "updated_at": "2025-01-01T00:00:00.000Z",
            "web_url": f"{sandbox.url}/acme/web/shop/-/pipelines/901",
            "user": None,
        },
        "pipelines": [],
    }


def find(mia: Any, package_id: int, path: str = P, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = next(
        p for p in mia.get(path, params={"per_page": 100, **params}).json() if p["id"] == package_id
    )
    return found


def test_e1_pipeline_is_absent_without_a_build(mia: Any) -> None:
    body = find(mia, 112)
    assert "pipeline" not in body
    assert "pipelines" not in body


def test_e1_tags_are_always_there(mia: Any) -> None:
    assert find(mia, 112)["tags"] == []


def test_e1_last_downloaded_at_may_be_null(mia: Any) -> None:
    assert find(mia, 112)["last_downloaded_at"] is None


def test_e1_version_may_be_null(mia: Any) -> None:
    assert find(mia, 109, include_versionless=True)["version"] is None


def test_e1_conan_package_name(mia: Any) -> None:
    body = find(mia, 111)
    assert (body["name"], body["conan_package_name"]) == ("zlib/1.3@acme/stable", "zlib")
    assert "conan_package_name" not in find(mia, 112)


@pytest.mark.parametrize(
    ("package_id", "params", "shown"),
    [
        (101, {}, True),
        (103, {}, True),
        (104, {}, False),
        (105, {"status": "hidden"}, False),
        (106, {"status": "processing"}, False),
        (107, {"status": "pending_destruction"}, False),
    ],
)
def test_e1_web_path_only_for_default_and_deprecated(
    mia: Any, package_id: int, params: dict[str, str], shown: bool
) -> None:
    links = find(mia, package_id, **params)["_links"]
    assert ("web_path" in links) is shown
    assert "delete_api_path" in links


def test_e1_web_path_of_a_terraform_module(mia: Any) -> None:
    links = find(mia, 110, package_type="terraform_module")["_links"]
    assert links["web_path"] == "/acme/web/shop/-/terraform_module_registry/110"


@pytest.mark.parametrize(
    ("token", "shown"),
    [("glpat-root", True), ("glpat-olga", True), ("glpat-mia", True), ("glpat-sam", False), ("glpat-rita", False)],
)
def test_e1_delete_api_path_only_if_the_callers_role_may_delete(
    sandbox: Sandbox, client: Callable[..., Any], token: str, shown: bool
) -> None:
    assert ("delete_api_path" in find(client(sandbox, token), 101)["_links"]) is shown


def test_e1_delete_api_path_depends_on_the_user_not_on_scopes(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert "delete_api_path" in find(client(sandbox, "glpat-mia-read"), 101)["_links"]
    assert "delete_api_path" in find(client(sandbox, "glcbt-mia", "JOB-TOKEN"), 101)["_links"]


def test_e1_delete_api_path_is_absolute_with_the_numeric_project_id(mia: Any, sandbox: Sandbox) -> None:
    body = find(mia, 101, "/projects/acme%2Fweb%2Fshop/packages")
    assert body["_links"]["delete_api_path"] == f"{sandbox.api_url}/projects/42/packages/101"


def test_e1_urls_follow_the_host_that_the_client_used(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    url = sandbox.api_url.replace("127.0.0.1", "localhost")
    body = find(client(sandbox, "glpat-mia", api_url=url), 101)
    assert body["_links"]["delete_api_path"].startswith(url)


def test_e1_has_neither_project_id_nor_project_path_nor_versions(mia: Any) -> None:
    assert not {"project_id", "project_path", "versions"} & set(find(mia, 101))


def test_e2_has_project_id_and_project_path(mia: Any) -> None:
    body = find(mia, 101, G)
    assert (body["project_id"], body["project_path"]) == (42, "acme/web/shop")
    assert "versions" not in body
    assert body["_links"]["web_path"] == "/acme/web/shop/-/packages/101"


def test_e2_holds_the_packages_of_subgroups(mia: Any) -> None:
    assert {101, 201} <= set(mia.ids(G))
    assert mia.ids("/groups/acme%2Fweb/packages") == [i for i in mia.ids(G) if i != 201]


def test_e2_exclude_subgroups(mia: Any) -> None:
    assert mia.ids(G, exclude_subgroups="true") == [201]
    assert mia.ids(G, exclude_subgroups="false") == mia.ids(G)


def test_e2_order_by_project_path(mia: Any) -> None:
    for sort in ("asc", "desc"):
        listed = mia.get(G, params={"order_by": "project_path", "sort": sort, "per_page": 100}).json()
        # By the project's own path, not by the full one.
        paths = [package["project_path"].rpartition("/")[2] for package in listed]
        assert paths == sorted(paths, reverse=sort == "desc")
        assert len(set(paths)) == 2


@pytest.mark.parametrize("order_by", ["created_at", "name", "version", "type"])
def test_e2_takes_the_orders_of_e1(mia: Any, order_by: str) -> None:
    own = [i for i in mia.ids(G, order_by=order_by) if i != 201]
    assert own == mia.ids(P, order_by=order_by)


@pytest.mark.parametrize(
    "params",
    [
        {"package_type": "npm"},
        {"package_name": "ui acme"},
        {"package_version": "1.10.0"},
        {"include_versionless": "true"},
        {"status": "hidden"},
        {"package_type": "terraform_module"},
        {"sort": "desc"},
    ],
)
def test_e2_takes_the_filters_of_e1(mia: Any, params: dict[str, str]) -> None:
    assert [i for i in mia.ids(G, **params) if i != 201] == mia.ids(P, **params)


def test_e2_by_id(mia: Any) -> None:
    number = mia.get("/groups/acme").json()["id"]
    assert mia.ids(f"/groups/{number}/packages") == mia.ids(G)


def test_e2_holds_only_packages_that_the_caller_may_read(
    sandbox: Sandbox, client: Callable[..., Any], mia: Any, anyone: Any
) -> None:
    assert set(mia.ids(OPEN)) == {301, 302}
    assert anyone.ids(OPEN) == [301]
    assert client(sandbox, "glpat-otto").ids(OPEN) == [301]
    # A guest of a private project may not read its packages.
    assert client(sandbox, "glpat-gus").ids(OPEN) == [301]


def test_e2_links_by_project(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert "delete_api_path" not in find(client(sandbox, "glpat-otto"), 301, OPEN)["_links"]
    assert "delete_api_path" in find(client(sandbox, "glpat-mia"), 301, OPEN)["_links"]


def test_e2_ignores_a_job_token(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    job = client(sandbox, "glcbt-mia", "JOB-TOKEN")
    response = job.get(G)
    assert (response.status_code, response.json()) == (404, {"message": "404 Group Not Found"})
    assert job.ids(OPEN) == [301]
    assert client(sandbox, "no-such-token", "JOB-TOKEN").ids(OPEN) == [301]
