# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of pages in GitLab, for the links of the audit report. Pure."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

#: What a path in GitLab is made of; what else a server may tell is no path, and is not linked.
_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
#: What the host and port of an address are made of: no credentials, nothing that ends the address.
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


def origin_of(api_url: t.Any) -> str | None:
    """The scheme and the host of ``api_url``, without credentials; None where it is no http or https address."""
    try:
        parts = urllib.parse.urlsplit(str(api_url).strip())
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    return f"{parts.scheme.lower()}://{host}"


def web_url(origin: str | None, package: t.Mapping[str, t.Any]) -> str | None:
    """The page of a package as GitLab lists it (``_links.web_path``, contract section 3), always on ``origin``.

    None where the server tells none, and where it tells anything but a path: an address that leads elsewhere, a script.
    """
    links = package.get("_links")
    path = links.get("web_path") if isinstance(links, dict) else None
    if origin is None or not isinstance(path, str) or not _PATH.fullmatch(path):
        return None
    return origin + path
