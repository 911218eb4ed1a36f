# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prereleases and lines of versions: tables for each ecosystem, held against its own library where there is one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import packaging.version
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._packages import version_parts
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.version_parts import (
    Line,
    is_prerelease,
    major_minor,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.versions import version_key_for
from ansible_collections.registryops.gitlab.tests.unit.module_utils._packages.test_versions import node_semver
from ansible_collections.registryops.gitlab.tests.unit.module_utils._packages.version_orders import (
    HOSTILE,
    NO_VERSIONS,
    ORDERS,
)

#: For each type: prereleases, then releases.
PRERELEASES: dict[str, tuple[str, str]] = {
    "npm": (
        "1.0.0-0 1.0.0-alpha 1.0.0-beta.2 1.0.0-rc.1+build.5 1.0.0--1 19.0.0-canary-abc-20240101 v1.0.0-next.3",
        "0.0.0 1.0.0 v1.0.0 1.0.0+build.5 1.0.0+rc-1 9007199254740991.0.0",
    ),
    "generic": ("1.2-beta 1.2.3rc1 1.2.3.4-rc1 20240201-1", "1 1.2 V1.2.0.0 1.2.3.4 2024.01.15 20240131"),
    "helm": ("0.1.0-rc.1", "0.1.0 v0.1.0+abc"),
    "terraform_module": ("0.1.0-rc.1", "0.1.0"),
    "conan": ("1.3-rc1", "1.3 1.3.1"),
    "ml_model": ("1.0.0-candidate1", "1.0.0"),
    "some_day": ("1.0.0-rc.1", "1.0.0"),
    "pypi": (
        "1.0a1 1.0.alpha-12 1.0b2.post345 1.0rc1 1.0-c1 1.0.dev456 1.0.post456.dev34 1!2.0.dev1 1.0rc1+local",
        "1 1.0 v1.0 1.0.post456 1.0-456 1.0+dev 1!0.1 2024.1",
    ),
    "maven": (
        "1.0-SNAPSHOT 1.0-alpha-1 1.0-a1 1.0.0.Beta2 1.0-b2 1.0-M9 1.0.0.M1 1.0-milestone-1 1.0-RC1 1.0.CR1 1.0-rc"
        " 1.0-rc-jre 1.0-jre-SNAPSHOT 1.0-alpha-10-SNAPSHOT 1.0rc1",
        "1.0 1.2-ga 1.2.Final 1.2.RELEASE 1.2-sp-1 1.2-1 31.1-jre 31.1-android 1.0-m 1.0-a-jre 1.0-pre 1.0-preview-2"
        " 1.0-dev 1.0-incubating 1.0-20240101.120000-1 20040616",
    ),
    "nuget": ("1.0.0-alpha 1.0-Beta.2 1.0.0.1-rc 1.0.0-0", "1.0 1.0.0 1.0.0.1 1.00.0 1.0.0+abc-rc"),
    "composer": (
        "dev-main dev-feature/login DEV-x 1.x-dev 2.0.x-dev 1.0.0-dev 1.0.0-alpha1 1.0.0b2 1.0.0-RC1 1.0.0-beta2-dev"
        " 1.0.0-p1-dev",
        "1.0 v1.0.0 1.0.0.1 1.0.0-stable 1.0.0-patch1 1.0.0-p1 20240131-203040",
    ),
    "rubygems": ("1.0.a.2 1.0.b1 1.0.0.pre2 1.0.0-1 1.1.a.0.1", "1 1.0.0 5.0.0.10"),
    "debian": (
        "1.0~rc1-1 1.0~~ 1.0~ 1:0.1~rc1 2.0~git20240101.abc-1",
        "1.0 1.0-1 1.0-1~bpo12+1 1.0-1+b1 1.0+dfsg-1 1.0-beta-1 1:0.1 1.0-0ubuntu1~22.04.1",
    ),
    "rpm": (
        "1.0~rc1-1 1.0~rc1-1.el8 1.0^20240102~pre-1 1:1.0~b-1",
        "1.0 1.0-1 1.0-0.1.rc1.el8 1.0-1~bp1 1.0^20240101-1",
    ),
    "golang": (
        "v0.0.0-20181109021931-daa7c04131f5 v1.2.3-pre v1.2.4-0.20191109021931-daa7c04131f5"
        " v2.0.1-0.20191109021931-daa7c04131f5+incompatible",
        "v0.1.0 v1.2.3 v2.0.0+incompatible",
    ),
}
#: Versions and their epoch, major and minor.
LINES: dict[str, dict[str, tuple[int, int, int]]] = {
    "npm": {"1.2.3": (0, 1, 2), "v1.10.0-rc.1": (0, 1, 10), "0.0.0": (0, 0, 0)},
    "generic": {
        "1": (0, 1, 0),
        "1.0": (0, 1, 0),
        "2024.01.15": (0, 2024, 1),
        "1.2.3.4": (0, 1, 2),
        "20240131": (0, 20240131, 0),
    },
    "golang": {"v0.0.0-20181109021931-daa7c04131f5": (0, 0, 0), "v2.1.0+incompatible": (0, 2, 1)},
    "pypi": {"1.dev0": (0, 1, 0), "1!2.3": (1, 2, 3), "1.2.post1": (0, 1, 2), "2024.1": (0, 2024, 1)},
    "maven": {
        "1": (0, 1, 0),
        "1.2.3": (0, 1, 2),
        "1-2": (0, 1, 0),
        "1.0-SNAPSHOT": (0, 1, 0),
        "1.10-jre": (0, 1, 10),
        "0.0.1": (0, 0, 0),
        "0.9-rc1": (0, 0, 9),
        "31.1.2-jre": (0, 31, 1),
    },
    "nuget": {"1.2.3.4": (0, 1, 2), "1.02-rc": (0, 1, 2), "3.0": (0, 3, 0)},
    "composer": {"v1.2.3": (0, 1, 2), "2.0-beta1": (0, 2, 0), "2.0.x-dev": (0, 2, 0)},
    "rubygems": {"1.2.3": (0, 1, 2), "1.0.a.2": (0, 1, 0), "0.0.1": (0, 0, 0), "1.a.0": (0, 1, 0), "5": (0, 5, 0)},
    "debian": {
        "1.2.3-1": (0, 1, 2),
        "1:0.1~rc1": (1, 0, 1),
        "1.0~rc2-1": (0, 1, 0),
        "2024.01-3": (0, 2024, 1),
        "7+20240101": (0, 7, 20240101),
        "9-2": (0, 9, 0),
    },
    "rpm": {"1.2.3-1.el8": (0, 1, 2), "2:0.1-1": (2, 0, 1), "9-2": (0, 9, 0), "1_0-1": (0, 1, 0)},
}
TYPES = sorted(PRERELEASES)


@pytest.mark.parametrize("package_type", TYPES)
def test_prereleases_and_releases_of_the_table(package_type: str) -> None:
    for expected, versions in zip((True, False), PRERELEASES[package_type]):
        for version in versions.split():
            assert is_prerelease(version, package_type) is expected, version


@pytest.mark.parametrize("package_type", sorted(LINES))
def test_lines_of_the_table(package_type: str) -> None:
    for version, line in LINES[package_type].items():
        assert major_minor(version, package_type) == Line(*line), version


@pytest.mark.parametrize("package_type", sorted(NO_VERSIONS))
def test_what_does_not_parse_is_neither_and_has_no_line(package_type: str) -> None:
    for version in (*NO_VERSIONS[package_type], None, "", " ", "1.0." + "0" * 260):
        branch = package_type == "composer" and str(version).startswith("dev-")
        assert is_prerelease(version, package_type) is (True if branch else None), version
        assert major_minor(version, package_type) is None


@pytest.mark.parametrize("package_type", TYPES)
def test_hostile_versions_raise_nothing(package_type: str) -> None:
    for version in HOSTILE:
        assert is_prerelease(version, package_type) in (True, False, None)


@given(st.sampled_from(TYPES), st.from_regex(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}", fullmatch=True))
def test_the_short_way_of_plain_versions_leads_to_the_same(package_type: str, version: str) -> None:
    long_way = version_parts._parsed(version, package_type, version_key_for(package_type)(version))
    assert (is_prerelease(version, package_type), major_minor(version, package_type)) == long_way


@given(st.sampled_from(sorted(ORDERS)), st.data())
def test_equal_versions_are_of_one_line(package_type: str, data: st.DataObject) -> None:
    versions = data.draw(st.sampled_from([line.split() for line in ORDERS[package_type]]))
    assert len({major_minor(version, package_type) for version in versions}) == 1
    assert len({is_prerelease(version, package_type) for version in versions}) == 1


def test_a_line_for_people() -> None:
    assert (str(Line(0, 1, 10)), Line(0, 1, 10).of_major) == ("1.10", "1")
    assert (str(Line(1, 2, 0)), Line(1, 2, 0).of_major) == ("1:2.0", "1:2")


# --- the ecosystems' own libraries --------------------------------------------------------------------------------


def test_npm_agrees() -> None:
    versions = [version for line in ORDERS["npm"] for version in line.split()]
    versions += [version for group in PRERELEASES["npm"] for version in group.split()]
    ours = [[is_prerelease(v, "npm"), *(major_minor(v, "npm") or ())[1:]] for v in versions]
    assert None not in [told[0] for told in ours]
    module = node_semver()
    if module is None:
        return
    script = (
        "const semver = require(process.argv[1]);"
        "const versions = JSON.parse(require('fs').readFileSync(0));"
        "console.log(JSON.stringify(versions.map(v =>"
        " [semver.prerelease(v) !== null, semver.major(v), semver.minor(v)])))"
    )
    done = subprocess.run(
        ["node", "-e", script, module], input=json.dumps(versions), capture_output=True, text=True, check=True
    )
    assert ours == json.loads(done.stdout)


def test_packaging_agrees() -> None:
    versions = [version for line in ORDERS["pypi"] for version in line.split()]
    versions += [version for group in PRERELEASES["pypi"] for version in group.split()]
    for version in versions:
        parsed = packaging.version.Version(version)
        assert is_prerelease(version, "pypi") is parsed.is_prerelease
        assert major_minor(version, "pypi") == (parsed.epoch, parsed.major, parsed.minor)


def test_dpkg_agrees_on_what_comes_before_a_release() -> None:
    versions = [version for group in PRERELEASES["debian"] for version in group.split()]
    dpkg = shutil.which("dpkg")
    for version in versions:
        upstream = version.rpartition("-")[0] or version
        prerelease = is_prerelease(version, "debian")
        assert prerelease is ("~" in upstream)
        if dpkg is not None:
            command = [dpkg, "--compare-versions", upstream, "lt", upstream.partition("~")[0]]
            assert (subprocess.run(command, check=False).returncode == 0) is prerelease, version


# --- the library, and speed ---------------------------------------------------------------------------------------


def test_a_missing_univers_is_an_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "univers", None)
    monkeypatch.delitem(sys.modules, "univers.versions", raising=False)
    version_parts._parts.cache_clear()
    for version in ("1.0.0", "1.0.0-rc.1"):
        with pytest.raises(ImportError, match="univers"):
            is_prerelease(version, "npm")


def test_asking_twice_parses_once() -> None:
    version_parts._parts.cache_clear()
    for n in range(1000):
        assert is_prerelease(f"1.0.{n}-rc.1", "npm")
        assert major_minor(f"1.0.{n}-rc.1", "npm") == (0, 1, 0)
    assert version_parts._parts.cache_info().misses == 1000
