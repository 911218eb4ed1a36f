# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.plugin_utils.worker import ListenedAction


class ActionModule(ListenedAction):
    """Module of the same name, whose changes end with ansible-playbook."""
