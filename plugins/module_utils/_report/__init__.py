# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit of registries: what they hold and what a policy would delete, counted once and drawn as HTML, Markdown,
CSV and JSON.

Nothing here changes a registry, decides on a package, or knows Ansible.
"""
