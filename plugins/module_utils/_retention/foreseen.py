# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What GitLab's protection rules make of a plan: which of its deletes they would refuse. Nothing of Ansible.

It informs who reads the plan. Nothing leaves the plan for it: whoever applies it may have another role, and a rule may
come or go until then. GitLab's own answer decides.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protected import foresee_rules
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protection import DELETE, PATTERN

Plan = dict[str, t.Any]


def add_protection(api: PackagesApi, plan: Plan, closed: t.Collection[int]) -> None:
    """Mark the entries of a plan that a rule would refuse, and count them. The plan is not sealed yet.

    Such an entry has ``protected`` and ``protected_by``, the pattern and the level of the rule. ``closed`` are the IDs
    of projects in which GitLab offers the caller no delete.
    """
    files = plan.get("delete_files", [])
    packages = [*plan["delete"], *({**file, "id": file["package_id"]} for file in files)]
    foreseen = foresee_rules(api, packages, closed)
    foreseen.warn(api.client.warnings)
    refused = {
        package_id: {key: rule[key] for key in (PATTERN, DELETE)} for package_id, rule in foreseen.refused.items()
    }
    protected = [entry for entry in plan["delete"] if entry["id"] in refused]
    protected_files = [file for file in files if file["package_id"] in refused]
    for entry in protected:
        entry.update(protected=True, protected_by=refused[entry["id"]])
    for file in protected_files:
        file.update(protected=True, protected_by=refused[file["package_id"]])
    plan["summary"].update(protection=foreseen.protection, foreseen_protected=len(protected))
    if "files" in plan["summary"]:
        plan["summary"]["files"]["foreseen_protected"] = len(protected_files)
