# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting packages and package files, and telling what became of each. Nothing of Ansible.

A result is a dict: ``id``, ``project_id``, ``name``, ``version``, ``package_type`` (for files ``package_id`` and
``file_name`` as well), ``result``, and ``message`` where the result is not plain. In check mode the results are those
that the real run would have, as far as GitLab lets one foresee them.
"""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    PackageNotFound,
    PreconditionFailed,
    Protected,
    RateLimited,
    ServerError,
    UnexpectedAnswer,
    Unreachable,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackageFile, PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.attempts import (
    Attempted,
    Look,
    attempt_all,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.foresight import foresee
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.proof import look_after
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protected import Foreseen
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protection import why_refused
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import (
    Outcome,
    Result,
    not_deletable,
    result_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    NOT_DELETABLE,
    Package,
)

#: Asked about a package and those of its files that are to go, right before the first delete of one: why some must not
#: go after all, by file ID. A text makes the result ``options.changed``, an error counts as if the delete had met it.
LookAtFiles = t.Callable[[Package, t.Sequence[PackageFile]], t.Mapping[int, t.Union[str, GitlabError]]]
#: The last word of a delete that was not answered.
_UNANSWERED = (Unreachable, ServerError, UnexpectedAnswer, RateLimited)


def delete_packages(
    api: PackagesApi, packages: t.Sequence[Package], options: Options, *, look: Look | None = None
) -> Outcome:
    """Delete each package (E6), or foresee what would become of it. ``packages`` come from a list, with ``project_id``.

    Never raises: what goes wrong with a package is its result, and what ends the run early is in the outcome.
    ``look`` is asked in the thread that sends the delete, right before it, in check mode as well. Where it gives a
    text or raises a GitlabError, nothing is sent: the text makes the result ``options.changed``, and an error counts
    as if the delete had met it.
    """
    if options.check_mode:
        results, rules = foresee(api, packages, options)
        return _foreseen(api, packages, results, options, look, lambda *some: _look_for_packages(api, *some), rules)

    def delete(package: Package) -> None:
        api.delete_package(package["project_id"], package["id"], options.unmodified_since)

    attempted = attempt_all(api.client, delete, packages, look)
    return _judged(packages, options, attempted, lambda *some: _look_for_packages(api, *some))


def _foreseen(
    api: PackagesApi,
    items: t.Sequence[Package],
    results: list[Result],
    options: Options,
    look: Look | None,
    find: Find,
    rules: Foreseen,
) -> Outcome:
    """What would be sent goes the way of the real run, up to the answer that a rule would make of it."""
    rules.warn(api.client.warnings)

    def answer(item: Package) -> None:
        rule = rules.refused.get(item["package_id"] if "package_id" in item else item["id"])
        if rule is not None:
            raise Protected(why_refused(rule))

    would_go = [item for item, result in zip(items, results) if result["result"] == "deleted"]
    attempted = attempt_all(api.client, answer, would_go, look)
    outcome = _judged(would_go, replace(options, verify=False), attempted, find)
    looked = iter(outcome.results)
    results = [next(looked) if result["result"] == "deleted" else result for result in results]
    return replace(outcome, results=results, protection=rules.protection)


def delete_files(
    api: PackagesApi,
    files: t.Sequence[tuple[Package, PackageFile]],
    options: Options,
    *,
    look: LookAtFiles | None = None,
) -> Outcome:
    """Delete files of packages (E7), or foresee it; as :func:`delete_packages`. The proof is one list of each package.

    ``look`` is asked once for each package, in the thread that is about to send the first delete of one of its files,
    in check mode as well. What it raises as a GitlabError is of all files of the package.
    """
    items = [{**file, "project_id": package["project_id"], "package_id": package["id"]} for package, file in files]
    once = _LookedAtOnce(files, look) if look else None

    def find(*some: t.Sequence[PackageFile]) -> _Looked:
        return _look_for_files(api, *some)

    def delete(file: PackageFile) -> None:
        api.delete_package_file(file["project_id"], file["package_id"], file["id"], options.unmodified_since)

    if options.check_mode:
        # A file's own time counts: one may be published long after its package.
        dated = [{**package, "created_at": file.get("created_at")} for package, file in files]
        may, rules = foresee(api, dated, options, rules_first=True)
        outcome = _foreseen(api, items, may, options, once, find, rules)
    else:
        outcome = _judged(items, options, attempt_all(api.client, delete, items, once), find)
    results = [_file_result(package, file, judged) for (package, file), judged in zip(files, outcome.results)]
    return replace(outcome, results=results)


class _LookedAtOnce:
    """A look at each file out of one at all those of its package: by the thread that comes first; the others wait."""

    def __init__(self, files: t.Sequence[tuple[Package, PackageFile]], look: LookAtFiles) -> None:
        self._look = look
        self._packages: dict[int, tuple[Package, list[PackageFile]]] = {}
        for package, file in files:
            self._packages.setdefault(package["id"], (package, []))[1].append(file)
        self._locks = {package_id: threading.Lock() for package_id in self._packages}
        self._answers: dict[int, t.Mapping[int, str | GitlabError] | GitlabError] = {}

    def __call__(self, file: PackageFile) -> str | None:
        package_id = file["package_id"]
        with self._locks[package_id]:
            if package_id not in self._answers:
                try:
                    self._answers[package_id] = self._look(*self._packages[package_id])
                except GitlabError as error:
                    self._answers[package_id] = error
        answer = self._answers[package_id]
        why = answer if isinstance(answer, GitlabError) else answer.get(file["id"])
        if isinstance(why, GitlabError):
            raise why
        return why


def _file_result(package: Package, file: PackageFile, judged: Result) -> Result:
    more = {"id": file["id"], "package_id": package["id"], "file_name": file["file_name"]}
    return {**result_of({**package}, judged["result"], judged.get("message")), **more}


@dataclass(frozen=True)
class _Looked:
    """What a look shows, by ID: what is there, what is there out of reach of a delete, and of what nothing is known."""

    there: dict[int, Package]
    out_of_reach: dict[int, Package]
    unknown: dict[int, GitlabError]


#: Looks for what was said to be deleted, and for what of whose delete nothing is known.
Find = t.Callable[[t.Sequence[Package], t.Sequence[Package]], _Looked]


def _look_for_packages(api: PackagesApi, said: t.Sequence[Package], unclear: t.Sequence[Package]) -> _Looked:
    """Look for packages in their own projects (E1); for those of which nothing is known, in all statuses."""
    there, silent = look_after(api, [*said, *unclear], DISPLAYABLE)
    missing = [p for p in unclear if p["id"] not in there and p["project_id"] not in silent]
    out_of_reach, also_silent = look_after(api, missing, NOT_DELETABLE)
    silent = {**silent, **also_silent}
    unknown = {p["id"]: silent[p["project_id"]] for p in [*said, *unclear] if p["project_id"] in silent}
    return _Looked(there, out_of_reach, unknown)


def _look_for_files(api: PackagesApi, said: t.Sequence[PackageFile], unclear: t.Sequence[PackageFile]) -> _Looked:
    """Look for files in the lists of their packages (E4)."""

    def read(ids: tuple[int, int]) -> list[PackageFile] | GitlabError:
        try:
            return api.package_files(*ids)
        except PackageNotFound:
            return []  # the whole package went meanwhile, and its files with it
        except GitlabError as error:
            return error

    files = [*said, *unclear]
    packages = list(dict.fromkeys((file["project_id"], file["package_id"]) for file in files))
    told = dict(zip(packages, api.client.map(read, packages)))
    wanted = {file["id"] for file in files}
    listed = (file for answer in told.values() if isinstance(answer, list) for file in answer)
    there = {file["id"]: file for file in listed if file["id"] in wanted}
    unknown = {}
    for file in files:
        answer = told[file["project_id"], file["package_id"]]
        if isinstance(answer, GitlabError):
            unknown[file["id"]] = answer
    return _Looked(there, {}, unknown)


def _judged(
    items: t.Sequence[Package],
    options: Options,
    attempted: Attempted,
    look: Find,
) -> Outcome:
    """What became of each item. ``look`` is given those whose delete was answered well, and those that are unclear."""
    stopped = attempted.stopped
    # Two things take a look: the proof that a 204 was true, and what became of an item whose answer tells nothing.
    said = [item for item, error in zip(items, attempted.errors) if error is None and options.verify]
    unclear = [item for item, error in zip(items, attempted.errors) if _is_unclear(error)]
    looked = _Looked({}, {}, {item["id"]: GitlabError("interrupted") for item in [*said, *unclear]})
    try:
        if looked.unknown and not stopped:
            looked = look(said, unclear)
    except KeyboardInterrupt as interrupt:
        stopped = interrupt
    results = [_judge(item, error, looked, options) for item, error in zip(items, attempted.errors)]
    return Outcome(results, None if stopped else next(iter(looked.unknown.values()), None), stopped)


def _is_unclear(error: GitlabError | None) -> bool:
    """Whether the package may be gone although its delete ended in an error.

    An answer is lost where no try was answered in the end. What was refused at last is not this run's work.
    """
    if isinstance(error, PackageNotFound):
        return True
    return error is not None and error.lost and isinstance(error, _UNANSWERED)


def _judge(item: Package, error: GitlabError | None, looked: _Looked, options: Options) -> Result:
    """What became of one item."""
    unknown = looked.unknown.get(item["id"])
    if error is None:
        if item["id"] in looked.there:
            return result_of(
                item,
                "failed",
                "GitLab answered that it was deleted, but still lists it: a protection rule or an error inside GitLab",
            )
        return result_of(item, "deleted", f"not proved: {unknown.message}" if unknown else None)
    if isinstance(error, Protected):
        return result_of(item, "protected", error.message)
    if _is_unclear(error) and not unknown and item["id"] not in looked.there:
        if item["id"] in looked.out_of_reach:
            return not_deletable({**item, **looked.out_of_reach[item["id"]]})
        # Its answer was lost and it is gone: this run's work. Gone without a lost answer: somebody else's.
        return result_of(item, "deleted" if error.lost else "already_absent")
    return result_of(item, options.changed if isinstance(error, PreconditionFailed) else "failed", error.message)
