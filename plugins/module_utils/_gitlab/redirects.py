# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a redirect leads, and whether it is followed.

Within the host of ``api_url`` reading is redirected, with the token: GitLab does so for a project that has moved. A
file's bytes may lie elsewhere: then GitLab redirects once, to an address that is signed, and whoever holds the address
may read it. No token goes there, no cookie, and nothing follows from there. From https it is never left for http.
"""

from __future__ import annotations

import contextlib
import typing as t
import urllib.parse

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import RedirectRefused
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

with contextlib.suppress(ImportError):  # client.py says what is missing
    import requests

STATUSES = (301, 302, 303, 307, 308)
MAX_REDIRECTS = 5


def is_within(url: str, other: str) -> bool:
    """Whether two addresses are of one server: scheme, host and port."""
    try:
        return _origin(url) == _origin(other)
    except ValueError:
        return False


def host_of(url: str) -> str:
    """Host and port of an address, for a message; never the path or the query, which may be secret."""
    try:
        return printable(urllib.parse.urlsplit(url).netloc.rpartition("@")[2])
    except ValueError:
        return ""


def target_of(url: str, headers: t.Mapping[str, str]) -> str:
    """Where the answer leads, encoded; "" for what is no address."""
    try:
        return requests.utils.requote_uri(urllib.parse.urljoin(url, headers.get("Location", "")))
    except (requests.exceptions.RequestException, ValueError):
        return ""


def within(api_url: str, url: str, target: str, method: str, status: int, call: str, shown: str) -> str:
    """``target``, to which a request with a token may follow. Raises :class:`RedirectRefused`."""
    if not is_within(target, api_url):
        hint = "" if target.split(":")[0] != "https" or url.startswith("https") else "; set api_url to https://"
        raise RedirectRefused(
            f"{call} was redirected to {shown}, another server than api_url: not followed, as the token"
            f" would go along{hint}",
            status,
            call,
        )
    if method != "GET":
        raise RedirectRefused(f"{call} was redirected to {shown}: only reading is redirected", status, call)
    return target


def to_storage(url: str, target: str, status: int, call: str, shown: str) -> str:
    """``target``, from which a file may be read without a token. Raises :class:`RedirectRefused`."""
    scheme = target.partition("://")[0]
    if scheme not in ("http", "https") or not host_of(target):
        raise RedirectRefused(f"{call} was redirected to {shown}, which is no address of a file", status, call)
    if scheme == "http" and url.startswith("https:"):
        raise RedirectRefused(
            f"{call} was redirected to {shown}, from https to http: not followed, as the bytes would come unprotected",
            status,
            call,
        )
    return target


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
