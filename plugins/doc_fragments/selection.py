# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say which packages are to be listed."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - The exact name, case-sensitive. For a conan package this is the recipe (C(zlib/1.3@acme/stable)) or the bare name (C(zlib)).
      - GitLab's own filter is fuzzy. Use O(name_search) for it.
    type: raw
  name_search:
    description:
      - What GitLab's fuzzy search finds, that is names that hold each of the words, in any case.
      - Excludes O(name).
    type: raw
  version:
    description:
      - The exact version.
      - A text. Put it in quotes where YAML would make a number of it, as V("1.10").
    type: raw
  package_type:
    description:
      - Only packages of these types. Without it packages of all types are listed, terraform modules too.
    type: list
    elements: str
    choices:
      - maven
      - npm
      - conan
      - nuget
      - pypi
      - composer
      - generic
      - golang
      - debian
      - rubygems
      - helm
      - terraform_module
      - rpm
      - ml_model
      - cargo
  status:
    description:
      - Only packages in these statuses. V(all) stands for every status.
      - Without it those that GitLab displays are listed, which are V(default), V(error) and V(deprecated).
    type: list
    elements: str
    choices:
      - all
      - default
      - hidden
      - processing
      - error
      - pending_destruction
      - deprecated
  include_versionless:
    description:
      - Whether packages without a version are listed too.
    type: bool
    default: false
"""
