# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user sees: real `ansible-playbook` processes that meet faults, signals, and one another."""

from __future__ import annotations

import json
import os
import signal
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.tests.faults.conftest import TOKEN, Registry
from ansible_collections.registryops.gitlab.tests.faults.runs import (
    DELETE_ALL,
    MANY,
    begin,
    left_for_good,
    many,
    pid_of,
    wait_for_deletes,
)
from ansible_collections.registryops.gitlab.tests.faults.wire import Reply, Request, WireServer, reply
from gitlab_sandbox.testing import Sandbox

INTERRUPTED = "interrupted: what was not done yet is left undone, run it again to go on"


@pytest.mark.parametrize(
    ("sent", "whose"),
    [
        (signal.SIGINT, "the job"),
        (signal.SIGTERM, "the job"),
        (signal.SIGTERM, "ansible-playbook"),
        # A closed terminal, and what cannot even be noticed by the one that it ends.
        (signal.SIGHUP, "the job"),
        (signal.SIGHUP, "ansible-playbook"),
        (signal.SIGKILL, "the job"),
        (signal.SIGKILL, "ansible-playbook"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_end_of_the_run_ends_its_deletes(
    start: t.Callable[..., Sandbox], tmp_path: Path, sent: signal.Signals, whose: str
) -> None:
    sandbox = many(start)
    process = begin(sandbox, tmp_path, DELETE_ALL)
    wait_for_deletes(sandbox, process, 50)
    os.kill(pid_of(process, tmp_path, whose), sent)
    said, _ = process.communicate(timeout=30)
    assert "Traceback" not in said
    left_for_good(sandbox)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda sent: sent.name)
def test_an_interrupted_module_tells_what_it_did(
    start: t.Callable[..., Sandbox], tmp_path: Path, sent: signal.Signals
) -> None:
    sandbox = many(start)
    process = begin(sandbox, tmp_path / "first", DELETE_ALL)
    wait_for_deletes(sandbox, process, 50)
    os.kill(pid_of(process, tmp_path, "the module"), sent)
    said, _ = process.communicate(timeout=30)
    assert "Traceback" not in said
    left = left_for_good(sandbox)
    assert f"{INTERRUPTED} ({MANY - left} of {MANY} deleted, see results)" in said
    if sent is signal.SIGTERM:
        again = begin(sandbox, tmp_path / "again", DELETE_ALL)
        said, _ = again.communicate(timeout=120)
        assert again.returncode == 0, said
        assert "changed=1" in said
        assert sandbox.state()["packages"]["default"] == 0


def test_the_timeout_of_a_task_ends_its_deletes(start: t.Callable[..., Sandbox], tmp_path: Path) -> None:
    # Some twelve seconds of deletes, once they have begun: that may take as long on a busy machine.
    sandbox = many(start, latency_ms=100)
    said, _ = begin(sandbox, tmp_path, {**DELETE_ALL, "timeout": 8}).communicate(timeout=60)
    assert "Timed out after 8 second" in said or "in the expected time frame (8)" in said  # before ansible-core 2.19
    left_for_good(sandbox)


def test_what_an_interrupted_job_did_is_in_its_file(start: t.Callable[..., Sandbox], tmp_path: Path) -> None:
    """An async job has its reader in its own wrapper: it outlives the playbook, and a signal makes it tell."""
    sandbox = many(start)
    process = begin(sandbox, tmp_path, {**DELETE_ALL, "async": 60, "poll": 0})
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    wait_for_deletes(sandbox, None, 50)
    os.kill(pid_of(process, tmp_path, "the module"), signal.SIGTERM)
    left = left_for_good(sandbox)
    (job,) = (tmp_path / ".ansible_async").iterdir()
    told = json.loads(job.read_text(encoding="utf-8"))
    assert told["failed"] is True
    assert told["changed"] is True
    assert told["msg"] == f"{INTERRUPTED} ({MANY - left} of {MANY} deleted, see results)"
    assert told["summary"]["deleted"] == MANY - left
    assert told["summary"]["failed"] == left
    assert {result.get("message") for result in told["results"]} == {
        "not proved: interrupted",
        "not tried: interrupted",
    }


@pytest.mark.parametrize("apart", [0, 25], ids=["begun together", "the second in the middle of the first"])
def test_two_runs_of_the_same_plan_at_once(start: t.Callable[..., Sandbox], tmp_path: Path, apart: int) -> None:
    sandbox = many(start, latency_ms=10)
    plan_file = tmp_path / "plan.json"
    make = {
        "registryops.gitlab.package_retention_info": {
            "project": "acme/many",
            "policy": {"rules": [{"name": "all", "match": {"name": ["app"]}, "delete_all": True}]},
        },
        "register": "made",
    }
    save = {"ansible.builtin.copy": {"dest": str(plan_file), "content": "{{ made.plan | to_json }}"}}
    made, _ = (planning := begin(sandbox, tmp_path / "plan", make, save)).communicate(timeout=60)
    assert planning.returncode == 0, made
    runs = []
    for name in ("one", "two"):
        apply = {"registryops.gitlab.package_retention": {"plan_file": str(plan_file)}, "register": "applied"}
        out = tmp_path / f"{name}.json"
        told = {"ansible.builtin.copy": {"dest": str(out), "content": "{{ applied.summary | to_json }}"}}
        runs.append((begin(sandbox, tmp_path / name, apply, told), out))
        if apart and name == "one":
            wait_for_deletes(sandbox, runs[0][0], apart)
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
