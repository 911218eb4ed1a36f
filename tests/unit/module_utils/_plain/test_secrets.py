# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""No form of a secret, and no part of one, stays in a text."""

from __future__ import annotations

import base64
import html
import json
import string
import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.secrets import MASK, PART, Secrets, user_info

TOKEN = "glpat-SEKRETmia01234"
token = st.text(string.ascii_letters + string.digits + "-_.~!@#$%^&*()\"'<>/+=?", min_size=PART + 2, max_size=60)
around = st.text(" <>:,/\n", max_size=8)


@given(token, around, around, st.text(max_size=4), st.text(max_size=4))
def test_no_form_of_a_token_stays(secret: str, before: str, after: str, user: str, more: str) -> None:
    scrub = Secrets([secret]).scrub
    basic = base64.b64encode(f"{user}:{secret}{more}".encode("utf-8", "surrogatepass")).decode()
    for form in (secret, urllib.parse.quote(secret, safe=""), html.escape(secret), json.dumps(secret)[1:-1]):
        said = scrub(f"{before}{form}{after}")
        assert form not in said
        assert MASK in said
    # What is left of it holds the user's name, and at most a bit of what stands beside it.
    assert len(scrub(basic).replace(MASK, "")) <= len(basic) - len(base64.b64encode(secret.encode())) + 8


@given(token, st.integers(0, 60), st.integers(PART, 60))
def test_no_part_of_a_token_stays(secret: str, begin: int, length: int) -> None:
    part = secret[begin : begin + length]
    said = Secrets([secret]).scrub(f"<title>\n{part}")
    assert len(part) < PART or said == f"<title>\n{MASK}"


@given(st.text(max_size=200))
def test_all_else_stays(text: str) -> None:
    assert Secrets([TOKEN]).scrub(text.replace("@", "")) == text.replace("@", "")
    assert Secrets([]).scrub(text.replace("@", "")) == text.replace("@", "")


def test_what_a_proxy_is_given() -> None:
    for url in ("http://mia:PW-of-mia@proxy:99999", "mia:PW-of-mia@proxy:1", "http://mia:PW%2Dof%2Dmia@proxy/x@y"):
        scrub = Secrets(user_info(url)).scrub
        raw = url.partition("mia:")[2].partition("@")[0]
        for said in (url, "PW-of-mia", base64.b64encode(b"mia:PW-of-mia").decode(), raw):
            assert "PW" not in scrub(f"Failed to parse: {said}")
            assert base64.b64encode(b"mia:PW-of-mia").decode() not in scrub(said)
    assert user_info("http://proxy:3128/a@b") == user_info("proxy") == []
    # A password that is part of any word is taken out of URLs only.
    assert (
        Secrets(user_info("http://m:a@proxy")).scrub("a failed: http://m:a@proxy/a")
        == f"a failed: http://{MASK}@proxy/a"
    )


def test_a_repr_shows_nothing() -> None:
    assert TOKEN not in repr(Secrets([TOKEN]))
