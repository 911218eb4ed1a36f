# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules that plan and apply retention."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  project:
    description:
      - The project, by its full path (C(acme/web/shop)) or its numeric ID. A former path of a moved project works too.
    type: str
  group:
    description:
      - The group, by its full path or its numeric ID. Needs an access token, as GitLab ignores job tokens for groups.
    type: str
  exclude_subgroups:
    description:
      - Whether the projects of subgroups are left out. For O(group) only.
    type: bool
    default: false
  policy:
    description:
      - What to keep. Every package that can be deleted is looked at, that is those with the status C(default), C(error) or
        C(deprecated), of all types, terraform modules and packages without a version too.
      - A package that O(policy.protect) matches is kept. Any other is governed by the first of O(policy.rules) that matches it,
        and kept if there is none.
    type: dict
    suboptions:
      protect:
        description:
          - Matches of packages that are never deleted, whatever the rules say. The keys are those of O(policy.rules[].match).
        type: list
        elements: dict
      rules:
        description:
          - The rules, in the order of their precedence. A package that a rule governs is deleted unless one of the keeps of the
            rule holds it.
          - Keeps that count do so within one project, package type and name, among the packages that the rule governs.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description:
              - The name of the rule, for plans and messages. Without it the rule is called by its number, such as C(rule 2).
            type: str
          match:
            description:
              - Which packages the rule governs. All given keys must hold, and within a key one entry is enough. Without it the
                rule governs all.
            type: dict
            suboptions:
              package_type:
                description: Package types.
                type: list
                elements: str
              status:
                description: Statuses.
                type: list
                elements: str
              tag:
                description: Tags, exactly.
                type: list
                elements: str
              name:
                description:
                  - Shell globs over the whole name, case-sensitive. For conan over the recipe and over the bare name.
                type: list
                elements: str
              version:
                description: Shell globs over the whole version. A package without a version matches none.
                type: list
                elements: str
              project:
                description: Shell globs over the full path of the project.
                type: list
                elements: str
          keep_latest:
            description:
              - Keep this many, the newest first.
              - A count of V(0) keeps nothing, here and in the other counts. A rule whose keeps are all V(0) has no keep.
              - A count may be a text of digits, as templates give on ansible-core before 2.19.
            type: int
          order_by:
            description:
              - What O(policy.rules[].keep_latest) takes for newest. V(version) is the order that the package type's ecosystem
                uses. Versions that do not parse count as oldest.
            type: str
            choices: [created_at, version]
            default: created_at
          keep_daily:
            description: Keep the newest of each of that many most recent days (UTC) that hold a package.
            type: int
          keep_weekly:
            description: The same for ISO weeks.
            type: int
          keep_monthly:
            description: The same for months.
            type: int
          keep_yearly:
            description: The same for years.
            type: int
          keep_within:
            description: Keep what was published within that time, such as C(14d). The units are C(h), C(d) and C(w).
            type: str
          keep_downloaded_within:
            description: Keep what was downloaded within that time.
            type: str
          delete_all:
            description: Delete all that the rule governs. It must be said where a rule has no keep, and excludes every keep.
            type: bool
            default: false
  reference_time:
    description:
      - The time in ISO 8601 that stands for now, so that a plan can be made again. The clock of the host by default.
    type: str
  explain_keeps:
    description:
      - Whether the plan lists the kept packages too, each with the reasons.
    type: bool
    default: false
  with_sizes:
    description:
      - Whether the files of the packages to delete are read, so that the plan says how many bytes they take. One more request
        for each of these packages.
    type: bool
    default: false
requirements:
  - univers >= 30.11, where a policy orders by version
"""
