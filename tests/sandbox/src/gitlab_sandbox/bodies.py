# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON bodies of packages, files and pipelines (contract, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitlab_sandbox.directory import Directory, Group, Project
from gitlab_sandbox.storage import File, Package, Pipeline, Tag
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
        pipeline: Pipeline | None,
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
        body["tags"] = [_tag(tag) for tag in tags] if tags else []
        if pipeline is not None:
            body["pipeline"] = self.pipeline(pipeline, project)
            body["pipelines"] = []
        return body

    def version(self, package: Package, project: Project, tags: list[Tag] | None, pipeline: Pipeline | None) -> Body:
        """Another version of a package, as E3 shows it."""
        body: Body = {
            "id": package.id,
            "version": package.version,
            "created_at": package.created_at,
            "tags": [_tag(tag) for tag in tags] if tags else [],
        }
        if pipeline is not None:
            body["pipeline"] = self.pipeline(pipeline, project)
        return body

    def pipeline(self, pipeline: Pipeline, project: Project) -> Body:
        """A pipeline."""
        user = None if pipeline.user_id is None else self.directory.users[pipeline.user_id]
        return {
            "id": pipeline.id,
            "iid": pipeline.iid,
            "project_id": project.id,
            "sha": pipeline.sha,
            "ref": pipeline.ref,
            "status": pipeline.status,
            "source": pipeline.source,
            "created_at": pipeline.created_at,
            "updated_at": pipeline.updated_at,
            "web_url": f"{self.base_url}/{project.path}/-/pipelines/{pipeline.id}",
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

    def file(self, file: File, project: Project, pipelines: list[Pipeline] | None) -> Body:
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
        if pipelines:
            body["pipelines"] = [self.pipeline(pipeline, project) for pipeline in pipelines]
        return body

    def project(self, project: Project) -> Body:
        """A project, as far as this sandbox knows it (E10)."""
        name = project.path.rpartition("/")[2]
        return {
            "id": project.id,
            "name": name,
            "path": name,
            "path_with_namespace": project.path,
            "web_url": f"{self.base_url}/{project.path}",
            "visibility": project.visibility,
        }

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


def _tag(tag: Tag) -> Body:
    return {
        "id": tag.id,
        "package_id": tag.package_id,
        "name": tag.name,
        "created_at": tag.created_at,
        "updated_at": tag.created_at,
    }


def _web_path(package: Package, project: Project) -> str:
    page = "terraform_module_registry" if TYPE_NAME[package.type] == "terraform_module" else "packages"
    return f"/{project.path}/-/{page}/{package.id}"
