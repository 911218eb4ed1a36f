# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maven's paths, and its metadata brought in line."""

from __future__ import annotations

from datetime import datetime

import pytest

from gitlab_sandbox.registries.maven.layout import Place, read_place, valid, without_build
from gitlab_sandbox.registries.maven.metadata import rewrite

NOW = datetime(2025, 3, 4, 5, 6, 7)


def document(versions: str, marks: str = "", updated: str = "<lastUpdated>20200101000000</lastUpdated>") -> bytes:
    return (
        f"<metadata><groupId>com.acme</groupId><artifactId>app</artifactId><versioning>{marks}"
        f"<versions>{versions}</versions>{updated}</versioning></metadata>"
    ).encode()


@pytest.mark.parametrize(
    ("path", "place", "package"),
    [
        ("com/acme/app/1.0/app-1.0.jar", Place("com/acme/app/1.0", "app-1.0.jar", None), ("com/acme/app", "1.0")),
        (
            "com/acme/app/1.0/app-1.0.jar.sha1",
            Place("com/acme/app/1.0", "app-1.0.jar", "sha1"),
            ("com/acme/app", "1.0"),
        ),
        (
            "com/acme/app/1.0/app-1.0.jar.sha256",
            Place("com/acme/app/1.0", "app-1.0.jar.sha256", None),
            ("com/acme/app", "1.0"),
        ),
        ("com/acme/app/maven-metadata.xml", Place("com/acme/app", "maven-metadata.xml", None), ("com/acme/app", None)),
        (
            "com/acme/app/1-SNAPSHOT/maven-metadata.xml.md5",
            Place("com/acme/app/1-SNAPSHOT", "maven-metadata.xml", "md5"),
            ("com/acme/app", "1-SNAPSHOT"),
        ),
    ],
)
def test_which_package_a_path_means(path: str, place: Place, package: tuple[str, str]) -> None:
    assert read_place(path) == place
    assert place.package == package
    assert place.package in place.candidates


@pytest.mark.parametrize(
    "path", ["app.jar", "/app.jar", "a//b.jar", "a/../1/b.jar", "a/./1/b.jar", "a/1/", "a/1/b c.jar", "a/1/ä.jar"]
)
def test_what_is_no_path(path: str) -> None:
    assert read_place(path) is None


@pytest.mark.parametrize(
    ("name", "version", "error"),
    [
        ("com/acme/app", "1.0", None),
        ("com/acme/app", None, None),
        ("", "1.0", "Validation failed: Name is invalid"),
        ("com/acme app", "1.0", "Validation failed: Name is invalid"),
        ("com/acme", "1..0", "Validation failed: Version is invalid"),
        ("com/acme", "1 0", "Validation failed: Version is invalid"),
    ],
)
def test_names_and_versions(name: str, version: str, error: str) -> None:
    assert valid(name, version) == error


def test_builds_of_a_snapshot_are_duplicates_of_each_other() -> None:
    assert without_build("1-SNAPSHOT", "app-1-20250102.030405-12-sources.jar") == "app-1-sources.jar"
    assert without_build("1", "app-1-20250102.030405-12.jar") == "app-1-20250102.030405-12.jar"


def test_metadata_is_brought_in_line_with_the_versions() -> None:
    before = document(
        "<version>1.0</version><version>1.1</version><version>2-SNAPSHOT</version>",
        "<latest>2-SNAPSHOT</latest><release>1.1</release>",
    )
    after = rewrite(before, ["1.0", "2-SNAPSHOT"], NOW)
    assert after is not None
    assert b"".join(after.split()) == (
        b"<?xmlversion='1.0'encoding='UTF-8'?>"
        + document(
            "<version>1.0</version><version>2-SNAPSHOT</version>",
            "<latest>2-SNAPSHOT</latest><release>1.0</release>",
            "<lastUpdated>20250304050607</lastUpdated>",
        )
    )


def test_without_a_release_there_is_no_mark_of_one() -> None:
    after = rewrite(document("<version>1</version>", "<release>1</release>"), ["2-SNAPSHOT"], NOW)
    assert after is not None
    assert b"<version>2-SNAPSHOT</version>" in after
    assert b"release" not in after


@pytest.mark.parametrize(
    "same",
    [
        document("<version>1.0</version>", "<latest>1.0</latest><release>1.0</release>"),
        # What GitLab does not take for metadata of versions, it leaves alone.
        document("<version>1.0</version>", updated=""),
        b"<metadata/>",
        b"<other><versioning><versions/><lastUpdated/></versioning></other>",
        b"not XML",
    ],
)
def test_what_stays_as_it_is(same: bytes) -> None:
    assert rewrite(same, ["1.0"] if b"1.0" in same and b"lastUpdated" in same else ["2.0"], NOW) is None
