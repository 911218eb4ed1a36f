# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helm's calls: upload, the index of a channel, download (contract of the registries, C)."""

from __future__ import annotations

import uuid
from typing import Any, Final

from gitlab_sandbox import access, answers, clock, publishing
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import BASIC
from gitlab_sandbox.directory import Project
from gitlab_sandbox.downloads import download, with_checksums
from gitlab_sandbox.query import decode
from gitlab_sandbox.registries import receiving
from gitlab_sandbox.registries.helm import charts
from gitlab_sandbox.registries.helm.charts import ChartError
from gitlab_sandbox.registries.routing import created, publishing_project, registry_route
from gitlab_sandbox.rows import File, Package
from gitlab_sandbox.uploads import Upload
from gitlab_sandbox.vocabulary import INSTALLABLE, STATUS_NUMBER, TYPE_NUMBER

_HELM: Final = TYPE_NUMBER["helm"]
_ERROR: Final = STATUS_NUMBER["error"]
_TEMPORARY: Final = "Helm.Temporary.Package"
# Where a seed's charts are.
_DEFAULT_CHANNEL: Final = "stable"


async def upload(call: Call) -> Answer:
    """A chart. GitLab unpacks it after its answer, which is the same whatever is found: here that is done at once."""
    project = publishing_project(call)
    channel = _channel(call)
    _, received = await receiving.receive_form(call, "chart", receiving.HELM)
    storage = call.registry.storage
    with publishing.kept(call, received):
        chart = _read_chart(call, project, received)
        if chart is None:
            version, creator_id = f"0.0.0-{uuid.uuid4()}", call.caller.creator_id
            package = storage.create_package(project.id, _HELM, _TEMPORARY, version, creator_id, _ERROR)
            publishing.add_file(call, package, "package.tgz", received)
        else:
            _publish(call, project, channel, chart, received)
    return created()


def _read_chart(call: Call, project: Project, received: Upload) -> dict[str, Any] | None:
    """The chart's description; None if there is none, or if the caller may not publish under that name."""
    try:
        with receiving.opened(call, received) as file:
            chart = charts.read_chart(file)
    except ChartError:
        return None
    protected = call.registry.current and access.push_protected(call.caller, project, chart["name"], _HELM)
    return None if protected else chart


def _publish(call: Call, project: Project, channel: str, chart: dict[str, Any], received: Upload) -> None:
    """Add the chart to the package of its name and version."""
    storage = call.registry.storage
    name, version = chart["name"], chart["version"]
    package, made = publishing.find_or_create_package(call, project.id, _HELM, name, version)
    file = publishing.add_file(call, package, f"{name}-{version}.tgz", received)
    storage.set_file_details(file.id, {"channel": channel, "chart": chart})
    if not made:
        storage.set_package(package, updated_at=clock.after(package.updated_at))


async def show_index(call: Call) -> Answer:
    """A channel's charts: of each version the newest file."""
    project = call.readable_project()
    channel = _channel(call)
    packages = _packages(call, project)
    newest = {file.package_id: (file, chart) for file, chart in _files(call, packages, channel)}
    sums = {
        file.id: file.sha256 or ""
        for file in await with_checksums(call.registry.storage, _HELM, [file for file, _ in newest.values()])
    }
    entries = [charts.Entry(chart, file.file_name, sums[file.id], file.created_at) for file, chart in newest.values()]
    context_path = f"/api/v4/projects/{call.segments['id']}/packages/helm"
    index = charts.index(entries, clock.now(), context_path)
    return Answer(200, index, [(b"content-type", b"text/yaml")])


async def serve(call: Call) -> Answer:
    """The newest file of the name in a channel."""
    project = call.readable_project()
    channel, file_name = _channel(call), decode(call.segments["file_name"]) or ""
    packages = _packages(call, project)
    files = [file for file, _ in _files(call, packages, channel) if file.file_name == file_name]
    if not files:
        raise answers.file_not_found()
    return await download(call, packages[files[-1].package_id], files[-1])


def _packages(call: Call, project: Project) -> dict[int, Package]:
    packages = call.registry.storage.packages_of(project.id, _HELM, statuses=INSTALLABLE)
    return {package.id: package for package in packages}


def _files(call: Call, packages: dict[int, Package], channel: str) -> list[tuple[File, dict[str, Any]]]:
    """The files of a channel, oldest first, with their charts."""
    storage = call.registry.storage
    files = storage.files_of(packages)
    details = storage.file_details(file.id for file in files)
    found = []
    for file in files:
        package = packages[file.package_id]
        seeded = {"channel": _DEFAULT_CHANNEL, "chart": {"name": package.name, "version": package.version}}
        kept = details.get(file.id, seeded)
        if kept["channel"] == channel:
            found.append((file, kept["chart"]))
    return found


def _channel(call: Call) -> str:
    """The channel in the path.

    :raises ApiError: 400 if it cannot be one.
    """
    channel = decode(call.segments["channel"]) or ""
    if charts.CHANNEL.fullmatch(channel) is None:
        raise answers.error(400, "channel is invalid")
    return channel


ROUTES: Final = (
    registry_route("helm", "POST", "helm/api/:channel/charts", upload, BASIC),
    registry_route("helm", "GET", "helm/:channel/index.yaml", show_index, BASIC),
    registry_route("helm", "GET", "helm/:channel/charts/:file_name", serve, BASIC),
)
