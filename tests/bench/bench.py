# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the collection against its peers on a local sandbox, and write docs/benchmarks.md (`make bench`).

Everything runs on loopback: the sandbox in a process of its own, each measurement in another. Ours and the peers do
the same work in turn, several rounds each. `--rows` takes some of the rows (and writes nothing), `--rounds` sets the
rounds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from ansible_collections.registryops.gitlab.plugins.module_utils._files.archiving import Archiver, Why
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import open_archive
from ansible_collections.registryops.gitlab.plugins.module_utils._files.turns import writing
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.document import validate_document
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.protection import read_rules
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.registry import bring_about, declared_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete, find
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Selection
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import apply_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.live import compare_with_live
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_file import places_now
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import PlanRequest, make_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from gitlab_sandbox.testing import Sandbox

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TOKEN = "glpat-bench"
LATENCY_MS = 50
GENERIC = [Selection(package_types=("generic",))]
POLICY = {
    "protect": [{"name": "bench/app-7"}],
    "rules": [
        {"name": "old", "match": {"name": ["bench/app-1*"]}, "keep_latest": 20, "keep_weekly": 4},
        {"name": "rest", "match": {"package_type": ["generic"]}, "keep_latest": 10, "keep_monthly": 12},
    ],
}

#: Of each project of the rows on rules.
RULES = [
    {"package_name_pattern": f"@acme/{n}-*", "package_type": "npm", "minimum_access_level_for_push": "owner"}
    for n in range(5)
]
#: The same with one key more that takes work: what it may cost is held against the policy without it.
WITH_KEYS: dict[str, dict[str, t.Any]] = {
    "plain": {"keep_latest": 2},
    "per: minor": {"keep_latest": 2, "per": "minor"},
    "per: ref": {"keep_latest": 2, "per": "ref"},
    "match: prerelease": {"match": {"prerelease": False}, "keep_latest": 2},
}

Result = dict[str, t.Any]

# --- the work, each in a process of its own ------------------------------------------------------------------


def _client(url: str, concurrency: int, retries: int = 5) -> Client:
    return Client(Connection(url, Token("private", TOKEN), concurrency=concurrency, retries=retries))


def _projects(url: str, project: int) -> t.Any:
    import gitlab

    return gitlab.Gitlab(url, private_token=TOKEN, per_page=100).projects.get(project, lazy=True)


def list_ours(url: str, project: int, concurrency: int) -> int:
    """All packages of a project."""
    with _client(url, concurrency) as client:
        return len(list_packages(PackagesApi(client), Scope("project", str(project)), GENERIC))


def list_python_gitlab(url: str, project: int) -> int:
    """The same with python-gitlab."""
    return len(_projects(url, project).packages.list(get_all=True, package_type="generic"))


def delete_ours(url: str, project: int, first: int, count: int, concurrency: int) -> int:
    """Delete packages by what their list gave, and prove that they are gone."""
    listed = [
        {"id": first + i, "project_id": project, "name": "app", "version": f"1.0.{i}", "package_type": "generic"}
        for i in range(count)
    ]
    with _client(url, concurrency) as client:
        outcome = delete_packages(PackagesApi(client), listed, Options())
    return sum(result["result"] == "deleted" for result in outcome.results)


def delete_python_gitlab(url: str, project: int, first: int, count: int) -> int:
    """The same with python-gitlab, which proves nothing."""
    packages = _projects(url, project).packages
    for package_id in range(first, first + count):
        packages.delete(package_id)
    return count


def files_ours(url: str, project: int, count: int, concurrency: int) -> int:
    """The files of each package (E4); the packages are those with the lowest IDs of the project."""
    with _client(url, concurrency) as client:
        api = PackagesApi(client)
        first = list_packages(api, Scope("project", str(project)), GENERIC, limit=1)[0]["id"]
        began = time.perf_counter()
        found = complete(api, [{"id": first + i, "project_id": project} for i in range(count)], ["files"])
        sys.stderr.write(json.dumps({"seconds": time.perf_counter() - began}))
        return sum(package["files"] is not None for package in found)


def plan_ours(url: str, project: int, key: str | None = None) -> int:
    """A plan, as package_retention_info makes it, with its JSON; of the policy with ``key`` where one is given."""
    policy = POLICY if key is None else {"rules": [{"name": "all", **WITH_KEYS[key]}]}
    with _client(url, 8) as client:
        plan, _listed = make_plan(
            PackagesApi(client),
            [Scope("project", str(project))],
            PlanRequest(validate_policy(policy)),
            with_listed=False,
        )
    return len(json.dumps(plan)) and int(plan["summary"]["packages"])


def save_plan_ours(url: str, project: int, path: str) -> int:
    """A plan that deletes all of a project, in a file."""
    policy = validate_policy({"rules": [{"name": "all", "delete_all": True}]})
    with _client(url, 8) as client:
        plan, _listed = make_plan(PackagesApi(client), [Scope("project", str(project))], PlanRequest(policy))
    Path(path).write_text(json.dumps(plan), encoding="utf-8")
    return len(plan["delete"])


def apply_ours(url: str, path: str, concurrency: int) -> int:
    """That plan as package_retention applies it: a fresh list, a look at each package's files, its delete, a proof."""
    plan = json.loads(Path(path).read_text(encoding="utf-8"))
    with _client(url, concurrency) as client:
        api = PackagesApi(client)
        comparisons = compare_with_live(api, plan, places_now(api, plan), plan["delete"])
        outcome = apply_plan(api, plan, comparisons, Options())
    return sum(result["result"] == "deleted" for result in outcome.results)


def archive_ours(url: str, project: int, at: str) -> int:
    """All packages of a project into an archive, as package_archive does it; how many bytes were fetched."""
    with _client(url, 8) as client:
        api = PackagesApi(client)
        archive = open_archive(at, None, client.api_url, create=True)
        listed = find(api, Scope("project", str(project)), GENERIC[0])
        with writing(archive) as turn:
            archiver = Archiver(api, archive, turn, careful=False)
            done = client.map(lambda package: archiver.archive_package(package, Why(), again=False)[0], listed)
    return sum(archived.fetched for archived in done)


def archive_plain(url: str, project: int, first: int, count: int) -> int:
    """The requests that archiving takes, sent by eight plain threads, and their bytes, which nobody keeps."""
    import requests

    here = threading.local()

    def get(path: str) -> bytes:
        here.session = getattr(here, "session", None) or requests.Session()
        where = f"{url}/api/v4/projects/{project}/packages/{path}"
        with here.session.get(where, headers={"PRIVATE-TOKEN": TOKEN}, stream=True, timeout=60) as answer:
            answer.raise_for_status()
            return b"".join(answer.iter_content(2**16))

    def read(package: int) -> int:
        get(str(package))
        get(f"{package}/pipelines")
        files = json.loads(get(f"{package}/package_files"))
        return sum(len(get(f"{package}/package_files/{file['id']}/download")) for file in files)

    with ThreadPoolExecutor(8) as threads:
        return sum(threads.map(read, range(first, first + count)))


def rules_ours(url: str, projects: int) -> int:
    """The rules of many projects; how many there are."""
    with _client(url, 8) as client:
        found = read_rules(PackagesApi(client), [f"acme/p{number}" for number in range(projects)])
    return sum(len(rules.rules) for rules in found)


def converged_ours(url: str, projects: int) -> int:
    """A document of many projects that says what is there; how many things were changed."""
    entry = {"protection_rules": RULES}
    document = validate_document({"projects": {f"acme/p{number}": entry for number in range(projects)}})
    with _client(url, 8) as client:
        api = PackagesApi(client)
        outcome = bring_about(api, declared_of(api, document)[0], purge=True, check_mode=False)
    return sum(result.result != "unchanged" for result in outcome.results)


WORK: dict[str, t.Callable[..., int]] = {
    work.__name__: work
    for work in (
        list_ours,
        list_python_gitlab,
        delete_ours,
        delete_python_gitlab,
        files_ours,
        plan_ours,
        save_plan_ours,
        apply_ours,
        archive_ours,
        archive_plain,
        rules_ours,
        converged_ours,
    )
}


def _work(name: str, arguments: list[t.Any]) -> None:
    began = time.perf_counter()
    did = WORK[name](*arguments)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "did": did, "megabytes": memory}))


def run(name: str, *arguments: t.Any) -> Result:
    """Do one piece of work in a process of its own: ``seconds`` inside it, ``did``, and its peak ``megabytes``."""
    command = [sys.executable, __file__, "--work", name, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    result: Result = json.loads(done.stdout)
    # Work that has to look something up first counts its own seconds.
    return {**result, **(json.loads(done.stderr) if name == "files_ours" else {})}


def ansible(command: list[str], folder: Path) -> float:
    """The seconds of a whole process of Ansible's."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "GITLAB_", "CI_"))}
    own = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "tree"), "ANSIBLE_LOCALHOST_WARNING": "false"}
    temporary = {"ANSIBLE_LOCAL_TEMP": str(folder / "local"), "ANSIBLE_REMOTE_TEMP": str(folder / "remote")}
    began = time.perf_counter()
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env={**clean, **own, **temporary, "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false", "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return seconds


def playbook(tasks: list[dict[str, t.Any]], folder: Path) -> float:
    """The seconds of a whole ansible-playbook process."""
    path = folder / "playbook.yml"
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    return ansible(["ansible-playbook", str(path)], folder)


# --- the rows ------------------------------------------------------------------------------------------------


def generated(path: str, project: int, count: int, name: str = "app", **more: t.Any) -> dict[str, t.Any]:
    """A project of generated packages."""
    packages = {"count": count, "name": name, "version": "1.0.{i}", "package_type": "generic", **more}
    return {"path": path, "id": project, "generate": [packages]}


def start(*projects: dict[str, t.Any], **options: t.Any) -> Sandbox:
    """A sandbox with these projects, of which the token's user is a maintainer."""
    seed = {
        "users": [{"username": "mia", "tokens": [{"value": TOKEN}]}],
        "groups": [{"path": "acme", "members": {"mia": "maintainer"}}],
        "projects": list(projects),
    }
    return Sandbox(seed, ready_seconds=600, **options)


class Row(t.NamedTuple):
    """One line of the report: what was measured, what it is to reach, and whether it did."""

    work: str
    measured: str
    target: str
    reached: bool


def spread(values: t.Sequence[float], unit: str = "s") -> str:
    """Median, least and most."""
    return f"{statistics.median(values):.2f} {unit} ({min(values):.2f} to {max(values):.2f}, {len(values)} rounds)"


def floor(requests: int, concurrency: int) -> float:
    """The seconds that so many requests take at least, so many at once."""
    return math.ceil(requests / concurrency) * LATENCY_MS / 1000


def against_floor(work: str, ours: list[float], requests: int, concurrency: int, most: float) -> Row:
    """A row that holds our median against the floor."""
    least = floor(requests, concurrency)
    ratio = statistics.median(ours) / least
    return Row(work, f"{spread(ours)}; floor {least:.2f} s; {ratio:.2f} ×", f"within {most} × the floor", ratio <= most)


def against_peer(work: str, ours: list[float], peer: list[float], name: str, least: float) -> Row:
    """A row that holds a peer's median against ours."""
    ratio = statistics.median(peer) / statistics.median(ours)
    return Row(work, f"{spread(ours)}; {name}: {spread(peer)}; {ratio:.1f} ×", f"≥ {least:g} × {name}", ratio >= least)


def rows_list(rounds: int) -> t.Iterator[Row]:
    """Lists of 10,000 and 30,000."""
    ours: dict[int, list[float]] = {8: [], 32: []}
    peer, long, extra = [], [], []
    with start(generated("acme/ten", 1, 10_000), generated("acme/thirty", 2, 30_000), latency_ms=LATENCY_MS) as sandbox:
        for _ in range(rounds):
            for concurrency in ours:
                ours[concurrency].append(run("list_ours", sandbox.url, 1, concurrency)["seconds"])
            peer.append(run("list_python_gitlab", sandbox.url, 1)["seconds"])
            sandbox.forget()
            long.append(run("list_ours", sandbox.url, 2, 8)["seconds"])
            asked = [dict(part.split("=") for part in r["query"].split("&")) for r in sandbox.requests()]
            pages = [query for query in asked if query["per_page"] == "100"]
            extra.append((len(pages) - 300, len(asked) - len(pages)))
    yield against_floor("list 10,000 packages, 50 ms, concurrency 8", ours[8], 100, 8, 1.25)
    yield against_peer("list 10,000 packages, 50 ms, concurrency 8", ours[8], peer, "python-gitlab", 5)
    yield against_peer("list 10,000 packages, 50 ms, concurrency 32", ours[32], peer, "python-gitlab", 10)
    yield against_floor("list 30,000 packages, 50 ms, concurrency 8", long, 300, 8, 1.5)
    wasted, looks = max(e[0] for e in extra), max(e[1] for e in extra)
    yield Row(
        "list 30,000: requests beside the 300 pages",
        f"{wasted} beyond the end, {looks} looks at single items",
        "≤ 8 (`concurrency`) wasted",
        wasted <= 8,
    )


def rows_delete(rounds: int) -> t.Iterator[Row]:
    """Deleting 1,000 packages."""
    count, loop = 1000, 100
    kinds = ("ours", "python-gitlab", "module", "uri")
    numbers = {kind: [1 + kinds.index(kind) + len(kinds) * r for r in range(rounds)] for kind in kinds}
    sizes = {number: loop if kind == "uri" else count for kind in kinds for number in numbers[kind]}
    projects = [generated(f"acme/p{number}", number, sizes[number]) for number in sorted(sizes)]
    firsts = {number: 1 + sum(size for n, size in sizes.items() if n < number) for number in sizes}
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    requests = 0
    with start(*projects, latency_ms=LATENCY_MS) as sandbox, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for r in range(rounds):
            number = numbers["ours"][r]
            sandbox.forget()
            result = run("delete_ours", sandbox.url, number, firsts[number], count, 8)
            assert result["did"] == count
            requests = len(sandbox.requests())
            taken["ours"].append(result["seconds"])
            number = numbers["python-gitlab"][r]
            result = run("delete_python_gitlab", sandbox.url, number, firsts[number], count)
            taken["python-gitlab"].append(result["seconds"])
            module = {
                "api_url": sandbox.url, "api_token": TOKEN, "project": str(numbers["module"][r]), "name": "app",
                "all_versions": True, "package_type": "generic", "state": "absent",
            }  # fmt: skip
            taken["module"].append(playbook([{"registryops.gitlab.package": module}], folder))
            number = numbers["uri"][r]
            uri = {
                "url": f"{sandbox.api_url}/projects/{number}/packages/{{{{ item }}}}", "method": "DELETE",
                "headers": {"PRIVATE-TOKEN": TOKEN}, "status_code": 204,
            }  # fmt: skip
            ids = list(range(firsts[number], firsts[number] + loop))
            empty = playbook([{"ansible.builtin.uri": uri, "loop": []}], folder)
            whole = playbook([{"ansible.builtin.uri": uri, "loop": ids}], folder)
            taken["uri"].append(empty + (whole - empty) * count / loop)
        assert sandbox.state()["packages"]["default"] == 0
    yield against_floor("delete 1,000 packages and prove it, 50 ms, concurrency 8", taken["ours"], requests, 8, 1.25)
    yield against_peer(
        "delete 1,000 packages and prove it, 50 ms, concurrency 8",
        taken["ours"], taken["python-gitlab"], "python-gitlab", 6,
    )  # fmt: skip
    yield against_peer(
        "the same as whole `ansible-playbook` processes", taken["module"], taken["uri"],
        "a `uri` loop (over 100, scaled)", 30,
    )  # fmt: skip


def rows_apply(rounds: int) -> t.Iterator[Row]:
    """Applying a plan that deletes 1,000 packages, whose files are looked at: two requests for each."""
    count = 1000
    taken: list[float] = []
    requests = 0
    projects = [generated(f"acme/p{number}", number, count) for number in range(1, rounds + 1)]
    with start(*projects, latency_ms=LATENCY_MS) as sandbox, tempfile.TemporaryDirectory() as scratch:
        for number in range(1, rounds + 1):
            path = str(Path(scratch) / f"{number}.json")
            run("save_plan_ours", sandbox.url, number, path)
            sandbox.forget()
            result = run("apply_ours", sandbox.url, path, 8)
            assert result["did"] == count
            requests = len(sandbox.requests())
            taken.append(result["seconds"])
        assert sandbox.state()["packages"]["default"] == 0
    assert requests >= 2 * count
    yield against_floor("apply a plan of 1,000 packages, 50 ms, concurrency 8", taken, requests, 8, 1.25)


def rows_files(rounds: int) -> t.Iterator[Row]:
    """The files of 2,000 packages."""
    with start(generated("acme/files", 1, 2000), latency_ms=LATENCY_MS) as sandbox:
        taken = [run("files_ours", sandbox.url, 1, 2000, 8)["seconds"] for _ in range(rounds)]
    yield against_floor("files of 2,000 packages, 50 ms, concurrency 8", taken, 2000, 8, 1.25)


def rows_task(rounds: int) -> t.Iterator[Row]:
    """One task as a whole process."""
    ours, peer = [], []
    with start(generated("acme/one", 1, 10)) as sandbox, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        module = {"api_url": sandbox.url, "api_token": TOKEN, "project": "1", "id": 5}
        uri = {"url": f"{sandbox.api_url}/projects/1/packages/5", "headers": {"PRIVATE-TOKEN": TOKEN}}
        for _ in range(rounds * 4):
            for taken, name, options in (
                (ours, "registryops.gitlab.package_info", module), (peer, "ansible.builtin.uri", uri)
            ):  # fmt: skip
                taken.append(ansible(["ansible", "localhost", "-m", name, "-a", json.dumps(options)], folder))
    ratio = statistics.median(ours) / statistics.median(peer)
    yield Row(
        "one task that reads one package, whole `ansible` process",
        f"{spread(ours)}; `uri`: {spread(peer)}; {ratio:.2f} ×",
        "≤ 1.15 × `uri`",
        ratio <= 1.15,
    )


def _cpu(pid: int) -> float:
    """The seconds of CPU that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows_plan(rounds: int) -> t.Iterator[Row]:
    """A plan over 10,000 and over 100,000 packages."""
    # 200 versions of each name in both, so that the policy deletes the same share of both.
    names = ("bench/app-{i % 50}", "bench/app-{i % 500}")
    small, large, memory, share = [], [], [], []
    with start(generated("acme/ten", 1, 10_000, names[0]), generated("acme/hundred", 2, 100_000, names[1])) as sandbox:
        for _ in range(rounds):
            small.append(run("plan_ours", sandbox.url, 1)["seconds"])
            before = _cpu(sandbox.pid)
            result = run("plan_ours", sandbox.url, 2)
            assert result["did"] == 100_000
            large.append(result["seconds"])
            memory.append(result["megabytes"])
            share.append(_cpu(sandbox.pid) - before)
    work = "plan over 100,000 packages, no latency"
    measured = f"{spread(large)}; of it the sandbox's CPU: {statistics.median(share):.2f} s"
    yield Row(work, measured, "≤ 60 s", statistics.median(large) <= 60)
    yield Row(work, f"peak {spread(memory, 'MB')}", "≤ 400 MB", max(memory) <= 400)
    ratio = statistics.median(large) / statistics.median(small)
    yield Row("10,000 → 100,000 packages", f"10,000: {spread(small)}; {ratio:.1f} ×", "≤ 11 × the time", ratio <= 11)


def rows_keys(rounds: int) -> t.Iterator[Row]:
    """What the keys that look into versions and refs cost, where each name has three versions only."""
    taken: dict[str, list[float]] = {key: [] for key in WITH_KEYS}
    with start(generated("acme/many", 1, 100_000, "bench/app-{i % 33333}", version="1.{i % 5}.{i}")) as sandbox:
        for _ in range(rounds):
            for key, seconds in taken.items():
                seconds.append(run("plan_ours", sandbox.url, 1, key)["seconds"])
    plain = statistics.median(taken.pop("plain"))
    for key, seconds in taken.items():
        ratio = statistics.median(seconds) / plain
        measured = f"{spread(seconds)}; without {plain:.2f} s; {ratio:.2f} ×"
        yield Row(f"plan over 100,000 packages, `{key}`", measured, "≤ 2 × without the key", ratio <= 2)


def rows_million(_rounds: int) -> t.Iterator[Row]:
    """A plan over 1,000,000 packages, of which nine in ten go. One round."""
    with start(generated("acme/million", 1, 1_000_000, "bench/app-{i % 5000}")) as sandbox:
        result = run("plan_ours", sandbox.url, 1)
        assert result["did"] == 1_000_000
    work = "plan over 1,000,000 packages, no latency"
    yield Row(work, f"{result['seconds']:.1f} s", "≤ 60 s", result["seconds"] <= 60)
    yield Row(work, f"peak {result['megabytes']:.0f} MB", "≤ 1,200 MB", result["megabytes"] <= 1200)


def rows_limit(_rounds: int) -> t.Iterator[Row]:
    """1,500 requests where 600 a minute are allowed. One round: it takes two minutes of waiting."""
    with start(generated("acme/files", 1, 1500), rate_limit="600/60") as sandbox:
        began = time.perf_counter()
        did = run("files_ours", sandbox.url, 1, 1500, 8)["did"]
        seconds = time.perf_counter() - began
        requests = sandbox.requests()
    work = "1,500 requests, 600 a minute allowed"
    first = min(request["started_at"] for request in requests)
    early = sum(request["status"] == 200 and request["started_at"] < first + 120 for request in requests)
    refused = sum(request["status"] == 429 for request in requests)
    yield Row(work, f"{did} of 1500 done in {seconds:.1f} s", "no request fails in the end", did == 1500)
    used = early / 1200
    yield Row(
        work, f"{early} of the 1200 that two minutes allow: {used:.0%}", "≥ 90 % of the rate is used", used >= 0.9
    )
    part = refused / len(requests)
    yield Row(work, f"{refused} of {len(requests)}: {part:.1%}", "≤ 5 % are answered 429", part <= 0.05)


def rows_archive(_rounds: int) -> t.Iterator[Row]:
    """2,000 packages of 1 MB, twice, and one file of 2 GB. One round: it writes 4 GB."""
    count, size, large = 2000, 1_000_000, 2_000_000_000
    projects = (
        generated("acme/many", 1, count, files_per_package=1, file_size=size),
        generated("acme/large", 2, 1, files_per_package=1, file_size=large),
    )
    with start(*projects, latency_ms=LATENCY_MS) as sandbox, tempfile.TemporaryDirectory() as at:
        plain = run("archive_plain", sandbox.url, 1, 1, count)
        sandbox.forget()
        ours = run("archive_ours", sandbox.url, 1, at)
        assert plain["did"] == ours["did"] == count * size
        once = len(sandbox.requests())
        sandbox.forget()
        again = run("archive_ours", sandbox.url, 1, at)
        fetched = sum(request["path"].endswith("/download") for request in sandbox.requests())
        one = run("archive_ours", sandbox.url, 2, at)
        assert one["did"] == large
    ratio = ours["seconds"] / plain["seconds"]
    work = "archive 2,000 packages of 1 MB, 50 ms, concurrency 8"
    yield Row(
        work,
        f"{ours['seconds']:.1f} s for {once} requests; these and their bytes, not kept: {plain['seconds']:.1f} s;"
        f" {ratio:.2f} ×",
        "within 1.5 × the requests and bytes alone",
        ratio <= 1.5,
    )
    yield Row(f"{work}, again", f"{fetched} downloads, {again['seconds']:.1f} s", "no download", fetched == 0)
    more = one["megabytes"] - again["megabytes"]
    yield Row(
        "archive a file of 2 GB",
        f"{one['seconds']:.1f} s, peak {one['megabytes']:.0f} MB, {more:+.0f} MB against the row before",
        "memory does not grow with the file: ≤ 20 MB more",
        more <= 20,
    )


def rows_registry(rounds: int) -> t.Iterator[Row]:
    """The rules of 200 projects, read, and held against a document that says the same."""
    count = 200
    projects = [{"path": f"acme/p{n}", "id": n + 1, "protection_rules": RULES} for n in range(count)]
    read, held = [], []
    with start(*projects, latency_ms=LATENCY_MS) as sandbox:
        for _ in range(rounds):
            taken = run("rules_ours", sandbox.url, count)
            assert taken["did"] == 5 * count
            read.append(taken["seconds"])
            sandbox.forget()
            held.append(run("converged_ours", sandbox.url, count)["seconds"])
        writes = sum(request["method"] != "GET" for request in sandbox.requests())
    yield against_floor("rules of 200 projects, 5 each, 50 ms, concurrency 8", read, count, 8, 1.25)
    yield against_floor("a document of 200 projects that says what is there, the same", held, count, 8, 1.25)
    yield Row("that document: requests that write", str(writes), "0", writes == 0)


ROWS: dict[str, t.Callable[[int], t.Iterator[Row]]] = {
    "list": rows_list,
    "delete": rows_delete,
    "apply": rows_apply,
    "files": rows_files,
    "task": rows_task,
    "plan": rows_plan,
    "keys": rows_keys,
    "million": rows_million,
    "limit": rows_limit,
    "archive": rows_archive,
    "registry": rows_registry,
}

# --- the report ----------------------------------------------------------------------------------------------


def report(rows: t.Sequence[Row], loads: t.Sequence[float]) -> str:
    """The document."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("ansible-core", "requests", "urllib3", "python-gitlab")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. The sandbox runs in a process of its own on loopback, and answers after 50 ms where",
        "a latency is named. Ours and the peers do the same work in turn, each time in a new process; what is given is",
        "the median (least to most). The floor is `ceil(requests / concurrency) × latency`: what the work takes if",
        "nothing but the latency took time. The requests of a list are its pages, those of a deletion what the sandbox",
        "counted. Seconds are those inside the process, from the first request to the last, but where whole processes",
        "are named. The lists ask for one package type. The registries of 10,000 and of 100,000 packages that a plan",
        "is made for hold 200 versions of each name, so that the policy deletes the same share of both.",
        "",
        f"- Machine: {os.cpu_count()} CPUs ({platform.machine()}), {memory:.0f} GB of memory; the sandbox and what is",
        "  measured share them.",
        f"- Load average of the machine over one minute, at the beginning of each group of rows: "
        f"{', '.join(f'{load:.1f}' for load in loads)}.",
        f"- Versions: Python {platform.python_version()}, {versions}.",
        "",
        "| work | measured | to reach | reached |",
        "|---|---|---|---|",
    ]
    lines += [f"| {row.work} | {row.measured} | {row.target} | {'yes' if row.reached else '**no**'} |" for row in rows]
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, tell, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--rows", nargs="*", choices=ROWS, help="only these, and write nothing")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.work:
        _work(options.work[0], json.loads(options.work[1]))
        return
    rows, loads = [], []
    for name in options.rows or ROWS:
        loads.append(os.getloadavg()[0])
        for row in ROWS[name](options.rounds):
            reached = "reached" if row.reached else "MISSED"
            sys.stdout.write(f"{reached} {row.work}: {row.measured}; to reach: {row.target}\n")
            sys.stdout.flush()
            rows.append(row)
    if not options.rows:
        (ROOT / "docs" / "benchmarks.md").write_text(report(rows, loads), encoding="utf-8")


if __name__ == "__main__":
    main()
