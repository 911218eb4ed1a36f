# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seed: what the registry holds at first (README, section "The seed").

Reading checks everything and names the place of an error. Nothing is stored here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from gitlab_sandbox.node import Fields, Node, SeedError
from gitlab_sandbox.seed_model import (
    EPOCH,
    GroupSeed,
    InstanceSeed,
    ProjectSeed,
    RuleSeed,
    Seed,
    TokenSeed,
    UserSeed,
)
from gitlab_sandbox.seed_packages import LARGEST_FILE, PackageReader, generate
from gitlab_sandbox.vocabulary import (
    DELETE_LEVELS,
    DEPLOY_SCOPES,
    KEEP_N,
    PACKAGE_SETTINGS,
    PERMISSIONS,
    PROTECTED_TYPES,
    PUSH_LEVELS,
    REGISTRY_LEVELS,
    ROLES,
    SCOPES,
    VISIBILITIES,
)

LIMITS = ("projects", "groups", "group_projects", "packages")

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
PATH = rf"{_NAME}(?:/{_NAME})*"
_TOKEN = r"[!-~]+"
_A_TOKEN = "a token (printable ASCII without spaces)"


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
    top = Node({} if data is None else data, "").mapping(
        "instance", "users", "job_tokens", "deploy_tokens", "groups", "projects"
    )
    instance = _instance(top)
    users = [_user(node) for node in top.node("users").items()]
    top.node("users").refuse_repeats([user.username for user in users], "username")
    reader = _Reader({user.username for user in users}, folder)

    groups = reader.groups(top.node("groups"))
    projects: list[ProjectSeed] = []
    taken: set[str] = set()
    for node in top.node("projects").items():
        projects.append(reader.project(node, groups, taken))
    for index, project in enumerate(projects):
        if project.path in groups:
            raise SeedError(f"seed: projects[{index}].path: {project.path!r} is a group already")
    paths = {project.path for project in projects}
    _check_references(top, paths, groups)
    jobs = [reader.job_token(node, paths) for node in top.node("job_tokens").items()]
    deploys = [_deploy_token(node, paths, groups) for node in top.node("deploy_tokens").items()]

    places = [(token, f"users: {user.username}: ") for user in users for token in user.tokens]
    places += [(token, f"job_tokens[{index}].value: ") for index, token in enumerate(jobs)]
    places += [(token, f"deploy_tokens[{index}].value: ") for index, token in enumerate(deploys)]
    values: set[str] = set()
    for token, place in places:
        if token.value in values:
            raise SeedError(f"seed: {place}a token's value is used twice")
        values.add(token.value)
    return Seed(instance, users, [token for token, _ in places], list(groups.values()), projects)


def _instance(top: Fields) -> InstanceSeed:
    keys = ("packages", "delete_protection", "rules_endpoint", "max_file_size", "limits", "background_ms")
    node = top.given("instance") or Node({}, "instance")
    fields = node.mapping(*keys)
    limits: dict[str, tuple[int, int]] = {}
    for name, value in fields.node("limits").pairs():
        name.choice(LIMITS)
        text = value.matching(r"[1-9][0-9]{0,8}/[1-9][0-9]{0,8}", "REQUESTS/SECONDS, such as 400/60")
        requests, _, seconds = text.partition("/")
        limits[name.value] = (int(requests), int(seconds))
    return InstanceSeed(
        packages=fields.choice("packages", ("enabled", "disabled"), "enabled") == "enabled",
        delete_protection=fields.boolean("delete_protection", True),
        rules_endpoint=fields.boolean("rules_endpoint", True),
        max_file_size=fields.integer("max_file_size", LARGEST_FILE, 0),
        limits=limits,
        background_ms=fields.integer("background_ms", 0, 0, 3_600_000),
    )


def _user(node: Node) -> UserSeed:
    fields = node.mapping("id", "username", "name", "admin", "tokens")
    username = fields.needed("username").matching(_NAME, "a username (letters, digits, '_', '.', '-')")
    return UserSeed(
        username=username,
        name=fields.string("name", username),
        admin=fields.boolean("admin", False),
        id=fields.identifier(),
        tokens=[
            _access_token(token, username, f"{username}-{number}")
            for number, token in enumerate(fields.node("tokens").items(), start=1)
        ],
    )


def _access_token(node: Node, username: str, name: str) -> TokenSeed:
    keys = node.mapping("id", "value", "scopes", "permissions", "name", "created_at", "revoked", "kind")
    scopes = ["api"]
    if (given := keys.given("scopes")) is not None:
        scopes = [scope.choice(SCOPES) for scope in given.items()]
        if "granular" in scopes and len(scopes) > 1:
            raise given.error("granular excludes other scopes")
    permissions = _permissions(keys)
    if permissions is not None and scopes != ["granular"]:
        raise keys.node("permissions").error("only a token whose scopes are [granular] has permissions")
    return TokenSeed(
        kind=keys.choice("kind", ("access", "oauth"), "access"),
        value=keys.needed("value").matching(_TOKEN, _A_TOKEN),
        scopes=scopes,
        name=keys.string("name", name),
        id=keys.identifier(),
        created_at=keys.time("created_at", EPOCH),
        revoked=keys.boolean("revoked", False),
        user=username,
        permissions=[] if permissions is None and scopes == ["granular"] else permissions,
    )


def _permissions(fields: Fields) -> list[str] | None:
    given = fields.given("permissions")
    return None if given is None else [permission.choice(PERMISSIONS) for permission in given.items()]


def _deploy_token(node: Node, projects: set[str], groups: dict[str, GroupSeed]) -> TokenSeed:
    fields = node.mapping("value", "project", "group", "scopes", "username", "id", "revoked")
    project, group = fields.given("project"), fields.given("group")
    if (project is None) == (group is None):
        raise node.error("it is for a project or for a group")
    if project is not None and project.string() not in projects:
        raise project.error(f"there is no project {project.value!r}")
    if group is not None and group.string() not in groups:
        raise group.error(f"there is no group {group.value!r}")
    scopes = list(DEPLOY_SCOPES)
    if (given := fields.given("scopes")) is not None:
        scopes = [scope.choice(DEPLOY_SCOPES) for scope in given.items()]
    return TokenSeed(
        kind="deploy",
        value=fields.needed("value").matching(_TOKEN, _A_TOKEN),
        scopes=scopes,
        name=fields.string("username", "gitlab+deploy-token"),
        id=fields.identifier(),
        revoked=fields.boolean("revoked", False),
        project=None if project is None else project.value,
        group=None if group is None else group.value,
    )


def _check_references(top: Fields, paths: set[str], groups: dict[str, GroupSeed]) -> None:
    """Allowlists and shares name what may come later in the file."""
    for node in top.node("projects").items():
        fields = Fields(node)
        for entry in fields.node("job_token_allowlist").items():
            if entry.value not in paths:
                raise entry.error(f"there is no project {entry.value!r}")
        for entry in fields.node("shared_with").items():
            if entry.value not in groups:
                raise entry.error(f"there is no group {entry.value!r}")


class _Reader(PackageReader):
    """Reads groups and projects."""

    def members(self, node: Node) -> dict[str, int]:
        return {self.username(user): ROLES[role.choice(ROLES)] for user, role in node.pairs()}

    def groups(self, node: Node) -> dict[str, GroupSeed]:
        found: dict[str, Fields] = {}
        for entry in node.items():
            fields = entry.mapping("id", "path", "visibility", "members", "package_settings")
            path_node = fields.needed("path")
            path = path_node.matching(PATH, "a path such as acme/web")
            if path in found:
                raise path_node.error(f"the group {path!r} is there twice")
            found[path] = fields
        groups: dict[str, GroupSeed] = {}
        # Outer groups first: the inner ones may take their visibility.
        for path in sorted(found, key=lambda path: path.count("/")):
            fields = found[path]
            groups[path] = GroupSeed(
                path=path,
                visibility=fields.choice("visibility", VISIBILITIES, _above(path, groups)),
                members=self.members(fields.node("members")),
                id=fields.identifier(),
                settings=_settings(fields.node("package_settings")),
            )
        return {**{path: groups[path] for path in found}, **groups}

    def project(self, node: Node, groups: dict[str, GroupSeed], taken: set[str]) -> ProjectSeed:
        fields = node.mapping(
            "id",
            "path",
            "name",
            "visibility",
            "members",
            "moved_from",
            "archived",
            "package_registry",
            "cleanup_policy",
            "job_token_allowlist",
            "shared_with",
            "protection_rules",
            "packages",
            "histories",
            "generate",
        )
        path_node = fields.needed("path")
        path = path_node.matching(PATH, "a path such as acme/web/shop")
        if "/" not in path:
            raise path_node.error(f"{path!r} is in no group")
        former = [entry.matching(PATH, "a path such as acme/old-shop") for entry in fields.node("moved_from").items()]
        for used in (path, *former):
            if used in taken:
                raise path_node.error(f"the path {used!r} is there twice")
            taken.add(used)
        allowlist = fields.given("job_token_allowlist")
        rules = fields.node("protection_rules")
        found = [_rule(entry) for entry in rules.items()]
        rules.refuse_repeats([(rule.package_type, rule.package_name_pattern) for rule in found], "type and pattern")
        return ProjectSeed(
            path=path,
            name=fields.string("name", path.rpartition("/")[2]),
            visibility=fields.choice("visibility", VISIBILITIES, _above(path, groups)),
            members=self.members(fields.node("members")),
            id=fields.identifier(),
            moved_from=former,
            archived=fields.boolean("archived", False),
            package_registry=fields.choice("package_registry", REGISTRY_LEVELS, "enabled"),
            keep_n=_cleanup_policy(fields),
            job_token_allowlist=None if allowlist is None else [entry.string() for entry in allowlist.items()],
            shared_with=[entry.string() for entry in fields.node("shared_with").items()],
            rules=found,
            packages=[self.package(entry) for entry in fields.node("packages").items()],
            series=[
                *(self.history(entry) for entry in fields.node("histories").items()),
                *(generate(entry) for entry in fields.node("generate").items()),
            ],
        )

    def job_token(self, node: Node, projects: set[str]) -> TokenSeed:
        fields = node.mapping("value", "user", "project", "permissions")
        project = fields.given("project")
        if project is not None and project.string() not in projects:
            raise project.error(f"there is no project {project.value!r}")
        return TokenSeed(
            kind="job",
            value=fields.needed("value").matching(_TOKEN, _A_TOKEN),
            scopes=["api"],
            name="job",
            user=self.username(fields.needed("user")),
            project=None if project is None else project.value,
            permissions=_permissions(fields),
        )


def _above(path: str, groups: dict[str, GroupSeed]) -> str:
    """The visibility of the group that holds ``path``; groups that the seed leaves out are added."""
    parent = path.rpartition("/")[0]
    if not parent:
        return "private"
    if parent not in groups:
        groups[parent] = GroupSeed(parent, _above(parent, groups), {}, None, dict(PACKAGE_SETTINGS))
    return groups[parent].visibility


def _settings(node: Node) -> dict[str, bool | str | None]:
    """The settings of a group's packages. Forwarding may be null; expressions are text or null."""
    settings = dict(PACKAGE_SETTINGS)
    for key, value in node.pairs():
        name = key.choice(PACKAGE_SETTINGS)
        if name.endswith("_regex"):
            settings[name] = None if value.value is None else value.expression(255)
        elif value.value is not None or not name.endswith("_forwarding") or name.startswith("lock_"):
            settings[name] = value.boolean()
    return settings


def _cleanup_policy(fields: Fields) -> int | None:
    given = fields.given("cleanup_policy")
    if given is None:
        return None
    keep = given.mapping("keep_n_duplicated_package_files").given("keep_n_duplicated_package_files")
    if keep is None or keep.value == "all":
        return None
    if keep.integer(1) not in KEEP_N:
        raise keep.error(f"{keep.shown()} is none of all, {', '.join(map(str, KEEP_N))}")
    return keep.integer(1)


def _rule(node: Node) -> RuleSeed:
    keys = ("minimum_access_level_for_push", "minimum_access_level_for_delete")
    fields = node.mapping("package_name_pattern", "package_type", *keys)
    push, delete = (fields.given(key) for key in keys)
    if push is None and delete is None:
        raise node.error(f"needs one of {', '.join(keys)}")
    return RuleSeed(
        package_name_pattern=fields.string("package_name_pattern", "*"),
        package_type=fields.choice("package_type", PROTECTED_TYPES, "generic"),
        push_level=None if push is None else PUSH_LEVELS[push.choice(PUSH_LEVELS)],
        delete_level=None if delete is None else DELETE_LEVELS[delete.choice(DELETE_LEVELS)],
    )
