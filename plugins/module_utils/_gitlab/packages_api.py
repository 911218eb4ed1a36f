# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GitLab's Packages API, one method per endpoint (E1 to E11 of docs/gitlab-packages-api.md). Nothing of Ansible.

Every method raises the errors of errors.py. What an answer holds is checked before it is handed on: an answer of
another shape is an :class:`UnexpectedAnswer`, never a KeyError later.
"""

from __future__ import annotations

import email.utils
import re
import typing as t
import urllib.parse
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.causes import Causes
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Start
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    InvalidInput,
    UnexpectedAnswer,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.pages import Query
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.paging import list_all, list_in_turn
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.standing import Standing

Package = dict[str, t.Any]
PackageFile = dict[str, t.Any]
Keep = t.Callable[[Package], t.Optional[Package]]
#: How many pages of pipelines are read of one package: a hundred thousand builds.
MAX_CURSORS = 5000


class PackagesApi:
    """The endpoints, on one client.

    ``before_delete`` is called right before each delete, in the thread that sends it; what it raises ends that call.
    """

    def __init__(self, client: Client, before_delete: t.Callable[[], None] = lambda: None) -> None:
        self.client = client
        self._causes = Causes(client)
        self.before_delete = before_delete
        #: The protection rules, and what they mean to the caller.
        self.standing = Standing(client)
        #: Whether files are downloaded by their IDs (E8); false once the server has shown that it has no such call.
        self.downloads_by_id = True

    # --- projects, groups, tokens ----------------------------------------------------------------------------

    def scope(self, scope: Scope) -> dict[str, t.Any]:
        """E10: the project or group itself, as GitLab gives it; ``id`` is an int."""
        self._refuse_job_token(scope)
        # A group would come with its first hundred projects.
        params = {"with_projects": "false"} if scope.kind == "group" else None
        with self._causes.told(scope):
            data = self.client.get(scope.path, params).data
        found = _checked(data, {"id": int}, f"GET /{scope.kind}s/{scope.ref}")
        if found["id"] < 1:
            raise UnexpectedAnswer(
                f"GET /{scope.kind}s/{scope.ref}: answered with the ID {found['id']}, which nothing has"
            )
        return found

    def archived_projects(self, group: Scope) -> frozenset[int]:
        """The IDs of a group's archived projects, as far as the caller may see them (registries, section E)."""
        levels = {} if group.exclude_subgroups else {"include_subgroups": "true"}
        params = {"archived": "true", "with_shared": "false", "order_by": "id", "sort": "asc", **levels}
        query = Query(f"{group.path}/projects", params)
        projects = list_in_turn(self.client, query, _check_project)
        return frozenset(project["id"] for project in projects if project.get("archived") is True)

    def group_projects(self, group: Scope) -> list[dict[str, t.Any]]:
        """All projects of a group, without those that are shared with it (registries, section E), in order of ID."""
        params = {"with_shared": "false", "order_by": "id", "sort": "asc", "include_subgroups": "true"}
        self._refuse_job_token(group)
        with self._causes.told(group):
            return list_in_turn(self.client, Query(f"{group.path}/projects", params), _check_listed_project)

    def project_statistics(self, project: Scope) -> dict[str, t.Any]:
        """E10 with ``statistics`` (registries, D), which are not there for less than a reporter."""
        with self._causes.told(project):
            data = self.client.get(project.path, {"statistics": "true"}).data
        return _checked(data, {"id": int, "statistics": (dict, type(None))}, f"GET /projects/{project.ref}")

    def project_id(self, project: Scope) -> int:
        """The numeric ID of a project, asked for (E10) only where it is not what one has."""
        is_id = project.path and project.is_number  # the path refuses what cannot be
        return int(project.ref) if is_id else int(self.scope(project)["id"])

    def _refuse_job_token(self, scope: Scope) -> None:
        token = self.client.connection.token
        if scope.kind == "group" and token and token.kind == "job":
            raise InvalidInput(
                "GitLab ignores job tokens for groups: use an access token (api_token), or name a project"
            )

    def token_scopes(self) -> list[str] | None:
        """E11: the scopes of the token in use; None where the server does not tell (job tokens, no token)."""
        token = self.client.connection.token
        if token is None or token.kind == "job":
            return None
        try:
            data = self.client.get("/personal_access_tokens/self").data
        except GitlabError:
            return None
        scopes = data.get("scopes") if isinstance(data, dict) else None
        return [scope for scope in scopes if isinstance(scope, str)] if isinstance(scopes, list) else None

    def why_no_delete(self, project_id: int) -> str:
        """Why GitLab offers no delete of a project's packages, as the refusal of one would say (E10, once each)."""
        return self._causes.of_no_delete(project_id)

    def why_no_publish(self, project_id: int) -> str | None:
        """Why nothing can be published in a project, as far as it tells (E10, once each); None: it does not."""
        return self._causes.of_no_publish(project_id)

    # --- packages --------------------------------------------------------------------------------------------

    def packages(
        self,
        scope: Scope,
        queries: t.Sequence[t.Mapping[str, str]],
        keep: Keep,
        order_by: str = "created_at",
        sort: str = "asc",
        limit: int | None = None,
    ) -> list[Package]:
        """E1 or E2: what the lists of these queries hold and ``keep`` does not turn into None, each package once.

        The lists follow each other, each in the order that is asked for. With ``limit`` no more pages of each are read
        than it takes; raises :class:`Unordered` where that does not tell which are the first. Only a group's packages
        come with their ``project_id``.
        """
        self._refuse_job_token(scope)
        extra = {"order_by": order_by, "sort": sort}
        if scope.kind == "group" and scope.exclude_subgroups:
            extra["exclude_subgroups"] = "true"
            keep = _keep_direct(keep, _checked(self.scope(scope), {"full_path": str}, f"GET {scope.path}")["full_path"])
        lists = [Query(f"{scope.path}/packages", {**query, **extra}) for query in queries]
        check = _check_group_package if scope.kind == "group" else _check_package
        with self._causes.told(scope):
            return list_all(self.client, lists, check, keep, limit)

    def lists(self, lists: t.Sequence[tuple[Scope, t.Mapping[str, str]]], keep: Keep) -> list[Package]:
        """E1: as :meth:`packages`, for queries of many projects, oldest first; one that fails fails all."""
        order = {"order_by": "created_at", "sort": "asc"}
        queries = [Query(f"{scope.path}/packages", {**query, **order}) for scope, query in lists]
        with self._causes.told(*(scope for scope, _query in lists)):
            return list_all(self.client, queries, _check_package, keep)

    def package(self, project_id: int, package_id: int) -> Package:
        """E3: one package, with ``versions``. Raises PackageNotShown for a status other than default, deprecated."""
        path = f"/projects/{project_id}/packages/{package_id}"
        with self._causes.told(_project(project_id)):
            package = self.client.get(path).data
        _check_package(package, f"GET {path}")
        return t.cast(Package, package)

    def package_files(
        self, project_id: int, package_id: int, order_by: str = "id", sort: str = "asc"
    ) -> list[PackageFile]:
        """E4: the files of a displayable package; ``size`` in bytes."""
        path = f"/projects/{project_id}/packages/{package_id}/package_files"
        with self._causes.told(_project(project_id)):
            files = list_in_turn(self.client, Query(path, {}), _check_file)
        keys: dict[str, t.Callable[[PackageFile], t.Any]] = {
            "id": lambda f: f["id"],
            "created_at": lambda f: f.get("created_at") or "",
            "file_name": lambda f: f["file_name"],
        }
        # Sent as the server has them, by ID: in any other order equal ones have no place of their own.
        return sorted(files, key=lambda f: (keys[order_by](f), f["id"]), reverse=sort == "desc")

    def download(self, project_id: int, package_id: int, file_id: int, start: Start, most: int | None = None) -> None:
        """E8: the stored bytes of a file, as :meth:`Client.download` hands them on. GitLab 18.4 and newer."""
        path = f"/projects/{project_id}/packages/{package_id}/package_files/{file_id}/download"
        with self._causes.told(_project(project_id)):
            self.client.download(path, start, most)

    def pipelines(self, project_id: int, package_id: int) -> list[dict[str, t.Any]]:
        """E5: the pipelines that built the package, newest first. Keyset paging."""
        path = f"/projects/{project_id}/packages/{package_id}/pipelines"
        found: list[dict[str, t.Any]] = []
        seen: set[str] = set()
        params = {"per_page": "20"}
        while True:
            with self._causes.told(_project(project_id)):
                answer = self.client.get(path, params)
            page = answer.data
            if not isinstance(page, list):
                raise UnexpectedAnswer(f"GET {path}: answered with no list", answer.status)
            found += [_checked(pipeline, {"id": int}, f"GET {path}") for pipeline in page]
            cursor = _next_cursor(answer.headers.get("Link", ""))
            if not cursor or not page:
                return found
            if cursor in seen or len(seen) >= MAX_CURSORS:
                where = "to one that was read before" if cursor in seen else "on, beyond what any package has"
                raise UnexpectedAnswer(
                    f"GET {path}: after {len(seen) + 1} pages the next one leads {where}", answer.status
                )
            seen.add(cursor)
            # Only the cursor is taken from the link: its host is not followed, the token stays where it is.
            params = {"per_page": "20", "cursor": cursor}

    # --- deletes ---------------------------------------------------------------------------------------------

    def delete_package(self, project_id: int, package_id: int, unmodified_since: datetime | None = None) -> None:
        """E6. ``unmodified_since`` (aware) is sent as ``If-Unmodified-Since``, which is exact to the second."""
        self.before_delete()
        with self._causes.told(_project(project_id)):
            self.client.delete(f"/projects/{project_id}/packages/{package_id}", _precondition(unmodified_since))

    def delete_package_file(
        self, project_id: int, package_id: int, file_id: int, unmodified_since: datetime | None = None
    ) -> None:
        """E7, as :meth:`delete_package`."""
        self.before_delete()
        path = f"/projects/{project_id}/packages/{package_id}/package_files/{file_id}"
        with self._causes.told(_project(project_id)):
            self.client.delete(path, _precondition(unmodified_since))


def _project(project_id: int) -> Scope:
    return Scope("project", str(project_id))


def _keep_direct(keep: Keep, group_path: str) -> Keep:
    """What keeps packages of a group's own projects only; one whose project the caller may not see is none."""

    def direct(package: Package) -> Package | None:
        project = package.get("project_path")
        return keep(package) if isinstance(project, str) and project.rpartition("/")[0] == group_path else None

    return direct


def _precondition(since: datetime | None) -> dict[str, str]:
    return {"If-Unmodified-Since": email.utils.formatdate(since.timestamp(), usegmt=True)} if since else {}


def _next_cursor(link: str) -> str | None:
    for part in link.split("<")[1:]:
        url, _end, parameters = part.partition(">")
        if re.search(r"\brel=\"?next\b", parameters):
            try:
                values = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get("cursor")
            except ValueError:
                return None
            return values[0] if values else None
    return None


def _checked(data: t.Any, fields: dict[str, t.Any], where: str) -> dict[str, t.Any]:
    """``data`` if it is an object whose fields have these types (a tuple with NoneType: may be missing)."""
    if not isinstance(data, dict):
        raise UnexpectedAnswer(f"{where}: answered with {_kind(data)} where an object is due")
    for name, kinds in fields.items():
        value = data.get(name)
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise UnexpectedAnswer(f"{where}: answered with an object whose {name!r} is {_kind(value)}")
    return data


def _kind(value: t.Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


_OPTIONAL_TEXT = (str, type(None))
_PACKAGE = {
    "id": int,
    "name": str,
    "package_type": str,
    "version": _OPTIONAL_TEXT,
    "status": _OPTIONAL_TEXT,
    "created_at": _OPTIONAL_TEXT,
    "last_downloaded_at": _OPTIONAL_TEXT,
    "conan_package_name": _OPTIONAL_TEXT,
    "project_path": _OPTIONAL_TEXT,
    "_links": (dict, type(None)),
    "tags": (list, type(None)),
    "pipeline": (dict, type(None)),
}
_FILE = {
    "id": int,
    "file_name": str,
    "size": (int, type(None)),
    "created_at": _OPTIONAL_TEXT,
    "file_sha256": _OPTIONAL_TEXT,
    "file_sha1": _OPTIONAL_TEXT,
    "file_md5": _OPTIONAL_TEXT,
}


def _check_package(item: t.Any, where: str) -> None:
    _check_tags(_checked(item, _PACKAGE, where), where)


def _check_tags(package: Package, where: str) -> None:
    """A tag is an object with a name; a plain text is one too."""
    for tag in package.get("tags") or ():
        name = tag.get("name") if isinstance(tag, dict) else tag
        if not isinstance(name, str):
            raise UnexpectedAnswer(f"{where}: answered with an object of whose 'tags' one is named by {_kind(name)}")


def _check_group_package(item: t.Any, where: str) -> None:
    _check_tags(_checked(item, {**_PACKAGE, "project_id": int}, where), where)


def _check_project(item: t.Any, where: str) -> None:
    _checked(item, {"id": int}, where)


def _check_listed_project(item: t.Any, where: str) -> None:
    _checked(item, {"id": int, "path_with_namespace": str}, where)


def _check_file(item: t.Any, where: str) -> None:
    _checked(item, _FILE, where)
