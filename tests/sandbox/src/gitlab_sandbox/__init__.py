# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local GitLab package registry that keeps GitLab's contract (docs/gitlab-packages-api.md, gitlab-registries.md)."""
