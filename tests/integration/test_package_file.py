# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package_file`: every case in check mode, for real and again."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed


def file(number: int, name: str = "setup.exe", day: int = 1) -> dict[str, t.Any]:
    return {"id": number, "file_name": name, "size": 10, "created_at": f"2025-03-{day:02}T00:00:00.000Z"}


def registry(current: bool = True) -> dict[str, t.Any]:
    rules = [
        {"package_name_pattern": "release-*", "package_type": "generic", "minimum_access_level_for_delete": "owner"}
    ]
    return seed(
        package("one", "1", id=10, files=[file(100, "a"), file(101, "b"), file(102, "c")]),
        package("twice", "1", id=11, files=[file(110, day=1), file(111, day=3), file(112, day=2), file(113, "other")]),
        package("again", "1", id=12, files=[file(120, day=1), file(121, day=2)]),
        package("latest", "1", id=13, files=[file(130, day=3), file(131, day=1), file(132, day=2)]),
        package("last", "1", id=14, files=[file(140, "only")]),
        package("secret", "1", id=15, status="hidden", files=[file(150, "key")]),
        package("broken", "1", id=16, status="error", files=[file(160, "half"), file(161, "rest")]),
        package("twin", "1", "npm", id=17, files=[file(170, "x")]),
        package("twin", "1", id=18, files=[file(180, "x")]),
        package("release-1", "1", id=19, files=[file(190, "x")]),
        package("zlib/1.3@acme/stable", "1.3", "conan", id=20, files=[file(200, "conanfile.py")]),
        package("kept", "1", id=21, files=[file(210, "x"), file(211, "y", day=20), file(212, "y", day=1)]),
        protection_rules=rules if current else [],
    )


def absent(**options: t.Any) -> dict[str, t.Any]:
    return {"package_file": {"project": "acme/web/shop", "state": "absent", **options}}


def named(name: str, **options: t.Any) -> dict[str, t.Any]:
    return absent(name=name, version="1", **options)


def test_each_way_to_name_a_file(start: t.Any, check_real_again: t.Any) -> None:
    sandbox = start(registry())
    cases = check_real_again(
        sandbox,
        {
            "by ID": absent(package_id=10, id=100),
            "by name": named("one", file_name="b"),
            "status error": absent(package_id=16, id=160),
            "conan bare name": absent(name="zlib", version="1.3", file_name="conanfile.py"),
            "the last one": named("last", file_name="only"),
            "duplicates fail": named("again", file_name="setup.exe"),
            "all duplicates": named("twice", file_name="setup.exe", duplicates="all"),
            "hidden": named("secret", file_name="key"),
            "hidden by ID": absent(package_id=15, id=150),
        },
    )
    requests, state = sandbox.requests(), sandbox.state()
    assert cases["by ID"].real["results"] == [
        {
            "id": 100,
            "project_id": 42,
            "name": "one",
            "version": "1",
            "package_type": "generic",
            "package_id": 10,
            "file_name": "a",
            "result": "deleted",
        }
    ]
    deleted = {name: [r["id"] for r in case.real.get("results", [])] for name, case in cases.items()}
    assert deleted == {
        "by ID": [100],
        "by name": [101],
        "status error": [160],
        "conan bare name": [200],
        "the last one": [140],
        "duplicates fail": [],
        "all duplicates": [110, 111, 112],
        "hidden": [None],
        "hidden by ID": [150],
    }
    assert cases["duplicates fail"].real["msg"] == (
        "generic again 1 (id 12) holds 2 files named 'setup.exe' (ids 120, 121). Nothing was deleted: say which by id,"
        " or set duplicates to all or keep_latest"
    )
    for name in ("hidden", "hidden by ID"):
        assert cases[name].kinds() == ["not_deletable"]
        assert cases[name].real["failed"] is True
        assert cases[name].real["results"][0]["message"] == "its status is hidden: GitLab's API cannot delete it"
        assert cases[name].real["results"][0]["package_id"] == 15
    sent = sorted(r["path"].rsplit("/", 1)[1] for r in requests if r["method"] == "DELETE")
    assert sent == ["100", "101", "110", "111", "112", "140", "160", "200"]
    # Deleting the last file keeps the package.
    assert state["packages"]["default"] == 10
    assert state["packages"]["pending_destruction"] == 0


def test_on_a_server_of_16_1(start: t.Any, check_real_again: t.Any) -> None:
    cases = check_real_again(
        start(registry(current=False), gitlab_version="16.1"),
        {
            "by name": named("one", file_name="b"),
            "status error": absent(package_id=16, id=160),
            "all duplicates": named("twice", file_name="setup.exe", duplicates="all"),
            "hidden by ID": absent(package_id=15, id=150),
        },
    )
    deleted = {name: [r["id"] for r in case.real["results"]] for name, case in cases.items()}
    assert deleted == {
        "by name": [101],
        "status error": [160],
        "all duplicates": [110, 111, 112],
        "hidden by ID": [150],
    }
    assert cases["hidden by ID"].kinds() == ["not_deletable"]


def test_what_cannot_be_deleted_or_is_not_there(start: t.Any, check_real_again: t.Any) -> None:
    sandbox = start(registry())
    cases = check_real_again(
        sandbox,
        {
            "no such file": named("kept", file_name="z"),
            "no such package": absent(package_id=9999, id=210),
            "file of another package": absent(package_id=21, id=100),
            "ambiguous": named("twin", file_name="x"),
            "developer": absent(package_id=21, id=210, api_token="glpat-dev"),
            "read-only": absent(package_id=21, id=210, api_token="glpat-mia-read"),
            "guest": absent(package_id=21, id=210, api_token="glpat-gus"),
            "unknown project": {"package_file": {"project": "a/b", "package_id": 1, "id": 1, "state": "absent"}},
            # The file is newer than its package: the time of the file counts.
            "file changed after": absent(package_id=21, id=211, unless_modified_since="2025-03-10T00:00:00Z"),
        },
    )
    kinds = {name: case.kinds() for name, case in cases.items()}
    assert kinds == {
        "no such file": ["already_absent"],
        "no such package": ["already_absent"],
        "file of another package": ["already_absent"],
        "ambiguous": [],
        "developer": ["failed"],
        "read-only": ["failed"],
        "guest": [],
        "unknown project": [],
        "file changed after": ["failed"],
    }
    assert cases["no such file"].real["results"][0]["file_name"] == "z"
    assert "means 2 different packages" in cases["ambiguous"].real["msg"]
    assert "403 Forbidden" in cases["guest"].real["msg"]
    assert "404 Project Not Found" in cases["unknown project"].real["msg"]
    assert sandbox.state()["files"]["pending_destruction"] == 0


@pytest.mark.core
def test_many_files_of_many_packages(start: t.Any, playbook: t.Any) -> None:
    sandbox = start(registry())
    facts = {"package_file_info": {"project": "acme/web/shop", "id": 10}}
    copies = {
        "files": [
            {"name": "twice", "version": "1", "file_name": "setup.exe"},
            {"name": "latest", "version": "1", "file_name": "setup.exe"},
        ],
        "duplicates": "keep_latest",
    }
    mixed = {"files": [{"package_id": 21, "id": 210, "file_name": "x"}, {"package_id": 999, "id": 1}]}
    read, check, real, again, by_fact, some = playbook(
        sandbox,
        facts,
        {**absent(**copies), "check_mode": True},
        absent(**copies),
        absent(**copies),
        absent(files="{{ result_0.files | rejectattr('file_name', 'eq', 'b') }}"),
        absent(**mixed),
        args=["--diff"],
    ).results
    assert check == real
    assert sorted(result["id"] for result in real["results"]) == [110, 112, 131, 132]
    assert len(real["diff"]["before"].splitlines()) == 4
    assert (again["changed"], again["results"], again["failed"]) == (False, [], False)
    assert read["count"] == 3
    assert [(result["id"], result["result"]) for result in by_fact["results"]] == [(100, "deleted"), (102, "deleted")]
    assert [(result["id"], result["result"]) for result in some["results"]] == [(210, "deleted"), (1, "already_absent")]
    # The files of a package are read once before the deletes, and once after.
    reads = [request["path"] for request in sandbox.requests() if "/packages/21/package_files" in request["path"]]
    assert len(reads) == 3  # and the delete


def test_keep_latest_and_the_precondition(start: t.Any, playbook: t.Any) -> None:
    sandbox = start(registry())
    keep = named("latest", file_name="setup.exe", duplicates="keep_latest")
    in_time = absent(package_id=21, id=212, unless_modified_since="2025-03-10T00:00:00Z")
    tasks = ({**keep, "check_mode": True}, keep, keep, {**in_time, "check_mode": True}, in_time)
    check, real, again, allowed_check, allowed = playbook(sandbox, *tasks, args=["--diff"]).results
    assert check == real
    assert sorted(r["id"] for r in real["results"]) == [131, 132]
    assert real["diff"]["before"].splitlines()[0] == "generic latest 1 setup.exe (id 132)"
    assert real["diff"]["before_header"] == "package files of project 'acme/web/shop'"
    assert real["diff"]["after"] == ""
    # The newest is left, and it is not named: there is nothing to delete.
    assert (again["changed"], again["results"], again["failed"]) == (False, [], False)
    assert allowed_check == allowed
    assert allowed["summary"]["deleted"] == 1


def test_protected_and_a_204_that_deleted_nothing(start: t.Any, playbook: t.Any) -> None:
    sandbox = start(registry())
    sandbox.faults([{"method": "DELETE", "path": "/package_files/210$", "kind": "silent_204", "times": -1}])
    check, real, tolerated, silent = playbook(
        sandbox,
        {**named("release-1", file_name="x"), "check_mode": True},
        named("release-1", file_name="x"),
        named("release-1", file_name="x", tolerate=["protected"]),
        absent(package_id=21, id=210),
    ).results
    assert (check["summary"], check["failed"]) == (real["summary"], True)
    assert (real["summary"]["protected"], real["failed"], real["changed"]) == (1, True, False)
    assert "a package protection rule of the project forbids it" in real["msg"]
    assert (tolerated["summary"]["protected"], tolerated["failed"]) == (1, False)
    assert (silent["summary"]["failed"], silent["failed"], silent["changed"]) == (1, True, False)
    assert "still lists it" in silent["results"][0]["message"]
