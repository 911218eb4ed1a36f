# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Markdown report, read with a CommonMark parser that knows tables."""

from __future__ import annotations

import html
import typing as t

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.markdown import code
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.markdown import render_markdown

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOSTILE = [
    "<script>alert(1)</script>",
    "{{ lookup('pipe','id') }}",
    '"><img src=x onerror=alert(1)>',
    "safe\u202egpj.exe",
    "[click](https://example.com)",
    "a|b",
    "a`b``c",
    "\\|",
    "\\",
    "`",
    "``",
    "$`x`$",
    "www.example.com|",
    "a@example.com|",
    "@all `",
    "<!-- `",
    "&lt;",
    "&amp;|",
    "**b**",
    "line\nbreak",
    " ",
    "",
    "x" * 255,
    "🦊",
]


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


def render(packages: list[dict[str, t.Any]], plan: t.Any = None) -> str:
    scope = {"group": "acme", "exclude_subgroups": False}
    return render_markdown(build_report(packages, generated_at="2026-11-21T12:00:00Z", scope=scope, plan=plan))


def tables(text: str) -> list[list[list[list[Token]]]]:
    """The tables of a document: rows of cells of inline tokens."""
    found: list[list[list[list[Token]]]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and token.level >= 4 and found:
            found[-1][-1].append(token.children or [])
    return found


def cell_text(tokens: list[Token]) -> str:
    """What a cell shows, if all that it holds is text in code."""
    kinds = {token.type for token in tokens}
    assert kinds <= {"code_inline", "html_inline", "text", "text_special"}, kinds
    if "html_inline" in kinds:
        tags = [token.content for token in tokens if token.type == "html_inline"]
        assert (tags[0], tags[-1]) == ("<code>", "</code>")
        assert set(tags[1:-1]) <= {"<span>", "</span>"}
    return "".join(token.content for token in tokens if token.type != "html_inline").replace("\u00a0", " ")


@PATIENT
@given(st.text(max_size=40))
@pytest.mark.parametrize("more", HOSTILE)
def test_a_name_in_a_table_is_text_in_code(more: str, name: str) -> None:
    for text in (more, name, more + name):
        table = f"| a | b |\n| --- | --- |\n| {code(text)} | end |\n"
        ((_head, row),) = tables(table)
        assert len(row) == 2
        assert cell_text(row[0]) == printable(text)
        assert cell_text(row[1]) == "end"


def test_every_hostile_name_is_in_the_report_as_text() -> None:
    packages = [package(number, name=name, version=name) for number, name in enumerate(HOSTILE)]
    text = render(packages)
    for table in tables(text):
        assert len({len(row) for row in table}) == 1
    assert "<script" not in text.replace("`<script>alert(1)</script>`", "")
    assert "<img" not in text.replace('`"><img src=x onerror=alert(1)>`', "")


def test_figures_sections_and_the_full_numbers() -> None:
    files = [{"id": 1, "file_name": "a", "size": 1024, "created_at": "x"}] * 2
    packages = [package(number, name=f"n{number}", files=files) for number in range(30)]
    packages.append(package(31, status="error", files=[]))
    plan = {
        "delete": [{"id": 1, "rule": "old", "reason": "r"}],
        "summary": {"unmatched": 29, "by_rule": {"old": {"delete": 1, "keep": 1}}},
    }
    text = render(packages, plan)
    assert text.startswith(
        "# Package registry audit\n\n**The policy frees 2.0 of 60.0 KiB (3 %) by deleting 1 of 31 packages.**\n\n"
        "Made 2026-11-21 12:00 UTC for `acme`.\n"
    )
    assert "| Packages | 31 |" in text
    assert "| Storage | 60.0 KiB |" in text
    assert "| Would be deleted | 1 (3 %), 2.0 KiB |" in text
    assert "| No rule governs | 29 |" in text
    assert "| `old` | 1 | 2.0 KiB | 1 |" in text
    assert "10 of 31." in text
    assert "## Broken uploads" in text
    assert "## Duplicate files" in text
    assert len(text.splitlines()) < 180


def test_deletes_are_folded_by_name_with_links_and_equal_reasons_once() -> None:
    url = "https://gitlab.example.com/acme/-/packages/1"
    packages = [package(number, name=name, web_url=url) for number, name in enumerate([*HOSTILE, "ui", "ui"])]
    reason = "no keep of rule 'old' holds it: latest 3 of 4 (2 kept)"
    delete = [{"id": number, "rule": "old", "reason": reason} for number in range(len(packages))]
    text = render(packages, {"delete": delete, "summary": {}})
    assert "- `old`, `number 3 of 4, newest first (2 kept)`: [`1.0`](<" + url + ">), [`1.0`](<" in text
    folded = text.split("<details>")[1:]
    assert len(folded) == 10
    for part in folded:
        summary = part.partition("<summary>")[2].partition("</summary>")[0]
        inside = summary.removeprefix("<code>").partition("</code>")[0]
        assert not set(inside.replace("<span>", "").replace("</span>", "")) & set("<>`|[]")
        links = [token for token in MarkdownIt("commonmark").parse(part.partition("</summary>")[2]) if token.children]
        hrefs = {
            child.attrGet("href") for token in links for child in token.children or [] if child.type == "link_open"
        }
        assert hrefs == {url}


def test_a_comparison_has_its_tables() -> None:
    made = build_report([package(1)], generated_at="2026-11-21T12:00:00Z", scope={"group": "acme"})
    pair = {"before": 3, "after": 1, "change": -2}
    name = {"project_path": "acme|x", "package_type": "npm", "name": "<gone>"}
    made["comparison"] = {
        "generated_at": "2026-10-21T12:00:00Z",
        "same_scope": True,
        "totals": {"packages": pair, "names": pair, "projects": pair},
        "by_project": {"total": 1, "rows": [{"project_path": "a|b", "state": "gone", "packages": pair}]},
        "new_names": {"total": 0, "rows": []},
        "vanished_names": {"total": 1, "rows": [name]},
        "history": [{"generated_at": "2026-10-21T12:00:00Z", "packages": n, "bytes": None} for n in range(3)],
    }
    text = render_markdown(made)
    assert "| Packages | 3 | 1 | \N{MINUS SIGN}2 |" in text
    assert "### Vanished names" in text
    assert "### New names" not in text
    assert "### Trend" in text
    for table in tables(text):
        assert len({len(row) for row in table}) == 1


def test_without_sizes_there_is_no_storage() -> None:
    text = render([package(1)])
    assert "Sizes were not asked for." in text
    assert "Storage" not in text
    assert "iB" not in text


def test_an_empty_registry() -> None:
    text = render([])
    assert text.count("There are no packages.") == 1
    assert "##" not in text


@PATIENT
@given(st.text(max_size=30))
@example("a@b.example|")
def test_the_entity_form_reads_back(name: str) -> None:
    written = code(f"{name}|")
    inside = written.removeprefix("<code>").removesuffix("</code>").replace("<span>&#64;</span>", "@")
    assert html.unescape(inside).replace("\u00a0", " ") == printable(f"{name}|")
