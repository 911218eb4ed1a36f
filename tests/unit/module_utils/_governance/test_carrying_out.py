# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be changed is sent, and what was lost is looked at before it is sent again."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    AlreadyTaken,
    Forbidden,
    GitlabError,
    InsufficientScope,
    Unreachable,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.carrying_out import (
    LOOKS,
    Step,
    carry_out,
    converge,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.names import SETTINGS
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.results import Result, changed
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.settings import compare


def lost() -> GitlabError:
    error = Unreachable("no answer came")
    error.lost = True
    return error


class Server:
    """Holds one number. ``answers`` are what each try comes to: an error, after or instead of the work."""

    def __init__(self, value: int, *answers: tuple[bool, GitlabError | None]) -> None:
        self.value = value
        self.answers = list(answers)
        self.calls: list[str] = []

    def write(self, state: int) -> t.Callable[[], int] | None:
        return None if state == 9 else self._send

    def _send(self) -> int:
        self.calls.append("write")
        does, error = self.answers.pop(0) if self.answers else (True, None)
        self.value = 9 if does else self.value
        if error:
            raise error
        return self.value

    def read(self) -> int:
        self.calls.append("read")
        return self.value


@pytest.mark.parametrize(
    ("answers", "calls", "ours"),
    [
        ([], ["write"], True),
        ([(True, lost())], ["write", "read"], True),
        ([(False, lost())], ["write", "read", "write"], True),
        ([(True, AlreadyTaken("taken"))], ["write", "read"], False),
        ([(False, None)], ["write"], True),
    ],
)
def test_one_thing_is_brought_about(
    answers: list[tuple[bool, GitlabError | None]], calls: list[str], ours: bool
) -> None:
    server = Server(1, *answers)
    assert converge(1, server.write, server.read) == (server.value, ours)
    assert server.calls == calls


def test_it_gives_up_after_some_looks_and_never_sends_again_without_one() -> None:
    server = Server(1, *[(False, lost()) for _try in range(20)])
    with pytest.raises(Unreachable):
        converge(1, server.write, server.read)
    assert server.calls == ["write", "read"] * (LOOKS + 1)
    refused = Server(1, (False, Forbidden("no")))
    with pytest.raises(Forbidden):
        converge(1, refused.write, refused.read)
    assert refused.calls == ["write"]


def result(name: str, kind: str = "updated") -> Result:
    return Result(name, {"name": name}, kind, None, ("old",), ("new",))


def refuse(error: GitlabError) -> t.Callable[[], Result]:
    def send() -> Result:
        raise error

    return send


def carried_out(*places: list[Step]) -> t.Any:
    with Client(Connection("http://127.0.0.1:1", concurrency=1)) as client:
        return carry_out(PackagesApi(client), places, check_mode=False)


def test_nothing_is_removed_where_something_could_not_be_made() -> None:
    sent: list[str] = []

    def send(name: str) -> t.Callable[[], Result]:
        return lambda: sent.append(name) or result(name)  # type: ignore[func-returns-value]

    bad = [Step(result("a"), refuse(Forbidden("no"))), Step(result("b"), send("b")), Step(result("c"), send("c"), True)]
    outcome = carried_out(bad, [Step(result("d"), send("d"), True), Step(result("e", "unchanged"))])
    assert [one.result for one in outcome.results] == ["failed", "updated", "failed", "updated", "unchanged"]
    assert sorted(sent) == ["b", "d"]
    assert changed(outcome.results)
    assert not changed([one for one in outcome.results if one.result in ("failed", "unchanged")])


def test_what_no_other_could_do_better_is_not_tried() -> None:
    refused = Step(result("a"), refuse(InsufficientScope("no scope")))
    outcome = carried_out([refused, refused], [refused])
    assert [one.result for one in outcome.results] == ["failed"] * 3
    assert all("no scope" in str(one.message) for one in outcome.results)


def test_an_interrupt_ends_it_and_what_was_done_is_told() -> None:
    def interrupted() -> Result:
        raise KeyboardInterrupt

    outcome = carried_out(
        [Step(result("a"), lambda: result("a")), Step(result("b"), interrupted), Step(result("c"), interrupted)]
    )
    assert isinstance(outcome.stopped, KeyboardInterrupt)
    assert [one.result for one in outcome.results] == ["updated", "failed", "failed"]
    assert [one.message for one in outcome.results][1:] == [
        "interrupted while it was sent: it may have been done",
        "not tried: interrupted",
    ]


@pytest.mark.parametrize(
    ("wanted", "there", "changes", "words"),
    [
        (
            {"generic_duplicates_allowed": False},
            {"generic_duplicates_allowed": True},
            {"generic_duplicates_allowed": False},
            None,
        ),
        ({"generic_duplicates_allowed": True}, {"generic_duplicates_allowed": True}, {}, None),
        (
            {"npm_package_requests_forwarding": False},
            {"npm_package_requests_forwarding": None},
            {"npm_package_requests_forwarding": False},
            None,
        ),
        ({"maven_duplicate_exception_regex": ""}, {"maven_duplicate_exception_regex": None}, {}, None),
        (
            {"maven_duplicate_exception_regex": ""},
            {"maven_duplicate_exception_regex": "a"},
            {"maven_duplicate_exception_regex": None},
            None,
        ),
        ({"nuget_duplicates_allowed": True}, {}, {"nuget_duplicates_allowed": True}, "it is too old"),
        (
            {"npm_package_requests_forwarding": True},
            {},
            {"npm_package_requests_forwarding": True},
            "Premium and Ultimate",
        ),
        *(
            (
                {name: True},
                {name: False, "npm_package_requests_forwarding_locked": True},
                {name: True},
                f"a group above locks {name}",
            )
            for name in ("npm_package_requests_forwarding", "lock_npm_package_requests_forwarding")
        ),
    ],
)
def test_settings(wanted: t.Any, there: t.Any, changes: t.Any, words: str | None) -> None:
    assert set(wanted) <= set(SETTINGS)
    found, refused = compare(wanted, there)
    assert found == changes
    assert (words or "") in (refused or "")
    assert (refused is None) is (words is None)
