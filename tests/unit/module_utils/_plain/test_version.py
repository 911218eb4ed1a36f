# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version and the address for reports are those of galaxy.yml."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.version import ISSUES, VERSION


def test_as_in_galaxy_yml() -> None:
    galaxy = yaml.safe_load((Path(__file__).resolve().parents[4] / "galaxy.yml").read_text(encoding="utf-8"))
    assert (galaxy["version"], galaxy["issues"]) == (VERSION, ISSUES)
