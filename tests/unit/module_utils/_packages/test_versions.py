# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version order: held against each ecosystem's own rules, and its own client wherever the machine has one."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import packaging.version
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._packages import versions
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import PACKAGE_TYPES
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import (
    newest,
    sort_newest_first,
    version_key_for,
)
from ansible_collections.registryops.gitlab.tests.unit.module_utils._packages.version_orders import (
    HOSTILE,
    NO_VERSIONS,
    ORDERS,
)

HISTORIES = Path(__file__).parents[3] / "sandbox" / "seeds" / "histories"


def packages_of(versions: t.Iterable[str | None]) -> list[dict[str, t.Any]]:
    return [
        {"id": number, "version": version, "created_at": "2026-01-01T00:00:00.000Z"}
        for number, version in enumerate(versions, 1)
    ]


def order_of(versions: t.Iterable[str | None], package_type: str) -> list[str | None]:
    return [package["version"] for package in sort_newest_first(packages_of(versions), package_type)]


def sign(one: t.Any, other: t.Any) -> int:
    return int(one > other) - int(one < other)


@pytest.mark.parametrize("package_type", sorted(ORDERS))
def test_each_pair_of_the_table(package_type: str) -> None:
    key = version_key_for(package_type)
    ranked = [(version, rank) for rank, line in enumerate(ORDERS[package_type]) for version in line.split()]
    for (one, one_rank), (other, other_rank) in itertools.product(ranked, repeat=2):
        assert key(one) is not None, one
        assert sign(key(one), key(other)) == sign(one_rank, other_rank), (one, other)


@pytest.mark.parametrize("package_type", sorted(ORDERS))
def test_any_order_of_the_input_gives_the_table(package_type: str) -> None:
    expected = [line.split()[0] for line in reversed(ORDERS[package_type])]
    shuffled = [*expected, *NO_VERSIONS[package_type]]
    for seed in range(5):
        random.Random(seed).shuffle(shuffled)
        assert order_of(shuffled, package_type)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("package_type", "version"), [(kind, version) for kind, versions in NO_VERSIONS.items() for version in versions]
)
def test_what_does_not_parse(package_type: str, version: str) -> None:
    assert version_key_for(package_type)(version) is None


@pytest.mark.parametrize("package_type", ["helm", "terraform_module", "conan", "ml_model", "some_day"])
def test_types_without_an_order_of_their_own_go_by_semver(package_type: str) -> None:
    assert order_of(["1.9.0", "1.10.0-rc.2", "1.10.0", "1.10.0-rc.10"], package_type) == [
        "1.10.0",
        "1.10.0-rc.10",
        "1.10.0-rc.2",
        "1.9.0",
    ]


def test_what_does_not_parse_comes_last_by_creation_time_then_id() -> None:
    packages: list[dict[str, t.Any]] = [
        {"id": 1, "version": "main", "created_at": "2026-01-03T00:00:00.000Z"},
        {"id": 2, "version": None, "created_at": "2026-01-04T00:00:00.000Z"},
        {"id": 3, "version": "0.1.0", "created_at": "2020-01-01T00:00:00.000Z"},
        {"id": 4, "version": "edge", "created_at": "2026-01-03T00:00:00Z"},
        {"id": 5, "version": "edge", "created_at": None},
        {"id": 6, "version": "edge"},
    ]
    for shuffled in itertools.permutations(packages):
        assert [package["id"] for package in sort_newest_first(shuffled, "generic")] == [3, 2, 4, 1, 6, 5]


def test_equal_versions_go_by_creation_time_then_id() -> None:
    packages = [
        {"id": 1, "version": "1.0.0", "created_at": "2026-01-01T00:00:00.000Z"},
        {"id": 2, "version": "1.0.0+b", "created_at": "2026-01-03T00:00:00.000Z"},
        {"id": 3, "version": "1.0.0+a", "created_at": "2026-01-03T00:00:00.000Z"},
        {"id": 4, "version": "v1.0.0", "created_at": "2026-01-02T00:00:00.000Z"},
    ]
    for shuffled in itertools.permutations(packages):
        assert [package["id"] for package in sort_newest_first(shuffled, "npm")] == [3, 2, 4, 1]


def test_newest() -> None:
    newest_of_two = newest(packages_of(["1.9.0", "1.10.0"]), "npm")
    assert newest_of_two is not None
    assert newest_of_two["version"] == "1.10.0"
    assert newest([], "npm") is None


@pytest.mark.parametrize("package_type", sorted(ORDERS))
def test_hostile_versions_are_only_text(package_type: str) -> None:
    versions = [*HOSTILE, "1.0.0"]
    expected = order_of(versions, package_type)
    assert sorted(map(str, expected)) == sorted(versions)


@given(st.sampled_from(sorted(ORDERS)), st.data())
def test_the_order_is_total_for_any_text(package_type: str, data: st.DataObject) -> None:
    words = st.sampled_from(
        ["0", "1", "10", ".", "-", "+", "~", "^", ":", "_", "a", "rc", "alpha", "final", "dev", "x", "!", "v"]
    )
    text = st.one_of(st.lists(words, max_size=8).map("".join), st.text(max_size=6))
    packages = packages_of(data.draw(st.lists(text, max_size=12)))
    shuffled = data.draw(st.permutations(packages))
    assert sort_newest_first(packages, package_type) == sort_newest_first(shuffled, package_type)


# --- the ecosystems' own clients ----------------------------------------------------------------------------------


def node_semver() -> str | None:
    """The path of npm's own semver module, if this machine has node and npm."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
    module = Path(root, "npm", "node_modules", "semver")
    return str(module) if root and module.is_dir() else None


def node_order(versions: list[str], module: str) -> list[str]:
    script = (
        "const semver = require(process.argv[1]);"
        "const versions = JSON.parse(require('fs').readFileSync(0));"
        "console.log(JSON.stringify(versions.sort((a, b) => semver.compare(b, a))))"
    )
    done = subprocess.run(
        ["node", "-e", script, module], input=json.dumps(versions), capture_output=True, text=True, check=True
    )
    order: list[str] = json.loads(done.stdout)
    return order


#: The newest version, and the SHA-256 of all versions, newest first and one a line, as npm's semver sorts them.
HISTORY_ORDERS = {
    "electron-nightly": (
        "46.0.0-nightly.20260928",
        "c5d022cba3626431ec02584368c6ac5e201a1ff3277fbb62944390c815ea2106",
    ),
    "react": ("19.3.1", "34a51183abe16860788d32a63da08f39d4144dd93cb789dab2d03cbe575e0206"),
    "vite": ("8.3.8", "7e1ddaaa1a7387b04ee8f9667f56c54ad234a5a31f0f9d59b6cab3f304df9075"),
}


#: What 0.1.0 read: the same texts, but some of them in exponential or quadratic time.
_SLOW_SUFFIX = re.compile(r"(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?[0-9]+)*))?([.-]?dev)?")
_SLOW_PADDED = re.compile(r"(^[^-+]*-|\.)0+(?=[0-9]+(?:[.+]|$))")


@given(st.text(".-_0123betadevrcpl", max_size=10))
def test_the_linear_suffix_of_composer_reads_what_the_slow_one_read(text: str) -> None:
    slow, fast = _SLOW_SUFFIX.fullmatch(text), re.fullmatch(versions._COMPOSER_SUFFIX, text)
    assert (slow and slow.groups()) == (fast and fast.groups())


@given(st.text("0012.-+a", max_size=14))
def test_zeros_are_taken_away_where_they_were(text: str) -> None:
    assert versions._without_padding(text) == _SLOW_PADDED.sub(r"\1", text)


@pytest.mark.parametrize(
    ("package_type", "version"),
    [
        ("composer", "1.0-beta" + "1" * 200 + "x"),
        ("composer", "1.0-beta" + "1.1-" * 60),
        ("npm", "1." + "0" * 250 + "x"),
        ("nuget", "1.0-" + "0" * 250),
    ],
)
def test_no_version_takes_for_ever(package_type: str, version: str) -> None:
    """With a pattern that backtracks, the first of these would not end within the age of the universe."""
    versions.version_key_for(package_type)(version)


@pytest.mark.parametrize("package_type", PACKAGE_TYPES)
def test_what_is_longer_than_gitlab_allows_does_not_parse(package_type: str) -> None:
    key = versions.version_key_for(package_type)
    assert key("1.0." + "1" * 252) is None
    assert key("1" * 200_000) is None


@pytest.mark.parametrize("name", sorted(HISTORY_ORDERS))
def test_real_histories_are_in_the_order_of_npm(name: str) -> None:
    history = json.loads((HISTORIES / f"{name}.json").read_text(encoding="utf-8"))
    versions = [version for version, _published in history["versions"]]
    order = [version for version in order_of(versions, history["package_type"]) if version is not None]
    first, checksum = HISTORY_ORDERS[name]
    assert order[0] == first
    assert hashlib.sha256("\n".join(order).encode()).hexdigest() == checksum
    module = node_semver()
    if module is not None:
        assert order == node_order(versions, module)


def random_semver(source: random.Random) -> str:
    version = ".".join(str(source.choice([0, 1, 2, 9, 10, 11])) for _ in range(3))
    if source.random() < 0.7:
        words = ["rc", "alpha", "0", "1", "2", "10", "canary-abc-20240101", "x-1", "1a", "a1", "Z", "-", "-1", "00a"]
        version += "-" + ".".join(source.choice(words) for _ in range(source.randint(1, 3)))
    return version


def test_random_versions_are_in_the_order_of_npm() -> None:
    source = random.Random(20261121)
    versions = sorted({random_semver(source) for _ in range(3000)})
    order = [version for version in order_of(versions, "npm") if version is not None]
    # As npm's semver 7 sorts them.
    assert (
        hashlib.sha256("\n".join(order).encode()).hexdigest()
        == "b77f5d76df81e64285712ae71a06f28d256d3197caec18db08c3a466080532ad"
    )
    module = node_semver()
    if module is not None:
        assert order == node_order(versions, module)


def test_python_versions_are_in_the_order_of_packaging() -> None:
    versions = [version for line in ORDERS["pypi"] for version in line.split()]
    key = version_key_for("pypi")
    for one, other in itertools.product(versions, repeat=2):
        expected = sign(packaging.version.Version(one), packaging.version.Version(other))
        assert sign(key(one), key(other)) == expected, (one, other)


def neighbours(package_type: str) -> t.Iterator[tuple[str, str, int]]:
    """Pairs of the table whose order implies all others: equal ones, and each line with the next one."""
    for line, following in zip(ORDERS[package_type], [*ORDERS[package_type][1:], ""]):
        versions = line.split()
        for equal in versions[1:]:
            yield versions[0], equal, 0
        if following:
            yield versions[0], following.split()[0], -1


def test_the_debian_table_is_the_order_of_dpkg() -> None:
    dpkg = shutil.which("dpkg")
    for one, other, expected in neighbours("debian"):
        if dpkg is not None:
            relation = "eq" if expected == 0 else "lt"
            assert subprocess.run([dpkg, "--compare-versions", one, relation, other], check=False).returncode == 0
        key = version_key_for("debian")
        assert sign(key(one), key(other)) == expected


def test_the_maven_table_is_the_order_of_maven() -> None:
    pairs = list(neighbours("maven"))
    key = version_key_for("maven")
    assert [sign(key(one), key(other)) for one, other, _ in pairs] == [expected for _, _, expected in pairs]
    java, maven = shutil.which("java"), shutil.which("mvn")
    libraries = Path(maven).resolve().parent.parent / "lib" if maven else Path()
    jars = [*libraries.glob("maven-artifact-*.jar"), *libraries.glob("commons-lang3*.jar")]
    if java is None or not jars:
        return
    main = "org.apache.maven.artifact.versioning.ComparableVersion"
    for start in range(0, len(pairs), 40):
        chunk = pairs[start : start + 40]
        versions = [version for one, other, _ in chunk for version in (one, other)]
        command = [java, "-cp", ":".join(map(str, jars)), main, *versions]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        # Between each two versions it prints a line such as "   1.0-SNAPSHOT < 1.0".
        compared = [line.split() for line in lines if line.startswith("   ")][::2]
        assert [["<", "==", ">"].index(words[1]) - 1 for words in compared] == [expected for _, _, expected in chunk]


# --- the library, and speed ---------------------------------------------------------------------------------------


def test_univers_is_imported_only_to_order(tmp_path: Path) -> None:
    module = "ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions"
    code = f"import sys, {module}\nsys.exit(any(name.partition('.')[0] == 'univers' for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False)
    assert done.returncode == 0


def test_a_missing_univers_is_an_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "univers", None)
    monkeypatch.delitem(sys.modules, "univers.versions", raising=False)
    for package_type in ("npm", "maven", "composer"):
        with pytest.raises(ImportError, match="univers"):
            sort_newest_first(packages_of(["1.0"]), package_type)


@pytest.mark.parametrize("package_type", ["npm", "debian", "maven", "rpm"])
def test_100_000_versions_take_seconds(package_type: str) -> None:
    source = random.Random(1)
    versions = (f"{source.randint(0, 9)}.{source.randint(0, 99)}.{n}-{source.randint(1, 99)}" for n in range(100_000))
    packages = packages_of(versions)
    started = time.process_time()
    sort_newest_first(packages, package_type)
    # It takes 1 to 2 s; comparing by univers itself takes minutes for some types.
    assert time.process_time() - started < 20
