# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why GitLab refused, where its words do not say: one look at the project or group itself (E10) tells it.

An archived project and one whose registry is off refuse with the same bare ``403 Forbidden`` as a role that is too low
(contract, section 4). Each project is looked at once, however many of its packages are refused.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t
from collections.abc import Iterator

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.error_words import (
    PLAIN,
    UNTOLD,
    publishes,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    ProjectArchived,
    RegistryOff,
    ScopeNotFound,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope

#: What E10 says of itself; None: it did not answer.
Known = t.Optional[dict[str, t.Any]]
#: GitLab's numbers of roles.
REPORTER, DEVELOPER, MAINTAINER = 20, 30, 40


def why_no_delete(project: Known, place: str) -> tuple[type[Forbidden], str]:
    """Why nothing can be deleted in a project, and the error that means it. ``place`` is what the sentence calls it."""
    if project is None:
        return Forbidden, UNTOLD.format(place=place)
    cause = _closed(project, place)
    if cause:
        return cause
    if _role(project) >= MAINTAINER:
        return (
            Forbidden,
            f"GitLab does not say why: the token has the maintainer role on {place}, which is not archived",
        )
    return Forbidden, f"deleting needs the maintainer role on {place}"


def why_not_changed(project: Known, place: str, what: str) -> tuple[type[Forbidden], str]:
    """Why ``what`` (such as "protection rules") of a project is refused to read and to change, and the error."""
    needs = f"the {what} of {place} can be read and changed by maintainers only"
    if project is None:
        return Forbidden, f"{needs}, and where it is not archived"
    if project.get("archived") is True:
        return ProjectArchived, f"{place} is archived, its {what} can neither be read nor changed: unarchive it first"
    cause = _closed(project, place)
    if cause:
        return cause
    if _role(project) >= MAINTAINER:
        return (
            Forbidden,
            f"GitLab does not say why: the token has the maintainer role on {place}, which is not archived",
        )
    return Forbidden, needs


def why_no_publish(project: dict[str, t.Any], place: str) -> tuple[type[Forbidden], str] | None:
    """Why nothing can be published in a project, as far as it tells by itself; None: it does not."""
    if project.get("archived") is True:
        return ProjectArchived, f"{place} is archived, nothing is published there: unarchive it first"
    cause = _closed(project, place)
    if cause:
        return cause
    if 0 < _role(project) < DEVELOPER:
        return Forbidden, f"publishing needs the developer role on {place}"
    return None


def _closed(project: dict[str, t.Any], place: str) -> tuple[type[Forbidden], str] | None:
    if project.get("archived") is True:
        return ProjectArchived, f"{place} is archived, nothing is deleted there: unarchive it, delete, archive it again"
    if project.get("marked_for_deletion_on") or project.get("marked_for_deletion_at"):
        return (
            ProjectArchived,
            f"{place} is to be deleted itself, nothing in it can be deleted before: restore it first",
        )
    if project.get("package_registry_access_level") == "disabled" or project.get("packages_enabled") is False:
        return RegistryOff, f"the package registry is switched off in {place}: a maintainer can switch it on there"
    return None


def _role(project: dict[str, t.Any]) -> int:
    """The highest role that E10 shows; invitations of groups do not show, so that it may be higher."""
    permissions = project.get("permissions")
    shown = permissions.values() if isinstance(permissions, dict) else ()
    levels = [access.get("access_level") for access in shown if isinstance(access, dict)]
    return max((level for level in levels if isinstance(level, int)), default=0)


class Causes:
    """What the projects and groups say of themselves, each asked at most once. Safe in many threads at once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}

    @contextlib.contextmanager
    def told(self, *scopes: Scope) -> Iterator[None]:
        """A refusal inside is raised with its cause. Of requests to several scopes, the call names the one."""
        try:
            yield
        except (Forbidden, ScopeNotFound) as error:
            for scope in scopes:
                if len(scopes) == 1 or f"{error.call}/".startswith(f"GET {scope.path}/"):
                    raise self._explained(error, scope) from None
            raise

    def of_no_delete(self, project_id: int) -> str:
        """Why GitLab offers no delete in a project."""
        scope = Scope("project", str(project_id))
        return why_no_delete(self._look(scope), str(scope))[1]

    @contextlib.contextmanager
    def told_of(self, project: Scope, what: str) -> Iterator[None]:
        """A refusal inside to read or change ``what`` of a project is raised with its cause."""
        try:
            yield
        except Forbidden as error:
            if error.__class__ is not Forbidden or error.words != PLAIN:
                raise
            raise _with(error, *self.of_no_change(project, what)) from None
        except ScopeNotFound as error:
            raise self._explained(error, project) from None

    def of_no_change(self, project: Scope, what: str) -> tuple[type[Forbidden], str]:
        """Why ``what`` of a project can neither be read nor changed, and the error that means it."""
        return why_not_changed(self._look(project), str(project), what)

    def of_no_publish(self, project_id: int) -> str | None:
        """Why GitLab would take nothing in a project, as far as the project tells."""
        scope = Scope("project", str(project_id))
        project = self._look(scope)
        cause = why_no_publish(project, str(scope)) if project else None
        return cause[1] if cause else None

    def _explained(self, error: GitlabError, scope: Scope) -> GitlabError:
        if isinstance(error, ScopeNotFound):
            other = Scope("group" if scope.kind == "project" else "project", scope.ref)
            # An ID tells nothing: a project and a group may have the same.
            if not scope.is_number and self._look(other) is not None:
                return _with(error, type(error), f"it is a {other.kind}, not a {scope.kind}")
            return error
        # Its kinds know their cause already.
        if error.__class__ is not Forbidden or error.words != PLAIN or scope.kind == "group":
            return error
        project = self._look(scope)
        if error.call.startswith("DELETE"):
            return _with(error, *why_no_delete(project, str(scope)))
        if publishes(error.call):
            cause = why_no_publish(project, str(scope)) if project else None
            return _with(error, *cause) if cause else error
        if project is None:
            return _with(error, Forbidden, f"{error.hint}, and a package registry that is switched on")
        cause = _closed(project, str(scope))
        off = cause if cause and cause[0] is RegistryOff else None
        if off is None and _role(project) >= REPORTER:
            return _with(error, Forbidden, f"GitLab does not say why: the token's role on {scope} suffices to read")
        return _with(error, *off) if off else error

    def _look(self, scope: Scope) -> Known:
        with self._lock:
            if scope.path not in self._known:
                self._known[scope.path] = None
                with contextlib.suppress(GitlabError):
                    data = self._client.get(
                        scope.path, {"with_projects": "false"} if scope.kind == "group" else None
                    ).data
                    self._known[scope.path] = data if isinstance(data, dict) else None
            return self._known[scope.path]


def _with(error: GitlabError, kind: type[GitlabError], hint: str) -> GitlabError:
    """The same error of another kind, with another cause."""
    said = (
        error.message[: -len(error.hint)] if error.hint and error.message.endswith(error.hint) else f"{error.message}: "
    )
    told = kind(f"{said}{hint}", error.status, error.call, error.words)
    told.hint, told.lost = hint, error.lost
    return told
