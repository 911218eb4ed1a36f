# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the roles that share a folder, a list of hosts or a wrong PWD: each does its own, where it was told to."""

from __future__ import annotations

import json
import resource
import stat
import subprocess
import time
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from ansible_collections.registryops.gitlab.tests.integration.conftest import BIN, ROOT, environment
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]

ROLES = ("package_audit", "package_cleanup")
GOES = {"rules": [{"name": "old", "match": {"name": "goes"}, "delete_all": True}]}
STAYS = {"rules": [{"name": "foreign", "match": {"name": "stays"}, "delete_all": True}]}


def packages(first_id: int, count: int = 6) -> list[Json]:
    """As many that a policy of these tests deletes as others."""
    return [package(("goes", "stays")[i % 2], str(i), id=first_id + i) for i in range(count)]


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    projects = [{"path": f"acme/p{n}", "id": 60 + n, "packages": packages(6000 + 100 * n)} for n in range(5)]
    with Sandbox(seed(projects=projects), latency_ms=20) as sandbox:
        yield sandbox


def command(name: str, **variables: t.Any) -> list[str]:
    given = json.dumps({f"package_{name}_{key}": value for key, value in variables.items()})
    return [str(BIN / "ansible-playbook"), f"registryops.gitlab.{name}", "-e", given]


def run(sandbox: Sandbox, folder: Path, arguments: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    given = environment(folder, GITLAB_API_URL=sandbox.api_url, GITLAB_TOKEN="glpat-mia", **env)
    return subprocess.run(arguments, cwd=folder, env=given, capture_output=True, text=True, timeout=300, check=False)


def deleted(sandbox: Sandbox, project: int) -> list[int]:
    sent = [r["path"] for r in sandbox.requests() if r["method"] == "DELETE" and f"/projects/{project}/" in r["path"]]
    return sorted(int(path.rsplit("/", 1)[1]) for path in sent)


@pytest.mark.core
def test_a_run_applies_the_plan_that_it_made(shop: Sandbox, tmp_path: Path) -> None:
    """Another run's plan is written into the folder as soon as the first package has gone."""
    foreign = run(shop, tmp_path, command("cleanup", project="acme/p0", policy=STAYS, apply=False))
    assert foreign.returncode == 0, foreign.stdout
    plan = (tmp_path / "package-cleanup/plan.json").read_text()
    shop.forget()
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(run, shop, tmp_path, command("cleanup", project="acme/p0", policy=GOES, batch_size=1))
        while not deleted(shop, 60) and not going.done():
            time.sleep(0.05)
        (tmp_path / "package-cleanup/plan.json").write_text(plan)
        done = going.result()
    assert done.returncode == 0, done.stdout
    assert deleted(shop, 60) == [6000, 6002, 6004]
    assert json.loads((tmp_path / "package-cleanup/plan.json").read_text())["policy"] == STAYS
    record = json.loads(next((tmp_path / "package-cleanup/deletes").iterdir()).read_text())
    assert (record["finished"], record["summary"]["deleted"]) == (True, 3)
    assert "3 packages: 3 deleted" in done.stdout


def test_hosts_of_one_play_do_their_own(shop: Sandbox, tmp_path: Path) -> None:
    """One of them only previews another policy; both write below the same folder."""
    hosts: Json = {
        "apply": {"package_cleanup_policy": GOES},
        "preview": {"package_cleanup_policy": STAYS, "package_cleanup_apply": False},
    }
    common = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "package_cleanup_project": "acme/p1",
    }
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": common}}))
    play = [{"hosts": "all", "gather_facts": False, "roles": [{"role": "registryops.gitlab.package_cleanup"}]}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play))
    shop.forget()
    done = run(shop, tmp_path, [str(BIN / "ansible-playbook"), "-i", "hosts.yml", "-f", "8", "play.yml"])
    assert done.returncode == 0, done.stdout
    assert deleted(shop, 61) == [6100, 6102, 6104]
    folder = tmp_path / "package-cleanup"
    assert sorted(path.name for path in folder.iterdir()) == ["apply", "preview"]
    assert not (folder / "preview/result.json").exists()
    assert json.loads((folder / "apply/result.json").read_text())["summary"]["deleted"] == 3


@pytest.mark.parametrize("name", ["cleanup", "audit"])
def test_a_mistyped_variable_is_refused_before_anything_is_done(shop: Sandbox, tmp_path: Path, name: str) -> None:
    shop.forget()
    where = {"cleanup": {"project": "acme/p2", "policy": GOES}, "audit": {"projects": ["acme/p2"]}}[name]
    done = run(shop, tmp_path, command(name, **where, aply=False))
    assert done.returncode == 2
    words = " ".join(done.stdout.split())
    assert f"package_{name}_aply: the role has no such variable, and nothing was done" in words
    assert shop.requests() == []
    assert not list(tmp_path.glob("package-*"))


def test_the_variables_that_are_known_are_those_that_are_documented() -> None:
    for role in ROLES:
        folder = ROOT / "roles" / role
        spec = yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
        known = yaml.safe_load((folder / "vars/main.yml").read_text())
        assert sorted(spec) == known[f"{role}_known"]
        own = {name for name in known if name.startswith(role)}
        assert own <= {*known[f"{role}_own"]}


def test_paths_count_from_the_working_directory(shop: Sandbox, tmp_path: Path) -> None:
    """Whatever PWD says: a program that starts ansible-playbook elsewhere seldom sets it."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, policy in ((here, GOES), (there, STAYS)):
        folder.mkdir()
        (folder / "policy.yml").write_text(json.dumps(policy))
    more = {"apply": False, "report_dir": "out", "fail_on": ["changes"]}
    done = run(shop, here, command("cleanup", projects=["acme/p3"], policy_file="policy.yml", **more), PWD=str(there))
    # A gate lets the files be written before it fails.
    assert done.returncode == 2
    assert "package_cleanup_fail_on changes: the policy deletes 3 of 6 packages" in done.stdout
    assert json.loads((here / "out/plan.json").read_text())["policy"] == GOES
    assert sorted(path.name for path in there.iterdir()) == ["policy.yml"]
    home = run(
        shop, here, command("audit", projects=["acme/p3"], report_dir="~/audit", formats=["json"]), HOME=str(there)
    )
    assert home.returncode == 0, home.stdout
    assert (there / "audit/report.json").exists()


def test_files_are_for_their_owner(shop: Sandbox, tmp_path: Path) -> None:
    done = run(shop, tmp_path, command("cleanup", project="acme/p4", policy=GOES))
    assert done.returncode == 0, done.stdout
    assert run(shop, tmp_path, command("audit", projects=["acme/p4"])).returncode == 0
    written = [*(tmp_path / "package-cleanup").rglob("*"), *(tmp_path / "package-audit").rglob("*")]
    assert len(written) == 6 + 2 + 5
    for path in (*written, tmp_path / "package-cleanup", tmp_path / "package-audit"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    shared = command("audit", projects=["acme/p4"], report_dir="shared", file_mode="0644", directory_mode="0755")
    assert run(shop, tmp_path, shared).returncode == 0
    assert stat.S_IMODE((tmp_path / "shared/report.html").stat().st_mode) == 0o644


def test_a_disk_that_is_full_when_the_record_is_to_be_begun(start: t.Any, tmp_path: Path) -> None:
    """There is room for what was written until the plan, and none for the record: not one package is deleted."""
    # More than a module takes on its way to the host, and less than the record of so many long names.
    count, room = 800, 2**19
    many = {"count": count, "name": "goes" + "o" * 240, "version": "1.0.{i}-" + "r" * 240, "package_type": "npm"}
    policy = {"rules": [{"name": "old", "match": {"name": "goes*"}, "delete_all": True}]}
    sandbox = start(seed(projects=[{"path": "acme/many", "id": 70, "generate": [many]}]))
    arguments = command("cleanup", project="acme/many", policy=policy, max_delete_percent=100)
    env = environment(tmp_path, GITLAB_API_URL=sandbox.api_url, GITLAB_TOKEN="glpat-mia")
    with (tmp_path / "output").open("w") as output:
        going = subprocess.Popen(arguments, cwd=tmp_path, env=env, stdout=output, stderr=output)
        folder = tmp_path / "package-cleanup"
        while not (folder / "plan.txt").exists() and going.poll() is None:
            time.sleep(0.01)
        # For the process and those that it starts from now on, a file ends there, as on a disk that is full.
        resource.prlimit(going.pid, resource.RLIMIT_FSIZE, (room, room))
        assert going.wait(timeout=300) == 2
    said = (tmp_path / "output").read_text()
    failed = said[said.index("TASK [registryops.gitlab.package_cleanup : Write the record of the deletes]") :]
    assert "fatal: [localhost]: FAILED!" in failed or "failed: [localhost]" in failed
    assert (folder / "plan.json").stat().st_size > room
    assert not list((folder / "deletes").iterdir())
    assert "DELETE" not in {request["method"] for request in sandbox.requests()}
