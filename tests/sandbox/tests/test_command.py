# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command: its flags, its ready line, its end (README, section "The command")."""

from __future__ import annotations

import datetime
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from gitlab_sandbox.testing import Sandbox, SandboxError, _command

SEED: dict[str, Any] = {
    "users": [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}],
    "projects": [{"path": "acme/shop", "packages": [{"name": "a"}, {"name": "b"}]}],
}
P = "/projects/1/packages"


@pytest.fixture
def seed_file(tmp_path: Path) -> Path:
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(SEED))
    return path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [*_command(), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


def refusal(*arguments: object) -> str:
    """The one line with which the command refuses its arguments."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("gitlab-sandbox: ")
    return done.stderr[len("gitlab-sandbox: ") :].strip()


def test_ready_line_is_one_line_of_json_and_nothing_else(seed_file: Path) -> None:
    process = subprocess.Popen(
        [*_command(), "--seed", str(seed_file), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert set(ready) == {"url", "api_url", "pid"}
    assert ready["pid"] == process.pid
    assert ready["url"].startswith("http://127.0.0.1:")
    assert ready["api_url"] == ready["url"] + "/api/v4"
    response = requests.get(f"{ready['api_url']}{P}", headers={"PRIVATE-TOKEN": "glpat-root"}, timeout=10)
    assert response.status_code == 200
    process.terminate()
    rest, errors = process.communicate(timeout=10)
    assert (rest, errors, process.returncode) == ("", "", 0)


def test_port_0_picks_a_free_port() -> None:
    with Sandbox(SEED) as one, Sandbox(SEED) as two:
        assert one.url != two.url


def test_a_given_port_is_used() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Sandbox(SEED, port=port) as running:
        assert running.url == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_refused(seed_file: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal("--seed", seed_file, "--port", port).startswith(
            f"--host, --port: cannot listen on 127.0.0.1:{port}: "
        )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--port", "70000"], "argument --port: '70000' is not a port between 0 and 65535"),
        (["--port", "http"], "argument --port: 'http' is not a port between 0 and 65535"),
        (["--port", "-1"], "argument --port: '-1' is not a port between 0 and 65535"),
        (["--latency-ms", "1.5"], "argument --latency-ms: '1.5' is not a number of milliseconds"),
        (["--rate-limit", "600"], "argument --rate-limit: '600' is not REQUESTS/SECONDS, such as 600/60"),
        (["--rate-limit", "0/60"], "argument --rate-limit: '0/60' is not REQUESTS/SECONDS, such as 600/60"),
        (["--rate-limit-headers", "never"], "argument --rate-limit-headers: invalid choice: 'never'"),
        (["--storage", "tape"], "argument --storage: invalid choice: 'tape'"),
        (["--ties", "random"], "argument --ties: invalid choice: 'random'"),
        (["--clock-offset", "1h"], "argument --clock-offset: '1h' is not a number of seconds"),
        (["--max-bulk", "0"], "argument --max-bulk: '0' is not a number of packages"),
        (["--gitlab-version", "15.0"], "argument --gitlab-version: invalid choice: '15.0'"),
        (["--colour", "red"], "unrecognized arguments: --colour red"),
        (["--tls", "one.pem"], "argument --tls: expected 2 arguments"),
        (["--tls", "no-cert.pem", "no-key.pem"], "--tls: cannot read no-cert.pem: No such file or directory"),
    ],
)
def test_a_wrong_flag_is_refused_with_its_name(seed_file: Path, arguments: list[str], line: str) -> None:
    assert refusal("--seed", seed_file, *arguments).startswith(line)


def test_seed_is_needed() -> None:
    assert refusal() == "the following arguments are required: --seed"


def test_an_unknown_host_is_refused(seed_file: Path) -> None:
    assert refusal("--seed", seed_file, "--host", "203.0.113.1").startswith("--host, --port: cannot listen on ")


def test_files_that_are_no_certificate_are_refused(seed_file: Path) -> None:
    assert refusal("--seed", seed_file, "--tls", seed_file, seed_file).startswith("--tls: ")


@pytest.mark.parametrize("flight", ["nothing", "latency", "upload", "idle connection"])
def test_sigterm_ends_it_within_a_second(client: Callable[..., Any], flight: str) -> None:
    running = Sandbox(SEED, latency_ms=20_000 if flight == "latency" else 0).start()
    api = client(running, "glpat-root")

    def call() -> None:
        with pytest.raises(requests.ConnectionError):
            api.get(P)

    def upload() -> None:
        def parts() -> Any:
            yield b"x"
            time.sleep(1.5)
            yield b"y"

        with pytest.raises(requests.ConnectionError):
            api.put(f"{P}/generic/a/1/a", parts())

    thread = None
    if flight == "idle connection":
        assert api.get(P).status_code == 200
    elif flight != "nothing":
        thread = threading.Thread(target=call if flight == "latency" else upload)
        thread.start()
        while not running.requests():
            time.sleep(0.01)
    process = running._process
    assert process is not None
    before = time.monotonic()
    os.kill(running.pid, signal.SIGTERM)
    assert process.wait(5) == 0
    assert time.monotonic() - before < 1
    assert running.log() == ""
    if thread is not None:
        thread.join()
    running.stop()


def test_sigint_ends_it_without_a_traceback() -> None:
    running = Sandbox(SEED).start()
    process = running._process
    assert process is not None
    os.kill(running.pid, signal.SIGINT)
    assert process.wait(5) == 0
    assert running.log() == ""
    running.stop()


# --db


def test_db_keeps_the_state_for_a_later_start(client: Callable[..., Any], tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    with Sandbox(SEED, db=db) as running:
        api = client(running, "glpat-root")
        assert api.delete(f"{P}/1").status_code == 204
        assert api.put(f"{P}/generic/new/1/new.bin", b"kept").status_code == 201
    with Sandbox(SEED, db=db) as running:
        api = client(running, "glpat-root")
        assert api.names(P) == ["b", "new"]
        assert api.get(f"{P}/generic/new/1/new.bin").content == b"kept"
        assert running.state()["packages"]["pending_destruction"] == 1


def test_db_survives_a_kill(client: Callable[..., Any], tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    running = Sandbox(SEED, db=db).start()
    assert client(running, "glpat-root").delete(f"{P}/1").status_code == 204
    os.kill(running.pid, signal.SIGKILL)
    running.stop()
    with Sandbox(SEED, db=db) as again:
        assert client(again, "glpat-root").names(P) == ["b"]


def test_db_loads_the_seed_only_into_an_empty_file(client: Callable[..., Any], tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    db.touch()
    with Sandbox(SEED, db=db):
        pass
    with Sandbox({"projects": [{"path": "other/other"}]}, db=db) as running:
        assert client(running, "glpat-root").names(P) == ["a", "b"]


def test_db_of_someone_else_is_refused(seed_file: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE precious (x)")
    connection.close()
    before = foreign.read_bytes()
    assert refusal("--seed", seed_file, "--db", foreign) == f"--db: {foreign} is not a database of this sandbox"
    assert foreign.read_bytes() == before


def test_db_that_is_no_database_is_refused(seed_file: Path) -> None:
    before = seed_file.read_bytes()
    assert refusal("--seed", seed_file, "--db", seed_file) == f"--db: {seed_file} is not a database of this sandbox"
    assert seed_file.read_bytes() == before


def test_db_in_a_folder_that_is_not_there_is_refused(seed_file: Path, tmp_path: Path) -> None:
    assert refusal("--seed", seed_file, "--db", tmp_path / "no" / "state.db").startswith("--db: cannot use ")


def test_db_in_use_is_refused(seed_file: Path, tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    with Sandbox(SEED, db=db):
        assert refusal("--seed", seed_file, "--db", db).startswith("--db: cannot use ")


def test_db_after_a_wrong_seed_is_still_empty(client: Callable[..., Any], tmp_path: Path) -> None:
    db = tmp_path / "state.db"
    wrong = {"projects": [{"path": "a/b", "packages": [{"id": 1, "name": "x"}, {"id": 1, "name": "y"}]}]}
    with pytest.raises(SandboxError, match="the package ID 1 is given twice"):
        Sandbox(wrong, db=db).start()
    with Sandbox(SEED, db=db) as running:
        assert client(running, "glpat-root").names(P) == ["a", "b"]


# --latency-ms


def test_latency_counts_from_the_arrival_and_holds_nobody_up(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, latency_ms=200) as running:
        before = time.monotonic()
        threads = [threading.Thread(target=client(running, "glpat-root").get, args=(P,)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 0.2 <= time.monotonic() - before < 0.9
        assert running.max_in_flight() == 10
        taken = [request["finished_at"] - request["started_at"] for request in running.requests()]
        assert all(0.198 <= seconds < 0.5 for seconds in taken)


def test_latency_is_waited_in_errors_too_but_not_in_control_calls(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, latency_ms=150) as running:
        before = time.monotonic()
        assert client(running).get("/nothing").status_code == 404
        assert time.monotonic() - before >= 0.15
        before = time.monotonic()
        running.state()
        assert time.monotonic() - before < 0.15


# --clock-offset


@pytest.mark.parametrize("offset", [-86_400, 0, 90_000])
def test_clock_offset_sets_date_and_every_time_that_the_server_gives(client: Callable[..., Any], offset: int) -> None:
    with Sandbox(SEED, clock_offset=offset) as running:
        api = client(running, "glpat-root")
        now = time.time()
        row = api.put(f"{P}/generic/new/1/new.bin?select=package_file", b"x").json()
        response = api.get(f"{P}/{row['package_id']}")
        (record, _) = running.requests()
    shown = [response.json()["created_at"], row["created_at"], row["updated_at"]]
    given = [datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() for text in shown]
    given.append(parsedate_to_datetime(response.headers["Date"]).timestamp())
    assert all(abs(moment - now - offset) < 5 for moment in given)
    # The log is the machine's own.
    assert abs(record["started_at"] - now) < 5


# --tls


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path


def test_tls_serves_https(client: Callable[..., Any], certificate: tuple[Path, Path]) -> None:
    with Sandbox(SEED, tls=certificate) as running:
        assert running.url.startswith("https://127.0.0.1:")
        url = running.api_url.replace("127.0.0.1", "localhost")
        api = client(running, "glpat-root", api_url=url)
        response = api.get(P, params={"per_page": 1}, verify=str(certificate[0]))
        assert response.status_code == 200
        assert response.links["next"]["url"].startswith(url)
        assert response.json()[0]["_links"]["delete_api_path"].startswith(url)
        with pytest.raises(requests.exceptions.SSLError):
            api.get(P)
        assert running.requests()[0]["status"] == 200


def test_tls_is_that_of_the_object_storage_too(client: Callable[..., Any], certificate: tuple[Path, Path]) -> None:
    seed = {**SEED, "projects": [{"path": "acme/shop", "packages": [{"name": "a", "files": [{"content": "kept"}]}]}]}
    with Sandbox(seed, tls=certificate, storage="object") as running:
        url = running.api_url.replace("127.0.0.1", "localhost")
        api = client(running, "glpat-root", api_url=url)
        location = api.get(f"{P}/1/package_files/1/download", verify=str(certificate[0])).headers["Location"]
        assert location.startswith("https://localhost:")
        assert requests.get(location, verify=str(certificate[0]), timeout=10).text == "kept"


def test_tls_takes_the_faults(client: Callable[..., Any], certificate: tuple[Path, Path]) -> None:
    with Sandbox(SEED, tls=certificate) as running:
        url = running.api_url.replace("127.0.0.1", "localhost")
        api = client(running, "glpat-root", api_url=url)
        for kind in ("reset_before", "reset_after", "truncate"):
            running.faults([{"kind": kind}])
            with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
                api.get(P, verify=str(certificate[0]))
        assert api.get(P, verify=str(certificate[0])).status_code == 200
        assert running.log() == ""


# HTTP


def test_connections_are_kept_alive(client: Callable[..., Any]) -> None:
    import http.client
    from urllib.parse import urlsplit

    with Sandbox(SEED) as running:
        connection = http.client.HTTPConnection(urlsplit(running.url).netloc)
        connection.connect()
        port = connection.sock.getsockname()[1]
        for method, path in (("GET", P), ("DELETE", f"{P}/1"), ("GET", f"{P}/1"), ("PUT", f"{P}/generic/a/1/a")):
            connection.request(method, f"/api/v4{path}", body=b"x", headers={"PRIVATE-TOKEN": "glpat-root"})
            connection.getresponse().read()
            assert connection.sock.getsockname()[1] == port
        connection.close()


@pytest.mark.parametrize(
    "data",
    [
        b"GET /api/v4/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /api/v4/users HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v4/projects/1/packages HTTP/1.1\r\nHost: a b<>\r\nPRIVATE-TOKEN: \xe4\r\n\r\n",
    ],
)
def test_a_malformed_request_is_refused_without_a_traceback(sandbox: Sandbox, root: Any, data: bytes) -> None:
    host, port = sandbox.url[len("http://") :].split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(data)
        answer = connection.recv(65536)
    assert int(answer.split()[1]) in (400, 401, 404)
    assert b"Traceback" not in answer
    assert "Traceback" not in sandbox.log()
    assert root.get("/projects/42").status_code == 200
