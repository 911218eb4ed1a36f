# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of each object that a query can reach: values, and functions for what only some may see."""

from __future__ import annotations

from typing import Any

from gitlab_sandbox import access, package_settings
from gitlab_sandbox.directory import Group, Project, User
from gitlab_sandbox.graphql import global_ids
from gitlab_sandbox.graphql.context import Context
from gitlab_sandbox.graphql.global_ids import global_id
from gitlab_sandbox.rows import Package
from gitlab_sandbox.vocabulary import PACKAGE_SETTINGS, STATUSES, TYPE_NAME

Fields = dict[str, Any]

# How many duplicate files a cleanup policy keeps; None: all.
KEEP_WORDS: dict[int | None, str] = {
    None: "ALL_PACKAGE_FILES",
    1: "ONE_PACKAGE_FILE",
    10: "TEN_PACKAGE_FILES",
    20: "TWENTY_PACKAGE_FILES",
    30: "THIRTY_PACKAGE_FILES",
    40: "FORTY_PACKAGE_FILES",
    50: "FIFTY_PACKAGE_FILES",
}
KEEP_NUMBERS = {word: number for number, word in KEEP_WORDS.items()}


def camel(name: str) -> str:
    """A name of GitLab's database as GraphQL spells it: ``npm_package`` is ``npmPackage``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


SETTING_OF = {camel(key): key for key in PACKAGE_SETTINGS}


def user_fields(user: User) -> Fields:
    """A user."""
    return {"id": global_id(global_ids.USER, user.id), "name": user.name, "username": user.username}


def group_fields(context: Context, group: Group) -> Fields:
    """A group; its settings only for those who may change them."""
    name = group.path.rpartition("/")[2]
    return {
        "fullPath": group.path,
        "id": global_id(global_ids.GROUP, group.id),
        "name": name,
        "packageSettings": lambda _info: settings_fields(group) if context.administers_group(group) else None,
        "path": name,
    }


def settings_fields(group: Group) -> Fields:
    """The package settings of a group, as they hold for it."""
    fields: Fields = {name: package_settings.effective(group, key) for name, key in SETTING_OF.items()}
    for key in package_settings.CASCADING:
        fields[camel(f"{key}_locked")] = package_settings.locked(group, key)
    return fields


def project_fields(context: Context, project: Project) -> Fields:
    """A project; its cleanup policy only for those who may change it."""
    return {
        "archived": project.archived,
        "fullPath": project.path,
        "id": global_id(global_ids.PROJECT, project.id),
        "name": project.name,
        "packagesCleanupPolicy": lambda _info: policy_fields(project) if context.administers(project) else None,
        "path": project.path.rpartition("/")[2],
    }


def policy_fields(project: Project) -> Fields:
    """The cleanup policy of a project; where there is none, it is the one that keeps all."""
    return {"keepNDuplicatedPackageFiles": KEEP_WORDS[project.keep_n], "nextRunAt": project.next_run_at}


def package_fields(context: Context, package: Package, project: Project) -> Fields:
    """A package."""
    details = context.registry.storage.package_details([package.id]).get(package.id, {})
    return {
        "createdAt": package.created_at,
        "id": global_id(global_ids.PACKAGE, package.id),
        "lastDownloadedAt": package.last_downloaded_at,
        "name": package.name,
        "packageType": TYPE_NAME[package.type].upper(),
        "project": lambda _info: project_fields(context, project),
        "protectionRuleExists": access.push_rule_exists(project, package.name, package.type),
        "status": STATUSES[package.status].upper(),
        "statusMessage": details.get("status_message"),
        "updatedAt": package.updated_at,
        "userPermissions": {"destroyPackage": context.deletes(project)},
        "version": package.version,
    }
