# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each package or package file of a delete, as plain data and in words. Pure.

A result is a dict: ``id``, ``project_id``, ``name``, ``version``, ``package_type`` (for files ``package_id`` and
``file_name`` as well), ``result``, and ``message`` where the result is not plain.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package, status_of
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

#: Every result that there is, in the order of a summary.
RESULTS = ("deleted", "already_absent", "protected", "not_deletable", "failed")
#: So many of a list a message names.
NAMED = 5
#: Those that fail the task, unless they are tolerated.
BAD_RESULTS = ("protected", "not_deletable", "failed")


Result = dict[str, t.Any]


@dataclass(frozen=True)
class Outcome:
    """The results of a run, and why it could not be proved that what was deleted is gone (None: it was, or no need).

    ``stopped`` is what ended the run before its end: a KeyboardInterrupt, or an error that nobody expected.
    ``protection``, in check mode: ``unknown`` where it is not known of all packages whether rules would refuse them.
    """

    results: list[Result]
    verify_error: GitlabError | None = None
    stopped: BaseException | None = None
    protection: str | None = None


def result_of(package: Package, result: str, message: str | None = None, **more: t.Any) -> Result:
    """The result for one package; ``package`` may be a selector that lacks most of the keys."""
    keys = ("id", "project_id", "name", "version", "package_type")
    plain = {**{key: package.get(key) for key in keys}, **more, "result": result}
    return {**plain, "message": message} if message else plain


def summarize(results: t.Iterable[Result], kinds: t.Sequence[str] = RESULTS) -> dict[str, int]:
    """How many of each result; every kind has its number."""
    counts = Counter(result["result"] for result in results)
    return {kind: counts[kind] for kind in kinds}


def line(result: Result) -> str:
    """One package or file on one line, for a message or a diff."""
    parts = [result.get("package_type"), result.get("name"), result.get("version"), result.get("file_name")]
    words = " ".join(printable(str(part)) for part in parts if part is not None)
    return f"{words or 'package'} (id {result['id']})" if result.get("id") is not None else words


def in_words(results: t.Sequence[Result]) -> str:
    """Results that are not plain, for a message: those with one result for one reason once, with their number."""
    alike: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        # The path of a refused request holds the IDs, and is otherwise the same for all.
        message = str(result.get("message", ""))
        for key in ("id", "package_id", "project_id"):
            message = message.replace(f"/{result.get(key)}", "")
        alike.setdefault((result["result"], message), []).append(result)
    groups = list(alike.values())
    told = [f"{_some(group)}: {group[0]['result']}: {group[0].get('message', '')}" for group in groups[:NAMED]]
    rest = sum(len(group) for group in groups[NAMED:])
    return "; ".join([*told, *([f"and {rest} more, see results"] if rest else [])])


def _some(results: t.Sequence[Result]) -> str:
    named = [line(result) for result in results[:NAMED]]
    if len(results) > NAMED:
        return f"{', '.join(named)} and {len(results) - NAMED} more, see results"
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]


def deletion_diff(results: t.Sequence[Result], what: str) -> dict[str, str]:
    """The diff of a deletion: what was there, and what still is."""
    present = [result for result in results if result["result"] != "already_absent"]
    return {
        "before_header": what,
        "after_header": what,
        "before": "".join(f"{line(result)}\n" for result in present),
        "after": "".join(f"{line(result)}\n" for result in present if result["result"] != "deleted"),
    }


def not_deletable(package: Package) -> Result:
    """The result for a package that is there, in a status that no delete reaches."""
    return result_of(package, "not_deletable", f"its status is {status_of(package)}: GitLab's API cannot delete it")
