# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every refusal of the contract's section 5 is told apart, with GitLab's words and the likely cause."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import errors
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.error_words import (
    TRANSIENT,
    gitlab_words,
    refusal,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError

LIST = "GET /projects/acme/shop/packages"
GET = "GET /projects/42/packages/7"
DELETE = "DELETE /projects/42/packages/7"


def refused(status: int, body: t.Any, call: str = GET, kind: str | None = "private") -> GitlabError:
    return refusal(status, body, gitlab_words(body), call, kind)


@pytest.mark.parametrize(
    ("status", "body", "call", "kind", "end"),
    [
        (400, {"error": "package_type does not have a valid value"}, LIST, "BadRequest", "a valid value"),
        (401, {"message": "401 Unauthorized"}, LIST, "Unauthorized", "the private token is mistyped, expired,"),
        (403, {"message": "403 Forbidden"}, LIST, "Forbidden", "that needs the reporter role"),
        (403, {"message": "403 Forbidden"}, DELETE, "Forbidden", "deleting needs the maintainer role on project '42'"),
        (
            403,
            {"error": "insufficient_scope", "error_description": "The request …", "scope": "api"},
            DELETE,
            "InsufficientScope",
            "the token's scopes do not cover this call: deleting needs the scope 'api'",
        ),
        (
            403,
            {"message": "403 Forbidden - Package is deletion protected."},
            DELETE,
            "Protected",
            "a package protection rule of the project forbids it",
        ),
        *(
            (403, {"message": words}, DELETE, "Protected", "a package protection rule of the project forbids it")
            for words in ("Package is deletion protected.", "Package protected.", "403 Forbidden - Package protected.")
        ),
        *(
            (403, body, DELETE, "Forbidden", "")
            for body in (
                {"message": "403 Forbidden - blocked by the firewall: this host is protected"},
                {"message": "403 Forbidden - Package is deletion protected. Not."},
                {"message": ["Package is deletion protected."]},
                {"error": "Package is deletion protected."},
                "Package is deletion protected.",
            )
        ),
        (
            403,
            {"error": "insufficient_granular_scope", "error_description": "Access denied: ..."},
            DELETE,
            "InsufficientGranularScope",
            "the permissions of this fine-grained token do not cover this call",
        ),
        (403, {"message": "403 Forbidden - You are banned."}, LIST, "Forbidden", "403 Forbidden - You are banned."),
        (403, "<html>Access denied</html>", LIST, "Forbidden", "does a firewall or a proxy stand between?"),
        (
            404,
            {"message": "404 Project Not Found"},
            LIST,
            "ScopeNotFound",
            "project 'acme/shop' does not exist, or the token may not read it",
        ),
        (
            404,
            {"message": "404 Group Not Found"},
            "GET /groups/acme/packages",
            "ScopeNotFound",
            "group 'acme' does not exist, or the token may not read it",
        ),
        (404, {"message": "404 Not found"}, GET, "PackageNotFound", "404 Not found"),
        (404, {"message": "404 Not Found"}, f"{DELETE}/package_files/1", "PackageNotFound", "404 Not Found"),
        # Every call says so where packages are off for the whole server: of a package it is "Not found".
        (404, {"message": "404 Not Found"}, LIST, "PackagesOff", "packages are switched off on this GitLab"),
        (404, {"message": "404 Not Found"}, "GET /groups/acme/packages", "PackagesOff", "for all projects"),
        (404, {"message": "404 Not Found"}, GET, "PackagesOff", "packages are switched off on this GitLab"),
        (404, {"message": "404 Not Found"}, DELETE, "PackagesOff", "packages are switched off on this GitLab"),
        (404, {"message": "404 Not found"}, LIST, "NotFound", "does api_url name a GitLab?"),
        (404, {"message": "404 Package not found Not Found"}, f"{GET}/pipelines", "PackageNotFound", "Not Found"),
        (404, {"message": "Package not found"}, GET, "PackageNotShown", "Package not found"),
        (404, {"error": "404 Not Found"}, GET, "NotFound", "does api_url name a GitLab?"),
        (404, None, GET, "NotFound", "does api_url name a GitLab?"),
        (404, {"message": ["404 Not found"]}, GET, "NotFound", "does api_url name a GitLab?"),
        (
            405,
            {"message": "405 Non GET methods are not allowed for moved projects"},
            DELETE,
            "GitlabError",
            "the project has moved: use its new path or its numeric ID",
        ),
        (412, {"message": "412 Precondition Failed"}, DELETE, "PreconditionFailed", "changed after the given time"),
        (429, None, LIST, "RateLimited", "the rate limit is used up"),
        (500, {"message": "500 Internal Server Error"}, LIST, "ServerError", "500 Internal Server Error"),
        (502, None, LIST, "ServerError", "502"),
        (304, None, LIST, "UnexpectedAnswer", "not an answer that GitLab's packages API gives"),
        (418, {"message": "short and stout"}, LIST, "GitlabError", "not an answer that GitLab's packages API gives"),
    ],
)
def test_each_answer_of_the_contract(status: int, body: t.Any, call: str, kind: str, end: str) -> None:
    error = refused(status, body, call)
    assert type(error) is getattr(errors, kind)
    assert error.message.startswith(f"{call}: {status}")
    # GitLab repeats the status in its words: it is said once.
    assert f"{status} {status}" not in error.message
    assert end in error.message
    assert error.as_dict() == {"kind": kind, "status": status, "call": call, "gitlab_message": gitlab_words(body)}


def test_only_a_404_of_the_package_says_that_it_is_gone() -> None:
    assert issubclass(errors.PackageNotShown, errors.PackageNotFound)
    for other in (errors.ScopeNotFound, errors.Forbidden, errors.Unauthorized, errors.GitlabError, errors.NotFound):
        assert not issubclass(other, errors.PackageNotFound)
    assert issubclass(errors.Protected, errors.Forbidden)


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        (
            "Authentication by CI/CD job token not allowed from ci/unprotected to tools/protected.",
            "put the job's project on the job token allowlist of the project that it reaches for",
        ),
        (
            "Insufficient permissions to access this resource in project tools/protected. The following token"
            " permission is required: admin_packages.",
            "the job token permissions of that project must allow it to the job's project",
        ),
    ],
)
def test_a_refused_job_token_is_no_protected_package(reason: str, hint: str) -> None:
    """Whatever the projects are called."""
    for call in (LIST, DELETE):
        error = refused(403, {"message": f"403 Forbidden - {reason}"}, call, "job")
        assert type(error) is errors.JobTokenRefused
        assert error.message.endswith(f"{reason}: {hint}")


def test_anonymous_callers_are_told_so() -> None:
    assert "this needs a token" in refused(401, {"message": "401 Unauthorized"}, kind=None).message
    assert "an anonymous caller (no token was given) may not read it" in (
        refused(404, {"message": "404 Project Not Found"}, LIST, None).message
    )
    assert "the job token is mistyped" in refused(401, {}, kind="job").message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("message"), inner, max_size=3),
    max_leaves=8,
)


@given(st.integers(300, 599), JSON, st.sampled_from([None, "private", "oauth", "job"]))
def test_any_body_gives_one_printable_sentence(status: int, body: t.Any, kind: str | None) -> None:
    error = refused(status, body, kind=kind)
    assert isinstance(error, GitlabError)
    assert error.message.isprintable()
    assert len(error.message) < 700
    assert (status in TRANSIENT) == isinstance(error, (errors.ServerError, errors.RateLimited))


def test_words_of_pages_and_texts() -> None:
    page = b"<html><head><title>\n 502 Bad\n Gateway </title></head>" + b"x" * 5000
    assert gitlab_words(None, page) == "502 Bad Gateway"
    assert gitlab_words(None, b"Retry later\n") == "Retry later"
    assert gitlab_words(None, b"\xff\x1b[2J") == "\ufffd\\u001b[2J"
    assert gitlab_words({"message": {"name": ["is taken"]}}) == '{"name": ["is taken"]}'
    assert len(gitlab_words({"message": "long " * 200})) == 300
