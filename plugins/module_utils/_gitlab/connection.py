# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which GitLab, and who is asking: its address, the token, and the headers that carry it."""

from __future__ import annotations

import base64
import re
import urllib.parse
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

#: The header that carries each kind of token (contract, section 6).
TOKEN_HEADERS = {"private": "PRIVATE-TOKEN", "oauth": "Authorization", "job": "JOB-TOKEN"}


@dataclass(frozen=True)
class Token:
    """A token and its kind: ``private``, ``oauth`` or ``job``. Its value never shows in a repr."""

    kind: str
    value: str

    def __repr__(self) -> str:
        return f"Token({self.kind!r}, '********')"


@dataclass(frozen=True)
class Connection:
    """What it takes to talk to a GitLab.

    ``timeout`` in seconds, for one request as a whole; where a file is sent or received, for each piece of it.
    """

    api_url: str = "https://gitlab.com"
    token: Token | None = None
    validate_certs: bool = True
    ca_path: str | None = None
    timeout: float = 30
    retries: int = 5
    concurrency: int = 8


def token_headers(token: Token | None, basic: str | None = None) -> dict[str, str]:
    """The header of the token, by its kind; with ``basic`` the token is the password of that user instead.

    A job token has a user name of its own, whatever ``basic`` says (registries, A).
    """
    if token is None:
        return {}
    if basic is not None:
        user = "gitlab-ci-token" if token.kind == "job" else basic
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{token.value}'.encode()).decode()}"}
    return {TOKEN_HEADERS[token.kind]: f"Bearer {token.value}" if token.kind == "oauth" else token.value}


def normalize_api_url(url: str) -> str:
    """``https://host[/prefix]/api/v4`` for any way that people write it. Raises :class:`InvalidInput`."""
    # Only what stands before a query is shown, and nothing where a password may stand: people put tokens there.
    shown = re.split(r"[?#]", printable(url.strip()))[0]
    shown = "(with a user name)" if "@" in shown else repr(shown)
    try:
        parts = urllib.parse.urlsplit(url.strip())
    except ValueError:
        raise InvalidInput(f"api_url {shown} has no usable host and port") from None
    if parts.username or parts.password:
        raise InvalidInput("api_url must not hold a user name or password: give the token in api_token")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidInput(f"api_url {shown} is not a URL: it must begin with https:// (or http://) and name a host")
    try:
        if parts.port == 0 or not parts.hostname:
            raise ValueError
        parts.netloc.encode("idna")
    except ValueError:
        raise InvalidInput(f"api_url {shown} has no usable host and port") from None
    if parts.query or parts.fragment:
        raise InvalidInput(f"api_url {shown} must not have a query or a fragment")
    prefix = re.sub(r"/api(/v4)?$", "", parts.path.rstrip("/"))
    return f"{parts.scheme}://{parts.netloc}{prefix}/api/v4"
