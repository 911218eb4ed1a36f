# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which error an answer is, and its sentence: by status and body (contract, section 5).

Only the body tells "the package is gone" from "the project is not there, or not for you".
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    BadRequest,
    Forbidden,
    GitlabError,
    InsufficientGranularScope,
    InsufficientScope,
    JobTokenRefused,
    NotFound,
    PackageNotFound,
    PackageNotShown,
    PackagesOff,
    PreconditionFailed,
    Protected,
    RateLimited,
    Rejected,
    ScopeNotFound,
    ServerError,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.rule_words import rules_refusal
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

#: Answers that may be different the next time.
TRANSIENT = (429, 500, 502, 503, 504)
STRANGE = "not an answer that GitLab's packages API gives"
#: What GitLab says where a protection rule forbids it: to delete, and to publish. No other words mean a rule: reasons
#: hold project paths, which anybody chose, and a firewall's page says "protected" too.
_PROTECTED = re.compile(r"(?:403 Forbidden - )?(?:Package is deletion protected|Package protected)\.?")
#: A refusal without a reason: see causes.py.
PLAIN = "403 Forbidden"
#: What a delete takes, where the project was not looked at.
UNTOLD = "deleting needs the maintainer role on {place}, and a project that is not archived"
#: What publishing takes, where the project was not looked at.
UNTOLD_PUBLISH = "publishing needs the developer role on {place}, and a project that is not archived"
_OF_A_PACKAGE = re.compile(r"/packages/[0-9]+(/|$)")
_OF_A_FILE = re.compile(r"/package_files/[0-9]+(/|$)")


def refusal(status: int, data: t.Any, words: str, call: str, token_kind: str | None) -> GitlabError:
    """The error for an answer that is not 2xx: its kind, and a sentence with GitLab's words and the likely cause.

    ``data`` is the parsed body (None if it is not JSON), ``words`` what :func:`gitlab_words` makes of it, ``call`` the
    method and the decoded path below ``/api/v4``, ``token_kind`` None for an anonymous caller.
    """
    kind, hint = _classify(status, data, words, call, token_kind)
    said = f"{call}: {status}" + (f" {words.removeprefix(str(status)).lstrip(' -')}" if words else "")
    error = kind(f"{said}: {hint}" if hint else said, status, call, words)
    error.hint = hint
    return error


def _classify(status: int, data: t.Any, words: str, call: str, token_kind: str | None) -> tuple[type[GitlabError], str]:
    of_rules = rules_refusal(status, data, words, call)
    if of_rules:
        return of_rules
    if status == 401:
        if token_kind is None:
            return Unauthorized, "this needs a token: give api_token, or set GITLAB_TOKEN"
        return Unauthorized, f"the {token_kind} token is mistyped, expired, revoked, or of another server"
    if status == 403:
        return _classify_403(data, words, call, token_kind)
    if status == 404:
        return _classify_404(data, call, token_kind)
    if status in TRANSIENT and status != 429:
        return ServerError, ""
    return {
        400: (BadRequest, ""),
        405: (GitlabError, "the project has moved: use its new path or its numeric ID"),
        412: (PreconditionFailed, "it was changed after the given time"),
        422: (Rejected, ""),
        429: (RateLimited, "the rate limit is used up"),
    }.get(status, (UnexpectedAnswer if status < 400 else GitlabError, STRANGE))


def _classify_403(data: t.Any, words: str, call: str, token_kind: str | None) -> tuple[type[GitlabError], str]:
    known = data if isinstance(data, dict) else {}
    if known.get("error") == "insufficient_scope":
        doing = "publishing" if publishes(call) else "deleting" if call.startswith("DELETE") else "changing"
        return InsufficientScope, f"the token's scopes do not cover this call: {doing} needs the scope 'api'"
    if known.get("error") == "insufficient_granular_scope":
        return InsufficientGranularScope, "the permissions of this fine-grained token do not cover this call"
    message = known.get("message")
    if not isinstance(message, str):
        return Forbidden, f"{STRANGE}: does a firewall or a proxy stand between?"
    if _PROTECTED.fullmatch(message):
        return Protected, "a package protection rule of the project forbids it"
    reason = message.removeprefix(f"{PLAIN} - ")
    if token_kind == "job" and reason.startswith("Authentication by CI/CD job token not allowed "):
        return JobTokenRefused, "put the job's project on the job token allowlist of the project that it reaches for"
    if token_kind == "job" and reason.startswith("Insufficient permissions to access this resource in project "):
        return JobTokenRefused, "the job token permissions of that project must allow it to the job's project"
    if message != PLAIN:
        return Forbidden, ""  # GitLab says why
    place = scope_of(call) or "it"
    if call.startswith("DELETE"):
        return Forbidden, UNTOLD.format(place=place)
    if publishes(call):
        return Forbidden, UNTOLD_PUBLISH.format(place=place)
    return Forbidden, f"{_caller(token_kind)} may not read the packages of {place}: that needs the reporter role"


def _classify_404(data: t.Any, call: str, token_kind: str | None) -> tuple[type[GitlabError], str]:
    message = data.get("message") if isinstance(data, dict) else None
    if message in ("404 Project Not Found", "404 Group Not Found"):
        return ScopeNotFound, f"{scope_of(call)} does not exist, or {_caller(token_kind)} may not read it"
    path = call.partition(" ")[2]
    if _OF_A_PACKAGE.search(path):
        if message == "Package not found":
            return PackageNotShown, ""
        if message in ("404 Not found", "404 Package not found Not Found"):
            return PackageNotFound, ""
        if message == "404 Not Found" and _OF_A_FILE.search(path):
            return PackageNotFound, ""
    if message == "404 Not Found" and "/packages" in path:
        # Never of a package: that is "Not found". One capital tells "gone" from "not told".
        return PackagesOff, "packages are switched off on this GitLab, for all projects"
    return NotFound, f"{STRANGE}: does api_url name a GitLab?"


def _caller(token_kind: str | None) -> str:
    return "the token" if token_kind else "an anonymous caller (no token was given)"


_TITLE = re.compile(r"<title>([^<]*)", re.IGNORECASE)


def gitlab_words(data: t.Any, raw: bytes = b"", scrub: t.Callable[[str], str] = str) -> str:
    """GitLab's own words in an error's body (contract, section 5), at most 300 characters of it.

    ``raw`` is a body that is not JSON. ``scrub`` is applied before anything is cut.
    """
    said: t.Any = ""
    if isinstance(data, dict):
        said = data.get("message") or data.get("error") or _of_graphql(data.get("errors")) or ""
        if isinstance(said, dict) and list(said) == ["error"]:
            said = said["error"]
        if isinstance(said, list) and all(isinstance(text, str) for text in said):
            said = ", ".join(said)
        if data.get("error_description"):
            said = f"{said}: {data['error_description']}"
    text = scrub(said if isinstance(said, str) else json.dumps(said))
    if raw:
        page = scrub(raw[:10000].decode("utf-8", "replace"))
        title = _TITLE.search(page)
        text = title.group(1) if title else page[:80]
    return printable(" ".join(text.split())[:300])


def _of_graphql(errors: t.Any) -> list[str]:
    """The texts of GraphQL's list of errors (registries, F)."""
    entries = errors if isinstance(errors, list) else []
    texts = [entry.get("message") for entry in entries if isinstance(entry, dict)]
    return list(dict.fromkeys(text for text in texts if isinstance(text, str)))


def publishes(call: str) -> bool:
    """Whether a call publishes; what else is written of packages is their protection rules."""
    return call.startswith(("PUT", "POST")) and "/packages/" in call and "/packages/protection/" not in call


def scope_of(call: str) -> str:
    """``project 'acme/web/shop'`` for a call below it, "" for others."""
    match = re.match(r"\w+ /(project|group)s/(.+?)(/packages(/|$)|$)", call)
    return f"{match.group(1)} {match.group(2)!r}" if match else ""
