# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user sees: real `ansible-playbook` processes that meet faults, signals, and one another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.tests.faults.conftest import TOKEN, Registry, seed
from ansible_collections.registryops.gitlab.tests.faults.wire import Reply, Request, WireServer, reply
from ansible_collections.registryops.gitlab.tests.integration.conftest import BIN, environment
from gitlab_sandbox.testing import Sandbox

MANY = 1000
PACKAGES = {"count": MANY, "name": "app", "version": "1.0.{i}", "package_type": "generic"}
DELETE_ALL = {
    "registryops.gitlab.package": {
        "project": "acme/many",
        "name": "app",
        "all_versions": True,
        "package_type": "generic",
        "state": "absent",
        "timeout": 5,
    }
}


def _many(start: t.Callable[..., Sandbox]) -> Sandbox:
    return start(seed({"path": "acme/many", "generate": [PACKAGES]}), latency_ms=10)


def _begin(sandbox: Sandbox, folder: Path, *tasks: dict[str, t.Any], **env: str) -> subprocess.Popen[str]:
    """A playbook that runs in a session of its own, as a CI job does."""
    folder.mkdir(exist_ok=True)
    document = [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]
    path = folder / "playbook.yml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return subprocess.Popen(
        [str(BIN / "ansible-playbook"), str(path)],
        env=environment(
            folder,
            GITLAB_API_URL=sandbox.api_url,
            GITLAB_TOKEN=TOKEN,
            ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default",
            ANSIBLE_CALLBACK_RESULT_FORMAT="json",
            **env,
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _wait_for_deletes(sandbox: Sandbox, process: subprocess.Popen[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while sandbox.state()["packages"].get("default", 0) > MANY - count:
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _pid(process: subprocess.Popen[str], folder: Path, whose: str) -> int:
    """Whom to send a signal to; negative for the whole process group."""
    if whose != "the module":
        return -process.pid if whose == "the job" else process.pid
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if any(word.startswith(str(folder)) and "AnsiballZ_package" in word for word in words) and "-c" not in words:
            return int(entry.name)
    raise AssertionError("the module does not run")


@pytest.mark.parametrize(
    ("sent", "whose"),
    [
        (signal.SIGINT, "the job"),
        (signal.SIGTERM, "the job"),
        (signal.SIGTERM, "ansible-playbook"),
        (signal.SIGINT, "the module"),
        (signal.SIGTERM, "the module"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_signal_in_the_middle_ends_it_and_a_rerun_finishes(
    start: t.Callable[..., Sandbox], tmp_path: Path, sent: signal.Signals, whose: str
) -> None:
    sandbox = _many(start)
    process = _begin(sandbox, tmp_path / "first", DELETE_ALL)
    _wait_for_deletes(sandbox, process, 100)
    os.kill(_pid(process, tmp_path, whose), sent)
    said, _ = process.communicate(timeout=30)
    assert "Traceback" not in said
    if whose == "the module":
        assert "interrupted: what was not done yet is left undone, run it again to go on" in said
    # What was in flight ends; then nothing more is sent.
    time.sleep(0.5)
    asked = len(sandbox.requests())
    left = sandbox.state()["packages"]["default"]
    assert 0 < left < MANY
    time.sleep(0.5)
    assert len(sandbox.requests()) == asked
    again = _begin(sandbox, tmp_path / "again", DELETE_ALL)
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert "changed=1" in said
    assert sandbox.state()["packages"]["default"] == 0


@pytest.mark.parametrize("apart", [0, 25], ids=["begun together", "the second in the middle of the first"])
def test_two_runs_of_the_same_plan_at_once(start: t.Callable[..., Sandbox], tmp_path: Path, apart: int) -> None:
    sandbox = _many(start)
    plan_file = tmp_path / "plan.json"
    make = {
        "registryops.gitlab.package_retention_info": {
            "project": "acme/many",
            "policy": {"rules": [{"name": "all", "match": {"name": ["app"]}, "delete_all": True}]},
        },
        "register": "made",
    }
    save = {"ansible.builtin.copy": {"dest": str(plan_file), "content": "{{ made.plan | to_json }}"}}
    made, _ = (planning := _begin(sandbox, tmp_path / "plan", make, save)).communicate(timeout=60)
    assert planning.returncode == 0, made
    runs = []
    for name in ("one", "two"):
        apply = {"registryops.gitlab.package_retention": {"plan_file": str(plan_file)}, "register": "applied"}
        out = tmp_path / f"{name}.json"
        told = {"ansible.builtin.copy": {"dest": str(out), "content": "{{ applied.summary | to_json }}"}}
        runs.append((_begin(sandbox, tmp_path / name, apply, told), out))
        if apart and name == "one":
            _wait_for_deletes(sandbox, runs[0][0], apart)
    summaries = []
    for process, out in runs:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        summaries.append(json.loads(out.read_text(encoding="utf-8")))
    assert sum(summary["deleted"] for summary in summaries) == MANY
    for summary in summaries:
        assert summary["deleted"] + summary["already_absent"] == MANY
    statuses = [request["status"] for request in sandbox.requests() if request["method"] == "DELETE"]
    assert statuses.count(204) == MANY
    assert sandbox.state()["packages"]["default"] == 0


def test_what_the_user_reads(registry: Registry, playbook: t.Callable[..., t.Any]) -> None:
    elsewhere = {"Location": "http://elsewhere.invalid/api/v4/projects/1/packages"}
    year = str(int(time.time()) + 365 * 86400)

    def answer(request: Request) -> Reply:
        kind = request.path.split("/")[1]
        return {
            "html": reply(
                502, b"<html><head><title>502 Bad Gateway</title></head></html>", {"Content-Type": "text/html"}
            ),
            "limit": reply(429, b"Retry later\n", {"RateLimit-Reset": year}),
            "host": reply(302, b"", elsewhere),
            "text": reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
            "shape": reply(200, {"packages": []}),
            "id": reply(200, [{"name": "x"}]),
            "reset": Reply(b"", "reset"),
            "short": Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[", "close"),
        }[kind]

    says = {
        "html": "502 Bad Gateway (2 tries)",
        "limit": "run it again later",
        "host": "another server than api_url: not followed, as the token would go along",
        "text": "with a body that is not JSON (text/html, begins '<html>Welcome</html>'): is api_url the address of a",
        "shape": "page 1 of GET /projects/1/packages: answered with no list",
        "id": "answered with an object whose 'id' is nothing",
        "reset": "the connection was lost: Connection reset by peer (2 tries)",
        "short": "the connection was lost",
    }
    with WireServer(answer) as server:
        options = {"project": "1", "retries": 1}
        tasks = [{"package_info": {**options, "api_url": f"{server.url}/{kind}"}} for kind in says]
        tasks.append({"package_info": {**options, "api_url": "http://127.0.0.1:1"}})
        tasks.append({"package": {**options, "api_url": f"{server.url}/html", "id": 7, "state": "absent"}})
        done = playbook(None, *tasks)
    assert "Traceback" not in done.output
    assert TOKEN not in done.output
    for words, result in zip([*says.values(), "does not answer: Connection refused", "502 Bad Gateway"], done.results):
        assert result["failed"] is True
        assert words in result["msg"]
        assert "\n" not in result["msg"]
        assert "Traceback" not in str(result)
