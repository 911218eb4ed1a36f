# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting packages and package files, and telling what became of each. Nothing of Ansible.

A result is a dict: ``id``, ``project_id``, ``name``, ``version``, ``package_type`` (for files ``package_id`` and
``file_name`` as well), ``result``, and ``message`` where the result is not plain. In check mode the results are those
that the real run would have, as far as GitLab lets one foresee them: a protection rule shows only when one deletes.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    InsufficientScope,
    PackageNotFound,
    PreconditionFailed,
    Protected,
    Unauthorized,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackageFile, PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.foresight import foresee
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.proof import locate
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


def delete_packages(
    api: PackagesApi, packages: t.Sequence[Package], options: Options, scope: Scope | None = None
) -> Outcome:
    """Delete each package (E6), or foresee what would become of it. ``packages`` come from a list, with ``project_id``.

    ``scope`` is where the proof is listed; without it each package's own project. Never raises for one package: what
    goes wrong with it is its result.
    """
    if options.check_mode:
        return Outcome(foresee(api, packages, options))
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
        may = foresee(api, [{**package, "created_at": file.get("created_at")} for file in files], options)
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
