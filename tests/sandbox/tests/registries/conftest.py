# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry for each module, and real clients for it: npm, twine and pip, which see nothing but that registry."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import itertools
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gitlab_sandbox.testing import Sandbox

TYPES = ("npm", "pypi", "maven", "nuget", "helm", "terraform_module", "generic")

# A package of each type, as a seed has it.
KEPT: list[dict[str, Any]] = [
    {"package_type": package_type, "name": name, "version": "1.0.0", "files": [{"file_name": file, "content": "wheel"}]}
    for package_type, name, file in (
        ("generic", "kept", "a.bin"),
        ("npm", "kept", "kept-1.0.0.tgz"),
        ("pypi", "kept", "kept.whl"),
        ("maven", "com/kept", "a.jar"),
        ("nuget", "kept", "kept.1.0.0.nupkg"),
        ("helm", "kept", "kept-1.0.0.tgz"),
        ("terraform_module", "kept/aws", "kept-aws-1.0.0.tgz"),
    )
]

SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {
            "username": "mia",
            "tokens": [{"value": "glpat-mia"}, {"value": "glpat-mia-read", "scopes": ["read_api"]}],
        },
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
        {"username": "rita", "tokens": [{"value": "glpat-rita"}]},
        {"username": "gus", "tokens": [{"value": "glpat-gus"}]},
        {"username": "otto", "tokens": [{"value": "glpat-otto"}]},
    ],
    "job_tokens": [{"value": "glcbt-sam", "user": "sam", "project": "acme/shop"}],
    "deploy_tokens": [
        {"value": "gldt-shop", "project": "acme/shop", "scopes": ["read_package_registry", "write_package_registry"]},
        {"value": "gldt-shop-read", "project": "acme/shop", "scopes": ["read_package_registry"]},
    ],
    "groups": [
        {
            "path": "acme",
            "visibility": "private",
            "members": {"mia": "maintainer", "sam": "developer", "rita": "reporter", "gus": "guest"},
        },
        {"path": "open", "visibility": "public", "members": {"mia": "maintainer"}},
        {
            "path": "strict",
            "members": {"mia": "maintainer"},
            "package_settings": {
                "generic_duplicates_allowed": False,
                "maven_duplicates_allowed": False,
                "nuget_duplicates_allowed": False,
                "npm_package_requests_forwarding": True,
                "pypi_package_requests_forwarding": True,
            },
        },
    ],
    "projects": [
        {
            "path": "acme/shop",
            "id": 42,
            "protection_rules": [
                {
                    "package_name_pattern": "*guarded*",
                    "package_type": package_type,
                    "minimum_access_level_for_push": "maintainer",
                }
                for package_type in TYPES
            ],
        },
        {"path": "acme/second", "id": 43},
        {"path": "open/tool", "id": 44},
        {"path": "acme/old", "id": 45, "archived": True, "packages": KEPT},
        {"path": "acme/off", "id": 46, "package_registry": "disabled", "packages": KEPT},
        {"path": "strict/tight", "id": 47},
        {"path": "acme/shown", "id": 48, "package_registry": "public", "packages": KEPT},
    ],
}

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The module's registry."""
    with Sandbox(SEED) as running:
        yield running


@pytest.fixture(scope="session")
def registry_seed() -> dict[str, Any]:
    """The seed of :func:`sandbox`, for one with other options."""
    return SEED


@pytest.fixture
def number() -> int:
    """A number that no other test of this process has, for names of its own."""
    return next(_numbers)


class Registry:
    """A project's registry, for raw calls: nothing is retried or hidden. Without a ``token``, nobody."""

    def __init__(self, sandbox: Sandbox, project: int | str = 42) -> None:
        self.sandbox = sandbox
        self.project = project
        self.url = f"{sandbox.api_url}/projects/{project}/packages"
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, path: str, token: str = "glpat-mia", **options: Any) -> requests.Response:
        """One request below ``/projects/:id/packages``; ``auth`` and ``headers`` replace the PRIVATE-TOKEN."""
        if token and "auth" not in options and "headers" not in options:
            options["headers"] = {"PRIVATE-TOKEN": token}
        options.setdefault("timeout", 30)
        options.setdefault("allow_redirects", False)
        return self._session.request(method, self.url + path, **options)

    def get(self, path: str, token: str = "glpat-mia", **options: Any) -> requests.Response:
        """GET."""
        return self.call("GET", path, token, **options)

    def put(self, path: str, token: str = "glpat-mia", **options: Any) -> requests.Response:
        """PUT."""
        return self.call("PUT", path, token, **options)

    def post(self, path: str, token: str = "glpat-mia", **options: Any) -> requests.Response:
        """POST."""
        return self.call("POST", path, token, **options)

    def graphql(self, query: str) -> Any:
        """One question of GraphQL, by the maintainer."""
        url = self.sandbox.api_url.removesuffix("/v4") + "/graphql"
        return self._session.post(url, json={"query": query}, headers={"PRIVATE-TOKEN": "glpat-mia"}, timeout=30).json()

    def packages(self, package_type: str, name: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """The packages of a type (E1), of one name exactly if one is given."""
        params = {"package_type": package_type, "include_versionless": True, "per_page": 100, **params}
        listed = self.get("", params=params).json()
        return [package for package in listed if name is None or package["name"] == name]

    def files(self, package_id: int) -> list[dict[str, Any]]:
        """The files of a package (E4)."""
        files: list[dict[str, Any]] = self.get(f"/{package_id}/package_files", params={"per_page": 100}).json()
        return files

    def updated_at(self, package_id: int) -> str:
        """When the package was last updated, which no call of the API tells."""
        told: str = self.sandbox.change_package(package_id)["updated_at"]
        return told

    def check_bytes(self, package: dict[str, Any], contents: dict[str, bytes]) -> None:
        """The package's files are these, by E4's size and checksums, and by the bytes of E8."""
        files = self.files(package["id"])
        assert {file["file_name"] for file in files} == set(contents)
        for file in files:
            data = contents[file["file_name"]]
            assert file["size"] == len(data)
            assert file["file_sha256"] == hashlib.sha256(data).hexdigest()
            if package["package_type"] != "generic":
                assert file["file_sha1"] == hashlib.sha1(data).hexdigest()
                assert file["file_md5"] == hashlib.md5(data).hexdigest()
            answer = self.get(f"/{package['id']}/package_files/{file['id']}/download", allow_redirects=True)
            assert answer.content == data


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox) -> Registry:
    """The registry of acme/shop."""
    return Registry(sandbox)


RegistryOf = Callable[[int], Registry]


@pytest.fixture(scope="module")
def registry_of(sandbox: Sandbox) -> RegistryOf:
    """The registry of a project by its ID."""
    return lambda project: Registry(sandbox, project)


@pytest.fixture(scope="session")
def registry_class() -> type[Registry]:
    """The class, for a registry of another sandbox."""
    return Registry


class Packages:
    """Packages of each type, made as the type's own tools lay them out, and published as its clients do.

    Bytes are the same every time. By default it is a developer who publishes; ``options`` are those of the call.
    """

    @staticmethod
    def generic(registry: Registry, name: str, **options: Any) -> requests.Response:
        """One file."""
        return registry.put(f"/generic/{name}/1.0.0/a.bin", data=b"bytes", **options)

    @staticmethod
    def npm_body(
        name: str, version: str, tarball: bytes = b"tarball", tag: str = "latest", **version_data: Any
    ) -> dict[str, Any]:
        """What ``npm publish`` sends."""
        dist = {"shasum": hashlib.sha1(tarball).hexdigest()}
        return {
            "_id": name,
            "name": name,
            "versions": {version: {"name": name, "version": version, "dist": dist, **version_data}},
            "dist-tags": {tag: version},
            "_attachments": {
                f"{name}-{version}.tgz": {"data": base64.b64encode(tarball).decode(), "length": len(tarball)}
            },
        }

    def npm(
        self, registry: Registry, name: str, version: str = "1.0.0", tarball: bytes = b"tarball", **options: Any
    ) -> requests.Response:
        """``npm publish``, with the option ``tag``."""
        tag = options.pop("tag", "latest")
        path = "/npm/" + name.replace("/", "%2f")
        return registry.put(path, json=self.npm_body(name, version, tarball, tag), **options)

    @staticmethod
    def pypi(
        registry: Registry, name: str, file_name: str = "a.whl", data: bytes = b"wheel", **options: Any
    ) -> requests.Response:
        """``twine upload``, as far as GitLab reads it; ``fields`` replaces some, None leaves one out."""
        fields = {
            ":action": "file_upload",
            "name": name,
            "version": "1.0.0",
            "requires_python": ">=3.9,<4",
            "sha256_digest": hashlib.sha256(data).hexdigest(),
            "md5_digest": hashlib.md5(data).hexdigest(),
            **options.pop("fields", {}),
        }
        fields = {key: value for key, value in fields.items() if value is not None}
        return registry.post("/pypi", data=fields, files={"content": (file_name, data)}, **options)

    @staticmethod
    def maven(registry: Registry, name: str, **options: Any) -> requests.Response:
        """One file of a release."""
        options.setdefault("data", b"jar")
        return registry.put(f"/maven/com/{name}/1.0.0/a.jar", **options)

    @staticmethod
    def nupkg(id_: str, version: str = "1.0.0", more: str = "<tags>log json</tags>", content: bytes = b"dll") -> bytes:
        """A NuGet package, or a symbol package, as ``dotnet pack`` lays it out."""
        nuspec = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">'
            f"<metadata><id>{id_}</id><version>{version}</version><authors>acme</authors>{more}</metadata></package>"
        )
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as package:
            # A ZipInfo has a fixed time.
            package.writestr(zipfile.ZipInfo(f"{id_}.nuspec"), nuspec)
            package.writestr(zipfile.ZipInfo(f"lib/net8.0/{id_}.dll"), content * 100_000)
        return file.getvalue()

    @staticmethod
    def nuget(registry: Registry, data: bytes, path: str = "/nuget", **options: Any) -> requests.Response:
        """``dotnet nuget push``."""
        if "headers" not in options and "token" not in options:
            options.setdefault("auth", ("sam", "glpat-sam"))
        return registry.put(path, files={"package": ("package.nupkg", data)}, **options)

    @staticmethod
    def chart(name: str, version: str = "1.0.0", content: bytes = b"kind: Service\n") -> bytes:
        """A chart as ``helm package`` lays it out."""
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as archive:
            description = f"apiVersion: v2\nname: {name}\nversion: {version}\ndescription: A chart\n".encode()
            for path, data in ((f"{name}/Chart.yaml", description), (f"{name}/templates/service.yaml", content * 100)):
                member = tarfile.TarInfo(path)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return gzip.compress(file.getvalue(), mtime=0)

    @staticmethod
    def helm(registry: Registry, data: bytes, channel: str = "stable", **options: Any) -> requests.Response:
        """``helm cm-push``."""
        if "headers" not in options and "token" not in options:
            options.setdefault("auth", ("sam", "glpat-sam"))
        return registry.post(f"/helm/api/{channel}/charts", files={"chart": ("any.tgz", data)}, **options)

    @staticmethod
    def terraform(registry: Registry, name: str, version: str = "1.0.0", **options: Any) -> requests.Response:
        """``curl --upload-file``."""
        options.setdefault("data", b"module")
        return registry.put(f"/terraform/modules/{name}/aws/{version}/file", **options)


@pytest.fixture(scope="session")
def packages() -> Packages:
    """Makes and publishes packages."""
    return Packages()


class Client:
    """A command-line client in a folder that is its home, with nothing of this machine's configuration."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self._environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "no_proxy": "*",
            **environment,
        }

    def try_run(self, *command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever that is."""
        return subprocess.run(
            [str(word) for word in command],
            cwd=cwd or self.home,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def run(self, *command: str | Path, cwd: Path | None = None) -> str:
        """Run it; its output. It must succeed."""
        done = self.try_run(*command, cwd=cwd)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


NpmFactory = Callable[..., Client]


@pytest.fixture
def npm(tmp_path: Path) -> NpmFactory:
    """Makes an npm that knows one registry and one token."""
    assert shutil.which("npm"), "these tests need npm"

    def make(sandbox: Sandbox, token: str = "glpat-sam", project: int = 42) -> Client:
        home = tmp_path / f"npm-{next(_numbers)}"
        client = Client(
            home,
            NPM_CONFIG_GLOBALCONFIG=str(home / "none"),
            NPM_CONFIG_UPDATE_NOTIFIER="false",
            NPM_CONFIG_FETCH_RETRIES="0",
        )
        url = f"{sandbox.api_url}/projects/{project}/packages/npm/"
        lines = [f"registry={url}", f"{url.partition(':')[2]}:_authToken={token}", "fund=false"]
        (home / ".npmrc").write_text("\n".join(lines) + "\n")
        return client

    return make


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A client for ``python -m twine`` and ``python -m pip``."""
    return Client(tmp_path_factory.mktemp("python"), PIP_CONFIG_FILE=os.devnull)


@pytest.fixture(scope="session")
def interpreter() -> str:
    """The Python with twine and pip."""
    return sys.executable
