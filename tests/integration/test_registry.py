# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry as one document: modules `package_registry` and `package_registry_info`, the role, the playbook."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.registryops.gitlab.tests.integration.conftest import BIN, ROOT, Run, environment, run_process
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]
PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"
KEEP = "keep_n_duplicated_package_files"
SHOP, BLOG, OLD, OFF = "acme/web/shop", "acme/web/blog", "acme/web/old", "acme/web/off"


def rule(pattern: str, kind: str = "generic", push: str | None = None, delete: str | None = None) -> Json:
    given = {name: level for name, level in ((PUSH, push), (DELETE, delete)) if level}
    return {"package_name_pattern": pattern, "package_type": kind, **given}


def registry() -> Json:
    projects = [
        {"path": BLOG, "id": 43, "cleanup_policy": {KEEP: 20}, "protection_rules": [rule("1.10", push="owner")]},
        {"path": OLD, "id": 44, "archived": True},
        {"path": OFF, "id": 45, "package_registry": "disabled"},
        {"path": "acme/site", "id": 46},
    ]
    made = seed(
        projects=projects, protection_rules=[rule("stays", push="owner"), rule("goes", push="admin", delete="owner")]
    )
    made["groups"][0]["package_settings"] = {"maven_duplicate_exception_regex": "{{ 7 * 7 }}.*-SNAPSHOT"}
    made["groups"].append({"path": "acme/web", "id": 8, "package_settings": {"npm_package_requests_forwarding": False}})
    return made


@pytest.fixture
def sandbox(start: t.Callable[..., Sandbox]) -> Sandbox:
    return start(registry())


DOCUMENT: Json = {
    "defaults": {"cleanup_policy": {KEEP: 10}},
    "groups": {
        "acme": {"settings": {"generic_duplicates_allowed": False}, "retention": {"rules": [{"keep_latest": 20}]}},
        "acme/web": {"protection_rules": [rule("@acme/*", "npm", push="maintainer", delete="owner")]},
    },
    "projects": {SHOP: {"protection_rules": [rule("stays", push="admin"), rule("new", "npm", push="owner")]}},
}
#: What this document comes to, at the first run and with `purge`.
PLAN = [
    "8 things declared: 2 created, 4 updated, 2 deleted",
    "- acme: generic_duplicates_allowed: true",
    "+ acme: generic_duplicates_allowed: false",
    "- acme/web: generic_duplicates_allowed: true",
    "+ acme/web: generic_duplicates_allowed: false",
    f"- {SHOP}: {KEEP} all",
    f"+ {SHOP}: {KEEP} 10",
    f"- {SHOP}: generic stays: push owner, delete maintainer",
    f"+ {SHOP}: generic stays: push admin, delete maintainer",
    f"+ {SHOP}: npm new: push owner, delete maintainer",
    f"- {SHOP}: generic goes: push admin, delete owner",
    f"+ {BLOG}: npm @acme/*: push maintainer, delete owner",
    f"- {BLOG}: generic 1.10: push owner, delete maintainer",
]


def writes(sandbox: Sandbox) -> list[str]:
    """What may change something: all of REST, and what GraphQL was asked beyond the reads of this document."""
    sent = [request for request in sandbox.requests() if request["method"] != "GET"]
    asked = [request["path"] for request in sent if request["path"] == "/api/graphql"]
    return [request["method"] for request in sent if request["path"] != "/api/graphql"] + asked[READS:]


#: Settings of two groups, cleanup policy of one project.
READS = 3


def test_a_document_is_planned_brought_about_once_and_watched(playbook: t.Callable[..., Run], sandbox: Sandbox) -> None:
    task = {"package_registry": {"document": DOCUMENT, "purge": True}}
    drift = {"package_registry": {"document": DOCUMENT, "purge": True, "fail_on_drift": True}}
    check, drifted = playbook(sandbox, {**task, "check_mode": True}, drift, token="glpat-root", args=["--diff"]).results
    assert check["text"] == drifted["text"]
    assert sorted(check["text"]) == sorted(PLAN), check["text"]
    assert (check["changed"], check["failed"], drifted["failed"]) == (True, False, True)
    assert drifted["msg"].startswith(
        "8 of 8 are not as the document says: the package settings of acme: differs; the package settings of acme/web:"
        " differs; the cleanup policy of acme/web/shop: differs; acme/web/shop: generic stays: differs;"
    )
    assert check["left_out"] == [
        {"project": OLD, "why": "it is archived"},
        {"project": OFF, "why": "its package registry is switched off"},
    ]
    assert check["retention"] == {
        "groups": [{"group": "acme", "policy": {"rules": [{"keep_latest": 20}]}}],
        "projects": [],
    }
    assert check["diff"]["before"] != check["diff"]["after"]
    sandbox.forget()
    [real] = playbook(sandbox, task, token="glpat-root", args=["--diff"]).results
    assert (real["text"], real["diff"], real["summary"]) == (check["text"], check["diff"], check["summary"])
    assert sorted(writes(sandbox)) == sorted(["DELETE", "DELETE", "PATCH", "POST", "POST", *["/api/graphql"] * 3])
    sandbox.forget()
    again, calm = playbook(sandbox, task, drift, token="glpat-root").results
    assert (again["changed"], calm["failed"]) == (False, False)
    assert again["text"] == calm["text"] == ["6 things declared: nothing to change"]


def test_a_converged_document_of_many_projects_sends_no_write(
    playbook: t.Callable[..., Run], start: t.Callable[..., Sandbox]
) -> None:
    rules = [rule(f"name-{n}", push="owner") for n in range(5)]
    projects = [{"path": f"acme/many/p{n}", "id": 100 + n, "protection_rules": rules} for n in range(50)]
    sandbox = start(seed(projects=projects))
    document = {"groups": {"acme/many": {"protection_rules": rules}}}
    [done] = playbook(sandbox, {"package_registry": {"document": document, "purge": True}}).results
    assert (done["changed"], done["summary"]["unchanged"]) == (False, 250)
    assert {request["method"] for request in sandbox.requests()} == {"GET"}
    # One list of projects, and the rules of each.
    assert len(sandbox.requests()) == 51


def play_of(tmp_path: Path, sandbox: Sandbox, tasks: list[Json]) -> tuple[int, str]:
    """Run tasks, or plays, as a user writes them."""
    plays = tasks if "hosts" in tasks[0] else [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    (tmp_path / "play.yml").write_text(json.dumps(plays))
    env = {"GITLAB_API_URL": sandbox.api_url, "GITLAB_TOKEN": "glpat-root", "PWD": str(tmp_path)}
    done = run_process(["ansible-playbook", "play.yml"], tmp_path, **env)
    return done.returncode, done.stdout + done.stderr


def role(**variables: t.Any) -> Json:
    given = {f"package_registry_{key}": value for key, value in variables.items()}
    return {"ansible.builtin.include_role": {"name": "registryops.gitlab.package_registry"}, "vars": given}


def test_what_is_exported_changes_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    exported = role(export=True, groups="acme", projects=["42"], export_file="{{ inventory_hostname }}.yml")
    back = role(document_file="localhost.yml", purge=True)
    # What the tests of the other way round need: that it would have changed something.
    status, said = play_of(tmp_path, sandbox, [exported, back, role(document=DOCUMENT, fail_on_drift=True)])
    assert status == 2, said
    assert (tmp_path / "localhost.yml").exists(), said
    document = yaml.safe_load((tmp_path / "localhost.yml").read_text())
    assert list(document["groups"]) == ["acme", "acme/web"]
    assert sorted(document["projects"]) == sorted([SHOP, BLOG, "acme/site"])
    assert document["projects"][BLOG] == {
        "protection_rules": [rule("1.10", push="owner", delete="maintainer")],
        "cleanup_policy": {KEEP: 20},
    }
    assert document["groups"]["acme"]["settings"]["maven_duplicate_exception_regex"] == "{{ 7 * 7 }}.*-SNAPSHOT"
    assert document["groups"]["acme/web"]["settings"]["npm_package_requests_forwarding"] is False
    assert (tmp_path / "localhost.yml").stat().st_mode & 0o777 == 0o600
    assert f"left out: {OLD}: it is archived" in said
    shown = re.findall(r"(\d+) things declared: ([a-z0-9 ,]+)", said)
    assert shown == [("8", "nothing to change"), ("6", "2 created, 4 updated")]
    ending = " ".join(said.split())
    assert "6 of 6 are not as the document says: the package settings of acme: differs;" in ending
    sent = {request["method"] for request in sandbox.requests() if request["path"] != "/api/graphql"}
    assert sent == {"GET"}
    state = [request for request in sandbox.requests() if request["path"] == "/api/graphql"]
    # Of five places for the export and for its document, and of three for the other one: reads, and no mutation.
    assert len(state) == 5 + 5 + 3


# --- docs/registry-as-code.md -------------------------------------------------------------------------------------

PAGE = (ROOT / "docs/registry-as-code.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WRITTEN, CLEAN_UP, CI = SNIPPETS[:3]


def test_the_page_in_a_repository(tmp_path: Path, start: t.Callable[..., Sandbox]) -> None:
    """The document, the jobs of the pipeline, the play that cleans up by it, and the tasks of the page."""
    made = seed(
        *(package("ui", str(n), "generic", id=n) for n in range(1, 23)),
        projects=[{"path": BLOG, "id": 43, "cleanup_policy": {KEEP: 20}}],
    )
    made["groups"].append({"path": "acme/web", "id": 8})
    made["users"][0]["tokens"].append({"value": "glpat-root-read", "scopes": ["read_api"]})
    sandbox = start(made)
    (tmp_path / "registry.yml").write_text(WRITTEN)
    jobs = yaml.safe_load(CI)
    # Which job, with which token, and what it says.
    runs = [
        ("plan", "glpat-root-read", f"+{BLOG}: npm @acme/*: push maintainer, delete maintainer\n"),
        ("apply", "glpat-root", "6 things declared: 3 created, 3 updated"),
        ("watch", "glpat-root-read", "6 things declared: nothing to change"),
    ]
    for job, token, words in runs:
        sandbox.forget()
        given = environment(tmp_path, GITLAB_API_URL=sandbox.api_url, GITLAB_TOKEN=token, PWD=str(tmp_path))
        done = subprocess.run(
            ["bash", "-e", "-c", "\n".join(jobs[job]["script"])],
            env={**given, "PATH": f"{BIN}:{given['PATH']}"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert words in done.stdout
        sent = {request["method"] for request in sandbox.requests() if request["path"] != "/api/graphql"}
        assert (sent == {"GET"}) == (job != "apply")
        assert ("lacks the scope 'api'" in done.stderr) == (job == "plan")
    # The play of the page, and below it the tasks: of what is there already they change nothing but the shop's one.
    plays = [yaml.safe_load(CLEAN_UP)[0], yaml.safe_load(SNIPPETS[3])[0]]
    plays.append({"hosts": "localhost", "gather_facts": False, "tasks": yaml.safe_load(SNIPPETS[4])})
    status, said = play_of(tmp_path, sandbox, plays)
    assert (status, len(SNIPPETS)) == (0, 5), said
    assert json.loads((tmp_path / "clean-up/acme/plan.json").read_text())["scope"]["group"] == "acme"
    assert sandbox.state()["packages"]["pending_destruction"] == 2


@pytest.mark.core
def test_wrong_use_is_told_before_any_request(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "registry.yml").write_text("groups: {acme: {retentions: {}}}\n")
    wrong = [
        ({"purges": True}, "package_registry_purges: the role has no such variable"),
        ({}, "give one of package_registry_document and package_registry_document_file"),
        ({"export": True}, "name what to export: package_registry_projects, package_registry_groups"),
        (
            {"document_file": "registry.yml"},
            f"package_registry_document_file '{tmp_path}/registry.yml': groups: acme: unknown key 'retentions': did you"
            " mean retention?",
        ),
        (
            {"document": {"projects": {SHOP: {"settings": {}}}}},
            "package_registry_document: projects: acme/web/shop: unknown",
        ),
    ]
    rescue = [{"ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}]
    status, said = play_of(tmp_path, sandbox, [{"block": [role(**given)], "rescue": rescue} for given, _words in wrong])
    assert status == 0, said
    for _given, words in wrong:
        assert words in " ".join(said.replace("\\n", " ").split()), words
    assert sandbox.requests() == []
