# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Control calls and faults (README, section "Control, for tests")."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gitlab_sandbox.control import is_loopback
from gitlab_sandbox.testing import Sandbox, SandboxError

P = "/projects/42/packages"
Publish = Callable[..., tuple[int, int]]

BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture(autouse=True)
def _quiet(sandbox: Sandbox) -> Iterator[None]:
    """No faults and no requests from other tests."""
    sandbox.faults([])
    sandbox.forget()
    yield
    sandbox.faults([])


# GET and DELETE /sandbox/requests


def test_requests_are_recorded_oldest_first(mia: Any, sandbox: Sandbox) -> None:
    before = time.time()
    mia.get(P, params={"page": 2, "per_page": 5})
    mia.delete(f"{P}/999999", headers={"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"})
    first, second = sandbox.requests()
    assert first["started_at"] <= first["finished_at"] <= second["started_at"] <= second["finished_at"]
    assert before - 1 <= first["started_at"] <= time.time() + 1
    for record in (first, second):
        del record["started_at"], record["finished_at"]
    host = sandbox.url[len("http://") :]
    assert first == {
        "method": "GET",
        "path": "/api/v4/projects/42/packages",
        "query": "page=2&per_page=5",
        "status": 200,
        "auth": "private-token",
        "if_unmodified_since": None,
        "host": host,
    }
    assert second == {
        "method": "DELETE",
        "path": "/api/v4/projects/42/packages/999999",
        "query": "",
        "status": 404,
        "auth": "private-token",
        "if_unmodified_since": "Mon, 01 Jan 2024 00:00:00 GMT",
        "host": host,
    }


def test_requests_keep_the_path_as_it_was_sent(mia: Any, sandbox: Sandbox) -> None:
    mia.raw("GET", "/projects/acme%2Fweb%2fshop")
    assert sandbox.requests()[0]["path"] == "/api/v4/projects/acme%2Fweb%2fshop"


@pytest.mark.parametrize(
    ("header", "token", "auth"),
    [
        ("PRIVATE-TOKEN", "glpat-mia", "private-token"),
        ("Authorization", "glpat-mia", "bearer"),
        ("JOB-TOKEN", "glcbt-mia", "job-token"),
        ("Deploy-Token", "gldt-x", "deploy-token"),
        ("X-NuGet-ApiKey", "glpat-mia", "nuget-key"),
        ("Authorization-raw", "glpat-mia", "raw"),
        ("Authorization-basic", "glpat-mia", "basic"),
        ("PRIVATE-TOKEN", "", "none"),
        ("PRIVATE-TOKEN", "wrong", "private-token"),
    ],
)
def test_requests_tell_the_kind_of_token_and_never_the_token(
    sandbox: Sandbox, client: Callable[..., Any], header: str, token: str, auth: str
) -> None:
    sent = {
        "Authorization-raw": token,
        "Authorization-basic": "Basic " + base64.b64encode(f"x:{token}".encode()).decode(),
    }
    if header in sent:
        client(sandbox).get(P, headers={"Authorization": sent[header]})
    else:
        client(sandbox, token, header).get(P)
    records = sandbox.requests()
    assert records[0]["auth"] == auth
    assert not token or token not in json.dumps(records)


def test_control_calls_are_not_recorded(sandbox: Sandbox) -> None:
    sandbox.state()
    sandbox.faults([])
    with pytest.raises(SandboxError):
        sandbox.change_package(999999, status="default")
    assert sandbox.requests() == []


def test_forget(mia: Any, sandbox: Sandbox) -> None:
    mia.get(P)
    sandbox.forget()
    assert sandbox.requests() == []
    assert sandbox.max_in_flight() == 0


def test_forget_counts_what_is_still_in_flight(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "slow", "ms": 400}])
    thread = threading.Thread(target=mia.get, args=(P,))
    thread.start()
    while not sandbox.requests():
        time.sleep(0.01)
    sandbox.forget()
    assert (sandbox.requests(), sandbox.max_in_flight()) == ([], 1)
    thread.join()
    sandbox.forget()
    assert sandbox.max_in_flight() == 0


@pytest.mark.parametrize("count", [1, 3, 8])
def test_max_in_flight_is_exact(sandbox: Sandbox, client: Callable[..., Any], count: int) -> None:
    sandbox.faults([{"kind": "slow", "ms": 300, "times": -1}])
    gate = threading.Barrier(count)

    def call() -> None:
        api = client(sandbox, "glpat-mia")
        gate.wait()
        assert api.get(P).status_code == 200

    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sandbox.max_in_flight() == count


def test_max_in_flight_of_requests_one_after_another_is_1(mia: Any, sandbox: Sandbox) -> None:
    for _ in range(200):
        mia.get("/projects/42")
    assert sandbox.max_in_flight() == 1


def test_max_in_flight_never_exceeds_the_clients_own(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    def calls() -> None:
        api = client(sandbox, "glpat-mia")
        for _ in range(50):
            api.get("/projects/42")

    threads = [threading.Thread(target=calls) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= sandbox.max_in_flight() <= 4


def test_a_request_that_its_client_gave_up_is_no_longer_in_flight(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "slow", "ms": 2000}])
    with pytest.raises(requests.Timeout):
        mia.get(P, timeout=0.2)
    time.sleep(0.1)
    assert mia.get(P).status_code == 200
    assert sandbox.max_in_flight() == 1
    given_up, answered = sandbox.requests()
    assert (given_up["status"], answered["status"]) == (None, 200)
    assert given_up["finished_at"] is not None


def test_a_request_in_flight_is_listed_without_a_status(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "slow", "ms": 500}])
    thread = threading.Thread(target=mia.get, args=(P,))
    thread.start()
    while not (records := sandbox.requests()):
        time.sleep(0.01)
    assert (records[0]["status"], records[0]["finished_at"]) == (None, None)
    thread.join()
    assert sandbox.requests()[0]["status"] == 200


# GET /sandbox/state, POST /sandbox/packages/:id


def test_state_counts_packages_and_files_by_status(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    before = sandbox.state()
    assert set(before["packages"]) == {
        "default",
        "hidden",
        "processing",
        "error",
        "pending_destruction",
        "deprecated",
    }
    assert set(before["files"]) == {"default", "pending_destruction", "processing", "error"}
    package, _ = publish()
    mia.delete(f"{P}/{package}")
    after = sandbox.state()
    assert after["packages"]["pending_destruction"] == before["packages"]["pending_destruction"] + 1
    assert after["packages"]["default"] == before["packages"]["default"]


def test_change_package_status(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    assert sandbox.change_package(package, status="error")["status"] == "error"
    assert mia.get(f"{P}/{package}").json() == {"message": "Package not found"}


def test_change_package_last_downloaded_at(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    sandbox.change_package(package, last_downloaded_at="2026-01-02T03:04:05Z")
    assert mia.get(f"{P}/{package}").json()["last_downloaded_at"] == "2026-01-02T03:04:05.000Z"
    sandbox.change_package(package, last_downloaded_at=None)
    assert mia.get(f"{P}/{package}").json()["last_downloaded_at"] is None


def test_change_package_moves_its_update(sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    first = sandbox.change_package(package, status="default")["updated_at"]
    assert sandbox.change_package(package, status="default")["updated_at"] > first


def test_change_package_tags(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    assert sandbox.change_package(package, tags=["stable", "latest"])["tags"] == ["stable", "latest"]
    assert [tag["name"] for tag in mia.get(f"{P}/{package}").json()["tags"]] == ["stable", "latest"]
    sandbox.change_package(package, tags=["old"])
    assert [tag["name"] for tag in mia.get(f"{P}/{package}").json()["tags"]] == ["old"]
    sandbox.change_package(package, tags=[])
    assert mia.get(f"{P}/{package}").json()["tags"] == []


# POST /sandbox/projects/:id

PROJECTS: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "mia", "tokens": [{"value": "glpat-mia"}]},
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
    ],
    "projects": [
        {"path": "acme/shop", "members": {"mia": "maintainer", "sam": "developer"}, "packages": [{"name": "a"}]},
        {"path": "acme/site", "packages": [{"name": "b"}]},
    ],
}


@pytest.fixture(params=["memory", "db"])
def changed(request: pytest.FixtureRequest, client: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """Changes project 1 as ordered; then a client of what is there, with ``--db`` that of a later start."""
    db = tmp_path / "state.db" if request.param == "db" else None
    running = Sandbox(PROJECTS, db=db).start()

    def change(*orders: dict[str, Any], project: int | str = 1) -> Callable[[str], Any]:
        nonlocal running
        for order in orders:
            running.change_project(project, **order)
        if db is not None:
            running.stop()
            running = Sandbox(PROJECTS, db=db).start()
        return lambda user: client(running, f"glpat-{user}")

    yield change
    running.stop()


def test_change_project_path_moves_it(changed: Any) -> None:
    mia = changed({"path": "acme/new/place"}, project="acme/shop")("mia")
    body = mia.get("/projects/acme%2Fnew%2Fplace").json()
    assert (body["id"], body["path_with_namespace"], body["path"]) == (1, "acme/new/place", "place")
    old = mia.get("/projects/acme%2Fshop/packages")
    assert (old.status_code, old.headers["Location"]) == (301, f"{mia.api_url}/projects/1/packages")
    assert mia.delete("/projects/acme%2Fshop/packages/1").status_code == 405
    # The group of the new path is there, as private as the one around it.
    group = changed()("root").get("/groups/acme%2Fnew").json()
    assert (group["visibility"], group["parent_id"]) == ("private", 1)
    assert changed()("root").get("/groups/acme%2Fnew/packages").json()[0]["project_path"] == "acme/new/place"


def test_change_project_path_and_back_again(changed: Any) -> None:
    mia = changed({"path": "acme/other"}, {"path": "acme/shop"})("mia")
    assert mia.get("/projects/acme%2Fshop").status_code == 200
    assert mia.get("/projects/acme%2Fother").status_code == 301


def test_change_project_archived(changed: Any) -> None:
    mia = changed({"archived": True})("mia")
    assert mia.get("/projects/1").json()["archived"] is True
    assert mia.delete(f"{P.replace('42', '1')}/1").status_code == 403


def test_change_project_package_registry(changed: Any) -> None:
    mia = changed({"package_registry": "disabled"})("mia")
    assert mia.get("/projects/1").json()["package_registry_access_level"] == "disabled"
    assert mia.get("/projects/1/packages").status_code == 403


def test_change_project_merges_members(changed: Any) -> None:
    user = changed({"members": {"mia": "guest"}}, {"members": {"sam": None, "root": "owner"}})
    assert user("mia").get("/projects/1/packages").status_code == 403
    assert user("sam").get("/projects/1").status_code == 404


def test_change_project_deleted(changed: Any) -> None:
    user = changed({"deleted": True})
    for path in ("/projects/1", "/projects/1/packages", "/projects/acme%2Fshop"):
        assert user("root").get(path).json() == {"message": "404 Project Not Found"}
    assert user("root").names("/groups/acme/packages") == ["b"]


@pytest.mark.parametrize(
    ("project", "body", "status", "error"),
    [
        (9, b"{}", 404, "there is no such project"),
        ("acme%2Fnone", b"{}", 404, "there is no such project"),
        ("acme%2Fold-shop", b"{}", 404, "there is no such project"),
        (42, b"[]", 400, "[] is not a mapping"),
        (42, b'{"name": "x"}', 400, "'name' is none of path, archived, package_registry, members, deleted"),
        (42, b'{"path": "shop"}', 400, "path: 'shop' is in no group"),
        (42, b'{"path": "acme/web"}', 400, "path: 'acme/web' is a group already"),
        (42, b'{"path": "acme/site"}', 400, "path: 'acme/site' is a project already"),
        (42, b'{"path": "acme/site/x"}', 400, "path: 'acme/site' is a project, not a group"),
        (42, b'{"archived": 1}', 400, "archived: 1 is neither true nor false"),
        (42, b'{"package_registry": "off"}', 400, "package_registry: 'off' is none of disabled, private, "),
        (42, b'{"members": {"nobody": "guest"}}', 400, "members: there is no user 'nobody'"),
        (42, b'{"members": {"mia": "boss"}, "archived": true}', 400, "members.mia: 'boss' is none of guest, "),
    ],
)
def test_a_wrong_change_of_a_project_is_refused_and_changes_nothing(
    mia: Any, sandbox: Sandbox, project: int | str, body: bytes, status: int, error: str
) -> None:
    before = mia.get("/projects/42").json()
    response = requests.post(f"{sandbox.url}/sandbox/projects/{project}", data=body, timeout=10)
    assert response.status_code == status
    assert response.json()["error"].startswith(error)
    assert mia.get("/projects/42").json() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "packages/101", b"{", 400, "the body is not JSON"),
        ("POST", "packages/101", b"\xff", 400, "the body is not JSON"),
        ("POST", "packages/101", b"[]", 400, "[] is not a mapping"),
        ("POST", "packages/101", b'{"status": "gone"}', 400, "status: 'gone' is none of default, hidden, "),
        ("POST", "packages/101", b'{"status": 1}', 400, "status: 1 is none of "),
        (
            "POST",
            "packages/101",
            b'{"name": "x"}',
            400,
            "'name' is none of status, last_downloaded_at, updated_at, tags",
        ),
        ("POST", "packages/101", b'{"last_downloaded_at": 5}', 400, "last_downloaded_at: 5 is not a string"),
        ("POST", "packages/101", b'{"tags": "x"}', 400, "tags: 'x' is not a list"),
        ("POST", "packages/101", b'{"updated_at": null}', 400, "updated_at: None is not a string"),
        ("POST", "packages/999999", b"{}", 404, "there is no such package"),
        ("POST", "packages/x", b"{}", 404, "there is no such package"),
        ("POST", "packages/" + "9" * 30, b"{}", 404, "there is no such package"),
        ("PUT", "faults", b"{", 400, "the body is not JSON"),
        ("PUT", "faults", b"[" * 100_000, 400, "the body is not JSON"),
        ("PUT", "faults", b"{}", 400, "the faults are not a list"),
        ("GET", "nothing", b"", 404, "Not Found"),
        ("GET", "faults", b"", 405, "Method Not Allowed"),
    ],
)
def test_a_wrong_control_call_is_refused_with_a_sentence(
    sandbox: Sandbox, method: str, path: str, body: bytes, status: int, error: str
) -> None:
    response = requests.request(method, f"{sandbox.url}/sandbox/{path}", data=body, timeout=10)
    assert response.status_code == status
    assert response.json()["error"].startswith(error)


def test_control_calls_need_no_token_and_are_outside_the_api(sandbox: Sandbox, anyone: Any) -> None:
    assert requests.get(f"{sandbox.url}/sandbox/state", timeout=10).status_code == 200
    assert anyone.get("/sandbox/state").json() == {"error": "404 Not Found"}
    assert requests.get(f"{sandbox.url}/", timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.1", False),
        ("10.0.0.1", False),
        ("::ffff:192.0.2.1", False),
        ("2001:db8::1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_what_is_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_control_calls_are_answered_on_loopback_only() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing; it only asks which address would be used. A machine without a network has loopback only.
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            address = "127.0.0.1"
    refused = (403, {"error": "control calls are answered on loopback only"})
    with Sandbox({}, host=address, ready_seconds=20) as running:
        response = requests.get(f"{running.url}/sandbox/state", timeout=10)
        if is_loopback(address):
            assert response.status_code == 200
        else:
            assert (response.status_code, response.json()) == refused
        assert requests.get(f"{running.api_url}/projects/1", timeout=10).status_code == 404


# PUT /sandbox/faults


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (1, "faults[0] is not a mapping"),
        ({}, "faults[0].kind: None is none of status, html_error, "),
        ({"kind": "boom"}, "faults[0].kind: 'boom' is none of "),
        ({"kind": "slow"}, "faults[0].ms is missing"),
        ({"kind": "slow", "ms": -1}, "faults[0].ms: -1 is not an integer between 0 and "),
        ({"kind": "slow", "ms": 5, "code": 3}, "faults[0]: 'code' is none of "),
        ({"kind": "status"}, "faults[0].code is missing"),
        ({"kind": "status", "code": 99}, "faults[0].code: 99 is not an integer between 200 and 599"),
        ({"kind": "status", "code": 500, "headers": {"a b": "c"}}, "faults[0].headers: 'a b' is not the name of"),
        ({"kind": "status", "code": 500, "headers": {"a": "c\r\nd: e"}}, "faults[0].headers.a: "),
        ({"kind": "status", "code": 500, "headers": []}, "faults[0].headers is not a mapping"),
        ({"kind": "redirect"}, "faults[0].location: None is not a header's value"),
        ({"kind": "silent_204", "times": -2}, "faults[0].times: -2 is not an integer between -1 and "),
        ({"kind": "silent_204", "times": True}, "faults[0].times: True is not an integer"),
        ({"kind": "silent_204", "skip": -1}, "faults[0].skip: -1 is not an integer between 0 and "),
        ({"kind": "silent_204", "path": "("}, "faults[0].path: '(' is not a regular expression: "),
        ({"kind": "silent_204", "path": 1}, "faults[0].path: 1 is not a regular expression"),
        ({"kind": "silent_204", "method": 1}, "faults[0].method: 1 is not a method"),
    ],
)
def test_a_wrong_fault_is_refused_with_its_place(sandbox: Sandbox, fault: Any, error: str) -> None:
    response = requests.put(f"{sandbox.url}/sandbox/faults", json=[fault], timeout=10)
    assert response.status_code == 400
    assert response.json()["error"].startswith(error)


def test_fault_method_and_path(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"method": "get", "path": r"/packages/10[1-2]$", "kind": "status", "code": 503, "times": -1}])
    assert mia.get(f"{P}/101").status_code == 503
    assert mia.get(f"{P}/103").status_code == 200
    assert mia.delete(f"{P}/102", headers={"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}).status_code == 412


def test_fault_path_is_searched_in_the_path_as_it_was_sent(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"path": "acme%2Fweb", "kind": "status", "code": 503}])
    assert mia.get("/projects/42").status_code == 200
    assert mia.get("/projects/acme%2Fweb%2Fshop").status_code == 503


def test_fault_skip_and_times(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "status", "code": 503, "skip": 2, "times": 2}])
    assert [mia.get("/projects/42").status_code for _ in range(6)] == [200, 200, 503, 503, 200, 200]


def test_fault_times_is_1_by_default_and_0_is_never(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "status", "code": 503}, {"kind": "status", "code": 502, "times": 0}])
    assert [mia.get("/projects/42").status_code for _ in range(3)] == [503, 200, 200]


def test_fault_times_minus_1_is_always(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "status", "code": 503, "times": -1}])
    assert {mia.get("/projects/42").status_code for _ in range(20)} == {503}
    sandbox.faults([])
    assert mia.get("/projects/42").status_code == 200


def test_faults_follow_one_another(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "status", "code": 500}, {"kind": "status", "code": 502, "times": 2}])
    assert [mia.get("/projects/42").status_code for _ in range(4)] == [500, 502, 502, 200]


def test_a_wrong_list_leaves_the_faults_before(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "status", "code": 503}])
    with pytest.raises(SandboxError):
        sandbox.faults([{"kind": "boom"}])
    assert mia.get("/projects/42").status_code == 503


def test_faulted_requests_are_recorded(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "status", "code": 503}, {"kind": "reset_before"}, {"kind": "truncate"}])
    mia.get("/projects/42")
    for _ in range(2):
        with pytest.raises(BROKEN):
            mia.get("/projects/42")
    assert [record["status"] for record in sandbox.requests()] == [503, None, 200]
    assert all(record["finished_at"] for record in sandbox.requests())


def test_fault_status_does_nothing_else(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    sandbox.faults([{"method": "DELETE", "kind": "status", "code": 500}])
    response = mia.delete(f"{P}/{package}")
    assert (response.status_code, response.json()) == (500, {"message": "500 Internal Server Error"})
    assert mia.get(f"{P}/{package}").status_code == 200


def test_fault_status_with_body_and_headers(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults(
        [
            {"kind": "status", "code": 429, "body": "Retry later", "headers": {"Retry-After": "1", "X-Count": 3}},
            {"kind": "status", "code": 400, "body": {"message": ["a"]}},
            {"kind": "status", "code": 200, "body": "[]", "headers": {"content-type": "text/weird"}},
        ]
    )
    first, second, third = (mia.get("/projects/42") for _ in range(3))
    assert (first.status_code, first.text) == (429, "Retry later")
    assert (first.headers["Retry-After"], first.headers["X-Count"]) == ("1", "3")
    assert (second.status_code, second.json()) == (400, {"message": ["a"]})
    assert (third.text, third.headers["Content-Type"]) == ("[]", "text/weird")


def test_fault_html_error(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "html_error", "code": 502}])
    response = mia.get(P)
    assert response.status_code == 502
    assert response.headers["Content-Type"] == "text/html"
    assert "<h1>502 Bad Gateway</h1>" in response.text


def test_fault_reset_before_does_nothing(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    sandbox.faults([{"method": "DELETE", "kind": "reset_before"}])
    with pytest.raises(requests.ConnectionError):
        mia.delete(f"{P}/{package}")
    assert mia.get(f"{P}/{package}").status_code == 200


def test_fault_reset_after_does_the_work(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    sandbox.faults([{"method": "DELETE", "kind": "reset_after"}])
    with pytest.raises(requests.ConnectionError):
        mia.delete(f"{P}/{package}")
    assert mia.get(f"{P}/{package}").status_code == 404
    assert sandbox.requests()[-2]["status"] is None


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_fault_reset_takes_uploads(mia: Any, sandbox: Sandbox, kind: str) -> None:
    sandbox.faults([{"method": "PUT", "kind": kind}])
    with pytest.raises(requests.ConnectionError):
        mia.put(f"{P}/generic/reset-{kind}/1/a", b"x" * 500_000)
    assert mia.get(f"{P}/generic/reset-{kind}/1/a").status_code == (200 if kind == "reset_after" else 404)


def test_fault_truncate_sends_half_of_what_it_announced(mia: Any, sandbox: Sandbox) -> None:
    whole = mia.get("/projects/42").content
    sandbox.faults([{"kind": "truncate"}])
    response = mia.get("/projects/42", stream=True)
    assert int(response.headers["Content-Length"]) == len(whole)
    received: list[bytes] = []
    with pytest.raises(BROKEN):
        received.extend(response.iter_content(1))
    assert b"".join(received) == whole[: len(whole) // 2]


def test_fault_truncate_of_a_download(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "truncate"}])
    with pytest.raises(BROKEN):
        mia.get(f"{P}/101/package_files/1001/download")


def test_fault_truncate_without_a_body_closes_after_the_work(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    sandbox.faults([{"method": "DELETE", "kind": "truncate"}])
    with pytest.raises(BROKEN):
        mia.delete(f"{P}/{package}")
    assert mia.get(f"{P}/{package}").status_code == 404


def test_fault_bad_json(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "bad_json"}])
    response = mia.get(P)
    assert response.status_code == 200
    with pytest.raises(ValueError, match=r"."):
        response.json()


def test_fault_slow_answers_after_that_long(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "slow", "ms": 300}])
    before = time.monotonic()
    assert mia.get(P).status_code == 200
    assert 0.3 <= time.monotonic() - before < 1.5
    before = time.monotonic()
    assert mia.get(P).status_code == 200
    assert time.monotonic() - before < 0.3


def test_fault_slow_holds_nobody_up(sandbox: Sandbox, client: Callable[..., Any], mia: Any) -> None:
    sandbox.faults([{"kind": "slow", "ms": 1000}])
    thread = threading.Thread(target=client(sandbox, "glpat-mia").get, args=(P,))
    thread.start()
    while not sandbox.requests():
        time.sleep(0.01)
    before = time.monotonic()
    mia.get(P)
    assert time.monotonic() - before < 0.5
    thread.join()


def test_fault_silent_204_deletes_nothing(mia: Any, sandbox: Sandbox, publish: Publish) -> None:
    package, _ = publish()
    sandbox.faults([{"method": "DELETE", "kind": "silent_204"}])
    response = mia.delete(f"{P}/{package}")
    assert (response.status_code, response.content) == (204, b"")
    assert package in mia.ids(P)


def test_fault_redirect(mia: Any, sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "redirect", "location": "https://elsewhere.example/api/v4/x"}])
    response = mia.get(P)
    assert (response.status_code, response.headers["Location"]) == (302, "https://elsewhere.example/api/v4/x")


def test_the_connection_after_a_fault_is_a_new_one_and_the_log_stays_empty(mia: Any, sandbox: Sandbox) -> None:
    for kind in ("reset_before", "reset_after", "truncate"):
        for _ in range(5):
            sandbox.faults([{"kind": kind}])
            with pytest.raises(BROKEN):
                mia.get(P)
            assert mia.get(P).status_code == 200
    assert sandbox.log() == ""


# The helper itself


def test_sandbox_says_why_it_did_not_start() -> None:
    with pytest.raises(SandboxError, match="seed: 'colour' is none of"):
        Sandbox({"colour": "red"}).start()


def test_sandbox_can_be_stopped_twice() -> None:
    running = Sandbox({}).start()
    assert running.stop() == 0
    assert running.stop() is None


def test_sandbox_helper_imports_nothing_but_the_standard_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys, gitlab_sandbox.testing\n"
        "print([m for m in ('yaml', 'starlette', 'uvicorn', 'httptools', 'requests') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "[]", done.stderr
