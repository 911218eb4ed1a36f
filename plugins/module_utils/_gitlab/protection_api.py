# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package protection rules of a project (registries, B: R1 to R4). Nothing of Ansible.

A rule is a dict as GitLab gives it: ``id``, ``project_id``, ``package_name_pattern``, ``package_type``,
``minimum_access_level_for_push`` and ``minimum_access_level_for_delete`` (each a text or None; before GitLab 17.11 the
last one is not there).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.causes import Causes
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, UnexpectedAnswer
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope

Rule = dict[str, t.Any]
WHAT = "protection rules"


@dataclass(frozen=True)
class RuleList:
    """All rules of a project, in the order of their IDs. ``path`` is where they are, below ``/api/v4``.

    ``read_at`` is when the server read them, as its ``Date`` says it.
    """

    project: Scope
    path: str
    rules: list[Rule]
    read_at: str | None


class ProtectionApi:
    """The endpoints, on one client.

    ``before_write`` is called right before each call that changes something, in the thread that sends it; what it
    raises ends that call.
    """

    def __init__(self, client: Client, before_write: t.Callable[[], None] = lambda: None) -> None:
        self.client = client
        self._before_write = before_write
        self._causes = Causes(client)

    def rules(self, project: Scope) -> RuleList:
        """R1: all rules of a project."""
        with self._causes.told_of(project, WHAT):
            return self.read(project)

    def read(self, project: Scope) -> RuleList:
        """R1, as :meth:`rules`, and where it is refused no look at the project for the cause."""
        token = self.client.connection.token
        if token and token.kind == "job":
            raise InvalidInput("GitLab takes no job token for protection rules: use an access token (api_token)")
        path = f"{project.path}/packages/protection/rules"
        answer = self.client.get(path)
        if not isinstance(answer.data, list):
            raise UnexpectedAnswer(f"GET {path}: answered with something else than a list")
        rules = sorted((checked_rule(rule, f"GET {path}") for rule in answer.data), key=lambda rule: int(rule["id"]))
        # Where a project has moved, reading was redirected, and writing goes to where it is now.
        return RuleList(project, answer.path or path, rules, answer.headers.get("Date"))

    def create(self, rules: RuleList, fields: t.Mapping[str, str | None]) -> Rule:
        """R2: the new rule. Raises AlreadyTaken; where the error's ``lost`` is true, read before it is sent again."""
        return self._write("POST", rules, rules.path, fields)

    def change(self, rules: RuleList, rule_id: int, fields: t.Mapping[str, str | None]) -> Rule:
        """R3: the rule as it is then. A field that is None is cleared, one that is not given stays."""
        return self._write("PATCH", rules, f"{rules.path}/{rule_id}", fields)

    def remove(self, rules: RuleList, rule_id: int, unmodified_since: str | None) -> None:
        """R4. ``unmodified_since`` is an HTTP date, exact to the second. Raises RuleNotFound, PreconditionFailed."""
        self._before_write()
        headers = {"If-Unmodified-Since": unmodified_since} if unmodified_since else None
        with self._causes.told_of(rules.project, WHAT):
            self.client.delete(f"{rules.path}/{rule_id}", headers)

    def _write(self, method: str, rules: RuleList, path: str, fields: t.Mapping[str, str | None]) -> Rule:
        self._before_write()
        with self._causes.told_of(rules.project, WHAT):
            data = self.client.write(method, path, {**fields}).data
        try:
            return checked_rule(data, f"{method} {path}")
        except UnexpectedAnswer as error:
            error.lost = True
            raise


def checked_rule(data: t.Any, where: str) -> Rule:
    """``data``, if it is a rule. Raises :class:`UnexpectedAnswer`."""
    levels = ("minimum_access_level_for_push", "minimum_access_level_for_delete")
    texts = ("package_name_pattern", "package_type")
    good = isinstance(data, dict) and isinstance(data.get("id"), int) and not isinstance(data["id"], bool)
    good = good and all(isinstance(data.get(name), str) for name in texts)
    if not good or not all(isinstance(data.get(name), (str, type(None))) for name in levels):
        raise UnexpectedAnswer(f"{where}: answered with something else than a protection rule")
    return t.cast(Rule, data)
