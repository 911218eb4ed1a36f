# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simple repository, as HTML (https://packaging.python.org/specifications/simple-repository-api/)."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from gitlab_sandbox.directory import pypi_name


@dataclass(frozen=True)
class Link:
    """A file that can be downloaded; ``url`` without a fragment."""

    url: str
    file_name: str
    sha256: str
    requires_python: str | None


def project_page(name: str, links: Iterable[Link]) -> bytes:
    """``GET …/pypi/simple/:name``."""
    lines = []
    for link in links:
        requires = f' data-requires-python="{html.escape(link.requires_python)}"' if link.requires_python else ""
        lines.append(
            f'<a href="{html.escape(link.url)}#sha256={link.sha256}"{requires}>{html.escape(link.file_name)}</a><br/>'
        )
    return _page(f"Links for {name}", lines)


def index_page(title: str, base_url: str, names: Iterable[str]) -> bytes:
    """``GET …/pypi/simple``: each project once."""
    lines = [
        f'<a href="{base_url}/{quote(name, safe="")}">{html.escape(name)}</a><br/>'
        for name in dict.fromkeys(pypi_name(name) for name in names)
    ]
    return _page(f"Links for {title}", lines)


def _page(title: str, lines: Iterable[str]) -> bytes:
    title = html.escape(title)
    body = "\n".join(lines)
    return (
        f"<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n"
        f"<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    ).encode()
