# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a delete would come to, without sending it: check mode, as far as GitLab lets one foresee it.

A protection rule shows only when one deletes.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import Result, result_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time


def foresee(api: PackagesApi, packages: t.Sequence[Package], options: Options) -> list[Result]:
    """The result that deleting each of the packages would have, by the role, the token's scopes and the time (E11)."""
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
