# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the plugins reach GitLab: where tokens come from and where they never go; TLS; redirects."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

FILES = [{"id": 10, "file_name": "ui.tgz", "size": 5}]
PIPELINES = [{"id": 900 + i} for i in range(25)]
#: One request only: a number and one type.
ONE = {"project": "42", "package_type": ["npm"]}


def registry() -> dict[str, t.Any]:
    return seed(
        package("ui", "1", "npm", id=1, files=FILES),
        package("x", id=2),
        projects=[{"path": "acme/built", "id": 43, "packages": [package("b", "1", "npm", id=3, pipelines=PIPELINES)]}],
    )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(registry()) as running:
        yield running


def test_where_the_token_comes_from(sandbox: Sandbox, playbook: t.Any) -> None:
    url = {"GITLAB_API_URL": sandbox.api_url}
    ci = {"CI_API_V4_URL": sandbox.api_url, "CI_JOB_TOKEN": "glcbt-mia"}
    cases: dict[str, tuple[dict[str, t.Any], dict[str, str], str]] = {
        "task": ({"api_token": "glpat-mia"}, url, "private-token"),
        "task, OAuth": ({"api_oauth_token": "glpat-mia"}, url, "bearer"),
        "task, job token": ({"api_job_token": "glcbt-mia"}, url, "job-token"),
        "GITLAB_TOKEN": ({}, {**url, "GITLAB_TOKEN": "glpat-mia"}, "private-token"),
        "CI job": ({}, ci, "job-token"),
        "both": ({}, {**ci, "GITLAB_TOKEN": "glpat-mia"}, "private-token"),
        "task before environment": ({"api_job_token": "glcbt-mia"}, {**url, "GITLAB_TOKEN": "glpat-mia"}, "job-token"),
        "GITLAB_API_URL first": (
            {"api_token": "glpat-mia"},
            {**url, "CI_API_V4_URL": "http://127.0.0.1:9/api/v4"},
            "private-token",
        ),
        "URL without /api/v4": ({"api_token": "glpat-mia", "api_url": f"{sandbox.url}/"}, {}, "private-token"),
        "surrounding space": ({"api_token": " glpat-mia\n"}, url, "private-token"),
    }
    sandbox.forget()
    tasks = [{"package_info": {**ONE, **options}, "environment": env} for options, env, _auth in cases.values()]
    results = playbook(None, *tasks, token=None).results
    for name, result in zip(cases, results):
        assert result.get("count") == 1, (name, result.get("msg"))
    assert [request["auth"] for request in sandbox.requests()] == [auth for _options, _env, auth in cases.values()]


def test_module_defaults_reach_all_four_modules(sandbox: Sandbox, playbook: t.Any) -> None:
    defaults = {"project": "42", "api_url": sandbox.api_url, "api_token": "glpat-mia"}
    check = {"check_mode": True}
    run = playbook(
        None,
        {"package_info": {"package_type": ["npm"]}},
        {"package_file_info": {"id": 1}},
        {"package": {"id": 1, "state": "absent"}, **check},
        {"package_file": {"package_id": 1, "id": 10, "state": "absent"}, **check},
        token=None,
        play={"module_defaults": {"group/registryops.gitlab.gitlab": defaults}},
    )
    info, files, package_, file = run.results
    assert (info["count"], files["count"]) == (1, 1)
    assert (package_["summary"]["deleted"], file["summary"]["deleted"]) == (1, 1)


def test_job_tokens_on_projects_and_groups(sandbox: Sandbox, playbook: t.Any) -> None:
    environment = {"CI_API_V4_URL": sandbox.api_url, "CI_JOB_TOKEN": "glcbt-mia"}
    sandbox.forget()
    on_group, on_project = playbook(
        None, {"package_info": {"group": "acme"}}, {"package_info": ONE}, token=None, env=environment
    ).results
    assert on_group["msg"] == (
        "GitLab ignores job tokens for groups: use an access token (api_token), or name a project"
    )
    assert on_project["count"] == 1
    # Nothing was sent for the group: as an anonymous caller one would get an empty list, or a misleading 404.
    assert [request["path"] for request in sandbox.requests()] == ["/api/v4/projects/42/packages"]


def test_ad_hoc_commands(sandbox: Sandbox, ansible: t.Any) -> None:
    access = {"GITLAB_API_URL": sandbox.api_url, "GITLAB_TOKEN": "glpat-mia"}
    commands = {
        "package_info": "project=acme/web/shop",
        "package_file_info": "project=acme/web/shop name=ui version=1",
        "package": "project=acme/web/shop name=ui version=1 state=absent",
        "package_file": "project=acme/web/shop name=ui version=1 file_name=ui.tgz state=absent",
    }
    said = {}
    for module, arguments in commands.items():
        done = ansible(module, arguments, "--check", **access)
        assert done.returncode == 0, done.stdout + done.stderr
        head, _, body = done.stdout.partition(" => ")
        said[module] = (head, json.loads(body))
    assert said["package_info"][0] == "localhost | SUCCESS"
    assert [found["name"] for found in said["package_info"][1]["packages"]] == ["ui", "x"]
    assert said["package_file_info"][1]["total_size"] == 5
    assert said["package"][0] == said["package_file"][0] == "localhost | CHANGED"
    assert said["package"][1]["summary"]["deleted"] == said["package_file"][1]["summary"]["deleted"] == 1


def test_tls(certificate: tuple[Path, Path], start: t.Any, playbook: t.Any, tmp_path: Path) -> None:
    sandbox = start(registry(), tls=certificate)
    no_pem = tmp_path / "no.pem"
    no_pem.write_text("not a certificate")
    tasks = [
        {**ONE},
        {**ONE, "ca_path": str(certificate[0])},
        {**ONE, "validate_certs": False},
        {**ONE, "ca_path": str(no_pem)},
        {**ONE, "ca_path": str(tmp_path / "missing.pem")},
        # The name in the certificate is 127.0.0.1.
        {**ONE, "ca_path": str(certificate[0]), "api_url": sandbox.api_url.replace("127.0.0.1", "localhost")},
    ]
    plain, with_ca, without, bad, missing, other_name = playbook(
        sandbox, *({"package_info": {**task, "retries": 0}} for task in tasks)
    ).results
    assert plain["msg"].startswith(
        f"GET /projects/42/packages: the TLS certificate of {sandbox.url} does not verify (certificate verify failed"
    )
    assert plain["msg"].endswith(
        "name the file of its authority in ca_path, or set validate_certs to false where you trust the network"
    )
    assert (with_ca["count"], without["count"]) == (1, 1)
    for result in (bad, other_name):
        assert "ca_path" in result["msg"]
        assert result["error"]["kind"] in ("Unreachable", "InvalidInput")
    assert missing["msg"] == f"ca_path {str(tmp_path / 'missing.pem')!r} does not exist"
    # Neither the refused handshakes nor the missing file brought a token to anyone.
    assert len(sandbox.requests()) == 2


def test_a_token_never_follows_a_redirect_or_a_link(sandbox: Sandbox, playbook: t.Any, stranger: t.Any) -> None:
    tokens = ({"api_token": "glpat-mia"}, {"api_oauth_token": "glpat-mia"}, {"api_job_token": "glcbt-mia"})
    there = f"{stranger.url}/api/v4/projects/42/packages?private_token=glpat-mia"
    # The cursor after the eleventh build record, which is that of pipeline 910.
    link = f'<{stranger.url}/api/v4/projects/43/packages?page=2&cursor=eyJpZCI6IjExIiwiX2tkIjoibiJ9>; rel="next"'
    body = [{"id": 3, "name": "b", "version": "1", "package_type": "npm", "status": "default"}]
    told = {"kind": "status", "code": 200, "headers": {"Link": link}}
    sandbox.faults(
        [
            {"path": "/42/packages$", "kind": "redirect", "location": there, "times": -1},
            {"method": "DELETE", "kind": "redirect", "location": there, "times": -1},
            {"path": "/43/packages$", "body": body, **told},
            {"path": "/pipelines$", "body": [{"id": 910}], **told},
        ]
    )
    sandbox.forget()
    run = playbook(
        sandbox,
        *({"package_info": {**ONE, **token}} for token in tokens),
        {"package": {"project": "42", "id": 1, "state": "absent", "verify": False}},
        {"package_info": {**ONE, "project": "43", "with_pipelines": True}},
    )
    sandbox.faults([])
    *redirected, deleted, linked = run.results
    for result in redirected:
        assert result["msg"] == (
            f"GET /projects/42/packages was redirected to {stranger.url}/api/v4/projects/42/packages, another server"
            " than api_url: not followed, as the token would go along"
        )
        assert result["error"]["kind"] == "RedirectRefused"
    assert deleted["failed"]
    assert "another server than api_url" in deleted["results"][0]["message"]
    # The cursor of the link is used, at the server that one talks to.
    pipelines = linked["packages"][0]["pipelines"]
    assert [pipeline["id"] for pipeline in pipelines] == [910, *range(909, 899, -1)]
    assert [r["path"] for r in sandbox.requests()][-3:] == [
        "/api/v4/projects/43/packages",
        "/api/v4/projects/43/packages/3/pipelines",
        "/api/v4/projects/43/packages/3/pipelines",
    ]
    assert stranger.received == []
    assert "glpat-mia" not in run.output


def test_redirects_within_the_host_are_followed(sandbox: Sandbox, playbook: t.Any) -> None:
    within = "/api/v4/projects/43/packages?package_type=npm&per_page=100&page=1"
    sandbox.faults(
        [
            {"path": "/42/packages$", "kind": "redirect", "location": f"{sandbox.url}{within}"},
            {"path": "/44/packages$", "kind": "redirect", "location": within.replace("43", "44"), "times": -1},
        ]
    )
    followed, endless = playbook(sandbox, {"package_info": ONE}, {"package_info": {**ONE, "project": "44"}}).results
    sandbox.faults([])
    assert followed["count"] == 1
    assert endless["msg"] == "GET /projects/44/packages was redirected more than 5 times"


def test_tokens_never_show(sandbox: Sandbox, playbook: t.Any) -> None:
    """At the highest verbosity, in failures and in diffs; also when the server itself repeats the token."""
    secrets = {"private": "glpat-mia", "job": "glcbt-mia", "gone": "glpat-gone-9d8f7a"}
    options = {"private": "api_token", "job": "api_job_token", "gone": "api_oauth_token"}

    def token(kind: str) -> dict[str, str]:
        return {options[kind]: "{{ lookup('ansible.builtin.env', 'SECRET_" + kind + "') }}"}

    echo = {"path": "echo", "kind": "status", "code": 400, "body": {"error": "no such token: glpat-mia"}}
    named = {"path": "named", "kind": "status", "code": 200, "body": {"id": 1, "note": "glpat-mia"}}
    found = {**package("is glpat-mia here", "1", "npm"), "id": 5, "note": "glpat-mia"}
    listed = {"path": "43/packages", "kind": "status", "code": 200, "body": [found], "times": -1}
    sandbox.faults([{**echo, "times": -1}, {**named, "times": -1}, listed])
    show = {"ansible.builtin.debug": {"msg": "{{ query('registryops.gitlab.packages', 'a/echo') }}"}}
    run = playbook(
        sandbox,
        {"package_info": {**ONE, **token("private")}},
        {"package_info": {**ONE, **token("gone")}},
        {"package_info": {**ONE, **token("job"), "retries": "many"}},
        {"package_info": {"project": "a/echo", **token("private")}},
        {"package_info": {"project": "a/echo"}},
        {"package_info": {**ONE, "project": "43", **token("private")}},
        {"package_info": {**ONE, "project": "43"}},
        {"package_info": {**ONE, "api_url": "{{ lookup('ansible.builtin.env', 'GITLAB_API_URL') }}x", **token("job")}},
        {"package": {"project": "42", "id": 1, "state": "absent", **token("private")}, "check_mode": True},
        {"package": {"project": "42", "id": 1, "state": "absent", **token("gone")}},
        show,
        args=["-vvvv", "--diff"],
        env={f"SECRET_{kind}": value for kind, value in secrets.items()},
    )
    sandbox.faults([])
    assert len(run.results) == 11
    assert run.results[0]["count"] == 1
    failed = [1, 2, 3, 4, 7, 9, 10]
    assert [i for i, result in enumerate(run.results) if result["failed"]] == failed
    assert "no such token: ********" in run.results[4]["msg"]
    assert "no such token: ********" in run.results[10]["msg"]
    assert run.results[6]["packages"][0]["name"] == "is ******** here"
    for value in secrets.values():
        assert value not in run.output
        assert value not in json.dumps(run.results)
