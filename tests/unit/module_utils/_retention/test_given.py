# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that are given in place of a registry: what is read of them, what is refused, and their plan."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from hypothesis import given

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.given import plan_of_given, read_given
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import verify_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import PlanError
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import PlanRequest
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    NOW,
    Package,
    packages,
    policies,
)

APP: Package = {"name": "app", "version": "1.0", "package_type": "generic", "created_at": "2026-01-01"}
ALL = {"rules": [{"name": "all", "delete_all": True}]}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """One that nobody listens to: what is sent fails."""
    with Client(Connection("http://127.0.0.1:9", retries=0)) as unheard:
        yield unheard


def plan_for(client: Client, listed: t.Any, policy: t.Any, **more: t.Any) -> tuple[dict[str, t.Any], list[str]]:
    client.warnings.clear()
    plan = plan_of_given(client, listed, PlanRequest(validate_policy(policy), NOW, **more))
    return plan, list(client.warnings)


WRONG = {
    "not a list": ({"name": "app"}, "packages must be a list, not dict"),
    "not a mapping": ([APP, "app"], "packages: entry 2: a package must be a mapping, not str"),
    "no name": ([{}], "packages: entry 1: name is missing"),
    "no version": (
        [{"name": "app", "package_type": "npm"}],
        "packages: entry 1: version is missing (null: a package without a version)",
    ),
    "a number": (
        [APP, {**APP, "version": 1.1}],
        "packages: entry 2: version must be a text, and YAML made a number of it (1.1): put it in quotes",
    ),
    "type": (
        [{**APP, "package_type": "mvn"}],
        "packages: entry 1: package_type 'mvn' does not exist: did you mean maven?",
    ),
    "status": ([{**APP, "status": "eror"}], "packages: entry 1: status 'eror' does not exist: did you mean error?"),
    "time": (
        [{**APP, "created_at": "soon"}],
        "packages: entry 1: created_at: 'soon' is not an ISO 8601 time such as 2026-11-20T14:30:00Z",
    ),
    "a number for a time": (
        [{**APP, "last_downloaded_at": 20260101}],
        "packages: entry 1: last_downloaded_at: a time must be a text, not int",
    ),
    "tags": ([{**APP, "tags": "latest"}], "packages: entry 1: tags must be a list of texts"),
    "ref": ([{**APP, "pipeline": {"ref": 7}}], "packages: entry 1: pipeline must be a mapping with a ref"),
    "id": ([{**APP, "id": "7"}], "packages: entry 1: id must be a whole number above 0, not '7'"),
    "twice": ([{**APP, "id": 7}, APP, {**APP, "id": 7}], "packages: entry 3: the id 7 is that of entry 1 too"),
    "project": ([{**APP, "project_path": 1}], "packages: entry 1: project_path must be a text, and YAML made a number"),
    "files": ([{**APP, "files": ["a"]}], "packages: entry 1: files must be a list of mappings, as package_info gives"),
    "time of a file": ([{**APP, "files": [{}]}], "packages: entry 1: files: created_at: a time must be a text, not"),
    "size": (
        [{**APP, "files": [{"created_at": "2026-01-01", "size": "1 MB"}]}],
        "packages: entry 1: files: size must be a whole number of bytes, not '1 MB'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_position(case: str) -> None:
    given_packages, sentence = WRONG[case]
    with pytest.raises(InvalidInput) as refused:
        read_given(given_packages)
    assert refused.value.message.startswith(sentence)


def test_what_an_entry_lacks_is_numbered(client: Client) -> None:
    listed = [
        {**APP, "version": "1"},
        {**APP, "version": "2", "id": 9, "project_path": "acme/b", "project_id": 5},
        {**APP, "version": "3", "project_path": "acme/b"},
        {**APP, "version": "4"},
        {**APP, "version": "5", "status": "hidden"},
    ]
    plan, warnings = plan_for(client, listed, {"rules": [{"name": "newest", "keep_latest": 1}]}, explain_keeps=True)
    told = {entry["version"]: (entry["id"], entry["project_id"]) for entry in plan["keep"] + plan["delete"]}
    # A later entry is newer, a path is one project, and what no call can delete is not looked at.
    assert told == {"1": (10, 6), "2": (9, 5), "3": (11, 5), "4": (12, 6)}
    assert {entry["version"] for entry in plan["keep"]} == {"3", "4"}
    assert warnings == []


def test_what_is_not_given_keeps(client: Client) -> None:
    policy = {"rules": [{"name": "old", "keep_within": "30d"}]}
    files = [{"created_at": "2026-11-19T00:00:00Z", "size": 1000}]
    listed = [
        {**APP, "version": "unknown files"},
        {**APP, "version": "counted files", "files": 3},
        {**APP, "version": "no files", "files": []},
        {**APP, "version": "new file", "files": files},
        {**APP, "version": "no time", "created_at": None},
        {**APP, "version": "once", "package_type": "npm", "tags": []},
        {**APP, "version": "latest?", "package_type": "npm"},
    ]
    plan, warnings = plan_for(client, listed, policy, explain_keeps=True)
    assert {entry["version"] for entry in plan["delete"]} == {"no files", "once"}
    assert {entry["version"]: entry["reasons"] for entry in plan["keep"]} == {
        "unknown files": ["the time of its last publication is unknown"],
        "counted files": ["the time of its last publication is unknown"],
        "new file": ["published again within 30d"],
        "no time": ["its creation time is unknown"],
        "latest?": ["its tags are unknown, and it may have npm's tag latest"],
    }
    assert "2 of the packages are given without their files" in warnings[-1]
    plan, warnings = plan_for(client, [{**APP, "files": files}, {**APP, "version": "2"}], ALL, with_sizes=True)
    assert (plan["summary"]["bytes"], [entry["size"] for entry in plan["delete"]]) == (1000, [1000, 0])
    assert "1 of the packages are given without their files" in warnings[-1]


def test_its_plan_is_for_no_registry(client: Client) -> None:
    plan, _warnings = plan_for(client, [APP], ALL)
    assert (plan["scope"], plan["api_url"]) == ({"packages": 1}, "")
    for url in ("https://gitlab.example.com", ""):
        with pytest.raises(PlanError, match="for no registry: it cannot be applied"):
            verify_plan(plan, api_url=url, now=NOW)


@given(packages(), policies())
def test_it_decides_as_for_a_registry(client: Client, listed: list[Package], policy: t.Any) -> None:
    own = list({package["id"]: {**package, "files": []} for package in listed}.values())
    plan, _warnings = plan_for(client, own, policy, explain_keeps=True)
    published = [package for package in own if package.get("status") in ("default", "error", "deprecated", None)]
    expected = plan_of(published, policy, explain_keeps=True)
    assert [entry["id"] for entry in plan["delete"]] == [entry["id"] for entry in expected["delete"]]
    # The plan of these tests counts no files; none of the packages has one.
    files = plan["summary"].pop("files", {"files": 0})
    assert (plan["summary"], files["files"]) == (expected["summary"], 0)


def test_file_rules_of_given_files(client: Client) -> None:
    """Later ones are newer where nothing else tells; a file without a name stays."""
    policy = {"rules": [], "files": [{"name": "copies", "keep_latest_copies": 1}]}
    times = ("2026-11-01", "2026-11-01", "2026-10-01")
    files = [{"file_name": "a.zip", "created_at": time} for time in times]
    unnamed = [{"created_at": "2026-11-01"}, {"created_at": "2026-11-01", "file_name": None}]
    plan, _warnings = plan_for(client, [{**APP, "files": [*files, *unnamed]}, {**APP, "version": "9"}], policy)
    assert [(entry["id"], entry["file_name"]) for entry in plan["delete_files"]] == [(1, "a.zip"), (3, "a.zip")]
    counts = plan["summary"]["files"]
    assert (counts["files"], counts["keep"], counts["unreadable"]) == (5, 3, 1)
    for wrong in ([{**files[0], "id": 7}] * 2, [{**files[0], "id": "7"}], [{**files[0], "file_name": 1.0}]):
        with pytest.raises(InvalidInput, match="packages: entry 1: file"):
            read_given([{**APP, "files": wrong}])
