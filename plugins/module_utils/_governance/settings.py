# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package settings of groups: whether duplicates may be published, and where unknown names are asked for."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.settings_api import Found, SettingsApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.carrying_out import (
    Step,
    carry_out,
    converge,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.names import LOCKED, SETTINGS
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.results import Outcome, Result
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

Settings = t.Mapping[str, t.Any]


def camel(name: str) -> str:
    """GraphQL's spelling: ``npm_package`` is ``npmPackage``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


SPELLING = {camel(name): name for name in (*SETTINGS, *LOCKED)}


def plain(fields: Settings) -> dict[str, t.Any]:
    """GraphQL's fields by our names."""
    return {name: fields[spelled] for spelled, name in SPELLING.items() if spelled in fields}


def compare(wanted: Settings, there: Settings) -> tuple[dict[str, t.Any], str | None]:
    """What is to be changed, and why it cannot be (None: it can). Both in our names; an empty text takes one away."""
    changes = {
        name: value or None if SETTINGS[name] is str else value
        for name, value in wanted.items()
        if there.get(name) != value and not (SETTINGS[name] is str and not value and not there.get(name))
    }
    unknown = [name for name in wanted if name not in there]
    if unknown:
        why = f"this GitLab does not know {', '.join(unknown)}: it is too old"
        forwards = any("forwarding" in name for name in unknown)
        return (
            changes,
            f"{why}, or of an edition without forwarding (Premium and Ultimate have it)" if forwards else why,
        )
    locked = [name for name in changes if there.get(f"{name.removeprefix('lock_')}_locked") is True]
    if locked:
        return changes, f"a group above locks {', '.join(locked)}: it can be changed there only"
    return changes, None


def bring_about(api: PackagesApi, declared: t.Sequence[tuple[str, Settings]], check_mode: bool) -> Outcome:
    """Make the settings of many groups what is wanted: pairs of a group and its settings. What is not given stays.

    All are read before any is changed: what cannot be read raises.
    """
    return carry_out(api, places(api, declared), check_mode)


def places(api: PackagesApi, declared: t.Sequence[tuple[str, Settings]]) -> list[list[Step]]:
    """The steps of :func:`bring_about`, group by group; the settings are read for them."""
    settings = SettingsApi(api.client, api.before_delete, SPELLING)
    found = api.client.map(lambda one: settings.settings(Scope("group", one[0])), declared)
    return [[_step(settings, *one, now)] for one, now in zip(declared, found)]


def read_settings(api: SettingsApi, group: str) -> dict[str, t.Any]:
    """The settings of one group by our names; ``api`` asks for those of `SPELLING`."""
    return plain(api.settings(Scope("group", group)).fields)


def _step(api: SettingsApi, group: str, wanted: Settings, before: Found) -> Step:
    changes, refused = compare(wanted, plain(before.fields))
    later = Found(
        before.scope, before.path, {**before.fields, **{camel(name): value for name, value in changes.items()}}
    )
    foreseen = _result(group, before, before if refused else later, wanted)
    if refused:
        return Step(foreseen.failed(refused))
    if not changes:
        return Step(foreseen)

    def write(state: Found) -> t.Callable[[], Found] | None:
        left, _refused = compare(wanted, plain(state.fields))
        given = {camel(name): value for name, value in left.items()}
        return (lambda: api.set_settings(state, given)) if given else None

    def send() -> Result:
        after, ours = converge(before, write, lambda: api.settings(before.scope))
        return _result(group, before, after, wanted, ours)

    return Step(foreseen, send)


def _result(group: str, before: Found, after: Found, wanted: Settings, ours: bool = True) -> Result:
    was, now = plain(before.fields), plain(after.fields)
    result = Result(
        f"the package settings of {group}",
        {"group": group, "settings": now},
        "updated" if was != now and ours else "unchanged",
        None,
        tuple(_lines(group, was)),
        tuple(_lines(group, now)),
    )
    left, _refused = compare(wanted, now)
    if not left:
        return result
    shown = ", ".join(f"{name} is {json.dumps(now.get(name))}" for name in left)
    hint = "; forwarding needs GitLab Premium or Ultimate" if any("forwarding" in name for name in left) else ""
    return replace(result, result="failed", message=f"GitLab did not refuse it, and still {shown}{hint}")


def _lines(group: str, settings: Settings) -> t.Iterator[str]:
    for name, value in settings.items():
        yield printable(f"{group}: {name}: {json.dumps(value, ensure_ascii=False)}")
