# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options and return values of every module that deletes."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - What the package or file shall be. It must be written, so that nobody deletes by leaving something out.
    type: str
    required: true
    choices:
      - absent
  verify:
    description:
      - Whether one more list must prove that what GitLab called deleted is gone. Some GitLab releases answer 204 although
        they refused.
    type: bool
    default: true
  unless_modified_since:
    description:
      - A time in ISO 8601, such as C(2026-11-21T10:00:00Z). What was changed after it is not deleted, and counts as C(failed).
      - GitLab decides this by the time of the last change, which it does not show. Check mode can foresee it from the time of
        publication only.
    type: str
  tolerate:
    description:
      - Results that shall not fail the task.
    type: list
    elements: str
    choices:
      - protected
      - not_deletable
    default: []
"""
