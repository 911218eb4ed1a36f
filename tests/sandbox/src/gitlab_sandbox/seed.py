# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seed: what the registry holds at first (README, section "The seed").

Reading checks everything and names the place of an error. Nothing is stored here, and the many
packages of a ``generate`` entry are made only while they are stored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable

import yaml

from gitlab_sandbox import clock
from gitlab_sandbox.node import Fields, Node, SeedError
from gitlab_sandbox.template import compile_template
from gitlab_sandbox.vocabulary import (
    ADMIN,
    FILE_STATUSES,
    PACKAGE_TYPES,
    ROLES,
    SCOPES,
    STATUSES,
    VISIBILITIES,
)

# Every time that a seed does not give: the same seed gives the same registry.
EPOCH = "2025-01-01T00:00:00.000Z"
LARGEST_FILE = 5 * 2**30
LARGEST_COUNT = 10_000_000

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PATH = rf"{_NAME}(?:/{_NAME})*"
_TOKEN = r"[!-~]+"


@dataclass
class TokenSeed:
    """An access token of a user."""

    value: str
    scopes: list[str]
    name: str
    id: int | None
    created_at: str


@dataclass
class UserSeed:
    """A user."""

    username: str
    name: str
    admin: bool
    id: int | None
    tokens: list[TokenSeed]


@dataclass
class JobTokenSeed:
    """A CI job's token; it acts as its user."""

    value: str
    user: str
    project: str | None


@dataclass
class PipelineSeed:
    """A pipeline that built a package or a file."""

    id: int | None
    iid: int | None
    ref: str
    sha: str
    status: str
    source: str
    created_at: str
    updated_at: str
    user: str | None


@dataclass
class FileSeed:
    """A package file."""

    file_name: str
    size: int
    content: bytes | None = None
    id: int | None = None
    status: str = "default"
    created_at: str | None = None
    pipelines: list[PipelineSeed] = field(default_factory=list)


@dataclass
class PackageSeed:
    """A package."""

    name: str
    version: str | None
    package_type: str
    created_at: str
    status: str = "default"
    id: int | None = None
    last_downloaded_at: str | None = None
    creator: str | None = None
    tags: list[str] = field(default_factory=list)
    pipelines: list[PipelineSeed] = field(default_factory=list)
    files: list[FileSeed] = field(default_factory=list)


@dataclass
class SeriesSeed:
    """Packages that are made one after another, from a history or a ``generate`` entry."""

    count: int
    packages: Callable[[], Iterator[PackageSeed]]
    place: str


@dataclass
class RuleSeed:
    """A protection rule: below this level nobody deletes what the pattern matches."""

    package_name_pattern: str
    package_type: str
    minimum_level: int


@dataclass
class GroupSeed:
    """A group."""

    path: str
    visibility: str
    members: dict[str, int]
    id: int | None


@dataclass
class ProjectSeed:
    """A project and what is in its registry."""

    path: str
    visibility: str
    members: dict[str, int]
    id: int | None
    moved_from: list[str]
    rules: list[RuleSeed]
    packages: list[PackageSeed]
    series: list[SeriesSeed]


@dataclass
class Seed:
    """A checked seed, everything in the order of the file; groups that it leaves out come last."""

    users: list[UserSeed]
    job_tokens: list[JobTokenSeed]
    groups: list[GroupSeed]
    projects: list[ProjectSeed]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain YAML in which times stay text: ``version: 2025-03-01`` is a version."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def read_seed(path: Path) -> Seed:
    """Read and check a seed file, YAML or JSON.

    :raises SeedError: if it cannot be read or something in it is wrong.
    """
    return parse_seed(_load(path), path.parent)


def _load(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SeedError(f"seed: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SeedError(f"seed: {path} is not UTF-8: {error.reason} at byte {error.start}") from None
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            pass  # YAML has such a form too, and may say better what is wrong.
        except RecursionError:
            raise SeedError(f"seed: {path} is nested too deeply") from None
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        raise SeedError(f"seed: {path}{place}: not YAML: {problem}") from None
    except (RecursionError, ValueError, TypeError) as error:
        raise SeedError(f"seed: {path}: not YAML: {str(error) or 'nested too deeply'}".replace("\n", " ")) from None


def parse_seed(data: Any, folder: Path) -> Seed:
    """Check a seed; files of histories are looked for in ``folder``.

    :raises SeedError: if something in it is wrong.
    """
    top = Node({} if data is None else data, "").mapping("users", "job_tokens", "groups", "projects")
    users = [_user(node) for node in top.node("users").items()]
    known = {user.username for user in users}
    _refuse_repeats(top.node("users"), [user.username for user in users], "username")
    reader = _Reader(known, folder)

    groups = reader.groups(top.node("groups"))
    projects: list[ProjectSeed] = []
    taken: set[str] = set()
    for node in top.node("projects").items():
        projects.append(reader.project(node, groups, taken))
    for index, project in enumerate(projects):
        if project.path in groups:
            raise SeedError(f"seed: projects[{index}].path: {project.path!r} is a group already")
    job_tokens = [reader.job_token(node, {p.path for p in projects}) for node in top.node("job_tokens").items()]

    values: set[str] = set()
    for user in users:
        for token in user.tokens:
            if token.value in values:
                raise SeedError(f"seed: users: {user.username}: a token's value is used twice")
            values.add(token.value)
    for index, job in enumerate(job_tokens):
        if job.value in values:
            raise SeedError(f"seed: job_tokens[{index}].value: a token's value is used twice")
        values.add(job.value)
    return Seed(users, job_tokens, list(groups.values()), projects)


def _refuse_repeats(node: Node, values: Iterable[Any], what: str) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise node.error(f"the {what} {value!r} is there twice")
        seen.add(value)


def _user(node: Node) -> UserSeed:
    fields = node.mapping("id", "username", "name", "admin", "tokens")
    username = fields.needed("username").matching(_NAME, "a username (letters, digits, '_', '.', '-')")
    tokens = []
    for index, token in enumerate(fields.node("tokens").items()):
        keys = token.mapping("id", "value", "scopes", "name", "created_at")
        scopes = ["api"]
        if (given := keys.given("scopes")) is not None:
            scopes = [scope.choice(SCOPES) for scope in given.items()]
        tokens.append(
            TokenSeed(
                value=keys.needed("value").matching(_TOKEN, "a token (printable ASCII without spaces)"),
                scopes=scopes,
                name=keys.string("name", f"{username}-{index + 1}"),
                id=keys.identifier(),
                created_at=keys.time("created_at", EPOCH),
            )
        )
    return UserSeed(
        username=username,
        name=fields.string("name", username),
        admin=fields.boolean("admin", False),
        id=fields.identifier(),
        tokens=tokens,
    )


class _Reader:
    """Reads what refers to users and to files beside the seed."""

    def __init__(self, usernames: set[str], folder: Path) -> None:
        self._usernames = usernames
        self._folder = folder

    def username(self, node: Node) -> str:
        name = node.string()
        if name not in self._usernames:
            raise node.error(f"there is no user {name!r}")
        return name

    def members(self, node: Node) -> dict[str, int]:
        return {self.username(user): ROLES[role.choice(ROLES)] for user, role in node.pairs()}

    def groups(self, node: Node) -> dict[str, GroupSeed]:
        found: dict[str, Fields] = {}
        for entry in node.items():
            fields = entry.mapping("id", "path", "visibility", "members")
            path_node = fields.needed("path")
            path = path_node.matching(_PATH, "a path such as acme/web")
            if path in found:
                raise path_node.error(f"the group {path!r} is there twice")
            found[path] = fields
        groups: dict[str, GroupSeed] = {}
        # Outer groups first: the inner ones may take their visibility.
        for path in sorted(found, key=lambda path: path.count("/")):
            fields = found[path]
            visibility = fields.choice("visibility", VISIBILITIES, _above(path, groups))
            groups[path] = GroupSeed(path, visibility, self.members(fields.node("members")), fields.identifier())
        return {**{path: groups[path] for path in found}, **groups}

    def project(self, node: Node, groups: dict[str, GroupSeed], taken: set[str]) -> ProjectSeed:
        fields = node.mapping(
            "id",
            "path",
            "visibility",
            "members",
            "moved_from",
            "protection_rules",
            "packages",
            "histories",
            "generate",
        )
        path_node = fields.needed("path")
        path = path_node.matching(_PATH, "a path such as acme/web/shop")
        if "/" not in path:
            raise path_node.error(f"{path!r} is in no group")
        former = [entry.matching(_PATH, "a path such as acme/old-shop") for entry in fields.node("moved_from").items()]
        for used in (path, *former):
            if used in taken:
                raise path_node.error(f"the path {used!r} is there twice")
            taken.add(used)
        visibility = fields.choice("visibility", VISIBILITIES, _above(path, groups))
        series = [
            *(self.history(entry) for entry in fields.node("histories").items()),
            *(_generate(entry) for entry in fields.node("generate").items()),
        ]
        return ProjectSeed(
            path=path,
            visibility=visibility,
            members=self.members(fields.node("members")),
            id=fields.identifier(),
            moved_from=former,
            rules=[_rule(entry) for entry in fields.node("protection_rules").items()],
            packages=[self.package(entry) for entry in fields.node("packages").items()],
            series=series,
        )

    def job_token(self, node: Node, projects: set[str]) -> JobTokenSeed:
        fields = node.mapping("value", "user", "project")
        project = None
        if (given := fields.given("project")) is not None:
            project = given.string()
            if project not in projects:
                raise given.error(f"there is no project {project!r}")
        return JobTokenSeed(
            value=fields.needed("value").matching(_TOKEN, "a token (printable ASCII without spaces)"),
            user=self.username(fields.needed("user")),
            project=project,
        )

    def package(self, node: Node) -> PackageSeed:
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
        result = []
        for entry in node.items():
            fields = entry.mapping("id", "iid", "ref", "sha", "status", "source", "created_at", "updated_at", "user")
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
                )
            )
        _refuse_repeats(node, [entry.id for entry in result if entry.id is not None], "pipeline ID")
        return result

    def file(self, node: Node, package_type: str, name: str, version: str | None, index: int) -> FileSeed:
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


def _above(path: str, groups: dict[str, GroupSeed]) -> str:
    """The visibility of the group that holds ``path``; groups that the seed leaves out are added."""
    parent = path.rpartition("/")[0]
    if not parent:
        return "private"
    if parent not in groups:
        groups[parent] = GroupSeed(parent, _above(parent, groups), {}, None)
    return groups[parent].visibility


def _rule(node: Node) -> RuleSeed:
    fields = node.mapping("package_name_pattern", "package_type", "minimum_access_level_for_delete")
    levels = {**ROLES, "admin": ADMIN}
    return RuleSeed(
        package_name_pattern=fields.string("package_name_pattern", "*"),
        package_type=fields.choice("package_type", PACKAGE_TYPES, "generic"),
        minimum_level=levels[fields.choice("minimum_access_level_for_delete", levels, "owner")],
    )


def _generate(node: Node) -> SeriesSeed:
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
