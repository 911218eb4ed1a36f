# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a sandbox from a test, and control it. Needs nothing but the standard library.

.. code-block:: python

    from gitlab_sandbox.testing import Sandbox

    seed = {
        "users": [{"username": "mia", "tokens": [{"value": "glpat-mia"}]}],
        "projects": [{"path": "acme/shop", "members": {"mia": "maintainer"}, "packages": [{"name": "ui"}]}],
    }
    with Sandbox(seed, latency_ms=20) as sandbox:
        sandbox.faults([{"method": "DELETE", "kind": "reset_after", "times": 1}])
        ...  # talk to sandbox.api_url
        assert [request["method"] for request in sandbox.requests()] == ["GET", "DELETE"]

The command runs as a process of its own, on a real socket. In a pytest fixture::

    @pytest.fixture(scope="module")
    def sandbox():
        with Sandbox(Path("seeds/demo.yml")) as running:
            yield running
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import quote


class SandboxError(Exception):
    """The command did not start, or refused a control call; the text is what it said."""


def _command() -> list[str]:
    """How to run the command: beside this interpreter, on the path, or as a module."""
    beside = Path(sys.executable).with_name("gitlab-sandbox")
    if beside.exists():
        return [str(beside)]
    found = shutil.which("gitlab-sandbox")
    return [found] if found else [sys.executable, "-m", "gitlab_sandbox"]


class Sandbox:
    """A running ``gitlab-sandbox``; a context manager that stops it at the end.

    :param seed: the path of a seed file, or a seed as plain data.
    :param folder: where the ``file`` of histories in plain data is looked for; default: the current folder.
    :param latency_ms: how long every API answer takes at least, in milliseconds.
    :param rate_limit: such as ``600/60``.
    :param rate_limit_headers: ``refused``: only 429 carries ``RateLimit-*``; ``always``: every answer.
    :param storage: ``disk``, or ``object``: downloads are redirects to a signed address on another port.
    :param ties: ``stable``, or ``shuffled``: equal values come in another order in each answer.
    :param clock_offset: how many seconds the server's clock is off.
    :param max_bulk: how many packages one ``destroyPackages`` takes; default: as the version has it.
    :param gitlab_version: ``16.1`` or ``current``.
    :param tls: the paths of a PEM certificate and its key; then ``url`` is https.
    :param db: a file that keeps the state; a later sandbox on it goes on with that.
    :param port: 0 picks a free port.
    :param host: the address to listen on.
    :param ready_seconds: how long the start may take.
    :param command: the command, if it is not the one that is installed.
    :raises SandboxError: if it does not start; with what it said.
    """

    def __init__(
        self,
        seed: str | os.PathLike[str] | Mapping[str, Any],
        *,
        folder: str | os.PathLike[str] | None = None,
        latency_ms: int = 0,
        rate_limit: str | None = None,
        rate_limit_headers: str = "refused",
        storage: str = "disk",
        ties: str = "stable",
        clock_offset: int = 0,
        max_bulk: int | None = None,
        gitlab_version: str = "current",
        tls: tuple[str | os.PathLike[str], str | os.PathLike[str]] | None = None,
        db: str | os.PathLike[str] | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        ready_seconds: float = 60.0,
        command: Sequence[str] | None = None,
    ) -> None:
        self.url = ""
        self.api_url = ""
        self.pid = 0
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None
        # Kept until the end: a file of the sandbox's own, beside which nothing else lies.
        self._scratch = tempfile.TemporaryDirectory(prefix="gitlab-sandbox-")
        if isinstance(seed, Mapping):
            seed_path = Path(self._scratch.name) / "seed.json"
            seed_path.write_text(json.dumps(_absolute_histories(seed, Path(folder or "."))), encoding="utf-8")
        else:
            seed_path = Path(seed)
        self._arguments = [*(command or _command()), "--seed", str(seed_path), "--port", str(port), "--host", host]
        self._arguments += ["--latency-ms", str(latency_ms), "--gitlab-version", gitlab_version]
        self._arguments += ["--rate-limit-headers", rate_limit_headers, "--storage", storage, "--ties", ties]
        # With an equals sign: a negative number looks like an option.
        self._arguments += [f"--clock-offset={clock_offset}"]
        if max_bulk is not None:
            self._arguments += ["--max-bulk", str(max_bulk)]
        if rate_limit is not None:
            self._arguments += ["--rate-limit", rate_limit]
        if tls is not None:
            self._arguments += ["--tls", str(tls[0]), str(tls[1])]
        if db is not None:
            self._arguments += ["--db", str(db)]
        self._ready_seconds = ready_seconds
        # Control calls go straight to the sandbox: no proxy, and its own certificate is trusted.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
        )

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Sandbox:
        """Start the command and wait for its ready line; the context manager does this."""
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            self._arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        assert self._process.stdout is not None
        alarm = threading.Timer(self._ready_seconds, self._process.kill)
        alarm.start()
        line = self._process.stdout.readline()
        alarm.cancel()
        try:
            ready = json.loads(line)
        except ValueError:
            self._process.kill()
            self._process.wait()
            said = self.log().strip() or f"no ready line within {self._ready_seconds} s"
            self.stop()
            raise SandboxError(said) from None
        self.url, self.api_url, self.pid = ready["url"], ready["api_url"], ready["pid"]
        return self

    def stop(self) -> int | None:
        """End the command, if it runs, with SIGTERM; the status that it ended with."""
        status = None
        if self._process is not None:
            if self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(10)
                except subprocess.TimeoutExpired:
                    self._process.kill()
            status = self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        self._scratch.cleanup()
        return status

    def log(self) -> str:
        """What the command wrote to standard error so far; empty once it is stopped."""
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return self._errors.read()

    def requests(self) -> list[dict[str, Any]]:
        """The API requests so far, oldest first: ``method``, ``path``, ``query``, ``status``, ``auth``, …"""
        found: list[dict[str, Any]] = self.control("GET", "requests")["requests"]
        return found

    def max_in_flight(self) -> int:
        """The most requests that were ever in flight at once since the last :meth:`forget`."""
        return int(self.control("GET", "requests")["max_in_flight"])

    def forget(self) -> None:
        """Forget the requests so far."""
        self.control("DELETE", "requests")

    def faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Put faults in force instead of those before; an empty list ends them."""
        self.control("PUT", "faults", list(faults))

    def state(self) -> dict[str, dict[str, int]]:
        """Counts: ``packages`` by status, ``files`` by status."""
        found: dict[str, dict[str, int]] = self.control("GET", "state")
        return found

    def change_package(self, package_id: int, **fields: Any) -> dict[str, Any]:
        """Change ``status``, ``last_downloaded_at``, ``tags`` or ``updated_at`` of a package behind a client's back."""
        found: dict[str, Any] = self.control("POST", f"packages/{package_id}", fields)
        return found

    def change_project(self, project: int | str, **fields: Any) -> dict[str, Any]:
        """Change ``path``, ``archived``, ``package_registry``, ``members`` of a project, or delete it (``deleted``)."""
        found: dict[str, Any] = self.control("POST", f"projects/{quote(str(project), safe='')}", fields)
        return found

    def clean_up(self) -> int:
        """Run GitLab's own cleanup policies now; how many files that marks for destruction."""
        return int(self.control("POST", "cleanup")["files"])

    def sweep(self) -> None:
        """Destroy what is pending, as GitLab's background job does: sizes fall."""
        self.control("POST", "sweep")

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control call below ``/sandbox/``; its JSON answer, if it has one.

        :raises SandboxError: if it is refused.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/sandbox/{path}", data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=60) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxError(f"{method} /sandbox/{path}: {error.code} {error.read().decode()}") from None
        return json.loads(answer) if answer else None


def _absolute_histories(seed: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """The seed with each history's file as an absolute path: it is read from another folder."""
    if not any(isinstance(p, Mapping) and p.get("histories") for p in seed.get("projects") or ()):
        return seed
    copy: dict[str, Any] = json.loads(json.dumps(seed))
    for project in copy["projects"]:
        for history in project.get("histories") or ():
            history["file"] = str((folder / history["file"]).resolve())
    return copy
