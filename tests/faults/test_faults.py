# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault, at every place where it can strike: the rows of docs/reliability.md."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass
from email.utils import formatdate

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import Outcome
from ansible_collections.registryops.gitlab.tests.faults.conftest import LISTED, SMALL, Registry, packages

YEAR = 365 * 86400
#: How many requests a list of three pages sends before that page, with one request at a time.
PLACES = {"first page": (0, 1), "last page": (1, 3), "middle page": (2, 2)}


@dataclass(frozen=True)
class Case:
    """A fault, what the user reads if it does not pass, and whether a DELETE that meets it has done its work."""

    fault: t.Callable[[], dict[str, t.Any]]
    sentence: str
    works: bool = False
    timeout: float = 5


def _status(code: int, body: t.Any = None, **headers: str) -> t.Callable[[], dict[str, t.Any]]:
    fault: dict[str, t.Any] = {"kind": "status", "code": code, "headers": headers}
    return lambda: {**fault, **({} if body is None else {"body": body})}


def _limited(**headers: t.Callable[[], t.Any]) -> t.Callable[[], dict[str, t.Any]]:
    """429 with headers whose values are made when the fault is put in force; ``_`` stands for ``-``."""

    def fault() -> dict[str, t.Any]:
        made = {name.replace("_", "-"): str(value()) for name, value in headers.items()}
        return {"kind": "status", "code": 429, "body": "Retry later\n", "headers": made}

    return fault


#: Faults that pass: the next try meets none.
PASSING = {
    "429 without a word of when": Case(_limited(), "429 Retry later: the rate limit is used up"),
    "429, Retry-After in seconds": Case(_limited(Retry_After=lambda: 1), "the rate limit is used up"),
    "429, Retry-After as a date": Case(
        _limited(Retry_After=lambda: formatdate(time.time() + 1, usegmt=True)), "the rate limit is used up"
    ),
    "429, Retry-After that is no time": Case(_limited(Retry_After=lambda: "soon"), "the rate limit is used up"),
    "429, RateLimit-Reset ahead": Case(_limited(RateLimit_Reset=lambda: int(time.time()) + 1), "the rate limit"),
    "429, RateLimit-Reset in the past": Case(_limited(RateLimit_Reset=lambda: int(time.time()) - 60), "the rate limit"),
    "500 JSON": Case(_status(500, {"message": "500 Internal Server Error"}), "500 Internal Server Error"),
    "502 JSON": Case(_status(502, {"message": "502 Bad Gateway"}), "502 Bad Gateway"),
    "503 JSON": Case(_status(503, {"message": "503 Service Unavailable"}), "503 Service Unavailable"),
    "504 JSON": Case(_status(504, {"error": "504 Gateway Timeout"}), "504 Gateway Timeout"),
    "500 HTML": Case(lambda: {"kind": "html_error", "code": 500}, "500 Internal Server Error"),
    "502 HTML": Case(lambda: {"kind": "html_error", "code": 502}, "502 Bad Gateway"),
    "503 HTML": Case(lambda: {"kind": "html_error", "code": 503}, "503 Service Unavailable"),
    "504 HTML": Case(lambda: {"kind": "html_error", "code": 504}, "504 Gateway Timeout"),
    "reset before the work": Case(lambda: {"kind": "reset_before"}, "the connection was lost"),
    "reset after the work": Case(lambda: {"kind": "reset_after"}, "the connection was lost", works=True),
    "truncated body": Case(lambda: {"kind": "truncate"}, "the connection was lost", works=True),
    "timed out": Case(lambda: {"kind": "slow", "ms": 1500}, r"no answer within 0.4 seconds", works=True, timeout=0.4),
    "not JSON": Case(lambda: {"kind": "bad_json"}, "a body that is not JSON"),
}
#: Faults that no second try mends.
FINAL = {
    "429, RateLimit-Reset a year away": Case(
        _limited(RateLimit_Reset=lambda: int(time.time()) + YEAR),
        r"GitLab asks to wait 315\d{5} seconds, more than the 900 that are waited: run it again later",
    ),
    "429, Retry-After a year away": Case(_limited(Retry_After=lambda: YEAR), "asks to wait 31536000 seconds"),
    "an object for a list": Case(_status(200, {"packages": []}), "answered with no list"),
    "a package without an id": Case(
        _status(200, [{"name": "app", "version": "1", "package_type": "generic"}]), "an object whose 'id' is nothing"
    ),
    "a number for a package": Case(_status(200, [7]), "answered with a int where an object is due"),
    "an empty body": Case(_status(200, ""), "answered with no list"),
    "an endless redirect": Case(
        lambda: {"kind": "redirect", "location": "/api/v4/projects/1/packages"}, "was redirected more than 5 times"
    ),
    "a redirect to another host": Case(
        lambda: {"kind": "redirect", "location": "http://elsewhere.invalid/api/v4/x"},
        r"was redirected to http://elsewhere.invalid/api/v4/x, another server than api_url: not followed",
    ),
}
ALL = {**PASSING, **FINAL}

fault_that_passes = pytest.mark.parametrize("case", PASSING.values(), ids=PASSING)
any_fault = pytest.mark.parametrize("case", ALL.values(), ids=ALL)
at_each_place = pytest.mark.parametrize(("skip", "page"), PLACES.values(), ids=PLACES)


def _one_sentence(message: str) -> bool:
    return "\n" not in message and "Traceback" not in message and "glpat" not in message and len(message) < 600


# --- lists ---------------------------------------------------------------------------------------------------


@at_each_place
@fault_that_passes
def test_a_fault_that_passes_does_not_show_in_a_list(registry: Registry, case: Case, skip: int, page: int) -> None:
    registry.sandbox.faults([{**case.fault(), "method": "GET", "skip": skip, "times": 1}])
    with registry.connect(timeout=case.timeout) as client:
        found = packages(PackagesApi(client), registry.listed)
    assert len({package["id"] for package in found}) == LISTED == len(found)
    sent = [request["query"] for request in registry.sandbox.requests()]
    assert len(sent) == 4
    assert len(set(sent)) == 3


@at_each_place
@any_fault
def test_one_page_that_keeps_failing_fails_the_list_and_is_named(
    registry: Registry, case: Case, skip: int, page: int
) -> None:
    registry.sandbox.faults([{**case.fault(), "method": "GET", "skip": skip, "times": -1}])
    with registry.connect(timeout=case.timeout, retries=0) as client:
        with pytest.raises(GitlabError, match=case.sentence) as caught:
            packages(PackagesApi(client), registry.listed)
        message = caught.value.message
    assert _one_sentence(message)
    assert "GET /projects/1/packages" in message
    assert page == 1 or f"page {page} of" in message


def test_a_fault_that_stays_is_told_with_the_number_of_tries(registry: Registry) -> None:
    registry.sandbox.faults([{"kind": "html_error", "code": 500, "skip": 1, "times": -1}])
    with registry.connect(retries=2) as client, pytest.raises(GitlabError) as caught:
        packages(PackagesApi(client), registry.listed)
    assert caught.value.message == (
        "page 3 of the list failed, so the whole list does:"
        " GET /projects/1/packages: 500 Internal Server Error (3 tries)"
    )
    assert len(registry.sandbox.requests()) == 4


# --- deletes -------------------------------------------------------------------------------------------------


def _delete(client: Client, registry: Registry, project: int, fault: dict[str, t.Any]) -> Outcome:
    """Delete all packages of a project; the fault is in force once they are listed."""
    api = PackagesApi(client)
    found = packages(api, project)
    registry.sandbox.faults([fault])
    return delete_packages(api, found, Options())


@fault_that_passes
def test_a_fault_that_passes_does_not_show_in_a_delete(registry: Registry, case: Case) -> None:
    project = registry.fresh()
    with registry.connect(timeout=case.timeout) as client:
        outcome = _delete(client, registry, project, {**case.fault(), "method": "DELETE", "skip": 1, "times": 1})
    assert [result["result"] for result in outcome.results] == ["deleted"] * SMALL
    assert not any("message" in result for result in outcome.results)
    assert outcome.verify_error is None
    assert registry.ids(project) == []


@any_fault
def test_one_delete_that_keeps_failing_is_told_and_the_others_are_done(registry: Registry, case: Case) -> None:
    project = registry.fresh()
    with registry.connect(timeout=case.timeout, retries=0) as client:
        outcome = _delete(client, registry, project, {**case.fault(), "method": "DELETE", "skip": 1, "times": 1})
    left = registry.ids(project)
    kinds = [result["result"] for result in outcome.results]
    if case.works:
        # Its answer was lost: that it is gone was found by looking.
        assert (kinds, left) == (["deleted"] * SMALL, [])
        return
    assert kinds == ["deleted", "failed", "deleted"]
    failed = outcome.results[1]
    assert left == [failed["id"]]
    assert _one_sentence(failed["message"])


@pytest.mark.parametrize("kind", ["reset_after", "truncate"])
def test_a_delete_whose_answer_is_lost_each_time_counts_as_deleted(registry: Registry, kind: str) -> None:
    project = registry.fresh()
    with registry.connect(concurrency=4) as client:
        outcome = _delete(client, registry, project, {"kind": kind, "method": "DELETE", "times": -1})
    assert [result["result"] for result in outcome.results] == ["deleted"] * SMALL
    assert registry.ids(project) == []


def test_a_delete_whose_answer_is_lost_and_that_was_not_done_is_failed(registry: Registry) -> None:
    project = registry.fresh()
    with registry.connect(concurrency=4) as client:
        outcome = _delete(client, registry, project, {"kind": "reset_before", "method": "DELETE", "times": -1})
    assert [result["result"] for result in outcome.results] == ["failed"] * SMALL
    assert all("the connection was lost" in result["message"] for result in outcome.results)
    assert len(registry.ids(project)) == SMALL


def test_a_lost_answer_is_looked_after_even_without_verify(registry: Registry) -> None:
    project = registry.fresh()
    with registry.connect(retries=0) as client:
        api = PackagesApi(client)
        found = packages(api, project)
        registry.sandbox.faults(
            [{"kind": "reset_after", "method": "DELETE", "times": 1}, {"kind": "reset_before", "method": "DELETE"}]
        )
        outcome = delete_packages(api, found, Options(verify=False))
    assert [result["result"] for result in outcome.results] == ["deleted", "failed", "deleted"]
    assert registry.ids(project) == [found[1]["id"]]


def test_a_false_204_is_failed(registry: Registry) -> None:
    project = registry.fresh()
    with registry.connect() as client:
        outcome = _delete(client, registry, project, {"kind": "silent_204", "method": "DELETE", "times": 1})
    assert [result["result"] for result in outcome.results] == ["failed", "deleted", "deleted"]
    assert "but still lists it" in outcome.results[0]["message"]


# --- the verify listing --------------------------------------------------------------------------------------


@fault_that_passes
def test_a_fault_that_passes_does_not_show_in_the_proof(registry: Registry, case: Case) -> None:
    project = registry.fresh()
    with registry.connect(timeout=case.timeout) as client:
        outcome = _delete(client, registry, project, {**case.fault(), "method": "GET", "times": 1})
    assert [result["result"] for result in outcome.results] == ["deleted"] * SMALL
    assert outcome.verify_error is None


@any_fault
def test_a_proof_that_keeps_failing_is_told(registry: Registry, case: Case) -> None:
    project = registry.fresh()
    with registry.connect(timeout=case.timeout, retries=0) as client:
        outcome = _delete(client, registry, project, {**case.fault(), "method": "GET", "times": -1})
    registry.sandbox.faults([])
    assert outcome.verify_error is not None
    assert _one_sentence(outcome.verify_error.message)
    for result in outcome.results:
        assert result["result"] == "deleted"
        assert result["message"].startswith("not proved: ")
    assert registry.ids(project) == []
