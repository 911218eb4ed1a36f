# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a redirect of a file's bytes may lead."""

from __future__ import annotations

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import RedirectRefused
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.redirects import to_storage

FILE = "https://gitlab.example.com/api/v4/projects/42/packages/generic/app/1.0/app.tgz"
CALL = "GET /projects/42/packages/generic/app/1.0/app.tgz"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (FILE, "https://storage.example.com/bucket/ab/cd?signature=x"),
        (FILE.replace("https", "http"), "https://storage.example.com/bucket/ab/cd"),
        (FILE.replace("https", "http"), "http://storage.example.com:9000/bucket/ab/cd"),
    ],
)
def test_to_object_storage(url: str, target: str) -> None:
    assert to_storage(url, target, 302, CALL, "storage.example.com") == target


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://storage.example.com/bucket/ab/cd", "from https to http: not followed, as the bytes would come unprot"),
        ("ftp://storage.example.com/bucket", "which is no address of a file"),
        ("file:///etc/passwd", "which is no address of a file"),
        ("https:///bucket", "which is no address of a file"),
        ("", "which is no address of a file"),
    ],
)
def test_refused(target: str, why: str) -> None:
    with pytest.raises(RedirectRefused, match=f"^{CALL} was redirected to elsewhere, {why}"):
        to_storage(FILE, target, 302, CALL, "elsewhere")
