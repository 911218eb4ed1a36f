# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's own cleanup policies (contract of the registries, section D): duplicate files, not packages."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox import clock
from gitlab_sandbox.calls import Registry
from gitlab_sandbox.directory import Project

# A policy runs this many seconds after it was last saved, or has last run.
CADENCE: Final = 12 * 60 * 60


def schedule(registry: Registry, project: Project) -> None:
    """Keep a project's policy, and let it run next after its cadence."""
    project.next_run_at = clock.ago(-CADENCE)
    registry.store.save_project(project)


def run_policies(registry: Registry) -> int:
    """Run all policies now, whenever they are due; how many files that marks for destruction.

    Projects without packages that can be installed are left alone, and so is their schedule.
    """
    marked = 0
    for project in registry.directory.projects.values():
        if project.keep_n is not None and registry.storage.has_installable(project.id):
            marked += registry.storage.clean_up(project.id, project.keep_n)
            schedule(registry, project)
    return marked
