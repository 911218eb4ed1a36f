# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of packages: how they are fetched and checked, kept in an archive, and published again, by one file per
package type that knows how.

Nothing here decides which packages are meant or what goes, and nothing knows Ansible.
"""
