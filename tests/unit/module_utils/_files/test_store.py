# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive on each of its back ends: a directory, memory, and a real S3 server."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import stat
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._files.manifests import Wanted
from ansible_collections.registryops.gitlab.plugins.module_utils._files.names import blob_path, manifest_path
from ansible_collections.registryops.gitlab.plugins.module_utils._files.place import INCOMING, ArchiveError, Missing
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import KINDS, Archive, open_archive
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.tests.unit.module_utils._files.made import SERVER, manifest, put, sha256
from ansible_collections.registryops.gitlab.tests.unit.module_utils._files.s3 import BUCKET, S3, SECRET, slow

At = tuple[str, dict[str, t.Any]]
SMALL, LARGE = b"some bytes", bytes(range(256)) * 70_000  # more than an upload's part


def begin(at: At) -> Archive:
    return open_archive(*at, server=SERVER, create=True)


def everything(archive: Archive) -> list[str]:
    return [path for folder in ("blobs", "packages", INCOMING) for path in archive.place.files(folder)]


def read(archive: Archive, digest: str) -> bytes:
    with contextlib.closing(archive.open_blob(digest)) as file:
        return file.read()


# --- what it holds ------------------------------------------------------------------------------------------------


def test_what_is_put_can_be_read(place: At) -> None:
    archive = begin(place)
    contents = [SMALL, LARGE, b""]
    for content in contents:
        digest = put(archive, content)
        assert archive.has_blob(digest, len(content))
        assert not archive.has_blob(digest, len(content) + 1)
        assert read(archive, digest) == content
    # Under its own name from the beginning, and a second time over what is there.
    with archive.put_blob(sha256(SMALL)) as incoming:
        incoming.start()(b"of a try that failed")
        incoming.start()(SMALL)
        incoming.keep(sha256(SMALL))
    assert read(archive, sha256(SMALL)) == SMALL
    path = archive.put_manifest(manifest(7, *contents))
    again = open_archive(*place, server=SERVER)
    assert list(again.manifests()) == [(path, manifest(7, *contents))]
    assert sorted(everything(again)) == sorted([path, *(blob_path(sha256(content)) for content in contents)])


def test_what_is_not_kept_leaves_nothing(place: At) -> None:
    archive = begin(place)
    with contextlib.suppress(KeyboardInterrupt), archive.put_blob(sha256(LARGE)) as incoming:
        incoming.start()(LARGE)
        raise KeyboardInterrupt
    with archive.put_blob() as incoming:
        incoming.start()(SMALL)
    assert everything(archive) == []
    assert not archive.has_blob(sha256(LARGE), None)
    with pytest.raises(Missing, match=f"blobs/sha256/.*{sha256(LARGE)} cannot be read"):
        archive.open_blob(sha256(LARGE))


def test_one_archive_is_for_one_gitlab(place: At) -> None:
    with pytest.raises(ArchiveError, match=r"there is no archive: archive\.json is not there"):
        open_archive(*place)
    begin(place)
    assert begin(place).head() == {"format_version": "1.0", "server": SERVER}
    assert open_archive(*place).head() == {"format_version": "1.0", "server": SERVER}
    with pytest.raises(ArchiveError, match=r"is of https://gitlab.example.com/api/v4, and api_url is https://other"):
        open_archive(*place, server="https://other.example.com/api/v4", create=True)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"format_version": "2.0", "server": SERVER}, "is of format 2.0, and this release reads format 1.0: it needs"),
        ({"format_version": "1.7", "server": SERVER, "new": 1}, None),
        ({"format_version": 1, "server": SERVER}, "has no format_version"),
        ({"format_version": "1.0"}, "is not what an archive's is"),
        ([], "is not what an archive's is"),
    ],
)
def test_a_newer_format_is_refused(tmp_path: Path, head: t.Any, words: str | None) -> None:
    (tmp_path / "archive.json").write_text(json.dumps(head), encoding="utf-8")
    with pytest.raises(ArchiveError, match=words) if words else contextlib.nullcontext():
        open_archive(str(tmp_path), server=SERVER, create=True)


def test_a_directory_of_somebody_elses_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ArchiveError, match=r"it is not empty and holds no archive\.json"):
        open_archive(str(tmp_path), server=SERVER, create=True)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_an_archive_is_for_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        archive = begin((str(tmp_path / "a" / "archive"), {}))
        put(archive, SMALL)
        archive.put_manifest(manifest(7, SMALL))
    finally:
        os.umask(before)
    for folder, folders, files in os.walk(tmp_path / "a" / "archive"):
        assert {stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) for name in (*folders, ".")} == {0o700}
        assert {stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) for name in files} <= {0o600}


# --- manifests ----------------------------------------------------------------------------------------------------


def test_manifests_are_found_by_what_they_say(place: At) -> None:
    archive = begin(place)
    put(archive, SMALL)
    made = [
        manifest(1, SMALL),
        manifest(2, SMALL, version="1.5.0"),
        manifest(3, SMALL, name="com/acme/Shop", package_type="maven", version=None),
        manifest(4, SMALL, project="acme/web/shop/npm", name="x"),
        manifest(5, SMALL, project=None, name="../../../etc/passwd", version="\0"),
    ]
    made[1]["why"] = {"rule": "old", "reason": "older", "plan_digest": "abc", "run": None}
    for one in made:
        archive.put_manifest(one)

    def ids(**wanted: t.Any) -> set[int]:
        return {found["package"]["id"] for _path, found in archive.manifests(Wanted(**wanted))}

    assert ids() == {1, 2, 3, 4, 5}
    assert ids(project="acme/web/shop") == {1, 2, 3}
    assert ids(project="acme/web/*") == {1, 2, 3, 4}
    assert ids(project="42", name="@acme/*") == {1, 2}
    assert ids(version="1.*") == {1, 2, 4}
    assert ids(package_type="maven") == {3}
    assert ids(plan_digest="abc") == {2}
    assert ids(ids=frozenset([5, 9])) == {5}


def test_a_package_is_archived_again(place: At) -> None:
    archive = begin(place)
    first = manifest(7, SMALL)
    path = archive.put_manifest(first)
    grown = manifest(7, SMALL, b"one more", archived_at="2026-11-02T10:00:00.000Z")
    assert archive.put_manifest(grown) == path
    assert list(archive.manifests(kinds=KINDS)) == [(path, grown)]
    # What an earlier manifest alone holds stays known.
    replaced = manifest(7, b"another content", archived_at="2026-11-03T10:00:00.000Z")
    archive.put_manifest(replaced)
    assert list(archive.manifests()) == [(path, replaced)]
    assert [found for _path, found in archive.manifests(kinds=["older"])] == [grown]
    # Files that went out of a package that stayed have manifests of their own.
    some = {**manifest(7, SMALL), "kind": "files"}
    archive.put_manifest(some)
    assert list(archive.manifests()) == [(path, replaced)]
    assert [found for _path, found in archive.manifests(kinds=["files"])] == [some]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda made: b"{", "is no JSON"),
        (lambda made: b"[" * 100_000, "is no JSON"),
        (lambda made: b"[]", "is no manifest"),
        (lambda made: {**made, "format_version": "2.0"}, "is of format 2.0"),
        (lambda made: {**made, "package": {**made["package"], "id": "7"}}, "has no package.id of the kind that is due"),
        (
            lambda made: {**made, "package": {**made["package"], "id": 8}},
            "does not lie where the package that it names",
        ),
        (lambda made: {**made, "files": [{"file": {}, "sha256": "..", "size": 1}]}, "has no files.id"),
        (lambda made: {**made, "files": [{**made["files"][0], "sha256": "../" * 20}]}, "is no SHA-256"),
        (lambda made: {**made, "archived_at": "yesterday"}, "has no readable time"),
        (lambda made: {key: made[key] for key in made if key != "why"}, "has no why"),
    ],
)
def test_what_is_no_manifest(tmp_path: Path, change: t.Any, words: str) -> None:
    archive = begin((str(tmp_path), {}))
    path = archive.put_manifest(manifest(7, SMALL))
    good = archive.put_manifest(manifest(6, SMALL))
    changed = change(manifest(7, SMALL))
    data = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
    (tmp_path / path).write_bytes(data)
    with pytest.raises(ArchiveError, match=words):
        list(archive.manifests())
    damaged: dict[str, str] = {}
    assert [found for found, _manifest in archive.manifests(damaged=damaged.__setitem__)] == [good]
    assert list(damaged) == [path]


# --- what goes wrong ----------------------------------------------------------------------------------------------


@pytest.fixture
def little_room() -> Iterator[None]:
    """A disk that takes 4 KiB of a file, as one that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk(tmp_path: Path, little_room: None) -> None:
    archive = begin((str(tmp_path), {}))
    with pytest.raises(ArchiveError, match=r"^archive .*: .* cannot be written: File too large$"):
        put(archive, LARGE)
    assert everything(archive) == []
    put(archive, SMALL)


def test_no_permission(tmp_path: Path) -> None:
    """As another user: root may write everywhere."""
    archive = tmp_path / "archive"
    begin((str(archive), {}))
    code = (
        "import os, sys\n"
        "os.setuid(65534) if os.getuid() == 0 else os.chmod(sys.argv[1], 0o500)\n"
        "from ansible_collections.registryops.gitlab.tests.unit.module_utils._files import test_store\n"
    )
    # Everything is imported before the rights are given up.
    code = code.splitlines()[0] + "\n" + code.splitlines()[2] + "\n" + code.splitlines()[1] + "\n"
    code += "try: test_store.begin((sys.argv[1], {}))\nexcept test_store.ArchiveError as error: print(error)\n"
    os.chmod(tmp_path, 0o755)
    done = subprocess.run([sys.executable, "-c", code, str(archive)], capture_output=True, text=True, check=False)
    assert done.stdout == f"archive {archive}: archive.json cannot be read: Permission denied\n", done.stderr


def test_what_is_no_address() -> None:
    for url, options, words in [
        ("", {}, "must be a directory"),
        ("s3://", {}, "must be a directory"),
        ("/tmp/a\0b", {}, "must be a directory"),
        ("simplecache::s3://a/b", {}, "may not hold another one"),
        ("/tmp/archive", {"key": "x"}, "archive_options are for addresses"),
    ]:
        with pytest.raises(InvalidInput, match=words):
            open_archive(url, options)
    with pytest.raises(ArchiveError, match="it cannot be reached"):
        open_archive("gopher://example.com/archive")


@pytest.mark.parametrize("url", ["s3://archive/x", "gs://archive/x", "sftp://example.com/x"])
def test_a_library_that_is_missing_is_named(url: str) -> None:
    """In a process that finds none of them."""
    library = {"s3": "s3fs", "gs": "gcsfs", "sftp": "paramiko"}[url.partition(":")[0]]
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import open_archive\n"
        f"try: open_archive({url!r})\nexcept ImportError as error: print(error.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == f"{library}\n", done.stderr


def test_a_directory_needs_no_library(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['fsspec'] = None\n"
        "from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import open_archive\n"
        f"open_archive({str(tmp_path)!r}, server='x', create=True)\n"
        "try: open_archive('memory://x')\nexcept ImportError as error: print(error.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "fsspec\n", done.stderr


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [
        ("500", lambda method, path: 500, "internal error"),
        ("500-on-writing", lambda method, path: 500 if method == "PUT" else None, "internal error"),
        ("403", lambda method, path: 403, "Access Denied"),
        ("slow", slow(0.5), "imeout|timed out"),
    ],
)
def test_an_s3_server_with_troubles(s3: S3, name: str, fault: t.Any, words: str) -> None:
    quick = {**s3.options["config_kwargs"], "read_timeout": 0.2}
    archive = begin((f"s3://{BUCKET}/{name}", {**s3.options, "config_kwargs": quick}))
    s3.fault = fault
    with archive.put_blob(sha256(SMALL)) as incoming:
        incoming.start()(SMALL)
        with pytest.raises(ArchiveError, match=words) as raised:
            incoming.keep(sha256(SMALL))
    assert raised.value.message.startswith(f"archive s3://archive/{name}: ")
    for secret in (SECRET, "archivist"):
        assert secret not in raised.value.message
    s3.fault = lambda _method, _path: None
    put(archive, SMALL)
    assert read(archive, sha256(SMALL)) == SMALL


def test_secrets_of_an_address_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises((ArchiveError, ImportError)) as raised:
        open_archive("gopher://mia:pa55word@example.com/archive", {"token": "t0ps3cret"})
    assert "pa55word" not in str(raised.value)
    assert "t0ps3cret" not in str(raised.value)


def test_two_writers_of_the_same(place: At) -> None:
    """The second one begins in the middle of the first."""
    one, other = begin(place), begin(place)
    with one.put_blob(sha256(LARGE)) as first, other.put_blob(sha256(LARGE)) as second:
        write_first, write_second = first.start(), second.start()
        write_first(LARGE[:1000])
        write_second(LARGE)
        second.keep(sha256(LARGE))
        other.put_manifest(manifest(7, LARGE))
        write_first(LARGE[1000:])
        first.keep(sha256(LARGE))
    one.put_manifest(manifest(7, LARGE))
    assert read(one, sha256(LARGE)) == LARGE
    assert [path for path, _found in one.manifests()] == [manifest_path(manifest(7))]
    assert list(one.place.files(INCOMING)) == []
