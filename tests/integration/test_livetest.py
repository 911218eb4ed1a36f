# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make livetest` on the sandbox: it must stay true, and leave nothing behind. No control call is made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import typing as t
import urllib.request
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.replay import recorded, replay
from gitlab_sandbox.testing import Sandbox

SCRIPT = Path(__file__).parents[1] / "livetest" / "livetest.py"
SEED: dict[str, t.Any] = {
    "users": [
        {"username": "mia", "tokens": [{"value": "glpat-mia", "scopes": ["api"]}]},
        {"username": "ann", "tokens": [{"value": "glpat-ann", "scopes": ["api"]}]},
        {"username": "sam", "tokens": [{"value": "glpat-sam", "scopes": ["api"]}]},
    ],
    "groups": [
        {"path": "acme", "visibility": "private", "members": {"mia": "maintainer", "ann": "owner", "sam": "developer"}}
    ],
    "projects": [
        {"path": "acme/scratch", "id": 1},
        {"path": "acme/shop", "id": 2, "packages": [{"name": "ui", "version": "1.0.0", "package_type": "npm"}]},
    ],
}


@pytest.fixture
def sandbox() -> t.Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


def start(sandbox: Sandbox, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    given = {"GITLAB_API_URL": sandbox.url, "GITLAB_TOKEN": "glpat-mia", "PROJECT": "acme/scratch", **environ}
    collections = str(Path(__file__).parents[2] / "build" / "tree")
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), "--collections", collections, "--record", os.devnull, *arguments],
        env={**os.environ, **given},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def run(sandbox: Sandbox, *arguments: str, **environ: str) -> tuple[int, str]:
    with start(sandbox, *arguments, **environ) as process:
        output, _ = process.communicate(timeout=300)
    return process.returncode, output


def packages(sandbox: Sandbox, project: int = 1) -> str:
    """What GitLab's own list says, as text."""
    url = f"{sandbox.api_url}/projects/{project}/packages?per_page=100"
    request = urllib.request.Request(url, headers={"PRIVATE-TOKEN": "glpat-mia"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return answer.read().decode()


def governed(sandbox: Sandbox) -> list[str]:
    """The rules, the cleanup policy and the setting, as text."""
    asked = [
        f"{sandbox.api_url}/projects/1/packages/protection/rules",
        'project(fullPath: "acme/scratch") { packagesCleanupPolicy { keepNDuplicatedPackageFiles } }',
        'group(fullPath: "acme") { packageSettings { genericDuplicatesAllowed } }',
    ]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    found = []
    for what in asked:
        body = None if what.startswith("http") else json.dumps({"query": f"{{ {what} }}"}).encode()
        url = what if body is None else f"{sandbox.url}/api/graphql"
        headers = {"PRIVATE-TOKEN": "glpat-ann", "Content-Type": "application/json"}
        with opener.open(urllib.request.Request(url, body, headers)) as answer:
            found.append(answer.read().decode())
    return found


def test_passes_and_leaves_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    recording = tmp_path / "livetest.jsonl"
    status, output = run(sandbox, "--record", str(recording), GITLAB_TOKEN="glpat-ann", GROUP="acme")
    assert (status, "FAIL" in output) == (0, False), output
    assert "31 passed, 0 failed" in output
    assert "pass  govern: a setting of the group" in output
    # What was changed is as it was.
    with Sandbox(SEED) as untouched:
        assert governed(sandbox) == governed(untouched)
    assert "pass  contract, section 5: `404 Not found`: no such package, E6" in output
    assert "glpat-" not in output
    assert packages(sandbox) == "[]"
    # What it recorded names nobody, and is read by the code that it was recorded for.
    text = recording.read_text(encoding="utf-8")
    assert not any(secret in text for secret in ("glpat-", "mia", "127.0.0.1"))
    answers = [replay(line) for line in recorded(recording)]
    kinds = [
        type(found).__name__ if isinstance(found, GitlabError) else "fine" for found in answers if found is not None
    ]
    assert {"fine", "BadRequest", "PackageNotFound", "PreconditionFailed", "ScopeNotFound"} == set(kinds)


def test_refuses_a_project_that_is_not_empty(sandbox: Sandbox) -> None:
    before = packages(sandbox, 2)
    status, output = run(sandbox, PROJECT="acme/shop")
    assert status == 2
    assert output.startswith("livetest: acme/shop is not empty")
    assert packages(sandbox, 2) == before


def test_cleans_up_after_a_failure(sandbox: Sandbox, tmp_path: Path) -> None:
    status, output = run(sandbox, "--collections", str(tmp_path))
    assert status == 1
    assert "published 12 packages" in output
    assert "0 passed, 0 failed, not ended" in output
    assert packages(sandbox) == "[]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_a_forced_project_as_it_was(number: signal.Signals) -> None:
    with Sandbox(SEED, gitlab_version="16.1") as sandbox:
        before = packages(sandbox, 2)
        with start(sandbox, PROJECT="2", FORCE="1") as process:
            assert process.stdout is not None
            while "published" not in (line := process.stdout.readline()):
                assert line, "ended before it published"
            assert packages(sandbox, 2) != before
            process.send_signal(number)
            output, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "STOP  interrupted" in output
        assert packages(sandbox, 2) == before


def test_stops_before_it_publishes_much_if_the_token_may_not_delete(sandbox: Sandbox) -> None:
    status, output = run(sandbox, GITLAB_TOKEN="glpat-sam")
    assert status == 1
    assert "may publish to acme/scratch, but not delete" in output
    assert packages(sandbox).count('"version"') == 1


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"PROJECT": ""}, "set PROJECT"),
        ({"GITLAB_TOKEN": "glpat-wrong"}, "401 Unauthorized"),
        ({"PROJECT": "acme/none"}, "404 Project Not Found"),
        ({"GITLAB_API_URL": "gitlab.example.com"}, "must begin with https://"),
    ],
)
def test_says_what_is_wrong_in_one_line(sandbox: Sandbox, environ: dict[str, str], said: str) -> None:
    status, output = run(sandbox, **environ)
    assert status == 2
    assert said in output
    assert output.count("\n") == 1
    assert "glpat-" not in output
