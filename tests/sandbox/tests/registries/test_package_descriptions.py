# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read out of packages: nuspecs, charts; and what is shown of them: PyPI's pages, Helm's index."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest
import yaml

from gitlab_sandbox.registries.helm import charts
from gitlab_sandbox.registries.nuget.nuspec import LARGEST, Nuspec, NuspecError, normalized, read_nuspec
from gitlab_sandbox.registries.pypi import pages

NUSPEC = (
    '<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>{}</id>'
    "<version>{}</version><tags>one two</tags>{}</metadata></package>"
)


def nupkg(name: str, content: str) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("lib/other.nuspec", "not this one")
        package.writestr(name, content)
    return file


def test_a_nuspec_is_read_whatever_its_schema() -> None:
    expected = Nuspec("Acme.Log", "1.2.0-Beta", ("one", "two"), False)
    assert read_nuspec(nupkg("Acme.Log.nuspec", NUSPEC.format("Acme.Log", "1.2.0-Beta", ""))) == expected
    assert expected.file_name("nupkg") == "acme.log.1.2.0-beta.nupkg"


def test_a_symbol_package_says_that_it_is_one() -> None:
    kinds = '<packageTypes><packageType name="SymbolsPackage" /></packageTypes>'
    symbols = read_nuspec(nupkg("a.nuspec", NUSPEC.format("Acme.Log", "1.0.0", kinds)))
    assert symbols.symbols


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (io.BytesIO(b"not a zip"), "invalid package file"),
        (nupkg("readme.txt", ""), "nuspec file not found"),
        (nupkg("a.nuspec", " " * (LARGEST + 1)), "nuspec file too big"),
        (nupkg("a.nuspec", "<"), "the nuspec is not XML"),
        (nupkg("a.nuspec", "<package/>"), "Validation failed: Name is invalid"),
        (nupkg("a.nuspec", NUSPEC.format("a/b", "1.0.0", "")), "Validation failed: Name is invalid"),
        (nupkg("a.nuspec", NUSPEC.format("a", "one", "")), "Validation failed: Version is invalid"),
    ],
)
def test_what_is_no_nuget_package(file: io.BytesIO, error: str) -> None:
    with pytest.raises(NuspecError, match=error):
        read_nuspec(file)


@pytest.mark.parametrize(
    ("version", "asked"),
    [("1.0", "1.0.0"), ("01.2.3.0", "1.2.3"), ("1.2.3.4", "1.2.3.4"), ("1.0.0-RC.1+build", "1.0.0-rc.1")],
)
def test_the_version_that_nuget_asks_for(version: str, asked: str) -> None:
    assert normalized(version) == asked


def chart(name: str | None, content: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for path, data in (("web/charts/sub/Chart.yaml", b"name: sub"), (name, content)):
            if path is not None:
                member = tarfile.TarInfo(path)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    file.seek(0)
    return file


def test_a_chart_describes_itself() -> None:
    read = charts.read_chart(chart("web/Chart.yaml", b"name: web\nversion: 1.10.0\ndeprecated: true\n"))
    assert read == {"name": "web", "version": "1.10.0", "deprecated": True}


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (io.BytesIO(b"not a chart"), "the file is not a chart"),
        (chart(None, b""), "the file has no Chart.yaml"),
        (chart("web/Chart.yaml", b"[]"), "the file has no Chart.yaml"),
        (chart("web/Chart.yaml", b"{"), "the file is not a chart"),
        (chart("web/Chart.yaml", b"name: a/b\nversion: 1.0.0"), "Validation failed: Name is invalid"),
        (chart("web/Chart.yaml", b"name: web\nversion: 1.10"), "Validation failed: Version is invalid"),
    ],
)
def test_what_is_no_chart(file: io.BytesIO, error: str) -> None:
    with pytest.raises(charts.ChartError, match=error):
        charts.read_chart(file)


def test_the_index_lists_each_chart_by_name() -> None:
    entries = [
        charts.Entry({"name": "web", "version": version}, f"web-{version}.tgz", "a" * 64, "2025-01-01T00:00:00.000Z")
        for version in ("1.0.0", "1.1.0")
    ]
    index = yaml.safe_load(charts.index(entries, "2025-01-02T00:00:00.000Z", "/api/v4/projects/42/packages/helm"))
    assert (index["apiVersion"], index["serverInfo"]) == (
        "v1",
        {"contextPath": "/api/v4/projects/42/packages/helm"},
    )
    assert [entry["urls"] for entry in index["entries"]["web"]] == [["charts/web-1.0.0.tgz"], ["charts/web-1.1.0.tgz"]]
    assert [entry["digest"] for entry in index["entries"]["web"]] == ["a" * 64] * 2


def test_a_project_page_escapes_what_anybody_chose() -> None:
    page = pages.project_page(
        "<b>", [pages.Link("http://h/f?a&b", 'x"<.whl', "0" * 64, ">=3.9,<4"), pages.Link("http://h/g", "y", "1", None)]
    ).decode()
    assert "<b>" not in page
    assert (
        f'<a href="http://h/f?a&amp;b#sha256={"0" * 64}" data-requires-python="&gt;=3.9,&lt;4">x&quot;&lt;.whl</a>'
        in page
    )
    assert '<a href="http://h/g#sha256=1">y</a>' in page


def test_the_index_page_lists_each_project_once() -> None:
    page = pages.index_page("shop", "http://h/simple", ["My.App", "my_app", "other"]).decode()
    assert page.count("<a ") == 2
    assert '<a href="http://h/simple/my-app">my-app</a>' in page
