# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of GitLab to foresee protection rules, how often, and what an answer that does not come means."""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protected import (
    Foreseen,
    foresee_rules,
)
from gitlab_sandbox.testing import Sandbox

LEVEL = "minimum_access_level_for_delete"


def rule(pattern: str, level: str) -> dict[str, str]:
    return {"package_name_pattern": pattern, "package_type": "generic", LEVEL: level}


PROJECTS = range(1, 31)
SEED: dict[str, t.Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "mia", "tokens": [{"value": "glpat-mia"}]},
        {"username": "rep", "tokens": [{"value": "glpat-rep"}]},
    ],
    "job_tokens": [{"value": "glcbt-mia", "user": "mia", "project": "acme/p1"}],
    "groups": [{"path": "acme", "visibility": "private", "members": {"mia": "maintainer", "rep": "reporter"}}],
    "projects": [
        {
            "path": f"acme/p{i}",
            "id": i,
            "members": {"mia": "owner"} if i == 2 else {},
            "protection_rules": [rule("release-*", "owner"), *([rule("vault", "admin")] if i > 2 else [])],
        }
        for i in PROJECTS
    ],
}


def package(number: int, name: str, kind: str = "generic", project: int = 1) -> dict[str, t.Any]:
    return {"id": number, "project_id": project, "package_type": kind, "name": name}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(SEED) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    running.forget()
    yield running
    running.faults([])


@contextmanager
def connected(sandbox: Sandbox, token: str = "glpat-mia") -> Iterator[PackagesApi]:
    kind = "job" if token.startswith("glcbt") else "private"
    with Client(Connection(api_url=sandbox.url, token=Token(kind, token), retries=0)) as client:
        yield PackagesApi(client)


def asked(sandbox: Sandbox) -> Counter[str]:
    """How often each call was sent."""
    return Counter(request["path"].removeprefix("/api/v4") for request in sandbox.requests())


def test_each_is_asked_once_and_only_where_it_decides(sandbox: Sandbox) -> None:
    free = [package(i, "app", project=i) for i in PROJECTS]
    never = [package(100, "release-1", "composer", project=9)]
    ruled = [package(200 + i, "release-1", project=i) for i in PROJECTS]
    with connected(sandbox) as api:
        assert foresee_rules(api, []) == foresee_rules(api, never) == Foreseen()
        assert not sandbox.requests()
        assert foresee_rules(api, free) == Foreseen()
        rules = Counter(f"/projects/{i}/packages/protection/rules" for i in PROJECTS)
        # What nobody's role matters for is decided by the rules alone.
        assert asked(sandbox) == rules
        first, again = foresee_rules(api, ruled), foresee_rules(api, ruled)
    assert asked(sandbox) == rules + Counter(["/projects", "/application/plan_limits"])
    # Of project 2 she is an owner.
    assert set(first.refused) == set(again.refused) == {200 + i for i in PROJECTS if i != 2}
    assert first.protection == "known"
    bounds = next(r["query"] for r in sandbox.requests() if r["path"] == "/api/v4/projects")
    assert "id_after=0" in bounds
    assert "id_before=31" in bounds


def test_owners_and_administrators(sandbox: Sandbox) -> None:
    packages = [package(1, "release-1", project=2), package(2, "vault", project=3)]
    with connected(sandbox) as api:
        assert foresee_rules(api, packages[:1]) == Foreseen()
        # Whose role is enough is asked no further.
        assert "/application/plan_limits" not in asked(sandbox)
        assert set(foresee_rules(api, packages).refused) == {2}
    with connected(sandbox, "glpat-root") as api:
        assert foresee_rules(api, packages) == Foreseen()


def test_where_no_answer_comes_it_is_unknown(sandbox: Sandbox) -> None:
    """With the first reason in one warning; and what every project would answer is not asked of every project."""
    release = [package(i, "release-1", project=i) for i in PROJECTS]
    no_route = {"path": "/rules$", "kind": "status", "code": 404, "body": '{"error":"404 Not Found"}'}
    cases: list[tuple[str, list[dict[str, t.Any]], str]] = [
        ("glcbt-mia", [], "GitLab shows no protection rules to a job token"),
        ("glpat-rep", [], "protection rules need the maintainer role on project"),
        ("glpat-mia", [no_route], "this server has no protection rules"),
        ("glpat-mia", [{"path": "/api/v4/projects$", "kind": "status", "code": 500}], "the caller's role is not told"),
        ("glpat-mia", [{"path": "/plan_limits", "kind": "status", "code": 404}], "the caller's role is not told"),
        # A proxy's page is no word of GitLab.
        ("glpat-mia", [{"path": "/plan_limits", "kind": "html_error", "code": 403}], "the caller's role is not told"),
    ]
    for token, faults, words in cases:
        sandbox.forget()
        sandbox.faults([{"method": "GET", "times": -1, **fault} for fault in faults])
        with connected(sandbox, token) as api:
            foreseen = foresee_rules(api, release)
            for _twice in range(2):
                foreseen.warn(api.client.warnings)
            (warning,) = api.client.warnings
        assert (foreseen.refused, foreseen.protection) == ({}, "unknown"), words
        assert warning.startswith("whether protection rules forbid these deletes is not known beforehand"), words
        assert words in warning
        if faults == [no_route]:
            assert sum(asked(sandbox).values()) <= 8  # as many as are sent at once


def test_what_is_known_of_one_project_stands_beside_what_is_not_of_another(sandbox: Sandbox) -> None:
    packages = [package(1, "release-1"), package(2, "release-1", project=5), package(3, "app", project=6)]
    with connected(sandbox) as api:
        foreseen = foresee_rules(api, packages, closed=[5])
        foreseen.warn(api.client.warnings)
    assert set(foreseen.refused) == {1}
    assert set(foreseen.unknown) == {2}
    assert "who may not delete in a project may not read its rules" in foreseen.unknown[2]
    assert "/projects/5/packages/protection/rules" not in asked(sandbox)
