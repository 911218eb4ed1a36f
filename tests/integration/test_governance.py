# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection rules, GitLab's cleanup policies and package settings: real playbooks against the sandbox."""

from __future__ import annotations

import importlib
import typing as t

import yaml

from ansible_collections.registryops.gitlab.tests.integration.conftest import Run
from ansible_collections.registryops.gitlab.tests.integration.seeds import seed
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]
MODULES = (
    "package_protection_rule",
    "package_protection_rule_info",
    "package_cleanup_policy",
    "package_settings",
)
PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"
BLOG = "acme/web/blog"


def rule(pattern: str, kind: str = "generic", push: str | None = None, delete: str | None = None) -> Json:
    levels = {PUSH: push, DELETE: delete}
    given = {name: level for name, level in levels.items() if level}
    return {"package_name_pattern": pattern, "package_type": kind, **given}


def registry(*rules: Json, **more: t.Any) -> Json:
    """A seed of two projects, whose owner is ``root``; the rules are the shop's, ``more`` is the instance's."""
    projects = [{"path": BLOG, "id": 43}, {"path": "acme/web/old", "id": 44, "archived": True}]
    made = seed(projects=projects, protection_rules=[*rules])
    made["instance"] = more
    return made


def examples(module: str) -> list[Json]:
    found = importlib.import_module(f"ansible_collections.registryops.gitlab.plugins.modules.{module}")
    tasks: list[Json] = yaml.safe_load(found.EXAMPLES)
    return [{key: value for key, value in task.items() if key != "name"} for task in tasks]


def kinds(result: Json) -> list[str]:
    return [one["result"] for one in result["results"]]


def writes(sandbox: Sandbox) -> list[tuple[str, str]]:
    """The calls that may change something."""
    sent = [request for request in sandbox.requests() if request["method"] != "GET"]
    return [(request["method"], request["path"]) for request in sent]


def test_the_examples_run_and_a_second_run_changes_nothing(
    playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox]
) -> None:
    tasks: list[Json] = []
    for module in MODULES:
        for task in examples(module):
            register = task.pop("register", None)
            if register:
                # The results are registered by number here.
                tasks += [task]
                tasks.append({"ansible.builtin.set_fact": {register: f"{{{{ result_{len(tasks) - 1} }}}}"}})
                continue
            tasks += [task, task]
    run = playbook(start(registry()), *tasks, token="glpat-root", args=["--diff"])
    assert not [result for result in run.results if result["failed"]], run.output
    results = [result for result in run.results if "results" in result]
    assert len(results) == 2 * 11
    assert sum(real["changed"] for real in results[::2]) == 10
    for again in results[1::2]:
        assert again["changed"] is False
        assert set(kinds(again)) <= {"unchanged", "already_absent"}


def test_rules_are_purged_last_and_a_converged_list_sends_nothing(
    playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox]
) -> None:
    sandbox = start(registry(rule("stays", push="owner"), rule("goes", push="owner"), rule("Stays", push="owner")))
    wanted = [rule("stays", push="admin"), rule("new", "npm", push="maintainer", delete="owner")]
    task = {"package_protection_rule": {"project": "acme/old-shop", "rules": wanted, "purge": True}}
    info = {"package_protection_rule_info": {"projects": ["42", BLOG]}}
    run = playbook(sandbox, {**task, "check_mode": True}, task, info, args=["--diff"])
    check, real, read = run.results
    assert check["summary"] == real["summary"]
    assert kinds(check) == kinds(real) == ["updated", "created", "deleted", "deleted"]
    assert check["diff"] == real["diff"]
    assert real["diff"]["before"] == (
        "acme/old-shop: generic stays: push owner, delete maintainer\n"
        "acme/old-shop: generic goes: push owner, delete maintainer\n"
        "acme/old-shop: generic Stays: push owner, delete maintainer\n"
    )
    assert [project["project"] for project in read["projects"]] == ["42", BLOG]
    assert [(one["package_name_pattern"], one[PUSH], one[DELETE]) for one in read["projects"][0]["rules"]] == [
        ("stays", "admin", "maintainer"),
        ("new", "maintainer", "owner"),
    ]
    assert read["count"] == 2
    assert [method for method, _path in writes(sandbox)] == ["PATCH", "POST", "DELETE", "DELETE"]
    sandbox.forget()
    again = playbook(sandbox, task).results[0]
    assert (again["changed"], kinds(again), writes(sandbox)) == (False, ["unchanged", "unchanged"], [])


def test_a_level_that_the_server_does_not_take_warns_and_is_no_change(
    playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox]
) -> None:
    sandbox = start(registry(rule("there", push="owner"), delete_protection=False))
    both = [rule("there", delete="owner"), rule("new", push="owner", delete="owner")]
    task = {"package_protection_rule": {"project": "42", "rules": both}}
    only = {"package_protection_rule": {"project": "42", **rule("only", delete="owner")}}
    first, again, refused = playbook(sandbox, task, task, only).results
    assert kinds(first) == ["unchanged", "created"]
    assert kinds(again) == ["unchanged", "unchanged"]
    assert again["changed"] is False
    for result in (first, again):
        assert len(result["warnings"]) == 1
        assert "packages_protected_packages_delete" in result["warnings"][0]
        assert [one[DELETE] for one in result["results"]] == ["maintainer", "maintainer"]
    assert refused["failed"] is True
    assert "packages_protected_packages_delete" in refused["msg"]


def test_refusals_have_their_own_words(playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox]) -> None:
    sandbox = start(registry())
    one = rule("a", push="owner")
    cases: list[tuple[str, Json, Json, str]] = [
        ("package_protection_rule", {"project": "42", **one}, {"GITLAB_TOKEN": "glpat-dev"}, "by maintainers only"),
        ("package_protection_rule", {"project": "44", **one}, {}, "is archived"),
        ("package_protection_rule", {"project": "99", **one}, {}, "does not exist, or the token may not read it"),
        ("package_protection_rule", {"project": "42", **one, "package_name_pattern": 1.1}, {}, "put it in quotes"),
        (
            "package_protection_rule",
            {"project": "42", **one},
            {"GITLAB_TOKEN": "glpat-mia-read"},
            "needs the scope 'api'",
        ),
        ("package_protection_rule_info", {"project": "42", "api_job_token": "glcbt-mia"}, {}, "takes no job token"),
        ("package_cleanup_policy", {"project": "42", "api_job_token": "glcbt-mia"}, {}, "takes no job token"),
        ("package_cleanup_policy", {"project": "42"}, {"GITLAB_TOKEN": "glpat-dev"}, "by maintainers only"),
        ("package_cleanup_policy", {"project": "acme/web/old"}, {}, "is archived"),
        ("package_settings", {"group": "acme"}, {}, "by its owners only"),
        ("package_settings", {"group": "nobody"}, {}, "does not exist, or the token may not read it"),
    ]
    tasks = [{name: options, "environment": environment} for name, options, environment, _words in cases]
    scope = {"package_cleanup_policy": {"project": "42", "keep_n_duplicated_package_files": 1}}
    read_only = {**scope, "environment": {"GITLAB_TOKEN": "glpat-mia-read"}}
    results = playbook(sandbox, *tasks, {**read_only, "check_mode": True}, read_only).results
    for (name, options, _environment, words), result in zip(cases, results):
        assert result["failed"] is True, (name, options)
        assert words in result["msg"], (name, options, result["msg"])
    for result in results[-2:]:
        assert result["failed"] is True
        assert "scope 'api'" in result["msg"]


def test_old_servers(playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox]) -> None:
    results = playbook(
        start(registry(), gitlab_version="16.1"),
        {"package_protection_rule": {"project": "42", **rule("a", push="owner")}},
        {"package_settings": {"group": "acme", "generic_duplicates_allowed": False}},
        {"package_settings": {"group": "acme", "nuget_duplicates_allowed": False}},
        {"package_cleanup_policy": {"project": "42", "keep_n_duplicated_package_files": 10}},
    ).results
    assert "GitLab 17.6 and newer have" in results[0]["msg"]
    assert results[1]["changed"] is True
    assert "nuget_duplicates_allowed" not in results[1]["results"][0]["settings"]
    assert "this GitLab does not know nuget_duplicates_allowed" in results[2]["msg"]
    assert kinds(results[3]) == ["updated"]


def test_settings_locked_above_and_the_defaults_of_the_group(
    playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox]
) -> None:
    above = {"npm_package_requests_forwarding": False, "lock_npm_package_requests_forwarding": True}
    made = registry()
    made["groups"].append({"path": "acme/web"})
    connection = {"module_defaults": {"group/registryops.gitlab.gitlab": {"api_token": "glpat-root"}}}
    run = playbook(
        start(made),
        {"package_settings": {"group": "acme", **above}},
        {"package_settings": {"groups": [{"group": "acme/web", "npm_package_requests_forwarding": True}]}},
        {"package_settings": {"group": "acme/web", "npm_package_requests_forwarding": False}},
        token=None,
        play=connection,
    )
    locked, refused, same = run.results
    assert locked["changed"] is True
    assert "a group above locks npm_package_requests_forwarding" in refused["msg"]
    assert (same["changed"], same["failed"]) == (False, False)
    assert same["results"][0]["settings"]["npm_package_requests_forwarding_locked"] is True


def test_after_a_lost_answer_the_state_is_read_before_anything_is_sent_again(
    playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox]
) -> None:
    sandbox = start(registry(rule("goes", push="owner")))
    faults = [
        {"method": method, "path": ".*rules.*", "times": 1, "kind": "reset_after"} for method in ("POST", "DELETE")
    ]
    # The first call of GraphQL reads, the second one is the mutation.
    faults.append({"method": "POST", "path": "/api/graphql", "skip": 1, "times": 1, "kind": "reset_after"})
    sandbox.faults(faults)
    results = playbook(
        sandbox,
        {"package_protection_rule": {"project": "42", "rules": [rule("new", push="owner")], "purge": True}},
        {"package_cleanup_policy": {"project": "acme/web/shop", "keep_n_duplicated_package_files": 10}},
    ).results
    assert [kinds(result) for result in results] == [["created", "deleted"], ["updated"]]
    calls = [(request["method"], request["path"].rpartition("/")[2]) for request in sandbox.requests()]
    posts = [index for index, call in enumerate(calls) if call == ("POST", "rules")]
    # Whatever was lost, nothing is sent twice in a row: a list is read between.
    assert all(("GET", "rules") in calls[one:two] for one, two in zip(posts, posts[1:]))
    assert ("GET", "rules") in calls[posts[0] :]


def test_ad_hoc(ansible: t.Callable[..., t.Any], start: t.Callable[..., Sandbox]) -> None:
    done = ansible(
        "package_protection_rule",
        "project=acme/web/shop package_name_pattern=release-* package_type=generic minimum_access_level_for_push=owner",
        GITLAB_API_URL=start(registry()).api_url,
        GITLAB_TOKEN="glpat-mia",
    )
    assert done.returncode == 0, done.stdout
    assert '"result": "created"' in done.stdout
