# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seed: what it makes, and how a wrong one is refused (README, section "The seed")."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitlab_sandbox.node import SeedError
from gitlab_sandbox.seed import read_seed
from gitlab_sandbox.storage import Storage
from gitlab_sandbox.testing import Sandbox, _command

SANDBOX = Path(__file__).resolve().parent.parent
USERS = [{"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]}]


def packages(running: Sandbox, client: Callable[..., Any], project: int = 1) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (
        client(running, "glpat-root")
        .get(f"/projects/{project}/packages", params={"per_page": 100, "include_versionless": True})
        .json()
    )
    return listed


def refusal(text: str, tmp_path: Path) -> str:
    """The line that refuses a seed: what the command prints, without starting it a hundred times."""
    path = tmp_path / "seed.yml"
    path.write_text(text)
    storage = Storage.open(None)
    try:
        with pytest.raises(SeedError) as error:
            storage.load(read_seed(path))
    finally:
        storage.close()
    line = str(error.value)
    assert "\n" not in line
    return line


PACKAGE = "projects: [{path: a/b, packages: [{name: x, %s}]}]"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[]", "seed: [] is not a mapping"),
        ("colour: red", "seed: 'colour' is none of instance, users, job_tokens, deploy_tokens, groups, projects"),
        ("projects: {}", "seed: projects: {} is not a list"),
        ("projects: [1]", "seed: projects[0]: 1 is not a mapping"),
        ("projects: [{}]", "seed: projects[0]: path is missing"),
        ("projects: [{path: shop}]", "seed: projects[0].path: 'shop' is in no group"),
        ("projects: [{path: /a/b}]", "seed: projects[0].path: '/a/b' is not a path such as acme/web/shop"),
        ("projects: [{path: a/b}, {path: a/b}]", "seed: projects[1].path: the path 'a/b' is there twice"),
        ("projects: [{path: a/b, moved_from: [a/b]}]", "seed: projects[0].path: the path 'a/b' is there twice"),
        ("projects: [{path: a/b, id: 0}]", f"seed: projects[0].id: 0 is not between 1 and {2**62}"),
        ("projects: [{path: a/b, id: x}]", "seed: projects[0].id: 'x' is not an integer"),
        ("projects: [{path: a/b, id: 1}, {path: a/c, id: 1}]", "seed: the project ID 1 is given twice"),
        ("projects: [{path: a/b, size: 1}]", "seed: projects[0]: 'size' is none of id, path, name, visibility, "),
        (
            "projects: [{path: a/b, visibility: secret}]",
            "seed: projects[0].visibility: 'secret' is none of private, internal, public",
        ),
        ("projects: [{path: a/b, members: {mia: owner}}]", "seed: projects[0].members: there is no user 'mia'"),
        (
            "users: [{username: mia}]\nprojects: [{path: a/b, members: {mia: boss}}]",
            "seed: projects[0].members.mia: 'boss' is none of guest, reporter, developer, maintainer, owner",
        ),
        ("groups: [{path: a}, {path: a}]", "seed: groups[1].path: the group 'a' is there twice"),
        ("groups: [{path: a/b}]\nprojects: [{path: a/b}]", "seed: projects[0].path: 'a/b' is a group already"),
        ("users: [{name: x}]", "seed: users[0]: username is missing"),
        ("users: [{username: x}, {username: x}]", "seed: users: the username 'x' is there twice"),
        ("users: [{username: x, admin: 1}]", "seed: users[0].admin: 1 is neither true nor false"),
        ("users: [{username: x, tokens: [{}]}]", "seed: users[0].tokens[0]: value is missing"),
        (
            "users: [{username: x, tokens: [{value: a, scopes: [all]}]}]",
            "seed: users[0].tokens[0].scopes[0]: 'all' is none of api, read_api, ",
        ),
        (
            "users: [{username: x, tokens: [{value: a}, {value: a}]}]",
            "seed: users: x: a token's value is used twice",
        ),
        ("job_tokens: [{value: x, user: mia}]", "seed: job_tokens[0].user: there is no user 'mia'"),
        (
            "users: [{username: x}]\njob_tokens: [{value: x, user: x, project: a/b}]",
            "seed: job_tokens[0].project: there is no project 'a/b'",
        ),
        (PACKAGE % "package_type: foo", "seed: projects[0].packages[0].package_type: 'foo' is none of maven, npm, "),
        (PACKAGE % "status: gone", "seed: projects[0].packages[0].status: 'gone' is none of default, hidden, "),
        (
            PACKAGE % "version: 1.10",
            "seed: projects[0].packages[0].version: 1.1 is not a string (put it in quotes)",
        ),
        (PACKAGE % "created_at: yesterday", "seed: projects[0].packages[0].created_at: 'yesterday' is not a time"),
        (PACKAGE % "created_at: 2025-02-30", "seed: projects[0].packages[0].created_at: '2025-02-30' is not a time"),
        (PACKAGE % "tags: latest", "seed: projects[0].packages[0].tags: 'latest' is not a list"),
        (PACKAGE % "creator: nobody", "seed: projects[0].packages[0].creator: there is no user 'nobody'"),
        (
            PACKAGE % "pipelines: [{sha: xyz}]",
            "seed: projects[0].packages[0].pipelines[0].sha: 'xyz' is not a commit's SHA",
        ),
        (
            PACKAGE % "files: [{size: -1}]",
            "seed: projects[0].packages[0].files[0].size: -1 is not between 0 and ",
        ),
        (
            PACKAGE % "files: [{size: 1, content: a}]",
            "seed: projects[0].packages[0].files[0]: size and content exclude each other",
        ),
        ('projects: [{path: a/b, packages: [{name: "a\\0b"}]}]', "seed: projects[0].packages[0].name: must not hold"),
        ('projects: [{path: a/b, packages: [{name: ""}]}]', "seed: projects[0].packages[0].name: must not be empty"),
        (
            '{"projects": [{"path": "a/b", "packages": [{"name": "\\ud800"}]}]}',
            "seed: projects[0].packages[0].name: '\\ud800' is not valid Unicode",
        ),
        (
            "projects: [{path: a/b, protection_rules: [{minimum_access_level_for_delete: king}]}]",
            "seed: projects[0].protection_rules[0].minimum_access_level_for_delete: 'king' is none of ",
        ),
        (
            "projects: [{path: a/b, protection_rules: [{package_type: npm}]}]",
            "seed: projects[0].protection_rules[0]: needs one of minimum_access_level_for_push, minimum_access_level_",
        ),
        (
            "projects: [{path: a/b, protection_rules: [{package_type: golang, minimum_access_level_for_push: owner}]}]",
            "seed: projects[0].protection_rules[0].package_type: 'golang' is none of npm, ",
        ),
        (
            "projects: [{path: a/b, protection_rules: [{minimum_access_level_for_push: developer}]}]",
            "seed: projects[0].protection_rules[0].minimum_access_level_for_push: 'developer' is none of maintainer, ",
        ),
        (
            "projects: [{path: a/b, protection_rules: [{minimum_access_level_for_push: owner},"
            " {minimum_access_level_for_delete: owner}]}]",
            "seed: projects[0].protection_rules: the type and pattern ('generic', '*') is there twice",
        ),
        ("instance: {packages: off}", "seed: instance.packages: "),
        ("instance: {limits: {all: 1/1}}", "seed: instance.limits: 'all' is none of projects, groups, "),
        ("instance: {limits: {groups: 1}}", "seed: instance.limits.groups: 1 is not a string"),
        ("instance: {limits: {groups: 0/1}}", "seed: instance.limits.groups: '0/1' is not REQUESTS/SECONDS"),
        ("instance: {max_file_size: -1}", "seed: instance.max_file_size: -1 is not between 0 and "),
        ("groups: [{path: a, package_settings: {colour: red}}]", "seed: groups[0].package_settings: 'colour' is none"),
        (
            "groups: [{path: a, package_settings: {generic_duplicate_exception_regex: '('}}]",
            "seed: groups[0].package_settings.generic_duplicate_exception_regex: '(' is not a regular expression: ",
        ),
        (
            "groups: [{path: a, package_settings: {generic_duplicates_allowed: null}}]",
            "seed: groups[0].package_settings.generic_duplicates_allowed: None is neither true nor false",
        ),
        ("projects: [{path: a/b, archived: 1}]", "seed: projects[0].archived: 1 is neither true nor false"),
        (
            "projects: [{path: a/b, package_registry: x}]",
            "seed: projects[0].package_registry: 'x' is none of disabled, ",
        ),
        (
            "projects: [{path: a/b, cleanup_policy: {keep_n_duplicated_package_files: 7}}]",
            "seed: projects[0].cleanup_policy.keep_n_duplicated_package_files: 7 is none of all, 1, 10, ",
        ),
        (
            "projects: [{path: a/b, job_token_allowlist: [a/c]}]",
            "seed: projects[0].job_token_allowlist[0]: there is no project 'a/c'",
        ),
        ("projects: [{path: a/b, shared_with: [c]}]", "seed: projects[0].shared_with[0]: there is no group 'c'"),
        ("deploy_tokens: [{value: x}]", "seed: deploy_tokens[0]: it is for a project or for a group"),
        ("deploy_tokens: [{value: x, group: g}]", "seed: deploy_tokens[0].group: there is no group 'g'"),
        (
            "groups: [{path: g}]\ndeploy_tokens: [{value: x, group: g, scopes: [api]}]",
            "seed: deploy_tokens[0].scopes[0]: 'api' is none of read_package_registry, ",
        ),
        (
            "groups: [{path: g}]\nusers: [{username: u, tokens: [{value: x}]}]\ndeploy_tokens: [{value: x, group: g}]",
            "seed: deploy_tokens[0].value: a token's value is used twice",
        ),
        (
            "users: [{username: x, tokens: [{value: a, kind: job}]}]",
            "seed: users[0].tokens[0].kind: 'job' is none of access, oauth",
        ),
        (
            "users: [{username: x, tokens: [{value: a, permissions: [read_packages]}]}]",
            "seed: users[0].tokens[0].permissions: only a token whose scopes are [granular] has permissions",
        ),
        (
            "users: [{username: x, tokens: [{value: a, scopes: [granular, api]}]}]",
            "seed: users[0].tokens[0].scopes: granular excludes other scopes",
        ),
        ("projects: [{path: a/b, histories: [{}]}]", "seed: projects[0].histories[0]: file is missing"),
        (
            "projects: [{path: a/b, histories: [{file: no.json}]}]",
            "seed: projects[0].histories[0].file: cannot read 'no.json': No such file or directory",
        ),
        (
            "projects: [{path: a/b, histories: [{file: seed.yml}]}]",
            "seed: projects[0].histories[0].file: 'seed.yml' is not JSON",
        ),
        ("projects: [{path: a/b, generate: [{count: 1}]}]", "seed: projects[0].generate[0]: name is missing"),
        (
            "projects: [{path: a/b, generate: [{count: -1, name: x}]}]",
            "seed: projects[0].generate[0].count: -1 is not between 0 and 10000000",
        ),
        (
            "projects: [{path: a/b, generate: [{name: 'x{j}'}]}]",
            "seed: projects[0].generate[0].name: {j} is not an expression of i, integers, ",
        ),
        (
            "projects: [{path: a/b, generate: [{name: 'x{i % 0}'}]}]",
            "seed: projects[0].generate[0].name: {i % 0} is not an expression",
        ),
        (
            "projects: [{path: a/b, generate: [{name: x, version: '{__import__(\"os\")}'}]}]",
            "seed: projects[0].generate[0].version: {__import__",
        ),
        (
            "projects: [{path: a/b, generate: [{name: x, version: 'a}b'}]}]",
            "seed: projects[0].generate[0].version: a brace in 'a}b' belongs to no expression",
        ),
        (
            "projects: [{path: a/b, generate: [{name: x, count: 1000000, interval_seconds: 1000000000}]}]",
            "seed: projects[0].generate[0].interval_seconds: the last package would be created after",
        ),
        ("users: [", "seed: "),
        ("a: b: c", "seed: "),
        ("\tx: y", "seed: "),
        ("!!python/object:os.system {}", "seed: "),
        ("[" * 100_000, "seed: "),
    ],
)
def test_a_wrong_seed_is_refused_with_the_place(tmp_path: Path, text: str, line: str) -> None:
    assert refusal(text, tmp_path).startswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "projects: [{path: a/b, packages: [{name: x}, {name: y}, {name: z}, {name: x, package_type: foo}]}]",
            "seed: projects[0].packages[3].package_type: 'foo' is none of maven, npm, ",
        ),
        ("projects: [{path: a/b, id: 1}, {path: a/c, id: 1}]", "seed: the project ID 1 is given twice"),
        ("users: [", "seed: "),
    ],
)
def test_the_command_ends_with_status_2_and_that_line(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "seed.yml"
    path.write_text(text)
    done = subprocess.run([*_command(), "--seed", str(path)], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"gitlab-sandbox: {line}")


def test_a_seed_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = subprocess.run([*_command(), "--seed", str(tmp_path / "no.yml")], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stderr == f"gitlab-sandbox: seed: cannot read {tmp_path / 'no.yml'}: No such file or directory\n"


def test_a_seed_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seed.yml"
    path.write_bytes(b"users: \xff")
    done = subprocess.run([*_command(), "--seed", str(path)], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is not UTF-8" in done.stderr


def test_seed_as_yaml_and_as_json(client: Callable[..., Any], tmp_path: Path) -> None:
    yaml_path = tmp_path / "seed.yml"
    yaml_path.write_text(
        "users: [{username: root, admin: true, tokens: [{value: glpat-root}]}]\n"
        "projects:\n"
        "  - path: acme/shop\n"
        "    packages:\n"
        "      - {name: x, version: 2025-03-01, created_at: 2025-03-01T10:00:00+01:00}\n"
    )
    json_path = tmp_path / "seed.json"
    package = {"name": "x", "version": "2025-03-01", "created_at": "2025-03-01T09:00:00Z"}
    json_path.write_text(json.dumps({"users": USERS, "projects": [{"path": "acme/shop", "packages": [package]}]}))
    bodies = []
    for path in (yaml_path, json_path):
        with Sandbox(path) as running:
            (body,) = packages(running, client)
            del body["_links"]
            bodies.append(body)
    assert bodies[0] == bodies[1]
    assert (bodies[0]["version"], bodies[0]["created_at"]) == ("2025-03-01", "2025-03-01T09:00:00.000Z")


def test_an_empty_seed_is_an_empty_registry(client: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "seed.yml"
    path.write_text("")
    with Sandbox(path) as running:
        assert client(running).get("/projects/1").status_code == 404


def test_defaults(client: Callable[..., Any]) -> None:
    with Sandbox({"users": USERS, "projects": [{"path": "acme/web/shop", "packages": [{"name": "x"}]}]}) as running:
        (body,) = packages(running, client)
        assert (body["id"], body["version"], body["package_type"], body["status"]) == (1, "1.0.0", "generic", "default")
        assert body["created_at"] == "2025-01-01T00:00:00.000Z"
        assert (body["tags"], body["last_downloaded_at"], body["creator_id"]) == ([], None, None)
        root = client(running, "glpat-root")
        assert root.get("/projects/1").json()["visibility"] == "private"
        # Groups that the seed leaves out are there.
        assert root.get("/groups/acme").json()["visibility"] == "private"
        assert root.get("/groups/acme%2Fweb").json()["parent_id"] == root.get("/groups/acme").json()["id"]


def test_ids_are_dealt_out_in_order(client: Callable[..., Any]) -> None:
    seed = {
        "users": USERS,
        "groups": [{"path": "b"}, {"path": "b/c"}, {"path": "a"}],
        "projects": [
            {"path": "b/one", "packages": [{"name": "x"}, {"name": "y", "id": 2}, {"name": "z"}]},
            {"path": "a/two", "id": 7, "packages": [{"name": "x"}]},
            {"path": "b/c/three", "packages": [{"name": "x", "id": 40}, {"name": "y"}]},
        ],
    }
    with Sandbox(seed) as running:
        root = client(running, "glpat-root")
        assert [p["id"] for p in packages(running, client, 1)] == [1, 2, 3]
        assert [p["id"] for p in packages(running, client, 7)] == [4]
        assert [p["id"] for p in packages(running, client, 2)] == [5, 40]
        assert [root.get(f"/groups/{path}").json()["id"] for path in ("b", "b%2Fc", "a")] == [1, 2, 3]


def test_visibility_is_the_groups_by_default(client: Callable[..., Any]) -> None:
    seed = {
        "groups": [{"path": "a/b"}, {"path": "a", "visibility": "public"}],
        "projects": [{"path": "a/b/shop"}, {"path": "a/b/private", "visibility": "private"}],
    }
    with Sandbox(seed) as running:
        assert client(running).get("/projects/1").json()["visibility"] == "public"
        assert client(running).get("/projects/2").status_code == 404


def test_generate(client: Callable[..., Any]) -> None:
    generate = {
        "count": 4,
        "name": "bench/app-{i % 2}",
        "version": "1.{i // 2}.{i * 10 + 1}",
        "package_type": "npm",
        "created_at_start": "2020-01-01T00:00:00.000Z",
        "interval_seconds": 600,
    }
    with Sandbox({"users": USERS, "projects": [{"path": "a/b", "generate": [generate]}]}) as running:
        found = [(p["name"], p["version"], p["created_at"]) for p in packages(running, client)]
        files = client(running, "glpat-root").get("/projects/1/packages/1/package_files").json()
    assert found == [
        ("bench/app-0", "1.0.1", "2020-01-01T00:00:00.000Z"),
        ("bench/app-1", "1.0.11", "2020-01-01T00:10:00.000Z"),
        ("bench/app-0", "1.1.21", "2020-01-01T00:20:00.000Z"),
        ("bench/app-1", "1.1.31", "2020-01-01T00:30:00.000Z"),
    ]
    assert files == []


def test_histories(client: Callable[..., Any], tmp_path: Path) -> None:
    history = {
        "name": "@acme/ui",
        "package_type": "npm",
        "source": "somewhere",
        "versions": [["1.0.0", "2024-02-23T22:24:13.654000+00:00"], ["1.1.0", "2024-12-02T18:35:13+00:00"]],
    }
    (tmp_path / "ui.json").write_text(json.dumps(history))
    entry = {"file": "ui.json", "package_type": "npm", "files_per_package": 2, "file_size": 300_000}
    seed = {"users": USERS, "projects": [{"path": "a/b", "histories": [entry]}]}
    with Sandbox(seed, folder=tmp_path) as running:
        found = packages(running, client)
        files = client(running, "glpat-root").get("/projects/1/packages/2/package_files").json()
    assert [(p["name"], p["version"], p["created_at"]) for p in found] == [
        ("@acme/ui", "1.0.0", "2024-02-23T22:24:13.654Z"),
        ("@acme/ui", "1.1.0", "2024-12-02T18:35:13.000Z"),
    ]
    assert [(f["file_name"], f["size"]) for f in files] == [("ui-1.1.0.tgz", 300_000), ("ui-1.1.0-2.tgz", 300_000)]


HOSTILE = [
    "{{ lookup('pipe','id') }}",
    "../../etc",
    "<script>alert(1)</script>",
    "x" * 255,
    "🚀 rocket",
    "100%2Fdone",
    "a'b\"c\\d",
    "line\nbreak",
    "'; DROP TABLE packages; --",
    "İstanbul",
]


@pytest.fixture(scope="module")
def hostile() -> Any:
    packages = [
        {"name": text, "version": text, "package_type": "npm", "tags": [text], "files": [{"file_name": text}]}
        for text in HOSTILE
    ]
    with Sandbox({"users": USERS, "projects": [{"path": "a/b", "packages": packages}]}) as running:
        yield running


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_come_through_as_they_are(hostile: Sandbox, client: Callable[..., Any], text: str) -> None:
    root = client(hostile, "glpat-root")
    number = HOSTILE.index(text) + 1
    body = root.get(f"/projects/1/packages/{number}").json()
    assert (body["name"], body["version"], body["tags"][0]["name"]) == (text, text, text)
    assert root.get(f"/projects/1/packages/{number}/package_files").json()[0]["file_name"] == text
    assert root.get(f"/projects/1/packages/{number}/package_files/{number}/download").status_code == 200
    assert root.ids("/projects/1/packages", package_name=text) == [number]
    assert root.ids("/projects/1/packages", package_version=text) == [number]


DEMO = Path(__file__).resolve().parent.parent / "seeds" / "demo.yml"


@pytest.fixture(scope="module")
def demo() -> Any:
    with Sandbox(DEMO, ready_seconds=10) as running:
        yield running


def test_demo_seed_holds_the_histories_and_every_kind_that_needs_care(
    demo: Sandbox, client: Callable[..., Any]
) -> None:
    mia = client(demo, "glpat-mia")

    def some(**params: Any) -> int:
        return int(mia.get("/groups/acme/packages", params={"per_page": 1, **params}).headers["X-Total"])

    assert some(package_name="react", package_type="npm") == 2963
    assert some(package_name="vite") == 711
    assert some(package_name="electron-nightly") == 587
    for package_type in ("maven", "pypi", "conan", "terraform_module", "generic", "nuget", "helm"):
        assert some(package_type=package_type) > 0
    for status in ("hidden", "error", "deprecated", "processing"):
        assert some(status=status, include_versionless=True) > 0
    assert some(include_versionless=True) > some()
    snapshots = [p for p in mia.get("/projects/44/packages").json() if p["version"].endswith("-SNAPSHOT")]
    assert len(snapshots) >= 3
    assert all(some(package_name=name) for name in ("acme", "orders", "release-", "cli"))
    assert all(mia.ids(f"/projects/{number}/packages") for number in range(42, 48))


def test_demo_seed_tokens(demo: Sandbox, client: Callable[..., Any]) -> None:
    path = "/projects/acme%2Fweb%2Fshop/packages"
    expected = {
        "glpat-root": 200,
        "glpat-mia": 200,
        "glpat-mia-read": 200,
        "glpat-sam": 200,
        "glpat-gus": 403,
        "glpat-otto": 404,
    }
    assert {token: client(demo, token).get(path).status_code for token in expected} == expected
    assert client(demo, "glcbt-shop", "JOB-TOKEN").get(path).status_code == 200
    assert client(demo, "glpat-mia").get("/projects/acme%2Fold-shop").status_code == 301


def test_demo_seed_has_a_protected_package_and_a_duplicate_file(demo: Sandbox, client: Callable[..., Any]) -> None:
    mia = client(demo, "glpat-mia")
    (protected,) = mia.ids("/projects/45/packages", package_name="release-2026")
    assert mia.delete(f"/projects/45/packages/{protected}").status_code == 403
    (firmware,) = mia.ids("/projects/42/packages", package_name="printer-firmware")
    names = [f["file_name"] for f in mia.get(f"/projects/42/packages/{firmware}/package_files").json()]
    assert names.count("firmware.bin") == 2


def test_the_readmes_seed_is_one(client: Callable[..., Any]) -> None:
    text = (SANDBOX / "README.md").read_text(encoding="utf-8")
    seed = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    seed["projects"][0]["generate"][0]["count"] = 100
    with Sandbox(seed, folder=SANDBOX / "seeds") as running:
        root = client(running, "glpat-root")
        assert root.get("/projects/42").json()["path_with_namespace"] == "acme/web/shop"
        assert root.get("/projects/acme%2Fold-shop").status_code == 301
        assert len(root.names("/projects/42/packages", package_type="npm", package_name="react")) > 50
