# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each type's files tell of themselves, and what is no such file; bodies that stream."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import tarfile
import tracemalloc
import typing as t
import zipfile

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats import format_of
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.archive_only import REASONS
from ansible_collections.registryops.gitlab.plugins.module_utils._files.presence import compare
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import (
    Content,
    base64_in,
    multipart,
    raw,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import FileDiffers
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import PACKAGE_TYPES

#: None of these formats asks GitLab for anything.
API = PackagesApi(Client(Connection("http://127.0.0.1:1")))


def tar(**files: bytes) -> bytes:
    """A .tar.gz of files in one folder; ``__`` in a key is a dot."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/{name.replace('__', '.').replace('_-', '-')}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def entry(name: str, data: bytes = b"", file_id: int = 1, **told: t.Any) -> dict[str, t.Any]:
    """A file of a manifest."""
    file = {"id": file_id, "file_name": name, "size": len(data), **told}
    return {"file": file, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def collected(kind: str, name: str, file_name: str, data: bytes, version: str | None = "1.0.0") -> t.Any:
    """What is collected of one file, and why that cannot be restored."""
    package = {"id": 7, "name": name, "version": version, "package_type": kind, "tags": [{"name": "latest"}, "next"]}
    form, entries = format_of(kind), [entry(file_name, data)]
    found = form.collect(API, 1, package, entries, lambda _sha256: io.BytesIO(data))
    assert json.loads(json.dumps(found)) == found
    return found, form.why_not(package, entries, found)


def test_every_type_is_restored_or_says_why_not() -> None:
    restored = {"generic", "maven", "npm", "pypi", "terraform_module", "nuget", "helm"}
    assert restored | set(REASONS) == set(PACKAGE_TYPES)
    for kind in REASONS:
        assert format_of(kind).why_not({"package_type": kind}, [], None) == REASONS[kind]
    assert "packages of type 'newer' are not known here" in (format_of("newer").why_not({}, [], None) or "")


def test_npm_takes_its_description_out_of_the_tarball() -> None:
    described = {"name": "@acme/ui", "version": "9", "bin": "cli.js", "bundledDependencies": ["a"]}
    data = tar(package__json=json.dumps(described).encode(), binding__gyp=b"{}")
    found, reason = collected("npm", "@acme/ui", "@acme/ui-1.0.0.tgz", data)
    assert reason is None
    assert found["package_json"] == {
        "name": "@acme/ui",
        "version": "9",
        "bin": {"ui": "cli.js"},
        "bundleDependencies": ["a"],
        "scripts": {"install": "node-gyp rebuild"},
        "gypfile": True,
        "hasInstallScript": True,
    }
    assert found["tags"] == ["latest", "next"]
    assert found["shasum"] == hashlib.sha1(data).hexdigest()
    assert found["integrity"] == "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


@pytest.mark.parametrize(
    ("kind", "name", "file_name", "data", "why"),
    [
        ("npm", "ui", "ui.tgz", b"no tarball", "no tarball with a package.json"),
        ("npm", "ui", "ui.tgz", tar(other=b""), "no tarball with a package.json"),
        ("npm", "ui", "ui.tgz", tar(package__json=b"[]"), "no tarball with a package.json"),
        ("nuget", "Acme.Log", "acme.log.nupkg", b"no zip", "no NuGet package"),
        ("nuget", "Acme.Log", "acme.log.nupkg", zipped({"lib/a.nuspec": b"<package/>"}), "no NuGet package"),
        ("nuget", "Acme.Log", "acme.log.nupkg", zipped({"a.nuspec": b"<!DOCTYPE a><package/>"}), "no NuGet package"),
        ("nuget", "Acme.Log", "acme.log.nupkg", zipped({"a.nuspec": b"<package/>"}), "names another package"),
        ("nuget", "Acme.Log", "acme.log.snupkg", b"", "it has 0 files .nupkg"),
        ("terraform_module", "net", "net.tgz", b"", "is not <name>/<system>"),
        ("generic", "a b", "file", b"", "its name 'a b' is none that GitLab's generic registry takes"),
        ("generic", "a", "~file", b"", "the file name '~file' is none"),
        ("generic", "a", "docs%2F..%2Ffile", b"", "is none that GitLab's generic registry takes"),
        ("generic", "a", "docs%2Fde%2Ffi~le@1", b"", None),
        ("maven", "com/a", "a.jar", b"", None),
        ("maven", "com/a", "a.jar.sha1", b"", "it has no files"),
    ],
    ids=map(str, itertools.count()),
)
def test_what_cannot_be_restored_is_known_before(
    kind: str, name: str, file_name: str, data: bytes, why: str | None
) -> None:
    reason = collected(kind, name, file_name, data)[1]
    assert (reason is None) if why is None else (why in (reason or ""))


def test_mavens_list_of_versions_is_gitlabs() -> None:
    assert "the list of all versions" in collected("maven", "com/a", "maven-metadata.xml", b"<metadata/>", None)[1]


METADATA = (
    "Metadata-Version: 2.1\nName: acme\nVersion: 1.0.0\nSummary: Größe\nRequires-Python: >=3.9,<4\n"
    "Description-Content-Type: text/markdown\n\n# Acme\n"
).encode()


@pytest.mark.parametrize(
    ("file_name", "data"),
    [
        ("acme-1.0.0-py3-none-any.whl", zipped({"acme/x.py": b"", "acme-1.0.0.dist-info/METADATA": METADATA})),
        ("acme-1.0.0.tar.gz", tar(**{"PKG_-INFO": METADATA})),
        ("acme-1.0.0.zip", zipped({"acme-1.0.0/PKG-INFO": METADATA})),
    ],
    ids=["wheel", "sdist", "zip"],
)
def test_pypi_takes_its_fields_out_of_the_distribution(file_name: str, data: bytes) -> None:
    found, reason = collected("pypi", "acme", file_name, data)
    assert reason is None
    assert found["metadata"]["1"] == {
        "metadata_version": "2.1",
        "requires_python": ">=3.9,<4",
        "summary": "Größe",
        "description_content_type": "text/markdown",
        "description": "# Acme",
    }


def test_what_pypi_cannot_read_is_told_as_lost() -> None:
    found, reason = collected("pypi", "acme", "acme-1.0.0.whl", b"no zip")
    assert reason is None
    manifest = {"package": {"status": "deprecated"}, "restore": {"data": found}}
    assert format_of("pypi").lost(manifest)[-2:] == ["status", "requires_python"]


def test_presence_goes_by_the_strongest_checksum_that_is_told() -> None:
    form = format_of("maven")
    data, other = b"jar", b"war"
    sums = {"file_sha1": hashlib.sha1(data).hexdigest().upper(), "file_md5": hashlib.md5(data).hexdigest()}
    due = [entry("a.jar", data, **sums)]

    def there(**told: t.Any) -> dict[str, t.Any]:
        return {"id": 9, "file_name": "a.jar", "size": 3, "file_sha256": None, "file_sha1": None, **told}

    assert compare(form, due, [there(file_sha256=hashlib.sha256(data).hexdigest())]).missing == []
    assert compare(form, due, [there(file_sha1=hashlib.sha1(data).hexdigest())]).missing == []
    assert compare(form, due, [there(file_md5=hashlib.md5(data).hexdigest())]).missing == []
    assert compare(form, due, [there(file_sha1=hashlib.sha1(other).hexdigest(), file_md5=sums["file_md5"])]).other
    assert compare(form, due, [there()]).other  # nothing is told, so nothing is known to be the same
    assert compare(form, due, []).missing == due


class Endless(io.RawIOBase):
    """A file of zeros of some size, which gives a little at a time."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        given = min(self._left, 10_007, size)
        self._left -= given
        return bytes(given)


def zeros(size: int) -> str:
    digest = hashlib.sha256()
    for _piece in range(size // 2**20):
        digest.update(bytes(2**20))
    digest.update(bytes(size % 2**20))
    return digest.hexdigest()


@pytest.mark.parametrize("size", [0, 1, 196_607, 196_608, 196_609, 700_001])
def test_bodies_are_what_they_announce(size: int) -> None:
    content = Content(lambda: t.cast(t.BinaryIO, Endless(size)), size, zeros(size), "here")
    assert b"".join(raw(content)().pieces) == bytes(size)
    document = base64_in(b'{"data": "', content, b'"}')
    for _time in range(2):  # it can be made anew
        body = document()
        sent = b"".join(body.pieces)
        assert len(sent) == body.size
        assert base64.b64decode(json.loads(sent)["data"], validate=True) == bytes(size)
    form, kind = multipart({"name": "größe", ":action": "a\r\nb"}, "content", 'a"\r\nb', content)
    sent = b"".join(form().pieces)
    assert len(sent) == form().size
    boundary = kind.partition("boundary=")[2].encode()
    assert sent.count(b"--" + boundary) == 4
    assert b'name="content"; filename="a%22%0D%0Ab"\r\n' in sent


def test_a_content_that_is_not_what_it_was_is_never_sent_whole() -> None:
    content = Content(lambda: io.BytesIO(b"x" * 500_000), 500_000, zeros(500_000), "the content of the archive")
    sent = 0

    def send() -> None:
        nonlocal sent
        for piece in raw(content)().pieces:
            sent += len(piece)

    with pytest.raises(FileDiffers, match="the content of the archive is damaged or was changed"):
        send()
    assert sent < 500_000


def test_a_body_holds_pieces_only() -> None:
    size = 32 * 2**20
    content = Content(lambda: t.cast(t.BinaryIO, Endless(size)), size, zeros(size), "here")
    tracemalloc.start()
    try:
        sent = sum(map(len, base64_in(b"", content, b"")().pieces))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent > size
    assert peak < 4 * 2**20
