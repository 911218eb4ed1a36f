# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that a terminal can bear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

ANY_TEXT = st.text(st.characters())


@given(ANY_TEXT)
def test_all_of_it_prints(text: str) -> None:
    assert printable(text).isprintable()


@given(ANY_TEXT)
def test_what_prints_stays(text: str) -> None:
    kept = "".join(char for char in text if char.isprintable())
    assert printable(kept) == kept


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\u001b[31mred"),
        ("a\nb\tc\0", "a\\u000ab\\u0009c\\u0000"),
        ("\u202ereversed", "\\u202ereversed"),
        ("\ud800", "\\ud800"),
        ("\U000e0001tag", "\\U000e0001tag"),
        ("📦 é <script>", "📦 é <script>"),
    ],
)
def test_the_rest_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown
