# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of an audit, and the JUnit file that GitLab reads."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._report.audit import Audit
from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.cases import AUDIT_GATES, cases_of
from ansible_collections.registryops.gitlab.plugins.module_utils._report.junit import render_junit
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.gates import GateError, read_gates
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import package

NOW = "2026-11-21T10:00:00Z"
LISTED = [package(1), package(2), package(3, name="core", status="error"), package(4, name="other<\x1b>")]


def audit(*, sized: bool = False) -> Audit:
    packages = [{**one, "files": [{"size": 1024}]} for one in LISTED] if sized else LISTED
    plan = plan_of(LISTED, explain_keeps=True)
    plan["summary"]["vanishing"] = [{"project_path": "acme/web/shop", "package_type": "npm", "name": "x"}]
    return Audit(build_report(packages, generated_at=NOW, scope={}, plan=[plan]), {}, packages, [plan])


def test_a_gate_fails_and_another_finding_is_told() -> None:
    cases = cases_of(audit(), read_gates(["changes"], AUDIT_GATES))
    assert cases[-1].name == "vanishing-names acme/web/shop"
    assert [(one.name, one.told, one.is_gate) for one in cases[:-1]] == [
        ("changes", "the policy deletes 1 of 4 packages", True),
        ("unmatched", "1 of 4 packages match no rule of the policy", False),
        ("policy without a match", "1 part of the policy matches nothing", False),
        ("failed uploads", "1 package has the status error", False),
    ]
    root = ET.fromstring(render_junit(cases, NOW))
    (suite,) = root
    assert (root.tag, suite.get("name"), suite.get("timestamp")) == ("testsuites", "package_audit", NOW)
    counts = {key: int(suite.attrib[key]) for key in ("tests", "failures", "skipped", "errors")}
    assert counts == {"tests": 5, "failures": 1, "skipped": 4, "errors": 0}
    outcomes = {case.get("name"): [(found.tag, found.get("message")) for found in case] for case in suite}
    assert outcomes["changes"] == [("failure", "the policy deletes 1 of 4 packages")]
    assert outcomes["failed uploads"] == [("skipped", "1 package has the status error")]
    assert outcomes["vanishing-names acme/web/shop"][0][0] == "skipped"
    assert "rule 'never'" in str(suite[2][0].text)


def test_what_the_packages_take() -> None:
    over = read_gates(["over=3KiB"], AUDIT_GATES)
    first = cases_of(audit(sized=True), over)[0]
    assert first[:3] == ("over", "the packages take 4.0 KiB, more than 3.0 KiB", True)
    assert cases_of(audit(sized=True), read_gates(["over=4KiB"], AUDIT_GATES))[0].told is None
    with pytest.raises(GateError):
        cases_of(audit(), over)
