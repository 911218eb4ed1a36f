# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of docs/pipeline.md and docs/examples/gitlab-ci.yml, run as a runner runs their scripts."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from pathlib import Path

import yaml

from ansible_collections.registryops.gitlab.tests.integration.conftest import BIN, ROOT, environment
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

CI: dict[str, t.Any] = yaml.safe_load((ROOT / "docs/examples/gitlab-ci.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/pipeline.md").read_text(encoding="utf-8")
FENCED = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
JOBS: dict[str, t.Any] = {name: job for jobs in (CI, *FENCED) if jobs for name, job in jobs.items()}


def run_job(sandbox: Sandbox, name: str, folder: Path, **token: str) -> tuple[int, str]:
    """Run the script of a job, without its `before_script`, as a runner does: in a shell that stops at an error."""
    env = environment(folder, CI_API_V4_URL=sandbox.api_url, CI_PROJECT_PATH="acme/web/shop", PWD=str(folder), **token)
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(JOBS[name]["script"])],
        env={**env, "PATH": f"{BIN}:{env['PATH']}"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_jobs_of_the_page(start: t.Any, tmp_path: Path) -> None:
    sandbox = start(
        seed(*(package("app", str(i), id=i, created_at=f"2026-03-0{i}T10:00:00.000Z") for i in range(1, 5)))
    )
    job_token = {"CI_JOB_TOKEN": "glcbt-mia"}
    policy = "rules:\n  - {name: old, match: {name: app}, keep_latest: 3}\n"
    folders = {name: tmp_path / name for name in ("plan", "apply", "policy", "audit", "clean-up")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "policy.yml").write_text(policy)

    for name in ("policy", "plan", "audit"):
        status, said = run_job(sandbox, name, folders[name], **job_token)
        assert status == 0, said
    assert (folders["audit"] / "package-audit/report.html").exists()
    assert {request["method"] for request in sandbox.requests()} == {"GET"}
    assert {request["auth"] for request in sandbox.requests()} == {"job-token"}
    # A token that only reads is enough for the plan.
    status, said = run_job(sandbox, "plan", folders["plan"], GITLAB_TOKEN="glpat-mia-read")
    assert status == 0, said
    assert "rule 'old' deletes 1 package:" in said

    (folders["plan"] / "package-cleanup").rename(folders["apply"] / "package-cleanup")
    status, said = run_job(sandbox, "apply", folders["apply"], **job_token)
    assert status == 0, said
    assert sandbox.state()["packages"]["default"] == 3
    result = json.loads((folders["apply"] / "package-cleanup/result.json").read_text())
    assert [(entry["id"], entry["result"]) for entry in result["results"]] == [(1, "deleted")]

    (folders["clean-up"] / "policy.yml").write_text(policy.replace("3", "2"))
    status, said = run_job(sandbox, "clean-up", folders["clean-up"], **job_token)
    assert status == 0, said
    assert sandbox.state()["packages"]["default"] == 2


def test_the_plan_is_handed_on() -> None:
    """The artifact of the one job is what the other takes, and lives as long as the plan may be applied."""
    plan, apply = CI["plan"], CI["apply"]
    assert plan["artifacts"]["paths"] == ["package-cleanup/"]
    assert apply["needs"] == ["plan"]
    assert "-e package_cleanup_plan_file=package-cleanup/plan.json" in apply["script"][0]
    assert f"-e package_cleanup_max_plan_age={plan['artifacts']['expire_in'][0]}d" in apply["script"][0]
    assert apply["rules"][0]["when"] == "manual"
    assert plan["artifacts"]["expire_in"] == "7 days"
