# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting packages and package files, and telling what became of each. Nothing of Ansible.

A result is a dict: ``id``, ``project_id``, ``name``, ``version``, ``package_type`` (for files ``package_id`` and
``file_name`` as well), ``result``, and ``message`` where the result is not plain. In check mode the results are those
that the real run would have, as far as GitLab lets one foresee them: a protection rule shows only when one deletes.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    InsufficientScope,
    PackageNotFound,
    PreconditionFailed,
    Protected,
    Unauthorized,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import (
    PackageFile,
    PackagesApi,
    Scope,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    DISPLAYABLE,
    NOT_DELETABLE,
    Package,
    Selection,
    status_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time

#: Every result that there is, in the order of a summary.
RESULTS = ("deleted", "already_absent", "protected", "not_deletable", "failed")
#: Those that fail the task, unless they are tolerated.
BAD_RESULTS = ("protected", "not_deletable", "failed")
#: How many names one asks for one by one, before the whole list is cheaper.
FEW = 8

Result = dict[str, t.Any]


@dataclass(frozen=True)
class Options:
    """How to delete. ``unmodified_since`` is an aware datetime; what changed after it has the result ``changed``.

    ``since_words`` is what a message calls that time.
    """

    check_mode: bool = False
    verify: bool = True
    unmodified_since: datetime | None = None
    changed: str = "failed"
    since_words: str = "unless_modified_since"


@dataclass(frozen=True)
class Outcome:
    """The results of a run, and why it could not be proved that what was deleted is gone (None: it was, or no need)."""

    results: list[Result]
    verify_error: GitlabError | None = None


def result_of(package: Package, result: str, message: str | None = None, **more: t.Any) -> Result:
    """The result for one package; ``package`` may be a selector that lacks most of the keys."""
    keys = ("id", "project_id", "name", "version", "package_type")
    plain = {**{key: package.get(key) for key in keys}, **more, "result": result}
    return {**plain, "message": message} if message else plain


def summarize(results: t.Iterable[Result], kinds: t.Sequence[str] = RESULTS) -> dict[str, int]:
    """How many of each result; every kind has its number."""
    counts = Counter(result["result"] for result in results)
    return {kind: counts[kind] for kind in kinds}


def covering(packages: t.Sequence[Package]) -> list[Selection]:
    """Selections that hold all of these packages: one by one for a few, whole types for many."""
    by_version = {(p["name"], p.get("version"), p["package_type"]) for p in packages}
    by_name = {(p["name"], p["package_type"]) for p in packages}
    if len(by_version) <= FEW:
        return [
            Selection(name=name, version=version, package_types=(kind,), include_versionless=version is None)
            for name, version, kind in sorted(by_version, key=repr)
        ]
    if len(by_name) <= FEW:
        return [Selection(name=name, package_types=(kind,), include_versionless=True) for name, kind in sorted(by_name)]
    return [Selection(package_types=tuple(sorted({kind for _name, kind in by_name})), include_versionless=True)]


def delete_packages(
    api: PackagesApi, packages: t.Sequence[Package], options: Options, scope: Scope | None = None
) -> Outcome:
    """Delete each package (E6), or foresee what would become of it. ``packages`` come from a list, with ``project_id``.

    ``scope`` is where the proof is listed; without it each package's own project. Never raises for one package: what
    goes wrong with it is its result.
    """
    if options.check_mode:
        return Outcome(_foresee(api, packages, options))
    attempts = _Attempts(lambda p: api.delete_package(p["project_id"], p["id"], options.unmodified_since))
    errors = api.client.map(attempts.attempt, packages)
    # Two things take a look: the proof that a 204 was true, and what became of a package whose answer tells nothing.
    unclear = [package for package, error in zip(packages, errors) if _is_unclear(error)]
    to_prove = [package for package, error in zip(packages, errors) if error is None] if options.verify else []
    try:
        listed = locate(api, [*to_prove, *unclear], DISPLAYABLE, scope)
        gone = [package for package in unclear if package["id"] not in listed]
        out_of_reach = locate(api, gone, NOT_DELETABLE, scope)
    except GitlabError as exc:
        unproved = [_unproved(p, e, exc) for p, e in zip(packages, errors)]
        return Outcome(unproved, exc)
    return Outcome([_judge(p, error, listed, out_of_reach, options) for p, error in zip(packages, errors)])


def delete_files(api: PackagesApi, package: Package, files: t.Sequence[PackageFile], options: Options) -> Outcome:
    """Delete files of one package (E7), or foresee it; as :func:`delete_packages`. The proof is one list (E4)."""
    if options.check_mode:
        # A file's own time counts: one may be published long after its package.
        may = _foresee(api, [{**package, "created_at": file.get("created_at")} for file in files], options)
        return Outcome([_file_result(package, file, result) for file, result in zip(files, may)])
    ids = (package["project_id"], package["id"])
    attempts = _Attempts(lambda file: api.delete_package_file(*ids, file["id"], options.unmodified_since))
    errors = api.client.map(attempts.attempt, files)
    listed: dict[int, Package] = {}
    verify_error = None
    if any(_is_unclear(error) or (error is None and options.verify) for error in errors):
        try:
            listed = {file["id"]: file for file in api.package_files(*ids)}
        except PackageNotFound:
            pass  # the whole package went meanwhile, and its files with it
        except GitlabError as exc:
            verify_error = exc
    results = []
    for file, error in zip(files, errors):
        shown = {**file, "project_id": ids[0]}
        judged = _unproved(shown, error, verify_error) if verify_error else _judge(shown, error, listed, {}, options)
        results.append(_file_result(package, file, judged))
    return Outcome(results, verify_error)


def _file_result(package: Package, file: PackageFile, judged: Result) -> Result:
    more = {"id": file["id"], "package_id": package["id"], "file_name": file["file_name"]}
    return {**result_of({**package}, judged["result"], judged.get("message")), **more}


def line(result: Result) -> str:
    """One package or file on one line, for a message or a diff."""
    parts = [result.get("package_type"), result.get("name"), result.get("version"), result.get("file_name")]
    words = " ".join(printable(str(part)) for part in parts if part is not None)
    return f"{words or 'package'} (id {result['id']})" if result.get("id") is not None else words


def deletion_diff(results: t.Sequence[Result], what: str) -> dict[str, str]:
    """The diff of a deletion: what was there, and what still is."""
    present = [result for result in results if result["result"] != "already_absent"]
    return {
        "before_header": what,
        "after_header": what,
        "before": "".join(f"{line(result)}\n" for result in present),
        "after": "".join(f"{line(result)}\n" for result in present if result["result"] != "deleted"),
    }


class _Attempts:
    """Tries each delete; stops sending once an error shows that all others would fail the same way."""

    def __init__(self, delete: t.Callable[[t.Any], None]) -> None:
        self._delete = delete
        self._hopeless: GitlabError | None = None

    def attempt(self, item: t.Any) -> GitlabError | None:
        if self._hopeless:
            return type(self._hopeless)(f"not tried: {self._hopeless.message}")
        try:
            self._delete(item)
        except GitlabError as error:
            if isinstance(error, (Unauthorized, InsufficientScope)):
                self._hopeless = error
            return error
        return None


def _is_unclear(error: GitlabError | None) -> bool:
    """Whether the package may be gone although its delete ended in an error."""
    return error is not None and (error.lost or isinstance(error, PackageNotFound))


def _judge(
    package: Package,
    error: GitlabError | None,
    listed: dict[int, Package],
    out_of_reach: dict[int, Package],
    options: Options,
) -> Result:
    """What became of one package; ``listed`` and ``out_of_reach`` are those that a list shows afterwards, by ID."""
    there = package["id"] in listed
    if error is None:
        if there:
            return result_of(
                package,
                "failed",
                "GitLab answered that it was deleted, but still lists it: a protection rule or an error inside GitLab",
            )
        return result_of(package, "deleted")
    if isinstance(error, Protected):
        return result_of(package, "protected", error.message)
    if _is_unclear(error) and not there:
        if package["id"] in out_of_reach:
            return not_deletable({**package, **out_of_reach[package["id"]]})
        # Its answer was lost and it is gone: this run's work. Gone without a lost answer: somebody else's.
        return result_of(package, "deleted" if error.lost else "already_absent")
    return result_of(package, _kind_of(error, options), error.message)


def _kind_of(error: GitlabError, options: Options) -> str:
    return options.changed if isinstance(error, PreconditionFailed) else "failed"


def _unproved(package: Package, error: GitlabError | None, verify_error: GitlabError) -> Result:
    if error is None:
        return result_of(package, "deleted", f"not proved: {verify_error.message}")
    if isinstance(error, Protected):
        return result_of(package, "protected", error.message)
    return result_of(package, "failed", error.message)


def not_deletable(package: Package) -> Result:
    """The result for a package that is there, in a status that no delete reaches."""
    return result_of(package, "not_deletable", f"its status is {status_of(package)}: GitLab's API cannot delete it")


def locate(
    api: PackagesApi,
    packages: t.Sequence[Package],
    statuses: tuple[str, ...],
    scope: Scope | None = None,
    reduce: t.Callable[[Package], Package] = lambda package: {"id": package["id"], "status": status_of(package)},
) -> dict[int, Package]:
    """Which of the packages a list shows now in one of the statuses (none: the displayable ones), by ID.

    ``scope`` is what is listed; without it each package's own project. Raises the errors of client.py.
    """
    wanted = {package["id"] for package in packages}
    found: dict[int, Package] = {}

    def keep(package: Package) -> Package | None:
        return reduce(package) if package["id"] in wanted else None

    projects = sorted({package["project_id"] for package in packages})
    scopes = [Scope("project", str(project)) for project in projects]
    if scope and projects:
        scopes = [scope]
    for place in scopes:
        mine = [p for p in packages if scope or str(p["project_id"]) == place.ref]
        selections = [replace(selection, statuses=statuses) for selection in covering(mine)]
        found.update({p["id"]: p for p in api.packages(place, selections, reduce=keep)})
    return found


def _foresee(api: PackagesApi, packages: t.Sequence[Package], options: Options) -> list[Result]:
    scopes = api.token_scopes() if packages else None
    if scopes is not None and "api" not in scopes:
        message = "the token lacks the scope 'api', which deleting needs"
        return [result_of(package, "failed", message) for package in packages]
    return [_foresee_one(package, options) for package in packages]


def _foresee_one(package: Package, options: Options) -> Result:
    links = package.get("_links")
    if isinstance(links, dict) and not links.get("delete_api_path"):
        return result_of(package, "failed", "the token's role may not delete it: deleting needs the maintainer role")
    if options.unmodified_since and _is_after(package.get("created_at"), options.unmodified_since):
        message = f"it was published at {printable(package['created_at'])}, after {options.since_words}"
        return result_of(package, options.changed, message)
    return result_of(package, "deleted")


def _is_after(created: str | None, since: datetime) -> bool:
    """Whether ``created`` is after what `If-Unmodified-Since` says, which is exact to the second."""
    try:
        return bool(created) and parse_time(created or "") > since.replace(microsecond=0)
    except ValueError:
        return False
