# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sandbox for all fault tests, with a project of its own for each test that deletes."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package, Selection

# Fixtures are found by their names here.
from ansible_collections.registryops.gitlab.tests.integration.conftest import playbook, start
from gitlab_sandbox.testing import Sandbox

__all__ = ["playbook", "start"]

TOKEN = "glpat-mia"
#: The packages of :attr:`Registry.listed`: three pages.
LISTED = 250
SMALL = 3
GENERIC = [Selection(package_types=("generic",))]


def seed(*projects: dict[str, t.Any]) -> dict[str, t.Any]:
    """A seed of projects in which mia is a maintainer."""
    return {
        "users": [{"username": "mia", "tokens": [{"value": TOKEN}]}],
        "groups": [{"path": "acme", "members": {"mia": "maintainer"}}],
        "projects": list(projects),
    }


def generated(path: str, count: int, **more: t.Any) -> dict[str, t.Any]:
    """A project of ``count`` generic packages."""
    packages = {"count": count, "name": "app-{i % 10}", "version": "1.0.{i}", "package_type": "generic"}
    return {"path": path, "generate": [packages], **more}


class Registry:
    """The sandbox, and ways to talk to it in process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._fresh = itertools.count(2)
        #: A project of LISTED packages, for tests that do not delete.
        self.listed = 1

    def fresh(self) -> int:
        """A project of SMALL packages that no other test uses."""
        return next(self._fresh)

    def connect(self, url: str | None = None, **options: t.Any) -> Client:
        """A client; one retry and one request at a time unless the options say more."""
        settings: dict[str, t.Any] = {"retries": 1, "concurrency": 1, "timeout": 5, **options}
        return Client(Connection(url or self.sandbox.api_url, Token("private", TOKEN), **settings))

    def ids(self, project: int) -> list[int]:
        """What a project holds, by its list; what that took is forgotten."""
        with self.connect(concurrency=4) as client:
            found = packages(PackagesApi(client), project)
        self.sandbox.forget()
        return sorted(package["id"] for package in found)


def packages(api: PackagesApi, project: int) -> list[Package]:
    """The generic packages of a project: one list."""
    found = list_packages(api, Scope("project", str(project)), GENERIC)
    return [{**package, "project_id": project} for package in found]


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    small = [generated(f"acme/small-{i}", SMALL) for i in range(200)]
    with Sandbox(seed(generated("acme/listed", LISTED), *small)) as running:
        yield running


@pytest.fixture(scope="session")
def _registry(_sandbox: Sandbox) -> Registry:
    return Registry(_sandbox)


@pytest.fixture
def registry(_registry: Registry) -> Iterator[Registry]:
    """The sandbox without faults, and without requests so far."""
    _registry.sandbox.faults([])
    _registry.sandbox.forget()
    yield _registry
    _registry.sandbox.faults([])
