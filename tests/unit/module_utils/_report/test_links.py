# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links to GitLab: always on the host of `api_url`, and only what is a path."""

from __future__ import annotations

import typing as t
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._report.links import origin_of, web_url


@pytest.mark.parametrize(
    ("api_url", "origin"),
    [
        ("https://gitlab.example.com/api/v4", "https://gitlab.example.com"),
        ("http://127.0.0.1:8929/gitlab/api/v4", "http://127.0.0.1:8929"),
        ("https://[::1]:8443/api/v4", "https://[::1]:8443"),
        ("HTTPS://user:secret@gitlab.example.com/api/v4", "https://gitlab.example.com"),
        ("javascript:alert(1)", None),
        ("ftp://gitlab.example.com", None),
        ('https://gitlab.example.com"onclick="x', None),
        ("https://[broken", None),
        ("", None),
        (None, None),
    ],
)
def test_the_origin_is_scheme_and_host(api_url: t.Any, origin: str | None) -> None:
    assert origin_of(api_url) == origin


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/acme/shop/-/packages/7", "https://gitlab.example.com/acme/shop/-/packages/7"),
        ("/gitlab/acme/shop/-/packages/7", "https://gitlab.example.com/gitlab/acme/shop/-/packages/7"),
        ("//evil.example.com/x", None),
        ("/\\\\evil.example.com/x", None),
        ("https://evil.example.com/x", None),
        ("@evil.example.com/x", None),
        (".evil.example.com/x", None),
        ("javascript:alert(1)", None),
        ('/x"><script>', None),
        ("/x y", None),
        ("/x\n", None),
        ("", None),
        (7, None),
        (None, None),
    ],
)
def test_only_a_path_becomes_a_link(path: t.Any, url: str | None) -> None:
    assert web_url("https://gitlab.example.com", {"_links": {"web_path": path}}) == url


@pytest.mark.parametrize("package", [{}, {"_links": None}, {"_links": {}}])
def test_a_package_without_a_page_has_no_link(package: dict[str, t.Any]) -> None:
    assert web_url("https://gitlab.example.com", package) is None
    assert web_url(None, {"_links": {"web_path": "/a"}}) is None


@given(st.text(max_size=30) | st.text("/\\@:.#?a", max_size=8).map(lambda rest: f"/{rest}"))
def test_whatever_a_server_tells_the_link_stays_on_its_host(path: str) -> None:
    url = web_url("https://gitlab.example.com", {"_links": {"web_path": path}})
    assert url is None or urllib.parse.urlsplit(urllib.parse.urljoin("https://x.example", url))[:2] == (
        "https",
        "gitlab.example.com",
    )
