# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One GitLab over HTTP: the client, its errors and their words, rate limits, pages, and one class of endpoints for
each chapter of the contract.

Nothing here decides which packages are meant or what becomes of them, and nothing knows Ansible.
"""
