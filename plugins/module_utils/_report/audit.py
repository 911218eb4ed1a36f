# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit of registries: what they hold, and what a policy would delete, as one report and its files.

What a report counts is in build.py, how it looks in html.py, markdown.py and csv.py. Nothing of Ansible.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, human_bytes
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import format_time
from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.csv import render_csv
from ansible_collections.registryops.gitlab.plugins.module_utils._report.html import render_html
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown import render_markdown
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import Plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import (
    PlanRequest,
    earlier_clock,
    list_everything,
    plan_packages,
)

Report = dict[str, t.Any]


@dataclass(frozen=True)
class Audit:
    """What was found: the report, the packages that it is about, and the plans of the policy, one for each scope."""

    report: Report
    packages: list[Package]
    plans: list[Plan]


def make_audit(api: PackagesApi, scopes: t.Sequence[Scope], wanted: PlanRequest | None, with_sizes: bool) -> Audit:
    """Read the scopes and count them; changes nothing. With ``with_sizes`` the files of each package are read (E4).

    Raises the errors of _gitlab/errors.py.
    """
    began = created_at = datetime.now(timezone.utc)
    found: dict[int, Package] = {}
    plans: list[Plan] = []
    for scope in scopes:
        described, listed = list_everything(api, scope)
        if scope is scopes[0]:
            created_at = earlier_clock(api, began)
        # A project may stand beside its group: each package counts once, as it does for a policy.
        packages = [package for package in listed if package["id"] not in found]
        if with_sizes:
            packages = complete(api, packages, ["files"])
        found.update((package["id"], package) for package in packages)
        if wanted:
            plans.append(plan_packages(api, described, packages, wanted, created_at)[0])
    names = {kind: [scope.ref for scope in scopes if scope.kind == kind] for kind in ("project", "group")}
    report = build_report(
        found.values(),
        generated_at=format_time(created_at),
        scope={"api_url": api.client.api_url, "projects": names["project"], "groups": names["group"]},
        plan=plans or None,
    )
    return Audit(report, list(found.values()), plans)


def render(audit: Audit, kind: str) -> str:
    """The text of one file: ``html``, ``md``, ``json`` or ``csv``."""
    if kind == "html":
        return render_html(audit.report)
    if kind == "md":
        return render_markdown(audit.report)
    if kind == "csv":
        return render_csv(audit.packages, audit.plans or None)
    return json.dumps(audit.report, indent=2, ensure_ascii=False) + "\n"


def summary_text(audit: Audit) -> list[str]:
    """The report in a few lines, for a terminal."""
    totals = audit.report["totals"]
    size = f", {human_bytes(totals['bytes'])}" if totals["bytes"] is not None else ""
    lines = [f"{counted(totals['packages'], 'package')} in {counted(totals['projects'], 'project')}{size}"]
    lines += [
        f"  {counted(row['packages'], 'package')} of type {printable(row['package_type'])}"
        for row in audit.report["by_type"]
    ]
    broken = audit.report["broken"]["total"]
    if broken:
        lines.append(f"{counted(broken, 'failed upload')} (status error)")
    for plan in audit.plans:
        summary = plan["summary"]
        place = plan["scope"].get("project") or plan["scope"].get("group")
        packages = counted(summary["packages"], "package")
        lines.append(
            f"the policy deletes {summary['delete']} of {packages} of {printable(place)};"
            f" {summary['unmatched']} match no rule"
        )
    return lines
