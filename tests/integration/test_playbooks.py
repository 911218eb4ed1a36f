# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks `registryops.gitlab.audit` and `registryops.gitlab.cleanup`, by their names, with ``-e``."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import digest
from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT, run_process
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from ansible_collections.registryops.gitlab.tests.integration.test_report_module import HOSTILE
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]

REPORTS = {"report.html", "report.md", "report.json", "report.csv", "report.junit.xml"}
POLICY = """\
# What a user writes.
rules:
  - name: old
    match: {name: [app-*]}
    keep_latest: 1
"""


@dataclass
class Played:
    """A finished playbook."""

    returncode: int
    output: str
    files: Path

    def read(self, name: str) -> str:
        return (self.files / name).read_text(encoding="utf-8")

    def recap(self) -> dict[str, int]:
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", self.output.rsplit("PLAY RECAP", 1)[1])}

    def batches(self) -> list[str]:
        """The batches that were done, each shown with how much it deleted."""
        return re.findall(r"\(item=(\d+-\d+ of \d+): \d+ deleted\)", self.output)


@pytest.fixture
def play(tmp_path: Path) -> t.Callable[..., Played]:
    """Run a playbook by its name, from the user's folder: ``play(sandbox, "cleanup", "--check", group="acme")``.

    Further arguments are ansible-playbook's; keywords become the role's variables as a user gives them, as text.
    """
    (tmp_path / "policy.yml").write_text(POLICY)

    def run(sandbox: Sandbox, name: str, *args: str, token: str = "glpat-mia", **variables: t.Any) -> Played:
        role = f"package_{name}"
        given: list[str] = []
        for key, value in variables.items():
            text = f"{role}_{key}={value}" if isinstance(value, str) else json.dumps({f"{role}_{key}": value})
            given += ["-e", text]
        command = ["ansible-playbook", f"registryops.gitlab.{name}", *given, *args]
        env = {"PWD": str(tmp_path), "GITLAB_API_URL": sandbox.api_url, "GITLAB_TOKEN": token}
        done = run_process(command, tmp_path, **env)
        return Played(done.returncode, done.stdout + done.stderr, tmp_path / f"package-{name}")

    return run


def project(path: str, number: int, *packages: Json, **more: t.Any) -> Json:
    return {"path": path, "id": number, "packages": list(packages), **more}


def apps(first_id: int, *names: str, count: int = 2) -> list[Json]:
    """Of each name some versions, the oldest first."""
    return [
        package(name, str(i), id=first_id + 10 * n + i, created_at=f"2026-03-{i + 1:02}T10:00:00.000Z")
        for n, name in enumerate(names)
        for i in range(count)
    ]


#: Each test has a project of its own, so that no order of tests matters.
PROJECTS = [
    project("acme/look", 50, *apps(5000, "app-a", "other")),
    project("acme/half", 51, *apps(5100, "app-a", count=4)),
    project("acme/staged", 52, *apps(5200, "app-a", "app-b", "app-c", "app-d", "app-e")),
    project("acme/trouble", 53, *apps(5300, "app-a", "app-b", "app-c", "app-d", "app-e")),
    project("acme/listed", 54, *apps(5400, "app-a", "app-b", "app-c")),
    project("acme/hostile", 55, *apps(5500, *(f"app-{name}" for name in HOSTILE))),
]


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    with Sandbox(seed(projects=PROJECTS)) as sandbox:
        yield sandbox


def deletes(sandbox: Sandbox) -> list[int]:
    sent = [request["path"] for request in sandbox.requests() if request["method"] == "DELETE"]
    return sorted(int(path.rsplit("/", 1)[1]) for path in sent)


# --- what changes nothing -----------------------------------------------------------------------------------------


def test_an_audit_writes_its_report_and_changes_nothing(shop: Sandbox, play: t.Any) -> None:
    before = shop.state()
    shop.forget()
    done = play(shop, "audit", "--check", groups=["acme"], policy_file="policy.yml", sizes="true")
    assert done.returncode == 0, done.output
    assert {request["method"] for request in shop.requests()} == {"GET"}
    assert shop.state() == before
    assert (done.recap()["changed"], done.recap()["failed"]) == (0, 0)
    assert {path.name for path in done.files.iterdir()} == REPORTS
    report = json.loads(done.read("report.json"))
    assert report["scope"]["groups"] == ["acme"]
    assert report["totals"]["bytes"] == 0
    # The paths are shown, so that a user finds them.
    assert f"{done.files}/report.html" in done.output
    # Gates fail it when the report is there.
    gated = {"policy_file": "policy.yml", "fail_on": "changes,unmatched"}
    again = play(shop, "audit", projects="acme/look", formats="json", report_dir=str(done.files / "deep/er"), **gated)
    assert json.loads((done.files / "deep/er/report.json").read_text())["totals"]["packages"] == 4, again.output
    assert again.returncode == 2
    words = (
        "package_audit_fail_on changes: the policy deletes 1 of 4 packages; "
        "package_audit_fail_on unmatched: 2 of 4 packages match no rule of the policy"
    )
    assert words in " ".join(again.output.split())
    assert "[DEPRECATION WARNING]" not in again.output
    refused = play(shop, "audit")
    assert refused.returncode == 2
    assert "name at least one of projects and groups" in refused.output


def test_a_check_of_a_cleanup_is_an_audit(shop: Sandbox, play: t.Any) -> None:
    before = shop.state()
    shop.forget()
    done = play(shop, "cleanup", "--check", "--diff", project="acme/look", policy_file="policy.yml")
    assert done.returncode == 0, done.output
    assert {request["method"] for request in shop.requests()} == {"GET"}
    assert shop.state() == before
    assert (done.recap()["changed"], done.recap()["failed"]) == (1, 0)
    # The plan is shown and written: for a reader, and to be applied.
    assert "  acme/look  generic  app-a: 1 package, created 2026-03-01" in done.output
    assert "delete 1 of 4 packages, keep 3 (2 of them match no rule)" in done.output
    assert done.read("plan.txt").startswith("delete 1 of 4 packages, keep 3 (2 of them match no rule)\n")
    plan = json.loads(done.read("plan.json"))
    assert plan["digest"] == digest(plan)
    assert [entry["id"] for entry in plan["delete"]] == [5000]
    assert {path.name for path in done.files.iterdir()} == {"plan.json", "plan.txt", "plan.md", "terraform.json"}
    assert json.loads(done.read("terraform.json")) == {"create": 0, "update": 0, "delete": 1}
    assert "| `old` | 1 | 1 |" in done.read("plan.md")
    assert "rule  deletes  keeps  frees\nold         1      1\n" in done.read("plan.txt")
    old = "[DEPRECATION WARNING]: package_cleanup_project is deprecated, use package_cleanup_projects, which are lists."
    assert done.output.count(old) == 1
    # A wrong policy is refused before any request.
    shop.forget()
    wrong = play(shop, "cleanup", project="acme/look", policy={"rules": [{"name": "old", "keep_latest": 0}]})
    assert wrong.returncode == 2, wrong.output
    assert "policy: rule 'old': no keep is given (keep_latest: 0 keeps nothing)" in wrong.output
    assert shop.requests() == []


def test_the_guard_of_half_of_the_packages(shop: Sandbox, play: t.Any) -> None:
    shop.forget()
    refused = play(shop, "cleanup", projects="acme/half", policy_file="policy.yml")
    assert refused.returncode == 2
    words = "the plan deletes 3 of 4 packages (75 %), and package_cleanup_max_delete_percent allows 50 %: nothing"
    assert words in " ".join(refused.output.split())
    assert deletes(shop) == []
    assert "[DEPRECATION WARNING]" not in refused.output
    # The plan is there to be read all the same, and shown before the refusal.
    before = refused.output.split("Refuse what must not be applied]")[0]
    assert "delete 3 of 4 packages, keep 1 (0 of them match no rule)" in before
    assert refused.read("plan.txt").startswith("delete 3 of 4 packages")
    done = play(shop, "cleanup", project="acme/half", policy_file="policy.yml", max_delete_percent="75")
    assert done.returncode == 0, done.output
    assert deletes(shop) == [5100, 5101, 5102]


# --- plan, approve, apply -----------------------------------------------------------------------------------------


def test_a_plan_is_made_by_one_process_and_applied_by_another(shop: Sandbox, play: t.Any, tmp_path: Path) -> None:
    shop.forget()
    before = shop.state()
    planned = play(shop, "cleanup", projects="52,acme/staged", policy_file="policy.yml", apply="false", sizes="yes")
    assert planned.returncode == 0, planned.output
    assert planned.recap()["changed"] == 0
    assert (shop.state(), deletes(shop)) == (before, [])
    assert planned.read("plan.txt").startswith("delete 5 of 10 packages (0 B), keep 5")
    (planned.files / "plan.json").rename(tmp_path / "approved.json")
    given = {"plan_file": "approved.json", "batch_size": "2", "max_plan_age": "1d", "report_dir": "done"}
    wrong = play(shop, "cleanup", **given, project="acme/look")
    assert wrong.returncode == 2
    words = "the plan is for project 'acme/staged' with the ID 52, and the task names project 'acme/look'"
    assert words in " ".join(wrong.output.split())
    assert deletes(shop) == []
    applied = play(shop, "cleanup", **given, project="acme/staged")
    assert applied.returncode == 0, applied.output
    assert applied.batches()[:3] == ["1-2 of 5", "3-4 of 5", "5-5 of 5"]
    assert deletes(shop) == [5200, 5210, 5220, 5230, 5240]
    assert applied.recap()["changed"] == 1
    result = json.loads((tmp_path / "done/result.json").read_text())
    assert result["summary"] == {
        "deleted": 5,
        "already_absent": 0,
        "protected": 0,
        "not_deletable": 0,
        "failed": 0,
        "drifted": 0,
    }
    plan = json.loads((tmp_path / "approved.json").read_text())
    assert (result["scope"], result["plan_digest"], result["errors"]) == (plan["scope"], plan["digest"], [])
    assert [entry["id"] for entry in result["results"]] == [entry["id"] for entry in plan["delete"]]
    markdown = (tmp_path / "done/result.md").read_text()
    assert "| deleted | 5 |" in markdown
    assert '| rule | deleted | freed |\n| --- | --: | --: |\n| `"old"` | 5 | 0 Bytes |\n' in markdown
    assert '## Deleted (5)\n\n    ["generic", "app-a", "0", 5200]\n' in markdown
    assert "acme/staged: 5 packages: 5 deleted (0 Bytes)" in applied.output
    # A plan that is given is shown too.
    assert "delete 5 of 10 packages (0 B), keep 5 (0 of them match no rule)" in applied.output
    again = play(shop, "cleanup", **given)
    assert (again.returncode, again.recap()["changed"]) == (0, 0), again.output
    assert json.loads((tmp_path / "done/result.json").read_text())["summary"]["already_absent"] == 5
    assert len(deletes(shop)) == 5


def test_a_long_apply_shows_its_progress(start: t.Any, play: t.Any) -> None:
    """On a real history: a batch for many packages, and no task for each."""
    history = {"file": "react.json", "package_type": "npm"}
    sandbox = start(
        seed(projects=[{"path": "acme/mirror", "id": 43, "histories": [history]}]),
        folder=ROOT / "tests/sandbox/seeds/histories",
    )
    rule = {"name": "canaries", "match": {"name": "react"}, "keep_latest": 2500}
    done = play(sandbox, "cleanup", group="acme", policy={"rules": [rule]}, batch_size=100)
    assert done.returncode == 0, done.output
    going = json.loads(done.read("plan.json"))["summary"]["delete"]
    assert going > 400
    shown = [f"{first}-{min(first + 99, going)} of {going}" for first in range(1, going + 1, 100)]
    assert done.batches()[: len(shown)] == shown
    assert len(done.output.splitlines()) < 150  # three for each task of the role, and none for a package
    assert sandbox.state()["packages"]["pending_destruction"] == going


# --- trouble ------------------------------------------------------------------------------------------------------


def test_a_failing_package_fails_the_end_and_not_the_middle(shop: Sandbox, play: t.Any) -> None:
    shop.faults([{"method": "DELETE", "path": "/packages/5310$", "kind": "silent_204", "times": -1}])
    done = play(shop, "cleanup", project="acme/trouble", policy_file="policy.yml", batch_size="1")
    shop.faults([])
    assert done.returncode == 2
    result = json.loads(done.read("result.json"))
    assert {entry["id"]: entry["result"] for entry in result["results"]} == {
        5300: "deleted",
        5310: "failed",
        5320: "deleted",
        5330: "deleted",
        5340: "deleted",
    }
    assert result["summary"]["failed"] == 1
    assert len(result["errors"]) == 1
    assert done.recap()["failed"] == 1
    assert '"results":' not in done.output
    ending = done.output.split("Fail if a batch did", 1)[1]
    assert "1 of 1 could not be deleted: generic app-b 0 (id 5310): failed: GitLab answered that it was" in ending
    markdown = done.read("result.md")
    assert "| failed | 1 |" in markdown
    assert '\n1 failed: `"GitLab answered that it was deleted, but' in markdown
    assert '\n    ["generic", "app-b", "0", 5310]\n' in markdown
    # Going on where it ended.
    again = play(shop, "cleanup", project="acme/trouble", policy_file="policy.yml")
    assert (again.returncode, again.recap()["changed"]) == (0, 1), again.output


def test_a_batch_that_fails_as_a_whole_does_not_stop_the_others(shop: Sandbox, play: t.Any) -> None:
    # The lists of the plan (two: all types, terraform modules), of the check (three names), of the first batch (one
    # before, one after), and then the first of the second batch.
    shop.forget()
    forbidden = {"kind": "status", "code": 403, "body": {"message": "403 Forbidden"}}
    shop.faults([{"method": "GET", "path": "/projects/54/packages$", "skip": 7, "times": 1, **forbidden}])
    done = play(shop, "cleanup", project="acme/listed", policy_file="policy.yml", batch_size="1")
    shop.faults([])
    assert done.returncode == 2
    result = json.loads(done.read("result.json"))
    assert [entry["id"] for entry in result["results"]] == [5400, 5420]
    assert len(result["errors"]) == 1
    assert '## Batches that failed as a whole\n\n    "GET /projects/54/packages: 403 Forbidden' in done.read(
        "result.md"
    )
    assert deletes(shop) == [5400, 5420]


def test_hostile_names_come_through_as_data(shop: Sandbox, play: t.Any) -> None:
    names = [f"app-{name}" for name in HOSTILE]
    shop.faults([{"method": "DELETE", "path": "/packages/55[0-9]0$", "kind": "silent_204", "times": 6}])
    done = play(shop, "cleanup", "--diff", project="acme/hostile", policy_file="policy.yml")
    shop.faults([])
    assert done.returncode == 2
    assert [entry["name"] for entry in json.loads(done.read("plan.json"))["delete"]] == sorted(names)
    result = json.loads(done.read("result.json"))
    assert [entry["name"] for entry in result["results"]] == sorted(names)
    markdown = done.read("result.md")
    for name in names:
        assert f"    {json.dumps(['generic', name, '0'])[:-1]}, " in markdown
    for text in (markdown, done.read("plan.txt"), done.output):
        assert "\u202e" not in text
    assert "app-{{ 7 * 7 }}" in done.read("plan.txt")
    audited = play(shop, "audit", projects="acme/hostile")
    report = json.loads(audited.read("report.json"))
    assert all(json.dumps(name, ensure_ascii=False) in json.dumps(report, ensure_ascii=False) for name in names)
    for kind in ("html", "md", "csv"):
        text = audited.read(f"report.{kind}")
        assert "49" not in re.findall(r"app-(\d+)", text)
    assert "<script>alert" not in audited.read("report.html")
    # Data in files too: whoever looks at it in a terminal does not run what somebody chose for a name.
    for text in (done.read("plan.json"), done.read("result.json"), audited.read("report.json")):
        assert text.isascii()
