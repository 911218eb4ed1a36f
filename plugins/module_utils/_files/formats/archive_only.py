# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why packages of some types are archived, and not restored (registries, C). Pure."""

from __future__ import annotations

REASONS = {
    "conan": "GitLab does not tell which recipe or package reference a file belongs to: upload it again with conan",
    "composer": "GitLab keeps no file of it, and makes one out of the git tag or branch: publish that again",
    "golang": "GitLab keeps no file of it: it follows the git tag of the module",
    "debian": "its distribution and its indexes are made by GitLab: upload it again with dput",
    "rubygems": "GitLab's registry for it is behind a feature flag: upload it again with gem push",
    "rpm": "GitLab's registry takes no uploads of it",
    "ml_model": "a model version is made elsewhere in GitLab, and has a new ID then",
    "cargo": "GitLab's registry for it is too new: how it takes uploads is not known here",
}
