# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of npm."""
