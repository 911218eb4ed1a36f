# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which error a refusal of the protection rules' calls is, and its likely cause (registries, B)."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    AlreadyTaken,
    Forbidden,
    GitlabError,
    Rejected,
    RuleNotFound,
    Unsupported,
)

_OF_RULES = re.compile(r"\w+ /projects/(?P<project>.+)/packages/protection/rules(?P<one>/\d+)?")
#: What managing rules takes, where the project was not looked at.
NEEDS = "protection rules need the maintainer role on {place}, to read them too, and a project that is not archived"

NEEDS_DELETE_LEVELS = (
    "a level for deletes counts in GitLab 17.11 and newer only, and while the feature flag"
    " packages_protected_packages_delete is on"
)


def rules_refusal(status: int, data: t.Any, words: str, call: str) -> tuple[type[GitlabError], str] | None:
    """The kind and the cause of a refusal of R1 to R4; None for other calls, and where nothing of rules is in it."""
    found = _OF_RULES.fullmatch(call)
    if not found or not isinstance(data, dict):
        return None
    if status == 400:
        return _wrong_value(words)
    if status == 403 and data.get("message") == "403 Forbidden":
        return Forbidden, NEEDS.format(place=f"project {found.group('project')!r}")
    if status == 404:
        return _missing(data, bool(found.group("one")))
    if status == 422:
        hint = NEEDS_DELETE_LEVELS if "must have at least a minimum access role" in words else ""
        return (AlreadyTaken if "has already been taken" in words else Rejected), hint
    return None


def _wrong_value(words: str) -> tuple[type[GitlabError], str] | None:
    if "package_type does not have a valid value" in words:
        return Unsupported, "the protection rules of this GitLab do not know this package type, newer ones know more"
    if "does not have a valid value" in words:
        return Unsupported, "the protection rules of this GitLab do not know this access level"
    if "minimum_access_level_for_push is missing" in words:
        return Unsupported, "before GitLab 17.11 each rule needs minimum_access_level_for_push"
    return None


def _missing(data: dict[str, t.Any], one: bool) -> tuple[type[GitlabError], str] | None:
    message = data.get("message")
    if one and message == "404 Not found":
        return RuleNotFound, ""
    if isinstance(message, str) and "feature flag is disabled" in message:
        return Unsupported, "before GitLab 17.6 protection rules need this flag, which an administrator can enable"
    if message is None and data.get("error") == "404 Not Found":
        return Unsupported, "this server has no protection rules, GitLab 17.6 and newer have"
    return None
