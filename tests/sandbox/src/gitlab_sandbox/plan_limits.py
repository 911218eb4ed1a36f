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


async def get_plan_limits(call: Call) -> Answer:
    """The limits, for administrators."""
    if call.caller.anonymous:
        raise answers.unauthorized()
    if not call.caller.admin:
        raise answers.forbidden()
    return answers.json_answer(
        200,
        {
            "conan_max_file_size": 3072 * _MIB,
            "generic_packages_max_file_size": call.registry.directory.instance.max_file_size,
            "helm_max_file_size": 5 * _MIB,
            "maven_max_file_size": 3072 * _MIB,
            "npm_max_file_size": 500 * _MIB,
            "nuget_max_file_size": 500 * _MIB,
            "pypi_max_file_size": 3072 * _MIB,
            "terraform_module_max_file_size": 1024 * _MIB,
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
