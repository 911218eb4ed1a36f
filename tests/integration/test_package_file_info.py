# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package_file_info`: the files of one package."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed

FILES: list[dict[str, t.Any]] = [
    {"id": 1, "file_name": "b.jar", "content": "hello", "created_at": "2025-03-03T00:00:00.000Z"},
    {"id": 2, "file_name": "a.jar", "size": 20, "created_at": "2025-03-02T00:00:00.000Z"},
    {"id": 3, "file_name": "A.pom", "size": 300, "created_at": "2025-03-01T00:00:00.000Z"},
    {"id": 4, "file_name": "gone.jar", "size": 7, "status": "pending_destruction"},
]
SEED = seed(
    package("lib", "1", "maven", id=10, files=FILES),
    package("lib", "1", "npm", id=11, files=[{"id": 20, "file_name": "lib.tgz", "size": 1}]),
    package("libs", "1", "maven", id=12, files=[{"id": 21, "file_name": "x", "size": 1}]),
    package("broken", "1", id=13, status="error", files=[{"id": 22, "file_name": "half", "size": 5}]),
    package("secret", "1", id=14, status="hidden", files=[{"id": 23, "file_name": "key", "size": 5}]),
    package("stuffed", "1", id=15, files=[{"id": 1000 + i, "file_name": f"f-{i}", "size": i} for i in range(250)]),
    package("empty", "1", id=16),
    package("zlib/1.3@acme/stable", "1.3", "conan", id=17, files=[{"id": 24, "file_name": "conanfile.py", "size": 9}]),
    package("unversioned", None, id=18, files=[{"id": 25, "file_name": "v", "size": 2}]),
)


def files(project: str = "acme/web/shop", **options: t.Any) -> dict[str, t.Any]:
    return {"package_file_info": {"project": project, **options}}


#: What each call must find: IDs of files.
FOUND: dict[str, tuple[dict[str, t.Any], list[int]]] = {
    "by ID": (files(id=10), [1, 2, 3]),
    "by name": (files(name="lib", version="1", package_type="maven"), [1, 2, 3]),
    "glob, case-sensitive": (files(id=10, file_name="a.*"), [2]),
    "glob over the whole name": (files(id=10, file_name="jar"), []),
    "several": (files(id=10, file_name="*.jar"), [1, 2]),
    "by name, order": (files(id=10, order_by="file_name"), [3, 2, 1]),
    "newest first": (files(id=10, order_by="created_at", sort="desc"), [1, 2, 3]),
    "last ID first": (files(id=10, sort="desc"), [3, 2, 1]),
    "status error by ID": (files(id=13), [22]),
    "status error by name": (files(name="broken", version="1"), [22]),
    "more than a page": (files(id=15), list(range(1000, 1250))),
    "none": (files(id=16), []),
    "no such package by ID": (files(id=999), []),
    "no such package by name": (files(name="lib", version="2"), []),
    "conan bare name": (files(name="zlib", version="1.3"), [24]),
    "moved project": (files("acme/old-shop", name="zlib/1.3@acme/stable", version="1.3"), [24]),
    "versionless by ID": (files("42", id=18), [25]),
}
REFUSED: dict[str, tuple[dict[str, t.Any], str]] = {
    "hidden by ID": (files(id=14), "generic secret 1 (id 14): its status is hidden: GitLab's API cannot delete it"),
    "hidden by name": (files(name="secret", version="1"), "generic secret 1 (id 14): its status is hidden"),
    "two types": (files(name="lib", version="1"), "name 'lib' with version '1' means 2 different packages"),
    "unknown project": (files("acme/nobody", id=10), "GET /projects/acme/nobody: 404 Project Not Found"),
    "no member": (files(id=10, api_token="glpat-out"), "GET /projects/acme/web/shop: 404 Project Not Found"),
    "guest": (files(id=10, api_token="glpat-gus"), "GET /projects/42/packages/10/package_files: 403 Forbidden"),
    "guest, no such package": (
        files(id=999, api_token="glpat-gus"),
        "GET /projects/42/packages/999/package_files: 403",
    ),
    "revoked": (files(id=10, api_token="glpat-gone"), "GET /projects/acme/web/shop: 401 Unauthorized"),
}


def test_files_on_a_server_of_16_1(start: t.Any, playbook: t.Any) -> None:
    """It knows no order, and answers by ID."""
    names = ("by name", "by name, order", "newest first", "last ID first", "more than a page", "status error by name")
    results = playbook(start(SEED, gitlab_version="16.1"), *(FOUND[name][0] for name in names)).results
    found = {name: [file["id"] for file in result["files"]] for name, result in zip(names, results)}
    assert found == {name: FOUND[name][1] for name in names}


def test_files_of_a_package(start: t.Any, playbook: t.Any) -> None:
    results = dict(zip(FOUND, playbook(start(SEED), *(task for task, _ids in FOUND.values())).results))
    found = {name: [file["id"] for file in result.get("files", [result])] for name, result in results.items()}
    assert found == {name: expected for name, (_task, expected) in FOUND.items()}
    first = results["by ID"]
    assert (first["count"], first["total_size"], first["changed"]) == (3, 5 + 20 + 300, False)
    assert first["files"][0]["file_sha256"] == hashlib.sha256(b"hello").hexdigest()
    assert first["files"][0]["package_id"] == 10
    # What the glob leaves out is not counted.
    assert (results["several"]["count"], results["several"]["total_size"]) == (2, 25)
    assert results["more than a page"]["total_size"] == sum(range(250))
    assert (results["none"]["count"], results["none"]["total_size"]) == (0, 0)


def test_what_never_passes_for_no_files(start: t.Any, playbook: t.Any) -> None:
    results = playbook(start(SEED), *(task for task, _words in REFUSED.values())).results
    for (name, (_task, words)), result in zip(REFUSED.items(), results):
        assert result["failed"], name
        assert result["msg"].startswith(words), name
        assert "files" not in result
