# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of registries as they are: read from GitLab, so that running it changes nothing."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    InsufficientScope,
    NotFound,
    Unsupported,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.protection_api import ProtectionApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.settings_api import SettingsApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.cleanup import read_policy
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.document import (
    GROUP_SETTINGS,
    POLICY,
    RULES,
    is_below,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.names import KEEP, SETTINGS, WORDS
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.protection import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.registry import projects_of
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.rules import (
    DELETE,
    LEVELS,
    PATTERN,
    PUSH,
    TYPE,
    TYPES,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.settings import SPELLING, read_settings
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable


@dataclass(frozen=True)
class Exported:
    """The document, and a sentence for each thing that is not in it, as it could not be read or written down."""

    document: dict[str, t.Any]
    left_out: list[str]


def export(api: PackagesApi, groups: t.Sequence[str], projects: t.Sequence[str]) -> Exported:
    """The document of these projects and groups, with all projects in them and the groups below that hold some.

    What the token may not read, and what the server does not know, is left out and told. Raises where nothing can be
    read, as for a wrong token or a name that is not there.
    """
    named = [str(api.scope(Scope("group", group))["full_path"]) for group in groups]
    found = [str(api.scope(Scope("project", project))["path_with_namespace"]) for project in projects]
    left_out: list[str] = []
    holding: dict[str, None] = dict.fromkeys(named)
    for group in named:
        for path, why in projects_of(api, group).items():
            if why is not None:
                left_out.append(f"{printable(path)}: {why}")
                continue
            found.append(path)
            below = path.rpartition("/")[0]
            if is_below(below, group):
                holding[below] = None
    settings, policies = SettingsApi(api.client, settings=SPELLING), SettingsApi(api.client)
    rules = ProtectionApi(api.client)
    paths = list(dict.fromkeys(found))

    def of_group(path: str) -> dict[str, t.Any]:
        given = read_settings(settings, path)
        if any(is_below(path, other) for other in holding):
            # What is not there would be that of the group above, as the document has it.
            given.update({key: "" for key, kind in SETTINGS.items() if kind is str and given.get(key, "") is None})
        return {GROUP_SETTINGS: {key: given[key] for key in SETTINGS if given.get(key) is not None}}

    def rules_of(path: str) -> dict[str, t.Any]:
        there = [shown(rule) for rule in rules.rules(Scope("project", path)).rules]
        known = [rule for rule in there if _is_known(rule)]
        for rule in there:
            if rule not in known:
                left_out.append(
                    f"{path}: the rule {printable(f'{rule[TYPE]} {rule[PATTERN]}')}, which is of a later GitLab"
                )
        return {RULES: [{key: rule[key] for key in (PATTERN, TYPE, PUSH, DELETE)} for rule in known]}

    def policy_of(path: str) -> dict[str, t.Any]:
        number = read_policy(policies, path)
        if number not in WORDS:
            left_out.append(f"{path}: its cleanup policy {number}, which is of a later GitLab")
            return {}
        return {POLICY: {KEEP: number if number == "all" else int(number)}}

    document: dict[str, t.Any] = {"groups": {path: {} for path in holding}, "projects": {path: {} for path in paths}}
    asked = [("groups", path, "package settings", of_group) for path in holding]
    for path in paths:
        asked += [
            ("projects", path, "protection rules", rules_of),
            ("projects", path, "cleanup policy", policy_of),
        ]
    entries = api.client.map(lambda one: _read(one[1], one[3]), asked)
    for (part, path, what, _read_it), entry in zip(asked, entries):
        if isinstance(entry, GitlabError):
            left_out.append(f"{path}: its {what}: {printable(entry.message)}")
        else:
            document[part][path].update(entry)
    return Exported({part: entries for part, entries in document.items() if entries}, left_out)


def _read(path: str, read: t.Callable[[str], dict[str, t.Any]]) -> dict[str, t.Any] | GitlabError:
    """What is read, or why it cannot be: of one place, not of all."""
    try:
        return read(path)
    except InsufficientScope:
        raise
    except (Forbidden, NotFound, Unsupported) as error:
        return error


def _is_known(rule: t.Mapping[str, t.Any]) -> bool:
    return rule[TYPE] in TYPES and all(rule[level] in LEVELS[level] for level in (PUSH, DELETE))
