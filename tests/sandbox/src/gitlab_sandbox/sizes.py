# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes of projects and groups (contract of the registries, section D)."""

from __future__ import annotations

from collections.abc import Iterable

from gitlab_sandbox import access
from gitlab_sandbox.bodies import Body
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import JOB
from gitlab_sandbox.directory import Project
from gitlab_sandbox.vocabulary import REPORTER


def statistics(call: Call, projects: Iterable[Project]) -> Body:
    """The sizes of some projects together, in bytes: files of every status count until they are destroyed."""
    size = sum(call.registry.storage.packages_size(project.id) for project in projects)
    return {
        "storage_size": size,
        "repository_size": 0,
        "wiki_size": 0,
        "lfs_objects_size": 0,
        "job_artifacts_size": 0,
        "pipeline_artifacts_size": 0,
        "packages_size": size,
        "snippets_size": 0,
        "uploads_size": 0,
    }


def project_statistics(call: Call, project: Project) -> Body:
    """``{"statistics": …}`` for those who may see it; for others nothing, and no error."""
    if call.caller.kind == JOB or access.level(call.caller, project) < REPORTER:
        return {}
    return {"statistics": {"commit_count": 0, **statistics(call, [project]), "container_registry_size": 0}}
