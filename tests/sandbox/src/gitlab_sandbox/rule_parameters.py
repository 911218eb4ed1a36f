# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of R2 and R3, and what a protection rule may hold (contract of the registries, section B)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitlab_sandbox import answers
from gitlab_sandbox.vocabulary import DELETE_LEVELS, PROTECTED_TYPES, PUSH_LEVELS

LONGEST_PATTERN = 255
PATTERN = "package_name_pattern"
TYPE = "package_type"
PUSH = "minimum_access_level_for_push"
DELETE = "minimum_access_level_for_delete"

_SCOPE = r"(?:[A-Za-z0-9_.][A-Za-z0-9_.-]*[A-Za-z0-9_-]|[A-Za-z0-9_])(?<!\.git)(?<!\.atom)"
# A capture in a look-ahead, read again: what Ruby writes as an atomic group.
_PYPI = r"@?(?=(?P<one>(?:[\w.+-]*/)*[\w.-]+))(?P=one)@?(?=(?P<two>(?:[\w.+-]*/)*[\w.*-]*))(?P=two)"
_PATTERNS = {
    "npm": ("NPM", re.compile(rf"\*|(?:@{_SCOPE}/)?[A-Za-z0-9+._*-]+", re.ASCII)),
    "pypi": ("PyPI", re.compile(rf"\*|{_PYPI}", re.ASCII)),
    "terraform_module": ("Terraform module", re.compile(r"\*|[a-z0-9*-]+/[a-z0-9*-]+", re.ASCII)),
}


def read_rule(parameters: Mapping[str, Any], create: bool) -> dict[str, Any]:
    """The parameters of a rule that are given: texts, and None for JSON null. Others are ignored.

    :param create: R2, which must have some of them; else R3.
    :raises ApiError: 400 with all that is wrong.
    """
    errors: list[str] = []
    values = {
        name: _text(parameters[name], name, errors) for name in (PATTERN, TYPE, PUSH, DELETE) if name in parameters
    }
    if create and PATTERN not in values:
        errors.append(f"{PATTERN} is missing")
    if create and TYPE not in values:
        errors.append(f"{TYPE} is missing")
    _check_choice(values, TYPE, PROTECTED_TYPES, create, errors)
    _check_choice(values, PUSH, tuple(PUSH_LEVELS), False, errors)
    _check_choice(values, DELETE, tuple(DELETE_LEVELS), False, errors)
    if create and PUSH not in values and DELETE not in values:
        errors.append(f"{PUSH}, {DELETE} are missing, at least one parameter must be provided")
    if errors:
        raise answers.error(400, ", ".join(errors))
    return values


def _text(value: Any, name: str, errors: list[str]) -> str | None:
    """A parameter as text; the API framework makes text of numbers and booleans."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    errors.append(f"{name} is invalid")
    return None


def _check_choice(
    values: Mapping[str, str | None], name: str, allowed: Sequence[str], required: bool, errors: list[str]
) -> None:
    value = values.get(name)
    if f"{name} is invalid" not in errors and (value not in allowed if value is not None else required):
        errors.append(f"{name} does not have a valid value")


def pattern_errors(pattern: str | None, package_type: str) -> Iterator[str]:
    """What is wrong with a pattern for packages of a type, as 422 tells it."""
    if not pattern or not pattern.strip():
        yield "Package name pattern can't be blank"
        return
    if len(pattern) > LONGEST_PATTERN:
        yield f"Package name pattern is too long (maximum is {LONGEST_PATTERN} characters)"
    name, expression = _PATTERNS.get(package_type, ("", None))
    if expression is not None and expression.fullmatch(pattern) is None:
        yield f"Package name pattern should be a valid {name} package name with optional wildcard characters."
