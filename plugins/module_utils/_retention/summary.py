# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the decisions of a plan come to: counts, what the policy misses, and what a reader should be warned of. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    KEEP,
    LISTED,
    NPM_LATEST,
    PROTECTED,
    UNMATCHED,
    Decision,
    is_good,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_rules import governing_file_rule
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import Package, tags_are_told
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import FileRule, Policy

#: Types of which GitLab may forward a request for a name that it does not have to the public registry.
FORWARDED = ("maven", "npm", "pypi")
#: So many packages must be looked at before downloads that are missing mean anything, and this part of them miss one.
_DOWNLOADS_WORTH = 100
_NEVER_DOWNLOADED = 0.9
#: How many of a list a warning names.
_NAMED = 5


class Summary:
    """Counts decisions as they come, in the order of `iter_decisions`: all of one name follow each other."""

    def __init__(self, policy: Policy) -> None:
        self._by_rule = {rule.name: {"delete": 0, "keep": 0} for rule in policy.rules}
        self._held_by = {PROTECTED: 0, LISTED: 0, UNMATCHED: 0}
        self._delete = 0
        self._keep = 0
        self._protect = list(policy.protect)
        self._of_downloads = {
            rule.name for rule in policy.rules if rule.flags or "keep_downloaded_within" in rule.within
        }
        self._downloads = self._never_downloaded = 0
        self._untold_tags = 0
        self._governs_files: set[str] = set()
        self._policy = policy
        self.with_file_rules: list[tuple[Package, FileRule]] = []
        """The packages whose files a rule of ``files`` governs, and which, in the order in which they were added."""
        self._vanishing: list[dict[str, t.Any]] = []
        self._name: _Name | None = None

    def add(self, decision: Decision) -> None:
        """Count one decision."""
        package = decision.package
        if decision.action == KEEP:
            self._keep += 1
        else:
            self._delete += 1
        if decision.rule is not None:
            self._by_rule[decision.rule][decision.action] += 1
            if decision.rule in self._of_downloads:
                self._downloads += 1
                self._never_downloaded += package.get("last_downloaded_at", "") is None
            self._untold_tags += decision.held_by == NPM_LATEST and not tags_are_told(package)
        elif decision.held_by is not None:
            self._held_by[decision.held_by] += 1
            if decision.held_by == PROTECTED and self._protect:
                # What an entry cannot judge, for want of a project path, is not for nothing: it decides.
                self._protect = [entry for entry in self._protect if entry.holds(package) is False]
        if package["package_type"] in FORWARDED:
            self._follow_name(decision)
        if self._policy.files:
            rule = governing_file_rule(decision, self._policy)
            if rule is not None:
                self._governs_files.add(rule.name)
                self.with_file_rules.append((package, rule))

    def _follow_name(self, decision: Decision) -> None:
        package = decision.package
        key = (package["project_id"], package["package_type"], package["name"])
        if self._name is None or self._name.key != key:
            self._end_name()
            self._name = _Name(key, package.get("project_path"))
        self._name.project_path = self._name.project_path or package.get("project_path")
        if is_good(package):
            self._name.good += 1
            self._name.stay += decision.action == KEEP

    def _end_name(self) -> None:
        if self._name is not None and self._name.good and not self._name.stay:
            _project, package_type, name = self._name.key
            self._vanishing.append(
                {"project_path": self._name.project_path, "package_type": package_type, "name": name}
            )
        self._name = None

    def document(self) -> dict[str, t.Any]:
        """The summary as a plan holds it, once all decisions were added.

        ``packages`` = ``delete`` + ``keep``; ``keep`` = ``protected`` + ``listed`` + ``unmatched`` + what ``by_rule``
        keeps. ``without_match`` are texts, ``vanishing`` mappings of ``project_path``, ``package_type`` and ``name``.
        """
        self._end_name()
        return {
            "packages": self._delete + self._keep,
            "delete": self._delete,
            "keep": self._keep,
            **self._held_by,
            "by_rule": self._by_rule,
            "without_match": self._without_match(),
            "vanishing": self._vanishing,
        }

    def _without_match(self) -> list[str]:
        rules = [f"rule '{name}'" for name, counts in self._by_rule.items() if not any(counts.values())]
        files = [f"file rule '{rule.name}'" for rule in self._policy.files if rule.name not in self._governs_files]
        return [*(f"protect {entry.label}" for entry in self._protect), *rules, *files]

    def warnings(self) -> list[str]:
        """Sentences for whoever reads the plan, once all decisions were added."""
        self._end_name()
        told = []
        without_match = self._without_match()
        if without_match:
            told.append(
                f"nothing that is listed is of {_some(without_match)}: is the policy written for this registry?"
            )
        if self._vanishing:
            names = [f"{printable(entry['name'])} ({entry['package_type']})" for entry in self._vanishing]
            told.append(
                f"nothing would be left of {_some(names)}: where GitLab forwards requests to the public registry, a"
                " stranger can take a name that is free; keep_at_least: 1 keeps the newest of each name"
            )
        if self._downloads >= _DOWNLOADS_WORTH and self._never_downloaded > _NEVER_DOWNLOADED * self._downloads:
            told.append(
                f"{self._never_downloaded} of the {self._downloads} packages whose downloads decide were never"
                " downloaded: a proxy in front of GitLab may hide downloads, and then these keeps hold nothing"
            )
        if self._untold_tags:
            told.append(
                f"the server does not tell the tags of npm packages: {self._untold_tags} are kept, as any may have the"
                " tag latest"
            )
        return told


class _Name:
    """What is there of one name, and what of it stays."""

    __slots__ = ("good", "key", "project_path", "stay")

    def __init__(self, key: tuple[t.Any, str, str], project_path: str | None) -> None:
        self.key = key
        self.project_path = project_path
        self.good = 0
        self.stay = 0


def _some(texts: t.Sequence[str]) -> str:
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return ", ".join(texts[:_NAMED]) + more
