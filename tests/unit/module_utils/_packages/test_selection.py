# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selections: what is meant, and that the queries together find it. GitLab's filter is modelled by the contract."""

from __future__ import annotations

import random
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    PACKAGE_TYPES,
    STATUSES,
    Selection,
    match_glob,
    matches,
    queries,
    sort_packages,
)

WORDS = st.sampled_from(["app", "my-app", "APP", "apple", "@acme/ui", "a b", " app ", "x@y/z", "@a@b/c", "zlib", "%"])
CONAN = st.sampled_from(["zlib/1.3@acme/stable", "zlib/1.4@_/_", "app/1@a/b"])


@st.composite
def packages(draw: t.Any) -> dict[str, t.Any]:
    kind = draw(st.sampled_from(PACKAGE_TYPES))
    name = draw(CONAN) if kind == "conan" else draw(WORDS)
    package = {
        "id": draw(st.integers(1, 5)),
        "name": name,
        "version": draw(st.sampled_from([None, "1.0", "1.0.0", "2"])),
        "package_type": kind,
        "status": draw(st.sampled_from(STATUSES)),
    }
    return {**package, "conan_package_name": name.split("/")[0]} if kind == "conan" else package


selections = st.builds(
    Selection,
    package_id=st.none() | st.integers(1, 5),
    name=st.none() | WORDS | CONAN,
    version=st.none() | st.sampled_from(["1.0", "1.0.0", "3"]),
    package_types=st.lists(st.sampled_from(PACKAGE_TYPES), unique=True).map(tuple)
    | st.permutations(PACKAGE_TYPES).map(tuple),
    statuses=st.lists(st.sampled_from(STATUSES), unique=True).map(tuple),
    include_versionless=st.booleans(),
)


def listed(query: dict[str, str], package: dict[str, t.Any], old: bool) -> bool:
    """Whether GitLab's list shows the package (contract, section 2); an old server ignores `package_version`."""
    stored = package.get("conan_package_name") or package["name"]
    wanted = query.get("package_type")
    return (
        all(word.lower() in stored.lower() for word in query.get("package_name", "").split())
        and (old or "package_version" not in query or package["version"] == query["package_version"])
        and (package["package_type"] == wanted if wanted else package["package_type"] != "terraform_module")
        and (package["version"] is not None or query.get("include_versionless") == "true")
        and (package["status"] == query["status"] if "status" in query else package["status"] in DISPLAYABLE)
    )


@given(selections, packages(), st.booleans())
def test_the_queries_find_all_that_is_meant(selection: Selection, package: dict[str, t.Any], old: bool) -> None:
    if matches(selection, package):
        assert any(listed(query, package, old) for query in queries(selection))


@given(selections)
def test_no_query_is_sent_twice(selection: Selection) -> None:
    sent = [tuple(sorted(query.items())) for query in queries(selection)]
    assert len(sent) == len(set(sent))


@given(selections, packages())
def test_what_is_meant_has_each_of_the_given_properties(selection: Selection, package: dict[str, t.Any]) -> None:
    if not matches(selection, package):
        return
    assert selection.package_id in (None, package["id"])
    assert selection.name in (None, package["name"], package.get("conan_package_name"))
    assert selection.version in (None, package["version"])
    assert package["package_type"] in (selection.package_types or PACKAGE_TYPES)
    assert package["status"] in (selection.statuses or DISPLAYABLE)
    assert selection.include_versionless or package["version"] is not None


def test_everything_takes_the_least_queries() -> None:
    assert queries(Selection()) == [{}, {"package_type": "terraform_module"}]
    # The displayable statuses come in one list; an old server never hears of `deprecated`.
    all_statuses = queries(Selection(statuses=STATUSES, package_types=("npm",)))
    assert [query.get("status") for query in all_statuses] == [None, "hidden", "processing", "pending_destruction"]
    assert queries(Selection(statuses=("error",), package_types=("npm",))) == [
        {"package_type": "npm", "status": "error"}
    ]


def test_a_conan_recipe_is_searched_by_its_bare_name() -> None:
    assert queries(Selection(name="zlib/1.3@acme/stable", package_types=("conan",)))[0]["package_name"] == "zlib"
    assert queries(Selection(name="@acme/ui", package_types=("npm",)))[0]["package_name"] == "@acme/ui"


def test_very_old_servers_give_no_status() -> None:
    bare = {"id": 1, "name": "ui", "version": "1", "package_type": "npm"}
    assert matches(Selection(name="ui"), bare)
    assert not matches(Selection(name="ui", statuses=("error",)), bare)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (None, "anything", True),
        ("*.jar", "a.jar", True),
        ("*.jar", "a.JAR", False),
        ("jar", "a.jar", False),
        ("a[12]", "a1", True),
        ("a?c", "abc", True),
        ("[", "[", True),
    ],
)
def test_globs_are_case_sensitive_and_whole(pattern: str | None, text: str, expected: bool) -> None:
    assert match_glob(pattern, text) is expected


@given(st.lists(packages(), max_size=6), st.randoms(use_true_random=False))
def test_sorting_is_total(found: list[dict[str, t.Any]], chance: random.Random) -> None:
    numbered = [{**package, "id": index, "created_at": "2025"} for index, package in enumerate(found)]
    shuffled = chance.sample(numbered, len(numbered))
    for order_by in ("created_at", "name", "version", "type", "project_path"):
        ascending = sort_packages(shuffled, order_by, "asc")
        assert ascending == sort_packages(numbered, order_by, "asc")
        assert ascending[::-1] == sort_packages(shuffled, order_by, "desc")


def test_type_is_ordered_by_gitlabs_number() -> None:
    found = [{"id": i, "package_type": kind} for i, kind in enumerate(["generic", "maven", "quantum", "npm"])]
    assert [p["package_type"] for p in sort_packages(found, "type", "asc")] == ["maven", "npm", "generic", "quantum"]
