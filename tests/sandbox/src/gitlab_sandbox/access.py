# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who the caller is and what the caller may do (contract, section 4; registries, A and B)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitlab_sandbox import answers
from gitlab_sandbox.credentials import DEPLOY, JOB, Credential, Takes
from gitlab_sandbox.directory import Directory, Group, Project, Token, User
from gitlab_sandbox.vocabulary import ADMIN, DEVELOPER, GUEST, MAINTAINER, OWNER, REPORTER


@dataclass(frozen=True)
class Caller:
    """Who sent the request; without a token, nobody. A deploy token has no user."""

    token: Token | None = None

    @property
    def user(self) -> User | None:
        """The user that the token stands for."""
        return None if self.token is None else self.token.user

    @property
    def kind(self) -> str:
        """The kind of the token: ``access``, ``oauth``, ``job``, ``deploy``; empty for nobody."""
        return "" if self.token is None else self.token.kind

    @property
    def anonymous(self) -> bool:
        """Whether there is no token that the call takes."""
        return self.token is None

    @property
    def admin(self) -> bool:
        """Whether this is an administrator, who may do everything."""
        return self.user is not None and self.user.admin

    @property
    def creator_id(self) -> int | None:
        """Whom a package names as its creator: nobody, if a job or deploy token published it."""
        return self.user.id if self.user is not None and self.kind != JOB else None


def identify(directory: Directory, credentials: Sequence[Credential], takes: Takes) -> Caller:
    """The caller of a request: the first token that came in a way that the call takes.

    :raises ApiError: 401 for a token that does not exist; a wrong one in HTTP Basic is ignored.
    """
    for credential in credentials:
        kinds = takes.get(credential.kind)
        if kinds is None:
            continue
        token = directory.tokens.get(credential.value)
        fits = token is not None and token.kind in kinds and not token.revoked
        if credential.kind == "basic":
            fits = fits and token is not None and _basic_fits(credential.user_name, token)
            if not fits:
                continue
        if not fits:
            raise answers.unauthorized()
        return Caller(token)
    return Caller()


def _basic_fits(user_name: str, token: Token) -> bool:
    """A job's token comes with a name of its own; the others with any."""
    return (user_name == "gitlab-ci-token") == (token.kind == JOB)


def check_scopes(caller: Caller, writes: bool, permission: str | None) -> None:
    """Answer 403 if the token's scopes, or a fine-grained token's permissions, do not cover the call.

    :param writes: whether the call needs the scope ``api`` or ``write_package_registry``.
    :param permission: what a fine-grained token needs; None: nothing.
    """
    token = caller.token
    if token is None or token.kind == JOB:
        return
    if token.granular:
        if permission is not None and permission not in (token.permissions or ()):
            raise answers.insufficient_granular_scope(permission)
        return
    if token.kind == DEPLOY:
        needed = ("write_package_registry",) if writes else ("read_package_registry", "write_package_registry")
    else:
        needed = ("api",) if writes else ("api", "read_api")
    if not any(scope in token.scopes for scope in needed):
        raise answers.insufficient_scope(" ".join(needed))


def _visible(visibility: str, caller: Caller) -> bool:
    return visibility == "public" or (visibility == "internal" and caller.user is not None)


def _deployed(caller: Caller, project: Project) -> bool:
    """Whether this is a deploy token of the project or of a group around it."""
    token = caller.token
    if token is None or token.kind != DEPLOY:
        return False
    group: Group | None = project.group
    while group is not None:
        if token.group_id == group.id:
            return True
        group = group.parent
    return token.project_id == project.id


def level(caller: Caller, project: Project) -> int:
    """The caller's highest level in the project; an administrator's is above all, a deploy token has none."""
    return ADMIN if caller.admin else project.level(caller.user)


def sees_project(caller: Caller, project: Project) -> bool:
    """Whether the caller may know of the project."""
    return _visible(project.visibility, caller) or level(caller, project) >= GUEST or _deployed(caller, project)


def reads_packages(caller: Caller, project: Project) -> bool:
    """Whether the caller may read the project's packages: guests of a private one may not.

    A registry that is off nobody reads, one that is ``private`` only members.
    """
    if project.package_registry == "disabled":
        return False
    own_level = level(caller, project)
    is_open = project.package_registry != "private" or own_level >= GUEST
    return (is_open and _visible(project.visibility, caller)) or own_level >= REPORTER or _deployed(caller, project)


def downloads_packages(caller: Caller, project: Project) -> bool:
    """Whether the caller may download by name: from a registry that is ``public``, everybody."""
    return project.package_registry == "public" or reads_packages(caller, project)


def job_may_enter(caller: Caller, project: Project) -> bool:
    """Whether the project's allowlist lets in the project of the caller's job. Other callers: yes."""
    token = caller.token
    if token is None or token.kind != JOB or project.allowlist is None:
        return True
    return token.project_id in (None, project.id) or token.project_id in project.allowlist


def job_has(caller: Caller, permission: str) -> bool:
    """Whether the caller's job has a permission. Other callers: yes."""
    token = caller.token
    return token is None or token.kind != JOB or token.permissions is None or permission in token.permissions


def sees_group(caller: Caller, group: Group) -> bool:
    """Whether the caller may know of the group."""
    return caller.admin or _visible(group.visibility, caller) or group.level(caller.user) >= GUEST


def reads_group_packages(caller: Caller, group: Group) -> bool:
    """Whether the caller may list the group's packages: guests of a private one may not."""
    return caller.admin or _visible(group.visibility, caller) or group.level(caller.user) >= REPORTER


def administers_group(caller: Caller, group: Group, current: bool) -> bool:
    """Whether the caller may see and change the group's package settings: owners; before 17.0 maintainers too."""
    return caller.admin or group.level(caller.user) >= (OWNER if current else MAINTAINER)


def deletes(caller: Caller, project: Project) -> bool:
    """Whether the caller's role allows deleting packages: in an archived project nobody's does."""
    return administers(caller, project)


def administers(caller: Caller, project: Project) -> bool:
    """Whether the caller's role allows managing protection rules and the cleanup policy, where packages are on."""
    if project.read_only or project.package_registry == "disabled":
        return False
    return level(caller, project) >= MAINTAINER


def publishes(caller: Caller, project: Project) -> bool:
    """Whether the caller's role allows publishing packages in the project."""
    if project.read_only or project.package_registry == "disabled":
        return False
    if caller.kind == DEPLOY:
        return _deployed(caller, project)
    return level(caller, project) >= DEVELOPER


def push_protected(caller: Caller, project: Project, name: str, package_type: int) -> bool:
    """Whether a protection rule keeps the caller from publishing under this stored name.

    A deploy token is refused by every rule that matches, whatever its levels.
    """
    rules = [rule for rule in project.rules if rule.covers(name, package_type)]
    if caller.kind == DEPLOY:
        return bool(rules)
    return level(caller, project) < max((rule.push_level or 0 for rule in rules), default=0)


def push_rule_exists(project: Project, name: str, package_type: int) -> bool:
    """Whether a rule for publishing covers this stored name, whoever asks (GraphQL)."""
    return any(rule.push_level is not None and rule.covers(name, package_type) for rule in project.rules)


def delete_protected(caller: Caller, project: Project, name: str, package_type: int) -> bool:
    """Whether a protection rule keeps the caller from deleting the package of this stored name, or a file of it."""
    levels = [rule.delete_level or 0 for rule in project.rules if rule.covers(name, package_type)]
    return level(caller, project) < max(levels, default=0)
