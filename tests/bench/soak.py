# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan and apply on 100,000 packages while one request in a hundred fails (`make soak`).

The faults are those of docs/reliability.md that pass, in an order that a seed decides. The plan is applied by four
processes at once, each a batch, on one token, whose rate limit is below what they ask for; and the clock of this host
is ahead of the server's. Afterwards exactly the planned packages must be gone. The figures of a run of the full size
are written into docs/reliability.md; another one is asked for by `--packages` (`make soak PACKAGES=20000`).
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
#: Versions of each name, and how many of them stay.
VERSIONS, KEPT = 200, 160
SHARE = 0.01
TIMEOUT = 2
#: How many processes apply the plan at once: hosts of one play, Ansible's forks.
FORKS = 4
#: Requests that the token has in so many seconds: less than the processes would send.
RATE = (3000, 10)
#: How many seconds the server's clock is behind: what is published in that time would pass for older than the plan.
CLOCK_OFFSET = -90

#: A refusal tells the limit, as GitLab's does: one that tells none and has no reason would pass for a low limit.
LIMIT = {"RateLimit-Limit": str(60 * RATE[0] // RATE[1])}
KINDS: tuple[dict[str, t.Any], ...] = (
    {"kind": "status", "code": 429, "body": "Retry later\n", "headers": LIMIT},
    {"kind": "status", "code": 429, "body": "Retry later\n", "headers": {**LIMIT, "Retry-After": "1"}},
    {"kind": "status", "code": 429, "body": "Retry later\n", "headers": {**LIMIT, "RateLimit-Reset": "1000000000"}},
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


def playbook(folder: Path, url: str, plays: list[dict[str, t.Any]]) -> str:
    """Run plays in a whole ansible-playbook process; what it printed."""
    path = folder / "playbook.yml"
    path.write_text(json.dumps([{"gather_facts": False, **play} for play in plays]), encoding="utf-8")
    hosts = {f"fork{number}": {"number": number} for number in range(FORKS)}
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    inventory = folder / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"localhost": {}, **hosts}, "vars": local}}), encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "GITLAB_", "CI_"))}
    own = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "tree"), "GITLAB_API_URL": url, "GITLAB_TOKEN": TOKEN}
    quiet = {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
    temporary = {"ANSIBLE_LOCAL_TEMP": str(folder / "local"), "ANSIBLE_REMOTE_TEMP": str(folder / "remote")}
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", str(inventory), "-f", str(FORKS), str(path)],
        env={**clean, **own, **quiet, **temporary, "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    if done.returncode or "Traceback" in done.stdout + done.stderr:
        raise SystemExit(f"the playbook failed:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout + done.stderr


def soak(seed: int, packages: int) -> list[str]:
    """One run; what is to be told of it, line by line. Raises SystemExit where something is not as it must be."""
    names = packages // VERSIONS
    expected = packages - KEPT * names
    project = {
        "path": "acme/soak",
        "id": PROJECT,
        "generate": [
            {"count": packages, "name": f"app-{{i % {names}}}", "version": "1.0.{i}", "package_type": "generic"}
        ],
    }
    users = [{"username": "mia", "tokens": [{"value": TOKEN}]}]
    groups = [{"path": "acme", "members": {"mia": "maintainer"}}]
    policy = {"rules": [{"name": "old", "match": {"package_type": ["generic"]}, "keep_latest": KEPT}]}
    options = {"retries": 8, "timeout": TIMEOUT}
    with (
        Sandbox(
            {"users": users, "groups": groups, "projects": [project]},
            ready_seconds=180,
            rate_limit="{}/{}".format(*RATE),
            clock_offset=CLOCK_OFFSET,
        ) as sandbox,
        tempfile.TemporaryDirectory() as scratch,
    ):
        folder = Path(scratch)
        plan_file = folder / "plan.json"
        plan = {"project": "acme/soak", "policy": policy, **options}
        planning: list[dict[str, t.Any]] = [
            {"registryops.gitlab.package_retention_info": plan, "register": "planned"},
            {"ansible.builtin.copy": {"dest": str(plan_file), "content": "{{ planned.plan | to_json }}"}},
        ]
        # Each host its part of the plan, all at once.
        part = -(-expected // FORKS)
        batch = f"{{{{ number * {part} + 1 }}}}-{{{{ [number * {part} + {part}, {expected}] | min }}}}"
        applied = {"content": "{{ applied.summary | to_json }}", "dest": f"{folder}/{{{{ inventory_hostname }}}}.json"}
        applying: list[dict[str, t.Any]] = [
            {
                "registryops.gitlab.package_retention": {"plan_file": str(plan_file), "batch": batch, **options},
                "register": "applied",
            },
            {"ansible.builtin.copy": applied},
        ]
        # A look at its files and a delete for each, and the lists: one plan's, two of each process.
        faults = schedule(seed, 2 * expected + (1 + 2 * FORKS) * packages // 100)
        sandbox.faults(faults)
        began = time.monotonic()
        plays = [{"hosts": "localhost", "tasks": planning}, {"hosts": "all:!localhost", "tasks": applying}]
        said = playbook(folder, sandbox.api_url, plays)
        seconds = time.monotonic() - began
        sandbox.faults([])
        requests = sandbox.requests()
        in_flight = sandbox.max_in_flight()
        planned = {entry["id"] for entry in json.loads(plan_file.read_text(encoding="utf-8"))["delete"]}
        summaries = [json.loads((folder / f"fork{n}.json").read_text(encoding="utf-8")) for n in range(FORKS)]
        summary = {kind: sum(one[kind] for one in summaries) for kind in summaries[0]}
        with Client(Connection(sandbox.api_url, Token("private", TOKEN))) as client:
            everything = [Selection(include_versionless=True)]
            listed = list_packages(PackagesApi(client), Scope("project", str(PROJECT)), everything, reduce=_id)
    left = {package["id"] for package in listed}
    if left & planned or len(left) != packages - len(planned) or len(planned) != expected:
        raise SystemExit(
            f"planned {len(planned)}, of which {len(left & planned)} are left; {len(left)} are left in all"
        )
    if summary != {**dict.fromkeys(summary, 0), "deleted": len(planned)}:
        raise SystemExit(f"planned {len(planned)}, and the summary is {summary}")
    if f"{-CLOCK_OFFSET} seconds ahead of GitLab's" not in " ".join(said.split()):
        raise SystemExit(f"nobody said that the clock is off:\n{said[-2000:]}")
    refused = sum(request["status"] == 429 for request in requests)
    struck = [fault for index, fault in enumerate(faults) if fault["skip"] + index < len(requests)]
    kinds = collections.Counter(str(fault.get("code", fault["kind"].replace("_", " "))) for fault in struck)
    again = sum(request["status"] == 404 for request in requests)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        f"- {packages:,} packages, {len(planned):,} of them planned for deletion and, afterwards, exactly those gone;",
        f"  the summaries of the {FORKS} processes say `deleted: {summary['deleted']}` and 0 of everything else.",
        f"- {len(requests):,} requests in {seconds:.0f} s, never more than {in_flight} at once, where {RATE[0]:,} in",
        f"  {RATE[1]} seconds are allowed; {refused} were answered 429. {len(struck)} of them met a fault: "
        + ", ".join(f"{kind} × {count}" for kind, count in sorted(kinds.items()))
        + ".",
        f"- The clock of the host was {-CLOCK_OFFSET} seconds ahead of the server's, and a warning said so.",
        f"- {again} deletes were sent again after an answer was lost, and found nothing to delete: by looking, they",
        f"  counted as deleted. Seed {seed}; the largest process took {memory:.0f} MB.",
    ]


def _id(package: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"id": package["id"]}


def main() -> None:
    """Run, tell, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--packages", type=int, default=PACKAGES, help="a multiple of 200; only the default is written")
    options = parser.parse_args()
    lines = soak(options.seed, options.packages)
    sys.stdout.write("\n".join([*lines, ""]))
    if options.packages != PACKAGES:
        return
    path = ROOT / "docs" / "reliability.md"
    text = path.read_text(encoding="utf-8")
    begin, end = "<!-- soak: written by make soak -->", "<!-- end of soak -->"
    made = re.sub(f"{begin}.*{end}", lambda _: "\n".join([begin, *lines, end]), text, flags=re.DOTALL)
    path.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
