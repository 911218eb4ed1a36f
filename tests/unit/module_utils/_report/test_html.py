# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report, read with a parser: names are text, and the page can load nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import typing as t
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import human_bytes, share
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.charts import month_labels, nice_top
from ansible_collections.registryops.gitlab.plugins.module_utils._report.html import render_html
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown import code, render_markdown
from ansible_collections.registryops.gitlab.plugins.module_utils._report.style import DARK, LIGHT

PATIENT = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
VOID = {"meta", "link", "br", "img", "input", "hr"}
LOADING = {"src", "href", "srcset", "action", "data", "poster", "style", "xlink:href"}
GITLAB = "https://gitlab.example.com"
HOSTILE = [
    "<script>alert(1)</script>",
    "{{ lookup('pipe','id') }}",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></script><svg onload=alert(1)>",
    "<!--",
    "]]>",
    "safe\u202egpj.exe",
    "&lt;b&gt;",
    "x" * 255,
    "🦊",
    "\ud800",
]


class Page(HTMLParser):
    """The elements, attributes and texts of a page; raises if an element is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.names: list[str] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": [], "title": []}
        self.figures: dict[str, str] = {}
        self._attributes: list[dict[str, str | None]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), f"an attribute twice: {attrs}"
        self.elements.append((tag, given))
        if tag in VOID:
            return
        self.open.append(tag)
        self._attributes.append(given)
        if tag == "bdi":
            self.names.append("")
        if tag in self.raw and "svg" not in self.open:
            self.raw[tag].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag
        self._attributes.pop()

    def handle_data(self, data: str) -> None:
        if not self.open:
            return
        if self.open[-1] == "bdi":
            self.names[-1] += data
        if self.open[-1] in self.raw and "svg" not in self.open:
            self.raw[self.open[-1]][-1] += data
        for attributes in self._attributes:
            key = attributes.get("data-figure")
            if key:
                self.figures[key] = self.figures.get(key, "") + data


def package(number: int, **fields: t.Any) -> dict[str, t.Any]:
    return {
        "id": number,
        "project_id": 1,
        "project_path": "acme/shop",
        "package_type": "generic",
        "name": "ui",
        "version": "1.0",
        "status": "default",
        "created_at": "2025-01-01T00:00:00.000Z",
        "last_downloaded_at": None,
        **fields,
    }


def file(number: int, size: int, name: str = "a") -> dict[str, t.Any]:
    return {"id": number, "file_name": name, "size": size, "created_at": "2025-01-01T00:00:00.000Z"}


def build(packages: list[dict[str, t.Any]], plan: t.Any = None, scope: t.Any = None) -> dict[str, t.Any]:
    return build_report(packages, generated_at="2026-11-21T12:00:00Z", scope=scope or {"group": "acme"}, plan=plan)


def hostile_report(names: list[str]) -> dict[str, t.Any]:
    packages = [
        package(
            number,
            name=name,
            version=name,
            project_id=number,
            project_path=name,
            package_type=name or "generic",
            status="error",
            files=[file(1, 3, name), file(2, 4, name)],
            web_url=f'{GITLAB}/"><script>&amp;',
        )
        for number, name in enumerate(names)
    ]
    plan = {
        "created_at": names[0],
        "digest": names[0],
        "summary": {},
        "delete": [{"id": 0, "rule": names[0], "reason": names[0]}],
        "keep": [{"id": n, "rule": None, "reasons": ["no rule matches"]} for n in range(1, len(names))],
    }
    return build(packages, plan, {"group": names[0], "api_url": names[0]})


def check(page: Page, text: str) -> None:
    """Nothing in the page loads, sends or runs anything but its own two pieces."""
    for tag, attributes in page.elements:
        assert tag not in {"img", "iframe", "object", "embed", "link", "base", "form", "a:svg", "use", "image"}
        assert not [name for name in attributes if name.startswith("on")]
        for name in LOADING & attributes.keys():
            links = ("#", f"{GITLAB}/") if tag == "a" else ("#",)
            assert (attributes[name] or "").startswith(links), (tag, name)
    (style,) = page.raw["style"]
    data, script = page.raw["script"]
    policies = [a["content"] or "" for _tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    (policy,) = policies
    assert policy.startswith("default-src 'none'; ")
    for kind, content in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "url(" not in style
    assert "@import" not in style
    assert text.encode("utf-8")
    json.loads(data)


def test_hostile_names_are_text_everywhere() -> None:
    report = hostile_report(HOSTILE)
    text = render_html(report)
    page = Page(text)
    check(page, text)
    for name in HOSTILE:
        assert page.names.count(printable(name)) >= 5
    assert "\u202e" not in text
    (title,) = page.raw["title"]
    assert title == f"Package registry audit: {HOSTILE[0]}"


@PATIENT
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
@example(["</script><script>alert(1)</script>", "<!--<script>", "\x00", "\u2028", "\r\n"])
def test_any_names_are_text(names: list[str]) -> None:
    text = render_html(hostile_report(names))
    page = Page(text)
    check(page, text)
    shown = set(page.names)
    assert {printable(name) for name in names} <= shown


def test_packages_link_to_their_pages_and_those_without_one_do_not() -> None:
    url = f"{GITLAB}/acme/shop/-/packages/1"
    plan = {"summary": {}, "delete": [{"id": n, "rule": "r", "reason": "x"} for n in (1, 2)]}
    text = render_html(build([package(1, web_url=url, files=[file(1, 2)]), package(2, files=[])], plan))
    links = [a["href"] for tag, a in Page(text).elements if tag == "a" and not (a["href"] or "").startswith("#")]
    assert set(links) == {url}
    assert len(links) == 3  # of what would be deleted, the largest, the stalest


def test_deletes_stand_by_name_and_what_versions_share_is_said_once() -> None:
    held = "no keep of rule 'old' holds it: "
    plan = {
        "summary": {},
        "delete": [{"id": n, "rule": "old", "reason": f"{held}older than 14d"} for n in range(30)]
        + [{"id": n, "rule": "old", "reason": f"{held}latest {n} of 50"} for n in range(40, 42)],
    }
    packages = [package(n, name="many") for n in range(30)] + [package(n, name="few") for n in range(40, 42)]
    text = render_html(build(packages, plan))
    part = text.partition('id="deletions"')[2].partition("</section>")[0]
    assert part.count("<details>") == 2
    assert "30 versions" in part
    assert "the newest 20 of 30" in part
    assert part.count("older than 14d") == 1
    assert re.findall(r"latest \d+ of 50", part) == ["latest 41 of 50", "latest 40 of 50"]
    assert held.strip() not in part.replace("&#x27;", "'")


def test_what_is_held_before_any_rule_is_counted() -> None:
    keep = [{"id": 1, "rule": None, "reasons": ["protected by entry 1"]}]
    keep += [{"id": n, "rule": None, "reasons": ["used: sbom.json"]} for n in (2, 3)]
    text = render_html(build([package(n) for n in (1, 2, 3)], {"summary": {}, "delete": [], "keep": keep}))
    assert "1 package protected by the policy; 2 packages on keep lists." in text


def test_the_report_is_in_the_page_as_json() -> None:
    report = hostile_report(HOSTILE[:-1])
    page = Page(render_html(report))
    assert json.loads(page.raw["script"][0]) == report


def test_the_key_figures_are_those_of_the_report() -> None:
    packages = [package(number, files=[file(number, 1500)]) for number in range(1234)]
    plan = {"summary": {}, "delete": [{"id": 5, "rule": "r", "reason": "x"}]}
    text = render_html(build(packages, plan))
    figures = Page(text).figures
    assert figures["packages"] == "1,234"
    assert figures["bytes"] == "1.8 MiB"
    assert figures["delete"] == "1"
    assert figures["freed"] == "1.5 KiB"
    assert 'title="1,851,000 bytes"' in text
    assert "the first 50 of 1,234 packages" in text


@pytest.mark.parametrize("packages", [[], [package(1)], [package(1, files=[])], [package(1, created_at=None)]])
@pytest.mark.parametrize("plan", [None, {"summary": {}, "delete": []}])
def test_small_registries_make_whole_pages(packages: list[dict[str, t.Any]], plan: t.Any) -> None:
    text = render_html(build(packages, plan))
    page = Page(text)
    check(page, text)
    assert not re.search(r"\b(nan|None|inf)\b", re.sub(r"<s(cript|tyle).*?</s(cript|tyle)>", "", text, flags=re.S))
    anchors = {a["href"] for tag, a in page.elements if tag == "a"}
    idents = {f"#{a['id']}" for _tag, a in page.elements if "id" in a}
    assert anchors <= idents


def test_without_sizes_the_page_says_so_and_counts_packages() -> None:
    text = render_html(build([package(1), package(2)]))
    assert "sizes were not asked for" in text
    assert "Share of packages" in text
    assert "iB<" not in text


def test_charts_have_titles_descriptions_and_a_table() -> None:
    plan = {"summary": {}, "delete": [{"id": 0, "rule": "r", "reason": "x"}]}
    text = render_html(build([package(0, files=[file(1, 2)]), package(1, files=[file(2, 6)])], plan))
    charts = re.findall(r'<svg role="img"><title>(.*?)</title><desc>(.*?)</desc>', text)
    assert len(charts) == 4
    assert charts[1] == ("Storage: kept against deleted", "2 B (25 %) would be deleted, 6 B would be kept.")
    assert "The months as a table" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (150 * 1024**3, "150 GiB"),
        (5 * 1024**6, "5.0 EiB"),
        (5000 * 1024**6, "5,000 EiB"),
        (None, "–"),
    ],
)
def test_bytes_are_written_for_people(value: int | None, text: str) -> None:
    assert human_bytes(value) == text.replace("1023", "1,023")


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 10, "0 %"), (1, 1000, "< 1 %"), (999, 1000, "> 99 %"), (10, 10, "100 %"), (1, 3, "33 %"), (0, 0, "–")],
)
def test_a_share_says_neither_nothing_for_something_nor_all_for_less(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


@PATIENT
@given(st.integers(0, 10**18), st.booleans())
def test_an_axis_ends_above_its_highest_value(highest: int, binary: bool) -> None:
    top = nice_top(highest, binary=binary)
    assert max(highest, 1) <= top
    assert top == 1 or top % 2 == 0
    assert highest < 3 or top <= 3 * highest


@pytest.mark.parametrize("count", range(12, 61))
def test_labels_of_months_do_not_run_together(count: int) -> None:
    for first in range(12):
        months = [f"{2020 + (first + i) // 12}-{(first + i) % 12 + 1:02d}" for i in range(count)]
        labels = month_labels(months)
        assert [label for label in labels if not label.wide_only]
        for width, shown in ((230, [label for label in labels if not label.wide_only]), (340, labels)):
            edges = [label.edges(width) for label in shown]
            assert all(right <= left for (_, right), (left, _) in zip(edges, edges[1:]))
            assert edges[0][0] >= 0
            assert edges[-1][1] <= width


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_colours_can_be_read_and_seen(palette: dict[str, str]) -> None:
    for ground in ("page", "card"):
        for ink in ("ink", "soft", "link", "delete"):
            assert contrast(palette[ink], palette[ground]) >= 4.5
        for mark in ("bar", "keep", "delete"):
            assert contrast(palette[mark], palette[ground]) >= 3
            assert contrast(palette["on"], palette[mark]) >= 4.5


# --- files inside packages that stay ------------------------------------------------------------------------------


def plan_with_files(name: str) -> dict[str, t.Any]:
    entry = {
        **{key: package(1)[key] for key in ("project_id", "project_path", "name", "version", "package_type")},
        "package_id": 1,
        "file_name": name,
        "created_at": "2025-01-01T00:00:00.000Z",
        "rule": name,
        "reason": f"copy 2 of {name}",
    }
    counts = {"delete": 2, "keep": 3, "bytes": 2048}
    return {
        "delete": [],
        "summary": {"unmatched": 1, "files": {"files": 5, **counts, "unreadable": 1, "by_rule": {name: counts}}},
        "delete_files": [{**entry, "id": 7, "size": None}, {**entry, "id": 8, "size": 2048, "version": None}],
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_files_are_counted_by_rule_and_listed_the_largest_first(name: str) -> None:
    report = build([package(1)], [plan_with_files(name), plan_with_files("other")])
    part = report["plan"]["files"]
    assert {key: part[key] for key in ("files", "delete", "keep", "bytes", "unreadable")} == {
        "files": 10,
        "delete": 4,
        "keep": 6,
        "bytes": 4096,
        "unreadable": 2,
    }
    assert [row["rule"] for row in part["by_rule"]] == [name, "other"]
    assert [row["size"] for row in part["deletions"]["rows"]] == [2048, 2048, None, None]
    html = render_html(report)
    page = Page(html)
    assert page.names.count(printable(name)) == 1 + 2 * 2
    assert "Of 10 files inside packages that stay, 4 would be deleted, which frees 4.0 KiB." in html
    text = render_markdown(report)
    assert "| Files that would be deleted in packages that stay | 4, 4.0 KiB |" in text
    assert f"| {code(name)} | 2 | 2.0 KiB | 3 |" in text
    assert "| `other` | `ui` |" in text


def test_without_file_rules_nothing_is_said_of_them() -> None:
    report = build([package(1)], {"delete": [], "summary": {"unmatched": 1}})
    assert report["plan"]["files"] is None
    assert "inside packages that stay" not in render_html(report) + render_markdown(report)
