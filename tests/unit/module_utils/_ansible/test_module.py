# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of a task or a lookup mean, and the sentence for each that means nothing."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import (
    connection_from,
    scope_from,
    selection_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import STATUSES, Selection

CONNECTION = {"api_url": "https://h", "validate_certs": True, "timeout": 30.0, "retries": 5, "concurrency": 8}


@pytest.mark.parametrize(
    ("options", "environ", "kind", "value"),
    [
        ({}, {}, None, None),
        ({"api_token": "one"}, {"GITLAB_TOKEN": "two"}, "private", "one"),
        ({"api_oauth_token": "one"}, {"GITLAB_TOKEN": "two"}, "oauth", "one"),
        ({"api_job_token": "one"}, {"GITLAB_TOKEN": "two"}, "job", "one"),
        ({}, {"GITLAB_TOKEN": "two", "CI_JOB_TOKEN": "three"}, "private", "two"),
        ({}, {"CI_JOB_TOKEN": "three"}, "job", "three"),
        ({"api_token": ""}, {"GITLAB_TOKEN": "", "CI_JOB_TOKEN": "three"}, "job", "three"),
        ({"api_token": " one\n"}, {}, "private", "one"),
    ],
)
def test_one_token(options: dict[str, str], environ: dict[str, str], kind: str | None, value: str | None) -> None:
    token = connection_from({**CONNECTION, **options}, environ).token
    assert (token.kind, token.value) == (kind, value) if token else kind is None


def test_a_token_does_not_show_in_a_connection() -> None:
    connection = connection_from({**CONNECTION, "api_token": "glpat-secret"}, {})
    assert connection.token == Token("private", "glpat-secret")
    assert "glpat-secret" not in repr(connection)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"api_token": "a", "api_oauth_token": "b"},
            "api_token and api_oauth_token exclude each other: give one token",
        ),
        (
            {"api_token": "a b"},
            "api_token holds characters that no token has, such as a space or a line break inside it",
        ),
        ({"api_job_token": "é"}, "api_job_token holds characters that no token has"),
        ({"timeout": 0.0}, "timeout must be between 0.001 and 3600, not 0"),
        ({"timeout": float("nan")}, "timeout must be between 0.001 and 3600, not nan"),
        ({"retries": -1}, "retries must be between 0 and 100, not -1"),
        ({"concurrency": 65}, "concurrency must be between 1 and 64, not 65"),
        ({"ca_path": "no/such/file.pem"}, "ca_path 'no/such/file.pem' does not exist"),
    ],
)
def test_connections_that_cannot_be(options: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        connection_from({**CONNECTION, **options}, {})
    assert raised.value.message.startswith(sentence)


def test_scopes() -> None:
    assert str(scope_from({"project": " acme/shop ", "group": None})) == "project 'acme/shop'"
    scope = scope_from({"project": None, "group": "acme", "exclude_subgroups": True})
    assert (scope.kind, scope.ref, scope.exclude_subgroups) == ("group", "acme", True)
    with pytest.raises(InvalidInput, match="one of project and group is required"):
        scope_from({"project": None, "group": None})


def test_selections() -> None:
    assert selection_from({"include_versionless": False}) == Selection()
    assert selection_from({"status": ["hidden", "all"], "include_versionless": True}) == Selection(
        statuses=STATUSES, include_versionless=True
    )
    whole = {"id": 7, "name": "ui", "version": "1", "package_type": ["npm"], "status": ["error"]}
    assert selection_from({**whole, "include_versionless": False}) == Selection(
        7, "ui", None, "1", ("npm",), ("error",)
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"package_type": ["npm", "docker"]}, "package_type 'docker' is none of maven, npm, conan,"),
        ({"status": ["broken"]}, "status 'broken' is none of all, default, hidden,"),
        ({"name": "a", "name_search": "b"}, "name and name_search exclude each other"),
        ({"name": ""}, "name must not be empty: leave it out to list all packages"),
        ({"id": 0}, "id must be a positive number, not 0"),
    ],
)
def test_selections_that_cannot_be(options: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        selection_from({"include_versionless": False, **options})
    assert raised.value.message.startswith(sentence)
