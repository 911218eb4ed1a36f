# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rate limits (contract, section 6; registries, E; README, "The command" and "The seed")."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from gitlab_sandbox.limits import Window
from gitlab_sandbox.testing import Sandbox

SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}, {"value": "glpat-other"}]},
    ],
    "groups": [{"path": "acme"}],
    "projects": [{"path": "acme/shop", "packages": [{"name": "a", "files": [{}]}]}],
}
P = "/projects/1/packages"
HEADERS = ["limit", "name", "observed", "remaining", "reset", "resettime"]
# Windows begin at multiples of their length: one of so many seconds ends in no test.
LONG = 999_999_999
END = (int(time.time()) // LONG + 1) * LONG


def limited(**limits: str) -> dict[str, Any]:
    return {**SEED, "instance": {"limits": limits}}


def shown(response: Any) -> list[str]:
    """The last words of the RateLimit-* headers of an answer."""
    return sorted(n[10:].lower() for n in response.headers if n.lower().startswith("ratelimit-"))


def test_rate_limit_answers_429_above_it_with_all_headers(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, rate_limit=f"5/{LONG}") as running:
        api = client(running, "glpat-root")
        allowed = [api.get(P) for _ in range(5)]
        refused = api.get(P)
    assert [response.status_code for response in allowed] == [200] * 5
    assert (refused.status_code, refused.text) == (429, "Retry later")
    headers = refused.headers
    assert headers["Content-Type"] == "text/plain"
    assert shown(refused) == HEADERS
    assert (headers["RateLimit-Observed"], headers["RateLimit-Remaining"]) == ("6", "0")
    assert headers["RateLimit-Name"] == "throttle_authenticated_api"
    # The window ends at a multiple of its length.
    assert headers["RateLimit-Reset"] == str(END)
    assert parsedate_to_datetime(headers["RateLimit-ResetTime"]).timestamp() == END
    assert abs(END - time.time() - int(headers["Retry-After"])) <= 5


def test_other_answers_carry_no_header(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, rate_limit=f"600/{LONG}") as running:
        api = client(running, "glpat-root")
        for response in (api.get(P), api.get("/nothing"), client(running, "nope").get(P)):
            assert shown(response) == []
            assert "Retry-After" not in response.headers


def test_rate_limit_headers_always_are_on_every_answer(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, rate_limit=f"600/{LONG}", rate_limit_headers="always") as running:
        api = client(running, "glpat-root")
        answers = [api.get(P), api.get("/nothing"), api.delete(f"{P}/1"), api.get(f"{P}?page=x")]
        assert [shown(response) for response in answers] == [HEADERS] * 4
        assert [response.headers["RateLimit-Observed"] for response in answers] == ["1", "2", "3", "4"]
        assert [response.headers["RateLimit-Remaining"] for response in answers] == ["599", "598", "597", "596"]
        assert not any("Retry-After" in response.headers for response in answers)
        assert shown(client(running, "nope").get(P)) == HEADERS


@pytest.mark.parametrize(("limit", "quota"), [("600/60", "600"), ("7200/3600", "120"), ("10/600", "1"), ("5/2", "150")])
def test_rate_limit_limit_is_the_quota_of_60_seconds(client: Callable[..., Any], limit: str, quota: str) -> None:
    with Sandbox(SEED, rate_limit=limit, rate_limit_headers="always") as running:
        headers = client(running, "glpat-root").get(P).headers
    assert headers["RateLimit-Limit"] == quota
    # Those of the real window.
    assert headers["RateLimit-Remaining"] == str(int(limit.partition("/")[0]) - 1)


def test_windows_begin_at_multiples_of_their_length(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([119.0, 119.9, 120.0, 179.9, 180.0])
    monkeypatch.setattr("gitlab_sandbox.clock.timestamp", lambda: next(times))
    window = Window(1, 60)
    counts = [window.count("mia") for _ in range(5)]
    assert [count.exceeded for count in counts] == [False, True, False, True, False]
    assert [count.reset for count in counts] == [120, 120, 180, 180, 240]
    assert [count.retry_after for count in counts] == [1, 1, 60, 1, 60]


def test_windows_follow_the_clock_offset(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, rate_limit="600/60", rate_limit_headers="always", clock_offset=86_400) as running:
        reset = int(client(running, "glpat-root").get(P).headers["RateLimit-Reset"])
    assert reset % 60 == 0
    assert 0 < reset - time.time() - 86_400 < 65


def test_rate_limit_is_per_token(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, rate_limit=f"1/{LONG}") as running:
        for token in ("glpat-root", "glpat-other", "", "unknown"):
            api = client(running, token)
            assert api.get(P).status_code != 429
            assert api.get(P).status_code == 429


def test_a_refused_request_does_nothing(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, rate_limit=f"1/{LONG}") as running:
        api = client(running, "glpat-root")
        api.get(P)
        assert api.delete(f"{P}/1").status_code == 429
        assert running.state()["packages"]["pending_destruction"] == 0


def test_without_a_limit_there_are_no_headers(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, rate_limit_headers="always") as running:
        assert shown(client(running).get(P)) == []


def test_rate_limit_counts_no_registry_and_no_object_storage(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, rate_limit=f"1/{LONG}", storage="object") as running:
        api = client(running, "glpat-root")
        location = api.get(f"{P}/1/package_files/1/download").headers["Location"]
        for _ in range(3):
            assert api.put(f"{P}/generic/a/1/a", b"x").status_code == 201
            assert client(running, api_url=location).get("").status_code == 200
        assert api.get(P).status_code == 429


def test_limit_of_packages_is_that_of_the_registries(client: Callable[..., Any]) -> None:
    with Sandbox(limited(packages=f"2/{LONG}")) as running:
        api = client(running, "glpat-root")
        answers = [api.put(f"{P}/generic/a/1/a", b"x") for _ in range(3)]
        assert [response.status_code for response in answers] == [201, 201, 429]
        assert (answers[2].text, shown(answers[2])) == ("Retry later", HEADERS)
        assert answers[2].headers["RateLimit-Name"] == "throttle_authenticated_packages_api"
        assert api.get(P).status_code == 200
        anyone = [client(running).get(f"{P}/generic/a/1/a") for _ in range(3)]
        assert [response.status_code for response in anyone] == [401, 401, 429]
        assert anyone[2].headers["RateLimit-Name"] == "throttle_unauthenticated_packages_api"


@pytest.mark.parametrize(("name", "path"), [("projects", "/projects/1"), ("groups", "/groups/acme")])
@pytest.mark.parametrize("version", ["current", "16.1"])
def test_limit_of_one_call_answers_in_json_without_rate_limit_headers(
    client: Callable[..., Any], name: str, path: str, version: str
) -> None:
    with Sandbox(limited(**{name: f"2/{LONG}"}), gitlab_version=version, rate_limit_headers="always") as running:
        api = client(running, "glpat-root")
        answers = [api.get(path) for _ in range(3)]
        assert [response.status_code for response in answers] == [200, 200, 429]
        text = "This endpoint has been requested too many times. Try again later."
        assert answers[2].json() == {"message": {"error": text}}
        assert shown(answers[2]) == []
        # Older servers do not say how long to wait.
        assert answers[2].headers.get("Retry-After") == (str(LONG) if version == "current" else None)
        # The call's own: others go on, and so do other callers.
        assert api.get(P).status_code == 200
        assert client(running, "glpat-other").get(path).status_code == 200
