# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package_retention`: what changed between a plan and its apply, in check mode and for real alike."""

from __future__ import annotations

import json
import re
import typing as t
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT
from ansible_collections.registryops.gitlab.tests.integration.seeds import TYPES, package, seed
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]

POLICY: Json = {
    "protect": [{"tag": ["latest", "stable"]}, {"project": "acme/yard/releases/*"}],
    "rules": [{"name": "old", "keep_latest": 1}],
}
RESULT_SCHEMA = json.loads((ROOT / "docs/schemas/result.schema.json").read_text(encoding="utf-8"))
PLAN_SCHEMA = json.loads((ROOT / "docs/schemas/plan.schema.json").read_text(encoding="utf-8"))


def versions(first_id: int, count: int, kind: str = "generic") -> list[Json]:
    """Packages of one name, the oldest first."""
    return [
        package("app", f"1.{i}.0", kind, id=first_id + i, created_at=f"2026-03-{i + 1:02}T10:00:00.000Z")
        for i in range(count)
    ]


def project(number: int, path: str, kind: str = "generic", count: int = 2) -> Json:
    return {"path": path, "id": number, "packages": versions(100 * number, count, kind)}


@pytest.fixture(scope="module")
def yard() -> Iterator[Sandbox]:
    projects = [
        project(80, "acme/yard/tagged", "npm", 3),
        project(81, "acme/yard/moved"),
        project(82, "acme/yard/renamed"),
        project(83, "acme/yard/again", "generic", 3),
        project(84, "acme/yard/quiet", "npm"),
        project(85, "acme/replaced"),
        project(86, "acme/replacing"),
        project(87, "acme/archived"),
    ]
    whole = seed(projects=projects)
    whole["groups"] += [{"path": "acme/yard"}, {"path": "acme/yard/releases"}]
    with Sandbox(whole) as sandbox:
        yield sandbox


def plan(**options: t.Any) -> Json:
    return {"package_retention_info": {"policy": POLICY, **options}}


def retain(file: Path, **options: t.Any) -> Json:
    return {"package_retention": {"plan_file": str(file), **options}}


def told(result: Json) -> dict[int, tuple[str, str | None]]:
    return {entry["id"]: (entry["result"], entry.get("message")) for entry in result["results"]}


def publish(sandbox: Sandbox, path: str) -> None:
    """Publish a generic file of today."""
    request = urllib.request.Request(f"{sandbox.api_url}/{path}", b"new", {"PRIVATE-TOKEN": "glpat-mia"}, method="PUT")
    urllib.request.urlopen(request).close()


def save(made: Json, path: Path) -> Path:
    jsonschema.validate(made["plan"], PLAN_SCHEMA)
    path.write_text(json.dumps(made["plan"]), encoding="utf-8")
    return path


def test_whatever_changed_that_decided(yard: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (made,) = playbook(yard, plan(group="acme/yard")).results
    saved = save(made, tmp_path / "yard.json")
    assert [entry["id"] for entry in made["plan"]["delete"]] == [8000, 8001, 8100, 8200, 8300, 8301, 8400]
    yard.change_package(8000, tags=["stable"])
    yard.change_package(8001, tags=["next"])
    yard.control("POST", "projects/81", {"path": "acme/yard/releases/moved"})
    yard.control("POST", "projects/82", {"path": "acme/yard/calm"})
    publish(yard, "projects/83/packages/generic/app/1.0.0/more.bin")
    yard.forget()
    failing, check, real, again = playbook(
        yard,
        retain(saved),
        {**retain(saved, on_drift="skip"), "check_mode": True},
        retain(saved, on_drift="skip"),
        retain(saved, on_drift="skip"),
    ).results
    assert failing["msg"].startswith("4 of 7 packages changed since the plan was made: npm app 1.0.0 (id 8000): tag ")
    assert (failing["failed"], failing["changed"], "results" in failing) == (True, False, False)
    again_file = told(real)[8300][1]
    assert told(real) == {
        8000: ("drifted", "tag stable was set; it is kept now: protected by tag 'latest' or 'stable'"),
        8001: ("drifted", "tag next was set"),
        8100: (
            "drifted",
            "project_path was acme/yard/moved and is acme/yard/releases/moved;"
            " it is kept now: protected by project 'acme/yard/releases/*'",
        ),
        8200: ("drifted", "project_path was acme/yard/renamed and is acme/yard/calm"),
        8300: ("drifted", again_file),
        8301: ("deleted", None),
        8400: ("deleted", None),
    }
    assert again_file is not None
    assert again_file.startswith("its file more.bin was published at 20")
    assert told(check) == told(real)
    assert (real["failed"], real["changed"]) == (False, True)
    for result in (check, real, again):
        jsonschema.validate(result, RESULT_SCHEMA)
    sent = [request["path"].partition("/projects/")[2] for request in yard.requests() if request["method"] == "DELETE"]
    assert sorted(sent) == ["83/packages/8301", "84/packages/8400"]
    # The files of each package that may have been published again are looked at right before its delete; npm's not.
    looks = [request["path"] for request in yard.requests() if request["path"].endswith("/package_files")]
    assert {path.split("/")[-2] for path in looks} == {"8300", "8301"}


def test_a_new_file_is_not_looked_for_where_that_is_not_wanted(yard: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (made,) = playbook(yard, plan(project="acme/replacing")).results
    saved = save(made, tmp_path / "plan.json")
    publish(yard, "projects/86/packages/generic/app/1.0.0/more.bin")
    looking, blind = playbook(
        yard,
        {**retain(saved), "check_mode": True},
        {**retain(saved, check_files=False), "check_mode": True},
    ).results
    assert told(looking)[8600][0] == "drifted"
    assert looking["failed"] is True
    assert told(blind) == {8600: ("deleted", None)}


def test_each_type_that_can_be_published_again(start: t.Any, playbook: t.Any, tmp_path: Path) -> None:
    """A file of tomorrow is newer than any plan of today. npm and Go refuse a version that is there."""
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    kinds = (*TYPES, "cargo")
    listed = [
        package("lib", f"1.{i}.0", kind, id=10 * n + i, created_at=f"2026-03-0{i + 1}T10:00:00.000Z", files=[again])
        for n, kind in enumerate(kinds, 1)
        for i, again in enumerate(({"file_name": "a", "created_at": tomorrow}, {"file_name": "a"}))
    ]
    sandbox = start(seed(*listed))
    (made,) = playbook(sandbox, plan(project="acme/web/shop")).results
    saved = save(made, tmp_path / "plan.json")
    skip = retain(saved, on_drift="skip")
    check, real = playbook(sandbox, {**skip, "check_mode": True}, skip).results
    expected = {
        10 * n: ("deleted", None)
        if kind in ("npm", "golang")
        else ("drifted", f"its file a was published at {tomorrow}, after the plan")
        for n, kind in enumerate(kinds, 1)
    }
    assert told(check) == told(real) == expected


def test_a_path_that_another_project_has_now(yard: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    made, by_id = playbook(yard, plan(project="acme/replaced"), plan(project="85")).results
    saved = save(made, tmp_path / "plan.json")
    assert made["plan"]["scope"] == by_id["plan"]["scope"] == {"project": "acme/replaced", "project_id": 85}
    # A plan of the ID and one of the path are for the same project.
    by_either = playbook(
        yard,
        {**retain(saved, project="85"), "check_mode": True},
        {**retain(saved, project="acme/replaced"), "check_mode": True},
    ).results
    assert [told(result) for result in by_either] == [{8500: ("deleted", None)}] * 2
    yard.control("POST", "projects/85", {"path": "acme/elsewhere"})
    yard.control("POST", "projects/86", {"path": "acme/replaced"})
    yard.forget()
    named, check, real = playbook(
        yard,
        retain(saved, project="acme/replaced"),
        {**retain(saved, on_drift="skip"), "check_mode": True},
        retain(saved, on_drift="skip", project="acme/elsewhere"),
    ).results
    assert named["msg"] == (
        "the plan is for project 'acme/replaced' with the ID 85, and the task names project 'acme/replaced', which has"
        " the ID 86"
    )
    assert told(check) == told(real) == {8500: ("drifted", "project_path was acme/replaced and is acme/elsewhere")}
    yard.control("POST", "projects/85", {"deleted": True})
    (gone,) = playbook(yard, retain(saved, on_drift="skip")).results
    assert gone["msg"].startswith("the plan is for project 'acme/replaced' with the ID 85: GET /projects/85: 404")
    assert [request["path"] for request in yard.requests() if request["method"] == "DELETE"] == []


def test_a_project_that_was_archived(yard: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (made,) = playbook(yard, plan(project="acme/archived")).results
    saved = save(made, tmp_path / "plan.json")
    yard.control("POST", "projects/87", {"archived": True})
    later, check, real = playbook(
        yard,
        plan(project="acme/archived"),
        {**retain(saved, on_drift="skip"), "check_mode": True},
        retain(saved, on_drift="skip"),
    ).results
    assert later["plan"]["scope"] == {"project": "acme/archived", "project_id": 87, "archived": True}
    assert told(check) == told(real) == {8700: ("drifted", "its project was archived")}


def test_a_project_of_a_group_that_was_archived(start: t.Any, playbook: t.Any, tmp_path: Path) -> None:
    places = [project(90, "acme/east/before"), project(91, "acme/east/since"), project(92, "acme/east/never")]
    whole = seed(projects=[{**places[0], "archived": True}, *places[1:]])
    whole["groups"].append({"path": "acme/east"})
    sandbox = start(whole)
    (made,) = playbook(sandbox, plan(group="acme/east")).results
    saved = save(made, tmp_path / "plan.json")
    assert made["plan"]["scope"]["archived_projects"] == [90]
    sandbox.control("POST", "projects/91", {"archived": True})
    skip = retain(saved, on_drift="skip")
    failing, check = playbook(sandbox, retain(saved), {**skip, "check_mode": True}).results
    assert "generic app 1.0.0 (id 9100): its project was archived" in failing["msg"]
    # Where the token may not list the group's projects, nothing is said of them beforehand.
    sandbox.faults([{"path": "/groups/[0-9]+/projects$", "kind": "status", "code": 403, "times": -1}])
    (untold,) = playbook(sandbox, {**skip, "check_mode": True}).results
    sandbox.faults([])
    (real,) = playbook(sandbox, skip).results
    results = {number: result for number, (result, _message) in told(real).items()}
    assert results == {9000: "failed", 9100: "drifted", 9200: "deleted"}
    assert told(check)[9100] == told(real)[9100] == ("drifted", "its project was archived")
    assert {number: result for number, (result, _message) in told(check).items()} == results
    assert told(untold)[9100][0] == "failed"


def test_what_must_stay_by_keep_at_least_is_counted_anew(start: t.Any, playbook: t.Any, tmp_path: Path) -> None:
    policy = {"keep_at_least": 2, "rules": [{"name": "all", "delete_all": True}]}
    sandbox = start(seed(*versions(1, 5)))
    (made,) = playbook(sandbox, plan(project="acme/web/shop", policy=policy)).results
    assert [entry["id"] for entry in made["plan"]["delete"]] == [1, 2, 3]
    saved = save(made, tmp_path / "plan.json")
    sandbox.change_package(5, status="error")
    skip = retain(saved, on_drift="skip")
    # Each batch knows what the other ones delete.
    check, failing, first, second = playbook(
        sandbox,
        {**skip, "check_mode": True},
        retain(saved),
        retain(saved, batch="1-2"),
        {**skip, "package_retention": {**skip["package_retention"], "batch": "3-3"}},
    ).results
    must_stay = ("drifted", "it is kept now: keep_at_least 2, and 1 of its name would stay without it")
    assert told(check) == {1: ("deleted", None), 2: ("deleted", None), 3: must_stay}
    assert failing["msg"].startswith("1 of 3 packages changed since the plan was made: generic app 1.2.0 (id 3): it is")
    assert {**told(first), **told(second)} == told(check)
    assert (first["failed"], second["failed"]) == (False, False)


@pytest.mark.parametrize("offset", [-60, 60])
def test_a_clock_that_is_not_the_servers(playbook: t.Any, tmp_path: Path, offset: int) -> None:
    with Sandbox(seed(*versions(1, 3), package("tool", "1.0.0", id=9)), clock_offset=offset) as sandbox:
        made = playbook(sandbox, plan(project="acme/web/shop"))
        (planned,) = made.results
        side = "ahead of" if offset < 0 else "behind"
        # To the second, as the server tells its time.
        assert any(re.search(rf"(59|60|61) seconds {side} GitLab's", text) for text in planned["warnings"])
        saved = save(planned, tmp_path / "plan.json")
        # Published after the plan was made; by a clock that is ahead, before it.
        publish(sandbox, "projects/42/packages/generic/app/1.0.0/more.bin")
        sandbox.change_package(2, status="default")
        check, real = playbook(
            sandbox,
            {**retain(saved, on_drift="skip", concurrency=1), "check_mode": True},
            retain(saved, on_drift="skip"),
        ).results
    assert told(check)[1][0] == told(real)[1][0] == "drifted"
    # GitLab's own word, by the same time of the plan.
    assert told(real)[2][0] == "drifted"
    assert parse_time(planned["plan"]["created_at"]) == parse_time(planned["plan"]["reference_time"])
