# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that real clients publish are archived, deleted and restored, and the same clients get the same bytes.

Where no client is at hand (Maven, Terraform, NuGet, Helm), the calls are those that the format's own documents name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import gitlab
import pytest

from ansible_collections.registryops.gitlab.tests.integration.conftest import Run
from ansible_collections.registryops.gitlab.tests.sandbox.tests.registries.conftest import (
    Client,
    Packages,
    Registry,
)
from ansible_collections.registryops.gitlab.tests.sandbox.tests.registries.test_maven import deploy
from ansible_collections.registryops.gitlab.tests.sandbox.tests.registries.test_pypi import PIP_DOWNLOAD, PROJECT
from gitlab_sandbox.testing import Sandbox

SEED = {
    "users": [
        {"username": "mia", "tokens": [{"value": "glpat-mia"}]},
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
    ],
    "groups": [{"path": "acme", "visibility": "private", "members": {"mia": "maintainer", "sam": "developer"}}],
    "projects": [
        {
            "path": "acme/shop",
            "id": 42,
            "packages": [
                {
                    "name": "lib/1.0@_/_",
                    "version": "1.0",
                    "package_type": "conan",
                    "files": [{"file_name": "conanfile.py", "content": "x"}],
                }
            ],
        },
        {"path": "acme/lab", "id": 43},
    ],
    "instance": {"background_ms": 300},
}
BUILDS = [f"app-1.0-2025010{day}.120000-{day}" for day in (1, 2)]
SNAPSHOT = {f"{build}{end}": f"{build}{end}".encode() for build in BUILDS for end in (".jar", "-sources.jar", ".pom")}
NUPKG, SNUPKG = Packages.nupkg("Acme.Log"), Packages.nupkg("Acme.Log", more="<description>symbols</description>")
CHART, OTHER_CHART = Packages.chart("web"), Packages.chart("web", content=b"kind: Other\n")
MODULE = Packages.chart("net")
GENERIC = [("app.bin", b"one" * 50_000), ("app.bin", b"two" * 50_000), ("empty.txt", b"")]


def npm_client(sandbox: Sandbox, home: Path, project: int = 42) -> Client:
    client = Client(
        home,
        NPM_CONFIG_GLOBALCONFIG=str(home / "none"),
        NPM_CONFIG_UPDATE_NOTIFIER="false",
        NPM_CONFIG_FETCH_RETRIES="0",
    )
    url = f"{sandbox.api_url}/projects/{project}/packages/npm/"
    lines = [f"registry={url}", f"{url.partition(':')[2]}:_authToken=glpat-sam", "fund=false", "audit=false"]
    (home / ".npmrc").write_text("\n".join(lines) + "\n")
    return client


def publish_npm(npm: Client, folder: Path) -> dict[str, bytes]:
    """Two versions with tags of their own, and what they are packed as."""
    folder.mkdir()
    (folder / "index.js").write_text("module.exports = 1\n" * 5000)
    tarballs = {}
    for version, tag in (("1.0.0", "latest"), ("2.0.0-rc.1", "next")):
        described = {"name": "@acme/ui", "version": version, "bin": "index.js", "engines": {"node": ">=4"}}
        (folder / "package.json").write_text(json.dumps(described))
        (packed,) = json.loads(npm.run("npm", "pack", "--json", folder))
        tarballs[version] = (npm.home / packed["filename"]).read_bytes()
        npm.run("npm", "publish", "--tag", tag, npm.home / packed["filename"])
    npm.run("npm", "dist-tag", "add", "@acme/ui@1.0.0", "stable")
    return tarballs


def publish_pypi(python: Client, registry: Registry) -> dict[str, bytes]:
    folder = python.home / "tool"
    (folder / "acme_tool").mkdir(parents=True)
    (folder / "acme_tool/__init__.py").write_text("NAME = 'acme'\n")
    (folder / "pyproject.toml").write_text(PROJECT)
    python.run(sys.executable, "-m", "build", "--no-isolation", folder)
    files = sorted((folder / "dist").iterdir())
    python.run(
        *(sys.executable, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar"),
        *("--repository-url", f"{registry.url}/pypi", "--username", "sam", "--password", "glpat-sam"),
        *files,
    )
    return {file.name: file.read_bytes() for file in files}


def publish_others(sandbox: Sandbox, registry: Registry, tmp_path: Path) -> None:
    project = gitlab.Gitlab(sandbox.url, private_token="glpat-sam").projects.get(42)
    for name, data in GENERIC:
        (tmp_path / "file").write_bytes(data)
        project.generic_packages.upload("app", "1.0", name, str(tmp_path / "file"))
    registry.put("/generic/app/1.0/docs/de/read.me", data=b"lies mich")
    deploy(registry, "/maven/com/acme/app/1.0-SNAPSHOT", {**SNAPSHOT, "maven-metadata.xml": b"<metadata/>"})
    assert Packages.terraform(registry, "net", data=MODULE).status_code == 201
    assert Packages.nuget(registry, NUPKG).status_code == 201
    assert Packages.nuget(registry, SNUPKG, "/nuget/symbolpackage").status_code == 201
    for chart in (CHART, OTHER_CHART):
        assert Packages.helm(registry, chart, "beta").status_code == 201


def facts(registry: Registry, wait_for: int | None = None) -> dict[t.Any, t.Any]:
    """What a reader sees of each package: its status, tags, and the names and checksums of its files, in order."""
    found: dict[t.Any, t.Any] = {}
    for kind in ("npm", "pypi", "generic", "maven", "terraform_module", "nuget", "helm", "conan"):
        for package in registry.packages(kind):
            files = [(file["file_name"], file["size"], file["file_sha256"]) for file in registry.files(package["id"])]
            tags = sorted(tag["name"] for tag in package["tags"])
            found[kind, package["name"], package["version"]] = (package["status"], tags, files)
    return found


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED, storage="object") as running:
        yield running


def test_published_deleted_restored(sandbox: Sandbox, playbook: t.Callable[..., Run], tmp_path: Path) -> None:
    registry = Registry(sandbox)
    npm = npm_client(sandbox, tmp_path / "npm")
    python = Client(tmp_path / "python", PIP_CONFIG_FILE=os.devnull)
    tarballs = publish_npm(npm, tmp_path / "ui")
    distributions = publish_pypi(python, registry)
    publish_others(sandbox, registry, tmp_path)
    wait_until(lambda: len(facts(registry).get(("helm", "web", "1.0.0"), ((), (), ()))[2]) == 2)
    before = facts(registry)
    assert len(before) == 8 + 1
    shown = metadata(registry)

    # Everything goes, by a plan with an archive. What no way leads back for is told.
    matches = ({"tag": "latest"}, {"name": "*"})
    policy = {"rules": [{"name": str(match), "match": match, "delete_all": True} for match in matches]}
    archive = str(tmp_path / "archive")
    gone = playbook(sandbox, {"package_retention": {"project": "acme/shop", "policy": policy, "archive": archive}})
    assert gone.results[0]["failed"] is False, gone.output
    assert {result["result"] for result in gone.results[0]["results"]} == {"deleted"}
    assert set(facts(registry)) <= {("maven", "com/acme/app", None)}
    digest = gone.results[0]["plan"]["digest"]
    install = ("npm", "install", "--prefer-online", "@acme/ui@1.0.0")
    (tmp_path / "project").mkdir()
    (tmp_path / "project/package.json").write_text('{"name": "project", "version": "0.0.1"}')
    fresh = npm_client(sandbox, tmp_path / "fresh")
    assert fresh.try_run(*install, cwd=tmp_path / "project").returncode != 0
    pip = (sys.executable, *PIP_DOWNLOAD, "--dest", "got", "--require-hashes", "--no-build-isolation")
    index = ("--index-url", f"{registry.url}/pypi/simple".replace("://", "://sam:glpat-sam@"))
    wheel = next(name for name in distributions if name.endswith(".whl"))
    wanted = f"Acme.Tool==1.0.0 --hash=sha256:{hashlib.sha256(distributions[wheel]).hexdigest()}\n"
    (python.home / "wanted.txt").write_text(wanted)
    assert python.try_run(*pip, *index, "-r", python.home / "wanted.txt").returncode != 0

    # Back, as in check mode foreseen, and a second time there is nothing to do.
    options = {"archive": archive, "plan_digest": digest, "tolerate": ["not_restorable"]}
    back = playbook(
        sandbox,
        {"package_restore": options, "check_mode": True, "diff": True},
        {"package_restore": options, "diff": True},
        {"package_restore": options},
        token="glpat-mia",
    )
    check, real, again = back.results
    kinds = {result["name"]: result["result"] for result in real["results"]}
    assert real["failed"] is False, real["msg"]
    assert kinds == {**dict.fromkeys(kinds, "restored"), "lib/1.0@_/_": "not_restorable"}
    assert [(r["name"], r["result"]) for r in check["results"]] == [(r["name"], r["result"]) for r in real["results"]]
    assert (check["changed"], real["changed"], again["changed"]) == (True, True, False)
    assert check["diff"] == real["diff"]
    assert "npm @acme/ui 1.0.0 in project 42\n" in real["diff"]["after"]
    assert {r["result"] for r in again["results"]} == {"already_present", "not_restorable"}
    assert all({"id", "created_at", "pipelines"} <= set(result["lost"]) for result in real["results"])
    assert all("message" not in result for result in real["results"] if result["result"] == "restored"), real["results"]

    # All is as it was, and the clients get what was published.
    del before["conan", "lib/1.0@_/_", "1.0"]
    assert facts(registry) == before
    assert metadata(registry) == shown
    fresh.run(*install, cwd=tmp_path / "project")
    lock = json.loads((tmp_path / "project/package-lock.json").read_text())["packages"]["node_modules/@acme/ui"]
    assert lock["integrity"] == "sha512-" + base64.b64encode(hashlib.sha512(tarballs["1.0.0"]).digest()).decode()
    assert (tmp_path / "project/node_modules/.bin/ui").exists()
    assert fresh.run("npm", "dist-tag", "ls", "@acme/ui").splitlines() == [
        "latest: 1.0.0",
        "next: 2.0.0-rc.1",
        "stable: 1.0.0",
    ]
    python.run(*pip, *index, "-r", python.home / "wanted.txt")
    assert (python.home / "got" / wheel).read_bytes() == distributions[wheel]
    check_bytes(registry, tarballs, distributions)

    # Into another project, whose versions are others.
    lab = Registry(sandbox, 43)
    assert lab.put("/generic/app/1.0/app.bin", data=b"another").status_code == 201
    assert Packages().npm(lab, "@acme/ui", "0.9.0").status_code == 200
    moved = playbook(
        sandbox,
        *(
            {"package_restore": {"archive": archive, "project": "acme/shop", "to_project": "acme/lab", **which}}
            for which in (
                {"name": "app", "version": "1.0"},
                {"name": "@acme/ui", "all_versions": True},
                {"packages": [{"name": "lib/1.0@_/_", "version": "1.0"}, {"name": "web", "version": "1.0.0"}]},
                {"name": "nothing", "version": "1.0"},
            )
        ),
    ).results
    assert [result["result"] for result in moved[0]["results"]] == ["different"]
    assert moved[0]["failed"]
    assert "app.bin that the archive's does not. Nothing is overwritten" in moved[0]["msg"]
    assert [file["size"] for file in lab.files(lab.packages("generic", "app")[0]["id"])] == [7]
    assert [result["result"] for result in moved[1]["results"]] == ["restored", "restored"]
    assert moved[1]["results"][0]["message"] == "the tag latest stays with version 0.9.0"
    tags = {package["version"]: sorted(tag["name"] for tag in package["tags"]) for package in lab.packages("npm")}
    assert tags == {"0.9.0": ["latest"], "1.0.0": ["stable"], "2.0.0-rc.1": ["next"]}
    assert [result["result"] for result in moved[2]["results"]] == ["not_restorable", "restored"]
    assert "GitLab does not tell which recipe or package reference a file belongs to" in moved[2]["msg"]
    assert "holds no package nothing 1.0 of project 'acme/shop'. Nothing was restored" in moved[3]["msg"]


def metadata(registry: Registry) -> dict[str, t.Any]:
    """What npm is shown of the versions, and pip of the files."""
    shown = registry.get("/npm/@acme%2fui").json()
    simple = registry.get("/pypi/simple/acme-tool", "", auth=("sam", "glpat-sam")).text
    return {"npm": shown, "pypi": sorted(simple.splitlines())}


def check_bytes(registry: Registry, tarballs: dict[str, bytes], distributions: dict[str, bytes]) -> None:
    """Every type's own download gives what was published."""
    sam = ("sam", "glpat-sam")
    for version, tarball in tarballs.items():
        path = f"/npm/@acme/ui/-/@acme/ui-{version}.tgz"
        assert registry.get(path, allow_redirects=False).status_code == 302
        (file,) = registry.files(next(p["id"] for p in registry.packages("npm") if p["version"] == version))
        assert file["file_sha256"] == hashlib.sha256(tarball).hexdigest()
    (package,) = registry.packages("pypi")
    assert {file["file_name"]: file["file_sha256"] for file in registry.files(package["id"])} == {
        name: hashlib.sha256(data).hexdigest() for name, data in distributions.items()
    }
    for name, data in SNAPSHOT.items():
        stored = registry.get(f"/maven/com/acme/app/1.0-SNAPSHOT/{name}.sha1").text
        assert stored == hashlib.sha1(data).hexdigest()
    assert registry.get("/nuget/download/acme.log/1.0.0/acme.log.1.0.0.nupkg", "", auth=sam).content == NUPKG
    assert registry.get("/nuget/download/acme.log/1.0.0/acme.log.1.0.0.snupkg", "", auth=sam).content == SNUPKG
    digests = registry.get("/helm/beta/index.yaml", "", auth=sam).text
    assert hashlib.sha256(OTHER_CHART).hexdigest() in digests
    (module,) = registry.packages("terraform_module")
    (file,) = registry.files(module["id"])
    assert file["file_sha256"] == hashlib.sha256(MODULE).hexdigest()


def wait_until(is_so: t.Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.1)
