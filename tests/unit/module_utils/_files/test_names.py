# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""No name leaves its place in an archive, nor comes to the place of another one."""

from __future__ import annotations

import re
import typing as t
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._files.names import (
    blob_path,
    manifest_path,
    part,
    project_part,
)

NAMES = st.one_of(st.none(), st.text(max_size=300), st.text(alphabet="aAbB.%!/~-_cCoOnN", max_size=12))
#: What Windows and common file systems make of a name: those that are the same there must not be two names here.
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def on_a_careless_system(name: str) -> str:
    """A name as a file system takes it that knows neither case nor forms of accents, nor dots at the end."""
    return unicodedata.normalize("NFC", name).casefold().rstrip(". ")


@given(NAMES)
@example("..")
@example(".")
@example("/etc/passwd")
@example("a\0b")
@example("nul.txt")
@example("COM1")
@example("x" * 255)
@example("é" * 255)
@example("A" * 255)
@example("trailing. ")
@example(".git")
@example("-rf")
def test_a_part_stays_where_it_is(name: str | None) -> None:
    made = part(name)
    assert re.fullmatch(r"[a-z0-9._+@%!~-]+", made)
    assert len(made) <= 120
    assert not made.startswith(".")
    assert not made.endswith(".")
    assert not DEVICE.fullmatch(made)


@given(NAMES, NAMES)
@example("NUL", "nul")
@example("%6eul", "nul")
@example(None, "none")
@example("", "empty")
@example("é", "e\u0301")
@example("a", "A")
@example("!a", "A")
@example("x" * 255, "x" * 254 + "y")
def test_two_names_are_two_parts(one: str | None, other: str | None) -> None:
    assert (on_a_careless_system(part(one)) == on_a_careless_system(part(other))) == (one == other)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("@acme/ui", "@acme%2fui"),
        ("com/acme/Shop", "com%2facme%2f!shop"),
        ("1.4.0-rc.1+b", "1.4.0-rc.1+b"),
        (None, "%none"),
        ("", "%empty"),
        ("..", "%2e%2e"),
        ("con", "%63on"),
    ],
)
def test_what_people_see(name: str | None, made: str) -> None:
    assert part(name) == made


def manifest(**names: t.Any) -> dict[str, t.Any]:
    package = {"id": 7, "name": "ui", "version": "1.0", "package_type": "npm", **names}
    return {"project": {"id": 42, "path": names.pop("project", "acme/web")}, "package": package}


@given(NAMES, NAMES, st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=20))
def test_a_manifest_lies_below_packages(name: str | None, version: str | None, project: list[str]) -> None:
    path = manifest_path(manifest(name=name or "", version=version, project="/".join(project)))
    assert path.startswith("packages/")
    assert path.endswith("/7.json")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert len(path) < 950  # S3 takes 1,024 bytes, the archive's own folder among them


def test_a_project_whose_path_nobody_knows() -> None:
    assert project_part(None, 42) == "-/42"
    assert project_part("acme/Web", 42) == "acme/!web"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 65, "a" * 64 + "\n"])
def test_a_content_is_named_by_its_checksum_alone(name: str) -> None:
    with pytest.raises(ValueError, match="is no SHA-256"):
        blob_path(name)
