# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What governs the registries of many projects as they are: read as far as the token may, the rest said in a word."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    InvalidInput,
    NotFound,
    Unauthorized,
    Unsupported,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.protection_api import ProtectionApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.settings_api import SettingsApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.cleanup import read_policy
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.names import DUPLICATES, FORWARDED
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.protection import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.settings import SPELLING, read_settings

State = dict[str, t.Any]
R = t.TypeVar("R")


def read_states(api: PackagesApi, projects: t.Sequence[str]) -> list[State]:
    """What governs each project, by its full path: three requests for each (E10, R1, GraphQL), one for each group.

    A state has ``archived`` (bool), ``packages_size`` (bytes, of all statuses), ``rules`` (a list), ``cleanup_policy``
    (a key of `WORDS`), ``duplicates`` and ``forwarding`` (each a bool by package type), all None where they cannot be
    read; ``unread`` says why then, by ``rules``, ``cleanup_policy`` and ``settings``. Raises what ends all, such as a
    server that does not answer.
    """
    rules, policies = ProtectionApi(api.client), SettingsApi(api.client)
    settings = SettingsApi(api.client, settings=SPELLING)
    groups = list(dict.fromkeys(path.rpartition("/")[0] for path in projects))
    of_group = dict(zip(groups, api.client.map(lambda path: _tried(lambda: read_settings(settings, path)), groups)))

    def state(path: str) -> State:
        project, _why = _tried(lambda: api.project_statistics(Scope("project", path)))
        there, no_rules = _tried(lambda: [shown(rule) for rule in rules.rules(Scope("project", path)).rules])
        policy, no_policy = _tried(lambda: read_policy(policies, path))
        given, no_settings = of_group[path.rpartition("/")[0]]
        statistics = (project or {}).get("statistics") or {}
        why = {"rules": no_rules, "cleanup_policy": no_policy, "settings": no_settings}
        return {
            "archived": (project or {}).get("archived"),
            "packages_size": statistics.get("packages_size"),
            "rules": there,
            "cleanup_policy": policy,
            "duplicates": _by_type(given, DUPLICATES, "duplicates_allowed"),
            "forwarding": _by_type(given, FORWARDED, "package_requests_forwarding"),
            "unread": {name: words for name, words in why.items() if words is not None},
        }

    return api.client.map(state, projects)


def _by_type(settings: State | None, kinds: t.Sequence[str], what: str) -> dict[str, bool] | None:
    if settings is None:
        return None
    found = {kind: settings.get(f"{kind}_{what}") for kind in kinds}
    return {kind: value for kind, value in found.items() if isinstance(value, bool)}


def _tried(read: Callable[[], R]) -> tuple[R | None, str | None]:
    """What is read, or why it cannot be: of one place, not of all. Also by a token that GitLab does not take there."""
    try:
        return read(), None
    except (Forbidden, NotFound, Unauthorized, Unsupported, InvalidInput) as error:
        return None, _reason(error)


def _reason(error: GitlabError) -> str:
    """Why, without the call, where the error has a cause of its own."""
    return error.hint or error.message
