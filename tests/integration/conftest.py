# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real `ansible-playbook` processes against a real sandbox, over a socket."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gitlab_sandbox.testing import Sandbox

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "build" / "tree"
#: Environment variables that would change what is tested.
FOREIGN = ("GITLAB_", "CI_", "ANSIBLE_")


@dataclass(frozen=True)
class Run:
    """One finished process: the results of its tasks, and all that it printed."""

    results: list[dict[str, t.Any]]
    output: str
    returncode: int


@dataclass(frozen=True)
class Case:
    """One delete, three times: in check mode, for real, and for real again."""

    check: dict[str, t.Any]
    real: dict[str, t.Any]
    again: dict[str, t.Any]

    def kinds(self, which: str = "real") -> list[str]:
        """The ``result`` of each result of the check, the real or the second run."""
        return [result["result"] for result in getattr(self, which).get("results", [])]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """An environment in which only the collection under test, and nothing of the user's, is found."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    return {
        **clean,
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
        "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
        "HOME": str(tmp_path),
        **more,
    }


def run_process(
    command: list[str], tmp_path: Path, timeout: float = 300, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the virtual environment, by its name there."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env=environment(tmp_path, **env),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture
def playbook(tmp_path: Path) -> t.Callable[..., Run]:
    """Run tasks in one play: ``playbook(sandbox, task, task, …)``.

    A task is a dict such as ``{"package_info": {"project": "acme/web/shop"}}`` (short module names are the
    collection's), with further task keywords beside it. Each result comes back, failed ones too. Keyword arguments:
    ``token`` (glpat-mia), ``args`` for ansible-playbook, ``env``, ``play`` (further play keywords).
    """

    def run(
        sandbox: Sandbox | None,
        *tasks: dict[str, t.Any],
        token: str | None = "glpat-mia",
        args: t.Sequence[str] = (),
        env: dict[str, str] | None = None,
        play: dict[str, t.Any] | None = None,
    ) -> Run:
        written = []
        for index, task in enumerate(tasks):
            name, *rest = task
            full = name if "." in name else f"registryops.gitlab.{name}"
            written.append({full: task[name], **{key: task[key] for key in rest}, "register": f"result_{index}"})
            written[-1].setdefault("ignore_errors", True)
        out = tmp_path / "results.json"
        out.unlink(missing_ok=True)
        results = ", ".join(f"result_{index}" for index in range(len(tasks)))
        save = {"ansible.builtin.copy": {"dest": str(out), "content": "{{ [" + results + "] | to_json }}"}}
        written.append({**save, "check_mode": False, "diff": False})
        document = [{"hosts": "localhost", "gather_facts": False, "tasks": written, **(play or {})}]
        path = tmp_path / "playbook.yml"
        path.write_text(json.dumps(document), encoding="utf-8")
        variables = {}
        if sandbox is not None:
            variables["GITLAB_API_URL"] = sandbox.api_url
        if token is not None:
            variables["GITLAB_TOKEN"] = token
        done = run_process(["ansible-playbook", str(path), *args], tmp_path, **{**variables, **(env or {})})
        loaded = json.loads(out.read_text(encoding="utf-8")) if out.exists() else []
        return Run(loaded, done.stdout + done.stderr, done.returncode)

    return run


def told(returned: dict[str, t.Any]) -> dict[str, t.Any]:
    """What a delete says that must be the same in check mode; the words of a refusal differ, as nothing was asked."""
    results = [
        {**result, "message": bool(result.get("message"))} if result["result"] in ("failed", "protected") else result
        for result in returned.get("results", [])
    ]
    whole = {key: returned.get(key) for key in ("changed", "failed", "diff", "error")}
    # Only check mode says that protection rules are not known.
    whole["summary"] = {key: value for key, value in returned.get("summary", {}).items() if key != "protection"}
    # Without results nothing was tried, and the words are the same.
    return {**whole, "results": results, "msg": returned.get("msg") if not results else None}


@pytest.fixture
def check_real_again(playbook: t.Callable[..., Run]) -> t.Callable[..., dict[str, Case]]:
    """Run each delete in check mode, for real and again, and hold the three against each other.

    ``check_real_again(sandbox, {"by ID": {"package": {…}}, …})`` gives a :class:`Case` for each. ``foreseen=False``
    is for what GitLab does not let one foresee: then only the second and the third run are compared. Further keyword
    arguments are those of ``playbook``.
    """

    def run(
        sandbox: Sandbox, cases: t.Mapping[str, dict[str, t.Any]], foreseen: bool = True, **options: t.Any
    ) -> dict[str, Case]:
        tasks = [task for case in cases.values() for task in ({**case, "check_mode": True}, case, case)]
        results = playbook(sandbox, *tasks, **options).results
        assert len(results) == len(tasks)
        found = {name: Case(*results[3 * i : 3 * i + 3]) for i, name in enumerate(cases)}
        for name, case in found.items():
            if foreseen:
                assert told(case.check) == told(case.real), name
            assert case.again["changed"] is False, name
            assert case.again["failed"] is case.real["failed"], name
            # As sets: all versions of a name are one selector, of which one result is left when they are gone,
            # and none when others of that name are still there.
            left = set(case.kinds("real")) - {"deleted"}
            after = left | ({"already_absent"} if "deleted" in case.kinds("real") else set())
            assert set(case.kinds("again")) in ((after, left) if left else (after,)), name
        return found

    return run


@pytest.fixture
def start() -> Iterator[t.Callable[..., Sandbox]]:
    """Start sandboxes that end with the test: ``start(seed, latency_ms=50)``."""
    running: list[Sandbox] = []

    def begin(seed: t.Any, **options: t.Any) -> Sandbox:
        sandbox = Sandbox(seed, **options)
        running.append(sandbox)
        sandbox.__enter__()
        return sandbox

    yield begin
    for sandbox in running:
        sandbox.__exit__(None, None, None)


@pytest.fixture
def ansible(tmp_path: Path) -> t.Callable[..., subprocess.CompletedProcess[str]]:
    """Run one ad-hoc command on localhost: ``ansible("package_info", "project=acme/web/shop", GITLAB_TOKEN=…)``."""

    def run(module: str, arguments: str, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = ["ansible", "localhost", "-m", f"registryops.gitlab.{module}", "-a", arguments, *more]
        return run_process(command, tmp_path, **env)

    return run


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The paths of a certificate for 127.0.0.1 that is its own authority, and of its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(timezone.utc)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(built.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


@dataclass
class Stranger:
    """Another server than GitLab: ``url``, and whatever anyone sent to it."""

    url: str
    received: list[bytes]


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """A server that should never hear of anything; it answers every request with an empty list."""
    received: list[bytes] = []

    class Listener(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            received.append(self.request.recv(65536))
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Stranger(f"http://127.0.0.1:{server.server_address[1]}", received)
        server.shutdown()
