# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What says beforehand whether protection rules refuse the caller's deletes: the rules, and who the caller is.

Each is asked at most once in a task. Nothing of Ansible.
"""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.error_words import PLAIN, STRANGE
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    NotFound,
    UnexpectedAnswer,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.pages import Query
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.paging import list_in_turn
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.protection_api import ProtectionApi, Rule
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope

#: GitLab's number of the role.
OWNER = 50


class Standing:
    """The answers, on one client. For one thread, which is none of the client's own."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = ProtectionApi(client)
        self._rules: dict[int, concurrent.futures.Future[list[Rule] | GitlabError]] = {}
        self._owned: dict[int, bool | GitlabError] = {}
        self._admin: bool | GitlabError | None = None
        #: What every other project would answer as well.
        self._hopeless: GitlabError | None = None

    def ask(self, project_ids: t.Iterable[int]) -> None:
        """Begin to read the rules (R1) of these projects, each once; :meth:`rules` waits for them."""
        for project_id in sorted(set(project_ids).difference(self._rules)):
            self._rules[project_id] = self._client.submit(self._read, project_id)

    def rules(self, project_id: int) -> list[Rule] | GitlabError:
        """R1: all rules of a project, or why they cannot be read."""
        self.ask([project_id])
        return self._rules[project_id].result()

    def _read(self, project_id: int) -> list[Rule] | GitlabError:
        if self._hopeless:
            return self._hopeless
        try:
            return self._api.read(Scope("project", str(project_id))).rules
        except GitlabError as error:
            if not isinstance(error, (Forbidden, NotFound)):
                self._hopeless = error
            return error

    def owned(self, project_ids: t.Collection[int]) -> t.Mapping[int, bool | GitlabError]:
        """By project ID, whether the caller's role there is owner, or why that cannot be read.

        By a list of the caller's own projects (registries, E): unlike what E10 shows, it counts the roles that come by
        the invitation of a group, as rules do. An administrator is no owner by that.
        """
        missing = set(project_ids).difference(self._owned)
        if missing:
            told = self._client.submit(self._read_owned, min(missing), max(missing)).result()
            self._owned.update({one: told if isinstance(told, GitlabError) else one in told for one in missing})
        return self._owned

    def _read_owned(self, first: int, last: int) -> frozenset[int] | GitlabError:
        # A server that does not know the bounds lists more projects, which does no harm.
        bounds = {"id_after": str(first - 1), "id_before": str(last + 1)}
        params = {"min_access_level": str(OWNER), "simple": "true", "order_by": "id", "sort": "asc", **bounds}
        try:
            projects = list_in_turn(self._client, Query("/projects", params), _check_project)
        except GitlabError as error:
            return error
        return frozenset(project["id"] for project in projects)

    def is_admin(self) -> bool | GitlabError:
        """Whether the caller is an administrator, in admin mode where that is on; or why that cannot be read.

        By a call that only administrators may make (registries, D): GitLab asks both the same question.
        """
        if self._admin is None:
            self._admin = self._client.submit(self._read_admin).result()
        return self._admin

    def _read_admin(self) -> bool | GitlabError:
        try:
            self._client.get("/application/plan_limits")
        except GitlabError as error:
            # Its kinds say that the token may not ask, and a page that no GitLab writes says nothing of the user.
            is_refused = error.__class__ is Forbidden and error.words == PLAIN and not error.hint.startswith(STRANGE)
            return False if is_refused else error
        return True


def _check_project(item: t.Any, where: str) -> None:
    if not isinstance(item, dict) or not isinstance(item.get("id"), int) or isinstance(item["id"], bool):
        raise UnexpectedAnswer(f"{where}: answered with something else than projects")
