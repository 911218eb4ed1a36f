# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of filters and tests, in the words of a template's author."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.basic import missing_required_lib

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


def told_of(name: str) -> t.Callable[[F], F]:
    """Make errors of a filter or test say its name, and which library it misses."""

    def wrap(function: F) -> F:
        @functools.wraps(function)
        def run(*args: t.Any, **kwargs: t.Any) -> t.Any:
            try:
                return function(*args, **kwargs)
            except ImportError:
                raise AnsibleFilterError(f"{name}: {missing_required_lib('univers')}") from None
            except ValueError as error:
                raise AnsibleFilterError(f"{name}: {error}") from None

        return t.cast(F, run)

    return wrap
