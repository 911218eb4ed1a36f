# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files from a registry stay in their directory, or are refused."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._files.local_names import local_names
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput

GOOD = {
    "app-1.0.tar.gz": "app-1.0.tar.gz",
    "@acme/ui-1.0.0.tgz": "@acme%2Fui-1.0.0.tgz",
    "docs%2Fde%2Fread.me": "docs%2Fde%2Fread.me",
    ".hidden": ".hidden",
    "..app": "..app",
    "größe.txt": "größe.txt",
    "console.log": "console.log",
    "x" * 255: "x" * 255,
}
BAD = {
    "leads out of a directory": ["..", ".", "../a", "a/../b", "/etc/passwd", "a/."],
    "is no name of a file": ["", "a/", "a//b"],
    "holds characters that do not print": ["a\0b", "a\nb", "a\x1b[31mb", "a\u202eb", "a\ud800"],
    "is longer than the 255 bytes that file systems take": ["x" * 256, "ö" * 128, "a/" + "x" * 252],
    "means something else on Windows": [
        "nul",
        "NUL.txt",
        "com1.log",
        "aux .x",
        "a.",
        "a ",
        "a:b",
        "a\\b",
        "..\\a",
        "a?",
    ],
}


def test_what_stays_as_it_is() -> None:
    assert local_names(list(GOOD)) == list(GOOD.values())


@pytest.mark.parametrize(("name", "why"), [(name, why) for why, names in BAD.items() for name in names])
def test_what_is_refused(name: str, why: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        local_names(["good", name])
    assert raised.value.message.endswith(f"which {why}. Nothing was written")
    assert raised.value.message.isprintable()


@pytest.mark.parametrize("pair", [("Read.me", "read.ME"), ("a/b", "a%2Fb"), ("ﬁle", "file"), ("e\u0301", "\u00e9")])
def test_names_that_one_file_system_takes_for_one(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput, match="differ by case or by their form only"):
        local_names(pair)


@given(st.lists(st.text(st.characters() | st.sampled_from("./\\:\0"), max_size=8), max_size=4, unique=True))
def test_any_names_stay_in_their_directory_or_are_refused(names: list[str]) -> None:
    try:
        local = local_names(names)
    except InvalidInput:
        return
    for name in local:
        assert os.path.dirname(os.path.normpath(os.path.join("/dest", name))) == "/dest"
    assert len({name.casefold() for name in local}) == len(names)
