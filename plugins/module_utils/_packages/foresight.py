# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a delete would come to, without sending it: check mode, as far as GitLab lets one foresee it.

What protection rules forbid is foreseen in protected.py.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.protected import Foreseen, foresee_rules
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import Result, result_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time

#: What check mode says of a token that does not tell what it may.
FINE_GRAINED = (
    "the token is fine-grained: GitLab does not tell what it may delete, so that check mode cannot foresee whether it"
    " may delete these packages"
)


def foresee(
    api: PackagesApi, packages: t.Sequence[Package], options: Options, rules_first: bool = False
) -> tuple[list[Result], Foreseen]:
    """The result of each package's delete, by the token's scopes (E11), the project (E10) and the time; and the rules.

    Where GitLab offers no delete of a package, the reason is the one that the delete itself would be refused with. Of
    what would go (``deleted``) the rules that would refuse it come beside the results. ``rules_first``: GitLab asks
    them before it looks at the time (E7), so that what a rule refuses counts as what would go, whatever its time.
    """
    scopes = api.token_scopes() if packages else None
    if scopes is not None and "granular" in scopes:
        if FINE_GRAINED not in api.client.warnings:
            api.client.warnings.append(FINE_GRAINED)
    elif scopes is not None and "api" not in scopes:
        message = "the token lacks the scope 'api', which deleting needs"
        return [result_of(package, "failed", message) for package in packages], Foreseen()
    closed = sorted({package["project_id"] for package in packages if not is_offered(package)})
    reasons = dict(zip(closed, api.client.map(api.why_no_delete, closed)))
    results = [_foresee_one(package, options, reasons) for package in packages]
    pairs = list(zip(packages, results))
    asked = [one for one, result in pairs if result["result"] == "deleted" or (rules_first and is_offered(one))]
    foreseen = foresee_rules(api, asked)
    if rules_first and foreseen.refused:
        results = [
            result_of(one, "deleted") if is_offered(one) and one["id"] in foreseen.refused else result
            for one, result in pairs
        ]
    return results, foreseen


def is_offered(package: Package) -> bool:
    """Whether GitLab offers to delete it; very old servers do not say."""
    links = package.get("_links")
    return not isinstance(links, dict) or bool(links.get("delete_api_path"))


def _foresee_one(package: Package, options: Options, reasons: t.Mapping[int, str]) -> Result:
    if not is_offered(package):
        return result_of(package, "failed", reasons[package["project_id"]])
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
