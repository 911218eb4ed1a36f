# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""`module_defaults` of the action group reach every module: what stands in meta/runtime.yml is what there is."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_the_action_group_holds_every_module_and_nothing_else() -> None:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    modules = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")
    assert modules
    assert sorted(groups["gitlab"]) == modules
