# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages: which are meant, the order of their versions, facts about them, and how one is deleted and that it is
proved to be gone.

Nothing here knows policies or plans, and nothing knows Ansible; selection, versions and results are pure.
"""
