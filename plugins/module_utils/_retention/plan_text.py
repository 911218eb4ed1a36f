# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan, and what became of it, in words: for ``--diff``, for files that people read, for the console. Pure."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import human_bytes
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import group_name
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.reasons import own_reason, refused_by_gitlab

#: Plans up to this many packages are shown whole by `diff_text`; of larger ones
#: so many in a group, and so many groups of a rule.
DIFF_ALL = 100
DIFF_NEWEST = 7
DIFF_OLDEST = 2
DIFF_GROUPS = 100


Entry = t.Mapping[str, t.Any]
Plan = t.Mapping[str, t.Any]


def overview(plan: Plan) -> list[str]:
    """A plan in a few lines: in all, then rule by rule, the largest first, and what its policy does not reach."""
    summary = plan["summary"]
    lines = [_headline(plan)]
    for rule, counts, entries in _by_rule(plan):
        told = f"deletes {counts['delete']} of {counts['delete'] + counts['keep']}{_bytes(entries)}"
        lines.append(f"  rule {shown(rule)!r}: {told if any(counts.values()) else 'governs nothing'}")
    if "delete_files" in plan:
        lines.append(_headline_of_files(plan))
        by_rule = _grouped(plan["delete_files"], lambda entry: entry["rule"])
        lines += [
            f"  file rule {shown(rule)!r}: deletes {_count(len(by_rule[rule]), 'file')}{_bytes(by_rule[rule])}"
            for rule in _largest_first(by_rule)
        ]
    if summary["vanishing"]:
        lines.append(f"nothing would be left of {_count(len(summary['vanishing']), 'name')}")
    return [*lines, *refused_by_gitlab(plan)]


def whole_text(plan: Plan) -> str:
    """A plan as a page: a table of its rules, then as `diff_text`, with every package and file."""
    rows = [("rule", "deletes", "keeps", "frees")]
    for rule, counts, entries in _by_rule(plan):
        rows.append((shown(rule), str(counts["delete"]), str(counts["keep"]), _bytes(entries)[2:-1]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_headline(plan), ""]
    for name, *numbers in rows:
        cells = [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:]))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, *refused_by_gitlab(plan), *_details(plan, show_all=True)]) + "\n"


def _by_rule(plan: Plan) -> list[tuple[str, t.Mapping[str, int], list[Entry]]]:
    """Each rule with its counts and what goes by it, those first that delete the most."""
    entries = _grouped(plan["delete"], lambda entry: entry["rule"])
    counts = plan["summary"]["by_rule"]
    return [(rule, counts[rule], entries.get(rule, [])) for rule in sorted(counts, key=lambda r: -counts[r]["delete"])]


def _headline(plan: Plan) -> str:
    summary = plan["summary"]
    held = [(summary["protected"], "protected"), (summary["listed"], "on keep lists")]
    kept = [f"{count} {words}" for count, words in held if count] + [f"{summary['unmatched']} match no rule"]
    first, *rest = kept
    number, _blank, words = first.partition(" ")
    return (
        f"delete {summary['delete']} of {summary['packages']} packages{_bytes(plan['delete'])}, keep {summary['keep']}"
        f" ({', '.join([f'{number} of them {words}', *rest])})"
    )


def diff_text(plan: Plan) -> str:
    """Write for ``--diff`` what a plan deletes: by rule, then by project, type and name with counts, then one by one.

    The largest groups come first, in each the newest package. Up to `DIFF_ALL` packages all are listed; of a larger
    plan each group shows its newest and oldest, each rule its largest groups: the plan itself lists every package.
    """
    return "\n".join([_headline(plan), *refused_by_gitlab(plan), *_details(plan, show_all=False)]) + "\n"


def _details(plan: Plan, *, show_all: bool) -> t.Iterator[str]:
    by_rule = _grouped(plan["delete"], lambda entry: entry["rule"])
    for rule in _largest_first(by_rule):
        entries = by_rule[rule]
        yield ""
        yield f"rule {shown(rule)!r} deletes {_packages(len(entries))}{_bytes(entries)}:"
        yield from _diff_of_rule(entries, show_all or len(plan["delete"]) <= DIFF_ALL)
    if "delete_files" in plan:
        yield from _diff_of_files(plan, show_all=show_all)


def _largest_first(groups: t.Mapping[t.Any, t.Sized]) -> list[t.Any]:
    return sorted(groups, key=lambda name: (-len(groups[name]), name))


def _headline_of_files(plan: Plan) -> str:
    entries, files = plan["delete_files"], plan["summary"]["files"]
    unread = f" (of {_packages(files['unreadable'])} they cannot be read)" if files["unreadable"] else ""
    counts = f"{files['delete']} of {_count(files['files'], 'file')}{_bytes(entries)}"
    return f"delete {counts} inside packages that stay{unread}"


def _diff_of_files(plan: Plan, *, show_all: bool) -> t.Iterator[str]:
    """As packages are told: by file rule, then by package, then one by one; of a package with many files the first."""
    entries = plan["delete_files"]
    yield ""
    yield _headline_of_files(plan)
    by_rule = _grouped(entries, lambda entry: entry["rule"])
    show_all = show_all or len(entries) <= DIFF_ALL
    for rule in _largest_first(by_rule):
        of_rule = by_rule[rule]
        yield ""
        yield f"file rule {shown(rule)!r} deletes {_count(len(of_rule), 'file')}{_bytes(of_rule)}:"
        by_package = _grouped(of_rule, lambda entry: entry["package_id"])
        ids = _largest_first(by_package)
        for package_id in ids if show_all else ids[:DIFF_GROUPS]:
            yield from _diff_of_package(by_package[package_id], show_all)
        if not show_all and len(ids) > DIFF_GROUPS:
            rest = sum(len(by_package[package_id]) for package_id in ids[DIFF_GROUPS:])
            yield f"  … {len(ids) - DIFF_GROUPS} more packages with {_count(rest, 'file')}, see the plan"


def _diff_of_package(files: list[Entry], show_all: bool) -> t.Iterator[str]:
    first = files[0]
    project = first["project_path"] or f"project {first['project_id']}"
    version = "(no version)" if first["version"] is None else first["version"]
    words = [project, first["package_type"], first["name"], version]
    yield f"  {'  '.join(map(shown, words))} (id {first['package_id']}): {_count(len(files), 'file')}{_bytes(files)}"
    some = files if show_all or len(files) <= DIFF_NEWEST + DIFF_OLDEST + 1 else files[: DIFF_NEWEST + DIFF_OLDEST]
    for file in some:
        told = f"id {file['id']}, {shown(file['created_at'])[:10]}{_comma_bytes(file)}"
        yield f"    - {shown(file['file_name'])} ({told}): {_reason(file)}"
    if len(some) < len(files):
        yield f"    … {len(files) - len(some)} more, see the plan"


def _grouped(entries: t.Iterable[Entry], key: t.Callable[[Entry], t.Any]) -> dict[t.Any, list[Entry]]:
    groups: dict[t.Any, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return groups


def _diff_of_rule(entries: list[Entry], show_all: bool) -> t.Iterator[str]:
    by_group: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        project = entry["project_path"] or f"project {entry['project_id']}"
        by_group.setdefault((project, entry["package_type"], group_name(entry)), []).append(entry)
    keys = sorted(by_group, key=lambda key: (-len(by_group[key]), key))
    for key in keys if show_all else keys[:DIFF_GROUPS]:
        group = sorted(by_group[key], key=lambda entry: (entry["created_at"] or "", entry["id"]), reverse=True)
        oldest, newest = (shown(group[at]["created_at"])[:10] for at in (-1, 0))
        when = oldest if oldest == newest else f"{oldest} to {newest}"
        yield f"  {'  '.join(map(shown, key))}: {_packages(len(group))}{_bytes(group)}, created {when}"
        # What goes for one reason says it once.
        common = _reason(group[0]) if len(group) > 1 and len({_reason(entry) for entry in group}) == 1 else None
        if common is not None:
            yield f"    each: {common}"
        line = partial(_diff_line, with_reason=common is None)
        if show_all or len(group) <= DIFF_NEWEST + DIFF_OLDEST + 1:
            yield from map(line, group)
        else:
            yield from map(line, group[:DIFF_NEWEST])
            yield f"    … {len(group) - DIFF_NEWEST - DIFF_OLDEST} more, see the plan"
            yield from map(line, group[-DIFF_OLDEST:])
    if not show_all and len(keys) > DIFF_GROUPS:
        rest = keys[DIFF_GROUPS:]
        yield f"  … {len(rest)} more names with {_packages(sum(len(by_group[key]) for key in rest))}, see the plan"


def _diff_line(entry: Entry, *, with_reason: bool) -> str:
    version = "(no version)" if entry["version"] is None else shown(entry["version"])
    reason = f": {_reason(entry)}" if with_reason else ""
    return f"    - {version} (id {entry['id']}, {shown(entry['created_at'])[:10]}{_comma_bytes(entry)}){reason}"


def _comma_bytes(entry: Entry) -> str:
    return f", {human_bytes(entry['size'])}" if isinstance(entry.get("size"), int) else ""


def _reason(entry: Entry) -> str:
    return shown(own_reason(entry))


def _packages(number: int) -> str:
    return _count(number, "package")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _bytes(entries: t.Sequence[Entry]) -> str:
    """The bytes that packages to delete take, where a plan was made with sizes."""
    sizes = [entry["size"] for entry in entries if isinstance(entry.get("size"), int)]
    return f" ({human_bytes(sum(sizes))})" if sizes else ""


def results_text(
    results: t.Sequence[t.Mapping[str, t.Any]], kinds: t.Sequence[str], noun: str = "package"
) -> list[str]:
    """What became of the packages (or files) of a plan, for a reader: in all, then rule by rule, the largest first.

    Each result has its ``rule``, and ``size`` where the plan was made with sizes; ``kinds`` are the results there are.
    """
    by_rule: dict[str, list[t.Mapping[str, t.Any]]] = {}
    for result in results:
        by_rule.setdefault(result["rule"], []).append(result)
    lines = [f"{_count(len(results), noun)}: {_kinds(results, kinds)}"]
    of_what = "rule" if noun == "package" else f"{noun} rule"
    for rule in _largest_first(by_rule):
        lines.append(f"  {of_what} {shown(rule)!r}: {_kinds(by_rule[rule], kinds)}")
    return lines


def _kinds(results: t.Sequence[t.Mapping[str, t.Any]], kinds: t.Sequence[str]) -> str:
    parts = []
    for kind in kinds:
        of_kind = [result for result in results if result["result"] == kind]
        if of_kind:
            parts.append(f"{len(of_kind)} {kind}{_bytes(of_kind) if kind == 'deleted' else ''}")
    return ", ".join(parts) or "nothing to delete"
