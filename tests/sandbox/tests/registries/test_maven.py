# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Maven registry, by the rules of its layout (contract, registries, C)."""

from __future__ import annotations

import hashlib
from typing import Any
from xml.etree import ElementTree

import pytest

METADATA = (
    "<metadata><groupId>com.acme</groupId><artifactId>{artifact}</artifactId><versioning><latest>{last}</latest>"
    "<release>{release}</release><versions>{versions}</versions><lastUpdated>20200101000000</lastUpdated>"
    "</versioning></metadata>"
)


def sums(data: bytes) -> dict[str, str]:
    return {"sha1": hashlib.sha1(data).hexdigest(), "md5": hashlib.md5(data).hexdigest()}


def deploy(registry: Any, folder: str, contents: dict[str, bytes], **options: Any) -> None:
    """What ``mvn deploy`` does for each file: the bytes, then their checksums."""
    for file_name, data in contents.items():
        assert registry.put(f"{folder}/{file_name}", data=data, **options).status_code == 200
        for kind, status in (("sha1", 204), ("md5", 200)):
            answer = registry.put(f"{folder}/{file_name}.{kind}", data=sums(data)[kind].encode(), **options)
            assert answer.status_code == status


def metadata(artifact: str, *versions: str) -> bytes:
    return METADATA.format(
        artifact=artifact,
        last=versions[-1],
        release=versions[-1],
        versions="".join(f"<version>{version}</version>" for version in versions),
    ).encode()


def test_a_release_with_its_checksums_and_metadata(shop: Any, number: int) -> None:
    name = f"com/acme/app-{number}"
    contents = {f"app-{number}-1.0.{suffix}": suffix.encode() * 1000 for suffix in ("jar", "pom", "jar.sha256")}
    deploy(shop, f"/maven/{name}/1.0", contents, token="glpat-sam")
    listing = metadata(f"app-{number}", "1.0")
    deploy(shop, f"/maven/{name}", {"maven-metadata.xml": listing}, token="glpat-sam")

    packages = {package["version"]: package for package in shop.packages("maven", name)}
    assert set(packages) == {"1.0", None}
    shop.check_bytes(packages["1.0"], contents)
    shop.check_bytes(packages[None], {"maven-metadata.xml": listing})

    for folder, files in ((f"/maven/{name}/1.0", contents), (f"/maven/{name}", {"maven-metadata.xml": listing})):
        for file_name, data in files.items():
            assert shop.get(f"{folder}/{file_name}", "glpat-rita").content == data
            for kind in ("sha1", "md5"):
                answer = shop.get(f"{folder}/{file_name}.{kind}", "glpat-rita")
                assert (answer.text, answer.headers["Content-Type"]) == (sums(data)[kind], "text/plain")
    assert shop.call("HEAD", f"/maven/{name}/1.0/app-{number}-1.0.jar").headers["Content-Length"] == "3000"


def test_a_snapshot_with_builds_and_classifiers(shop: Any, number: int) -> None:
    name = f"com/acme/snap-{number}"
    folder = f"/maven/{name}/1.0-SNAPSHOT"
    builds = [f"snap-{number}-1.0-2025010{day}.120000-{day}" for day in (1, 2)]
    contents = {
        f"{build}{end}": f"{build}{end}".encode() for build in builds for end in (".jar", "-sources.jar", ".pom")
    }
    deploy(shop, folder, contents)
    # The metadata of the builds lies with them, not in the versionless package.
    deploy(shop, folder, {"maven-metadata.xml": b"<metadata/>"})
    (package,) = shop.packages("maven", name)
    assert package["version"] == "1.0-SNAPSHOT"
    shop.check_bytes(package, {**contents, "maven-metadata.xml": b"<metadata/>"})


def test_of_equal_names_the_newest_is_served(shop: Any, number: int) -> None:
    path = f"/maven/com/acme/twice-{number}/1.0/a.jar"
    for data in (b"one", b"two"):
        assert shop.put(path, data=data).status_code == 200
    assert shop.get(path).content == b"two"
    assert shop.get(f"{path}.sha1").text == sums(b"two")["sha1"]
    (package,) = shop.packages("maven", f"com/acme/twice-{number}")
    assert [file["size"] for file in shop.files(package["id"])] == [3, 3]


def test_a_wrong_checksum_is_a_conflict(shop: Any, number: int) -> None:
    path = f"/maven/com/acme/wrong-{number}/1.0/a.jar"
    shop.put(path, data=b"one")
    assert shop.put(f"{path}.sha1", data=sums(b"other")["sha1"].encode()).status_code == 409
    assert shop.put(f"{path}.md5", data=b"anything").status_code == 200
    assert shop.put(f"/maven/com/acme/wrong-{number}/1.0/b.jar.sha1", data=b"0" * 40).status_code == 404
    (package,) = shop.packages("maven", f"com/acme/wrong-{number}")
    shop.check_bytes(package, {"a.jar": b"one"})


def test_a_deletion_rewrites_the_metadata(shop: Any, number: int) -> None:
    name = f"com/acme/gone-{number}"
    for version in ("1.0", "1.1", "2.0"):
        shop.put(f"/maven/{name}/{version}/a.jar", data=b"jar")
    listing = metadata("gone", "1.0", "1.1", "2.0")
    shop.put(f"/maven/{name}/maven-metadata.xml", data=listing)
    packages = {package["version"]: package["id"] for package in shop.packages("maven", name)}

    assert shop.call("DELETE", f"/{packages['2.0']}").status_code == 204
    answer = shop.get(f"/maven/{name}/maven-metadata.xml")
    versioning = ElementTree.fromstring(answer.content).find("versioning")
    assert versioning is not None
    assert [node.text for node in versioning.iterfind("versions/version")] == ["1.0", "1.1"]
    assert (versioning.findtext("latest"), versioning.findtext("release")) == ("1.1", "1.1")
    assert versioning.findtext("lastUpdated") != "20200101000000"
    for kind in ("sha1", "md5"):
        assert shop.get(f"/maven/{name}/maven-metadata.xml.{kind}").text == sums(answer.content)[kind]
    # It is a further file of the versionless package: the uploaded one is still there.
    files = shop.files(packages[None])
    assert [file["size"] for file in files if file["file_name"] == "maven-metadata.xml"] == [
        len(listing),
        len(answer.content),
    ]

    # With the last version goes the versionless package.
    for version in ("1.0", "1.1"):
        shop.call("DELETE", f"/{packages[version]}")
    assert shop.packages("maven", name) == []
    assert shop.get(f"/maven/{name}/maven-metadata.xml").status_code == 404


def test_a_bulk_deletion_rewrites_the_metadata_too(shop: Any, number: int) -> None:
    name = f"com/acme/bulk-{number}"
    for version in ("1.0", "1.1"):
        shop.put(f"/maven/{name}/{version}/a.jar", data=b"jar")
    shop.put(f"/maven/{name}/maven-metadata.xml", data=metadata("bulk", "1.0", "1.1"))
    (package_id,) = (package["id"] for package in shop.packages("maven", name) if package["version"] == "1.1")
    ids = f'["gid://gitlab/Packages::Package/{package_id}"]'
    answer = shop.graphql(f"mutation {{ destroyPackages(input: {{ids: {ids}}}) {{ errors }} }}")
    assert answer == {"data": {"destroyPackages": {"errors": []}}}
    assert b"1.1" not in shop.get(f"/maven/{name}/maven-metadata.xml").content


def test_duplicates_off(registry_of: Any, number: int) -> None:
    strict = registry_of(47)
    release = f"/maven/com/acme/app-{number}/1.0"
    assert strict.put(f"{release}/a.jar", data=b"one").status_code == 200
    assert strict.put(f"{release}/a.jar.sha1", data=sums(b"one")["sha1"].encode()).status_code == 204
    assert strict.put(f"{release}/a.pom", data=b"one").status_code == 200
    refused = strict.put(f"{release}/a.jar", data=b"two")
    assert (refused.status_code, refused.json()) == (
        400,
        {"message": "400 Bad request - Duplicate package is not allowed"},
    )
    # A file of another build of the same snapshot is a duplicate; metadata never is.
    snapshot = f"/maven/com/acme/app-{number}/2-SNAPSHOT"
    assert strict.put(f"{snapshot}/a-2-20250101.120000-1.jar", data=b"one").status_code == 200
    assert strict.put(f"{snapshot}/a-2-20250101.120000-1-sources.jar", data=b"one").status_code == 200
    assert strict.put(f"{snapshot}/a-2-20250102.120000-2.jar", data=b"two").status_code == 400
    for data in (b"<one/>", b"<two/>"):
        assert strict.put(f"/maven/com/acme/app-{number}/maven-metadata.xml", data=data).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("/maven/com/acme/1.0/a%20b.jar", 400, {"error": "file_name is invalid"}),
        ("/maven/com/acme/%2e%2e/a.jar", 400, {"error": "path is invalid"}),
        ("/maven/com/acme%20x/1.0/a.jar", 400, {"message": "400 Bad request - Validation failed: Name is invalid"}),
        ("/maven/com/acme/1%200/a.jar", 400, {"message": "400 Bad request - Validation failed: Version is invalid"}),
        ("/maven/1.0/a.jar", 400, {"message": "400 Bad request - Validation failed: Name is invalid"}),
    ],
)
def test_what_cannot_be_deployed(shop: Any, path: str, status: int, answer: dict[str, str]) -> None:
    refused = shop.put(path, data=b"jar")
    assert (refused.status_code, refused.json()) == (status, answer)


def test_what_is_not_there(shop: Any) -> None:
    for path in ("/maven/com/acme/missing/1.0/a.jar", "/maven/com/acme/missing/maven-metadata.xml.sha1"):
        assert shop.get(path).status_code == 404
