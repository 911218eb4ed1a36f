# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox for each module, from one seed that holds a case of every rule, and clients for it."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from gitlab_sandbox.testing import Sandbox

SANDBOX_FOLDER = Path(__file__).resolve().parent.parent

SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "olga", "tokens": [{"value": "glpat-olga"}]},
        {
            "username": "mia",
            "name": "Mia Berger",
            "tokens": [
                {"value": "glpat-mia", "name": "cleanup"},
                {"value": "glpat-mia-read", "scopes": ["read_api"]},
                {"value": "glpat-mia-user", "scopes": ["read_user"]},
            ],
        },
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
        {"username": "rita", "tokens": [{"value": "glpat-rita"}]},
        {"username": "gus", "tokens": [{"value": "glpat-gus"}]},
        {"username": "otto", "tokens": [{"value": "glpat-otto"}]},
    ],
    "job_tokens": [
        {"value": "glcbt-mia", "user": "mia", "project": "acme/web/shop"},
        {"value": "glcbt-gus", "user": "gus", "project": "acme/web/shop"},
    ],
    "groups": [
        {
            "path": "acme",
            "visibility": "private",
            "members": {"olga": "owner", "mia": "maintainer", "sam": "developer", "rita": "reporter", "gus": "guest"},
        },
        {"path": "acme/web"},
        {"path": "open", "visibility": "public", "members": {"mia": "maintainer", "gus": "guest"}},
        {"path": "staff", "visibility": "internal"},
    ],
    "projects": [
        {
            "path": "acme/web/shop",
            "id": 42,
            "moved_from": ["acme/old-shop"],
            "protection_rules": [
                {
                    "package_name_pattern": "release-*",
                    "package_type": "generic",
                    "minimum_access_level_for_delete": "owner",
                }
            ],
            "packages": [
                {
                    "id": 101,
                    "name": "@acme/ui",
                    "version": "1.10.0",
                    "package_type": "npm",
                    "created_at": "2025-03-01T10:00:00.000Z",
                    "last_downloaded_at": "2025-04-01T10:00:00.123Z",
                    "creator": "mia",
                    "tags": ["latest", "stable"],
                    "pipelines": [
                        {"id": 900, "ref": "main", "sha": "5" * 40, "status": "success", "user": "mia"},
                        {"id": 901, "ref": "v1.10.0", "sha": "6" * 40, "status": "failed"},
                    ],
                    "files": [
                        {"id": 1001, "file_name": "ui-1.10.0.tgz", "size": 20480},
                        {"id": 1002, "file_name": "notes.txt", "content": "hello"},
                        {"id": 1003, "file_name": "gone.txt", "content": "gone", "status": "pending_destruction"},
                        {"id": 1004, "file_name": "notes.txt", "content": "hello again", "pipelines": [{"id": 900}]},
                    ],
                },
                {
                    "id": 102,
                    "name": "@acme/ui",
                    "version": "1.9.0",
                    "package_type": "npm",
                    "created_at": "2025-02-01T10:00:00.000Z",
                    "tags": ["old"],
                    "pipelines": [{"id": 880}],
                },
                {
                    "id": 103,
                    "name": "@acme/ui",
                    "version": "0.9.0",
                    "package_type": "npm",
                    "status": "deprecated",
                    "created_at": "2025-01-15T10:00:00.000Z",
                },
                {
                    "id": 104,
                    "name": "@acme/ui",
                    "version": "2.0.0",
                    "package_type": "npm",
                    "status": "error",
                    "created_at": "2025-05-01T10:00:00.000Z",
                    "files": [{"id": 1040, "file_name": "broken.tgz", "size": 10}],
                },
                {"id": 105, "name": "@acme/ui", "version": "3.0.0", "package_type": "npm", "status": "hidden"},
                {"id": 106, "name": "@acme/ui", "version": "3.0.1", "package_type": "npm", "status": "processing"},
                {
                    "id": 107,
                    "name": "@acme/ui",
                    "version": "3.0.2",
                    "package_type": "npm",
                    "status": "pending_destruction",
                },
                {"id": 108, "name": "@acme/ui", "version": "1.0.0", "package_type": "pypi"},
                {"id": 109, "name": "lonely", "version": None, "package_type": "maven"},
                {"id": 110, "name": "network/aws", "version": "1.0.0", "package_type": "terraform_module"},
                {"id": 111, "name": "zlib/1.3@acme/stable", "version": "1.3", "package_type": "conan"},
                {"id": 112, "name": "My-App", "version": "1.0.0", "package_type": "generic"},
                {"id": 113, "name": "apple pie", "version": "1.0.0", "package_type": "generic"},
                {"id": 114, "name": "100%_done", "version": "1.0.0", "package_type": "generic"},
                {"id": 115, "name": "100 pct done", "version": "1.0.0", "package_type": "generic"},
                {
                    "id": 116,
                    "name": "release-1",
                    "version": "1.0.0",
                    "package_type": "generic",
                    "files": [{"id": 1160}],
                },
                {"id": 117, "name": "release-1", "version": "1.0.0", "package_type": "helm"},
            ],
        },
        {"path": "acme/site", "id": 43, "packages": [{"id": 201, "name": "site", "package_type": "npm"}]},
        {"path": "open/tool", "id": 44, "packages": [{"id": 301, "name": "tool"}]},
        {"path": "open/secret", "id": 45, "visibility": "private", "packages": [{"id": 302, "name": "secret"}]},
        {"path": "staff/handbook", "id": 46, "packages": [{"id": 401, "name": "handbook"}]},
    ],
}


class Api:
    """Raw calls with one token: nothing is retried, followed or hidden."""

    def __init__(self, api_url: str, headers: dict[str, str]) -> None:
        self.api_url = api_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(headers)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request to a path below the API's."""
        options.setdefault("timeout", 30)
        return self._session.request(method, self.api_url + path, allow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET."""
        return self.call("GET", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        """DELETE."""
        return self.call("DELETE", path, **options)

    def put(self, path: str, data: bytes = b"", **options: Any) -> requests.Response:
        """PUT."""
        return self.call("PUT", path, data=data, **options)

    def graphql(self, query: str, variables: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        """One GraphQL request."""
        options.setdefault("json", {"query": query, "variables": variables or {}})
        url = self.api_url.removesuffix("/v4") + "/graphql"
        return self._session.post(url, timeout=30, allow_redirects=False, **options)

    def raw(self, method: str, path: str, data: bytes | None = None) -> tuple[int, bytes]:
        """One request whose path no client library touches; status and body. Without data it says no length."""
        url = urlsplit(self.api_url + path)
        headers = {str(name): str(value) for name, value in self._session.headers.items()}
        connection = http.client.HTTPConnection(url.netloc, timeout=30)
        connection.putrequest(method, self.api_url[self.api_url.index("/api/") :] + path)
        if data is not None:
            headers["Content-Length"] = str(len(data))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(data)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body

    def names(self, path: str, **params: Any) -> list[str]:
        """The names in a list."""
        response = self.get(path, params={"per_page": 100, **params})
        assert response.status_code == 200, response.text
        return [package["name"] for package in response.json()]

    def ids(self, path: str, **params: Any) -> list[int]:
        """The IDs in a list."""
        response = self.get(path, params={"per_page": 100, **params})
        assert response.status_code == 200, response.text
        return [entry["id"] for entry in response.json()]


ApiFactory = Callable[..., Api]


@pytest.fixture(scope="session")
def base_seed() -> dict[str, Any]:
    """The seed of :func:`sandbox`, for one with other options."""
    return SEED


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The module's sandbox. Tests that change something make it first, with :func:`publish`."""
    with Sandbox(SEED) as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[ApiFactory]:
    """Makes clients: ``client(sandbox, "glpat-mia")``, ``client(sandbox, header=…, token=…)``."""
    with ExitStack() as stack:

        def make(sandbox: Sandbox, token: str = "", header: str = "PRIVATE-TOKEN", api_url: str = "") -> Api:
            value = f"Bearer {token}" if header == "Authorization" else token
            api = Api(api_url or sandbox.api_url, {header: value} if token else {})
            stack.callback(api.close)
            return api

        yield make


@pytest.fixture(scope="module")
def mia(sandbox: Sandbox, client: ApiFactory) -> Api:
    """A maintainer."""
    return client(sandbox, "glpat-mia")


@pytest.fixture(scope="module")
def root(sandbox: Sandbox, client: ApiFactory) -> Api:
    """An administrator."""
    return client(sandbox, "glpat-root")


@pytest.fixture(scope="module")
def anyone(sandbox: Sandbox, client: ApiFactory) -> Api:
    """No token."""
    return client(sandbox)


_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def publish(root: Api) -> Callable[..., tuple[int, int]]:
    """Publishes a generic package of its own for a test; its ID and its file's ID."""

    def publish(project: int = 42, name: str = "", version: str = "1.0.0", data: bytes = b"data") -> tuple[int, int]:
        name = name or f"own-{next(_numbers)}"
        response = root.put(f"/projects/{project}/packages/generic/{name}/{version}/file.bin?select=package_file", data)
        assert response.status_code == 200, response.text
        return response.json()["package_id"], response.json()["id"]

    return publish
