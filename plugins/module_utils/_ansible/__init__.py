# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible: options become plain data, errors become fail_json, results become exit_json.

Nothing here talks HTTP or decides anything: what is not about Ansible belongs on a floor below.
"""
