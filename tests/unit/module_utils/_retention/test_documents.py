# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import (
    MAX_DEPTH,
    DocumentError,
    read_document,
)


def write(folder: Path, text: str | bytes) -> str:
    path = folder / "file.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def refusal(path: str, **more: t.Any) -> str:
    with pytest.raises(DocumentError) as caught:
        read_document(path, "policy_file", **more)
    message = str(caught.value)
    assert message.startswith(f"policy_file {path!r} ".replace("\\x00", "\\\\u0000"))
    assert "\n" not in message
    return message.partition("' ")[2]


def said_of(path: str) -> str | None:
    """Why a file is refused; None if it is read, as data that can be written again."""
    try:
        json.dumps(read_document(path, "plan_file"))
    except DocumentError as error:
        return str(error)
    return None


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi")
)

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "is empty"),
    "blanks": (" \n\t", "is empty"),
    "only a mark": (b"\xef\xbb\xbf", "is empty"),
    "neither": ("{]", "is neither JSON nor YAML, line 1, column 2: "),
    "a tab": ("rules:\n\t- a", "is neither JSON nor YAML, line 2, column 1: "),
    "NUL": ("a: \0", "is neither JSON nor YAML: "),
    "two documents": ("a: 1\n---\nb: 2\n", "is neither JSON nor YAML, line 2, column 1: "),
    "UTF-16": ("a: 1".encode("utf-16"), "is not UTF-8, at byte 1"),
    "Latin-1": ("a: é".encode("latin-1"), "is not UTF-8, at byte 4"),
    "a key twice in YAML": ("protect: []\nrules: []\nprotect: []\n", "has the key 'protect' twice, line 3, column 1"),
    "a key twice below": ("rules:\n- {name: a, name: b}\n", "has the key 'name' twice, line 2, column 13"),
    "two merges": ("a: &a {x: 1}\nb: {<<: *a, <<: *a}\n", "has the key '<<' twice, line 2, column 13"),
    "a key twice in JSON": ('{"rules": [], "rules": []}', "has the key 'rules' twice in one mapping"),
    "a number as key": ("1.10: a", "has a key that is no text, line 1, column 1: put it in quotes"),
    "yes as key": ("on: a", "has a key that is no text, line 1, column 1: put it in quotes"),
    "a list as key": ("? [a]\n: b", "has a key that is no text, line 1, column 3: put it in quotes"),
    "octal": ("keep_latest: 010", "holds '010', line 1, column 14: write a number in decimal digits, a text in quotes"),
    "underscore": ("a: 1_000", "holds '1_000', line 1, column 4: write a number in decimal digits, a text in quotes"),
    "sexagesimal": ("a: 1:30", "holds '1:30', line 1, column 4: write a number in decimal digits, a text in quotes"),
    "NaN": ("a: .nan", "holds '.nan', line 1, column 4: write a number in decimal digits, a text in quotes"),
    "NaN in JSON": ("[NaN]", "holds NaN, which is no number of JSON"),
    "infinity in JSON": ('{"a": [-Infinity, NaN]}', "holds -Infinity, which is no number of JSON"),
    "infinite in JSON": ("[1e999]", "holds a number that is too large"),
    "an empty number": (
        "a: !!int ''",
        "holds '', line 1, column 4: write a number in decimal digits, a text in quotes",
    ),
    "no bool": ("a: !!bool x", "holds a text that is no bool, line 1, column 4"),
    "digits in YAML": ("a: " + "9" * 5000, "holds a number of 5000 digits, line 1, column 4"),
    "digits in JSON": ("[" + "9" * 5000 + "]", "holds a number of 5000 digits"),
    "a time by tag": ("a: !!timestamp x", "has the tag 'tag:yaml.org,2002:timestamp', line 1, column 4: only plain"),
    "an object": ("a: !!python/object:os.system {}", "has the tag 'tag:yaml.org,2002:python/object:os.system', line"),
    "a tag of Ansible": ("a: !vault x", "has the tag '!vault', line 1, column 4: only plain data is read"),
    "deep JSON": ("[" * 100_000 + "]" * 100_000, "is nested too deeply"),
    "rather deep JSON": ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "is nested too deeply"),
    "deep YAML": ("a: " + "[" * 10_000, "is nested too deeply, line 1, column "),
    "deep blocks": ("".join(" " * i + "a:\n" for i in range(200)), "is nested too deeply, line "),
    "endless": ("a: &a [*a]", "is nested too deeply"),
    "a bomb": (BOMB, "has aliases that stand for too many values"),
    "a bomb of merges": (
        "a: &a {x: 1}\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} {{p: *{chr(97 + i)}, q: *{chr(97 + i)}}}\n" for i in range(24)),
        "has aliases that stand for too many values",
    ),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused(tmp_path: Path, name: str) -> None:
    text, words = REFUSED[name]
    assert refusal(write(tmp_path, text)).startswith(words)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (str(fifo), "/dev/zero", str(tmp_path)):
        assert refusal(path) == "cannot be read: it is no regular file"
    assert refusal(str(tmp_path / "none")) == "cannot be read: No such file or directory"
    with pytest.raises(DocumentError, match="cannot be read: no path holds a NUL"):
        read_document("a\0b", "policy_file")


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "[1, 2]")
    assert read_document(path, "policy_file", 6) == [1, 2]
    assert refusal(path, max_bytes=5) == "is larger than 5 bytes"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("\ufeffa: b", {"a": "b"}),
        ('\ufeff{"a": "b"}', {"a": "b"}),
        ("NaN: 1\nInfinity: NaN", {"NaN": 1, "Infinity": "NaN"}),
        ("until: 2026-02-30\nversion: 2024-08-01", {"until": "2026-02-30", "version": "2024-08-01"}),
        ("a: 25:00 o'clock", {"a": "25:00 o'clock"}),
        (
            "a: [1, -2, 0, 1.5, 1.0e+3, '010', 1.2.3, ~, yes, null]",
            {"a": [1, -2, 0, 1.5, 1000.0, "010", "1.2.3", None, True, None]},
        ),
        (
            "a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: *a",
            {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "c": {"x": 1, "y": 2}},
        ),
        ("a: &a {x: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: *b, x: 3}", {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 3}}),
        ("# yaml-language-server: $schema=x\nrules: []\n", {"rules": []}),
    ],
)
def test_what_is_read(tmp_path: Path, text: str, data: t.Any) -> None:
    assert read_document(write(tmp_path, text), "policy_file") == data


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x85\u2028\u2029\ufeff"), max_size=8)
_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=15,
)


@given(_DATA)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, data: t.Any) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert read_document(write(folder, json.dumps(data)), "plan_file") == data
    assert read_document(write(folder, yaml.safe_dump(data)), "plan_file") == data


@given(st.binary(max_size=60) | st.text("{}[]:,-&*!<|>'\"#? \n01.ab~", max_size=60).map(str.encode))
def test_any_bytes_end_in_data_or_in_one_sentence(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = write(tmp_path_factory.getbasetemp(), raw)
    refused = said_of(path)
    if refused is not None:
        assert refused.startswith(f"plan_file {path!r} ")
        assert "\n" not in refused
