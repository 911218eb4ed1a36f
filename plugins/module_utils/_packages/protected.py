# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of some packages GitLab's protection rules would not let the caller delete. Nothing of Ansible.

It only informs: a delete is sent all the same, and GitLab's own answer decides.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, field

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protection import (
    NEVER_PROTECTED,
    Caller,
    Rule,
    asks_for_owner,
    is_refused,
    strictest,
)

Package = t.Mapping[str, t.Any]
#: Whether it is known of all packages what rules say of them.
KNOWN, UNKNOWN = "known", "unknown"
_NOT_KNOWN = "whether protection rules forbid these deletes is not known beforehand, of some or all"
_NO_ROLE = "who may not delete in a project may not read its rules"


@dataclass(frozen=True)
class Foreseen:
    """``refused``: by package ID, the rule that would refuse its delete.

    ``unknown``: by package ID, why it cannot be known whether one would.
    """

    refused: t.Mapping[int, Rule] = field(default_factory=dict)
    unknown: t.Mapping[int, str] = field(default_factory=dict)

    @property
    def protection(self) -> str:
        """``known``, or ``unknown`` where it is of one package or more."""
        return UNKNOWN if self.unknown else KNOWN

    def warn(self, warnings: list[str]) -> None:
        """Say once in a task that something is not known, and the most frequent reason."""
        if self.unknown and not any(warning.startswith(_NOT_KNOWN) for warning in warnings):
            (why, _number), *_others = Counter(self.unknown.values()).most_common(1)
            warnings.append(f"{_NOT_KNOWN}: {why}")


def begin(api: PackagesApi, packages: t.Iterable[Package], closed: t.Collection[int] = ()) -> None:
    """Begin to read what :func:`foresee_rules` will wait for."""
    if not _is_job(api):
        api.standing.ask(_places(packages, closed))


def foresee_rules(api: PackagesApi, packages: t.Iterable[Package], closed: t.Collection[int] = ()) -> Foreseen:
    """Whether a rule would refuse the delete of each package, or of a file of it.

    A package has ``id``, ``project_id``, ``package_type`` and ``name``. ``closed`` are the IDs of projects in which
    GitLab offers the caller no delete. The rules of each other project are read (R1), as far as there are packages that
    can have some, and who the caller is only where that decides. Never raises: what cannot be read is not known.
    """
    packages = [package for package in packages if package["package_type"] not in NEVER_PROTECTED]
    begin(api, packages, closed)
    ruled: dict[int, Rule] = {}
    unknown: dict[int, str] = {}
    rules = {place: _rules(api, place) for place in sorted(_places(packages, closed))}
    decided: dict[tuple[int, str, str], Rule | None] = {}
    for package in packages:
        place = package["project_id"]
        told = rules.get(place, _NO_ROLE)
        if isinstance(told, str):
            unknown[package["id"]] = told
            continue
        key = (place, package["package_type"], package["name"])
        if key not in decided:
            decided[key] = strictest(told, package["package_type"], package["name"])
        rule = decided[key]
        if rule is not None:
            ruled[package["id"]] = rule
    refused = _refused(api, [(p["id"], p["project_id"], ruled[p["id"]]) for p in packages if p["id"] in ruled], unknown)
    return Foreseen(refused, unknown)


def _places(packages: t.Iterable[Package], closed: t.Collection[int]) -> set[int]:
    """The projects whose rules matter."""
    return {package["project_id"] for package in packages if package["package_type"] not in NEVER_PROTECTED}.difference(
        closed
    )


def _is_job(api: PackagesApi) -> bool:
    token = api.client.connection.token
    return token is not None and token.kind == "job"


def _rules(api: PackagesApi, project_id: int) -> t.Sequence[Rule] | str:
    if _is_job(api):
        return "GitLab shows no protection rules to a job token, an access token (api_token) can read them"
    told = api.standing.rules(project_id)
    return told.message if isinstance(told, GitlabError) else told


def _refused(api: PackagesApi, ruled: t.Sequence[tuple[int, int, Rule]], unknown: dict[int, str]) -> dict[int, Rule]:
    """Of packages (ID, project's ID, rule) those that are refused; those of which it is not known go to ``unknown``."""
    owned: t.Mapping[int, bool | GitlabError] = {}
    places = {place for _id, place, rule in ruled if asks_for_owner(rule)}
    if places:
        owned = api.standing.owned(places)
    left = [one for one in ruled if not (asks_for_owner(one[2]) and owned[one[1]] is True)]
    if not left:
        return {}
    admin = api.standing.is_admin()
    refused: dict[int, Rule] = {}
    for package_id, place, rule in left:
        owner = owned.get(place)
        caller = Caller(_known(owner), _known(admin))
        verdict = is_refused(rule, caller)
        if verdict:
            refused[package_id] = rule
        elif verdict is None:
            error = next((one for one in (owner, admin) if isinstance(one, GitlabError)), None)
            unknown[package_id] = (
                f"the caller's role is not told: {error.message}"
                if error
                else "GitLab does not show the level of a rule"
            )
    return refused


def _known(told: bool | GitlabError | None) -> bool | None:
    return None if isinstance(told, GitlabError) else told
