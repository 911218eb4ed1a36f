# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What control calls change of packages and projects behind a client's back (README, section "Control, for tests")."""

from __future__ import annotations

from typing import Any

from gitlab_sandbox.calls import Registry
from gitlab_sandbox.directory import Project, User
from gitlab_sandbox.node import Node, SeedError
from gitlab_sandbox.rows import Package
from gitlab_sandbox.seed import PATH
from gitlab_sandbox.vocabulary import REGISTRY_LEVELS, ROLES, STATUS_NUMBER, STATUSES


class ChangeError(Exception):
    """What is wrong with an ordered change, in one sentence that names the place."""


def change_package(registry: Registry, package: Package, data: Any) -> Package:
    """Change a package. Only a change of its status moves its last update.

    :raises ChangeError: if something is wrong; then nothing is changed.
    """
    changes = _checked(_read_package, data, registry.current)
    storage = registry.storage
    with storage.transaction():
        if "status" in changes:
            package = storage.set_status(package, changes["status"], touch=True)
        if "tags" in changes:
            storage.remove_tags([package.id])
            for tag in changes["tags"]:
                storage.add_tag(package.id, tag)
        columns = {key: changes[key] for key in ("last_downloaded_at", "updated_at") if key in changes}
        return storage.set_package(package, **columns)


def _checked(read: Any, data: Any, *context: Any) -> Any:
    """Read with the places and words of seeds."""
    try:
        return read(Node(data, ""), *context)
    except SeedError as error:
        raise ChangeError(str(error).removeprefix("seed: ")) from None


def _read_package(node: Node, current: bool) -> dict[str, Any]:
    fields = node.mapping("status", "last_downloaded_at", "updated_at", "tags")
    changes: dict[str, Any] = {}
    if fields.present("status"):
        changes["status"] = STATUS_NUMBER[fields.node("status").choice(STATUSES if current else STATUSES[:-1])]
    if fields.present("last_downloaded_at"):
        changes["last_downloaded_at"] = fields.optional_time("last_downloaded_at")
    if fields.present("updated_at"):
        changes["updated_at"] = fields.node("updated_at").time()
    if fields.present("tags"):
        changes["tags"] = [tag.string() for tag in fields.node("tags").items()]
    return changes


def change_project(registry: Registry, project: Project, data: Any) -> None:
    """Change a project: its path, ``archived``, ``package_registry``, some of its members, or delete it.

    :raises ChangeError: if something is wrong; then nothing is changed.
    """
    changes = _checked(_read_project, data, registry, project)
    store = registry.store
    with registry.storage.transaction():
        if changes.get("path", project.path) != project.path:
            store.move_project(project, changes["path"])
        for key in ("archived", "package_registry"):
            if key in changes:
                setattr(project, key, changes[key])
        store.save_project(project)
        for user, level in changes.get("members", ()):
            store.set_member(project, user, level)
        if changes.get("deleted"):
            store.remove_project(project)
    if changes.get("deleted"):
        registry.storage.remove_packages(project.id)


def _read_project(node: Node, registry: Registry, project: Project) -> dict[str, Any]:
    directory = registry.directory
    fields = node.mapping("path", "archived", "package_registry", "members", "deleted")
    changes: dict[str, Any] = {}
    if fields.present("path"):
        path_node = fields.node("path")
        path = path_node.matching(PATH, "a path such as acme/web/shop")
        if "/" not in path:
            raise path_node.error(f"{path!r} is in no group")
        if path in directory.group_paths:
            raise path_node.error(f"{path!r} is a group already")
        other = directory.project_paths.get(path)
        if other is not None and other is not project:
            raise path_node.error(f"{path!r} is a project already")
        above = path
        while above := above.rpartition("/")[0]:
            if above in directory.project_paths:
                raise path_node.error(f"{above!r} is a project, not a group")
        changes["path"] = path
    for key in ("archived", "deleted"):
        if fields.present(key):
            changes[key] = fields.node(key).boolean()
    if fields.present("package_registry"):
        changes["package_registry"] = fields.node("package_registry").choice(REGISTRY_LEVELS)
    members: list[tuple[User, int | None]] = []
    for name, role in fields.node("members").pairs():
        user = directory.user(name.string())
        if user is None:
            raise fields.node("members").error(f"there is no user {name.value!r}")
        members.append((user, None if role.value is None else ROLES[role.choice(ROLES)]))
    changes["members"] = members
    return changes
