# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/reliability.md names every test of this folder, and no other."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    named = set(re.findall(r"`(test_\w+)`", (HERE.parents[1] / "docs" / "reliability.md").read_text(encoding="utf-8")))
    files = [path for path in HERE.glob("test_*.py") if path != Path(__file__).resolve()]
    written = {
        name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }
    assert named == written
