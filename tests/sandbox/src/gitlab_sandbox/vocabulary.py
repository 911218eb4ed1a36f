# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's own words and the numbers behind them (contract, sections 2 and 4)."""

from __future__ import annotations

from typing import Final

# Position in this list is GitLab's internal number, which order_by=type sorts by.
PACKAGE_TYPES: Final = (
    "maven",
    "npm",
    "conan",
    "nuget",
    "pypi",
    "composer",
    "generic",
    "golang",
    "debian",
    "rubygems",
    "helm",
    "terraform_module",
    "rpm",
    "ml_model",
)
TYPE_NUMBER: Final = {name: number for number, name in enumerate(PACKAGE_TYPES, start=1)}
TYPE_NAME: Final = {number: name for name, number in TYPE_NUMBER.items()}

STATUSES: Final = ("default", "hidden", "processing", "error", "pending_destruction", "deprecated")
STATUS_NUMBER: Final = {name: number for number, name in enumerate(STATUSES)}

DEFAULT: Final = STATUS_NUMBER["default"]
HIDDEN: Final = STATUS_NUMBER["hidden"]
ERROR: Final = STATUS_NUMBER["error"]
PENDING_DESTRUCTION: Final = STATUS_NUMBER["pending_destruction"]
DEPRECATED: Final = STATUS_NUMBER["deprecated"]

# What lists show, and what E4, E6 and E7 find.
DISPLAYABLE: Final = (DEFAULT, ERROR, DEPRECATED)
# What E3 and E5 answer for.
DETAILED: Final = (DEFAULT, DEPRECATED)
# What the generic registry (E9) serves.
INSTALLABLE: Final = (DEFAULT, HIDDEN, DEPRECATED)

FILE_STATUSES: Final = ("default", "pending_destruction")
FILE_DEFAULT: Final = 0
FILE_PENDING_DESTRUCTION: Final = 1

ROLES: Final = {"guest": 10, "reporter": 20, "developer": 30, "maintainer": 40, "owner": 50}
GUEST: Final = ROLES["guest"]
REPORTER: Final = ROLES["reporter"]
DEVELOPER: Final = ROLES["developer"]
MAINTAINER: Final = ROLES["maintainer"]
# A protection rule may ask for this; no member has it, only an administrator passes.
ADMIN: Final = 60

VISIBILITIES: Final = ("private", "internal", "public")

# Scopes that GitLab gives to access tokens; only the first two open this API.
SCOPES: Final = (
    "api",
    "read_api",
    "read_user",
    "read_repository",
    "write_repository",
    "read_registry",
    "write_registry",
    "create_runner",
    "sudo",
    "admin_mode",
)
