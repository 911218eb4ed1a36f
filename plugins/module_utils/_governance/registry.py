# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries as a document declares them: settings, cleanup policies and protection rules of many places in one go."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._governance import cleanup, protection, settings
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.carrying_out import (
    Step,
    carry_out,
    foresee,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.document import (
    Declared,
    Document,
    groups_to_list,
    resolve,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.protection import ProjectRules
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.results import Outcome

#: What a result is of.
SETTINGS, POLICY, RULE = "settings", "cleanup_policy", "protection_rule"


@dataclass(frozen=True)
class LeftOut:
    """A project of a group for which the group's entry does not hold, and why."""

    project: str
    why: str


def declared_of(api: PackagesApi, document: Document) -> tuple[Declared, list[LeftOut]]:
    """What a document wants, of the projects of its groups too, which are listed for it where it speaks of them."""
    groups = groups_to_list(document)
    listed = [
        project for found in api.client.map(lambda group: projects_of(api, group), groups) for project in found.items()
    ]
    left_out = [LeftOut(path, why) for path, why in listed if why is not None and path not in document.projects]
    return resolve(document, [path for path, why in listed if why is None]), left_out


def projects_of(api: PackagesApi, group: str) -> dict[str, str | None]:
    """The full paths of all projects in a group, each with why nothing can be declared of it (None: it can)."""
    found: dict[str, str | None] = {}
    for project in api.group_projects(Scope("group", group)):
        why = None
        if project.get("archived") is True:
            why = "it is archived"
        elif project.get("package_registry_access_level") == "disabled" or project.get("packages_enabled") is False:
            why = "its package registry is switched off"
        found[project["path_with_namespace"]] = why
    return found


def bring_about(api: PackagesApi, declared: Declared, purge: bool, check_mode: bool, compares: bool = False) -> Outcome:
    """Make all of it what is declared, retention aside. All is read before any is changed: what cannot be read raises.

    ``purge`` removes the rules that are not declared of projects of which rules are. With ``check_mode``, and where it
    only ``compares``, nothing is sent; a token that only reads is enough. Each result's facts say in ``kind`` what it
    is of; the results of one project stand together.
    """
    of_groups = settings.places(api, list(declared.settings.items()))
    policies = dict(zip(declared.policies, cleanup.places(api, list(declared.policies.items()))))
    wanted = [ProjectRules(path, rules, purge) for path, rules in declared.rules.items()]
    rules = dict(zip(declared.rules, protection.places(api, wanted)))
    found: list[tuple[str, list[Step]]] = [(SETTINGS, place) for place in of_groups]
    for project in dict.fromkeys((*declared.policies, *declared.rules)):
        found += [(kind, of[project]) for kind, of in ((POLICY, policies), (RULE, rules)) if project in of]
    places = [place for _kind, place in found]
    reads_only = check_mode or compares
    outcome = foresee(api, places, not compares) if reads_only else carry_out(api, places, False)
    kinds = [kind for kind, place in found for _step in place]
    told = [replace(one, facts={"kind": kind, **one.facts}) for kind, one in zip(kinds, outcome.results)]
    return replace(outcome, results=told)
