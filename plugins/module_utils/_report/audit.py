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
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.state import read_states
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, human_bytes, number
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import format_time
from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.compare import compare, comparison_line
from ansible_collections.registryops.gitlab.plugins.module_utils._report.csv import render_csv
from ansible_collections.registryops.gitlab.plugins.module_utils._report.earlier import Earlier
from ansible_collections.registryops.gitlab.plugins.module_utils._report.findings import finding_line
from ansible_collections.registryops.gitlab.plugins.module_utils._report.headline import freed_of
from ansible_collections.registryops.gitlab.plugins.module_utils._report.html import render_html
from ansible_collections.registryops.gitlab.plugins.module_utils._report.links import origin_of, web_url
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown import render_markdown
from ansible_collections.registryops.gitlab.plugins.module_utils._report.names import names_document, names_of
from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import package_bytes
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import Plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import (
    PlanRequest,
    earlier_clock,
    list_everything,
    plan_packages,
)

Report = dict[str, t.Any]

_HELD = {"protected": "protected", "listed": "on keep lists"}


@dataclass(frozen=True)
class Audit:
    """What was found: the report, the packages that it is about, and the plans of the policy, one for each scope.

    ``names`` are all names, which stand in ``report.json`` only: they may be many.
    """

    report: Report
    names: Report
    packages: list[Package]
    plans: list[Plan]


def make_audit(
    api: PackagesApi,
    scopes: t.Sequence[Scope],
    wanted: PlanRequest | None,
    with_sizes: bool,
    earlier: Earlier | None = None,
    with_governance: bool = False,
) -> Audit:
    """Read the scopes and count them; changes nothing. With ``with_sizes`` the files of each package are read (E4).

    With ``with_governance`` so is what governs each project that holds packages.

    Raises the errors of _gitlab/errors.py, and DocumentError where the ``earlier`` report is the later one.
    """
    origin = origin_of(api.client.api_url)
    began = created_at = datetime.now(timezone.utc)
    found: dict[int, Package] = {}
    plans: list[Plan] = []
    for scope in scopes:
        described, listed = list_everything(api, scope, lambda package: {"web_url": web_url(origin, package)})
        if scope is scopes[0]:
            created_at = earlier_clock(api, began)
        # A project may stand beside its group: each package counts once, as it does for a policy.
        packages = [package for package in listed if package["id"] not in found]
        if with_sizes:
            packages = complete(api, packages, ["files"])
        found.update((package["id"], package) for package in packages)
        if wanted:
            plans.append(plan_packages(api, described, packages, wanted, created_at, with_listed=False)[0])
    names = {kind: [scope.ref for scope in scopes if scope.kind == kind] for kind in ("project", "group")}
    report = build_report(
        found.values(),
        generated_at=format_time(created_at),
        scope={"api_url": api.client.api_url, "projects": names["project"], "groups": names["group"]},
        plan=plans or None,
        states=governance(api, found.values()) if with_governance else None,
    )
    all_names = names_of(found.values())
    if earlier is not None:
        report["comparison"] = compare(report, all_names, earlier)
    return Audit(report, names_document(all_names), list(found.values()), plans)


def governance(api: PackagesApi, packages: t.Iterable[Package]) -> list[Report]:
    """What governs the projects of these packages, a row for each, in the order of their paths."""
    ids = {str(p["project_path"]): p["project_id"] for p in packages if isinstance(p.get("project_path"), str)}
    paths = sorted(ids)
    states = read_states(api, paths)
    return [{"project_id": ids[path], "project_path": path, **state} for path, state in zip(paths, states)]


def render(audit: Audit, kind: str) -> str:
    """The text of one file: ``html``, ``md``, ``json`` or ``csv``."""
    if kind == "html":
        return render_html(audit.report)
    if kind == "md":
        return render_markdown(audit.report)
    if kind == "csv":
        return render_csv(audit.packages, audit.plans or None)
    # Escaped: a terminal that shows the file obeys no name in it.
    return json.dumps({**audit.report, "all_names": audit.names}, indent=2, ensure_ascii=True) + "\n"


def summary_text(audit: Audit) -> list[str]:
    """The report in a few lines, for a terminal."""
    report = audit.report
    totals = report["totals"]
    places = f"{counted(totals['packages'], 'package')} in {counted(totals['projects'], 'project')}"
    lines = [places + _comma_bytes(totals["bytes"])]
    lines += [
        f"  {counted(row['packages'], 'package')} of type {printable(row['package_type'])}{_comma_bytes(row['bytes'])}"
        for row in report["by_type"]
    ]
    broken = report["broken"]["total"]
    if broken:
        lines.append(f"{counted(broken, 'failed upload')} (status error)")
    if audit.plans:
        sizes = {package["id"]: package_bytes(package) for package in audit.packages}
        for plan in audit.plans:
            lines.append(_plan_line(plan, sizes, with_bytes=totals["bytes"] is not None))
            if "files" in plan["summary"]:
                lines.append(_files_line(plan["summary"]["files"]))
    lines += [finding_line(one) for one in report["findings"]]
    if "comparison" in report:
        lines.append(comparison_line(report["comparison"]))
    return lines


def _comma_bytes(value: int | None) -> str:
    return "" if value is None else f", {human_bytes(value)}"


def _plan_line(plan: Plan, sizes: t.Mapping[int, int | None], *, with_bytes: bool) -> str:
    """What a plan does to its scope; ``sizes`` are the bytes of packages by ID."""
    figures = plan["summary"]
    place = printable(plan["scope"].get("project") or plan["scope"].get("group"))
    deletes = f"{number(figures['delete'])} of {counted(figures['packages'], 'package')} of {place}"
    if with_bytes:
        freed = sum(sizes.get(entry["id"]) or 0 for entry in plan["delete"])
        whole = sum(sizes.get(entry["id"]) or 0 for key in ("delete", "keep") for entry in plan.get(key) or ())
        line = f"the policy frees {freed_of(freed, whole)} by deleting {deletes}"
    else:
        line = f"the policy deletes {deletes}"
    held = [f"{number(figures[key])} {words}" for key, words in _HELD.items() if figures.get(key)]
    if figures.get("foreseen_protected"):
        held.append(f"GitLab's protection rules would refuse {number(figures['foreseen_protected'])} of them")
    if figures.get("protection") == "unknown":
        held.append("whether GitLab's protection rules would refuse more is not known")
    return "; ".join([line, *held, f"{number(figures['unmatched'])} match no rule"])


def _files_line(files: t.Mapping[str, t.Any]) -> str:
    """What file rules do in the packages that stay."""
    return (
        f"  inside packages that stay it deletes {number(files['delete'])} of {counted(files['files'], 'file')}"
        f" ({human_bytes(files['bytes'])})"
    )
