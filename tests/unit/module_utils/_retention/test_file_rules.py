# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import decide
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_rules import (
    files_to_delete,
    governing_file_rule,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import PolicyError, validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    NOW,
    Package,
    package,
    stamp,
)

SNAPSHOT = package(7, package_type="maven", name="com/acme/app", version="1.0-SNAPSHOT")


def file(id: int, file_name: str, **fields: t.Any) -> dict[str, t.Any]:
    """A row of E4, uploaded ``id`` minutes after a day in autumn."""
    return {"id": id, "file_name": file_name, "created_at": stamp(NOW - timedelta(days=30, minutes=-id)), **fields}


def deleted(files: list[dict[str, t.Any]], of: Package = SNAPSHOT, **rule: t.Any) -> dict[int, str]:
    (checked,) = validate_policy({"rules": [], "files": [{"name": "old", **rule}]}).files
    told = files_to_delete(of, files, checked)
    assert [one["id"] for one, _reason in told] == [one["id"] for one in files if one["id"] in dict_of(told)]
    return dict_of(told)


def dict_of(told: list[tuple[t.Any, str]]) -> dict[int, str]:
    return {one["id"]: reason.removeprefix("no keep of file rule 'old' holds it: ") for one, reason in told}


# --- copies -------------------------------------------------------------------------------------------------------


def test_the_newest_copies_of_each_name_stay() -> None:
    files = [file(1, "a.zip"), file(2, "a.zip"), file(3, "b.zip"), file(4, "a.zip"), file(5, "A.zip")]
    assert deleted(files, keep_latest_copies=1) == {
        1: "copy 3 of 3, newest first (1 kept)",
        2: "copy 2 of 3, newest first (1 kept)",
    }
    assert deleted(files, keep_latest_copies=2) == {1: "copy 3 of 3, newest first (2 kept)"}
    same = [file(n, "a.zip", created_at=stamp(NOW)) for n in (9, 8)]
    assert list(deleted(same, keep_latest_copies=1)) == [8]
    # A time is a time, whatever its offset, and a file whose time is unknown stays and takes no place.
    offsets = [
        file(1, "a.zip", created_at="2026-10-25T02:30:00.000+02:00"),
        file(2, "a.zip", created_at="2026-10-25T02:10:00.000+01:00"),
        file(3, "a.zip", created_at=None),
    ]
    assert list(deleted(offsets, keep_latest_copies=1)) == [1]


# --- builds -------------------------------------------------------------------------------------------------------


def build(number: int, *kinds: str, day: int = 1, artifact: str = "app-1.0") -> list[dict[str, t.Any]]:
    """The files of a build: ``.jar``, ``-sources.jar`` and the like."""
    name = f"{artifact}-202601{day:02}.120000-{number}"
    return [file(100 * day + 10 * number + place, name + kind) for place, kind in enumerate(kinds)]


def test_the_newest_builds_and_the_newest_of_each_kind_stay() -> None:
    files = [
        *build(1, ".jar", ".pom", "-sources.jar", day=1),
        *build(2, ".jar", ".pom", day=2),
        *build(10, ".jar", ".pom", day=3),
        file(9000, "maven-metadata.xml"),
        file(9001, "app-1.0.jar"),
    ]
    assert deleted(files, keep_latest_builds=1) == {
        110: "build 20260101.120000-1 is 3 of 3, newest first (1 kept)",
        111: "build 20260101.120000-1 is 3 of 3, newest first (1 kept)",
        220: "build 20260102.120000-2 is 2 of 3, newest first (1 kept)",
        221: "build 20260102.120000-2 is 2 of 3, newest first (1 kept)",
    }
    assert sorted(deleted(files, keep_latest_builds=2)) == [110, 111]


def test_builds_go_by_timestamp_then_by_number_whatever_their_upload() -> None:
    files = [*build(10, ".jar", day=1), *build(9, ".jar", day=1), *build(1, ".jar", day=2)]
    files[0]["created_at"] = stamp(NOW)
    assert [one["file_name"] for one in files if one["id"] in deleted(files, keep_latest_builds=2)] == [
        "app-1.0-20260101.120000-9.jar"
    ]


def test_artifacts_in_one_package_count_apart() -> None:
    files = [*build(1, ".jar"), *build(2, ".jar", day=2), *build(1, ".jar", artifact="app-tests-1.0", day=3)]
    assert list(deleted(files, keep_latest_builds=1)) == [110]


def test_all_copies_of_a_build_are_of_it() -> None:
    files = [*build(1, ".jar", ".jar"), *build(2, ".jar", ".jar", day=2)]
    assert sorted(deleted(files, keep_latest_builds=1)) == [110, 111]


def test_what_is_no_maven_snapshot_keeps_all_builds() -> None:
    files = [*build(1, ".jar"), *build(2, ".jar", day=2)]
    for fields in ({"version": "1.0"}, {"package_type": "generic"}, {"version": None}):
        assert deleted(files, {**SNAPSHOT, **fields}, keep_latest_builds=1) == {}


_KINDS = st.sampled_from([".jar", ".pom", "-sources.jar", "-javadoc.jar", ".jar.sha1"])
_NAMES = st.one_of(
    st.builds(
        "{}-2026010{}.120000-{}{}".format,
        st.sampled_from(["app-1.0", "app-1.0-20260101.120000-1", "lib-1.0"]),
        st.integers(1, 3),
        st.integers(1, 12),
        _KINDS,
    ),
    st.sampled_from(["maven-metadata.xml", "a.zip", "app-1.0.jar", "-20260101.120000-1.jar", "x-2026.1-1.jar"]),
)


@st.composite
def files_of_a_package(draw: st.DrawFn) -> list[dict[str, t.Any]]:
    ids = draw(st.lists(st.integers(1, 500), unique=True, max_size=20))
    return [file(id, draw(_NAMES), **({"created_at": None} if draw(st.integers(0, 9)) == 0 else {})) for id in ids]


def built(file_name: str) -> tuple[str, str, int, str] | None:
    """Artifact, timestamp, number and kind of a file of these tests, said in another way than the code does."""
    for kind in (".jar.sha1", "-sources.jar", "-javadoc.jar", ".jar", ".pom"):
        parts = file_name.removesuffix(kind).rsplit("-", 2)
        if file_name.endswith(kind) and len(parts) == 3 and parts[0] and len(parts[1]) == 15:
            return parts[0], parts[1], int(parts[2]), kind
    return None


@given(files_of_a_package(), st.integers(1, 3), st.randoms(use_true_random=False))
def test_copies_leave_the_newest_of_each_name(
    files: list[dict[str, t.Any]], count: int, shuffle: random.Random
) -> None:
    gone = set(deleted(files, keep_latest_copies=count))
    for name in {one["file_name"] for one in files}:
        copies = [one for one in files if one["file_name"] == name]
        assert any(one["id"] not in gone for one in copies)
        dated = sorted((one["created_at"], one["id"]) for one in copies if one["created_at"])
        assert {id for _created, id in dated} & gone == {id for _created, id in dated[: max(0, len(dated) - count)]}
    shuffle.shuffle(files)
    assert set(deleted(files, keep_latest_copies=count)) == gone
    left = [one for one in files if one["id"] not in gone]
    assert deleted(left, keep_latest_copies=count) == {}


@given(files_of_a_package(), st.integers(1, 3), st.randoms(use_true_random=False))
def test_builds_leave_what_maven_resolves(files: list[dict[str, t.Any]], count: int, shuffle: random.Random) -> None:
    gone = set(deleted(files, keep_latest_builds=count))
    parts = {one["id"]: built(one["file_name"]) for one in files}
    assert all(parts[id] is not None for id in gone)
    known = [part for part in parts.values() if part is not None]
    for artifact in {part[0] for part in known}:
        builds = sorted({part[1:3] for part in known if part[0] == artifact})
        kept = {part[1:3] for id, part in parts.items() if part and part[0] == artifact and id not in gone}
        # The newest builds are whole, and of each kind the newest is there, which is what a resolver asks for.
        assert not [id for id in gone if parts[id] and parts[id][0] == artifact and parts[id][1:3] in builds[-count:]]
        assert set(builds[-count:]) <= kept
        for kind in {part[3] for part in known if part[0] == artifact}:
            newest = max(part for part in known if (part[0], part[3]) == (artifact, kind))
            assert not [id for id in gone if parts[id] == newest]
    shuffle.shuffle(files)
    assert set(deleted(files, keep_latest_builds=count)) == gone
    left = [one for one in files if one["id"] not in gone]
    assert deleted(left, keep_latest_builds=count) == {}


# --- which rule ---------------------------------------------------------------------------------------------------


def test_the_first_file_rule_that_matches_a_package_that_stays() -> None:
    policy = validate_policy(
        {
            "protect": [{"name": "core"}],
            "rules": [{"name": "old", "match": {"name": ["a", "core"]}, "keep_latest": 1}],
            "files": [
                {"match": {"project": "acme/web/*", "name": ["a", "core", "listed"]}, "keep_latest_copies": 1},
                {"name": "rest", "keep_latest_copies": 2},
                {"name": "metadata", "match": {"versionless": True}, "keep_latest_copies": 3},
            ],
        }
    )
    listed = [
        package(1, package_type="generic", name="a"),
        package(2, package_type="generic", name="a"),
        package(3, name="core"),
        package(4, name="listed"),
        package(5, name="b"),
        package(6, name="a", package_type="generic", project_id=43, project_path=None),
        package(7, name="b", version=None),
    ]
    named = {4: ("used: sbom.json",)}
    decided = decide(listed, policy, NOW, listed=lambda one: named.get(one["id"], ()))
    rules = {d.package["id"]: governing_file_rule(d, policy) for d in decided}
    assert {id: rule and rule.name for id, rule in rules.items()} == {
        1: "file rule 1",
        2: None,
        3: None,
        4: None,
        5: "rest",
        6: None,
        7: "metadata",
    }


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "policy: files must be a list"),
        ([{}], "policy: file rule 1: no keep is given: say keep_latest_copies or keep_latest_builds"),
        ([{"keep_latest_copies": 0}], "policy: file rule 1: no keep is given"),
        ([{"keep_latest_copies": -1}], "policy: file rule 1: keep_latest_copies must be a whole number"),
        ([{"keep_latest": 1}], "policy: file rule 1: unknown key 'keep_latest': did you mean keep_latest_copies?"),
        (
            [{"name": "x", "keep_latest_copies": 1, "keep_latest_builds": 1}],
            "policy: file rule 'x': keep_latest_copies and keep_latest_builds exclude each other: write two rules",
        ),
        ([{"name": "", "keep_latest_copies": 1}], "policy: file rule 1: name must be a text that is not empty"),
        (
            [{"name": "x", "keep_latest_copies": 1}, {"name": "x", "keep_latest_builds": 1}],
            "policy: two file rules are named 'x': each needs a name of its own",
        ),
        ([{"match": {"nam": "x"}, "keep_latest_copies": 1}], "policy: file rule 1: match: unknown key 'nam'"),
        ([{"match": None, "keep_latest_copies": 1}], "policy: file rule 1: match is null"),
    ],
)
def test_what_is_refused(files: t.Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        validate_policy({"rules": [], "files": files})
    assert str(caught.value).startswith(message)


def test_what_is_accepted() -> None:
    given = [{"name": "a", "keep_latest_copies": "2", "keep_latest_builds": 0}, {"keep_latest_builds": 1}]
    policy = validate_policy({"rules": [], "files": given})
    assert [(rule.name, rule.keep, rule.count) for rule in policy.files] == [
        ("a", "keep_latest_copies", 2),
        ("file rule 2", "keep_latest_builds", 1),
    ]
    assert policy.document["files"][0]["keep_latest_copies"] == 2
    assert validate_policy(policy.document).document == policy.document
