# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan and apply on 100,000 packages while one request in a hundred fails (`make soak`).

The faults are those of docs/reliability.md that pass, in an order that a seed decides. Afterwards exactly the planned
packages must be gone. The figures of a run are written into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Selection
from gitlab_sandbox.testing import Sandbox

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TOKEN = "glpat-soak"
PROJECT = 1
PACKAGES = 100_000
NAMES = 500
#: Of 200 versions of each name so many stay.
KEPT = 160
SHARE = 0.01
TIMEOUT = 2

KINDS: tuple[dict[str, t.Any], ...] = (
    {"kind": "status", "code": 429, "body": "Retry later\n"},
    {"kind": "status", "code": 429, "body": "Retry later\n", "headers": {"Retry-After": "1"}},
    {"kind": "status", "code": 429, "body": "Retry later\n", "headers": {"RateLimit-Reset": "1000000000"}},
    *({"kind": "status", "code": code} for code in (500, 502, 503, 504)),
    *({"kind": "html_error", "code": code} for code in (500, 502, 503, 504)),
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "truncate"},
    {"kind": "bad_json"},
    {"kind": "slow", "ms": 1000 * TIMEOUT + 1000},
)


def schedule(seed: int, requests: int) -> list[dict[str, t.Any]]:
    """Faults for a share of so many requests, each for the one that comes after ``skip`` others."""
    chance = random.Random(seed)
    struck = [number for number in range(requests) if chance.random() < SHARE]
    # A fault that strikes takes its request from those after it in the list: each counts only what it sees.
    return [{**chance.choice(KINDS), "skip": number - index, "times": 1} for index, number in enumerate(struck)]


def playbook(folder: Path, url: str, tasks: list[dict[str, t.Any]]) -> str:
    """Run tasks in a whole ansible-playbook process; what it printed."""
    path = folder / "playbook.yml"
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "GITLAB_", "CI_"))}
    own = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "tree"), "GITLAB_API_URL": url, "GITLAB_TOKEN": TOKEN}
    quiet = {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
    temporary = {"ANSIBLE_LOCAL_TEMP": str(folder / "local"), "ANSIBLE_REMOTE_TEMP": str(folder / "remote")}
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), str(path)],
        env={**clean, **own, **quiet, **temporary, "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    if done.returncode or "Traceback" in done.stdout + done.stderr:
        raise SystemExit(f"the playbook failed:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def soak(seed: int) -> list[str]:
    """One run; what is to be told of it, line by line. Raises SystemExit where something is not as it must be."""
    project = {
        "path": "acme/soak",
        "id": PROJECT,
        "generate": [
            {"count": PACKAGES, "name": f"app-{{i % {NAMES}}}", "version": "1.0.{i}", "package_type": "generic"}
        ],
    }
    users = [{"username": "mia", "tokens": [{"value": TOKEN}]}]
    groups = [{"path": "acme", "members": {"mia": "maintainer"}}]
    policy = {"rules": [{"name": "old", "match": {"package_type": ["generic"]}, "keep_latest": KEPT}]}
    options = {"retries": 8, "timeout": TIMEOUT}
    with (
        Sandbox({"users": users, "groups": groups, "projects": [project]}, ready_seconds=180) as sandbox,
        tempfile.TemporaryDirectory() as scratch,
    ):
        folder = Path(scratch)
        plan_file, summary_file = folder / "plan.json", folder / "summary.json"
        plan = {"project": "acme/soak", "policy": policy, **options}
        tasks: list[dict[str, t.Any]] = [
            {"registryops.gitlab.package_retention_info": plan, "register": "planned"},
            {"ansible.builtin.copy": {"dest": str(plan_file), "content": "{{ planned.plan | to_json }}"}},
            {
                "registryops.gitlab.package_retention": {"plan_file": str(plan_file), **options},
                "register": "applied",
            },
            {"ansible.builtin.copy": {"dest": str(summary_file), "content": "{{ applied.summary | to_json }}"}},
        ]
        expected = PACKAGES - KEPT * NAMES
        faults = schedule(seed, expected + 5000)
        sandbox.faults(faults)
        began = time.monotonic()
        playbook(folder, sandbox.api_url, tasks)
        seconds = time.monotonic() - began
        sandbox.faults([])
        requests = sandbox.requests()
        in_flight = sandbox.max_in_flight()
        planned = {entry["id"] for entry in json.loads(plan_file.read_text(encoding="utf-8"))["delete"]}
        summary = json.loads(summary_file.read_text(encoding="utf-8"))
        with Client(Connection(sandbox.api_url, Token("private", TOKEN))) as client:
            everything = [Selection(include_versionless=True)]
            listed = list_packages(PackagesApi(client), Scope("project", str(PROJECT)), everything, reduce=_id)
    left = {package["id"] for package in listed}
    if left & planned or len(left) != PACKAGES - len(planned) or len(planned) != expected:
        raise SystemExit(
            f"planned {len(planned)}, of which {len(left & planned)} are left; {len(left)} are left in all"
        )
    if summary != {**dict.fromkeys(summary, 0), "deleted": len(planned)}:
        raise SystemExit(f"planned {len(planned)}, and the summary is {summary}")
    struck = [fault for index, fault in enumerate(faults) if fault["skip"] + index < len(requests)]
    kinds = collections.Counter(str(fault.get("code", fault["kind"].replace("_", " "))) for fault in struck)
    again = sum(request["status"] == 404 for request in requests)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        f"- {PACKAGES:,} packages, {len(planned):,} of them planned for deletion and, afterwards, exactly those gone;",
        f"  the summary says `deleted: {summary['deleted']}` and 0 of everything else.",
        f"- {len(requests):,} requests in {seconds:.0f} s, never more than {in_flight} at once;",
        f"  {len(struck)} of them met a fault: "
        + ", ".join(f"{kind} × {count}" for kind, count in sorted(kinds.items()))
        + ".",
        f"- {again} deletes were sent again after an answer was lost, and found nothing to delete: by looking, they",
        f"  counted as deleted. Seed {seed}; the largest process took {memory:.0f} MB.",
    ]


def _id(package: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"id": package["id"]}


def main() -> None:
    """Run, tell, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    lines = soak(parser.parse_args().seed)
    sys.stdout.write("\n".join([*lines, ""]))
    path = ROOT / "docs" / "reliability.md"
    text = path.read_text(encoding="utf-8")
    begin, end = "<!-- soak: written by make soak -->", "<!-- end of soak -->"
    made = re.sub(f"{begin}.*{end}", lambda _: "\n".join([begin, *lines, end]), text, flags=re.DOTALL)
    path.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
