# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters and tests on versions, in a real playbook, and their pages in ansible-doc."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.tests.integration.conftest import run_process

NAMES = {"version_sort": "filter", "version_latest": "filter", "prerelease": "test"}
#: Expressions and what they give; a text after ``!`` is part of a failure.
EXPRESSIONS: dict[str, t.Any] = {
    "['1.10', '1.9', '1.10-SNAPSHOT', 'x'] | V.version_sort('maven')": ["x", "1.9", "1.10-SNAPSHOT", "1.10"],
    "['1.9', '1.10'] | V.version_sort('npm', reverse=true)": ["1.10", "1.9"],
    "packages | V.version_sort | map(attribute='version') | list": ["0.9.0", "1.10.0", "2.0.0-rc.1"],
    "['2.0.0-rc.1', '1.9.0', '1.10.0'] | V.version_latest('npm', prerelease=false)": "1.10.0",
    "packages | V.version_latest": {"version": "2.0.0-rc.1", "package_type": "npm"},
    "(packages | V.version_latest(prerelease=false)).version": "1.10.0",
    "packages | select('V.prerelease') | map(attribute='version') | list": ["2.0.0-rc.1"],
    "packages | reject('V.prerelease') | map(attribute='version') | list": ["1.10.0", "0.9.0"],
    "['1.0~rc1-1' is V.prerelease('debian'), 'wip' is V.prerelease('npm')]": [True, False],
    "[] | V.version_sort('npm')": [],
    "[] | V.version_latest('npm')": "!there is no version among the 0 that were given",
    "['1.0.0-rc.1'] | V.version_latest('npm', prerelease=false)": "!there is no release among the 1 that were given",
    "['1.0'] | V.version_sort": "!say the package type, such as 'npm'",
    "['1.0'] | V.version_sort('nmp')": "!there is no package type 'nmp'",
    "[1.10] | V.version_sort('npm')": "!which is a text, nor a package: put it in quotes",
    "'1.0' | V.version_sort('npm')": "!a list of versions or packages is due",
    "[{'version': '1', 'package_type': 'npm'}, {'version': '1', 'package_type': 'pypi'}] | V.version_sort": (
        "!versions of npm and pypi have no common order"
    ),
}
PACKAGES = [{"version": version, "package_type": "npm"} for version in ("1.10.0", "2.0.0-rc.1", "0.9.0")]


@pytest.mark.core
def test_expressions(playbook: t.Any) -> None:
    tasks = [
        {"ansible.builtin.set_fact": {"found": "{{ " + text.replace("V.", "registryops.gitlab.") + " }}"}}
        for text in EXPRESSIONS
    ]
    results = playbook(None, *tasks, play={"vars": {"packages": PACKAGES}}).results
    for (expression, expected), result in zip(EXPRESSIONS.items(), results):
        if isinstance(expected, str) and expected.startswith("!"):
            assert expected[1:] in " ".join(result["msg"].split()), expression
            assert "registryops.gitlab." in result["msg"]
        else:
            assert result["ansible_facts"]["found"] == expected, expression
    assert len(results) == len(EXPRESSIONS)


@pytest.mark.parametrize("name", NAMES)
def test_ansible_doc_shows_it(name: str, tmp_path: Path) -> None:
    full = f"registryops.gitlab.{name}"
    done = run_process(["ansible-doc", "--json", "--type", NAMES[name], full], tmp_path)
    page = json.loads(done.stdout)[full]
    assert page["doc"]["short_description"]
    assert "package_type" in page["doc"]["options"]
    assert page["examples"]
    assert page["return"]["_value"]["description"]
