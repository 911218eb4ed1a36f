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
    "cargo",
)
# A server of 16.1 does not know cargo.
OLD_PACKAGE_TYPES: Final = PACKAGE_TYPES[:-1]
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

FILE_STATUSES: Final = ("default", "pending_destruction", "processing", "error")
FILE_STATUS_NUMBER: Final = {name: number for number, name in enumerate(FILE_STATUSES)}
FILE_DEFAULT: Final = FILE_STATUS_NUMBER["default"]
FILE_PENDING_DESTRUCTION: Final = FILE_STATUS_NUMBER["pending_destruction"]

ROLES: Final = {"guest": 10, "reporter": 20, "developer": 30, "maintainer": 40, "owner": 50}
GUEST: Final = ROLES["guest"]
REPORTER: Final = ROLES["reporter"]
DEVELOPER: Final = ROLES["developer"]
MAINTAINER: Final = ROLES["maintainer"]
OWNER: Final = ROLES["owner"]
# A protection rule may ask for this; no member has it, only an administrator passes.
ADMIN: Final = 60
LEVEL_NAME: Final = {**{level: name for name, level in ROLES.items()}, ADMIN: "admin"}

# What protection rules can be for (contract, section B). The levels that they may ask for; null is no rule.
PROTECTED_TYPES: Final = (
    "npm",
    "pypi",
    "conan",
    "maven",
    "generic",
    "nuget",
    "helm",
    "terraform_module",
    "cargo",
)
PUSH_LEVELS: Final = {"maintainer": MAINTAINER, "owner": OWNER, "admin": ADMIN}
DELETE_LEVELS: Final = {"owner": OWNER, "admin": ADMIN}

VISIBILITIES: Final = ("private", "internal", "public")

# Who may use a project's package registry; "public": everybody may download, whatever the project's visibility.
REGISTRY_LEVELS: Final = ("disabled", "private", "enabled", "public")

# Scopes that GitLab gives to access tokens; only the first two open this API. "granular" says that the
# token's permissions count.
SCOPES: Final = (
    "api",
    "read_api",
    "granular",
    "read_user",
    "read_repository",
    "write_repository",
    "read_registry",
    "write_registry",
    "create_runner",
    "sudo",
    "admin_mode",
)
DEPLOY_SCOPES: Final = ("read_package_registry", "write_package_registry")

# What a CI job's token can be allowed, as the allowlist names it; and what a fine-grained access token can.
READ_PACKAGES: Final = "read_packages"
ADMIN_PACKAGES: Final = "admin_packages"
READ_PIPELINES: Final = "read_pipelines"
PERMISSIONS: Final = (READ_PACKAGES, ADMIN_PACKAGES, READ_PIPELINES)

# How many files of a name a project's cleanup policy can keep; the default is all.
KEEP_N: Final = (1, 10, 20, 30, 40, 50)

# The settings of a namespace (contract, section F) and their defaults, in the words of GitLab's database.
PACKAGE_SETTINGS: Final[dict[str, bool | str | None]] = {
    "maven_duplicates_allowed": True,
    "maven_duplicate_exception_regex": None,
    "generic_duplicates_allowed": True,
    "generic_duplicate_exception_regex": None,
    "nuget_duplicates_allowed": True,
    "nuget_duplicate_exception_regex": None,
    "terraform_module_duplicates_allowed": False,
    "terraform_module_duplicate_exception_regex": None,
    "maven_package_requests_forwarding": None,
    "npm_package_requests_forwarding": None,
    "pypi_package_requests_forwarding": None,
    "lock_maven_package_requests_forwarding": False,
    "lock_npm_package_requests_forwarding": False,
    "lock_pypi_package_requests_forwarding": False,
    "nuget_symbol_server_enabled": False,
}
