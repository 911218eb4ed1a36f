# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each refusal of the protection rules' calls is told apart (registries, B)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import errors
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.error_words import gitlab_words, refusal

RULES = "projects/acme/shop/packages/protection/rules"
NEITHER = "A rule must have at least a minimum access role for push or delete."


@pytest.mark.parametrize(
    ("status", "body", "call", "kind", "words"),
    [
        (400, {"error": "package_type does not have a valid value"}, "POST", "Unsupported", "this package type"),
        (
            400,
            {"error": f"{'minimum_access_level_for_push'} does not have a valid value"},
            "POST",
            "Unsupported",
            "level",
        ),
        (400, {"error": "minimum_access_level_for_push is missing"}, "POST", "Unsupported", "before GitLab 17.11"),
        (400, {"error": "package_protection_rule_id is invalid"}, "PATCH", "BadRequest", "is invalid"),
        (401, {"message": "401 Unauthorized"}, "GET", "Unauthorized", "expired"),
        (403, {"message": "403 Forbidden"}, "GET", "Forbidden", "need the maintainer role on project 'acme/shop'"),
        (403, {"message": "403 Forbidden"}, "DELETE", "Forbidden", "need the maintainer role on project 'acme/shop'"),
        (403, {"error": "insufficient_scope"}, "POST", "InsufficientScope", "changing needs the scope 'api'"),
        (404, {"message": "404 Project Not Found"}, "GET", "ScopeNotFound", "project 'acme/shop' does not exist"),
        (404, {"message": "404 Not found"}, "PATCH", "RuleNotFound", "404 Not found"),
        (404, {"message": "404 Not Found"}, "DELETE", "PackagesOff", "packages are switched off"),
        (404, {"error": "404 Not Found"}, "GET", "Unsupported", "GitLab 17.6 and newer have"),
        (
            404,
            {"message": "404 'packages_protected_packages' feature flag is disabled Not Found"},
            "GET",
            "Unsupported",
            "an administrator can enable",
        ),
        (404, "<html>", "GET", "NotFound", "does api_url name a GitLab?"),
        (422, {"message": {"error": ["Package name pattern has already been taken"]}}, "POST", "AlreadyTaken", "taken"),
        (422, {"message": {"error": [NEITHER]}}, "PATCH", "Rejected", "packages_protected_packages_delete"),
        (422, {"message": {"error": "unforeseen"}}, "POST", "Rejected", "422 unforeseen"),
    ],
)
def test_each_refusal(status: int, body: t.Any, call: str, kind: str, words: str) -> None:
    path = f"/{RULES}/3" if call in ("PATCH", "DELETE") else f"/{RULES}"
    error = refusal(status, body if isinstance(body, dict) else None, gitlab_words(body), f"{call} {path}", "private")
    assert type(error) is getattr(errors, kind)
    assert words in error.message
    assert "{" not in error.message
