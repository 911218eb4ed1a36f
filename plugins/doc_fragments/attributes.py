# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules promise of check mode, diff mode and where they run."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and say what a real run would do, without doing it.
  diff_mode:
    description: Shows in diff mode what would change or was changed.
  idempotent:
    description: Run again with the same parameters, and nothing else happening in between, it changes nothing.
  action_group:
    description: Use C(group/registryops.gitlab.gitlab) in C(module_defaults) to set the connection for all modules at once.
    support: full
    membership:
      - registryops.gitlab.gitlab
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Reads only, so that it does the same in check mode.
  diff_mode:
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    support: full
"""

    ARCHIVES = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Fetches and writes nothing, and tells what would be archived, by the lists of files.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

    CHANGES = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Sends no delete. The token's role and scopes are foreseen, and what package protection rules forbid, where they can be
        read. Where not, C(summary.protection) is V(unknown), and there is a warning.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

    GOVERNANCE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Reads only. The token's role and scopes are foreseen. What GitLab makes of a change shows only when it is sent.
  diff_mode:
    support: full
  idempotent:
    support: full
"""
