# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection rules, the cleanup policy and package settings as they were before the run, and the way back to them.

Spoken to without the collection: what that does is to be proved.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Json = t.Any
#: GraphQL's words for what is set: another one than was there.
KEEPS = {"FIFTY_PACKAGE_FILES": "50", "FORTY_PACKAGE_FILES": "40"}
#: Beside what stands below ``/api/v4``.
GRAPHQL = "graphql"
_POLICY = "packagesCleanupPolicy { keepNDuplicatedPackageFiles }"
_SETTINGS = "packageSettings { genericDuplicatesAllowed }"


class Speaks(t.Protocol):
    """The scratch project, as livetest.py knows it."""

    id: int
    path: str

    def ask(self, method: str, path: str, **more: t.Any) -> t.Any: ...


@dataclass(frozen=True)
class Before:
    """What there was. ``why_not`` says why the rules and the policy cannot be tried (None: they can)."""

    keep: str = ""
    duplicates: bool | None = None
    why_not: str | None = None

    def given(self, group: str) -> dict[str, t.Any]:
        """What the playbook is to make of it."""
        other = next(number for word, number in KEEPS.items() if word != self.keep)
        return {"keep": other, "group": group, "duplicates": not self.duplicates}


def before(project: Speaks, group: str) -> Before:
    """Read what there is."""
    rules = project.ask("GET", f"/projects/{project.id}/packages/protection/rules")
    if rules.status_code != 200:
        return Before(why_not=f"this server's protection rules cannot be read ({rules.status_code})")
    found = _graphql(project, f"query($path: ID!) {{ found: project(fullPath: $path) {{ {_POLICY} }} }}", project.path)
    policy = (found or {}).get("packagesCleanupPolicy")
    if not policy:
        return Before(why_not="this server's cleanup policies cannot be read")
    duplicates = None
    if group:
        found = _graphql(project, f"query($path: ID!) {{ found: group(fullPath: $path) {{ {_SETTINGS} }} }}", group)
        duplicates = ((found or {}).get("packageSettings") or {}).get("genericDuplicatesAllowed")
        if duplicates is None:
            return Before(why_not=f"the package settings of {group} cannot be read: that needs its owner")
    return Before(str(policy["keepNDuplicatedPackageFiles"]), duplicates)


def bring_back(project: Speaks, group: str, was: Before, prefix: str) -> list[str]:
    """Take away what the run made, and say what is not as it was."""
    if was.why_not:
        return []
    path = f"/projects/{project.id}/packages/protection/rules"
    for rule in project.ask("GET", path).json():
        if rule["package_name_pattern"].startswith(prefix):
            project.ask("DELETE", f"{path}/{rule['id']}")
    if before(project, group).keep != was.keep:
        given = {"projectPath": project.path, "keepNDuplicatedPackageFiles": was.keep}
        _mutate(project, "UpdatePackagesCleanupPolicyInput", "updatePackagesCleanupPolicy", given)
    if group and before(project, group).duplicates != was.duplicates:
        settings = {"namespacePath": group, "genericDuplicatesAllowed": was.duplicates}
        _mutate(project, "UpdateNamespacePackageSettingsInput", "updateNamespacePackageSettings", settings)
    left = [rule for rule in project.ask("GET", path).json() if rule["package_name_pattern"].startswith(prefix)]
    told = [f"the rule {rule['package_name_pattern']} is still there" for rule in left]
    return told + (["the cleanup policy or a setting is not as it was"] if before(project, group) != was else [])


def _graphql(project: Speaks, query: str, path: str) -> Json:
    answer = project.ask("POST", GRAPHQL, json={"query": query, "variables": {"path": path}})
    return (answer.json().get("data") or {}).get("found") if answer.status_code == 200 else None


def _mutate(project: Speaks, kind: str, name: str, given: dict[str, t.Any]) -> None:
    query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ errors }} }}"
    project.ask("POST", GRAPHQL, json={"query": query, "variables": {"input": given}})
