# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GitLab's own cleanup policies of projects: how many files of one name it keeps in each package."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.settings_api import Found, SettingsApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.carrying_out import (
    Step,
    carry_out,
    converge,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.names import KEEP, NUMBERS, WORDS
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.results import Outcome, Result
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable


def bring_about(api: PackagesApi, declared: t.Sequence[tuple[str, str | None]], check_mode: bool) -> Outcome:
    """Make the policies of many projects what is wanted: pairs of a project and one of `WORDS`, None to read only.

    All are read before any is changed: what cannot be read raises.
    """
    return carry_out(api, places(api, declared), check_mode)


def places(api: PackagesApi, declared: t.Sequence[tuple[str, str | None]]) -> list[list[Step]]:
    """The steps of :func:`bring_about`, project by project; the policies are read for them."""
    settings = SettingsApi(api.client, api.before_delete)
    found = api.client.map(lambda one: settings.cleanup_policy(Scope("project", one[0])), declared)
    return [[_step(settings, *one, now)] for one, now in zip(declared, found)]


def read_policy(api: SettingsApi, project: str) -> str:
    """How many files of one name GitLab keeps in a project: a key of `WORDS`, or a word that is none of them."""
    return _number(api.cleanup_policy(Scope("project", project)))


def _step(api: SettingsApi, project: str, wanted: str | None, before: Found) -> Step:
    word = WORDS[wanted] if wanted is not None else _word(before)
    if word == _word(before):
        return Step(_result(project, before, before, word))

    def write(state: Found) -> t.Callable[[], Found] | None:
        return (lambda: api.set_cleanup_policy(state, word)) if _word(state) != word else None

    def send() -> Result:
        after, ours = converge(before, write, lambda: api.cleanup_policy(before.scope))
        return _result(project, before, after, word, ours)

    # When it runs next GitLab decides as it is set.
    later = Found(before.scope, before.path, {"keepNDuplicatedPackageFiles": word, "nextRunAt": None})
    return Step(_result(project, before, later, word), send)


def _word(policy: Found) -> str:
    return str(policy.fields["keepNDuplicatedPackageFiles"])


def _result(project: str, before: Found, after: Found, word: str, ours: bool = True) -> Result:
    facts = {"project": project, KEEP: _number(after), "next_run_at": after.fields.get("nextRunAt")}
    result = Result(
        f"the cleanup policy of {project}",
        facts,
        "updated" if _word(before) != _word(after) and ours else "unchanged",
        None,
        (_line(project, before),),
        (_line(project, after),),
    )
    if _word(after) != word:
        return result.failed(f"GitLab did not refuse it, and still keeps {_number(after)}")
    return result


def _number(policy: Found) -> str:
    return NUMBERS.get(_word(policy), printable(_word(policy)))


def _line(project: str, policy: Found) -> str:
    return f"{printable(project)}: {KEEP} {_number(policy)}"
