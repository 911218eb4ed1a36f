# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan would do to the packages of a report: deleted and kept, by rule, project and type."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.registryops.gitlab.plugins.module_utils._report.deletions import DeletionsByName
from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import (
    Tally,
    TopList,
    package_row,
    sort_key,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.plan_files import files_part
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import (
    LISTED,
    NO_RULE,
    PROTECTED,
    group_name,
)

Plan = Mapping[str, t.Any]
Decision = Mapping[str, t.Any]


def plans_of(plan: Plan | Sequence[Plan] | None) -> list[Plan]:
    """One plan, several, or none, as a list."""
    if plan is None:
        return []
    return [plan] if isinstance(plan, Mapping) else list(plan)


def planned(plans: Sequence[Plan], key: str) -> dict[t.Any, Decision]:
    """The decisions of the plans' ``delete`` or ``keep`` lists by package ID (unique on a GitLab server)."""
    return {entry["id"]: entry for plan in plans for entry in plan.get(key) or ()}


class PlanTally:
    """Counts each package of the report on the side where the plan puts it."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self._delete = planned(plans, "delete")
        self._keep = planned(plans, "keep")
        self._explained = bool(plans) and all(plan.get("keep") is not None for plan in plans)
        self._found = 0
        self._sides = _Sides()
        self._rules: dict[str, _Sides] = {}
        self._projects: dict[t.Any, _Sides] = {}
        self._types: dict[str, _Sides] = {}
        self._held = {"protected": Tally(), "listed": Tally()}
        self._refused = Tally()
        self._unmatched = Tally()
        self._unmatched_names: dict[tuple[t.Any, str, str], Tally] = {}
        self._top = TopList()
        self._names = DeletionsByName()

    @classmethod
    def of(cls, plan: Plan | Sequence[Plan] | None) -> PlanTally | None:
        """The tally of one plan, of several, or None without one."""
        plans = plans_of(plan)
        return cls(plans) if plans else None

    def deletes(self, package: Mapping[str, t.Any]) -> bool:
        return package["id"] in self._delete

    def add(self, package: Mapping[str, t.Any], size: int | None) -> None:
        decision = self._delete.get(package["id"])
        deleted = decision is not None
        package_type = str(package.get("package_type") or "unknown")
        for sides in (
            self._sides,
            self._projects.setdefault(package.get("project_id"), _Sides()),
            self._types.setdefault(package_type, _Sides()),
        ):
            sides.add(size, deleted=deleted)
        if decision is not None:
            self._found += 1
            if decision.get("protected_by"):
                self._refused.add(size)
            self._rules.setdefault(str(decision.get("rule")), _Sides()).add(size, deleted=True)
            weight = -size if size is not None else 0
            self._top.add((weight, *sort_key(package)), (package, size, decision))
            self._names.add(package, size, decision)
        elif self._explained:
            self._add_kept(package, package_type, size)

    def _add_kept(self, package: Mapping[str, t.Any], package_type: str, size: int | None) -> None:
        entry = self._keep.get(package["id"])
        if entry is not None and entry.get("rule") is not None:
            self._rules.setdefault(str(entry["rule"]), _Sides()).add(size, deleted=False)
            return
        reasons = tuple(str(reason) for reason in (entry or {}).get("reasons") or ())
        if reasons == NO_RULE:
            self._unmatched.add(size)
            key = (package.get("project_id"), package_type, group_name(package))
            self._unmatched_names.setdefault(key, Tally()).add(size)
        elif reasons:
            # Before any rule is heard, `protect` holds a package, or a keep list does.
            self._held[PROTECTED if reasons[0].startswith(PROTECTED) else LISTED].add(size)

    def as_dict(self, project_paths: Mapping[t.Any, str]) -> dict[str, t.Any]:
        """The ``plan`` part of the report; counts are of the packages that the report was made from.

        ``not_listed`` is the number of packages that the plan deletes and the report has not seen. Kept bytes of a
        rule, of what is protected or listed, and the names that no rule governs are null unless the plan explains what
        it keeps. ``protection`` and ``foreseen_protected`` are what GitLab's protection rules make of the deletions, as
        the plans foresaw it; null where they were not asked.
        """
        told = {(plan.get("summary") or {}).get("protection") for plan in self._plans}
        return {
            "plans": [
                {
                    key: plan.get(key)
                    for key in ("created_at", "reference_time", "api_url", "scope", "digest")
                    if key in plan
                }
                for plan in self._plans
            ],
            **self._sides.as_dict(),
            "not_listed": len(self._delete) - self._found,
            "by_rule": self._rule_rows(),
            "by_project": _ranked(
                {"project_id": project_id, "project_path": project_paths.get(project_id), **sides.as_dict()}
                for project_id, sides in self._projects.items()
            ),
            "by_type": _ranked({"package_type": label, **sides.as_dict()} for label, sides in self._types.items()),
            **{key: self._held_part(key) for key in self._held},
            "protection": None if None in told else "unknown" if "unknown" in told else "known",
            "foreseen_protected": None if None in told else self._refused.as_dict(),
            "unmatched": self._unmatched_part(project_paths),
            "files": files_part(self._plans),
            "deletions": {
                "total": self._top.total,
                "rows": [
                    {**package_row(package, size), "rule": decision.get("rule"), "reason": decision.get("reason")}
                    for package, size, decision in self._top.values()
                ],
            },
            "deletions_by_name": self._names.as_dict(project_paths),
        }

    def _held_part(self, key: str) -> dict[str, t.Any]:
        if self._explained:
            return self._held[key].as_dict()
        number = sum(int((plan.get("summary") or {}).get(key) or 0) for plan in self._plans)
        return {"packages": number, "bytes": None if number else 0}

    def _rule_rows(self) -> list[dict[str, t.Any]]:
        """Rules in the order of the policy; kept counts are the plan's own unless it explains what it keeps."""
        names: dict[str, int] = {}
        for plan in self._plans:
            for label, counts in ((plan.get("summary") or {}).get("by_rule") or {}).items():
                names[str(label)] = names.get(str(label), 0) + int(counts.get("keep") or 0)
        for label in self._rules:
            names.setdefault(label, 0)
        rows = []
        for label, kept in names.items():
            sides = self._rules.get(label) or _Sides()
            row = {"rule": label, **sides.as_dict()}
            if not self._explained:
                row["keep"] = {"packages": kept, "bytes": None if kept else 0}
            rows.append(row)
        return rows

    def _unmatched_part(self, project_paths: Mapping[t.Any, str]) -> dict[str, t.Any]:
        if not self._explained:
            number = sum(int((plan.get("summary") or {}).get("unmatched") or 0) for plan in self._plans)
            return {"packages": number, "bytes": None if number else 0, "names": None}
        top = TopList()
        for key, tally in self._unmatched_names.items():
            top.add((-tally.known_bytes, -tally.packages, *(str(part) for part in key)), (key, tally))
        rows = [
            {
                "project_id": project_id,
                "project_path": project_paths.get(project_id),
                "package_type": package_type,
                "name": name,
                **tally.as_dict(),
            }
            for (project_id, package_type, name), tally in top.values()
        ]
        return {**self._unmatched.as_dict(), "names": {"total": top.total, "rows": rows}}


class _Sides:
    """Two tallies: what the plan deletes, and what it keeps."""

    __slots__ = ("delete", "keep")

    def __init__(self) -> None:
        self.delete = Tally()
        self.keep = Tally()

    def add(self, size: int | None, *, deleted: bool) -> None:
        (self.delete if deleted else self.keep).add(size)

    def as_dict(self) -> dict[str, t.Any]:
        return {"delete": self.delete.as_dict(), "keep": self.keep.as_dict()}


def _ranked(rows: Iterator[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Most bytes freed first, then most packages deleted, then by the label."""
    return sorted(
        rows,
        key=lambda row: (
            -(row["delete"]["bytes"] or 0),
            -row["delete"]["packages"],
            -row["keep"]["packages"],
            str(row.get("project_path") or row.get("package_type")),
            str(row.get("project_id")),
        ),
    )
