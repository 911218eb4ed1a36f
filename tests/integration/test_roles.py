# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles in a play of the user's own, and the documentation of all of them."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT, run_process
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]
ROLES = ("package_audit", "package_cleanup", "package_registry")
KEEP_ONE = {"rules": [{"name": "old", "match": {"name": ["app"]}, "keep_latest": "{{ number_to_keep }}"}]}


def apps(first_id: int, count: int = 2) -> list[Json]:
    return [
        package("app", str(i), id=first_id + i, created_at=f"2026-03-{i + 1:02}T10:00:00.000Z") for i in range(count)
    ]


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    seen = {"path": "acme/seen/one", "id": 49, "packages": [*apps(4900), package("other", status="error")]}
    one = {"path": "acme/shared/one", "id": 50, "packages": apps(5000)}
    # Here mia is more than a developer, and dev no more than that.
    two = {"path": "acme/shared/two", "id": 51, "packages": apps(5100), "members": {"dev": "maintainer"}}
    listed = {"path": "acme/listed", "id": 52, "packages": apps(5200)}
    with Sandbox(seed(projects=[seen, one, two, listed])) as sandbox:
        yield sandbox


@pytest.fixture
def play(tmp_path: Path) -> t.Callable[..., tuple[int, str]]:
    """Run one role with variables as a play gives them; the status and what was printed."""

    def run(sandbox: Sandbox, role: str, *args: str, token: str = "glpat-mia", **variables: t.Any) -> tuple[int, str]:
        given = {f"{role}_{key}": value for key, value in variables.items()}
        roles = [{"role": f"registryops.gitlab.{role}", "vars": given}]
        document = [{"hosts": "localhost", "gather_facts": False, "vars": {"number_to_keep": 1}, "roles": roles}]
        # The playbook lies in another folder than the user is in.
        (tmp_path / "plays").mkdir(exist_ok=True)
        (tmp_path / "plays/play.yml").write_text(json.dumps(document))
        env = {"PWD": str(tmp_path), "GITLAB_API_URL": sandbox.api_url, "GITLAB_TOKEN": token}
        done = run_process(["ansible-playbook", "plays/play.yml", *args], tmp_path, **env)
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_documentation_is_complete(tmp_path: Path) -> None:
    done = run_process(["ansible-doc", "--json", "-t", "role", *(f"registryops.gitlab.{r}" for r in ROLES)], tmp_path)
    shown = json.loads(done.stdout)
    for role in ROLES:
        spec = shown[f"registryops.gitlab.{role}"]["entry_points"]["main"]
        assert spec["short_description"]
        assert spec["description"]
        for name, option in spec["options"].items():
            assert name.startswith(f"{role}_")
            assert option["description"], name
        folder = ROOT / "roles" / role
        defaults = yaml.safe_load((folder / "defaults/main.yml").read_text())
        documented = {name: option["default"] for name, option in spec["options"].items() if "default" in option}
        assert defaults == documented
        readme = (folder / "README.md").read_text()
        used = [word for word in re.split(r"[`:=\s]", readme) if word.startswith(f"{role}_")]
        assert set(used) <= {*spec["options"], f"{role}_result"}


@pytest.mark.core
def test_what_the_argument_specs_refuse_is_refused_before_any_request(shop: Sandbox, play: t.Any) -> None:
    shop.forget()
    for role, variables, words in (
        (
            "package_cleanup",
            {"group": "acme", "on_drift": "ignore"},
            "value of package_cleanup_on_drift must be one of",
        ),
        (
            "package_audit",
            {"groups": ["acme"], "formats": ["pdf"]},
            "value of package_audit_formats must be one or more",
        ),
        ("package_cleanup", {"group": "acme"}, "or one of package_cleanup_policy and package_cleanup_policy_file"),
        (
            "package_cleanup",
            {"projects": ["acme"], "policy": KEEP_ONE, "fail_on": ["chnages", {"over": "10GiB"}]},
            "package_cleanup_fail_on: chnages is no gate, and nothing was done: there are changes, unmatched, drift",
        ),
    ):
        status, said = play(shop, role, **variables)
        assert status == 2
        assert words in " ".join(said.split())
    assert shop.requests() == []


@pytest.mark.core
def test_an_audit_with_a_policy_of_the_play(shop: Sandbox, play: t.Any, tmp_path: Path) -> None:
    status, said = play(
        shop,
        "package_audit",
        groups=["acme/seen"],
        policy=KEEP_ONE,
        formats=["json"],
        api_token="glpat-mia-read",
        token="no",
    )
    assert status == 0, said
    report = json.loads((tmp_path / "package-audit/report.json").read_text())
    assert report["totals"]["packages"] == 3
    assert report["broken"]["total"] == 1
    assert "the policy deletes 1 of 3 packages of acme/seen; 1 match no rule" in said

    # The next run compares itself with what this one wrote, by a path from the working directory.
    earlier = "package-audit/report.json"
    again = {"groups": ["acme/seen"], "formats": ["json"], "api_token": "glpat-mia-read", "token": "no"}
    status, said = play(shop, "package_audit", compare_with=earlier, **again)
    assert status == 0, said
    assert "0 packages, 0 names new, 0 names vanished" in said
    compared = json.loads((tmp_path / earlier).read_text())["comparison"]
    assert compared["generated_at"] == report["generated_at"]
    status, said = play(shop, "package_audit", compare_with="none.json", **again)
    assert status == 2
    assert f"package_audit_compare_with '{tmp_path}/none.json' cannot be read" in said
    assert [path.name for path in (tmp_path / "package-audit").iterdir()] == ["report.json"]


def test_what_a_role_may_not_delete_does_not_stop_the_others(shop: Sandbox, play: t.Any, tmp_path: Path) -> None:
    """Check mode foresees it, and fails; a real run deletes what it may, and fails at the end."""
    before = shop.state()
    # One plan of a group and a project in it.
    options = {"projects": ["acme/shared/one"], "groups": ["acme/shared"], "policy": KEEP_ONE}
    status, said = play(shop, "package_cleanup", "--check", token="glpat-dev", **options)
    assert status == 2
    refused = "1 of 2 could not be deleted: generic app 0 (id 5000): failed: deleting needs the maintainer role"
    assert refused in " ".join(said.split())
    assert '"results":' not in said
    assert shop.state() == before
    # For a plan it is no failure: a token that only reads is enough.
    more = {"apply": False, "sizes": True, "fail_on": [{"over": "1 GiB"}]}
    status, said = play(shop, "package_cleanup", token="glpat-mia-read", **more, **options)
    assert status == 0, said
    assert "2 of 2 could not be deleted" in said
    assert shop.state() == before
    status, said = play(shop, "package_cleanup", token="glpat-dev", **options)
    assert status == 2
    assert (
        "1 of 2 could not be deleted: generic app 0 (id 5000): failed: DELETE /projects/50/packages/5000: 403" in said
    )
    result = json.loads((tmp_path / "package-cleanup/result.json").read_text())
    assert {entry["id"]: entry["result"] for entry in result["results"]} == {5000: "failed", 5100: "deleted"}
    status, said = play(shop, "package_cleanup", token="glpat-mia", **options)
    assert status == 0, said
    result = json.loads((tmp_path / "package-cleanup/result.json").read_text())
    assert {entry["id"]: entry["result"] for entry in result["results"]} == {5000: "deleted"}


def test_keep_lists_are_heard_at_the_plan_and_at_the_apply(shop: Sandbox, play: t.Any, tmp_path: Path) -> None:
    """Their paths count from where the user is, as those of the roles' other files."""
    before = shop.state()
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/keep.yml").write_text("- {name: app, version: '0', reason: LTS of customer X}\n")
    status, said = play(
        shop, "package_audit", projects=["acme/listed"], policy=KEEP_ONE, keep_lists=["lists/*.yml"], formats=["json"]
    )
    assert status == 0, said
    assert "the policy deletes 0 of 2 packages of acme/listed" in said
    options = {"project": "acme/listed", "policy": KEEP_ONE}
    # As -e gives it: a text.
    status, said = play(shop, "package_cleanup", **options, keep_lists="lists/keep.yml")
    assert status == 0, said
    plan = json.loads((tmp_path / "package-cleanup/plan.json").read_text())
    assert plan["summary"]["listed"] == 1
    assert [one["path"] for one in plan["keep_lists"]] == [str(tmp_path / "lists/keep.yml")]
    for role, variables in (("package_cleanup", options), ("package_audit", {"groups": ["acme"], "policy": KEEP_ONE})):
        status, said = play(shop, role, **variables, keep_lists=["lists/none.yml"])
        assert status == 2
        assert f"{role}_keep_lists: " in said
        assert "lists/none.yml" in said
    # What is listed after the plan was made is drift.
    status, said = play(shop, "package_cleanup", **options, apply=False)
    assert status == 0, said
    (tmp_path / "package-cleanup/plan.json").rename(tmp_path / "approved.json")
    saved = {"plan_file": "approved.json", "keep_lists": ["lists/keep.yml"]}
    status, said = play(shop, "package_cleanup", **saved, on_drift="skip", fail_on="drift")
    assert status == 2
    assert (
        "1 of 1 could not be deleted: generic app 0 (id 5200): drifted: it is kept now: listed: keep.yml (LTS of"
        in said
    )
    assert shop.state() == before
    (tmp_path / "lists/keep.yml").write_text("- {name: app, version: '7', reason: another}\n")
    status, said = play(shop, "package_cleanup", **saved)
    assert status == 0, said
    result = json.loads((tmp_path / "package-cleanup/result.json").read_text())
    assert [(entry["id"], entry["result"]) for entry in result["results"]] == [(5200, "deleted")]
