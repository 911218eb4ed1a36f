#!/usr/bin/python
# Copyright: registryops maintainers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_report
short_description: Write a report on GitLab package registries
version_added: 0.1.0
description:
  - Counts the packages of projects and groups by project, type, name, status and age, finds the largest and the stalest, failed
    uploads and duplicate files, and writes that as files for people and for programs. It changes nothing in GitLab.
  - With a policy the report says too what the policy would delete, what it would free, and what no rule governs. With an
    earlier report it says what has changed since.
  - The packages are those that can be deleted, that is with the status C(default), C(error) or C(deprecated).
author:
  - registryops maintainers (@registryops)
extends_documentation_fragment:
  - registryops.gitlab.connection
  - registryops.gitlab.attributes
options:
  projects:
    description:
      - The projects, by full path or numeric ID. At least one of O(projects) and O(groups) is required.
    type: list
    elements: str
    default: []
  groups:
    description:
      - The groups, by full path or numeric ID. A package counts once, although its project is named too.
    type: list
    elements: str
    default: []
  exclude_subgroups:
    description:
      - Whether the projects of subgroups are left out.
    type: bool
    default: false
  policy:
    description:
      - A retention policy, as O(registryops.gitlab.package_retention_info#module:policy).
    type: dict
  policy_file:
    description:
      - The path of a file with the policy, as O(registryops.gitlab.package_retention_info#module:policy_file).
    type: path
    version_added: 0.2.0
  keep_lists:
    description:
      - Files that name what must stay, as O(registryops.gitlab.package_retention_info#module:keep_lists).
    type: list
    elements: path
    default: []
    version_added: 0.2.0
  reference_time:
    description:
      - The time in ISO 8601 that stands for now in the policy.
    type: str
  with_sizes:
    description:
      - Whether the files of each package are read, so that the report has bytes and duplicate files. One more request for each
        package.
    type: bool
    default: false
  with_governance:
    description:
      - Whether the report says what governs each project that holds packages - its protection rules, GitLab's own cleanup policy, and
        duplicates and forwarding of its group - and what is found wrong with it.
      - Three more requests for each project and one for each group. The token needs the maintainer role in the projects and the owner role
        in the groups; what it may not read is told, and is no failure. GitLab takes no job token for any of it.
    type: bool
    default: false
    version_added: 0.2.0
  compare_with:
    description:
      - The path of an earlier C(report.json), on the host that runs the module. The report then has C(comparison), what is new,
        gone and grown since. It is read before anything is written, so that it may be the file in O(dest).
      - A report of another C(format_version) than this module writes is refused, and so is one that was made later.
      - Reports of 0.1.0 do not hold their names, so that new and vanished names are not told.
    type: path
    version_added: 0.2.0
  dest:
    description:
      - An existing directory on the host that runs the module. The files are C(report.html), C(report.md), C(report.json),
        C(report.csv), and C(report.junit.xml) with V(junit).
      - Required unless O(formats) is empty. Before 0.2.0 it was required always.
    type: path
  formats:
    description:
      - Which of the files to write. With an empty list none is written, nothing changes, and the report is only returned.
    type: list
    elements: str
    choices: [html, md, json, csv, junit]
    default: [html, md, json, csv]
  fail_on:
    description:
      - Gates, which fail the task after the files are written, each with a message of its own. RV(ignore:report) and the other
        results are returned all the same.
      - V(changes) if the policy would delete something, V(unmatched) if a package is governed by none of its rules, and
        C(over=10GiB), or a mapping of C(over) to a size, if the packages take more. The first two need a policy, the last
        O(with_sizes).
      - With V(junit) in O(formats) each gate is a test case, a failed one if it is closed. What else was found, such as failed
        uploads, is a test case that is skipped.
    type: list
    elements: raw
    default: []
    version_added: 0.2.0
  mode:
    description:
      - The rights of the files, as M(ansible.builtin.file) takes them. Names of private packages stand in the files.
    type: raw
    default: "0600"
    version_added: 0.2.0
attributes:
  check_mode:
    support: full
    details:
      - Reads GitLab, and writes no files. RV(ignore:files) and RV(ignore:changed) are those of a run without check mode.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - The files hold the time of the report, and are written anew each time.
seealso:
  - module: registryops.gitlab.package_info
  - module: registryops.gitlab.package_retention_info
"""

EXAMPLES = r"""
- name: Report on all registries of a group, with sizes
  registryops.gitlab.package_report:
    groups: [acme]
    with_sizes: true
    dest: /tmp

- name: Report on what a policy would delete from two projects
  registryops.gitlab.package_report:
    projects: [acme/web/shop, acme/tools]
    policy:
      rules:
        - name: nightlies
          match: {name: ["@acme/nightly*"]}
          keep_daily: 14
    dest: /tmp
    formats: [html]

- name: Report on what has changed since the report that is there
  registryops.gitlab.package_report:
    groups: [acme]
    compare_with: /tmp/report.json
    dest: /tmp

- name: Look without writing anything
  registryops.gitlab.package_report:
    groups: [acme]
    formats: []
  register: audit

- name: Fail where packages are many
  ansible.builtin.assert:
    that: audit.report.summary.packages < 5000
"""

RETURN = r"""
report:
  description:
    - What C(report.json) holds, as C(docs/schemas/report.schema.json) describes it, but for C(all_names). Lists of packages and
      names are cut after 50 rows, and say in C(total) how many there are.
    - Where a list or a part has C(packages), it has C(bytes) too, the sum of the sizes that are known. It is null where none of
      them is known, and so everywhere without O(with_sizes). For conditions there is RV(report.summary), in which nothing is null.
    - C(format_version) grows when something is taken away or means something else. What is added does not change it.
  returned: success
  type: dict
  contains:
    format_version:
      description: The format of the report.
      type: int
      sample: 1
    generated_at:
      description: When the report was made (ISO 8601, UTC).
      type: str
      sample: "2026-11-21T10:00:00.000Z"
    scope:
      description: What was looked at, as C(api_url), C(projects) and C(groups).
      type: dict
      sample: {api_url: "https://gitlab.example.com/api/v4", projects: [], groups: [acme]}
    headline:
      description: The report in one sentence.
      type: str
      sample: The policy frees 252 of 288 GiB (88 %) by deleting 249 of 359 packages.
    summary:
      description:
        - The figures in one mapping, none of them null.
        - C(bytes), C(delete_bytes) and C(keep_bytes) are there only where sizes were read. They are sums of what is known.
        - C(delete), C(keep), C(protected), C(listed) and C(unmatched) are there only with a policy, and so are C(protection) and
          C(foreseen_protected).
      type: dict
      contains:
        packages:
          description: How many packages there are.
          type: int
        projects:
          description: How many projects have packages.
          type: int
        names:
          description: How many names there are, each of one type in one project.
          type: int
        never_downloaded:
          description: How many packages were never downloaded.
          type: int
        broken:
          description: How many packages have the status C(error).
          type: int
        bytes:
          description: The bytes of all packages.
          returned: with sizes
          type: int
        delete:
          description: How many packages the policy deletes.
          returned: with a policy
          type: int
        keep:
          description: How many packages stay.
          returned: with a policy
          type: int
        protected:
          description: How many of those that stay are protected by the policy.
          returned: with a policy
          type: int
        foreseen_protected:
          description: How many of those that the policy deletes a package protection rule would refuse.
          returned: with a policy
          type: int
        protection:
          description: Whether that is V(known) of all of them, or V(unknown) as rules could not be read.
          returned: with a policy
          type: str
        listed:
          description: How many of those that stay are on keep lists.
          returned: with a policy
          type: int
        unmatched:
          description: How many of those that stay match no rule.
          returned: with a policy
          type: int
        delete_bytes:
          description: The bytes that the policy frees.
          returned: with a policy and sizes
          type: int
        keep_bytes:
          description: The bytes that stay.
          returned: with a policy and sizes
          type: int
      sample: {packages: 359, projects: 20, names: 41, never_downloaded: 120, broken: 2, delete: 249, keep: 110}
    findings:
      description:
        - What somebody should look at, the worst first, each with C(severity) (V(high), V(medium) or V(low)), C(id) (what kind it is),
          C(project) and C(text).
        - C(vanishing-names) are names of npm, PyPI and Maven of which the policy leaves nothing. With O(with_governance) they are
          C(dependency-confusion) where GitLab forwards requests of their type, and no finding where it does not.
        - C(unguarded-stable) are names with packages tagged C(stable) that no protection rule covers, C(archived-storage) are archived
          projects that hold a gibibyte or more. Both need O(with_governance).
      type: list
      elements: dict
    totals:
      description:
        - All packages together, with C(unsized) (packages whose size is not known), C(files), C(projects), C(names),
          C(never_downloaded), and the creation times of the first and the last package.
      type: dict
      sample: {packages: 12, bytes: 3145728, unsized: 0, files: 14, projects: 2, names: 4, never_downloaded: 3}
    by_project:
      description: A row for each project, the largest first, with C(project_id), C(project_path) and C(names). Not cut.
      type: list
      elements: dict
    by_type:
      description: A row for each C(package_type), the largest first.
      type: list
      elements: dict
    by_status:
      description: A row for each C(status), the largest first.
      type: list
      elements: dict
    by_age:
      description: A row for each class of C(age) since publishing, the youngest first.
      type: list
      elements: dict
    by_last_download:
      description: A row for each class of time since the C(last_download), and for C(never).
      type: list
      elements: dict
    by_month:
      description:
        - In C(rows) a row for each C(month) of publishing, at most 60, and in C(before) the sum of what is older. With a policy
          C(delete) is what it deletes of the month, and C(total_delete) of all months until then.
      type: dict
    storage_map:
      description:
        - What takes the storage, as C(projects), their C(types), and their C(names). C(measure) is C(bytes), or C(packages) where
          no size is known. What is not told apart is summed up in C(more).
      type: dict
    largest:
      description: The largest packages, as C(total) and C(rows).
      type: dict
    stalest:
      description: The packages that were not downloaded for the longest time, over C(days) days.
      type: dict
    names_by_count:
      description: The names with the most packages.
      type: dict
    names_by_bytes:
      description: The names with the most bytes.
      type: dict
    broken:
      description: The packages with the status C(error).
      type: dict
    duplicates:
      description: Files that lie several times in one package. C(older_files) are the copies that GitLab does not serve.
      type: dict
    plan:
      description:
        - What the policy would do, null without one. C(delete) and C(keep) in all, C(by_rule), C(by_project) and C(by_type);
          C(protected), C(listed) and C(unmatched) of what is kept; C(foreseen_protected) and C(protection); C(deletions), the largest packages that go; and
          C(deletions_by_name), the names that lose the most, each with its 20 newest C(versions) that go.
      type: dict
    governance:
      description:
        - A row for each project that holds packages, with C(project_id), C(project_path), C(archived), C(packages_size) in bytes, C(rules)
          (its protection rules), C(cleanup_policy) (how many files of one name GitLab keeps), and C(duplicates) and C(forwarding) of the
          group that it is in, true or false by package type.
        - What cannot be read is null, and C(unread) says why, by C(rules), C(cleanup_policy) and C(settings).
      returned: with O(with_governance)
      type: list
      elements: dict
    comparison:
      description:
        - What has changed since the report of O(compare_with). A figure is a mapping of C(before), C(after) and C(change) in
          C(totals), C(by_project) and C(by_type), which hold what changed. C(bytes) are there only where both reports know them,
          C(new_names) and C(vanished_names) only where the earlier report holds its names.
        - C(history) has the figures of all reports that were compared one after another, at most 60, the oldest first.
      returned: with O(compare_with)
      type: dict
  sample:
    format_version: 1
    generated_at: "2026-11-21T10:00:00.000Z"
    headline: 12 packages in 2 projects take 3.0 MiB; none is known to be unused for more than 90 days.
    totals: {packages: 12, bytes: 3145728, projects: 2, names: 4}
files:
  description: The paths of the files, by format. In check mode those that would be written.
  returned: success
  type: dict
  sample: {html: /tmp/report.html}
text:
  description: The report in a few lines.
  returned: success
  type: list
  elements: str
  sample: ["12 packages in 2 projects, 3.0 MiB"]
"""

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.files import write_text
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import create_module, run_module
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.reporting import audit_gates, report_files
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.retention import REFUSALS, plan_request_from
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._report.audit import make_audit, render, summary_text
from ansible_collections.registryops.gitlab.plugins.module_utils._report.cases import cases_of
from ansible_collections.registryops.gitlab.plugins.module_utils._report.earlier import read_earlier
from ansible_collections.registryops.gitlab.plugins.module_utils._report.junit import render_junit
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.gates import GateError, in_a_sentence


def main() -> None:
    formats = ["html", "md", "json", "csv", "junit"]
    module = create_module(
        {
            "projects": {"type": "list", "elements": "str", "default": []},
            "groups": {"type": "list", "elements": "str", "default": []},
            "exclude_subgroups": {"type": "bool", "default": False},
            "policy": {"type": "dict"},
            "policy_file": {"type": "path"},
            "keep_lists": {"type": "list", "elements": "path", "default": []},
            "reference_time": {"type": "str"},
            "with_sizes": {"type": "bool", "default": False},
            "with_governance": {"type": "bool", "default": False},
            "compare_with": {"type": "path"},
            "dest": {"type": "path"},
            "formats": {"type": "list", "elements": "str", "choices": formats, "default": formats[:4]},
            "mode": {"type": "raw", "default": "0600"},
            "fail_on": {"type": "list", "elements": "raw", "default": []},
        },
        mutually_exclusive=[("policy", "policy_file")],
    )
    params = module.params

    def run(api: PackagesApi) -> dict[str, t.Any]:
        # What no rule governs is known only where the kept packages are explained.
        has_policy = params["policy"] is not None or params["policy_file"] is not None
        gates = audit_gates(params, has_policy)
        explained = {**params, "explain_keeps": True}
        wanted = plan_request_from(explained, sizes=False) if has_policy else None
        scopes = [Scope("group", ref, params["exclude_subgroups"]) for ref in params["groups"]]
        scopes += [Scope("project", ref) for ref in params["projects"]]
        if not scopes:
            raise InvalidInput("name at least one of projects and groups")
        files = report_files(params["dest"], params["formats"])
        earlier = None if params["compare_with"] is None else read_earlier(params["compare_with"])
        audit = make_audit(api, scopes, wanted, params["with_sizes"], earlier, params["with_governance"])
        cases = cases_of(audit, gates)
        if not module.check_mode:
            for kind, path in files.items():
                text = render_junit(cases, audit.report["generated_at"]) if kind == "junit" else render(audit, kind)
                write_text(module, path, text, params["mode"])
        closed = {case.name: case.told for case in cases if case.is_gate and case.told is not None}
        failure = {"failed": True, "msg": in_a_sentence(closed)} if closed else {}
        said = summary_text(audit)
        return {"changed": bool(files), "report": audit.report, "files": files, "text": said, **failure}

    run_module(module, run, (*REFUSALS, GateError))


if __name__ == "__main__":
    main()
