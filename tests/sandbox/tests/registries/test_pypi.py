# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The PyPI registry, with the real twine and pip (contract, registries, C)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "Acme.Tool"
version = "1.0.0"
requires-python = ">=3.7"

[tool.hatch.build.targets.wheel]
packages = ["acme_tool"]
"""


PIP_DOWNLOAD = (
    *("-m", "pip", "download", "--isolated", "--disable-pip-version-check", "--no-cache-dir"),
    "--no-deps",
)


@pytest.fixture(scope="module")
def distributions(python: Any, interpreter: str) -> Path:
    """A wheel and a source distribution, made by the real tool."""
    folder = python.home / "tool"
    (folder / "acme_tool").mkdir(parents=True)
    (folder / "acme_tool/__init__.py").write_text("NAME = 'acme'\n")
    (folder / "pyproject.toml").write_text(PROJECT)
    python.run(interpreter, "-m", "build", "--no-isolation", folder)
    return Path(folder / "dist")


def test_upload_and_download(shop: Any, python: Any, interpreter: str, distributions: Path) -> None:
    files = sorted(distributions.iterdir())
    contents = {file.name: file.read_bytes() for file in files}
    assert {file.suffix for file in files} == {".whl", ".gz"}
    twine = (interpreter, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar")
    repository = ("--repository-url", f"{shop.url}/pypi", "--username", "sam", "--password", "glpat-sam")
    python.run(*twine, *repository, *files)

    # One package with both files, whose name is the one in their metadata.
    (package,) = [package for package in shop.packages("pypi") if package["name"].lower() == "acme.tool"]
    assert (package["version"], package["status"], package["creator_id"]) == ("1.0.0", "default", 3)
    shop.check_bytes(package, contents)

    # The same file once more is refused.
    again = python.try_run(*twine, "--verbose", *repository, files[0])
    assert again.returncode != 0
    # Its output comes in lines of some width.
    assert "File name has already been taken" in " ".join(again.stdout.replace("\033[34mINFO    \033[0m", "").split())
    assert len(shop.files(package["id"])) == 2

    # pip finds them by any spelling of the name, and checks their hashes.
    index = f"{shop.url}/pypi/simple".replace("://", "://__token__:glpat-rita@")
    pip = (*PIP_DOWNLOAD, "--dest", "disk", "--index-url", index)
    python.run(interpreter, *pip, "acme_tool")
    python.run(interpreter, *pip, "--no-build-isolation", "--no-binary", ":all:", "ACME-tool==1.0.0")
    assert {file.name: file.read_bytes() for file in (python.home / "disk").iterdir()} == contents
    assert shop.packages("pypi", package["name"])[0]["last_downloaded_at"] is not None


def test_a_deploy_token_downloads_from_object_storage(
    registry_seed: Any, registry_class: Any, packages: Any, python: Any, interpreter: str, distributions: Path
) -> None:
    (wheel,) = distributions.glob("*.whl")
    with Sandbox(registry_seed, storage="object") as sandbox:
        registry = registry_class(sandbox)
        uploaded = packages.pypi(registry, "acme-tool", wheel.name, wheel.read_bytes(), auth=("any", "gldt-shop"))
        assert uploaded.status_code == 201
        index = f"{registry.url}/pypi/simple".replace("://", "://any:gldt-shop-read@")
        python.run(interpreter, *PIP_DOWNLOAD, "--dest", "object", "--index-url", index, "acme-tool")
        assert (python.home / "object" / wheel.name).read_bytes() == wheel.read_bytes()
        asked, stored = sandbox.requests()[-2:]
        assert (asked["status"], asked["auth"]) == (302, "basic")
        assert (stored["status"], stored["auth"]) == (200, "none")
        assert stored["host"] != asked["host"]


def test_the_simple_pages(shop: Any, packages: Any, number: int) -> None:
    name = f"Pages.{number}"
    data = b"wheel"
    digest = hashlib.sha256(data).hexdigest()
    file_name = f"pages_{number}-1.0.0-py3-none-any.whl"
    assert packages.pypi(shop, name, file_name, data).status_code == 201
    for path in (f"/pypi/simple/pages-{number}", f"/pypi/simple/PAGES_{number}/", f"/pypi/simple/{name}"):
        answer = shop.get(path, "", auth=("rita", "glpat-rita"))
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        link = f'<a href="{shop.url}/pypi/files/{digest}/{file_name}#sha256={digest}"'
        assert f'{link} data-requires-python="&gt;=3.9,&lt;4">' in answer.text
    index = shop.get("/pypi/simple/", "", auth=("rita", "glpat-rita"))
    assert f'<a href="{shop.url}/pypi/simple/pages-{number}">' in index.text
    assert shop.get("/pypi/simple/missing").status_code == 404
    # The hash is part of the path: another one is no file.
    assert shop.get(f"/pypi/files/{digest}/{file_name}").content == data
    assert shop.get(f"/pypi/files/{'0' * 64}/{file_name}").status_code == 404
    # What is deleted is on no page.
    shop.call("DELETE", f"/{shop.packages('pypi', name)[0]['id']}")
    assert shop.get(f"/pypi/simple/pages-{number}").status_code == 404


def test_forwarding_is_told_and_never_done(registry_of: Any, shop: Any) -> None:
    # By default GitLab forwards nothing here; the answer is the same either way.
    assert "X-Sandbox-Would-Forward" not in shop.get("/pypi/simple/requests").headers
    assert registry_of(47).get("/pypi/simple/requests").headers["X-Sandbox-Would-Forward"] == "true"


@pytest.mark.parametrize(
    ("fields", "status", "answer"),
    [
        ({"name": None}, 400, {"error": "name is missing"}),
        ({"name": None, "version": None}, 400, {"error": "name is missing, version is missing"}),
        ({"sha256_digest": "abc"}, 400, {"error": "sha256_digest is invalid"}),
        ({"name": "a b"}, 400, {"message": "400 Bad request - Validation failed: Name is invalid"}),
        ({"version": "one"}, 400, {"message": "400 Bad request - Validation failed: Version is invalid"}),
    ],
)
def test_what_cannot_be_uploaded(
    shop: Any, packages: Any, number: int, fields: dict[str, Any], status: int, answer: dict[str, str]
) -> None:
    refused = packages.pypi(shop, f"bad-{number}", "bad.whl", fields=fields)
    assert (refused.status_code, refused.json()) == (status, answer)
    assert shop.packages("pypi", f"bad-{number}") == []


def test_an_upload_without_a_file_or_without_a_form(shop: Any) -> None:
    missing = shop.post("/pypi", data={"name": "x", "version": "1"})
    assert (missing.status_code, missing.json()) == (400, {"error": "content is missing"})
    form = shop.post("/pypi", files={"name": (None, "x"), "version": (None, "1")})
    assert (form.status_code, form.json()) == (400, {"error": "content is missing"})


def test_without_digests_the_server_has_its_own(shop: Any, packages: Any, number: int) -> None:
    answer = packages.pypi(shop, f"plain-{number}", "x.whl", fields={"sha256_digest": None, "md5_digest": None})
    assert (answer.status_code, answer.json()) == (201, {"message": "201 Created"})
    shop.check_bytes(shop.packages("pypi", f"plain-{number}")[0], {"x.whl": b"wheel"})


def test_the_sums_are_those_that_the_form_names(shop: Any, packages: Any, number: int) -> None:
    fields = {"sha256_digest": "B" * 64, "md5_digest": "c" * 32}
    assert packages.pypi(shop, f"sums-{number}", "x.whl", fields=fields).status_code == 201
    (file,) = shop.files(shop.packages("pypi", f"sums-{number}")[0]["id"])
    assert (file["file_sha256"], file["file_md5"]) == ("b" * 64, "c" * 32)
    assert file["file_sha1"] == hashlib.sha1(b"wheel").hexdigest()
    assert f"#sha256={'b' * 64}" in shop.get(f"/pypi/simple/sums-{number}").text
