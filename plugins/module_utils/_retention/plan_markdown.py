# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as a page in Markdown, whole: what somebody reads who is to approve it. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.markdown import code, table
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, human_bytes, number
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import NOTHING, printable
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.places import title
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.reasons import own_reason, refused_by_gitlab

Entry = t.Mapping[str, t.Any]
Plan = t.Mapping[str, t.Any]


def plan_markdown(plan: Plan) -> str:
    """The page: what it comes to, a table of the rules, and a table for each rule with all that goes by it."""
    summary = plan["summary"]
    parts = [
        "# Package clean-up: the plan",
        f"For {code(title(plan['scope']))}, made at {code(plan['created_at'])}. Its digest is {code(plan['digest'])}.",
        f"**{_deletes(plan)}** It keeps {number(summary['keep'])}: {_kept(summary)}.",
        _rules(plan),
    ]
    if "delete_files" in plan:
        files = summary["files"]
        parts.append(
            f"Inside packages that stay it deletes {number(files['delete'])} of {counted(files['files'], 'file')}"
            f" ({human_bytes(files['bytes'])})."
        )
    if summary["vanishing"]:
        names = ", ".join(f"{code(one['name'])} ({printable(one['package_type'])})" for one in summary["vanishing"])
        parts.append(f"**Nothing would be left of** {names}.")
    refused = [f"{line[:1].upper()}{line[1:]}." for line in refused_by_gitlab(plan)]
    if refused:
        parts.append(f"**{' '.join(refused)}**")
    if summary["without_match"]:
        parts.append(f"For nothing: {', '.join(map(code, summary['without_match']))}.")
    parts += _sections(plan["delete"], "", "package", (("Version", "version"), ("ID", "id")))
    parts += _sections(plan.get("delete_files", ()), "Files: ", "file", (("Version", "version"), ("File", "file_name")))
    return "\n\n".join(parts) + "\n"


def _deletes(plan: Plan) -> str:
    summary = plan["summary"]
    freed = f", which frees {human_bytes(summary['bytes'])}" if "bytes" in summary else ""
    return f"It deletes {number(summary['delete'])} of {counted(summary['packages'], 'package')}{freed}."


def _kept(summary: t.Mapping[str, t.Any]) -> str:
    by_rules = sum(counts["keep"] for counts in summary["by_rule"].values())
    held = [(by_rules, "by rules"), (summary["protected"], "protected"), (summary["listed"], "on keep lists")]
    return ", ".join(f"{number(count)} {words}" for count, words in [*held, (summary["unmatched"], "match no rule")])


def _rules(plan: Plan) -> str:
    counts = plan["summary"]["by_rule"]
    sizes: dict[str, int] = {}
    for entry in plan["delete"]:
        sizes[entry["rule"]] = sizes.get(entry["rule"], 0) + (entry.get("size") or 0)
    sized = "bytes" in plan["summary"]
    rows = [
        (
            code(rule),
            number(counts[rule]["delete"]),
            number(counts[rule]["keep"]),
            *((human_bytes(sizes.get(rule, 0)),) if sized else ()),
        )
        for rule in sorted(counts, key=lambda name: -counts[name]["delete"])
    ]
    return table(("Rule", "Deletes", "Keeps", *(("Frees",) if sized else ())), rows)


def _sections(
    entries: t.Iterable[Entry], before: str, noun: str, columns: t.Sequence[tuple[str, str]]
) -> t.Iterator[str]:
    by_rule: dict[str, list[Entry]] = {}
    for entry in entries:
        by_rule.setdefault(entry["rule"], []).append(entry)
    for rule in sorted(by_rule, key=lambda name: -len(by_rule[name])):
        of_rule = by_rule[rule]
        yield f"## {before}{code(rule)} deletes {counted(len(of_rule), noun)}"
        common = {own_reason(entry) for entry in of_rule}
        if len(common) == 1:
            yield f"Each of them: {code(*common)}."
        yield _table(of_rule, columns, with_reason=len(common) > 1)


def _table(entries: t.Sequence[Entry], columns: t.Sequence[tuple[str, str]], *, with_reason: bool) -> str:
    sized = any(entry.get("size") is not None for entry in entries)
    heads = ["Project", "Type", "Name", *(head for head, _key in columns), "Created"]
    heads += [*(["Size"] if sized else []), *(["Why"] if with_reason else [])]
    return table(
        heads,
        (
            (
                code(entry["project_path"] or f"project {entry['project_id']}"),
                code(entry["package_type"]),
                code(entry["name"]),
                *(NOTHING if entry[key] is None else code(entry[key]) for _head, key in columns),
                printable(entry["created_at"] or NOTHING)[:10],
                *((human_bytes(entry.get("size")),) if sized else ()),
                *((code(own_reason(entry)),) if with_reason else ()),
            )
            for entry in entries
        ),
        right=0,
    )
