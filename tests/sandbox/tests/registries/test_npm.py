# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The npm registry, with the real npm (contract, registries, C)."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox


def module(folder: Path, name: str, version: str, **more: Any) -> Path:
    """A package's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version, **more}))
    (folder / "index.js").write_text(f"module.exports = '{name}@{version}'\n" * 1000)
    return folder


def integrity(tarball: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()


def test_publish_install_and_tags(sandbox: Sandbox, shop: Any, npm: Any, tmp_path: Path) -> None:
    # A scoped package, and one without a scope that needs it.
    client = npm(sandbox)
    scoped = module(tmp_path / "ui", "@acme/ui", "1.0.0")
    plain = module(tmp_path / "app", "acme-app", "1.0.0", dependencies={"@acme/ui": "^1.0.0"}, bin={"app": "index.js"})
    tarballs = {}
    for line in json.loads(client.run("npm", "pack", "--json", scoped, plain)):
        tarballs[line["name"]] = (client.home / line["filename"]).read_bytes()
        client.run("npm", "publish", client.home / line["filename"])
    assert set(tarballs) == {"@acme/ui", "acme-app"}

    # The lists show them, and the files hold what was sent.
    for name, tarball in tarballs.items():
        (package,) = shop.packages("npm", name)
        assert (package["version"], package["status"], package["creator_id"]) == ("1.0.0", "default", 3)
        assert [tag["name"] for tag in package["tags"]] == ["latest"]
        shop.check_bytes(package, {f"{name}-1.0.0.tgz": tarball})

    # A version exists once: newer ones of npm look before they ask.
    assert client.try_run("npm", "publish", scoped).returncode != 0
    assert len(shop.files(shop.packages("npm", "@acme/ui")[0]["id"])) == 1

    # Tags: one more on a version, which goes again.
    assert client.run("npm", "dist-tag", "add", "@acme/ui@1.0.0", "next") == "+next: @acme/ui@1.0.0\n"
    assert client.run("npm", "dist-tag", "ls", "@acme/ui").splitlines() == ["latest: 1.0.0", "next: 1.0.0"]
    # Removing is the maintainer's.
    assert npm(sandbox, "glpat-sam").try_run("npm", "dist-tag", "rm", "@acme/ui", "next").returncode != 0
    npm(sandbox, "glpat-mia").run("npm", "dist-tag", "rm", "@acme/ui", "next")
    assert [tag["name"] for tag in shop.packages("npm", "@acme/ui")[0]["tags"]] == ["latest"]

    # Installing: the audit of npm finds nothing, and the bytes are those that were packed.
    project = module(tmp_path / "project", "project", "0.0.1")
    reader = npm(sandbox, "glpat-rita")
    reader.run("npm", "install", "acme-app", cwd=project)
    lock = json.loads((project / "package-lock.json").read_text())["packages"]
    for name, tarball in tarballs.items():
        assert lock[f"node_modules/{name}"]["integrity"] == integrity(tarball)
        assert (project / "node_modules" / name / "index.js").read_text().startswith(f"module.exports = '{name}@")
    assert (project / "node_modules/.bin/app").exists()
    assert shop.packages("npm", "@acme/ui")[0]["last_downloaded_at"] is not None


def test_a_deploy_token_installs_from_object_storage(registry_seed: Any, npm: Any, tmp_path: Path) -> None:
    with Sandbox(registry_seed, storage="object") as sandbox:
        npm(sandbox, "gldt-shop").run("npm", "publish", module(tmp_path / "ui", "@acme/ui", "1.0.0"))
        project = module(tmp_path / "project", "project", "0.0.1")
        # Another npm: the one that published has the tarball in its cache.
        npm(sandbox, "gldt-shop-read").run("npm", "install", "--no-audit", "@acme/ui", cwd=project)
        assert (project / "node_modules/@acme/ui/index.js").exists()
        # The tarball came from the other host, and without the token.
        asked, stored = sandbox.requests()[-2:]
        assert (asked["status"], asked["auth"]) == (302, "bearer")
        assert (stored["status"], stored["auth"]) == (200, "none")
        assert stored["host"] != asked["host"]


def test_metadata_is_abbreviated_and_names_the_tarball(shop: Any, packages: Any, number: int) -> None:
    name = f"@acme/meta-{number}"
    shop.put(
        f"/npm/@acme%2fmeta-{number}",
        json=packages.npm_body(name, "1.0.0", b"tarball", readme="long", dependencies={"left": "1"}),
    )
    packages.npm(shop, name, "2.0.0-rc.1", tag="next")
    url = f"{shop.url}/npm/{name}/-/{name}-1.0.0.tgz"
    # The name as npm sends it, and as a browser does.
    for path in (f"/npm/@acme%2fmeta-{number}", f"/npm/{name}"):
        answer = shop.get(path, "glpat-rita")
        assert answer.status_code == 200
        metadata = answer.json()
        assert metadata["name"] == name
        assert metadata["dist-tags"] == {"latest": "1.0.0", "next": "2.0.0-rc.1"}
        assert metadata["versions"]["1.0.0"] == {
            "name": name,
            "version": "1.0.0",
            "dependencies": {"left": "1"},
            "dist": {
                "tarball": url,
                "shasum": hashlib.sha1(b"tarball").hexdigest(),
                "integrity": "sha256-" + base64.b64encode(hashlib.sha256(b"tarball").digest()).decode(),
            },
        }
    assert shop.get(f"/npm/{name}/-/{name}-1.0.0.tgz").content == b"tarball"


def test_tags_by_raw_calls(shop: Any, packages: Any, number: int) -> None:
    name = f"@acme/tags-{number}"
    path = f"/npm/-/package/@acme%2ftags-{number}/dist-tags"
    packages.npm(shop, name, "1.0.0")
    packages.npm(shop, name, "1.1.0", tag="next")
    assert (shop.get(path).status_code, shop.get(path).json()) == (200, {"latest": "1.0.0", "next": "1.1.0"})
    # A tag is on one version of a name: setting it takes it from the other.
    assert shop.put(f"{path}/latest", json="1.1.0").status_code == 204
    assert shop.get(path).json() == {"latest": "1.1.0", "next": "1.1.0"}
    # Setting it again changes nothing, the tag's ID included.
    tags = shop.packages("npm", name)[1]["tags"]
    assert shop.put(f"{path}/latest", json="1.1.0").status_code == 204
    assert shop.packages("npm", name)[1]["tags"] == tags
    assert shop.call("DELETE", f"{path}/next").status_code == 204
    assert shop.get(path).json() == {"latest": "1.1.0"}
    # Without a tag latest, npm is shown the highest version as such.
    assert shop.call("DELETE", f"{path}/latest").status_code == 204
    assert shop.get(path).json() == {"latest": "1.1.0"}
    assert [package["tags"] for package in shop.packages("npm", name)] == [[], []]


@pytest.mark.parametrize(
    ("method", "path", "version", "token", "status"),
    [
        ("GET", "", None, "glpat-rita", 200),
        ("GET", "", None, "glpat-otto", 404),
        ("PUT", "/next", "1.0.0", "glpat-rita", 403),
        ("PUT", "/next", "1.0.0", "", 401),
        ("PUT", "/next", "9.9.9", "glpat-sam", 404),
        ("DELETE", "/latest", None, "glpat-sam", 403),
        ("DELETE", "/missing", None, "glpat-mia", 404),
    ],
)
def test_who_may_set_tags(
    shop: Any, packages: Any, number: int, method: str, path: str, version: str, token: str, status: int
) -> None:
    name = f"tagged-{number}"
    packages.npm(shop, name, "1.0.0")
    options = {} if version is None else {"json": version}
    assert shop.call(method, f"/npm/-/package/{name}/dist-tags{path}", token, **options).status_code == status


def test_a_version_is_free_again_after_its_deletion(shop: Any, packages: Any, number: int) -> None:
    name = f"again-{number}"
    assert packages.npm(shop, name, "1.0.0", b"one").status_code == 200
    refused = packages.npm(shop, name, "1.0.0", b"two")
    assert (refused.status_code, refused.json()) == (403, {"error": "Package already exists."})
    (package,) = shop.packages("npm", name)
    assert shop.call("DELETE", f"/{package['id']}").status_code == 204
    assert shop.get(f"/npm/{name}").status_code == 404
    assert packages.npm(shop, name, "1.0.0", b"two").status_code == 200
    assert shop.get(f"/npm/{name}/-/{name}-1.0.0.tgz").content == b"two"
    assert shop.packages("npm", name)[0]["id"] > package["id"]


def test_forwarding_is_told_and_never_done(shop: Any, registry_of: Any) -> None:
    plain = shop.get("/npm/left-pad")
    assert plain.status_code == 404
    assert "X-Sandbox-Would-Forward" not in plain.headers
    forwarded = registry_of(47).get("/npm/left-pad")
    assert forwarded.status_code == 404
    assert forwarded.headers["X-Sandbox-Would-Forward"] == "true"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": "a b"}, "Validation failed: Name is invalid"),
        ({"versions": {}}, "Version is empty."),
        ({"versions": {"one": {}}}, "Validation failed: Version is invalid"),
        ({"_attachments": {}}, "Attachment data is empty."),
        ({"_attachments": {"x-1.0.0.tgz": {"data": "%%%"}}}, "the data of an attachment is not base64"),
    ],
)
def test_what_cannot_be_published(shop: Any, packages: Any, changes: dict[str, Any], error: str) -> None:
    answer = shop.put("/npm/x", json={**packages.npm_body("x", "1.0.0", b"tarball"), **changes})
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert shop.packages("npm", "x") == []


def test_the_sha1_is_the_one_that_the_publication_names(shop: Any, packages: Any, number: int) -> None:
    body = packages.npm_body(f"sum-{number}", "1.0.0", b"tarball", dist={"shasum": "a" * 40})
    assert shop.put(f"/npm/sum-{number}", json=body).status_code == 200
    (file,) = shop.files(shop.packages("npm", f"sum-{number}")[0]["id"])
    assert file["file_sha1"] == "a" * 40
    assert file["file_sha256"] == hashlib.sha256(b"tarball").hexdigest()
