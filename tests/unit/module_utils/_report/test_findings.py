# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit finds: pure, from plans and from what governs the projects."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._report.findings import vanishing

Json = dict[str, t.Any]


def plan(*names: str, kind: str = "npm", project: str | None = "acme/shop") -> Json:
    entries = [{"project_path": project, "package_type": kind, "name": name} for name in names]
    return {"summary": {"vanishing": entries}}


def test_names_that_vanish_are_one_finding_for_each_project_and_type() -> None:
    found = vanishing([plan("a", "b\u202e"), plan("c", kind="pypi"), plan("d", project=None), {"summary": {}}])
    assert [(one["id"], one["project"]) for one in found] == [
        ("vanishing-names", "acme/shop"),
        ("vanishing-names", "acme/shop"),
        ("vanishing-names", None),
    ]
    assert found[0]["text"].startswith("the policy leaves nothing of 2 npm names (a, b\\u202e): where GitLab")
    many = vanishing([plan(*"abcdefg")])
    assert "7 npm names (a, b, c, d, e and 2 more)" in many[0]["text"]
