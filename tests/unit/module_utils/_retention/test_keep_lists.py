# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
import yaml

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_lists import (
    KeepListError,
    combine,
    parse_keep_list,
    plain_version,
)
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    NOW,
    package,
)


def load(text: str, _label: str) -> t.Any:
    """YAML in which a date is a text, as our own loader has it."""
    return yaml.load(text, yaml.BaseLoader) if "until" in text else yaml.safe_load(text)


def why(text: str, **fields: t.Any) -> tuple[str, ...]:
    keeps = combine([parse_keep_list(text, "keep.yml", load)], NOW)
    return keeps(package(7, **fields))


def refusal(text: str) -> str:
    with pytest.raises(KeepListError) as caught:
        parse_keep_list(text, "keep.yml", load)
    assert "\n" not in str(caught.value)
    return str(caught.value)


ENTRY = "- {name: '@acme/*', reason: LTS}\n"


def test_an_own_list_in_yaml() -> None:
    assert why(ENTRY) == ("listed: keep.yml (LTS)",)
    assert why(ENTRY, name="other") == ()
    several = (
        "- {name: ['x', '@acme/ui'], version: ['2.*', '1.0.7'], package_type: 'np*', project: acme/*, reason: of X}"
    )
    assert why(several) == ("listed: keep.yml (of X)",)
    for fields in ({"version": "1.0.8"}, {"name": "y"}, {"package_type": "pypi"}, {"project_path": "other"}):
        assert why(several, **fields) == ()
    # What cannot be judged is kept.
    assert why(several, project_path=None) == ("listed: keep.yml (of X)",)
    assert why("- {project: acme/web/shop, reason: all of it}", version=None) == ("listed: keep.yml (all of it)",)
    assert why("- {name: zlib, reason: r}", package_type="conan", name="zlib/1.3@a/b") == ("listed: keep.yml (r)",)
    assert why("- {name: zlib/1.3@a/b, reason: r}", package_type="conan", name="zlib/1.3@a/b") != ()


def test_an_own_list_in_csv() -> None:
    text = 'name,version,reason,until\n@acme/ui,1.0.*,"customer X, until the end",2026-11-20\n\ntool,,no version,\n'
    expected = ("listed: keep.yml (customer X, until the end)",)
    assert why(text) == why("\ufeff" + text) == why(text.replace("\n", "\r\n")) == expected
    assert why(text, name="tool", version="9") == ("listed: keep.yml (no version)",)
    assert why(text, version="2.0") == ()


def test_until_is_the_last_day_on_which_an_entry_holds() -> None:
    text = "- {name: '@acme/ui', reason: LTS, until: '2026-11-20'}\n- {name: b, reason: x}\n"
    keep_list = parse_keep_list(text, "keep.yml", load)
    for moment, holds in ((NOW, True), (NOW.replace(hour=23, minute=59), True), (NOW + timedelta(days=1), False)):
        keeps = combine([keep_list], moment)
        assert bool(keeps(package(7))) is holds
        told = [] if holds else ["keep list keep.yml: 'LTS' held until 2026-11-20"]
        assert keeps.warnings == told


def test_reasons_of_several_lists() -> None:
    lists = [parse_keep_list(text, label, load) for text, label in ((ENTRY, "a.yml"), (ENTRY * 2, "b.yml"))]
    assert combine(lists, NOW)(package(7)) == ("listed: a.yml (LTS)", "listed: b.yml (LTS)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "keep list keep.yml is empty"),
        (" \n\n", "keep list keep.yml is empty"),
        ("[]", "keep list keep.yml: it has no entry"),
        ("just words", "keep list keep.yml: it is neither a list of entries (YAML or CSV), nor CycloneDX"),
        ("{}", "keep list keep.yml: it is neither"),
        ('{"rules": []}', "keep list keep.yml: it is neither"),
        ("- x", "keep list keep.yml: entry 1: it must be a mapping, not str"),
        (ENTRY + "- {name: b}", "keep list keep.yml: entry 2: reason is missing"),
        ("- {name: b, reason: ' '}", "keep list keep.yml: entry 1: reason is missing"),
        ("- {reason: LTS}", "keep list keep.yml: entry 1: it names nothing: give one of package_type, name, version"),
        ("- {nam: b, reason: LTS}", "keep list keep.yml: entry 1: unknown key 'nam': did you mean name?"),
        ("- {name: null, reason: LTS}", "keep list keep.yml: entry 1: name is null"),
        ("- {name: [], reason: LTS}", "keep list keep.yml: entry 1: name must be a text or a list of texts"),
        ("- {version: 1.10, reason: LTS}", "must be a text or a list of texts, not 1.1: put it in quotes"),
        ("- {version: ['1', 2], reason: LTS}", "version holds 2, which is no text: put it in quotes"),
        ("- {package_type: mavn, reason: x}", "package_type 'mavn' does not exist: did you mean maven?"),
        ("- {name: a, reason: x, until: soon}", "until must be a day such as 2027-01-31, not 'soon'"),
        ("- {name: a, reason: x, until: '2027-02-30'}", "until must be a day"),
        ("name;reason\na;b\n", "its columns are separated by another character than a comma"),
        ("name\treason\na\tb\n", "its columns are separated by another character than a comma"),
        ("name,reason\n", "keep list keep.yml: it has no entry"),
        ("name,reson\na,b\n", "line 2: unknown key 'reson': did you mean reason?"),
        ("name,reason\na,b,c\n", "line 2 has 3 cells, and the header has 2"),
        ("name,reason\na,\n", "line 2: reason is missing"),
        ("name,version,reason\n,,x\n", "line 2: it names nothing"),
        ("name,name,reason\na,b,c\n", "its header names a column twice"),
        ('name,reason\n"a,b\n', "keep list keep.yml: line 2: unexpected end of data"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    assert message in refusal(text)


@pytest.mark.parametrize(
    ("package_type", "one", "other", "same"),
    [
        ("pypi", "1.0", "1.0.0", True),
        ("pypi", "1.0rc1", "1.0-RC.1", True),
        ("pypi", "1.0", "1.0.1", False),
        ("pypi", "wip", "WIP", True),
        ("nuget", "1.0.0-Beta", "1.0.0-beta", True),
        ("nuget", "1.0", "1.0.0.0", True),
        ("maven", "1.0-20260101.120000-3", "1.0-SNAPSHOT", True),
        ("maven", "1.0", "1.0.0", False),
        ("npm", "1.0.0", "1.0.0", True),
        ("npm", "1.0.0-RC", "1.0.0-rc", False),
    ],
)
def test_versions_as_their_ecosystem_compares_them(package_type: str, one: str, other: str, same: bool) -> None:
    assert (plain_version(package_type, one) == plain_version(package_type, other)) is same
