# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Package settings of a group (contract of the registries, section F).

Duplicates are each group's own. Forwarding of requests cascades: a group without a value has that of
the nearest group around it that has one, and a group around it can lock the value for all below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Union

from gitlab_sandbox.directory import Group
from gitlab_sandbox.vocabulary import PACKAGE_SETTINGS

Value = Union[bool, str, None]

CASCADING = (
    "maven_package_requests_forwarding",
    "npm_package_requests_forwarding",
    "pypi_package_requests_forwarding",
)
LONGEST_REGEX = 255


def _around(group: Group) -> Iterator[Group]:
    """The groups around one, the nearest first."""
    above = group.parent
    while above is not None:
        yield above
        above = above.parent


def _lock(group: Group, key: str) -> Group | None:
    """The group around this one that locks a setting; None: it is free."""
    return next((above for above in _around(group) if above.settings[f"lock_{key}"]), None)


def _inherited(group: Group, key: str) -> Value:
    """The value that a group has as long as it has none of its own."""
    return next((above.settings[key] for above in _around(group) if above.settings[key] is not None), None)


def locked(group: Group, key: str) -> bool:
    """Whether a group around this one locks the setting."""
    return _lock(group, key) is not None


def effective(group: Group, key: str) -> Value:
    """A setting as it holds for a group; None: nobody has set it."""
    if key not in CASCADING:
        return group.settings[key]
    lock = _lock(group, key)
    if lock is not None:
        return lock.settings[key]
    own = group.settings[key]
    return _inherited(group, key) if own is None else own


@dataclass
class Outcome:
    """What a change of settings comes to: either errors, or values of the group to keep."""

    changes: dict[str, Value] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    # Settings whose locks are to be taken from the groups below.
    newly_locked: list[str] = field(default_factory=list)


def change(group: Group, values: Mapping[str, Value]) -> Outcome:
    """Foresee a change of some settings; the keys are those of PACKAGE_SETTINGS."""
    outcome = Outcome()
    new = dict(group.settings)
    for key in PACKAGE_SETTINGS:
        if key not in values:
            continue
        value = values[key]
        cascading = key.removeprefix("lock_")
        if cascading in CASCADING and cascading != key:
            # What is locked is kept here: else it would change with the groups around.
            if new[cascading] is None:
                new[cascading] = effective(group, cascading)
            new[key] = bool(value)
        elif not (key in CASCADING and new[key] is None and value == _inherited(group, key)):
            new[key] = value
    outcome.changes = {key: value for key, value in new.items() if value != group.settings[key]}
    outcome.errors = list(_errors(group, new, outcome.changes))
    outcome.newly_locked = [key for key in CASCADING if outcome.changes.get(f"lock_{key}")]
    return outcome


def _errors(group: Group, new: Mapping[str, Value], changes: Mapping[str, Value]) -> Iterator[str]:
    for key, value in new.items():
        name = key.replace("_", " ").capitalize()
        if key.endswith("_duplicates_allowed") and value is None:
            yield f"{name} is not included in the list"
        if key.endswith("_exception_regex") and isinstance(value, str) and len(value) > LONGEST_REGEX:
            yield f"{name} is too long (maximum is {LONGEST_REGEX} characters)"
        cascading = key.removeprefix("lock_")
        if cascading not in CASCADING or key not in changes:
            continue
        if locked(group, cascading):
            yield f"{name} cannot be changed because it is locked by an ancestor"
        elif cascading != key and value and new[cascading] is None:
            yield f"{cascading.replace('_', ' ').capitalize()} cannot be nil when locking the attribute"
