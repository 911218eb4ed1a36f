# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that no sentence may show, and how to take them out of one. Pure.

A server, or a proxy, may repeat what it was sent: as it was, encoded in one of the usual ways, or cut off. So scrub a
text first, and cut it afterwards: of a secret that was cut, no search finds the rest.
"""

from __future__ import annotations

import base64
import html
import json
import re
import typing as t
import urllib.parse

MASK = "********"
#: A part of a secret that is at least this long does not show either: GitLab's tokens begin with "glpat-".
PART = 8
#: What is shorter may be part of any word: it is taken out only where it stands inside a URL.
LEAST = 4
#: Name and password inside any URL.
_USER_INFO = re.compile(r"//[^/?#\s]*@")


class Secrets:
    """Some secrets, in each of the forms in which one may come back."""

    def __init__(self, values: t.Iterable[str]) -> None:
        forms = {form for value in values if len(value) >= LEAST for form in _forms(value)}
        self._forms = sorted(forms, key=len, reverse=True)
        self._parts = {_part(form, i) for form in forms for i in range(len(form) - PART + 1)}

    def __repr__(self) -> str:
        return f"Secrets({MASK!r})"

    def scrub(self, text: str) -> str:
        """``text`` without the secrets, parts of them, and what stands before an ``@`` in a URL."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return _USER_INFO.sub(f"//{MASK}@", self._without_parts(text))

    def _without_parts(self, text: str) -> str:
        kept: list[str] = []
        begin = at = 0
        while at <= len(text) - PART:
            if _part(text, at) not in self._parts:
                at += 1
                continue
            kept += [text[begin:at], MASK]
            while _part(text, at) in self._parts:
                at += 1
            begin = at = at + PART - 1
        return "".join([*kept, text[begin:]])


def _part(text: str, begin: int) -> str:
    end = begin + PART
    return text[begin:end]


def user_info(url: str) -> list[str]:
    """The secrets in a URL such as a proxy's: its password, and what HTTP's Basic makes of it."""
    network = url.partition("//")[2] or url
    info, at, _host = re.split(r"[/?#]", network, maxsplit=1)[0].rpartition("@")
    if not at:
        return []
    name, _colon, password = info.partition(":")
    plain = urllib.parse.unquote(password)
    return [info, password, plain, f"{urllib.parse.unquote(name)}:{plain}"]


def _forms(value: str) -> set[str]:
    forms = {
        value,
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote_plus(value),
        html.escape(value),
        json.dumps(value)[1:-1],
    }
    for before in range(3):
        raw = b"\0" * before + value.encode("utf-8", "surrogatepass")
        # The characters at both ends hold bits of what stands beside it.
        begin = (0, 2, 3)[before]
        end = (len(raw) * 8) // 6
        forms |= {encode(raw).decode()[begin:end] for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    return {form for form in forms if len(form) >= LEAST}
