# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what in a registry, and what GitLab does there by itself: protection rules, cleanup policies and settings,
what is wanted of them against what is there, and the way from one to the other.

Nothing here deletes packages or knows retention policies, and nothing knows Ansible.
"""
