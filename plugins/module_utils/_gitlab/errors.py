# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a call to GitLab fails, as one hierarchy; error_words.py says which answer is which."""

from __future__ import annotations

import typing as t


class GitlabError(Exception):
    """A call that did not give what was asked for.

    ``message`` is one sentence for the user. ``status`` is the HTTP status (None: no answer), ``call`` the method and
    the path, ``words`` what GitLab itself said, ``hint`` the end of the message: the likely cause. ``lost`` is true
    when some try of the call may have done its work although its answer did not arrive.
    """

    def __init__(self, message: str, status: int | None = None, call: str = "", words: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.call = call
        self.words = words
        self.hint = ""
        self.lost = False

    def __str__(self) -> str:
        return self.message  # to which callers add what they know, such as the page

    def as_dict(self) -> dict[str, t.Any]:
        """The error as plain data, for ``fail_json``."""
        return {"kind": type(self).__name__, "status": self.status, "call": self.call, "gitlab_message": self.words}


class InvalidInput(GitlabError):
    """The caller's own words are wrong; nothing was sent."""


class Unreachable(GitlabError):
    """No answer: connection refused or lost, host not found, timed out, TLS not verified."""


class RedirectRefused(GitlabError):
    """A redirect that the token must not follow, or one without end."""


class UnexpectedAnswer(GitlabError):
    """An answer that no GitLab gives: not JSON, or JSON of another shape."""


class BadRequest(GitlabError):
    """400: GitLab does not take a parameter."""


class Unauthorized(GitlabError):
    """401: the token does not exist, is revoked or expired; or there is none where one is needed."""


class Forbidden(GitlabError):
    """403: the role is too low, or a cause that GitLab does not tell."""


class InsufficientScope(Forbidden):
    """403: the token's scopes do not cover the call."""


class InsufficientGranularScope(Forbidden):
    """403: a fine-grained token's permissions do not cover the call; for another project they may."""


class JobTokenRefused(Forbidden):
    """403: the project does not let the job's project in, or not so far."""


class ProjectArchived(Forbidden):
    """403: nothing is deleted in a project that is archived, or scheduled for deletion itself."""


class RegistryOff(Forbidden):
    """403: the package registry is switched off in the project."""


class Protected(Forbidden):
    """403: a package protection rule forbids it."""


class NotFound(GitlabError):
    """404 of an unknown kind: it proves nothing about what was asked for."""


class ScopeNotFound(NotFound):
    """404: the project or group does not exist, or the token may not see it."""


class PackagesOff(NotFound):
    """404: packages are switched off on this GitLab, for all projects."""


class PackageNotFound(NotFound):
    """404: the project was found, the package (or its file) was not."""


class PackageNotShown(PackageNotFound):
    """404 of E3: the package exists, in a status that this call does not show."""


class RuleNotFound(NotFound):
    """404: the project was found, the protection rule was not."""


class Unsupported(GitlabError):
    """The server knows no such call, field or value: it is too old, of another edition, or a feature flag is off.

    ``unknown`` are the fields and arguments of GraphQL that it named, each once.
    """

    unknown: tuple[str, ...] = ()


class Rejected(GitlabError):
    """422, or a mutation's own errors: GitLab read what it is to keep, and does not take it."""


class AlreadyTaken(Rejected):
    """422: there is one of that name already; somebody else was faster."""


class PreconditionFailed(GitlabError):
    """412: changed after the time in ``If-Unmodified-Since``."""


class RateLimited(GitlabError):
    """429, more often or for longer than is waited for."""


class ServerError(GitlabError):
    """5xx, in the last of all tries too."""


class StorageRefused(GitlabError):
    """The object storage to which GitLab sent for a file's bytes did not give them."""


class FileDiffers(GitlabError):
    """The bytes of a file are not those that GitLab says it has: another checksum, or another size."""


class MayPass(GitlabError):
    """A fault that may pass. ``wait`` is what the server asks for, in seconds."""

    def __init__(self, error: GitlabError, may_have_worked: bool, wait: float | None = None) -> None:
        super().__init__(error.message, error.status, error.call, error.words)
        self.error = error
        self.may_have_worked = may_have_worked
        self.wait = wait
