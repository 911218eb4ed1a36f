# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request to one endpoint, and how it finds what its path names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from gitlab_sandbox import access, answers, clock, paging
from gitlab_sandbox.access import Caller
from gitlab_sandbox.answers import ApiError
from gitlab_sandbox.bodies import Bodies
from gitlab_sandbox.credentials import JOB
from gitlab_sandbox.directory import Directory, Group, Project
from gitlab_sandbox.object_storage import ObjectStorage
from gitlab_sandbox.persistence import DirectoryStore
from gitlab_sandbox.query import Parameters, decode, to_integer
from gitlab_sandbox.rows import Package
from gitlab_sandbox.storage import Storage

if TYPE_CHECKING:
    from gitlab_sandbox.routes import Route


@dataclass
class Registry:
    """What all calls share. ``objects`` is the object storage, if files come from there."""

    storage: Storage
    store: DirectoryStore
    current: bool
    max_bulk: int = 100
    objects: ObjectStorage | None = None
    # When each access token was last used, by its ID.
    last_used: dict[int, str] = field(default_factory=dict)

    @property
    def directory(self) -> Directory:
        """Users, tokens, groups and projects."""
        return self.store.directory


@dataclass
class Call:
    """One request to one endpoint. ``segments`` are those of its path, ``headers`` have names in lower case."""

    registry: Registry
    route: Route
    method: str
    raw_path: str
    segments: dict[str, str]
    query: dict[str, str | None]
    headers: dict[str, str]
    caller: Caller
    base_url: str
    body: Callable[[], AsyncIterator[bytes]]

    @property
    def bodies(self) -> Bodies:
        """The maker of this answer's bodies."""
        return Bodies(self.registry.directory, self.base_url, self.registry.current)

    def parameters(self) -> Parameters:
        """The query parameters, to be read and checked."""
        return Parameters(self.query)

    @property
    def reads(self) -> bool:
        """Whether the request changes nothing."""
        return self.method in ("GET", "HEAD")

    # Finding what the path names

    def project(self) -> Project:
        """The project in the path, if the caller may know of it.

        :raises ApiError: 404, 301 and 405 for the former path of a project that has moved; 403 for a job's token
            without access, 401 for nobody, where the call answers so.
        """
        reference = decode(self.segments["id"])
        project, moved = (None, False) if reference is None else self.registry.directory.project(reference)
        if project is None or not self._enters(project):
            raise self._refusal(project)
        if moved:
            raise self._moved(project)
        needed = self.route.job if self.registry.current and not self._public(project) else ""
        if needed and not access.job_has(self.caller, needed):
            raise answers.job_lacks(needed, project.path)
        return project

    def _public(self, project: Project) -> bool:
        """Whether everybody may do this here, whatever a job's token may."""
        if not self.reads:
            return False
        return project.visibility == "public" or (self.route.downloads and project.package_registry == "public")

    def _enters(self, project: Project) -> bool:
        if self._public(project):
            return True
        return access.sees_project(self.caller, project) and access.job_may_enter(self.caller, project)

    def _refusal(self, project: Project | None) -> ApiError:
        if self.caller.anonymous and self.route.wants_token:
            return answers.unauthorized()
        if project is None or self.caller.kind != JOB or not self.route.job:
            return answers.project_not_found()
        token = self.caller.token
        source = self.registry.directory.projects.get((token and token.project_id) or 0, project)
        return answers.job_not_allowed(source.path, project.path)

    def _moved(self, project: Project) -> ApiError:
        if not self.reads:
            return answers.message(405, "405 Non GET methods are not allowed for moved projects")
        _, _, rest = self.raw_path[len("/api/v4/projects/") :].partition("/")
        path = f"/api/v4/projects/{project.id}" + (f"/{rest}" if rest else "")
        url = paging.link_url(self.base_url, path, self.query) if self.query else f"{self.base_url}{path}"
        answer = answers.json_answer(301, {"message": f"Moved permanently to {url}"})
        answer.headers.append((b"location", url.encode()))
        return ApiError(answer)

    def readable_project(self) -> Project:
        """The project in the path, if the caller may read its packages.

        :raises ApiError: as :meth:`project`; 403 if the registry is off or the role does not suffice.
        """
        project = self.project()
        reads = access.downloads_packages if self.route.downloads else access.reads_packages
        if not reads(self.caller, project):
            raise answers.forbidden()
        return project

    def publishing_project(self) -> Project:
        """The project in the path, if the caller may publish there; push rules are asked by their own check.

        :raises ApiError: as :meth:`project`; 403 if the registry is off, the project archived, the role too low.
        """
        project = self.project()
        if not access.publishes(self.caller, project):
            raise answers.forbidden()
        return project

    def group(self) -> Group:
        """The group in the path, if the caller may know of it."""
        reference = decode(self.segments["id"])
        group = None if reference is None else self.registry.directory.group(reference)
        if group is None or not access.sees_group(self.caller, group):
            raise answers.group_not_found()
        return group

    def integer(self, parameters: Parameters, name: str) -> int:
        """An integer in the path."""
        number = to_integer(decode(self.segments[name]))
        if number is None:
            parameters.invalid(name)
            return 0
        return number

    def package(self, project: Project, package_id: int) -> Package:
        """A displayable package of the project."""
        package = self.registry.storage.package(project.id, package_id)
        if package is None:
            raise answers.package_not_found()
        return package

    def check_precondition(self, updated_at: str) -> None:
        """Answer 412 if there was an update after the time in ``If-Unmodified-Since``."""
        since = clock.precondition(self.headers.get("if-unmodified-since"))
        if since is not None and updated_at > since:
            raise answers.precondition_failed()

    def check_delete_protection(self, project: Project, package: Package) -> None:
        """Answer 403 if a protection rule is above the caller's role."""
        if self.delete_protected(project, package):
            raise answers.forbidden("Package is deletion protected.")

    def delete_protected(self, project: Project, package: Package) -> bool:
        """Whether a rule keeps the caller from deleting. Servers of 16.1, or with the flag off, do not ask."""
        if not self.registry.current or not self.registry.directory.instance.delete_protection:
            return False
        return access.delete_protected(self.caller, project, package.name, package.type)

    def check_push_protection(self, project: Project, name: str, package_type: int) -> None:
        """Answer 403 if a protection rule is above the caller's role for publishing under this stored name."""
        if self.registry.current and access.push_protected(self.caller, project, name, package_type):
            raise answers.forbidden("Package protected.")
