# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report as a browser shows it: on a phone and a desktop, in light and dark, without a network."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from devtools import Browser, Page
from registry import HOSTILE, NOW, packages, plan, written

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import human_bytes, number
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.compare import compare
from ansible_collections.registryops.gitlab.plugins.module_utils._report.earlier import read_earlier
from ansible_collections.registryops.gitlab.plugins.module_utils._report.html import render_html
from ansible_collections.registryops.gitlab.plugins.module_utils._report.names import names_document, names_of

KINDS = ("full", "no plan", "no sizes", "one package", "empty")
WINDOWS = [(360, 740), (1280, 800)]
SCHEMES = ["light", "dark"]
Json = dict[str, t.Any]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    sized, unsized = packages(), packages(sizes=False)
    contents = {
        "full": (sized, plan(sized)),
        "no plan": (sized, None),
        "no sizes": (unsized, plan(unsized)),
        "one package": (sized[:1], None),
        "empty": ([], None),
    }
    scope = {"group": "acme", "api_url": "https://gitlab.example.com"}
    made = {
        kind: build_report(listed, generated_at=written(NOW), scope=scope, plan=planned)
        for kind, (listed, planned) in contents.items()
    }
    path = tmp_path_factory.mktemp("earlier") / "report.json"
    names = names_of(sized)
    before = build_report(sized[:-700], generated_at=written(NOW - timedelta(days=30)), scope=scope)
    path.write_text(json.dumps({**before, "all_names": names_document(names_of(sized[:-700]))}))
    made["full"]["comparison"] = compare(made["full"], names, read_earlier(str(path)))
    return made


@pytest.fixture(scope="module")
def pages(reports: dict[str, Json], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    paths = {kind: folder / f"{kind.replace(' ', '-')}.html" for kind in reports}
    for kind, path in paths.items():
        path.write_text(render_html(reports[kind]), encoding="utf-8")
    return paths


@pytest.fixture(params=WINDOWS, ids=["phone", "desktop"])
def window(request: pytest.FixtureRequest) -> tuple[int, int]:
    return t.cast("tuple[int, int]", request.param)


@pytest.fixture(params=SCHEMES)
def page(browser: Browser, window: tuple[int, int], request: pytest.FixtureRequest) -> Iterator[Page]:
    opened = Page(browser, width=window[0], height=window[1], scheme=request.param)
    yield opened
    opened.close()


@pytest.fixture
def full(page: Page, pages: dict[str, Path]) -> Page:
    """The full report, on a phone with all its sections open."""
    page.open(pages["full"].as_uri())
    open_all(page)
    return page


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('.closed h2 button').forEach((button) => button.click())")


def complaints(page: Page) -> list[Json]:
    """Console messages, exceptions and breaches of the page's policy."""
    events = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Audits.issueAdded")
    return [event for name in events for event in page.happened(name)]


@pytest.mark.parametrize("kind", KINDS)
def test_it_opens_fits_and_asks_nobody(page: Page, pages: dict[str, Path], kind: str) -> None:
    page.open(pages[kind].as_uri())
    assert complaints(page) == []
    requests = [event["request"]["url"] for event in page.happened("Network.requestWillBeSent")]
    assert requests == [pages[kind].as_uri()]
    assert page.evaluate("document.title") == "Package registry audit: acme"
    assert page.evaluate("document.querySelector('main').clientWidth > 0.6 * innerWidth")
    assert page.evaluate("document.querySelectorAll('bdi script, bdi img, bdi style').length") == 0
    assert page.evaluate(
        "[document.documentElement.scrollWidth <= innerWidth, document.body.scrollWidth <= innerWidth]"
    ) == [True, True]


# The boxes of the map cut off their own text, and have a test of their own.
STICKING_OUT = """
(() => [...document.querySelectorAll('main *, header *, dl *')]
  .filter((e) => !e.closest('details:not([open])') && !e.closest('.map') && e.getClientRects().length)
  .filter((e) => { const r = e.getBoundingClientRect(); return r.left < -0.5 || r.right > innerWidth + 0.5; })
  .map((e) => e.outerHTML.slice(0, 120)))()
"""
CUT_OFF = """
(() => [...document.querySelectorAll('.panel, td, th, .figures div, .ticks span')]
  .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML.slice(0, 120)))()
"""
OVERLAPPING = """
(() => [...document.querySelectorAll('.plot svg')].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll('text')].map((e) => e.getBoundingClientRect()).filter((r) => r.width);
  const frame = svg.getBoundingClientRect();
  const out = boxes.filter((r) => r.left < frame.left - 1 || r.right > frame.right + 1 || r.bottom > frame.bottom + 1);
  const sorted = boxes.sort((a, b) => a.left - b.left);
  return [...out, ...sorted.slice(1).filter((r, i) => r.left < sorted[i].right + 2)].map((r) => [r.left, r.right]);
}))()
"""


def test_nothing_sticks_out_is_cut_off_or_overlaps(full: Page) -> None:
    full.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    for script in (STICKING_OUT, CUT_OFF, OVERLAPPING):
        assert full.evaluate(script) == []


@pytest.mark.parametrize("width", [320, 600, 768, 896, 920, 1024, 1151, 1153, 1920])
def test_widths_between_fit_too(browser: Browser, pages: dict[str, Path], width: int) -> None:
    page = Page(browser, width=width, height=900, scheme="light")
    page.open(pages["full"].as_uri())
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for script in (STICKING_OUT, CUT_OFF, OVERLAPPING):
        assert page.evaluate(script) == []
    page.close()


def test_paper_is_light_and_nothing_is_cut_off(browser: Browser, pages: dict[str, Path]) -> None:
    page = Page(browser, width=688, height=970, scheme="dark")
    page.open(pages["full"].as_uri())
    page.media("dark", "print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 37, 48)"
    for script in (STICKING_OUT, CUT_OFF, OVERLAPPING):
        assert page.evaluate(script) == []
    assert page.pdf().startswith(b"%PDF")
    page.close()


def test_light_and_dark_differ(browser: Browser, pages: dict[str, Path]) -> None:
    colours = set()
    for scheme in SCHEMES:
        page = Page(browser, width=1280, height=800, scheme=scheme)
        page.open(pages["full"].as_uri())
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert colours == {"rgb(246, 247, 249)", "rgb(18, 22, 27)"}


def test_the_numbers_are_those_of_the_json_report(full: Page, reports: dict[str, Json]) -> None:
    report = json.loads(json.dumps(reports["full"]))
    assert json.loads(full.evaluate("document.getElementById('report-data').textContent")) == report
    shown = full.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-figure]')]"
        ".map((e) => [e.dataset.figure, e.innerText]))"
    )
    assert shown == {
        "packages": number(report["totals"]["packages"]),
        "bytes": human_bytes(report["totals"]["bytes"]),
        "names": number(report["totals"]["names"]),
        "never_downloaded": number(report["totals"]["never_downloaded"]),
        "delete": number(report["plan"]["delete"]["packages"]),
        "freed": human_bytes(report["plan"]["delete"]["bytes"]),
        "broken": number(report["broken"]["total"]),
        "duplicates": human_bytes(report["duplicates"]["older_bytes"]),
    }
    for section, key, label in (
        ("By project", "by_project", "project_path"),
        ("By type", "by_type", "package_type"),
        ("By status", "by_status", "status"),
    ):
        assert cells(full, "where", section)[: len(report[key])] == [
            [printable(row[label]), str(row["bytes"]), str(row["packages"])] for row in report[key]
        ]
    rules = report["plan"]["by_rule"]
    assert cells(full, "plan", "By rule", 4) == [
        [row["rule"], str(row["delete"]["packages"]), str(row["delete"]["bytes"]), str(row["keep"]["packages"])]
        for row in rules
    ]
    assert [row[0] for row in cells(full, "largest", "Packages by storage")] == [
        printable(row["name"]) for row in report["largest"]["rows"]
    ]


def cells(page: Page, section: str, caption: str, columns: int = 3) -> list[list[str]]:
    """The first columns of a table: what each cell sorts by, which for numbers is the exact number."""
    tables = f"[...document.querySelectorAll('#{section} table')]"
    table = f"{tables}.find((e) => e.caption.textContent.startsWith('{caption}'))"
    return t.cast(
        "list[list[str]]",
        page.evaluate(
            f"[...{table}.tBodies[0].rows].map((row) => [...row.cells].slice(0, {columns})"
            ".map((cell) => cell.dataset.sort ?? cell.textContent))"
        ),
    )


def test_hostile_names_are_shown_as_text(full: Page) -> None:
    names = full.evaluate("[...document.querySelectorAll('bdi')].map((e) => e.textContent)")
    for name in HOSTILE:
        assert printable(name) in names


NAMES = "document.querySelector('#names table')"
SIZES = f"[...{NAMES}.tBodies[0].rows].map((row) => Number(row.cells[4].dataset.sort))"
TEXTS = f"[...{NAMES}.tBodies[0].rows].map((row) => row.cells[0].textContent)"


def heads(page: Page) -> list[str | None]:
    return t.cast(
        "list[str | None]", page.evaluate(f"[...{NAMES}.tHead.rows[0].cells].map((e) => e.getAttribute('aria-sort'))")
    )


def test_a_click_sorts(full: Page) -> None:
    assert heads(full) == [None, None, None, "descending", None, None]
    button = f"{NAMES}.tHead.rows[0].cells[4].querySelector('button')"
    full.click(button)
    sizes = full.evaluate(SIZES)
    assert sizes == sorted(sizes, reverse=True)
    assert heads(full) == [None, None, None, None, "descending", None]
    full.click(button)
    assert full.evaluate(SIZES) == sorted(sizes)
    assert heads(full)[4] == "ascending"
    assert complaints(full) == []


def test_the_keyboard_sorts(full: Page) -> None:
    button = f"{NAMES}.tHead.rows[0].cells[0].querySelector('button')"
    full.evaluate(f"{button}.focus()")
    full.press("Enter")
    assert heads(full)[0] == "ascending"
    texts = full.evaluate(TEXTS)
    full.press(" ")
    assert heads(full)[0] == "descending"
    assert full.evaluate(TEXTS) == texts[::-1]
    full.press("Tab")
    assert full.evaluate(f"document.activeElement === {NAMES}.tHead.rows[0].cells[1].querySelector('button')")


def test_long_tables_are_folded_and_unfold(full: Page, window: tuple[int, int]) -> None:
    table = "document.querySelector('#largest table')"
    visible = f"[...{table}.tBodies[0].rows].filter((row) => row.getClientRects().length).length"
    assert full.evaluate(visible) == (5 if window[0] < 500 else 10)
    full.click(f"{table}.nextElementSibling")
    assert full.evaluate(visible) == 50
    assert full.evaluate(f"{table}.nextElementSibling.getAttribute('aria-expanded')") == "true"


def test_all_can_be_read_without_script(page: Page, pages: dict[str, Path]) -> None:
    page.without_script()
    page.open(pages["full"].as_uri())
    rows = "[...document.querySelectorAll('#largest tbody tr')]"
    assert page.evaluate(f"{rows}.filter((row) => row.getClientRects().length).length") == 50
    assert page.evaluate("document.querySelectorAll('button').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_contents_lead_to_the_sections(full: Page) -> None:
    links = full.evaluate("[...document.querySelectorAll('nav a')].map((e) => e.hash)")
    assert len(links) == 14
    full.click("document.querySelector('nav a[href=\"#growth\"]')")
    assert full.evaluate("location.hash") == "#growth"
    assert full.evaluate("Math.abs(document.getElementById('growth').getBoundingClientRect().top) < 40")


VISIBLE = "(e) => e.checkVisibility()"
FILTER = "document.querySelector('.filter input')"
STATUS = "document.querySelector('[role=status]').textContent"


def test_the_filter_shows_what_matches_and_says_how_much(full: Page) -> None:
    full.evaluate(f"{FILTER}.focus()")
    full.type("Billing-CORE 4.22-")
    shown = full.evaluate(
        f"[...document.querySelectorAll('main tbody tr')].filter({VISIBLE}).map((e) => e.textContent)"
    )
    assert shown
    assert all("4.22-" in text for text in shown)
    # The version stands in a name that was not open.
    assert full.evaluate("document.querySelectorAll('.groups details[open]').length") == 1
    found = full.evaluate(STATUS)
    assert found in ("1 row of this page matches", f"{len(shown)} rows of this page match")
    assert full.evaluate("document.querySelector('.filter label').textContent") == "Filter the lists"
    full.type(" nothing like it")
    assert full.evaluate(STATUS) == "No row of this page matches"
    assert full.evaluate(f"[...document.querySelectorAll('main > section')].filter({VISIBLE}).length") == 0
    full.press("Escape")
    assert full.evaluate(f"[{FILTER}.value, {STATUS}]") == ["", ""]
    assert full.evaluate("document.querySelectorAll('.miss, .groups details[open]').length") == 0
    assert complaints(full) == []


def test_a_phone_shows_the_first_sections_and_opens_the_others_by_their_headings(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = Page(browser, width=400, height=800, scheme="light")
    page.open(pages["full"].as_uri())
    assert page.evaluate("document.documentElement.scrollHeight") < 8000
    shown = f"[...document.querySelectorAll('main > section')].filter((e) => ({VISIBLE})(e.lastElementChild))"
    assert page.evaluate(f"{shown}.map((e) => e.id)") == ["plan", "deletions", "past", "storage"]
    button = "document.querySelector('#names h2 button')"
    assert page.evaluate(f"{button}.getAttribute('aria-expanded')") == "false"
    page.evaluate(f"{button}.focus()")
    page.press("Enter")
    assert page.evaluate(f"{button}.getAttribute('aria-expanded')") == "true"
    assert page.evaluate(f"{shown}.map((e) => e.id)")[-1] == "names"
    page.click("document.querySelector('nav a[href=\"#broken\"]')")
    assert page.evaluate(f"{shown}.map((e) => e.id)")[-1] == "broken"
    page.media("light", "print")
    assert page.evaluate(f"{shown}.length") == page.evaluate("document.querySelectorAll('main > section').length")
    page.close()


def test_a_name_opens_to_its_versions(full: Page) -> None:
    versions = f"[...document.querySelectorAll('.groups li:first-child tbody tr')].filter({VISIBLE}).length"
    assert full.evaluate(versions) == 0
    full.evaluate("document.querySelector('.groups summary').focus()")
    full.press("Enter")
    assert full.evaluate(versions) == 20


def test_the_map_shows_each_box_in_its_place_and_reads_as_a_list(full: Page, reports: dict[str, Json]) -> None:
    boxes = "[...document.querySelectorAll('.map .box')]"
    mapped = reports["full"]["storage_map"]["projects"]
    sizes = [name["bytes"] for project in mapped for of_type in project["types"] for name in of_type["names"]]
    areas = full.evaluate(
        f"{boxes}.map((e) => e.getBoundingClientRect()).map((r) => r.width * r.height).sort((a, b) => b - a)"
    )
    assert len(areas) == len([size for size in sizes if size])
    # The headings of projects take some of the place.
    assert areas[0] / sum(areas) == pytest.approx(max(sizes) / sum(sizes), rel=0.1)
    outside = """(() => { const m = document.querySelector('.map').getBoundingClientRect();
      return [...document.querySelectorAll('.map .box')].map((e) => e.getBoundingClientRect()).filter((r) =>
        r.left < m.left - 1 || r.right > m.right + 1 || r.top < m.top - 1 || r.bottom > m.bottom + 1).length;
    })()"""
    assert full.evaluate(outside) == 0
    text = full.evaluate("document.querySelector('.map').textContent")
    assert "com/acme/billing-core maven · 17.9 GiB, 94 % of it would be deleted" in text
    assert (
        full.evaluate("document.querySelector('.map').getAttribute('aria-label')")
        == "Storage by project, type and name"
    )


def test_packages_link_to_gitlab(full: Page) -> None:
    links = full.evaluate("[...document.querySelectorAll('main a[href]')].map((e) => e.href)")
    assert links
    assert all(link.startswith("https://gitlab.example.com/acme/") for link in links)
    assert full.evaluate("document.querySelectorAll('#broken a').length") == 0
