# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the resolvers of one GraphQL request share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from gitlab_sandbox import access
from gitlab_sandbox.access import Caller
from gitlab_sandbox.calls import Registry
from gitlab_sandbox.directory import Group, Project
from gitlab_sandbox.rows import Package
from gitlab_sandbox.vocabulary import ADMIN_PACKAGES, READ_PACKAGES

NOT_AVAILABLE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)


@dataclass
class Context:
    """The state, who asks, and how often each limited field was asked for."""

    registry: Registry
    caller: Caller
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def writes(self) -> bool:
        """Whether the caller is somebody, with a token that is not for reading only."""
        token = self.caller.token
        if token is None:
            return False
        return ADMIN_PACKAGES in (token.permissions or ()) if token.granular else "api" in token.scopes

    def check_reads(self) -> None:
        """Refuse a fine-grained token that may not read packages.

        :raises GraphQLError: :func:`refuse`.
        """
        token = self.caller.token
        if token is not None and token.granular and not {READ_PACKAGES, ADMIN_PACKAGES} & (token.permissions or set()):
            raise refuse()

    @property
    def packages_on(self) -> bool:
        """Whether packages are on for the whole instance."""
        return self.registry.directory.instance.packages

    def count(self, info: GraphQLResolveInfo[Any]) -> None:
        """Count a field that one request may ask for only once.

        :raises GraphQLError: from the second time on.
        """
        self.calls[info.field_name] += 1
        if self.calls[info.field_name] > 1:
            raise GraphQLError(
                f'"{info.field_name}" field can be requested only for 1 {info.parent_type.name}(s) at a time.'
            )

    # Finding things by their paths; former paths of moved projects are not followed.

    def project(self, full_path: str) -> Project | None:
        """The project of that path, if the caller may know of it."""
        project = self.registry.directory.project_paths.get(full_path)
        return project if project is not None and access.sees_project(self.caller, project) else None

    def group(self, full_path: str) -> Group | None:
        """The group of that path, if the caller may know of it."""
        group = self.registry.directory.group_paths.get(full_path)
        return group if group is not None and access.sees_group(self.caller, group) else None

    # What the caller may do

    def deletes(self, project: Project) -> bool:
        """Whether the caller may delete packages of the project."""
        return self.packages_on and access.deletes(self.caller, project)

    def administers(self, project: Project) -> bool:
        """Whether the caller may see and change the project's cleanup policy."""
        return self.packages_on and access.administers(self.caller, project)

    def administers_group(self, group: Group) -> bool:
        """Whether the caller may see and change the group's package settings."""
        return self.packages_on and access.administers_group(self.caller, group, self.registry.current)

    def protected(self, project: Project, package: Package) -> bool:
        """Whether a rule keeps the caller from deleting. Servers of 16.1, or with the flag off, do not ask."""
        registry = self.registry
        if not registry.current or not registry.directory.instance.delete_protection:
            return False
        return access.delete_protected(self.caller, project, package.name, package.type)


def refuse() -> GraphQLError:
    """The one answer for all that is not there or not allowed."""
    return GraphQLError(NOT_AVAILABLE)


def batches(packages: Sequence[Package], size: int) -> Iterator[Sequence[Package]]:
    """The packages in batches of a size."""
    for start in range(0, len(packages), size):
        yield packages[start : start + size]


def context_of(info: GraphQLResolveInfo[Any]) -> Context:
    """The context of a request."""
    context: Context = info.context
    return context
