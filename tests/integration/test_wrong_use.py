# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each wrong use gets one clear sentence, before any request where that is possible."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.tests.integration.seeds import TYPES, package, seed
from gitlab_sandbox.testing import Sandbox

SHOP = {"project": "acme/web/shop"}
GONE = {**SHOP, "state": "absent"}
NAMED = {"name": "ui", "version": "1"}
A_NUMBER = "must be a text, and YAML made a number of it"
QUOTES = "put it in quotes"
ALL_TYPES = ", ".join((*TYPES, "cargo"))

#: Task and sentence. Nothing of these may reach the server. Unit tests have many more of the sentences.
REFUSED: dict[str, tuple[dict[str, t.Any], str]] = {
    "no project, no group": ({"package_info": {}}, "one of the following is required: project, group"),
    "project and group": (
        {"package_info": {**SHOP, "group": "acme"}},
        "parameters are mutually exclusive: project|group",
    ),
    "project climbs": (
        {"package": {"project": "acme/../../users", "id": 1, "state": "absent"}},
        "project 'acme/../../users' is neither a numeric ID nor a full path such as 'acme/web/shop' (no URL, nothing"
        " encoded)",
    ),
    "no state": ({"package": {**SHOP, "id": 1}}, "missing required arguments: state"),
    "name alone": ({"package": {**GONE, "name": "ui"}}, "name 'ui' needs a version, or all_versions: true"),
    "name alone in a list": (
        {"package": {**GONE, "packages": [{"id": 1}, {"name": "ui"}]}},
        "packages[1]: name 'ui' needs a version, or all_versions: true",
    ),
    "version and all_versions": (
        {"package": {**GONE, **NAMED, "all_versions": True}},
        "version and all_versions exclude each other",
    ),
    "neither id nor name": ({"package": GONE}, "one of the following is required: id, name, packages"),
    "unknown key in a list": (
        {"package": {**GONE, "packages": [{**NAMED, "type": "npm"}]}},
        "packages[0]: unknown key 'type': there are id, name, version, all_versions, package_type",
    ),
    "a number for a version": (
        {"package": {**GONE, "name": "ui", "version": 1.1}},
        f"version {A_NUMBER} (1.1): {QUOTES}",
    ),
    "a number for a name": ({"package": {**GONE, "name": 7, "version": "1"}}, f"name {A_NUMBER} (7): {QUOTES}"),
    "true for a name": (
        {"package_info": {**SHOP, "name_search": True}},
        f"name_search must be a text, and YAML made true or false of it (True): {QUOTES}",
    ),
    "a list for a name": ({"package_info": {**SHOP, "name": ["ui"]}}, "name must be a text, not a list"),
    "a number for a file": (
        {"package_file": {**GONE, **NAMED, "file_name": 1.5}},
        f"file_name {A_NUMBER} (1.5): {QUOTES}",
    ),
    "a number for the version of a file": (
        {"package_file": {**GONE, "name": "ui", "version": 3.1, "file_name": "x"}},
        f"version {A_NUMBER} (3.1): {QUOTES}",
    ),
    "a number for a glob": (
        {"package_file_info": {**SHOP, **NAMED, "file_name": 7}},
        f"file_name {A_NUMBER} (7): {QUOTES}",
    ),
    "keep lists whose lines are commented out": (
        {"package_retention_info": {**SHOP, "policy": {"rules": [{"keep_latest": 1}]}, "keep_lists": None}},
        "argument 'keep_lists' is of type NoneType and we were unable to convert to list: <class 'NoneType'> cannot be"
        " converted to a list",
    ),
    "unknown package type": (
        {"package_info": {**SHOP, "package_type": ["npm", "docker"]}},
        f"value of package_type must be one or more of: {ALL_TYPES}. Got no match for: docker",
    ),
    "unknown package type to delete": (
        {"package": {**GONE, **NAMED, "package_type": "docker"}},
        f"value of package_type must be one of: {ALL_TYPES}, got: docker",
    ),
    "unknown status": (
        {"package_info": {**SHOP, "status": ["broken"]}},
        "value of status must be one or more of: all, default, hidden, processing, error, pending_destruction,"
        " deprecated. Got no match for: broken",
    ),
    "negative limit": ({"package_info": {**SHOP, "limit": -1}}, "limit must be at least 1, not -1"),
    "files without version": ({"package_file_info": {**SHOP, "name": "ui"}}, "name 'ui' needs a version"),
    "file without version": (
        {"package_file": {**GONE, "name": "ui", "file_name": "x"}},
        "name 'ui' needs a version",
    ),
    "two tokens": (
        {"package_info": {**SHOP, "api_token": "glpat-one", "api_job_token": "glcbt-two"}},
        "parameters are mutually exclusive: api_token|api_oauth_token|api_job_token",
    ),
    "a token in two lines": (
        {"package_info": {**SHOP, "api_token": "glpat\nX-Header: 1"}},
        "api_token holds characters that no token has, such as a space or a line break inside it",
    ),
    "URL without scheme": (
        {"package_info": {**SHOP, "api_url": "gitlab.example.com"}},
        "api_url 'gitlab.example.com' is not a URL: it must begin with https:// (or http://) and name a host",
    ),
    "URL with a password": (
        {"package_info": {**SHOP, "api_url": "https://mia:pw@gitlab.example.com"}},
        "api_url must not hold a user name or password: give the token in api_token",
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed(package("ui", "1"))) as running:
        yield running


def test_refused_before_any_request(sandbox: Sandbox, playbook: t.Any) -> None:
    sandbox.forget()
    run = playbook(sandbox, *(task for task, _sentence in REFUSED.values()))
    said = {name: (result["failed"], result["msg"]) for name, result in zip(REFUSED, run.results)}
    assert said == {name: (True, sentence) for name, (_task, sentence) in REFUSED.items()}
    assert sandbox.requests() == []
    assert "Traceback" not in run.output


def test_numbers_in_a_loop_name_no_version(sandbox: Sandbox, playbook: t.Any) -> None:
    sandbox.forget()
    loop = {"package": {**GONE, "name": "ui", "version": "{{ item }}"}, "loop": [1.2, 8]}
    (done,) = playbook(sandbox, loop).results
    assert [result["msg"] for result in done["results"]] == [
        f"version {A_NUMBER} ({number}): {QUOTES}" for number in ("1.2", "8")
    ]
    assert sandbox.requests() == []


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has nothing but the standard library."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


def test_without_requests_the_interpreter_is_named(sandbox: Sandbox, playbook: t.Any, bare_python: Path) -> None:
    sandbox.forget()
    tasks = (
        {"package_info": SHOP},
        {"package_file_info": {**SHOP, "id": 1}},
        {"package": {**GONE, "id": 1}},
        {"package_file": {**GONE, "package_id": 1, "id": 1}},
    )
    run = playbook(sandbox, *tasks, play={"vars": {"ansible_python_interpreter": str(bare_python)}})
    for result in run.results:
        assert result["failed"]
        assert result["msg"].startswith("Failed to import the required Python library (requests) on ")
        assert f"'s Python {bare_python}." in result["msg"]
    assert sandbox.requests() == []


def test_files_that_are_none_or_too_large(sandbox: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    """Neither is read: nobody would ever write into the FIFO, and the file would fill the memory."""
    sandbox.forget()
    fifo, large = tmp_path / "fifo", tmp_path / "large"
    os.mkfifo(fifo)
    most = {"plan_file": 2**30, "policy_file": 2**22}
    modules = {"plan_file": ["package_retention"], "policy_file": ["package_retention", "package_retention_info"]}
    with large.open("wb") as file:
        file.truncate(2**30 + 1)  # it holds nothing, and takes no room
    asked = [(module, option) for option in most for module in modules[option]]
    tasks = [{module: {**SHOP, option: str(path)}} for module, option in asked for path in (fifo, large)]
    said = [result["msg"] for result in playbook(sandbox, *tasks).results]
    assert said == [
        sentence
        for _module, option in asked
        for sentence in (
            f"{option} '{fifo}' cannot be read: it is no regular file",
            f"{option} '{large}' is larger than {most[option]} bytes",
        )
    ]
    assert sandbox.requests() == []


def test_without_packageurl_it_is_named(sandbox: Sandbox, playbook: t.Any, bare_python: Path, tmp_path: Path) -> None:
    """An interpreter that has all but that one library: only a task that reads package URLs misses it."""
    places = [Path(place) for place in sys.path if place.endswith("site-packages")]
    some = tmp_path / "libraries"
    some.mkdir()
    for library in (entry for place in places for entry in place.iterdir()):
        if not library.name.startswith("packageurl") and not (some / library.name).exists():
            (some / library.name).symlink_to(library)
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"purl": "pkg:npm/ui@1"}]}
    (tmp_path / "bom.json").write_text(json.dumps(bom))
    planned = {"package_retention_info": {**SHOP, "policy": {"rules": [{"name": "all", "delete_all": True}]}}}
    listed = {
        "package_retention_info": {**planned["package_retention_info"], "keep_lists": [str(tmp_path / "bom.json")]}
    }
    python = {"ansible_python_interpreter": str(bare_python)}
    play = {"vars": python, "environment": {"PYTHONPATH": str(some)}}
    without, named = playbook(sandbox, planned, listed, play=play).results
    assert (without["failed"], without["plan"]["summary"]["delete"]) == (False, 1)
    assert named["msg"].startswith("Failed to import the required Python library (packageurl-python) on ")
    assert f"'s Python {bare_python}." in named["msg"]


def test_hosts_that_do_not_answer(playbook: t.Any) -> None:
    def ask(url: str, **options: t.Any) -> dict[str, t.Any]:
        return {"package_info": {**SHOP, "api_url": url, "retries": 0, **options}}

    with socket.socket() as refusing, socket.socket() as silent:
        refusing.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # takes connections, says nothing
        closed = f"http://127.0.0.1:{refusing.getsockname()[1]}"
        quiet = f"http://127.0.0.1:{silent.getsockname()[1]}"
        refused, slow, unknown, twice = playbook(
            None,
            ask(closed),
            ask(quiet, timeout=0.2),
            ask("https://gitlab.invalid"),
            ask(closed, retries=1),
        ).results
    call = "GET /projects/acme/web/shop"
    assert refused["msg"] in (
        f"{call}: {closed} does not answer: Connection refused",
        f"{call}/packages: {closed} does not answer: Connection refused",
    )
    assert slow["msg"].endswith(": no answer within 0.2 seconds (option timeout)")
    assert unknown["msg"].endswith(": the host of https://gitlab.invalid is not known: check api_url and the DNS")
    assert twice["msg"].endswith(f": {closed} does not answer: Connection refused (2 tries)")
    assert {result["error"]["kind"] for result in (refused, slow, unknown, twice)} == {"Unreachable"}


def test_another_server_than_gitlab(playbook: t.Any, stranger: t.Any) -> None:
    """A web page, or some other JSON, is no empty registry."""
    result = playbook(None, {"package_info": {**SHOP, "api_url": stranger.url, "retries": 0}}).results[0]
    assert result["failed"]
    assert result["msg"].startswith("GET /projects/acme/web/shop")
    assert result["msg"].endswith("answered with a list where an object is due")
