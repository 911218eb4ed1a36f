# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON bodies of packages, files and pipelines (contract, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitlab_sandbox.access import Caller
from gitlab_sandbox.directory import Directory, Group, Project
from gitlab_sandbox.rows import Build, File, Package, Tag
from gitlab_sandbox.seed_model import EPOCH
from gitlab_sandbox.vocabulary import DETAILED, STATUSES, TYPE_NAME

Body = dict[str, Any]


@dataclass(frozen=True)
class Bodies:
    """Makes the bodies of one answer: all URLs in it start with ``base_url``."""

    directory: Directory
    base_url: str
    current: bool

    def package(
        self,
        package: Package,
        project: Project,
        deletable: bool,
        tags: list[Tag] | None,
        build: Build | None,
        in_group: bool = False,
    ) -> Body:
        """A package, as lists show it."""
        links: Body = {}
        if package.status in DETAILED:
            links["web_path"] = _web_path(package, project)
        if deletable:
            links["delete_api_path"] = f"{self.base_url}/api/v4/projects/{package.project_id}/packages/{package.id}"
        body: Body = {"id": package.id, "name": package.recipe or package.name}
        if package.recipe is not None:
            body["conan_package_name"] = package.name
        body["version"] = package.version
        body["package_type"] = TYPE_NAME[package.type]
        body["status"] = STATUSES[package.status]
        body["_links"] = links
        body["created_at"] = package.created_at
        body["last_downloaded_at"] = package.last_downloaded_at
        if self.current:
            body["creator_id"] = package.creator_id
        if in_group:
            body["project_id"] = package.project_id
            body["project_path"] = project.path
        body["tags"] = self._tags(package, tags)
        if build is not None:
            body["pipeline"] = None if build.deleted else self.pipeline(build)
            body["pipelines"] = []
        return body

    def version(self, package: Package, tags: list[Tag] | None, build: Build | None) -> Body:
        """Another version of a package, as E3 shows it."""
        body: Body = {
            "id": package.id,
            "version": package.version,
            "created_at": package.created_at,
            "tags": self._tags(package, tags),
        }
        if build is not None:
            body["pipeline"] = None if build.deleted else self.pipeline(build)
        return body

    def _tags(self, package: Package, tags: list[Tag] | None) -> list[Body]:
        """The tags of a package: raw rows, to which newer servers have added the project."""
        return [
            {
                "id": tag.id,
                "package_id": tag.package_id,
                "name": tag.name,
                "created_at": tag.created_at,
                "updated_at": tag.created_at,
                **({"project_id": package.project_id} if self.current else {}),
            }
            for tag in tags or ()
        ]

    def pipeline(self, pipeline: Build) -> Body:
        """The pipeline of a build."""
        user = None if pipeline.user_id is None else self.directory.users[pipeline.user_id]
        project = self.directory.projects.get(pipeline.project_id)
        path = "" if project is None else project.path
        return {
            "id": pipeline.pipeline_id,
            "iid": pipeline.iid,
            "project_id": pipeline.project_id,
            "sha": pipeline.sha,
            "ref": pipeline.ref,
            "status": pipeline.status,
            "source": pipeline.source,
            "created_at": pipeline.created_at,
            "updated_at": pipeline.updated_at,
            "web_url": f"{self.base_url}/{path}/-/pipelines/{pipeline.pipeline_id}",
            "user": None
            if user is None
            else {
                "id": user.id,
                "username": user.username,
                "name": user.name,
                "state": "active",
                "avatar_url": None,
                "web_url": f"{self.base_url}/{user.username}",
            },
        }

    def file(self, file: File, builds: list[Build] | None) -> Body:
        """A package file."""
        body: Body = {
            "id": file.id,
            "package_id": file.package_id,
            "created_at": file.created_at,
            "file_name": file.file_name,
            "size": file.size,
            "file_md5": file.md5,
            "file_sha1": file.sha1,
            "file_sha256": file.sha256,
        }
        if builds:
            body["pipelines"] = [self.pipeline(build) for build in builds]
        return body

    def project(self, project: Project, caller: Caller, simple: bool = False) -> Body:
        """A project, as far as this sandbox knows it (E10; registries, E)."""
        group = project.group
        body: Body = {
            "id": project.id,
            "description": None,
            "name": project.name,
            "name_with_namespace": " / ".join([*group.path.split("/"), project.name]),
            "path": project.path.rpartition("/")[2],
            "path_with_namespace": project.path,
            "created_at": EPOCH,
            "default_branch": "main",
            "topics": [],
            "web_url": f"{self.base_url}/{project.path}",
            "last_activity_at": EPOCH,
            "namespace": {
                "id": group.id,
                "name": group.path.rpartition("/")[2],
                "path": group.path.rpartition("/")[2],
                "kind": "group",
                "full_path": group.path,
                "parent_id": None if group.parent is None else group.parent.id,
                "web_url": f"{self.base_url}/groups/{group.path}",
            },
        }
        if simple:
            return body
        own = 0 if caller.user is None else project.members.get(caller.user.id, 0)
        inherited = group.level(caller.user)
        body["archived"] = project.archived
        body["visibility"] = project.visibility
        body["packages_enabled"] = project.package_registry != "disabled"
        if self.current:
            body["package_registry_access_level"] = project.package_registry
        body["creator_id"] = None
        body["shared_with_groups"] = [
            {"group_id": shared.id, "group_name": shared.path.rpartition("/")[2], "group_full_path": shared.path}
            for shared in project.shared_with
        ]
        body["permissions"] = {
            "project_access": {"access_level": own, "notification_level": 3} if own else None,
            "group_access": {"access_level": inherited, "notification_level": 3} if inherited else None,
        }
        return body

    def group(self, group: Group) -> Body:
        """A group, as far as this sandbox knows it (E10)."""
        name = group.path.rpartition("/")[2]
        return {
            "id": group.id,
            "name": name,
            "path": name,
            "full_path": group.path,
            "web_url": f"{self.base_url}/groups/{group.path}",
            "visibility": group.visibility,
            "parent_id": None if group.parent is None else group.parent.id,
        }


def _web_path(package: Package, project: Project) -> str:
    page = "terraform_module_registry" if TYPE_NAME[package.type] == "terraform_module" else "packages"
    return f"/{project.path}/-/{page}/{package.id}"
