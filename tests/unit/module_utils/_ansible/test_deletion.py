# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a delete says in the end: of what stopped it, and in words that a terminal does not obey."""

from __future__ import annotations

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.deletion import result_report
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    BAD_RESULTS,
    RESULTS,
    Outcome,
    result_of,
)

PACKAGE = {
    "id": 7,
    "project_id": 42,
    "name": "\u202egnp.exe\x9b31m\x1b[0m",
    "version": "1\n2",
    "package_type": "generic",
}


def test_sentences_are_printable_and_data_is_as_it_is() -> None:
    results = [result_of(PACKAGE, "failed", "no")]
    report = result_report(results, RESULTS, Outcome(results), BAD_RESULTS)
    assert report["msg"].isprintable()
    assert "\\u202egnp.exe\\u009b31m" in report["msg"]
    assert report["results"][0]["name"] == PACKAGE["name"]


@pytest.mark.parametrize(
    ("stopped", "sentence"),
    [
        (
            KeyboardInterrupt(),
            "interrupted: what was not done yet is left undone, run it again to go on (1 of 2 deleted, see results)",
        ),
        (RecursionError("too deep"), "does not foresee (RecursionError: too deep): this is a defect, please report it"),
    ],
)
def test_what_stopped_it_comes_first(stopped: BaseException, sentence: str) -> None:
    results = [result_of(PACKAGE, "deleted"), result_of(PACKAGE, "failed", "not tried: interrupted")]
    report = result_report(results, RESULTS, Outcome(results, None, stopped), BAD_RESULTS)
    assert (report["failed"], report["changed"], report["summary"]["deleted"]) == (True, True, 1)
    assert sentence in report["msg"]
