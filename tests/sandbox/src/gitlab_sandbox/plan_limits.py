# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""``GET /application/plan_limits``: the largest file of each type, in bytes; 0 is no limit (registries, A and D)."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox import answers
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import ACCESS_TOKENS
from gitlab_sandbox.routes import Route
from gitlab_sandbox.vocabulary import ADMIN_PACKAGES

_MIB: Final = 2**20
# Of all types but generic, whose limit a seed may set.
LARGEST_FILE: Final = {
    "conan": 3072 * _MIB,
    "helm": 5 * _MIB,
    "maven": 3072 * _MIB,
    "npm": 500 * _MIB,
    "nuget": 500 * _MIB,
    "pypi": 3072 * _MIB,
    "terraform_module": 1024 * _MIB,
}


async def get_plan_limits(call: Call) -> Answer:
    """The limits, for administrators."""
    if call.caller.anonymous:
        raise answers.unauthorized()
    if not call.caller.admin:
        raise answers.forbidden()
    return answers.json_answer(
        200,
        {
            **{f"{name}_max_file_size": largest for name, largest in LARGEST_FILE.items()},
            "generic_packages_max_file_size": call.registry.directory.instance.max_file_size,
            "storage_size_limit": 0,
        },
    )


ROUTES: Final = (
    Route(
        "D",
        "GET",
        "application/plan_limits",
        get_plan_limits,
        takes=ACCESS_TOKENS,
        granular=ADMIN_PACKAGES,
    ),
)
