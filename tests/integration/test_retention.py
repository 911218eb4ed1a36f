# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package_retention`: a policy applied at once, a saved plan applied later, and all that stops either."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import time
import typing as t
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import format_time, parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import digest
from ansible_collections.registryops.gitlab.tests.integration.conftest import BIN, ROOT, Case, environment, told
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]

SCHEMA = json.loads((ROOT / "docs/schemas/plan.schema.json").read_text(encoding="utf-8"))
ZERO = {"deleted": 0, "already_absent": 0, "protected": 0, "not_deletable": 0, "failed": 0, "drifted": 0}
KEEP_ONE: Json = {"rules": [{"name": "old", "match": {"name": ["app*", "release-*"]}, "keep_latest": 1}]}
ALL: Json = {"rules": [{"name": "all", "delete_all": True}]}


def apps(first_id: int, count: int, name: str = "app", **more: t.Any) -> list[Json]:
    """Packages of one name, the oldest first, created a day after one another."""
    return [
        package(name, str(i), id=first_id + i, created_at=f"2026-03-{i + 1:02}T10:00:00.000Z", **more)
        for i in range(count)
    ]


def project(path: str, number: int, *packages: Json, **more: t.Any) -> Json:
    return {"path": path, "id": number, "packages": list(packages), **more}


RULE = {"package_name_pattern": "release-*", "package_type": "generic", "minimum_access_level_for_delete": "owner"}
#: Each test has projects of its own, so that no order of tests matters.
PROJECTS = [
    project("acme/apply", 50, *apps(5000, 11), package("other", id=5050)),
    project("acme/lib/one", 51, *apps(5100, 3)),
    project("acme/lib/two", 52, *apps(5200, 3)),
    project("acme/soon", 53, *apps(5300, 2), package("app-soon", id=5310, created_at="2099-01-01T00:00:00.000Z")),
    project("acme/saved", 54, *apps(5400, 6)),
    project("acme/guarded", 55, *apps(5500, 4)),
    project("acme/drift", 56, *apps(5600, 8)),
    project("acme/touched", 57, *apps(5700, 4)),
    project("acme/trouble", 58, *apps(5800, 5), *apps(5810, 2, "release-1"), protection_rules=[RULE]),
    project("acme/batches", 59, *apps(5900, 6)),
    project("acme/job", 60, *apps(6000, 2)),
    project("acme/left/one", 61, *apps(6100, 3)),
    project("acme/alone", 62, *apps(6200, 3)),
    project("acme/many/one", 63, *apps(6300, 3)),
    project("acme/many/deep/two", 64, *apps(6400, 3)),
    project("acme/many/three", 65, *apps(6500, 3)),
]
#: A group that anyone may look at, with one project that mia may not.
MIXED = [
    project("mixed/hers", 70, *apps(7000, 3), members={"mia": "maintainer"}),
    project("mixed/theirs", 71, *apps(7100, 3), visibility="private"),
]
JOB = {"value": "glcbt-job", "user": "mia", "project": "acme/job"}


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    whole = seed(projects=[*PROJECTS, *MIXED])
    whole["groups"].append({"path": "mixed", "id": 8, "visibility": "public"})
    whole["groups"] += [{"path": "acme/many", "id": 9}, {"path": "acme/many/deep", "id": 10}]
    whole["projects"][-2]["visibility"] = "private"
    whole["job_tokens"].append(JOB)
    with Sandbox(whole) as sandbox:
        yield sandbox


def plan(policy: Json = KEEP_ONE, **options: t.Any) -> Json:
    return {"package_retention_info": {"policy": policy, **options}}


def retain(**options: t.Any) -> Json:
    return {"package_retention": options}


def sealed(made: Json, **changes: t.Any) -> Json:
    """A plan with some keys changed, and the digest that fits: as if it had been made so."""
    changed = {**copy.deepcopy(made), **changes}
    return {**changed, "digest": digest(changed)}


def made_ago(made: Json, **length: float) -> Json:
    return sealed(made, created_at=format_time(parse_time(made["created_at"]) - timedelta(**length)))


def kinds(result: Json) -> dict[int, str]:
    return {entry["id"]: entry["result"] for entry in result["results"]}


def deletes(sandbox: Sandbox) -> list[int]:
    """The IDs of the packages of which a delete was sent."""
    sent = [request["path"] for request in sandbox.requests() if request["method"] == "DELETE"]
    return sorted(int(path.rsplit("/", 1)[1]) for path in sent)


# --- a policy, at once --------------------------------------------------------------------------------------------


@pytest.mark.core
def test_a_policy_in_check_mode_for_real_and_again(shop: Sandbox, playbook: t.Any) -> None:
    shop.forget()
    soon = {"rules": [{"name": "all", "match": {"name": "app-soon"}, "delete_all": True}]}
    tasks = {
        "project": retain(project="acme/apply", policy=KEEP_ONE, with_sizes=True),
        "group": retain(group="acme/lib", policy=KEEP_ONE, max_deletions=4, max_delete_percent=67),
        "published after the plan": retain(project="acme/soon", policy=soon),
    }
    three = [task for given in tasks.values() for task in ({**given, "check_mode": True}, given, given)]
    results = playbook(shop, *three, args=["--diff"]).results
    cases = {name: Case(*results[3 * i : 3 * i + 3]) for i, name in enumerate(tasks)}
    for name in ("project", "group"):
        case = cases[name]
        assert told(case.check) == told(case.real), name
        # A policy makes a new plan each time, in which nothing is left to delete.
        assert (case.again["changed"], case.again["failed"], case.again["results"]) == (False, False, []), name
    assert deletes(shop) == [*range(5000, 5010), 5100, 5101, 5200, 5201, 5310, 5310]
    real = cases["project"].real
    assert (real["changed"], real["failed"]) == (True, False)
    assert real["results"][0] == {
        "id": 5000,
        "project_id": 50,
        "name": "app",
        "version": "0",
        "package_type": "generic",
        "result": "deleted",
        "rule": "old",
        "size": 0,
    }
    assert real["summary"] == {**ZERO, "deleted": 10}
    assert real["text"] == cases["project"].check["text"]
    assert real["text"] == ["10 packages: 10 deleted (0 B)", "  rule 'old': 10 deleted (0 B)"]
    assert cases["project"].again["text"] == ["0 packages: nothing to delete"]
    # Protection rules are asked beforehand only.
    foreseen = {"protection": "known", "foreseen_protected": 0}
    assert {**real["plan"]["summary"], **foreseen} == cases["project"].check["plan"]["summary"]
    assert real["plan"]["summary"]["by_rule"] == {"old": {"delete": 10, "keep": 1}}
    # Ten packages are shown one by one.
    assert real["diff"]["prepared"].splitlines() == [
        "delete 10 of 12 packages (0 B), keep 2 (1 of them match no rule)",
        "",
        "rule 'old' deletes 10 packages (0 B):",
        "  acme/apply  generic  app: 10 packages (0 B), created 2026-03-01 to 2026-03-10",
        *(
            f"    - {i} (id {5000 + i}, 2026-03-{i + 1:02}, 0 B): number {11 - i} of 11, newest first (1 kept)"
            for i in range(9, -1, -1)
        ),
    ]
    assert "diff" not in cases["project"].again
    assert kinds(cases["group"].real) == {5100: "deleted", 5101: "deleted", 5200: "deleted", 5201: "deleted"}
    assert cases["published after the plan"].kinds() == cases["published after the plan"].kinds("check") == ["drifted"]
    assert cases["published after the plan"].real["failed"] is True


def test_the_diff_of_many_packages_is_readable(start: t.Any, playbook: t.Any) -> None:
    history = {"file": "react.json", "package_type": "npm"}
    sandbox = start(
        seed(projects=[{"path": "acme/mirror", "id": 43, "histories": [history]}]),
        folder=ROOT / "tests/sandbox/seeds/histories",
    )
    rule = {"name": "canaries", "match": {"name": "react"}, "keep_latest": 5, "keep_yearly": 3}
    run = playbook(
        sandbox,
        retain(project="acme/mirror", policy={"rules": [rule]}, reference_time="2026-11-20T00:00:00Z"),
        args=["--check", "--diff"],
    )
    (result,) = run.results
    going = result["plan"]["summary"]["delete"]
    assert going > 2900
    lines = result["diff"]["prepared"].splitlines()
    assert (
        lines[0]
        == f"delete {going} of {result['plan']['summary']['packages']} packages, keep 7 (0 of them match no rule)"
    )
    assert lines[2] == f"rule 'canaries' deletes {going} packages:"
    assert lines[3].startswith(f"  acme/mirror  npm  react: {going} packages, created 20")
    assert f"    … {going - 9} more, see the plan" in lines
    assert len(lines) == 14
    assert max(map(len, lines)) < 160
    # What a user sees on the terminal is that, and not a package on each line.
    assert lines[3] in run.output
    assert len(run.output.splitlines()) < 60
    assert "DELETE" not in {request["method"] for request in sandbox.requests()}


# --- a saved plan -------------------------------------------------------------------------------------------------


@pytest.mark.core
def test_a_plan_saved_by_one_process_is_applied_by_another(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    copied = {"content": "{{ result_0.plan | to_nice_json }}", "dest": str(saved), "mode": "0600"}
    planned = playbook(
        shop, plan(project="acme/saved"), {"ansible.builtin.copy": copied, "check_mode": False}, args=["--check"]
    )
    made = json.loads(saved.read_text())
    assert made == planned.results[0]["plan"]
    shop.forget()
    check, as_dict, real, again, by_id = playbook(
        shop,
        {**retain(plan_file=str(saved)), "check_mode": True},
        {**retain(plan="{{ lookup('ansible.builtin.file', '" + str(saved) + "') | from_json }}"), "check_mode": True},
        retain(plan_file=str(saved), project="acme/saved", plan_digest=made["digest"]),
        retain(plan_file=str(saved), max_plan_age="1h"),
        retain(plan_file=str(saved), project="54"),
        token="glpat-mia",
    ).results
    for key in ("changed", "results", "summary", "text", "plan"):
        assert check[key] == as_dict[key] == real[key], key
    assert real["plan"] == made
    assert kinds(real) == dict.fromkeys(range(5400, 5405), "deleted")
    assert (again["changed"], again["failed"]) == (False, False)
    assert again["summary"] == by_id["summary"] == {**ZERO, "already_absent": 5}
    assert deletes(shop) == [*range(5400, 5405)]
    # Each delete carries the plan's time.
    sent = {request["if_unmodified_since"] for request in shop.requests() if request["method"] == "DELETE"}
    assert len(sent) == 1
    assert None not in sent


def test_what_stops_a_plan_stops_it_before_the_first_deletion(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (made,) = playbook(shop, plan(project="acme/guarded")).results
    whole = made["plan"]
    edited = copy.deepcopy(whole)
    edited["delete"][0]["id"] = 5503
    garbage = tmp_path / "garbage.txt"
    garbage.write_text("{]")
    refused: dict[str, tuple[Json, str]] = {
        "edited": (
            {"plan": edited},
            "the plan was edited after it was made: its digest does not fit what it holds; make a new plan",
        ),
        "another server": (
            {"plan": sealed(whole, api_url="https://gitlab.example.com/api/v4")},
            f"the plan was made for https://gitlab.example.com/api/v4, and api_url is {shop.api_url}",
        ),
        "another plan": (
            {"plan": whole, "plan_digest": "sha256:" + "0" * 64},
            f"this is another plan than the one that is meant: its digest is {whole['digest']}, and plan_digest is"
            " sha256:000",
        ),
        "of the first release": (
            {"plan": sealed(whole, format_version=1, scope={"project": "acme/guarded"})},
            "the plan has format 1, of release 0.1, which knows a project only by its path: make a new plan",
        ),
        "a time to come": (
            {"plan": sealed(whole, reference_time="2062-01-01T00:00:00.000Z")},
            "reference_time 2062-01-01T00:00:00.000Z is in the future: what is to be deleted may be planned for",
        ),
        "too old": (
            {"plan": made_ago(whole, days=8), "max_plan_age": "7d"},
            "longer ago than max_plan_age (7d) allows",
        ),
        "from the future": ({"plan": made_ago(whole, days=-1)}, "which is in the future: check the clocks"),
        "no plan": ({"plan_file": str(garbage)}, "is neither JSON nor YAML"),
        "a batch of nothing": (
            {"plan": whole, "batch": "1-4"},
            "is no part of the plan: write first-last, from 1 to 3",
        ),
        "max_deletions": (
            {"plan": whole, "max_deletions": 2},
            "the plan deletes 3 of 4 packages, and max_deletions allows 2: nothing was deleted",
        ),
        "max_delete_percent": (
            {"plan": whole, "max_delete_percent": 74.9, "batch": "1-1"},
            "the plan deletes 3 of 4 packages (75 %), and max_delete_percent allows 74.9 %: nothing was deleted",
        ),
    }
    asking = {
        "subgroups": (
            {
                "plan": sealed(whole, scope={"group": "acme", "group_id": 7, "exclude_subgroups": False}),
                "group": "acme",
                "exclude_subgroups": True,
            },
            "the plan is for group 'acme' with the ID 7 and its subgroups, and the task excludes them",
        ),
        "another project": (
            {"plan": whole, "project": "acme/saved"},
            "the plan is for project 'acme/guarded' with the ID 55, and the task names project 'acme/saved', which has"
            " the ID 54",
        ),
        "a group": (
            {"plan": whole, "group": "acme"},
            "the plan is for project 'acme/guarded' with the ID 55, and the task names group 'acme'",
        ),
        "a policy and a time to come": (
            {"policy": KEEP_ONE, "project": "acme/guarded", "reference_time": "2062-01-01"},
            "reference_time 2062-01-01T00:00:00.000Z is in the future: what is to be deleted may be planned for",
        ),
        "policy and max_deletions": (
            {"policy": KEEP_ONE, "project": "acme/guarded", "max_deletions": 2},
            "the plan deletes 3 of 4 packages, and max_deletions allows 2: nothing was deleted",
        ),
        "policy and max_delete_percent": (
            {"policy": KEEP_ONE, "project": "acme/guarded", "max_delete_percent": 50},
            "the plan deletes 3 of 4 packages (75 %), and max_delete_percent allows 50 %: nothing was deleted",
        ),
        "a job token and a group": (
            {"policy": ALL, "group": "acme", "api_job_token": "glcbt-job"},
            "GitLab ignores job tokens for groups: use an access token (api_token), or name a project",
        ),
    }
    shop.forget()
    for cases in (refused, asking):
        results = playbook(shop, *(retain(**options) for options, _sentence in cases.values())).results
        for (name, (_options, sentence)), result in zip(cases.items(), results):
            assert result["failed"] is True, name
            assert sentence in result["msg"], name
            assert result["changed"] is False, name
        if cases is refused:
            # What the plan itself tells is told without a single request; but for the batch, of a plan that is good.
            assert [request["method"] for request in shop.requests()] == []
    assert deletes(shop) == []


# --- drift --------------------------------------------------------------------------------------------------------


def test_drift_of_each_kind(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    (made,) = playbook(shop, plan(project="acme/drift")).results
    saved.write_text(json.dumps(made_ago(made["plan"], minutes=1)))
    playbook(shop, {"package": {"project": "acme/drift", "id": 5603, "state": "absent"}})
    shop.change_package(5600, status="deprecated")
    shop.change_package(5601, status="hidden")
    shop.change_package(5602, last_downloaded_at="2026-11-20T10:00:00.000Z")
    shop.change_package(5604, status="pending_destruction")
    shop.forget()
    failing, check, skipping, again = playbook(
        shop,
        retain(plan_file=str(saved)),
        {**retain(plan_file=str(saved), on_drift="skip"), "check_mode": True},
        retain(plan_file=str(saved), on_drift="skip"),
        retain(plan_file=str(saved), on_drift="skip"),
    ).results
    assert (failing["failed"], failing["changed"]) == (True, False)
    assert "results" not in failing
    assert failing["msg"] == (
        "3 of 7 packages changed since the plan was made: generic app 0 (id 5600): status was default and is"
        " deprecated; generic app 1 (id 5601): status was default and is hidden; generic app 2 (id 5602): downloaded"
        " since the plan: 2026-11-20T10:00:00.000Z. Nothing was deleted: make a new plan, or set on_drift to skip"
    )
    assert kinds(skipping) == {
        5600: "drifted",
        5601: "drifted",
        5602: "drifted",
        5603: "already_absent",
        5604: "already_absent",
        5605: "deleted",
        5606: "deleted",
    }
    assert (skipping["failed"], skipping["changed"]) == (False, True)
    assert skipping["results"][1]["message"] == "status was default and is hidden"
    for key in ("results", "summary", "changed", "failed", "text"):
        assert check[key] == skipping[key], key
    assert (again["failed"], again["changed"]) == (False, False)
    assert deletes(shop) == [5605, 5606]


def test_what_changes_after_the_comparison_is_drift_too(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    """The list shows no difference: only GitLab's answer to `If-Unmodified-Since` tells."""
    saved = tmp_path / "plan.json"
    (made,) = playbook(shop, plan(project="acme/touched")).results
    saved.write_text(json.dumps(made_ago(made["plan"], minutes=1)))
    shop.change_package(5701, status="default")
    first, second = playbook(shop, retain(plan_file=str(saved)), retain(plan_file=str(saved), on_drift="skip")).results
    assert kinds(first) == {5700: "deleted", 5701: "drifted", 5702: "deleted"}
    assert first["results"][1]["message"].endswith("412 Precondition Failed: it was changed after the given time")
    assert (first["failed"], first["changed"]) == (True, True)
    assert first["msg"].startswith(
        "1 of 3 could not be deleted: generic app 1 (id 5701): drifted: DELETE /projects/57/"
    )
    assert kinds(second) == {5700: "already_absent", 5701: "drifted", 5702: "already_absent"}
    assert (second["failed"], second["changed"]) == (False, False)


def test_a_project_that_the_token_does_not_see_is_not_taken_for_empty(
    shop: Sandbox, playbook: t.Any, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    (made,) = playbook(shop, plan(group="mixed"), token="glpat-root").results
    assert made["plan"]["summary"]["delete"] == 4
    saved.write_text(json.dumps(made["plan"]))
    check, real, again, admin = playbook(
        shop,
        {**retain(plan_file=str(saved)), "check_mode": True},
        retain(plan_file=str(saved)),
        retain(plan_file=str(saved)),
        retain(plan_file=str(saved), api_token="glpat-root"),
    ).results
    assert kinds(check) == kinds(real) == {7000: "deleted", 7001: "deleted", 7100: "failed", 7101: "failed"}
    assert real["results"][2]["message"].endswith(
        "404 Project Not Found: project '71' does not exist, or the token may not read it"
    )
    assert (real["failed"], real["changed"]) == (True, True)
    assert kinds(again) == {7000: "already_absent", 7001: "already_absent", 7100: "failed", 7101: "failed"}
    assert kinds(admin) == {7000: "already_absent", 7001: "already_absent", 7100: "deleted", 7101: "deleted"}
    assert admin["failed"] is False


def test_a_project_that_left_the_group_is_left_alone(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    (made,) = playbook(shop, plan(group="acme/left")).results
    saved.write_text(json.dumps(made["plan"]))
    # The project is still there, and the group does not list it any more.
    shop.control("POST", "projects/61", {"path": "acme/gone"})
    (result,) = playbook(shop, retain(plan_file=str(saved), on_drift="skip")).results
    assert kinds(result) == {6100: "drifted", 6101: "drifted"}
    assert result["results"][0]["message"] == "its project is not listed in group 'acme/left' any more"
    assert result["changed"] is False


def test_many_places_are_one_plan(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    """Named twice, by path and ID, inside a named group, in groups inside each other: each package goes once."""
    import jsonschema  # here: the matrix runs the core of this file without it

    named = {"projects": ["acme/alone", "62", "acme/many/one"], "groups": ["acme/many/deep", "acme/many"]}
    policy = {"keep_at_least": 2, **KEEP_ONE}
    made, one, listed_one, unknown, unreadable, none = playbook(
        shop,
        plan(policy, **named),
        plan(policy, project="acme/alone", reference_time="2026-11-20T00:00:00Z"),
        plan(policy, projects=["62", "acme/alone"], groups=[], reference_time="2026-11-20T00:00:00Z"),
        plan(policy, projects=["acme/alone", "acme/typo"]),
        plan(policy, projects=["acme/alone"], groups=["mixed"], api_token="glpat-gone"),
        plan(policy, projects=[], groups=[]),
    ).results
    scope = made["plan"]["scope"]
    assert scope == {
        "projects": [{"project": "acme/alone", "project_id": 62}, {"project": "acme/many/one", "project_id": 63}],
        "groups": [
            {"group": "acme/many/deep", "group_id": 10, "exclude_subgroups": False},
            {"group": "acme/many", "group_id": 9, "exclude_subgroups": False},
        ],
    }
    assert sorted(entry["id"] for entry in made["plan"]["delete"]) == [6200, 6300, 6400, 6500]
    assert (made["plan"]["summary"]["packages"], made["plan"]["summary"]["delete"]) == (12, 4)
    jsonschema.validate(made["plan"], SCHEMA)
    for key in ("scope", "delete", "summary"):
        assert listed_one["plan"][key] == one["plan"][key]
    assert unknown["msg"].startswith("GET /projects/acme/typo: 404 Project Not Found: project 'acme/typo' does not")
    assert "401" in unreadable["msg"]
    assert none["msg"] == "projects and groups are empty: name at least one project or group"

    saved = tmp_path / "plan.json"
    saved.write_text(json.dumps(made["plan"]))
    shop.control("POST", "projects/62", {"archived": True})
    shop.control("POST", "projects/65", {"path": "acme/went"})
    shop.forget()
    fewer, more, guarded, drifted, real, again = playbook(
        shop,
        retain(plan_file=str(saved), projects=["acme/alone"], groups=named["groups"]),
        retain(plan_file=str(saved), projects=["acme/alone", "acme/batches"], groups=["acme/many"]),
        retain(plan_file=str(saved), max_deletions=3),
        retain(plan_file=str(saved)),
        retain(plan_file=str(saved), on_drift="skip", **named),
        retain(plan_file=str(saved), on_drift="skip", groups=named["groups"], projects=["63", "62"]),
    ).results
    whole = "the plan is for 2 projects and 2 groups (acme/alone, acme/many/one, acme/many/deep and 1 more)"
    assert fewer["msg"] == "the plan is for project 'acme/many/one' with the ID 63 too, which the task does not name"
    assert more["msg"] == f"{whole}, and the task names project 'acme/batches', which has the ID 59"
    assert "deletes 4 of 12 packages, and max_deletions allows 3" in guarded["msg"]
    assert drifted["msg"].startswith("2 of 4 packages changed since the plan was made")
    assert [entry.get("message") for entry in real["results"]] == [
        "its project was archived",
        None,
        None,
        "its project is not listed in group 'acme/many' any more",
    ]
    assert kinds(real) == {6200: "drifted", 6300: "deleted", 6400: "deleted", 6500: "drifted"}
    assert kinds(again) == {6200: "drifted", 6300: "already_absent", 6400: "already_absent", 6500: "drifted"}
    assert deletes(shop) == [6300, 6400]


# --- trouble during the apply -------------------------------------------------------------------------------------


def test_what_is_refused_neither_stops_nor_hides_the_others(shop: Sandbox, playbook: t.Any) -> None:
    at = "/projects/58/packages/580"
    shop.faults(
        [
            {"method": "DELETE", "path": f"{at}0$", "kind": "silent_204", "times": 1},
            {"method": "DELETE", "path": f"{at}1$", "kind": "status", "code": 500, "times": 2},
            {"method": "DELETE", "path": f"{at}2$", "kind": "reset_after", "times": 1},
        ]
    )
    task = {"project": "acme/trouble", "policy": KEEP_ONE, "retries": 1}
    first, tolerated = playbook(shop, retain(**task), retain(**task, tolerate=["protected"])).results
    shop.faults([])
    assert kinds(first) == {5800: "failed", 5801: "failed", 5802: "deleted", 5803: "deleted", 5810: "protected"}
    assert first["summary"] == {**ZERO, "deleted": 2, "failed": 2, "protected": 1}
    assert (first["failed"], first["changed"]) == (True, True)
    assert first["msg"].startswith("3 of 5 could not be deleted: generic app 0 (id 5800): failed: GitLab answered that")
    assert "generic release-1 0 (id 5810): protected: DELETE /projects/58/packages/5810: 403" in first["msg"]
    assert first["text"] == [
        "5 packages: 2 deleted, 1 protected, 2 failed",
        "  rule 'old': 2 deleted, 1 protected, 2 failed",
    ]
    # The second run goes on where the first one ended.
    assert kinds(tolerated) == {5800: "deleted", 5801: "deleted", 5810: "protected"}
    assert (tolerated["failed"], tolerated["changed"]) == (False, True)


def test_batches_of_a_plan(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    (made,) = playbook(shop, plan(project="acme/batches")).results
    saved.write_text(json.dumps(made["plan"]))
    shop.forget()
    first, second = playbook(
        shop, *(retain(plan_file=str(saved), batch=batch, max_deletions=5) for batch in ("1-2", "3-5"))
    ).results
    assert [list(kinds(result)) for result in (first, second)] == [[5900, 5901], [5902, 5903, 5904]]
    assert [result["summary"]["deleted"] for result in (first, second)] == [2, 3]
    # A batch of many does not repeat the whole plan.
    assert "delete" not in first["plan"]
    assert first["plan"]["digest"] == made["plan"]["digest"]
    assert deletes(shop) == [*range(5900, 5905)]


def test_a_job_token_is_enough_for_its_project(shop: Sandbox, playbook: t.Any) -> None:
    shop.forget()
    (done,) = playbook(
        shop, retain(project="acme/job", policy=KEEP_ONE), token=None, env={"CI_JOB_TOKEN": "glcbt-job"}
    ).results
    assert kinds(done) == {6000: "deleted"}
    assert {request["auth"] for request in shop.requests()} == {"job-token"}


def test_a_run_goes_on_after_an_interruption(start: t.Any, playbook: t.Any, tmp_path: Path) -> None:
    sandbox = start(seed(*apps(1, 28), *apps(101, 28, "app-2")))
    (made,) = playbook(sandbox, plan(project="acme/web/shop")).results
    (tmp_path / "plan.json").write_text(json.dumps(made["plan"]))
    going = {entry["id"] for entry in made["plan"]["delete"]}
    assert len(going) == 54
    options = {"plan_file": str(tmp_path / "plan.json"), "concurrency": 1}
    task = {"registryops.gitlab.package_retention": options}
    (tmp_path / "apply.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    # From the eleventh on, each delete takes long enough for the signal to come in the middle.
    sandbox.faults([{"method": "DELETE", "path": "", "skip": 10, "times": -1, "kind": "slow", "ms": 500}])
    sandbox.forget()
    with subprocess.Popen(
        [str(BIN / "ansible-playbook"), str(tmp_path / "apply.yml")],
        env=environment(tmp_path, GITLAB_API_URL=sandbox.api_url, GITLAB_TOKEN="glpat-mia"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        while len(deletes(sandbox)) < 10 and process.poll() is None:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGTERM)
        output, _ = process.communicate(timeout=120)
    assert process.returncode != 0, output
    sandbox.faults([])
    assert sandbox.state()["packages"]["default"] > 2
    (rest, again) = playbook(sandbox, *(retain(**options) for _ in range(2))).results
    assert rest["failed"] is False
    assert rest["summary"]["already_absent"] >= 10
    assert rest["summary"]["deleted"] + rest["summary"]["already_absent"] == 54
    assert rest["summary"]["deleted"] > 0
    assert (again["failed"], again["changed"]) == (False, False)
    assert sandbox.state()["packages"]["default"] == 2
