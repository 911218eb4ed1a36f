# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real `ansible-playbook` processes that delete many packages, to be ended in the middle of it."""

from __future__ import annotations

import json
import subprocess
import time
import typing as t
from pathlib import Path

from ansible_collections.registryops.gitlab.tests.faults.conftest import TOKEN, seed
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


def many(start: t.Callable[..., Sandbox], latency_ms: int = 30) -> Sandbox:
    return start(seed({"path": "acme/many", "generate": [PACKAGES]}), latency_ms=latency_ms)


def begin(
    sandbox: Sandbox,
    folder: Path,
    *tasks: dict[str, t.Any],
    play: dict[str, t.Any] | None = None,
    command: t.Sequence[str] = (),
    terminal: int | None = None,
    **env: str,
) -> subprocess.Popen[str]:
    """A playbook that runs in a session of its own, as a CI job does.

    ``command`` stands before it, ``terminal`` is its input and output.
    """
    folder.mkdir(exist_ok=True)
    document = [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **(play or {})}]
    path = folder / "playbook.yml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return subprocess.Popen(
        [*command, str(BIN / "ansible-playbook"), str(path)],
        env=environment(
            folder,
            GITLAB_API_URL=sandbox.api_url,
            GITLAB_TOKEN=TOKEN,
            ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default",
            ANSIBLE_CALLBACK_RESULT_FORMAT="json",
            **env,
        ),
        stdin=terminal,
        stdout=subprocess.PIPE if terminal is None else terminal,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def left_for_good(sandbox: Sandbox) -> int:
    """How many packages are left in the middle of a run that has ended: what was in flight ends, no more is sent."""
    time.sleep(0.5)
    asked = len(sandbox.requests())
    left = int(sandbox.state()["packages"]["default"])
    assert 0 < left < MANY
    time.sleep(0.5)
    assert len(sandbox.requests()) == asked
    return left


def wait_for_deletes(sandbox: Sandbox, process: subprocess.Popen[str] | None, count: int) -> None:
    deadline = time.monotonic() + 60
    while sandbox.state()["packages"].get("default", 0) > MANY - count:
        assert process is None or process.poll() is None, process and process.stdout and process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pid_of(process: subprocess.Popen[str], folder: Path, whose: str) -> int:
    """Whom to send a signal to; negative for the whole process group."""
    if whose != "the module":
        return -process.pid if whose == "the job" else process.pid
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:
            continue
        is_module = any(word.startswith(str(folder)) and "AnsiballZ_package" in word for word in words)
        if is_module and not any(word == "-c" or "async_wrapper" in word for word in words):
            return int(entry.name)
    raise AssertionError("the module does not run")
