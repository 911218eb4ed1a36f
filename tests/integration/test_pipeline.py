# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/examples/gitlab-ci.yml and the jobs of docs/pipeline.md, run from their own file by gitlab-ci-local."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.registryops.gitlab.tests.integration.conftest import BIN, ROOT, TREE, environment, run_process
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

EXAMPLE = (ROOT / "docs/examples/gitlab-ci.yml").read_text(encoding="utf-8")
CI: dict[str, t.Any] = yaml.safe_load(EXAMPLE)
PAGE = (ROOT / "docs/pipeline.md").read_text(encoding="utf-8")
OF_THE_PAGE = {
    text.partition(":")[0]: text for text in re.findall(r"^```yaml\n([a-z].*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
}
#: gitlab-ci-local with its lock, and what it needs that a machine may not have.
RUNNER = Path(__file__).parent / "pipeline"
POLICY = "rules:\n  - {name: old, match: {name: app}, keep_latest: 3}\n"


@pytest.fixture(scope="module")
def runner() -> Path:
    """The folder in which gitlab-ci-local is installed, in the versions of its lock file."""
    folder = ROOT / "build" / "gitlab-ci-local"
    lock = (RUNNER / "package-lock.json").read_bytes()
    installed = folder / "package-lock.json"
    if not ((folder / "ready").exists() and installed.read_bytes() == lock):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(RUNNER, folder)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
        (folder / "ready").touch()
    return folder


class Project:
    """A project with a pipeline, as a user would set it up; jobs find the registry of ``sandbox``."""

    def __init__(self, sandbox: Sandbox, folder: Path, runner: Path, collection: Path) -> None:
        self.sandbox, self.folder, self.runner, self.collection = sandbox, folder, runner, collection
        self.git("init", "--quiet", "--bare", "--initial-branch=main", "origin", inside=".")
        self.git("clone", "--quiet", "origin", folder.name, inside=".")

    def git(self, *arguments: str, inside: str = "project") -> None:
        env = {**environment(self.folder.parent), "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", *arguments], cwd=self.folder.parent / inside, env=env, check=True, capture_output=True)

    def commit(self, policy: str, *jobs: str) -> None:
        """Commit the policy, and the example's pipeline with these jobs of the page beside it."""
        ci = "\n".join([EXAMPLE, *(OF_THE_PAGE[job] for job in jobs)])
        for name, text in {"policy.yml": policy, ".gitlab-ci.yml": ci, ".gitignore": "package-*/\n"}.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("-c", "user.name=Mia", "-c", "user.email=mia@example.com", "commit", "--quiet", "--message=policy")

    def run(self, *jobs: str, source: str = "schedule", **token: str) -> tuple[int, str]:
        """Run the pipeline, or these jobs of it; each has a folder of its own and the artifacts that it needs."""
        predefined = {
            "CI_PIPELINE_SOURCE": source,
            "CI_API_V4_URL": self.sandbox.api_url,
            "CI_PROJECT_PATH": "acme/web/shop",
            **(token or {"CI_JOB_TOKEN": "glcbt-mia"}),
        }
        variables = {**predefined, "COLLECTION": str(self.collection)}
        env = environment(self.folder.parent)
        del env["ANSIBLE_COLLECTIONS_PATH"]  # the jobs install the collection themselves
        done = subprocess.run(
            [
                str(self.runner / "node_modules/.bin/gitlab-ci-local"),
                *("--force-shell-executor", "--shell-isolation", "--concurrency", "2"),
                *(argument for item in variables.items() for argument in ("--variable", "=".join(item))),
                *("--ignore-predefined-vars", ",".join(predefined)),
                *jobs,
            ],
            env={**env, "PATH": f"{self.runner}:{BIN}:{env['PATH']}"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


def test_plan_approval_apply(start: t.Any, tmp_path: Path, runner: Path) -> None:
    sandbox = start(
        seed(*(package("app", str(i), id=i, created_at=f"2026-03-0{i}T10:00:00.000Z") for i in range(1, 5)))
    )
    source = TREE / "ansible_collections/registryops/gitlab"
    built = run_process(
        ["ansible-galaxy", "collection", "build", str(source), "--output-path", str(tmp_path)], tmp_path
    )
    assert built.returncode == 0, built.stdout + built.stderr
    project = Project(sandbox, tmp_path / "project", runner, next(tmp_path.glob("*.tar.gz")))
    project.commit(POLICY, "audit", "policy")
    project.git("push", "--quiet", "origin", "main")

    # The schedule comes: it plans, and a token that only reads is enough for it.
    status, said = project.run(GITLAB_TOKEN="glpat-mia-read")
    assert status == 0, said
    assert "rule 'old' deletes 1 package" in said
    assert {request["method"] for request in sandbox.requests()} == {"GET"}
    assert sandbox.state()["packages"]["default"] == 4
    assert (project.folder / "package-audit/report.html").exists()
    assert "<testsuite" in (project.folder / "package-audit/report.junit.xml").read_text(encoding="utf-8")

    # Somebody reads the plan and starts the job by hand, which takes the plan from the artifacts.
    sandbox.forget()
    status, said = project.run("apply")
    assert status == 0, said
    assert {request["auth"] for request in sandbox.requests()} == {"job-token"}
    assert sandbox.state()["packages"]["default"] == 3
    result = json.loads((project.folder / "package-cleanup/result.json").read_text())
    assert [(entry["id"], entry["result"]) for entry in result["results"]] == [(1, "deleted")]

    # A merge request changes the policy: its pipeline says what that would delete. Without an approval one
    # job is enough.
    project.commit(POLICY.replace("3", "2"), "audit", "policy")
    sandbox.forget()
    status, said = project.run(source="merge_request_event")
    assert status == 0, said
    assert "rule 'old' deletes 1 package" in said
    assert {request["method"] for request in sandbox.requests()} == {"GET"}
    widget = json.loads((project.folder / "package-cleanup/terraform.json").read_text(encoding="utf-8"))
    assert widget == {"create": 0, "update": 0, "delete": 1}
    project.commit(POLICY.replace("3", "2"), "clean-up")
    status, said = project.run("clean-up")
    assert status == 0, said
    assert sandbox.state()["packages"]["default"] == 2, said


def test_the_plan_is_handed_on() -> None:
    """The artifact of the one job is what the other takes, and lives as long as the plan may be applied."""
    plan, apply = CI["plan"], CI["apply"]
    assert plan["artifacts"]["paths"] == ["package-cleanup/"]
    assert apply["needs"] == ["plan"]
    assert "-e package_cleanup_plan_file=package-cleanup/plan.json" in apply["script"][0]
    assert f"-e package_cleanup_max_plan_age={plan['artifacts']['expire_in'][0]}d" in apply["script"][0]
    assert apply["rules"][0]["when"] == "manual"
    assert plan["artifacts"]["expire_in"] == "7 days"
