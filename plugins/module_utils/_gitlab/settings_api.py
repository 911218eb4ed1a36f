# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GitLab's own cleanup policy of a project, and the package settings of a group (registries, D and F): GraphQL only.

GraphQL knows projects and groups by their full paths; IDs and former paths are looked up (E10).
"""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.causes import Causes
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    UnexpectedAnswer,
    Unsupported,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.graphql import NOT_AVAILABLE, GraphqlApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope

Fields = dict[str, t.Any]
_POLICY = "packagesCleanupPolicy { keepNDuplicatedPackageFiles nextRunAt }"
READ_POLICY = f"query($path: ID!) {{ found: project(fullPath: $path) {{ {_POLICY} }} }}"
UPDATE_POLICY = (
    "mutation($input: UpdatePackagesCleanupPolicyInput!)"
    f" {{ updatePackagesCleanupPolicy(input: $input) {{ {_POLICY} errors }} }}"
)
READ_SETTINGS = "query($path: ID!) {{ found: group(fullPath: $path) {{ packageSettings {{ {fields} }} }} }}"
UPDATE_SETTINGS = (
    "mutation($input: UpdateNamespacePackageSettingsInput!)"
    " {{ updateNamespacePackageSettings(input: $input) {{ packageSettings {{ {fields} }} errors }} }}"
)


@dataclass(frozen=True)
class Found:
    """What a project or group has: ``path`` is its full path, ``fields`` are GraphQL's, in its spelling."""

    scope: Scope
    path: str
    fields: Fields


class SettingsApi:
    """The calls, on one client; ``before_write`` as for :class:`GraphqlApi`.

    ``settings`` are the names of the settings that are asked for. Those that the server does not know are left out of
    all that follows, and of what :meth:`settings` answers.
    """

    def __init__(
        self, client: Client, before_write: t.Callable[[], None] = lambda: None, settings: t.Iterable[str] = ()
    ) -> None:
        self._graphql = GraphqlApi(client, before_write)
        self._packages = PackagesApi(client)
        self._causes = Causes(client)
        self._lock = threading.Lock()
        self._known = list(settings)

    # --- a project's cleanup policy --------------------------------------------------------------------------

    def cleanup_policy(self, project: Scope) -> Found:
        """``keepNDuplicatedPackageFiles`` (such as ``TEN_PACKAGE_FILES``) and ``nextRunAt``."""
        path, found = self._read(project, lambda path: self._graphql.query(READ_POLICY, {"path": path}))
        if found.get("packagesCleanupPolicy") is None:
            raise self._refused(project)
        return Found(project, path, _policy(found))

    def set_cleanup_policy(self, policy: Found, keep: str) -> Found:
        """The policy as it is then. Where the error's ``lost`` is true, read before it is sent again."""
        given = {"projectPath": policy.path, "keepNDuplicatedPackageFiles": keep}
        try:
            payload = self._graphql.mutate("updatePackagesCleanupPolicy", UPDATE_POLICY, given)
        except Forbidden as error:
            # Reading it was not refused.
            raise _without_scope(error) from None
        return Found(policy.scope, policy.path, _policy(payload, lost=True))

    # --- a group's settings ----------------------------------------------------------------------------------

    def settings(self, group: Scope) -> Found:
        """The settings that the server knows, as they hold for the group."""

        def ask(path: str) -> Fields:
            while True:
                known = self._known
                try:
                    return self._graphql.query(READ_SETTINGS.format(fields=" ".join(known)), {"path": path})
                except Unsupported as error:
                    if not self._forget(known, error.unknown):
                        raise

        path, found = self._read(group, ask)
        if found.get("packageSettings") is None:
            needs = f"the package settings of {group} can be read and changed by its owners only"
            raise Forbidden(f"{needs} (before GitLab 17.0 by maintainers too)", 200, "POST /api/graphql")
        return Found(group, path, _object(found["packageSettings"], "packageSettings"))

    def set_settings(self, settings: Found, given: t.Mapping[str, t.Any]) -> Found:
        """The settings as they are then; what is not given stays. ``lost`` as for :meth:`set_cleanup_policy`."""
        document = UPDATE_SETTINGS.format(fields=" ".join(self._known))
        try:
            payload = self._graphql.mutate(
                "updateNamespacePackageSettings", document, {"namespacePath": settings.path, **given}
            )
        except Forbidden as error:
            raise _without_scope(error) from None
        return Found(
            settings.scope, settings.path, _object(payload.get("packageSettings"), "packageSettings", lost=True)
        )

    def _forget(self, asked: list[str], unknown: t.Collection[str]) -> bool:
        """Leave out what the server does not know; false where nothing, or all, of what was asked for is unknown."""
        left = [name for name in asked if name not in unknown]
        with self._lock:
            self._known = [name for name in self._known if name not in unknown] or self._known
        return 0 < len(left) < len(asked)

    # --- both ------------------------------------------------------------------------------------------------

    def _read(self, scope: Scope, ask: t.Callable[[str], Fields]) -> tuple[str, Fields]:
        """The full path of what is meant, and what ``ask`` finds there."""
        path = self._path_of(scope) if scope.path and scope.is_number else scope.ref
        found = ask(path).get("found")
        if found is None:
            # Not there, or moved: E10 tells which, and follows former paths.
            now = self._path_of(scope)
            found = ask(now).get("found") if now != path else None
            path = now
        if found is None:
            raise Forbidden(
                f"GraphQL does not show {scope}, which the API shows: the token's scopes do not suffice",
                200,
                "POST /api/graphql",
            )
        return path, _object(found, scope.kind)

    def _path_of(self, scope: Scope) -> str:
        found = self._packages.scope(scope)
        path = found.get("path_with_namespace" if scope.kind == "project" else "full_path")
        if not isinstance(path, str):
            raise UnexpectedAnswer(f"GET {scope.path}: answered with a {scope.kind} without a path")
        return path

    def _refused(self, project: Scope) -> GitlabError:
        kind, why = self._causes.of_no_change(project, "cleanup policy")
        return kind(why, 200, "POST /api/graphql")


def _without_scope(error: Forbidden) -> GitlabError:
    if NOT_AVAILABLE not in error.words:
        return error
    hint = "changing needs the scope 'api', and the role that it was read with"
    return Forbidden(f"{error.call}: {error.words}: {hint}", error.status, error.call, error.words)


def _policy(found: Fields, lost: bool = False) -> Fields:
    policy = _object(found.get("packagesCleanupPolicy"), "packagesCleanupPolicy", lost)
    if not isinstance(policy.get("keepNDuplicatedPackageFiles"), str):
        raise _unexpected("packagesCleanupPolicy", lost)
    return policy


def _object(data: t.Any, what: str, lost: bool = False) -> Fields:
    if not isinstance(data, dict):
        raise _unexpected(what, lost)
    return data


def _unexpected(what: str, lost: bool) -> UnexpectedAnswer:
    error = UnexpectedAnswer(f"POST /api/graphql: answered with another {what} than GitLab's", 200)
    error.lost = lost
    return error
