# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GraphQL: package settings of a group (contract of the registries, section F)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

NOT_AVAILABLE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)
DUPLICATES = ("generic", "maven", "nuget", "terraformModule")
FORWARDING = ("maven", "npm", "pypi")
FIELDS = (
    *(f"{name}DuplicatesAllowed" for name in DUPLICATES),
    *(f"{name}DuplicateExceptionRegex" for name in DUPLICATES),
    *(f"{name}PackageRequestsForwarding" for name in FORWARDING),
    *(f"lock{name.capitalize()}PackageRequestsForwarding" for name in FORWARDING),
    *(f"{name}PackageRequestsForwardingLocked" for name in FORWARDING),
    "nugetSymbolServerEnabled",
)
DEFAULTS: dict[str, Any] = {
    **{f"{name}DuplicatesAllowed": name != "terraformModule" for name in DUPLICATES},
    **{f"{name}DuplicateExceptionRegex": None for name in DUPLICATES},
    **{f"{name}PackageRequestsForwarding": None for name in FORWARDING},
    **{f"lock{name.capitalize()}PackageRequestsForwarding": False for name in FORWARDING},
    **{f"{name}PackageRequestsForwardingLocked": False for name in FORWARDING},
    "nugetSymbolServerEnabled": False,
}
READ = f"query($path: ID!) {{ group(fullPath: $path) {{ packageSettings {{ {' '.join(FIELDS)} }} }} }}"
UPDATE = (
    "mutation($input: UpdateNamespacePackageSettingsInput!) { updateNamespacePackageSettings(input: $input)"
    f" {{ packageSettings {{ {' '.join(FIELDS)} }} errors }} }}"
)

SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "olga", "tokens": [{"value": "glpat-olga"}]},
        {"username": "mia", "tokens": [{"value": "glpat-mia"}]},
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
        {"username": "otto", "tokens": [{"value": "glpat-otto"}]},
    ],
    "groups": [
        *(
            {
                "path": path,
                "visibility": "private",
                "members": {"olga": "owner", "mia": "maintainer", "sam": "developer"},
            }
            for path in ("plain", "all", "wrong", "roles", "dup")
        ),
        {
            "path": "seeded",
            "members": {"olga": "owner"},
            "package_settings": {
                "generic_duplicates_allowed": False,
                "generic_duplicate_exception_regex": "v.*",
                "npm_package_requests_forwarding": True,
            },
        },
        {"path": "seeded/below"},
        *({"path": path, "members": {"olga": "owner"}} for path in ("lock", "lock/a", "lock/a/b", "pass", "pass/a")),
    ],
    "projects": [{"path": "dup/shop", "id": 7}],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


@pytest.fixture(scope="module")
def olga(sandbox: Sandbox, client: Callable[..., Any]) -> Any:
    """An owner."""
    return client(sandbox, "glpat-olga")


def read(api: Any, path: str) -> Any:
    """The settings of a group, as its owner reads them."""
    response = api.graphql(READ, {"path": path})
    assert response.status_code == 200, response.text
    return response.json()["data"]["group"]["packageSettings"]


def update(api: Any, path: str, **values: Any) -> dict[str, Any]:
    """The answer of the mutation."""
    response = api.graphql(UPDATE, {"input": {"namespacePath": path, **values}})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def updated(api: Any, path: str, **values: Any) -> dict[str, Any]:
    """The settings after a change that goes well."""
    body = update(api, path, **values)
    assert "errors" not in body, body
    assert body["data"]["updateNamespacePackageSettings"]["errors"] == []
    settings: dict[str, Any] = body["data"]["updateNamespacePackageSettings"]["packageSettings"]
    return settings


def errors(api: Any, path: str, **values: Any) -> list[str]:
    """The errors of a change that is run and fails; then no settings come back."""
    result = update(api, path, **values)["data"]["updateNamespacePackageSettings"]
    assert result["packageSettings"] is None
    found: list[str] = result["errors"]
    return found


# Reading


def test_a_group_without_settings_has_the_defaults(olga: Any) -> None:
    assert read(olga, "plain") == DEFAULTS


def test_duplicates_are_not_inherited_and_forwarding_is(olga: Any) -> None:
    own = {
        "genericDuplicatesAllowed": False,
        "genericDuplicateExceptionRegex": "v.*",
        "npmPackageRequestsForwarding": True,
    }
    assert read(olga, "seeded") == {**DEFAULTS, **own}
    assert read(olga, "seeded/below") == {**DEFAULTS, "npmPackageRequestsForwarding": True}


@pytest.mark.parametrize("user", ["mia", "sam"])
def test_those_who_may_not_change_them_read_null(sandbox: Sandbox, client: Callable[..., Any], user: str) -> None:
    response = client(sandbox, f"glpat-{user}").graphql(READ, {"path": "roles"})
    assert response.json() == {"data": {"group": {"packageSettings": None}}}


# Changing


def test_all_fields_can_be_set_and_read(olga: Any) -> None:
    values: dict[str, Any] = {
        **{f"{name}DuplicatesAllowed": name == "terraformModule" for name in DUPLICATES},
        **{f"{name}DuplicateExceptionRegex": f"{name}-.*" for name in DUPLICATES},
        **{f"{name}PackageRequestsForwarding": True for name in FORWARDING},
        **{f"lock{name.capitalize()}PackageRequestsForwarding": True for name in FORWARDING},
        "nugetSymbolServerEnabled": True,
    }
    assert updated(olga, "all", **values) == {**DEFAULTS, **values}
    assert read(olga, "all") == {**DEFAULTS, **values}


def test_what_is_not_given_stays(olga: Any) -> None:
    before = updated(olga, "plain", mavenDuplicatesAllowed=False, mavenDuplicateExceptionRegex="a")
    assert updated(olga, "plain", mavenDuplicateExceptionRegex=None) == {**before, "mavenDuplicateExceptionRegex": None}
    assert updated(olga, "plain", mavenDuplicatesAllowed=True) == DEFAULTS


def test_duplicates_settings_do_what_they_say(olga: Any) -> None:
    path = "/projects/7/packages/generic/app/1.0/file"
    assert [olga.put(path, b"x").status_code for _ in range(2)] == [201, 201]
    updated(olga, "dup", genericDuplicatesAllowed=False)
    assert olga.put(path, b"x").json() == {"message": "400 Bad request - Duplicate package is not allowed"}
    updated(olga, "dup", genericDuplicateExceptionRegex="app|1\\.0")
    assert olga.put(path, b"x").status_code == 201


@pytest.mark.parametrize(
    ("user", "path"), [("mia", "roles"), ("sam", "roles"), ("otto", "roles"), ("", "roles"), ("olga", "none")]
)
def test_those_who_may_not_are_refused(
    sandbox: Sandbox, client: Callable[..., Any], olga: Any, user: str, path: str
) -> None:
    body = update(client(sandbox, f"glpat-{user}" if user else ""), path, mavenDuplicatesAllowed=False)
    assert body["data"] == {"updateNamespacePackageSettings": None}
    assert [error["message"] for error in body["errors"]] == [NOT_AVAILABLE]
    assert read(olga, "roles") == DEFAULTS


def test_administrators_may(root: Any) -> None:
    assert updated(root, "roles", mavenDuplicatesAllowed=True) == DEFAULTS


def test_before_17_0_maintainers_might(client: Callable[..., Any]) -> None:
    query = (
        'mutation { updateNamespacePackageSettings(input: {namespacePath: "roles", npmPackageRequestsForwarding: true})'
    )
    with Sandbox(SEED, gitlab_version="16.1") as running:
        mia, sam = client(running, "glpat-mia"), client(running, "glpat-sam")
        body = mia.graphql(f"{query} {{ packageSettings {{ npmPackageRequestsForwarding }} errors }} }}").json()
        assert body["data"]["updateNamespacePackageSettings"] == {
            "packageSettings": {"npmPackageRequestsForwarding": True},
            "errors": [],
        }
        assert sam.graphql(f"{query} {{ errors }} }}").json()["errors"][0]["message"] == NOT_AVAILABLE
        # Nor did it know these.
        for name in ("nugetDuplicatesAllowed", "terraformModuleDuplicatesAllowed", "nugetSymbolServerEnabled"):
            newer = query.replace("npmPackageRequestsForwarding", name)
            assert [error["message"] for error in mia.graphql(f"{newer} {{ errors }} }}").json()["errors"]] == [
                f"InputObject 'UpdateNamespacePackageSettingsInput' doesn't accept argument '{name}'"
            ]


def test_arguments_that_are_not_known_are_a_top_level_error_that_names_them(olga: Any) -> None:
    body = update(olga, "wrong", rpmDuplicatesAllowed=True, mavenDuplicatesAllowed=False)
    assert [error["message"] for error in body["errors"]] == [
        "Variable $input of type UpdateNamespacePackageSettingsInput! was provided invalid value for"
        " rpmDuplicatesAllowed (Field is not defined on UpdateNamespacePackageSettingsInput)"
    ]
    # What a parent locks can only be read.
    body = update(olga, "wrong", npmPackageRequestsForwardingLocked=True)
    assert "npmPackageRequestsForwardingLocked" in body["errors"][0]["message"]
    assert read(olga, "wrong") == DEFAULTS


@pytest.mark.parametrize("regex", ["][", "a(?=b)", "(a)\\1", "(?<!a)b", "*"])
def test_expressions_that_are_none(olga: Any, regex: str) -> None:
    body = update(olga, "wrong", mavenDuplicateExceptionRegex=regex)
    assert "data" not in body
    assert f"mavenDuplicateExceptionRegex ({regex} is an invalid regexp: " in body["errors"][0]["message"]
    query = (
        'mutation { updateNamespacePackageSettings(input: {namespacePath: "wrong",'
        f' mavenDuplicateExceptionRegex: "{regex}"}}) {{ errors }} }}'
    ).replace("\\", "\\\\")
    assert olga.graphql(query).json()["errors"][0]["message"].startswith(f"{regex} is an invalid regexp: ")


def test_values_that_are_refused_in_the_mutations_own_errors(olga: Any) -> None:
    assert errors(olga, "wrong", genericDuplicatesAllowed=None, mavenDuplicatesAllowed=False) == [
        "Generic duplicates allowed is not included in the list"
    ]
    assert errors(olga, "wrong", nugetDuplicateExceptionRegex="a" * 256, genericDuplicatesAllowed=None) == [
        "Generic duplicates allowed is not included in the list and Nuget duplicate exception regex is too long"
        " (maximum is 255 characters)"
    ]
    assert read(olga, "wrong") == DEFAULTS
    assert updated(olga, "wrong", nugetDuplicateExceptionRegex="a" * 255)["nugetDuplicateExceptionRegex"] == "a" * 255
    updated(olga, "wrong", nugetDuplicateExceptionRegex=None)


# Locks


def test_a_lock_of_a_parent_holds_for_all_below(olga: Any) -> None:
    updated(olga, "lock/a/b", npmPackageRequestsForwarding=False, lockNpmPackageRequestsForwarding=True)
    updated(olga, "lock", npmPackageRequestsForwarding=True, lockNpmPackageRequestsForwarding=True)
    locked = {"npmPackageRequestsForwarding": True, "npmPackageRequestsForwardingLocked": True}
    # The parent's lock takes those below away.
    assert read(olga, "lock/a/b") == {**DEFAULTS, **locked}
    assert read(olga, "lock/a") == {**DEFAULTS, **locked}
    assert read(olga, "lock") == {
        **DEFAULTS,
        "npmPackageRequestsForwarding": True,
        "lockNpmPackageRequestsForwarding": True,
    }
    assert errors(olga, "lock/a", npmPackageRequestsForwarding=False) == [
        "Npm package requests forwarding cannot be changed because it is locked by an ancestor"
    ]
    assert errors(olga, "lock/a", lockNpmPackageRequestsForwarding=True, mavenDuplicatesAllowed=False)[0].endswith(
        "Lock npm package requests forwarding cannot be changed because it is locked by an ancestor"
    )
    assert read(olga, "lock/a") == {**DEFAULTS, **locked}
    # What is so already is no change; what is not locked can be changed.
    assert updated(olga, "lock/a", npmPackageRequestsForwarding=True, pypiPackageRequestsForwarding=False) == {
        **DEFAULTS,
        **locked,
        "pypiPackageRequestsForwarding": False,
    }
    updated(olga, "lock", lockNpmPackageRequestsForwarding=False)
    # Below, the values of its own come back.
    assert read(olga, "lock/a/b")["npmPackageRequestsForwarding"] is False
    assert updated(olga, "lock/a", npmPackageRequestsForwarding=False)["npmPackageRequestsForwarding"] is False


def test_a_value_that_nobody_has_set_cannot_be_locked(olga: Any) -> None:
    assert errors(olga, "pass/a", lockPypiPackageRequestsForwarding=True) == [
        "Pypi package requests forwarding cannot be nil when locking the attribute"
    ]
    updated(olga, "pass", pypiPackageRequestsForwarding=False)
    # What is locked is kept: the group around does not change it any more.
    assert updated(olga, "pass/a", lockPypiPackageRequestsForwarding=True)["pypiPackageRequestsForwarding"] is False
    updated(olga, "pass", pypiPackageRequestsForwarding=True)
    assert read(olga, "pass/a")["pypiPackageRequestsForwarding"] is False


def test_settings_outlive_the_server(tmp_path: Any, client: Callable[..., Any]) -> None:
    with Sandbox(SEED, db=tmp_path / "state.db") as running:
        updated(client(running, "glpat-olga"), "plain", mavenDuplicatesAllowed=False)
    with Sandbox(SEED, db=tmp_path / "state.db") as running:
        assert read(client(running, "glpat-olga"), "plain") == {**DEFAULTS, "mavenDuplicatesAllowed": False}
