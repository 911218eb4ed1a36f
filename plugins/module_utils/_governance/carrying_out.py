# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be changed is sent, place by place, and what became of each step is told. Nothing of Ansible.

A place is a project or a group. Places are worked on at the same time, the steps of one in their order.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    AlreadyTaken,
    GitlabError,
    InsufficientScope,
    PreconditionFailed,
    RuleNotFound,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.results import Outcome, Result
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.attempts import (
    HOPELESS,
    HOPELESS_IN_PROJECT,
    attempt_all,
)

#: So often is what was lost, or overtaken by somebody else, looked at and decided anew.
LOOKS = 3
FINE_GRAINED = (
    "the token is fine-grained: GitLab does not tell what it may change, so that check mode cannot foresee whether it"
    " may do this"
)
S = t.TypeVar("S")


@dataclass(frozen=True)
class Step:
    """One thing and what it is to become. ``foreseen`` is what that would come to.

    ``send`` makes it so, and says what it came to; None: nothing is to be sent. ``removes``: it takes protection away,
    and only goes where all steps before it went well.
    """

    foreseen: Result
    send: t.Callable[[], Result] | None = None
    removes: bool = False


def carry_out(api: PackagesApi, places: t.Sequence[t.Sequence[Step]], check_mode: bool) -> Outcome:
    """Take all steps, or foresee what they would come to. Raises only in check mode, where the token lacks a scope.

    What goes wrong with a step is its result. The others go on, unless none of them can go well.
    """
    if check_mode:
        return Outcome([step.foreseen for place in places for step in place], warnings=_scopes(api, places))
    told: list[list[Result | None]] = [[None] * len(place) for place in places]
    busy = [index for index, place in enumerate(places) if any(step.send for step in place)]

    def take(item: dict[str, int]) -> None:
        _take(places[item["project_id"]], told[item["project_id"]])

    # A place is known by its number here; it may be a group.
    attempted = attempt_all(api.client, take, [{"project_id": index} for index in busy])
    errors = dict(zip(busy, attempted.errors))
    results = []
    for index, place in enumerate(places):
        error = errors.get(index)
        for step, result in zip(place, told[index]):
            results.append(result or _not_taken(step, error))
    return Outcome(results, attempted.stopped)


def foresee(api: PackagesApi, places: t.Sequence[t.Sequence[Step]], asks_scopes: bool) -> Outcome:
    """What all steps would come to, also for a token that only reads, whose scopes (E11) are a warning then."""
    warnings: list[str] = []
    if asks_scopes:
        try:
            warnings = _scopes(api, places)
        except InsufficientScope as error:
            warnings = [error.message]
    return Outcome([step.foreseen for place in places for step in place], warnings=warnings)


def converge(
    state: S,
    write: t.Callable[[S], t.Callable[[], S] | None],
    read: t.Callable[[], S],
) -> tuple[S, bool]:
    """Bring one thing to where ``write`` has nothing more to send. Gives what it is then, and whether that is our work.

    ``write`` says what is to be sent in a state, None: nothing. The answer is the state then, whatever that is: nothing
    is sent twice. After a lost answer, or where somebody else was faster, ``read`` tells the state before anything is
    sent again. Raises what the last try raised.
    """
    ours = False
    for look in range(LOOKS + 1):
        send = write(state)
        if send is None:
            return state, ours
        try:
            return send(), True
        except GitlabError as error:
            ours = ours or error.lost
            overtaken = isinstance(error, (AlreadyTaken, RuleNotFound, PreconditionFailed))
            if not (error.lost or overtaken):
                raise
            try:
                state = read()
            except GitlabError as unread:
                if error.lost:
                    error.message += f"; whether it was done is not known: {unread.message}"
                raise error from None
            if look == LOOKS and write(state) is not None:
                raise
    return state, ours


def _take(place: t.Sequence[Step], told: list[Result | None]) -> None:
    """Take the steps of one place; an error that all others of it would meet is raised."""
    failed = False
    for index, step in enumerate(place):
        if step.send is None:
            told[index] = step.foreseen
        elif step.removes and failed:
            told[index] = step.foreseen.failed("not removed, as what was to be there beside it could not be made")
        else:
            told[index] = step.foreseen.failed("interrupted while it was sent: it may have been done")
            try:
                told[index] = step.send()
            except GitlabError as error:
                told[index] = step.foreseen.failed(error.message)
                if isinstance(error, (*HOPELESS, *HOPELESS_IN_PROJECT)):
                    raise
        failed = failed or (told[index] or step.foreseen).result == "failed"


def _not_taken(step: Step, error: GitlabError | None) -> Result:
    if step.send is None:
        return step.foreseen
    return step.foreseen.failed(error.message if error else "not tried: interrupted")


def _scopes(api: PackagesApi, places: t.Sequence[t.Sequence[Step]]) -> list[str]:
    """What check mode cannot foresee. Raises where the token's scopes (E11) do not cover what would be sent."""
    if not any(step.send for place in places for step in place):
        return []
    scopes = api.token_scopes()
    if scopes is None or "api" in scopes:
        return []
    if "granular" in scopes:
        return [FINE_GRAINED]
    raise InsufficientScope("the token lacks the scope 'api', which changing needs", 403)
