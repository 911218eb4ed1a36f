# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who the caller is and what the caller may do (contract, section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from gitlab_sandbox import answers
from gitlab_sandbox.directory import Directory, Group, Project, Token, User
from gitlab_sandbox.storage import Package
from gitlab_sandbox.vocabulary import DEVELOPER, GUEST, MAINTAINER, REPORTER


@dataclass(frozen=True)
class Caller:
    """Who sent the request; without a token, nobody."""

    token: Token | None = None

    @property
    def user(self) -> User | None:
        """The user that the token stands for."""
        return None if self.token is None else self.token.user

    @property
    def admin(self) -> bool:
        """Whether this is an administrator, who may do everything."""
        return self.user is not None and self.user.admin


def identify(directory: Directory, auth: str, value: str, job_tokens: bool, writes: bool) -> Caller:
    """The caller of a request.

    :param auth: the header that the token came in: ``private-token``, ``bearer``, ``job-token``, ``none``.
    :param job_tokens: whether the call takes job tokens; one that does not, ignores them.
    :param writes: whether the call needs the scope ``api``.
    :raises ApiError: 401 for a token that does not exist, 403 for scopes that do not suffice.
    """
    if auth == "none" or (auth == "job-token" and not job_tokens):
        return Caller()
    token = directory.tokens.get(value)
    if token is None or (token.kind == "job") != (auth == "job-token"):
        raise answers.unauthorized()
    if "api" not in token.scopes and (writes or "read_api" not in token.scopes):
        raise answers.insufficient_scope("api" if writes else "api read_api")
    return Caller(token)


def _visible(visibility: str, caller: Caller) -> bool:
    return visibility == "public" or (visibility == "internal" and caller.user is not None)


def sees_project(caller: Caller, project: Project) -> bool:
    """Whether the caller may know of the project."""
    return caller.admin or _visible(project.visibility, caller) or project.level(caller.user) >= GUEST


def reads_packages(caller: Caller, project: Project) -> bool:
    """Whether the caller may read the project's packages: guests of a private one may not."""
    return caller.admin or _visible(project.visibility, caller) or project.level(caller.user) >= REPORTER


def sees_group(caller: Caller, group: Group) -> bool:
    """Whether the caller may know of the group."""
    return caller.admin or _visible(group.visibility, caller) or group.level(caller.user) >= GUEST


def reads_group_packages(caller: Caller, group: Group) -> bool:
    """Whether the caller may list the group's packages: guests of a private one may not."""
    return caller.admin or _visible(group.visibility, caller) or group.level(caller.user) >= REPORTER


def deletes(caller: Caller, project: Project) -> bool:
    """Whether the caller's role allows deleting packages of the project."""
    return caller.admin or project.level(caller.user) >= MAINTAINER


def publishes(caller: Caller, project: Project) -> bool:
    """Whether the caller's role allows publishing packages in the project."""
    return caller.admin or project.level(caller.user) >= DEVELOPER


def protected(caller: Caller, project: Project, package: Package) -> bool:
    """Whether a protection rule keeps the caller from deleting the package or a file of it."""
    if caller.admin or not project.rules:
        return False
    names = (package.name,) if package.recipe is None else (package.name, package.recipe)
    level = project.level(caller.user)
    return any(level < rule.minimum_level and rule.covers(names, package.type) for rule in project.rules)
