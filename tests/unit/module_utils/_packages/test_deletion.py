# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes, and what became of each: lost answers, packages that went meanwhile, proofs that fail."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    PackageNotFound,
    ServerError,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_files, delete_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.proof import covering
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    RESULTS,
    deletion_diff,
    line,
    result_of,
    summarize,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import matches
from gitlab_sandbox.testing import Sandbox

SEED: dict[str, t.Any] = {
    "users": [
        {
            "username": "mia",
            "tokens": [{"value": "glpat-mia"}, {"value": "glpat-read", "scopes": ["read_api"]}],
        },
        {"username": "dev", "tokens": [{"value": "glpat-dev"}]},
    ],
    "projects": [
        {
            "path": "acme/shop",
            "id": 42,
            "members": {"mia": "maintainer", "dev": "developer"},
            "packages": [
                {"name": f"p{i}", "id": i, "files": [{"id": 100 * i + k} for k in range(3)]} for i in range(1, 15)
            ],
        },
        *(
            {
                "path": f"acme/p{i}",
                "id": i,
                "members": {"mia": "maintainer"},
                "packages": [{"name": f"n{k}", "id": 10 * i + k} for k in range(2)],
            }
            for i in range(50, 70)
        ),
    ],
}


def package(number: int, **more: t.Any) -> dict[str, t.Any]:
    """A package as a list of project 42 gives it."""
    known = {"name": f"p{number}", "version": "1.0.0", "package_type": "generic", "status": "default"}
    return {"id": number, "project_id": 42, **known, **more}


@contextmanager
def connected(sandbox: Sandbox, token: str = "glpat-mia", retries: int = 0) -> Iterator[PackagesApi]:
    with Client(Connection(api_url=sandbox.url, token=Token("private", token), retries=retries)) as client:
        yield PackagesApi(client)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


def kinds(results: t.Sequence[dict[str, t.Any]]) -> list[str]:
    return [result["result"] for result in results]


def test_a_lost_answer_is_found_out(sandbox: Sandbox) -> None:
    sandbox.faults(
        [
            {"method": "DELETE", "path": "/packages/1$", "kind": "reset_after"},
            {"method": "DELETE", "path": "/packages/2$", "kind": "reset_before"},
            {"method": "DELETE", "path": "/packages/3$", "kind": "status", "code": 500},
        ]
    )
    sandbox.change_package(4, status="pending_destruction")
    sandbox.change_package(5, status="hidden")
    with connected(sandbox) as api:
        outcome = delete_packages(api, [package(i) for i in range(1, 7)], Options())
    # Deleted although no answer came; not deleted; gone already; hidden meanwhile; deleted.
    assert kinds(outcome.results) == ["deleted", "failed", "failed", "already_absent", "not_deletable", "deleted"]
    assert outcome.results[4]["message"] == "its status is hidden: GitLab's API cannot delete it"
    assert "the connection was lost" in outcome.results[1]["message"]
    assert outcome.verify_error is None


def test_a_proof_that_fails_is_no_proof(sandbox: Sandbox) -> None:
    sandbox.faults([{"method": "GET", "path": "/packages$", "kind": "status", "code": 500, "times": -1}])
    with connected(sandbox) as api:
        outcome = delete_packages(api, [package(1), package(99)], Options())
    assert kinds(outcome.results) == ["deleted", "failed"]
    assert outcome.results[0]["message"].startswith("not proved: page 1 of the list failed")
    assert outcome.verify_error is not None
    assert outcome.verify_error.status == 500


def test_what_is_hopeless_is_not_tried_again(sandbox: Sandbox) -> None:
    for token, sentence in (("glpat-read", "insufficient_scope"), ("glpat-gone", "401 Unauthorized")):
        sandbox.forget()
        with Client(Connection(api_url=sandbox.url, token=Token("private", token), concurrency=1)) as client:
            outcome = delete_packages(PackagesApi(client), [package(i) for i in range(1, 9)], Options())
        assert kinds(outcome.results) == ["failed"] * 8
        assert sentence in outcome.results[0]["message"]
        assert outcome.results[7]["message"].startswith("not tried: DELETE /projects/42/packages/1: ")
        assert [request["method"] for request in sandbox.requests()] == ["DELETE"]


@pytest.mark.parametrize("change", [{"archived": True}, {"package_registry": "disabled"}])
def test_what_is_hopeless_in_one_project_is_tried_in_the_others(sandbox: Sandbox, change: dict[str, t.Any]) -> None:
    sandbox.control("POST", "projects/42", change)
    sandbox.forget()
    others = [{**package(500 + k, name=f"n{k}"), "project_id": 50} for k in range(2)]
    with Client(Connection(sandbox.url, Token("private", "glpat-mia"), concurrency=1)) as client:
        listed = [package(1), others[0], package(2), package(3), others[1]]
        outcome = delete_packages(PackagesApi(client), listed, Options())
    assert kinds(outcome.results) == ["failed", "deleted", "failed", "failed", "deleted"]
    assert outcome.results[2]["message"] == f"not tried: {outcome.results[0]['message']}"
    sent = [
        request["path"].partition("/projects/")[2] for request in sandbox.requests() if request["method"] == "DELETE"
    ]
    assert sent == ["42/packages/1", "50/packages/500", "50/packages/501"]


def test_a_proof_that_is_refused_says_why(sandbox: Sandbox) -> None:
    """One list of several projects at once, of which one has no registry any more."""
    sandbox.faults([{"method": "DELETE", "path": "/projects/50/", "kind": "reset_before", "times": 1}])
    sandbox.control("POST", "projects/50", {"package_registry": "disabled"})
    other = {**package(500, name="n0"), "project_id": 50}
    with connected(sandbox) as api:
        outcome = delete_packages(api, [package(1), other], Options())
    assert kinds(outcome.results) == ["deleted", "failed"]
    assert outcome.verify_error is not None
    assert "the package registry is switched off in project '50'" in outcome.verify_error.message


def test_without_verify_no_list_is_read(sandbox: Sandbox) -> None:
    with connected(sandbox) as api:
        outcome = delete_packages(api, [package(1)], Options(verify=False))
    assert kinds(outcome.results) == ["deleted"]
    assert [request["method"] for request in sandbox.requests()] == ["DELETE"]


def test_check_mode_sends_no_delete(sandbox: Sandbox) -> None:
    deletable = {"_links": {"delete_api_path": "x"}}
    since = datetime(2025, 3, 1, 10, 0, 0, 900000, tzinfo=timezone.utc)
    asked = [
        package(1, **deletable),
        package(2, _links={"web_path": "x"}),
        package(3),  # a very old server gives no links: nothing speaks against it
        package(4, **deletable, created_at="2025-03-01T10:00:00.500Z"),
        package(5, **deletable, created_at="2025-03-01T10:00:00.000Z"),
        package(6, **deletable, created_at="long ago"),
    ]
    with connected(sandbox) as api:
        outcome = delete_packages(api, asked, Options(check_mode=True, unmodified_since=since))
    assert kinds(outcome.results) == ["deleted", "failed", "deleted", "failed", "deleted", "deleted"]
    assert {request["method"] for request in sandbox.requests()} == {"GET"}
    assert sandbox.state()["packages"]["default"] == 14 + 40


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_last_look_right_before_each_delete(sandbox: Sandbox, check_mode: bool) -> None:
    sandbox.faults([{"method": "GET", "path": "/packages/2/package_files$", "kind": "reset_after", "times": -1}])
    sandbox.change_package(3, status="hidden")

    with connected(sandbox) as api:

        def look(found: dict[str, t.Any]) -> str | None:
            assert threading.current_thread() is not threading.main_thread()
            files = api.package_files(found["project_id"], found["id"])
            return f"file {files[0]['id']} is new" if found["id"] == 1 else None

        options = Options(check_mode, changed="drifted")
        outcome = delete_packages(api, [package(i) for i in range(1, 5)], options, look=look)
    assert kinds(outcome.results) == ["drifted", "failed", "not_deletable", "deleted"]
    assert outcome.results[0]["message"] == "file 100 is new"
    assert "the connection was lost" in outcome.results[1]["message"]
    deleted = [request["path"] for request in sandbox.requests() if request["method"] == "DELETE"]
    assert deleted == ([] if check_mode else ["/api/v4/projects/42/packages/4"])


def test_gone_is_proved_by_the_packages_own_project(sandbox: Sandbox) -> None:
    """One project of twenty does not answer any more: what is known of the others does not suffer, nor pass for it."""
    sandbox.faults(
        [
            {"method": "DELETE", "path": "/packages/(530|540)$", "kind": "reset_before", "times": -1},
            {"method": "DELETE", "path": "/packages/(550|560)$", "kind": "reset_after", "times": -1},
            {"method": "GET", "path": "/projects/(53|55)/packages$", "kind": "status", "code": 403, "times": -1},
        ]
    )
    asked = [package(10 * i, project_id=i, name="n0") for i in range(50, 70)]
    with connected(sandbox) as api:
        outcome = delete_packages(api, asked, Options())
    told = {result["id"]: result["result"] for result in outcome.results}
    assert [number for number, kind in told.items() if kind != "deleted"] == [530, 540, 550]
    assert {told[530], told[540], told[550]} == {"failed"}
    assert not any("not proved" in result.get("message", "") for result in outcome.results)
    assert outcome.verify_error is not None
    assert outcome.verify_error.status == 403
    # All that could be looked at was looked at, with few requests more than one for each project.
    assert len([request for request in sandbox.requests() if request["method"] == "GET"]) <= 5 * 20


def test_what_was_refused_at_last_is_not_this_runs_work(sandbox: Sandbox) -> None:
    sandbox.faults(
        [
            {"method": "DELETE", "path": "/packages/1$", "kind": "reset_after"},
            {"method": "DELETE", "path": "/packages/1$", "kind": "status", "code": 403},
            {"method": "DELETE", "path": "/packages/2$", "kind": "reset_after"},
        ]
    )
    with connected(sandbox, retries=1) as api:
        outcome = delete_packages(api, [package(1), package(2)], Options())
    assert kinds(outcome.results) == ["failed", "deleted"]


def test_files(sandbox: Sandbox) -> None:
    files = [{"id": 100 + k, "file_name": f"f{k}"} for k in range(3)]
    sandbox.faults(
        [
            {"method": "DELETE", "path": "/package_files/100$", "kind": "reset_after"},
            {"method": "DELETE", "path": "/package_files/101$", "kind": "silent_204"},
        ]
    )
    with connected(sandbox) as api:
        outcome = delete_files(api, [(package(1), file) for file in files], Options())
        assert kinds(outcome.results) == ["deleted", "failed", "deleted"]
        assert (outcome.results[1]["id"], outcome.results[1]["package_id"]) == (101, 1)
        # The whole package went meanwhile, and its files with it.
        api.delete_package(42, 2)
        gone = delete_files(api, [(package(2), {"id": 200, "file_name": "f0"})], Options())
        assert kinds(gone.results) == ["already_absent"]
        sandbox.faults([{"method": "GET", "kind": "status", "code": 503, "times": -1}])
        unproved = delete_files(api, [(package(3), {"id": 300, "file_name": "f0"})], Options())
    assert kinds(unproved.results) == ["deleted"]
    assert unproved.verify_error is not None


def test_a_package_is_looked_at_once_before_the_first_of_its_files_goes(sandbox: Sandbox) -> None:
    asked: list[tuple[int, list[int]]] = []

    def look(of: dict[str, t.Any], files: t.Sequence[dict[str, t.Any]]) -> dict[int, str | GitlabError]:
        asked.append((of["id"], [file["id"] for file in files]))
        if of["id"] == 3:
            raise ServerError("no answer")
        return {100: "it is kept now", 101: PackageNotFound("gone")} if of["id"] == 1 else {}

    files = [(package(n), {"id": 100 * n + k, "file_name": f"f{k}"}) for k in range(3) for n in (1, 2, 3)]
    with connected(sandbox) as api:
        api.delete_package_file(42, 1, 101)
        sandbox.forget()
        for check_mode in (True, False):
            outcome = delete_files(api, files, Options(check_mode, changed="drifted"), look=look)
            told = {result["id"]: result["result"] for result in outcome.results}
            assert told == {
                100: "drifted",
                101: "already_absent",
                102: "deleted",
                200: "deleted",
                201: "deleted",
                202: "deleted",
                300: "failed",
                301: "failed",
                302: "failed",
            }
            assert sorted(asked) == [(n, [100 * n, 100 * n + 1, 100 * n + 2]) for n in (1, 2, 3)]
            asked.clear()
    sent = [request["path"] for request in sandbox.requests() if request["method"] == "DELETE"]
    assert sorted(int(path.rsplit("/", 1)[1]) for path in sent) == [102, 200, 201, 202]


def test_files_after_an_interruption_say_so_and_the_next_run_goes_on(sandbox: Sandbox) -> None:
    files = [(package(n), {"id": 100 * n + k, "file_name": f"f{k}"}) for n in (1, 2) for k in range(3)]
    budget = iter(range(2))

    def before_delete() -> None:
        if next(budget, None) is None:
            raise KeyboardInterrupt

    with Client(Connection(api_url=sandbox.url, token=Token("private", "glpat-mia"), concurrency=1)) as client:
        ended = delete_files(PackagesApi(client, before_delete), files, Options(), look=lambda *_: {})
        rest = delete_files(PackagesApi(client), files, Options(), look=lambda *_: {})
    assert isinstance(ended.stopped, KeyboardInterrupt)
    assert kinds(ended.results) == ["deleted", "deleted", *["failed"] * 4]
    assert kinds(rest.results) == ["already_absent", "already_absent", *["deleted"] * 4]


PACKAGES = st.builds(
    lambda number, name, version, kind: package(number, name=name, version=version, package_type=kind),
    st.integers(1, 100),
    st.sampled_from([f"n{i}" for i in range(12)]),
    st.none() | st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["npm", "generic", "terraform_module"]),
)


@given(st.lists(PACKAGES, max_size=40))
def test_the_proof_covers_every_package(packages: list[dict[str, t.Any]]) -> None:
    selections = covering(packages)
    assert all(any(matches(selection, p) for selection in selections) for p in packages)
    assert len(selections) <= 8


@given(st.lists(st.sampled_from(RESULTS)))
def test_every_kind_has_its_number(results: list[str]) -> None:
    summary = summarize([result_of(package(1), result) for result in results])
    assert list(summary) == list(RESULTS)
    assert sum(summary.values()) == len(results)


def test_lines_and_diffs() -> None:
    odd = {"name": "a\x1b[31m\nb", "version": None, "package_type": "npm", "id": 7}
    assert line(odd) == "npm a\\u001b[31m\\u000ab (id 7)"
    assert line({"id": 7}) == "package (id 7)"
    assert line({"name": "ui", "version": "1"}) == "ui 1"
    results = [result_of(package(1), "deleted"), result_of(package(2), "failed", "no"), result_of({}, "already_absent")]
    diff = deletion_diff(results, "packages of project 'a/b'")
    assert diff["before"] == "generic p1 1.0.0 (id 1)\ngeneric p2 1.0.0 (id 2)\n"
    assert diff["after"] == "generic p2 1.0.0 (id 2)\n"
