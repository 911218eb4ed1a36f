# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for `package_report`: where its files go, and its gates."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._report.cases import AUDIT_GATES
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.gates import (
    CHANGES,
    UNMATCHED,
    GateError,
    Gates,
    read_gates,
)

#: The formats whose files end otherwise.
ENDINGS = {"junit": "junit.xml"}


def report_files(dest: str | None, formats: list[str]) -> dict[str, str]:
    """The path of each file, by format. Raises :class:`InvalidInput` where there is no directory for them."""
    if not formats:
        return {}
    if dest is None:
        raise InvalidInput("dest is missing: name a directory for the files, or write none with formats: []")
    if not os.path.isdir(dest):
        raise InvalidInput(f"dest {dest!r} is no directory: create it first")
    return {kind: os.path.join(dest, f"report.{ENDINGS.get(kind, kind)}") for kind in formats}


def audit_gates(params: dict[str, t.Any], has_policy: bool) -> Gates:
    """The gates of the options. Raises GateError for one that is none, or that the other options leave untold."""
    gates = read_gates(params["fail_on"], AUDIT_GATES)
    for name in sorted(gates.names & {CHANGES, UNMATCHED}) if not has_policy else ():
        raise GateError(f"fail_on: {name} needs a policy (policy or policy_file)")
    if gates.over is not None and not params["with_sizes"]:
        raise GateError("fail_on: over needs sizes: set with_sizes")
    return gates
