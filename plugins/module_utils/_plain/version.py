# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release this is, for what is told where galaxy.yml is not at hand: inside of a module."""

from __future__ import annotations

#: As in galaxy.yml.
VERSION = "0.1.0"
#: Where defects are reported, as in galaxy.yml.
ISSUES = "https://github.com/registryops/ansible-gitlab/issues"
