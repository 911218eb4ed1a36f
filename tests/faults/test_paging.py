# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists above and below 10,000 packages, quiet ones and such as change while they are read."""

from __future__ import annotations

import http.client
import threading
import typing as t
import urllib.parse
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.tests.faults.conftest import TOKEN, generated, packages, seed
from ansible_collections.registryops.gitlab.tests.faults.wire import Proxy, Reply, Request, WireServer
from gitlab_sandbox.testing import Sandbox

LARGE, SMALL = 1, 2


def _hidden(first_id: int) -> list[dict[str, t.Any]]:
    """Hidden packages, older than all others: shown, they stand in front of everything."""
    plain = {"name": "hid", "package_type": "generic", "status": "hidden", "created_at": "2001-01-01T00:00:00.000Z"}
    return [{**plain, "id": first_id + i, "version": str(i)} for i in range(12)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    large = generated("acme/large", 11_500, id=LARGE, packages=_hidden(1_000_001))
    small = generated("acme/small", 1_500, id=SMALL, packages=_hidden(2_000_001))
    with Sandbox(seed(large, small), latency_ms=5) as running:
        yield running


class Backstage:
    """Changes the registry behind a list's back, before its n-th request."""

    def __init__(self, sandbox: Sandbox, project: int) -> None:
        self.sandbox = sandbox
        self.project = project
        self.gone: set[int] = set()
        self._proxy = Proxy(sandbox.url)
        self._lock = threading.Lock()
        self._count = 0
        self._events: dict[int, t.Callable[[], None]] = {}
        self._at_page: t.Callable[[], None] | None = None

    def before(self, *numbers: int, do: t.Callable[[], None]) -> None:
        """Do something before the n-th request."""
        self._events.update(dict.fromkeys(numbers, do))

    def before_page_three(self, do: t.Callable[[], None]) -> None:
        """Do something before each request for page 3: once in each list that is made."""
        self._at_page = do

    def answer(self, request: Request) -> Reply:
        """Pass a request on, after what is to happen before it."""
        with self._lock:
            self._count += 1
            event = self._events.get(self._count)
            if event:
                event()
            if self._at_page is not None and request.query.get("page") == "3":
                self._at_page()
        return self._proxy.answer(request)

    def delete(self, ids: t.Iterable[int]) -> t.Callable[[], None]:
        """Something to do: delete these."""

        def do() -> None:
            for package_id in ids:
                self._call("DELETE", f"packages/{package_id}")
                self.gone.add(package_id)

        return do

    def publish(self, version: str) -> t.Callable[[], None]:
        """Something to do: publish a package."""
        return lambda: self._call("PUT", f"packages/generic/new/{version}/file.txt", b"new")

    def show(self, package_id: int) -> t.Callable[[], None]:
        """Something to do: show a hidden package."""
        return lambda: t.cast(None, self.sandbox.change_package(package_id, status="default"))

    def _call(self, method: str, path: str, body: bytes | None = None) -> None:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.sandbox.url).netloc, timeout=30)
        connection.request(method, f"/api/v4/projects/{self.project}/{path}", body, {"PRIVATE-TOKEN": TOKEN})
        status = connection.getresponse().status
        connection.close()
        assert status in (201, 204)


def _client(url: str, concurrency: int = 8) -> Client:
    return Client(Connection(url, Token("private", TOKEN), concurrency=concurrency, retries=1))


def _read(url: str, project: int, concurrency: int = 8) -> tuple[list[int], list[str]]:
    """The IDs of one list, and what was warned of."""
    with _client(url, concurrency) as client:
        found = [package["id"] for package in packages(PackagesApi(client), project)]
        return found, client.warnings


def _queries(sandbox: Sandbox) -> list[dict[str, str]]:
    return [dict(urllib.parse.parse_qsl(request["query"])) for request in sandbox.requests()]


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_a_list_of_known_length_is_read_with_the_least_requests(sandbox: Sandbox, concurrency: int) -> None:
    before, _ = _read(sandbox.url, SMALL)
    sandbox.forget()
    found, _ = _read(sandbox.url, SMALL, concurrency)
    assert found == before
    queries = _queries(sandbox)
    assert sorted(int(query["page"]) for query in queries) == list(range(1, -(-len(found) // 100) + 1))
    assert {query["per_page"] for query in queries} == {"100"}
    assert sandbox.max_in_flight() <= concurrency


@pytest.mark.parametrize("concurrency", [1, 3, 8, 32])
def test_a_list_without_totals_is_read_ahead_of_its_end(sandbox: Sandbox, concurrency: int) -> None:
    before, _ = _read(sandbox.url, LARGE)
    sandbox.forget()
    found, warnings = _read(sandbox.url, LARGE, concurrency)
    assert len(found) == len(set(found)) > 10_000
    assert found == before
    assert warnings == []
    sent = [request["query"] for request in sandbox.requests()]
    assert len(set(sent)) == len(sent)
    pages = sorted(int(query["page"]) for query in _queries(sandbox) if query["per_page"] == "100")
    last = -(-len(found) // 100)
    assert pages[:last] == list(range(1, last + 1))
    assert len(pages) - last <= concurrency
    # The rest are looks, each at one item.
    looks = [query for query in _queries(sandbox) if query["per_page"] == "1"]
    assert len(pages) + len(looks) == len(sent)
    assert len(looks) <= max(2 * concurrency, last / 2)
    assert sandbox.max_in_flight() <= concurrency


@pytest.mark.parametrize("project", [LARGE, SMALL], ids=["above 10,000", "below 10,000"])
@pytest.mark.parametrize("number", [2, 9, 14], ids=["at the beginning", "in the middle", "near the end"])
@pytest.mark.parametrize("several", [1, 130], ids=["one", "more than a page"])
def test_packages_deleted_while_paging_hide_no_other(sandbox: Sandbox, project: int, number: int, several: int) -> None:
    before, _ = _read(sandbox.url, project)
    backstage = Backstage(sandbox, project)
    backstage.before(number * len(before) // 1500, do=backstage.delete(before[5 : 5 + several]))
    with WireServer(backstage.answer) as server:
        found, warnings = _read(server.url, project)
    assert len(backstage.gone) == several
    assert len(found) == len(set(found))
    assert set(before) - backstage.gone <= set(found) <= set(before)
    assert warnings == []


@pytest.mark.parametrize("project", [LARGE, SMALL], ids=["above 10,000", "below 10,000"])
def test_packages_that_go_one_by_one_all_the_while_hide_no_other(sandbox: Sandbox, project: int) -> None:
    before, _ = _read(sandbox.url, project)
    backstage = Backstage(sandbox, project)
    for number in range(2, 60, 2):
        backstage.before(number, do=backstage.delete(before[3 * number : 3 * number + 2]))
    with WireServer(backstage.answer) as server:
        found, warnings = _read(server.url, project)
    assert backstage.gone
    assert len(found) == len(set(found))
    assert set(before) - backstage.gone <= set(found) <= set(before)
    assert warnings == []


@pytest.mark.parametrize("project", [LARGE, SMALL], ids=["above 10,000", "below 10,000"])
def test_packages_published_while_paging_change_nothing(sandbox: Sandbox, project: int) -> None:
    before, _ = _read(sandbox.url, project)
    backstage = Backstage(sandbox, project)
    for number in (2, 5, 9, 13):
        backstage.before(number, do=backstage.publish(f"{project}.{number}"))
    with WireServer(backstage.answer) as server:
        found, warnings = _read(server.url, project)
    assert len(found) == len(set(found))
    assert set(before) <= set(found)
    assert warnings == []


@pytest.mark.parametrize("project", [LARGE, SMALL], ids=["above 10,000", "below 10,000"])
def test_a_package_that_comes_up_in_front_makes_the_list_again(sandbox: Sandbox, project: int) -> None:
    before, _ = _read(sandbox.url, project)
    backstage = Backstage(sandbox, project)
    backstage.before(10, do=backstage.show(project * 1_000_000 + 1))
    with WireServer(backstage.answer) as server:
        found, warnings = _read(server.url, project)
    assert sorted(found) == sorted({*before, project * 1_000_000 + 1})
    assert warnings == ["the registry changed while its list was read: the list was made again"]


@pytest.mark.parametrize("project", [LARGE, SMALL], ids=["above 10,000", "below 10,000"])
def test_a_registry_that_never_holds_still_fails_the_list(sandbox: Sandbox, project: int) -> None:
    backstage = Backstage(sandbox, project)
    hidden = iter(range(project * 1_000_000 + 2, project * 1_000_000 + 12))
    backstage.before_page_three(lambda: backstage.show(next(hidden))())
    with WireServer(backstage.answer) as server, pytest.raises(GitlabError) as caught:
        _read(server.url, project)
    assert caught.value.message == (
        "the registry changed while its list was read, 3 times in a row: run it again when less is going on"
    )
