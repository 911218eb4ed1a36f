# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that somebody hands over: read from its file, and found to be for this server and this scope."""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Package
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import verify_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import canonical_scope

Plan = dict[str, t.Any]


def read_plan(path: str) -> t.Any:
    """The plan in a file, as JSON or YAML. Raises :class:`InvalidInput`."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"plan_file {path!r} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        import yaml

        return yaml.safe_load(text)
    except ImportError:
        raise InvalidInput(f"plan_file {path!r} is not JSON, and PyYAML, which reads YAML, is not installed") from None
    except yaml.YAMLError:
        raise InvalidInput(f"plan_file {path!r} is neither JSON nor YAML") from None


def scope_of_plan(plan: Plan) -> Scope:
    """Where a verified plan applies."""
    scope = plan["scope"]
    kind = "project" if "project" in scope else "group"
    return Scope(kind, scope[kind], bool(scope.get("exclude_subgroups")))


def check_plan(api: PackagesApi, plan: t.Any, max_plan_age: str | None, named: Scope | None) -> Scope:
    """The scope of a plan that is whole, for this server, young enough, and for the scope that the caller ``named``.

    Raises PlanError, :class:`InvalidInput`, and the errors of _gitlab/errors.py where a name must be looked up.
    """
    verify_plan(plan, api_url=api.client.api_url, now=datetime.now(timezone.utc), max_age=max_plan_age)
    scope = scope_of_plan(plan)
    if named is None:
        return scope
    if (named.kind, named.ref) != (scope.kind, scope.ref):
        described, _lacking = canonical_scope(api, named)
        if described.get(scope.kind) != scope.ref:
            raise InvalidInput(f"the plan is for {scope}, and the task names {named}")
    if named.exclude_subgroups and not scope.exclude_subgroups:
        raise InvalidInput(f"the plan is for {scope} with its subgroups, and the task excludes them")
    return scope


def batch_of(entries: t.Sequence[Package], batch: str | None) -> t.Sequence[Package]:
    """The part of a plan's ``delete`` that ``batch`` names (``1001-1500``, from 1, both ends included)."""
    if batch is None:
        return entries
    match = re.fullmatch(r"([1-9][0-9]*)-([1-9][0-9]*)", batch)
    if not match or int(match.group(1)) > int(match.group(2)) or int(match.group(2)) > len(entries):
        raise InvalidInput(f"batch {batch!r} is no part of the plan: write first-last, from 1 to {len(entries)}")
    return entries[int(match.group(1)) - 1 : int(match.group(2))]
