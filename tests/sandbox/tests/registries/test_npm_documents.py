# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""npm's documents, and the body that holds a tarball as base64."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gitlab_sandbox.registries.npm.body import LARGEST_DOCUMENT, BodyError, PublishBody
from gitlab_sandbox.registries.npm.documents import (
    Publication,
    PublicationError,
    Version,
    dist_tags,
    metadata,
    read_publication,
)
from gitlab_sandbox.registries.semver import precedence


class Bytes(bytearray):
    def write(self, data: bytes) -> None:
        self.extend(data)


def read(body: bytes, step: int) -> tuple[dict[str, Any], dict[str, bytes]]:
    sinks: dict[str, Bytes] = {}
    reading = PublishBody(lambda name: sinks.setdefault(name, Bytes()))
    for at in range(0, len(body), step):
        reading.feed(body[at : at + step])
    return reading.document(), {name: bytes(sink) for name, sink in sinks.items()}


@pytest.mark.parametrize("step", [1, 3, 65536])
@pytest.mark.parametrize("size", [100, 101, 102, 0])
@pytest.mark.parametrize("form", ["plain", "indented", "escaped", "unpadded"])
def test_the_tarball_goes_one_way_and_the_document_another(step: int, size: int, form: str) -> None:
    tarball = bytes(range(256))[:size]
    data = base64.b64encode(tarball).decode()
    document = {
        "name": "@a/b",
        # What only looks like the place of the data.
        "versions": {"1.0.0": {"_attachments": {"x": {"data": 'k\\ept"} \u00e4'}}, "readme": '{ "data": [,:'}},
        "list": ["data", {"data": "kept"}],
        "_attachments": {
            "@a/b-1.0.0.tgz": {"data": data.rstrip("=") if form == "unpadded" else data, "length": size},
            "deep": {"x": {"data": "kept"}},
        },
        "last": 1,
    }
    text = json.dumps(document, indent=2 if form == "indented" else None)
    document["_attachments"]["@a/b-1.0.0.tgz"]["data"] = ""  # type: ignore[index]
    body = (text.replace("/", "\\/") if form == "escaped" else text).encode()
    assert read(body, step) == (document, {"@a/b-1.0.0.tgz": tarball})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"}",
        b'{"a":',
        b'{"\xff":1}',
        b'{"_attachments":{"x":{"data":"abcd',
        b'{"_attachments":{"x":{"data":"ab!c"}}}',
        b'{"_attachments":{"x":{"data":"ab==abcd"}}}',
        b'{"_attachments":{"x":{"data":"abcde"}}}',
        b'{"_attachments":{"x":{"data":"ab\\u0063d"}}}',
        b'{"a":"%s"}' % (b"x" * LARGEST_DOCUMENT),
    ],
)
@pytest.mark.parametrize("step", [1, 65536])
def test_what_is_no_such_body_is_refused(body: bytes, step: int) -> None:
    with pytest.raises(BodyError):
        read(body, step if len(body) < 1000 else 65536)


def publication(**changes: Any) -> dict[str, Any]:
    return {
        "name": "@a/b",
        "versions": {"1.0.0": {"dist": {"shasum": "0" * 40, "integrity": "sha512-x"}}},
        "dist-tags": {"latest": "1.0.0"},
        **changes,
    }


def test_what_a_publication_says() -> None:
    data = {"dist": {"shasum": "0" * 40, "integrity": "sha512-x"}, "bin": {"b": "b.js"}, "readme": "long"}
    assert read_publication(publication(versions={"1.0.0": {**data, "scripts": {"install": "x"}}})) == Publication(
        name="@a/b",
        version="1.0.0",
        tag="latest",
        file_name="@a/b-1.0.0.tgz",
        shasum="0" * 40,
        package_json={"bin": {"b": "b.js"}, "hasInstallScript": True, "integrity": "sha512-x"},
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": None}, "Name is invalid"),
        ({"name": "../b"}, "Name is invalid"),
        ({"name": "b" * 215}, "Name is invalid"),
        ({"versions": {}}, "Version is empty."),
        ({"versions": {"1.0.0": None}}, "Version is empty."),
        ({"versions": {"1.0": {}}}, "Version is invalid"),
        ({"dist-tags": {}}, "Tag is invalid"),
    ],
)
def test_what_cannot_be_published(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(PublicationError, match=error):
        read_publication(publication(**changes))


def test_metadata_shows_the_stored_package_json_and_where_the_tarball_is() -> None:
    versions = [
        Version("1.0.0", {"bin": "b.js", "integrity": "sha512-x"}, "http://h/1.tgz", "aa", "sha256-y"),
        Version("1.10.0", {}, "http://h/2.tgz", None, "sha256-y"),
    ]
    assert metadata("b", versions, {"old": "1.0.0"}) == {
        "name": "b",
        "versions": {
            "1.0.0": {
                "name": "b",
                "version": "1.0.0",
                "bin": "b.js",
                "dist": {"tarball": "http://h/1.tgz", "shasum": "aa", "integrity": "sha512-x"},
            },
            "1.10.0": {
                "name": "b",
                "version": "1.10.0",
                "dist": {"tarball": "http://h/2.tgz", "integrity": "sha256-y"},
            },
        },
        "dist-tags": {"old": "1.0.0", "latest": "1.10.0"},
    }


def test_a_tag_latest_stays_where_it_is() -> None:
    assert dist_tags(["2.0.0", "1.0.0"], {"latest": "1.0.0"}) == {"latest": "1.0.0"}


def test_versions_are_ordered_as_semver_says() -> None:
    # The example of https://semver.org, rule 11, and what is no version.
    versions = [
        "nightly",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.9.0",
        "1.10.0",
    ]
    other_way_round = versions[::-1]
    assert sorted(other_way_round, key=precedence) == versions
