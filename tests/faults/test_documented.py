# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/reliability.md names every test of this folder, and no other; docs/safety.md names tests that there are."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"


def _named(page: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", (DOCS / page).read_text(encoding="utf-8")))


def _written(files: t.Iterable[Path]) -> set[str]:
    return {name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)}


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    assert _named("reliability.md") == _written(
        path for path in HERE.glob("test_*.py") if path != Path(__file__).resolve()
    )


def test_what_proves_safety_is_there() -> None:
    named = _named("safety.md")
    assert len(named) > 40
    assert named <= _written(HERE.parent.rglob("test_*.py"))
