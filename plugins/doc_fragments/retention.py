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
  projects:
    description:
      - Projects, by their full paths or numeric IDs, in place of O(project). With O(groups) they make one plan, with one digest
        and one set of guards. A package of a project that is named twice, or lies in a named group, counts once.
      - What counts (O(policy.rules[].keep_latest), O(policy.keep_at_least)) does so within one project, as ever. One that cannot
        be read fails the whole.
    type: list
    elements: str
    version_added: 0.2.0
  groups:
    description:
      - Groups, by their full paths or numeric IDs, in place of O(group). As O(projects).
    type: list
    elements: str
    version_added: 0.2.0
  exclude_subgroups:
    description:
      - Whether the projects of subgroups are left out. For O(group) and O(groups) only.
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
      keep_at_least:
        description:
          - Of each project, package type and name, so many versions with the status C(default) or C(deprecated) stay, whatever
            the rules say. The newest by creation of those that would go stay. V(0) keeps none for its own sake.
          - Without it the plan warns of names of npm, PyPI and Maven that would vanish altogether.
        type: int
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
              ref:
                description:
                  - Shell globs over the branch or tag of the last pipeline. A package without one matches none.
                type: list
                elements: str
              prerelease:
                description:
                  - V(true) matches prereleases and V(false) releases, as the package type's ecosystem has it. A version that
                    does not parse is neither.
                type: bool
              versionless:
                description:
                  - Only V(true). The rule governs only what has no version, such as Maven's metadata, which no other rule
                    governs.
                type: bool
              exclude:
                description:
                  - Matches of what the rule does not govern, with the same keys but O(policy.rules[].match.exclude). One needs
                    no list.
                type: list
                elements: dict
          keep_latest:
            description:
              - Keep this many, the newest first. A failed upload (status C(error)) takes no place in this count and the others,
                unless O(policy.rules[].match.status) is given.
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
            description:
              - Keep what was published within that time, such as C(14d). The units are C(h), C(d) and C(w).
              - A package was published when it was created or its newest file was. The files are read, with one request for
                each package that nothing else holds, where the version can be published again, that is all but npm and Go.
            type: str
          keep_downloaded_within:
            description: Keep what was downloaded within that time.
            type: str
          keep_downloaded:
            description: Keep what was ever downloaded.
            type: bool
            default: false
          per:
            description:
              - What the counts of the rule count in. V(name) is all of one name, V(major) and V(minor) each line of versions of
                it, V(ref) each branch or tag of the last pipeline. For rules with a count only.
            type: str
            choices: [name, major, minor, ref]
            default: name
          delete_all:
            description:
              - Delete what the rule governs. It must be said where a rule has no keep, and excludes every keep.
              - O(policy.keep_at_least) and npm's tag C(latest) hold some of it all the same.
            type: bool
            default: false
      files:
        description:
          - Rules of files inside packages that stay. The first of these that matches a package governs its files. Files of packages
            that O(policy.protect) or a keep list holds are not touched, nor those that no rule here governs.
          - One more request for each package that such a rule governs.
        type: list
        elements: dict
        suboptions:
          name:
            description:
              - The name of the rule, for plans and messages. Without it the rule is called by its number, such as C(file rule 2).
            type: str
          match:
            description: Whose files the rule governs. The keys are those of O(policy.rules[].match).
            type: dict
          keep_latest_copies:
            description: Of files with the same name in one package, keep this many, the newest first.
            type: int
          keep_latest_builds:
            description:
              - Of a Maven package whose version ends with C(-SNAPSHOT), keep the files of this many builds, and of each classifier
                and extension the newest. Files without a build in their name stay. Of other packages all files stay.
            type: int
  policy_file:
    description:
      - The path of a file with the policy instead, as YAML or JSON, on the host that runs the module. It is plain data, without
        templates. Keys that it gives twice are refused, and so are numbers that YAML would read in another way than they stand
        there, such as C(010).
    type: path
    version_added: 0.2.0
  keep_lists:
    description:
      - Paths of files that name what must stay, whatever the rules say, on the host that runs the module. Globs are allowed, and
        V(**) crosses folders. They stand beside the policy, so that who edits the policy cannot drop them.
      - Own lists in YAML or CSV, with C(package_type), C(name), C(version) and C(project) (globs), C(reason), and C(until) for the
        last day on which an entry holds. SBOMs in JSON, CycloneDX or SPDX. The C(package-lock.json) of npm.
      - A file that cannot be read, or holds no entry, fails the plan. The plan holds the SHA-256 of each file.
      - Where a saved plan is applied, the files that are named are read again, and what they keep by then is drift.
    type: list
    elements: path
    default: []
    version_added: 0.2.0
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
  fail_on:
    description:
      - Gates, each of which fails the task with a message of its own.
    type: list
    elements: raw
    default: []
    version_added: 0.2.0
requirements:
  - univers >= 30.11, where a policy orders by version, or asks for prereleases or lines of versions
  - packageurl-python, where O(keep_lists) names an SBOM
"""
