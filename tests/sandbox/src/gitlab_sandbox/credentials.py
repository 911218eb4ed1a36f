# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tokens in a request's headers, and which of them a call takes (contract, 1 and 6; registries, A and C)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final, NamedTuple

# Kinds of tokens.
ACCESS: Final = "access"
OAUTH: Final = "oauth"
JOB: Final = "job"
DEPLOY: Final = "deploy"

# Which kinds of tokens each way of sending one may carry. A way that a call does not list, it does not see.
Takes = Mapping[str, frozenset[str]]

NOTHING: Final[Takes] = {}
# E2 and others that ignore job tokens.
ACCESS_TOKENS: Final[Takes] = {"private-token": frozenset((ACCESS,)), "bearer": frozenset((ACCESS, OAUTH))}
# E1 and E3 to E8.
API: Final[Takes] = {**ACCESS_TOKENS, "job-token": frozenset((JOB,))}
# The registries' own routes, as far as they take tokens in headers of their own.
REGISTRY: Final[Takes] = {**API, "deploy-token": frozenset((DEPLOY,))}
# Those that take HTTP Basic too: any user name and an access or a deploy token, or gitlab-ci-token and a job's.
BASIC: Final[Takes] = {"basic": frozenset((ACCESS, DEPLOY, JOB))}
BASIC_WITHOUT_JOBS: Final[Takes] = {"basic": frozenset((ACCESS, DEPLOY))}


class Credential(NamedTuple):
    """One token as it was sent: ``kind`` is the way that it came."""

    kind: str
    value: str
    user_name: str = ""


def read_credentials(headers: Mapping[bytes, str]) -> tuple[Credential, ...]:
    """All tokens in the headers, whose names are in lower case, in the order in which GitLab looks for them."""
    found = []
    if value := headers.get(b"private-token"):
        found.append(Credential("private-token", value))
    if authorization := headers.get(b"authorization"):
        found.append(_authorization(authorization))
    for name, kind in (
        (b"job-token", "job-token"),
        (b"deploy-token", "deploy-token"),
        (b"x-nuget-apikey", "nuget-key"),
    ):
        if value := headers.get(name):
            found.append(Credential(kind, value))
    return tuple(found)


def _authorization(value: str) -> Credential:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return Credential("bearer", rest.strip())
    if scheme.lower() == "basic":
        try:
            user_name, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return Credential("basic", "")
        return Credential("basic", password, user_name)
    # RubyGems sends the token alone.
    return Credential("raw", value)
