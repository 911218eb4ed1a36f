# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers, and the errors of the contract's section 5 as exceptions that carry one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

Headers = list[tuple[bytes, bytes]]

JSON_TYPE: Final = (b"content-type", b"application/json")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass
class Answer:
    """One answer to one request. ``stream`` stands in for ``body`` when it is too large to hold."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    stream: Iterator[bytes] | None = None
    stream_size: int = 0

    @property
    def size(self) -> int:
        """The length of the body in bytes."""
        return len(self.body) if self.stream is None else self.stream_size

    def parts(self) -> Iterator[bytes]:
        """The body in pieces."""
        if self.stream is not None:
            yield from self.stream
        elif self.body:
            yield self.body


class ApiError(Exception):
    """An error that the API answers with."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def json_answer(status: int, body: Any, headers: Headers | None = None) -> Answer:
    """A JSON body."""
    return Answer(status, _encode(body).encode(), [JSON_TYPE, *(headers or [])])


def message(status: int, text: str) -> ApiError:
    """``{"message": …}``: the shape of GitLab's own errors."""
    return ApiError(json_answer(status, {"message": text}))


def error(status: int, text: str) -> ApiError:
    """``{"error": …}``: the shape of errors of the API framework."""
    return ApiError(json_answer(status, {"error": text}))


def no_route() -> ApiError:
    """404: there is no such call."""
    return error(404, "404 Not Found")


def unauthorized() -> ApiError:
    """401: no token, or one that does not exist."""
    return message(401, "401 Unauthorized")


def forbidden(reason: str = "") -> ApiError:
    """403, with GitLab's reason if it gives one."""
    return message(403, f"403 Forbidden - {reason}" if reason else "403 Forbidden")


def insufficient_scope(needed: str) -> ApiError:
    """403: the token's scopes do not cover the call."""
    return ApiError(
        json_answer(
            403,
            {
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by the access token.",
                "scope": needed,
            },
        )
    )


def insufficient_granular_scope(permission: str) -> ApiError:
    """403: a fine-grained token lacks a permission."""
    description = f"Access denied: Your Personal Access Token lacks the required permissions: [{permission}]."
    return ApiError(json_answer(403, {"error": "insufficient_granular_scope", "error_description": description}))


def job_not_allowed(source: str, target: str) -> ApiError:
    """403: the user or the project of a job's token has no access to the project."""
    return forbidden(f"Authentication by CI/CD job token not allowed from {source} to {target}.")


def job_lacks(permission: str, target: str) -> ApiError:
    """403: a job's token has not this permission in the project."""
    return forbidden(
        f"Insufficient permissions to access this resource in project {target}."
        f" The following token permission is required: {permission}."
    )


def packages_off() -> ApiError:
    """404: packages are switched off on the instance."""
    return message(404, "404 Not Found")


def bad_request(reason: str) -> ApiError:
    """400, with the reason of a registry."""
    return message(400, f"400 Bad request - {reason}")


def project_not_found() -> ApiError:
    """404: no such project, or not for the caller."""
    return message(404, "404 Project Not Found")


def group_not_found() -> ApiError:
    """404: no such group, or not for the caller."""
    return message(404, "404 Group Not Found")


def package_not_found() -> ApiError:
    """404: no such package."""
    return message(404, "404 Not found")


def file_not_found() -> ApiError:
    """404: no such file in the package."""
    return message(404, "404 Not Found")


def precondition_failed() -> ApiError:
    """412: changed since the time in If-Unmodified-Since."""
    return message(412, "412 Precondition Failed")


def internal_error() -> Answer:
    """500: the server's own code failed."""
    return json_answer(500, {"message": "500 Internal Server Error"})
