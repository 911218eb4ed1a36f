# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What protection rules do to publishing and deleting (contract, section 4; registries, B)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitlab_sandbox.directory import Rule
from gitlab_sandbox.testing import Sandbox
from gitlab_sandbox.vocabulary import PROTECTED_TYPES, TYPE_NUMBER

USERS = {
    name: {"username": name, "tokens": [{"value": f"glpat-{name}"}]} for name in ("olga", "mia", "sam", "rita", "root")
}
USERS["root"]["admin"] = True
P = "/projects/1/packages"
PROTECTED = (403, {"message": "403 Forbidden - Package protected."})
DELETE_PROTECTED = (403, {"message": "403 Forbidden - Package is deletion protected."})


def rule(pattern: str, push: str | None = None, delete: str | None = None, type_: str = "generic") -> dict[str, Any]:
    return {
        "package_name_pattern": pattern,
        "package_type": type_,
        "minimum_access_level_for_push": push,
        "minimum_access_level_for_delete": delete,
    }


RULES = [
    rule("push-maintainer", push="maintainer"),
    rule("push-owner", push="owner"),
    rule("push-admin", push="admin"),
    rule("delete-owner*", delete="owner"),
    rule("delete-admin", delete="admin"),
    # The strictest one that matches decides.
    rule("delete-owner-*", delete="admin"),
    rule("push-own*", push="maintainer"),
]
PACKAGES = [
    {"id": number, "name": name, "files": [{"id": number, "content": "x"}]}
    for number, name in enumerate(("delete-owner", "delete-admin", "delete-owner-1", "Delete-OWNER"), start=1)
]
SEED: dict[str, Any] = {
    "users": list(USERS.values()),
    "job_tokens": [{"value": "job-sam", "user": "sam", "project": "acme/shop"}],
    "deploy_tokens": [{"value": "gldt", "project": "acme/shop"}],
    "groups": [
        {
            "path": "acme",
            "members": {"olga": "owner", "mia": "maintainer", "sam": "developer", "rita": "reporter"},
        }
    ],
    "projects": [{"path": "acme/shop", "protection_rules": RULES, "packages": PACKAGES}],
}


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json() if response.content else None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


# Publishing


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("free", {"sam", "mia", "olga", "root"}),
        ("push-maintainer", {"mia", "olga", "root"}),
        ("PUSH-Maintainer", {"mia", "olga", "root"}),
        ("push-owner", {"olga", "root"}),
        ("push-admin", {"root"}),
        ("delete-owner", {"sam", "mia", "olga", "root"}),
    ],
)
def test_push_rule_refuses_lower_roles(
    sandbox: Sandbox, client: Callable[..., Any], name: str, passes: set[str]
) -> None:
    for user in ("sam", "mia", "olga", "root"):
        response = client(sandbox, f"glpat-{user}").put(f"{P}/generic/{name}/1/{user}.bin", b"x")
        assert answer(response) == ((201, {"message": "201 Created"}) if user in passes else PROTECTED)


def test_push_rule_is_for_new_files_of_a_package_that_is_there_too(
    sandbox: Sandbox, client: Callable[..., Any]
) -> None:
    path = f"{P}/generic/push-maintainer/9.0/a.bin"
    assert client(sandbox, "glpat-mia").put(path, b"x").status_code == 201
    assert answer(client(sandbox, "glpat-sam").put(path, b"x")) == PROTECTED


def test_push_rule_takes_a_job_token_for_its_user(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    job = client(sandbox, "job-sam", "JOB-TOKEN")
    assert job.put(f"{P}/generic/free/1/a.bin", b"x").status_code == 201
    assert answer(job.put(f"{P}/generic/push-maintainer/1/a.bin", b"x")) == PROTECTED


@pytest.mark.parametrize("name", ["push-maintainer", "delete-owner", "delete-admin"])
def test_push_rule_refuses_a_deploy_token_whatever_its_levels(
    sandbox: Sandbox, client: Callable[..., Any], name: str
) -> None:
    deploy = client(sandbox, "gldt", "Deploy-Token")
    assert answer(deploy.put(f"{P}/generic/{name}/1/a.bin", b"x")) == PROTECTED
    assert deploy.put(f"{P}/generic/free/1/a.bin", b"x").status_code == 201


def test_push_rule_is_asked_after_the_role(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    response = client(sandbox, "glpat-rita").put(f"{P}/generic/push-owner/1/a.bin", b"x")
    assert answer(response) == (403, {"message": "403 Forbidden"})


# Deleting


@pytest.mark.parametrize("path", ["/{n}", "/{n}/package_files/{n}"])
@pytest.mark.parametrize(
    ("package", "user"), [(1, "mia"), (4, "mia"), (2, "mia"), (2, "olga"), (3, "mia"), (3, "olga")]
)
def test_delete_rule_refuses_lower_roles(
    sandbox: Sandbox, client: Callable[..., Any], path: str, package: int, user: str
) -> None:
    response = client(sandbox, f"glpat-{user}").delete(P + path.format(n=package))
    assert answer(response) == DELETE_PROTECTED


def test_delete_rule_lets_the_role_and_administrators_pass(client: Callable[..., Any]) -> None:
    with Sandbox(SEED) as running:
        assert client(running, "glpat-olga").delete(f"{P}/1").status_code == 204
        for package in (2, 3, 4):
            assert client(running, "glpat-root").delete(f"{P}/{package}").status_code == 204


def test_delete_rule_does_not_hide_delete_api_path(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    assert "delete_api_path" in client(sandbox, "glpat-mia").get(f"{P}/2").json()["_links"]


@pytest.mark.parametrize("options", [{"instance": {"delete_protection": False}}, {"gitlab_version": "16.1"}])
def test_delete_rule_is_not_asked_without_the_feature_flag_or_by_16_1(
    client: Callable[..., Any], options: dict[str, Any]
) -> None:
    seed = {**SEED, "instance": options.get("instance", {})}
    with Sandbox(seed, gitlab_version=options.get("gitlab_version", "current")) as running:
        mia = client(running, "glpat-mia")
        assert mia.delete(f"{P}/2/package_files/2").status_code == 204
        assert mia.delete(f"{P}/2").status_code == 204
        # The flag is for deletes only.
        pushed = client(running, "glpat-sam").put(f"{P}/generic/push-owner/1/a.bin", b"x")
        assert pushed.status_code == (403 if "instance" in options else 201)


# Types and patterns


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("release-*", "release-", True),
        ("release-*", "xrelease-1", False),
        ("*-final", "app-final", True),
        ("a*c", "abbbc", True),
        ("a*c", "abd", False),
        ("app", "app", True),
        ("app", "apple", False),
        ("*", "anything", True),
        ("a.c", "abc", False),
        ("a_c", "abc", False),
        ("a%c", "abc", False),
        ("App", "app", True),
    ],
)
def test_pattern_covers_the_whole_name_and_knows_no_wildcard_but_the_star(
    pattern: str, name: str, covered: bool
) -> None:
    assert Rule(1, 1, pattern, TYPE_NUMBER["generic"], None, 50).covers(name, TYPE_NUMBER["generic"]) is covered


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("my.app", "my_app", True),
        ("My--App", "my.app", True),
        ("my_*", "my.app", True),
        ("my_app", "myapp", False),
    ],
)
def test_pattern_of_pypi_knows_the_normal_form(pattern: str, name: str, covered: bool) -> None:
    assert Rule(1, 1, pattern, TYPE_NUMBER["pypi"], None, 50).covers(name, TYPE_NUMBER["pypi"]) is covered
    assert not Rule(1, 1, "my.app", TYPE_NUMBER["npm"], None, 50).covers("my_app", TYPE_NUMBER["npm"])


TYPED = [
    {"id": number, "name": "zlib/1.3@acme/stable" if type_ == "conan" else "zlib", "package_type": type_}
    for type_, number in TYPE_NUMBER.items()
]


def test_rule_is_for_its_package_type_only_and_there_are_types_without_rules(client: Callable[..., Any]) -> None:
    seed = {
        "users": list(USERS.values()),
        "projects": [
            {
                "path": "acme/shop",
                "members": {"mia": "maintainer"},
                "protection_rules": [rule("zlib", delete="owner", type_=type_) for type_ in PROTECTED_TYPES],
                "packages": TYPED,
            }
        ],
    }
    with Sandbox(seed) as running:
        mia = client(running, "glpat-mia")
        for type_, number in TYPE_NUMBER.items():
            expected = 403 if type_ in PROTECTED_TYPES else 204
            assert mia.delete(f"{P}/{number}").status_code == expected, type_


@pytest.mark.parametrize(("pattern", "status"), [("zlib", 403), ("ZLIB*", 403), ("zlib/1.3@acme/stable", 204)])
def test_rule_of_conan_is_for_the_bare_name(client: Callable[..., Any], pattern: str, status: int) -> None:
    seed = {
        "users": list(USERS.values()),
        "projects": [
            {
                "path": "acme/shop",
                "members": {"mia": "maintainer"},
                "protection_rules": [rule(pattern, delete="owner", type_="conan")],
                "packages": [{"name": "zlib/1.3@acme/stable", "package_type": "conan"}],
            }
        ],
    }
    with Sandbox(seed) as running:
        assert client(running, "glpat-mia").delete(f"{P}/1").status_code == status


# Order of refusals


LONG_AGO = {"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}


def test_e6_refuses_in_order_role_package_precondition_protection(sandbox: Sandbox, client: Callable[..., Any]) -> None:
    sam, mia = client(sandbox, "glpat-sam"), client(sandbox, "glpat-mia")
    assert answer(sam.delete(f"{P}/999", headers=LONG_AGO)) == (403, {"message": "403 Forbidden"})
    assert answer(mia.delete(f"{P}/999", headers=LONG_AGO)) == (404, {"message": "404 Not found"})
    assert answer(mia.delete(f"{P}/2", headers=LONG_AGO)) == (412, {"message": "412 Precondition Failed"})
    assert answer(mia.delete(f"{P}/2")) == DELETE_PROTECTED


def test_e7_refuses_in_order_role_package_protection_file_precondition(
    sandbox: Sandbox, client: Callable[..., Any]
) -> None:
    sam, mia, root = (client(sandbox, f"glpat-{user}") for user in ("sam", "mia", "root"))
    assert answer(sam.delete(f"{P}/999/package_files/999", headers=LONG_AGO)) == (403, {"message": "403 Forbidden"})
    assert answer(mia.delete(f"{P}/999/package_files/999", headers=LONG_AGO)) == (404, {"message": "404 Not found"})
    assert answer(mia.delete(f"{P}/2/package_files/999", headers=LONG_AGO)) == DELETE_PROTECTED
    assert answer(root.delete(f"{P}/2/package_files/999", headers=LONG_AGO)) == (404, {"message": "404 Not Found"})
    assert answer(root.delete(f"{P}/2/package_files/2", headers=LONG_AGO)) == (
        412,
        {"message": "412 Precondition Failed"},
    )
