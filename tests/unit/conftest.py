# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import settings

# What an example takes depends on what else the machine does, and says nothing.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
