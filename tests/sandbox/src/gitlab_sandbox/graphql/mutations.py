# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mutations. Refused as a whole, one is null beside a top-level error; done and failed, it has ``errors``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from gitlab_sandbox import cleanup, package_settings
from gitlab_sandbox.deletion import delete_package
from gitlab_sandbox.graphql import global_ids
from gitlab_sandbox.graphql.context import Context, batches, context_of, refuse
from gitlab_sandbox.graphql.fields import KEEP_NUMBERS, SETTING_OF, Fields, policy_fields, settings_fields
from gitlab_sandbox.rows import File, Package
from gitlab_sandbox.vocabulary import DISPLAYABLE

BATCH = 20
MOST_FILES = 100

Input = Mapping[str, Any]
Mutation = Callable[[Context, Input], Fields]


def _resolver(mutation: Mutation, once: bool = False) -> Callable[..., Fields]:
    """What GitLab does around every mutation. ``once``: one request may ask for it only once."""

    @wraps(mutation)
    def resolve(_root: Any, info: GraphQLResolveInfo[Any], input: Input) -> Fields:
        context = context_of(info)
        if once:
            context.count(info)
        if not context.writes:
            raise refuse()
        return {"errors": [], "clientMutationId": input.get("clientMutationId"), **mutation(context, input)}

    return resolve


def _protected(package: Package) -> str:
    return f"Package '{package.name}' is deletion protected."


def destroy_packages(context: Context, input: Input) -> Fields:
    """``destroyPackages``: what is displayable and not protected, in batches, by ID."""
    registry = context.registry
    if len(input["ids"]) > registry.max_bulk:
        raise GraphQLError(f"Cannot delete more than {registry.max_bulk} packages")
    errors = []
    packages = []
    for package_id in sorted(set(map(global_ids.package_id, input["ids"]))):
        package = registry.storage.package_by_id(package_id)
        if package is None or package.status not in DISPLAYABLE:
            continue
        project = registry.directory.projects[package.project_id]
        # Those who may not delete at all are refused below, whatever the rules.
        if context.deletes(project) and context.protected(project, package):
            errors.append(_protected(package))
        else:
            packages.append(package)
    for batch in batches(packages, BATCH):
        if not all(context.deletes(registry.directory.projects[package.project_id]) for package in batch):
            raise refuse()
        for package in batch:
            delete_package(registry.storage, package)
    return {"errors": errors}


def destroy_package_files(context: Context, input: Input) -> Fields:
    """``destroyPackageFiles``: all of the files of one project, but those of protected packages."""
    project = context.project(input["projectPath"])
    if project is None or not context.deletes(project):
        raise refuse()
    if len(input["ids"]) > MOST_FILES:
        raise GraphQLError(f"Cannot delete more than {MOST_FILES} files")
    storage = context.registry.storage
    found: list[tuple[File, Package]] = []
    for file_id in sorted(set(map(global_ids.package_file_id, input["ids"]))):
        file = storage.file_by_id(file_id)
        package = None if file is None else storage.package_by_id(file.package_id)
        if file is not None and package is not None:
            found.append((file, package))
    if {package.project_id for _, package in found} != {project.id}:
        raise GraphQLError("All files must be in the requested project")
    errors = []
    for file, package in found:
        if context.protected(project, package):
            errors.append(_protected(package))
        else:
            storage.delete_file(file)
    return {"errors": list(dict.fromkeys(errors))}


def update_package_settings(context: Context, input: Input) -> Fields:
    """``updateNamespacePackageSettings``: what is given; one wrong value, and nothing is changed."""
    group = context.group(input["namespacePath"])
    if group is None or not context.administers_group(group):
        raise refuse()
    values = {SETTING_OF[name]: value for name, value in input.items() if name in SETTING_OF}
    outcome = package_settings.change(group, values)
    if outcome.errors:
        return {"errors": [_sentence(outcome.errors)], "packageSettings": None}
    store = context.registry.store
    store.change_settings(group, outcome.changes)
    prefix = group.path + "/"
    for below in context.registry.directory.groups.values():
        if below.path.startswith(prefix):
            locks = {f"lock_{key}": False for key in outcome.newly_locked if below.settings[f"lock_{key}"]}
            if locks:
                store.change_settings(below, locks)
    return {"packageSettings": settings_fields(group)}


def update_cleanup_policy(context: Context, input: Input) -> Fields:
    """``updatePackagesCleanupPolicy``: makes the policy where there is none."""
    project = context.project(input["projectPath"])
    if project is None or not context.administers(project):
        raise refuse()
    if "keepNDuplicatedPackageFiles" in input:
        word = input["keepNDuplicatedPackageFiles"]
        if word is None:
            return {"errors": ["Keep n duplicated package files is invalid"], "packagesCleanupPolicy": None}
        project.keep_n = KEEP_NUMBERS[word]
    cleanup.schedule(context.registry, project)
    return {"packagesCleanupPolicy": policy_fields(project)}


def _sentence(errors: list[str]) -> str:
    """Several errors as one text, as GitLab joins them."""
    if len(errors) <= 2:
        return " and ".join(errors)
    return f"{', '.join(errors[:-1])}, and {errors[-1]}"


RESOLVERS = {
    "destroyPackageFiles": _resolver(destroy_package_files),
    "destroyPackages": _resolver(destroy_packages, once=True),
    "updateNamespacePackageSettings": _resolver(update_package_settings),
    "updatePackagesCleanupPolicy": _resolver(update_cleanup_policy),
}
