# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cleanup policies and package settings are called, here and by GitLab (registries, D and F). Pure."""

from __future__ import annotations

KEEP = "keep_n_duplicated_package_files"
#: GraphQL's word for each number.
WORDS = {
    "all": "ALL_PACKAGE_FILES",
    "1": "ONE_PACKAGE_FILE",
    "10": "TEN_PACKAGE_FILES",
    "20": "TWENTY_PACKAGE_FILES",
    "30": "THIRTY_PACKAGE_FILES",
    "40": "FORTY_PACKAGE_FILES",
    "50": "FIFTY_PACKAGE_FILES",
}
NUMBERS = {word: number for number, word in WORDS.items()}

#: The types whose duplicates, and whose forwarding, can be set.
DUPLICATES = ("maven", "generic", "nuget", "terraform_module")
FORWARDED = ("maven", "npm", "pypi")
FORWARDING = tuple(f"{kind}_package_requests_forwarding" for kind in FORWARDED)
LOCKS = tuple(f"lock_{name}" for name in FORWARDING)
#: What can be set, and of which type it is.
SETTINGS: dict[str, type] = {
    **{f"{kind}_duplicates_allowed": bool for kind in DUPLICATES},
    **{f"{kind}_duplicate_exception_regex": str for kind in DUPLICATES},
    **dict.fromkeys(FORWARDING, bool),
    **dict.fromkeys(LOCKS, bool),
    "nuget_symbol_server_enabled": bool,
}
#: What is only read: whether a group above locks it.
LOCKED = tuple(f"{name}_locked" for name in FORWARDING)
