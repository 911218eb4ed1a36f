# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The root fields that read. What is not there, or not for the caller, is null without a word."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLResolveInfo

from gitlab_sandbox import access
from gitlab_sandbox.graphql import global_ids
from gitlab_sandbox.graphql.context import context_of
from gitlab_sandbox.graphql.fields import Fields, group_fields, package_fields, project_fields, user_fields
from gitlab_sandbox.vocabulary import DETAILED


def current_user(_root: Any, info: GraphQLResolveInfo[Any]) -> Fields | None:
    """``currentUser``; null for nobody."""
    user = context_of(info).caller.user
    return None if user is None else user_fields(user)


def group(_root: Any, info: GraphQLResolveInfo[Any], fullPath: str) -> Fields | None:
    """``group(fullPath)``."""
    context = context_of(info)
    context.check_reads()
    found = context.group(fullPath)
    return None if found is None else group_fields(context, found)


def project(_root: Any, info: GraphQLResolveInfo[Any], fullPath: str) -> Fields | None:
    """``project(fullPath)``."""
    context = context_of(info)
    context.check_reads()
    found = context.project(fullPath)
    return None if found is None else project_fields(context, found)


def package(_root: Any, info: GraphQLResolveInfo[Any], id: str) -> Fields | None:
    """``package(id)``: one in a request, and, as E3, only of the statuses ``default`` and ``deprecated``."""
    context = context_of(info)
    context.count(info)
    context.check_reads()
    found = context.registry.storage.package_by_id(global_ids.package_id(id))
    if found is None or found.status not in DETAILED or not context.packages_on:
        return None
    owner = context.registry.directory.projects[found.project_id]
    if not access.sees_project(context.caller, owner) or not access.reads_packages(context.caller, owner):
        return None
    return package_fields(context, found, owner)


RESOLVERS = {"currentUser": current_user, "group": group, "package": package, "project": project}
