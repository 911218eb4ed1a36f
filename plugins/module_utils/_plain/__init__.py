# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts, times, durations and numbers, for machines and for people: pure functions of plain data.

Nothing here knows a package, a GitLab or Ansible, and nothing of ours is imported.
"""
