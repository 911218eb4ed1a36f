# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helm's calls: upload, the index of a channel, download (contract of the registries, C)."""

from __future__ import annotations

from typing import Any, Final

from gitlab_sandbox import access, answers, clock, publishing
from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import BASIC
from gitlab_sandbox.directory import Project
from gitlab_sandbox.downloads import download, with_checksums
from gitlab_sandbox.query import decode
from gitlab_sandbox.registries import background, receiving
from gitlab_sandbox.registries.helm import charts
from gitlab_sandbox.registries.helm.charts import ChartError
from gitlab_sandbox.registries.routing import created, publishing_project, registry_route
from gitlab_sandbox.rows import File, Package
from gitlab_sandbox.vocabulary import INSTALLABLE, TYPE_NUMBER

_HELM: Final = TYPE_NUMBER["helm"]
# Where a seed's charts are.
_DEFAULT_CHANNEL: Final = "stable"


async def upload(call: Call) -> Answer:
    """A chart. It is unpacked in the background: the answer is the same whatever is found."""
    project = publishing_project(call)
    channel = _channel(call)
    _, received = await receiving.receive_form(call, "chart", "helm")
    name, version, creator_id = "Helm.Temporary.Package", background.temporary_version(), call.caller.creator_id
    with publishing.kept(call, received):
        package = call.registry.storage.create_package(
            project.id, _HELM, name, version, creator_id, background.PROCESSING
        )
        file = publishing.add_file(call, package, "package.tgz", received)
    background.later(call, package, lambda: _unpack(call, project, channel, package, file))
    return created()


def _unpack(call: Call, project: Project, channel: str, temporary: Package, file: File) -> None:
    """Give the package the chart's name and version, or put the file into the one that has them."""
    storage = call.registry.storage
    chart = _read_chart(call, project, file)
    if chart is None:
        storage.set_status(temporary, background.ERROR, touch=True)
        return
    name, version = chart["name"], chart["version"]
    with background.settled(storage, temporary, storage.find_package(project.id, _HELM, name, version)) as package:
        if package.id == temporary.id:
            storage.set_package(package, name=name, version=version)
        else:
            storage.set_package(package, updated_at=clock.after(package.updated_at))
        storage.move_file(file, package, f"{name}-{version}.tgz")
        storage.set_file_details(file.id, {"channel": channel, "chart": chart})


def _read_chart(call: Call, project: Project, file: File) -> dict[str, Any] | None:
    """The chart's description; None if there is none, or if the caller may not publish under that name."""
    try:
        with receiving.opened_parts(call.registry.storage.parts(file)) as opened:
            chart = charts.read_chart(opened)
    except ChartError:
        return None
    protected = call.registry.current and access.push_protected(call.caller, project, chart["name"], _HELM)
    return None if protected else chart


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
