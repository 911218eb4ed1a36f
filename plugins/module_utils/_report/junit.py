# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit looked for as JUnit XML, for ``artifacts:reports:junit``: a test case for each.

A gate that is closed is a failure. Any other case in which something was found is skipped: told, and no failure.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from ansible_collections.registryops.gitlab.plugins.module_utils._report.cases import Case

SUITE = "package_audit"


def render_junit(cases: t.Sequence[Case], generated_at: str) -> str:
    """The text of ``report.junit.xml``; ``generated_at`` is the time of the audit in ISO 8601."""
    found = [case for case in cases if case.told is not None]
    failures = sum(case.is_gate for case in found)
    counts = {
        "tests": str(len(cases)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(len(found) - failures),
    }
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": SUITE, "timestamp": generated_at, **counts})
    for case in cases:
        element = ET.SubElement(suite, "testcase", {"classname": SUITE, "name": case.name, "time": "0"})
        if case.told is not None:
            kind = "failure" if case.is_gate else "skipped"
            ET.SubElement(element, kind, {"message": case.told}).text = "\n".join([case.told, *case.details])
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"
