# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values without quotes that YAML reads as something else, in policy files and keep lists: read right, or refused."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import (
    DocumentError,
    parse_document,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_lists import (
    KeepListError,
    parse_keep_list,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import PolicyError, validate_policy

DECIMAL = "write a number in decimal digits, a text in quotes"
QUOTES = "put it in quotes"


def load(text: str, _label: str = "") -> t.Any:
    return parse_document(text, "file.yml", "policy_file")


def read(line: str) -> tuple[t.Any, str]:
    """What the key of a line of a rule, or of its match, means; or why it is refused."""
    key = line.partition(":")[0]
    is_match = key in ("version", "prerelease", "ref")
    text = f"match: {{{line}}}\n  keep_yearly: 9" if is_match else line
    try:
        rule = validate_policy(load(f"rules:\n- {text}\n")).document["rules"][0]
    except (PolicyError, DocumentError) as error:
        return None, str(error)
    return (rule["match"] if is_match else rule)[key], ""


@pytest.mark.parametrize(
    ("line", "value"),
    [
        # Dates and times stay what stands there, as do texts that only look like numbers.
        ("version: 2024-08-01", "2024-08-01"),
        ("ref: 2024-08-01 10:00:00", "2024-08-01 10:00:00"),
        ("ref: 2024-8-1T1:2:3Z", "2024-8-1T1:2:3Z"),
        ("version: 1e3", "1e3"),
        ("version: 0o17", "0o17"),
        ("version: 1.10.0", "1.10.0"),
        ("ref: 08", "08"),
        ("ref: y", "y"),
        ("prerelease: yes", True),
        ("prerelease: Off", False),
        ("keep_latest: 3", 3),
        ("keep_latest: +3", 3),
        ("keep_latest: '010'", 10),
        ("delete_all: on", True),
    ],
)
def test_what_is_read_right(line: str, value: t.Any) -> None:
    assert read(line) == (value, "")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("version: 1.10", f"version must be a text or a list of texts, not 1.1: {QUOTES}"),
        ("version: [1.0.0, 1.10]", f"version holds 1.1, which is not a text: {QUOTES}"),
        ("version: 20240801", f"version must be a text or a list of texts, not 20240801: {QUOTES}"),
        ("ref: on", f"ref must be a text or a list of texts, not True: {QUOTES}"),
        ("ref: [main, No]", f"ref holds False, which is not a text: {QUOTES}"),
        ("ref: ~", "ref is null"),
        ("ref:", "ref is null"),
        ("version: 010", DECIMAL),
        ("version: 1:30", DECIMAL),
        ("version: 1:30.5", DECIMAL),
        ("version: 0x1F", DECIMAL),
        ("version: 0b1", DECIMAL),
        ("version: 1_0", DECIMAL),
        ("version: 5.", DECIMAL),
        ("version: .5", DECIMAL),
        ("version: -.inf", DECIMAL),
        ("version: =", "has the tag 'tag:yaml.org,2002:value'"),
        ("keep_latest: 010", DECIMAL),
        ("keep_latest: 1_0", DECIMAL),
        ("keep_latest: 3.0", "keep_latest must be a whole number that is not negative, not 3.0"),
        ("keep_latest: 1.0e+1", "keep_latest must be a whole number that is not negative, not 10.0"),
        ("keep_latest: 1e1", "keep_latest must be a whole number that is not negative, not '1e1'"),
        ("keep_latest: yes", "keep_latest must be a whole number that is not negative, not True"),
        ("keep_latest: 2024-08-01", "keep_latest must be a whole number that is not negative, not '2024-08-01'"),
        ("keep_within: 1:30", DECIMAL),
        ("keep_within: 14", "keep_within: 14 is not a duration"),
        ("keep_within: 2024-08-01", "keep_within: '2024-08-01' is not a duration"),
        ("prerelease: 'yes'", "prerelease must be true or false, not 'yes'"),
        ("prerelease: y", "prerelease must be true or false, not 'y'"),
        ("prerelease: 1", "prerelease must be true or false, not 1"),
        ("delete_all: 1", "delete_all must be true or false, not 1"),
        ("name: 1.10", "name must be a text that is not empty, not 1.1"),
    ],
)
def test_what_is_refused(line: str, words: str) -> None:
    value, refused = read(line)
    assert value is None
    assert words in refused


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("version: 1.10", f"entry 1: version must be a text or a list of texts, not 1.1: {QUOTES}"),
        ("version: [1.10]", f"entry 1: version holds 1.1, which is no text: {QUOTES}"),
        ("name: no", f"entry 1: name must be a text or a list of texts, not False: {QUOTES}"),
        ("name: [on]", f"entry 1: name holds True, which is no text: {QUOTES}"),
        ("version: 010", DECIMAL),
        ("version: 1:30", DECIMAL),
        ("name: a, until: 20270131", "entry 1: until must be a day such as 2027-01-31, not 20270131"),
        ("name: a, until: 2027-1-31", "entry 1: until must be a day such as 2027-01-31, not '2027-1-31'"),
        ("name: a, until: 2027-01-31 10:00:00", "entry 1: until must be a day such as 2027-01-31, not '2027-01-31 1"),
        ("name: a, until: ", "entry 1: until is null"),
        ("name: , version: 2024-08-01", "entry 1: name is null"),
    ],
)
def test_what_is_refused_in_a_keep_list(entry: str, words: str) -> None:
    with pytest.raises((KeepListError, DocumentError)) as caught:
        parse_keep_list(f"- {{reason: LTS, {entry}}}\n", "keep.yml", load)
    assert words in str(caught.value)


def test_dates_in_a_keep_list_are_what_they_are() -> None:
    (entry,) = parse_keep_list("- {version: 2024-08-01, until: 2027-01-31, reason: LTS}\n", "keep.yml", load).entries
    assert entry.match.globs["version"].match("2024-08-01")
    assert str(entry.until) == "2027-01-31"
