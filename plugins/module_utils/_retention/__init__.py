# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a policy to decisions, a plan, what drifted since, and its apply.

Policy, decide, plan and plan_text are pure: neither HTTP nor Ansible. Nothing here knows reports or Ansible.
"""
