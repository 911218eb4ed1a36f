# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packages of a seed: single ones, histories, generated ones (README, section "The seed").

The many packages of a ``generate`` entry are made only while they are stored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from gitlab_sandbox import clock
from gitlab_sandbox.node import Fields, Node
from gitlab_sandbox.seed_model import EPOCH, FileSeed, PackageSeed, PipelineSeed, SeriesSeed
from gitlab_sandbox.template import compile_template
from gitlab_sandbox.vocabulary import FILE_STATUSES, PACKAGE_TYPES, STATUSES

LARGEST_FILE = 5 * 2**30
LARGEST_COUNT = 10_000_000


class PackageReader:
    """Reads what may refer to users and to files beside the seed."""

    def __init__(self, usernames: set[str], folder: Path) -> None:
        self._usernames = usernames
        self._folder = folder

    def username(self, node: Node) -> str:
        """The name of a user whom the seed knows."""
        name = node.string()
        if name not in self._usernames:
            raise node.error(f"there is no user {name!r}")
        return name

    def package(self, node: Node) -> PackageSeed:
        """A package."""
        fields = node.mapping(
            "id",
            "name",
            "version",
            "package_type",
            "status",
            "created_at",
            "last_downloaded_at",
            "creator",
            "tags",
            "pipelines",
            "files",
        )
        name = fields.needed("name").string()
        version: str | None = "1.0.0"
        if fields.present("version"):
            given = fields.given("version")
            version = None if given is None else given.string()
        package_type = fields.choice("package_type", PACKAGE_TYPES, "generic")
        creator = fields.given("creator")
        return PackageSeed(
            name=name,
            version=version,
            package_type=package_type,
            created_at=fields.time("created_at", EPOCH),
            status=fields.choice("status", STATUSES, "default"),
            id=fields.identifier(),
            last_downloaded_at=fields.optional_time("last_downloaded_at"),
            creator=None if creator is None else self.username(creator),
            tags=[tag.string() for tag in fields.node("tags").items()],
            pipelines=self.pipelines(fields.node("pipelines")),
            files=[
                self.file(entry, package_type, name, version, index)
                for index, entry in enumerate(fields.node("files").items())
            ],
        )

    def pipelines(self, node: Node) -> list[PipelineSeed]:
        """The pipelines that built a package or a file."""
        result = []
        for entry in node.items():
            fields = entry.mapping(
                "id", "iid", "ref", "sha", "status", "source", "created_at", "updated_at", "user", "deleted"
            )
            created_at = fields.time("created_at", EPOCH)
            iid, user, sha = fields.given("iid"), fields.given("user"), fields.given("sha")
            result.append(
                PipelineSeed(
                    id=fields.identifier(),
                    iid=None if iid is None else iid.integer(1),
                    ref=fields.string("ref", "main"),
                    sha="0" * 40 if sha is None else sha.matching(r"[0-9a-f]{40,64}", "a commit's SHA"),
                    status=fields.string("status", "success"),
                    source=fields.string("source", "push"),
                    created_at=created_at,
                    updated_at=fields.time("updated_at", created_at),
                    user=None if user is None else self.username(user),
                    deleted=fields.boolean("deleted", False),
                )
            )
        node.refuse_repeats([entry.id for entry in result if entry.id is not None], "pipeline ID")
        return result

    def file(self, node: Node, package_type: str, name: str, version: str | None, index: int) -> FileSeed:
        """A file of a package."""
        fields = node.mapping("id", "file_name", "size", "content", "status", "created_at", "pipelines")
        content: bytes | None = None
        if fields.present("content") and (text := fields.node("content").value) is not None:
            content = b"" if text == "" else fields.node("content").string().encode()
            if fields.present("size"):
                raise node.error("size and content exclude each other")
        size = fields.integer("size", 1024, 0, LARGEST_FILE) if content is None else len(content)
        return FileSeed(
            file_name=fields.string("file_name", file_name(package_type, name, version, index)),
            size=size,
            content=content,
            id=fields.identifier(),
            status=fields.choice("status", FILE_STATUSES, "default"),
            created_at=fields.optional_time("created_at"),
            pipelines=self.pipelines(fields.node("pipelines")),
        )

    def history(self, node: Node) -> SeriesSeed:
        """The packages of a release-history file."""
        fields = node.mapping("file", "package_type", "files_per_package", "file_size")
        file_node = fields.needed("file")
        # A history is JSON; an error in it is named with the seed's place that led there.
        try:
            data = json.loads((self._folder / file_node.string()).read_text(encoding="utf-8"))
        except OSError as error:
            raise file_node.error(f"cannot read {file_node.shown()}: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise file_node.error(f"{file_node.shown()} is not JSON") from None
        history = Node(data, file_node.place).mapping("name", "package_type", "source", "versions")
        name = history.needed("name").string()
        package_type = fields.choice(
            "package_type", PACKAGE_TYPES, history.choice("package_type", PACKAGE_TYPES, "npm")
        )
        releases = []
        for entry in history.node("versions").items():
            pair = list(entry.items())
            if len(pair) != 2:
                raise entry.error("is not a version and its time")
            releases.append((pair[0].string(), pair[1].time()))
        sizes = _file_sizes(fields, 1)

        def packages() -> Iterator[PackageSeed]:
            for version, created_at in releases:
                yield _release(name, version, package_type, created_at, sizes)

        return SeriesSeed(len(releases), packages, node.place)


def generate(node: Node) -> SeriesSeed:
    """The packages of a ``generate`` entry."""
    fields = node.mapping(
        "count",
        "name",
        "version",
        "package_type",
        "created_at_start",
        "interval_seconds",
        "files_per_package",
        "file_size",
    )
    count = fields.integer("count", 1, 0, LARGEST_COUNT)
    templates = []
    for key, text in (
        ("name", fields.needed("name").string()),
        ("version", fields.string("version", "1.0.{i}")),
    ):
        try:
            templates.append(compile_template(text))
        except ValueError as error:
            raise fields.node(key).error(str(error)) from None
    name, version = templates
    package_type = fields.choice("package_type", PACKAGE_TYPES, "generic")
    start = clock.parse(fields.time("created_at_start", EPOCH))
    interval = fields.integer("interval_seconds", 60, 0, 10**9)
    try:
        start + timedelta(seconds=interval) * count
    except OverflowError:
        raise fields.node("interval_seconds").error("the last package would be created after the year 9999") from None
    sizes = _file_sizes(fields, 0)

    def packages() -> Iterator[PackageSeed]:
        step = timedelta(seconds=interval)
        moment = start
        for i in range(count):
            yield _release(name(i), version(i), package_type, clock.iso(moment), sizes)
            moment += step

    return SeriesSeed(count, packages, node.place)


def _file_sizes(fields: Fields, default_count: int) -> list[int]:
    size = fields.integer("file_size", 1024, 0, LARGEST_FILE)
    return [size] * fields.integer("files_per_package", default_count, 0, 1000)


def _release(name: str, version: str, package_type: str, created_at: str, sizes: list[int]) -> PackageSeed:
    return PackageSeed(
        name=name,
        version=version,
        package_type=package_type,
        created_at=created_at,
        files=[FileSeed(file_name(package_type, name, version, index), size) for index, size in enumerate(sizes)],
    )


_SUFFIXES = {
    "maven": (".jar", ".pom"),
    "npm": (".tgz",),
    "conan": ("-conanfile.py", "-conanmanifest.txt"),
    "nuget": (".nupkg", ".snupkg"),
    "pypi": ("-py3-none-any.whl", ".tar.gz"),
    "composer": (".zip",),
    "golang": (".zip", ".mod"),
    "debian": ("_amd64.deb", ".dsc"),
    "rubygems": (".gem",),
    "helm": (".tgz",),
    "terraform_module": (".tgz",),
    "rpm": (".x86_64.rpm",),
}


def file_name(package_type: str, name: str, version: str | None, index: int) -> str:
    """A plausible name for the file with this index in a package whose seed names none."""
    base = re.split(r"[/@]", name.split("@")[0] or name.lstrip("@"))[-1 if package_type != "conan" else 0] or "package"
    if version is not None:
        base += f"-{version}"
    suffixes = _SUFFIXES.get(package_type, (".bin",))
    if index < len(suffixes):
        return base + suffixes[index]
    return f"{base}-{index + 1}{suffixes[0]}"
