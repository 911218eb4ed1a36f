# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit report as one HTML file: nothing is loaded from anywhere, and names from the registry are text only."""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t
from collections.abc import Mapping, Sequence
from html import escape

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, number, share
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import day, minute
from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import scope_title
from ansible_collections.registryops.gitlab.plugins.module_utils._report.script import SCRIPT
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import Section, sized
from ansible_collections.registryops.gitlab.plugins.module_utils._report.sections import sections
from ansible_collections.registryops.gitlab.plugins.module_utils._report.style import STYLE
from ansible_collections.registryops.gitlab.plugins.module_utils._report.table import bytes_html, name_html

Row = Mapping[str, t.Any]


def render_html(report: Row) -> str:
    """The report of ``build.build_report`` as a whole page; write it as UTF-8."""
    parts = sections(report)
    title = scope_title(report["scope"])
    style = "\n".join([STYLE, *(part.css for part in parts if part.css)])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(f'Package registry audit: {title}' if title else 'Package registry audit')}</title>\n"
        f"<style>{style}</style>\n</head>\n<body>\n"
        f'<div class="page">\n{_head(report, title)}\n{_figures(report)}\n'
        f'<div class="body">\n{_contents(parts)}\n<main>\n{_body(parts)}\n{_foot(report)}\n</main>\n</div>\n</div>\n'
        f'<script type="application/json" id="report-data">{_data(report)}</script>\n'
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _policy(style: str) -> str:
    """Nothing may be loaded, sent or framed; only the page's own style sheet and script may run."""
    return (
        f"default-src 'none'; style-src 'sha256-{_hash(style)}'; script-src 'sha256-{_hash(SCRIPT)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(report: Row) -> str:
    """The report as JSON that cannot end its script element, whatever a name holds."""
    text = json.dumps(report, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _head(report: Row, title: str) -> str:
    scope = report["scope"]
    where = f"{name_html(scope['api_url'])} · " if scope.get("api_url") else ""
    heading = name_html(title) if title else "All packages"
    return (
        f'<header>\n<p class="eyebrow">Package registry audit</p>\n<h1>{heading}</h1>\n'
        f'<p class="meta">{where}{escape(minute(report["generated_at"]))}</p>\n'
        f'<p class="headline">{escape(report["headline"])}</p>\n</header>'
    )


def _figures(report: Row) -> str:
    totals, plan = report["totals"], report["plan"]
    cards = [_figure("packages", "Packages", number(totals["packages"]), _span(totals))]
    if sized(report):
        files = counted(totals["files"], "file")
        unsized = f", without {counted(totals['unsized'], 'package')}" if totals["unsized"] else ""
        cards.append(_figure("bytes", "Storage", bytes_html(totals["bytes"]), f"{files}{unsized}"))
    else:
        cards.append(_figure("bytes", "Storage", "–", "sizes were not asked for"))
    cards.append(_figure("names", "Names", number(totals["names"]), f"in {counted(totals['projects'], 'project')}"))
    never = share(totals["never_downloaded"], totals["packages"])
    note = f"{never} of packages" if totals["packages"] else ""
    cards.append(_figure("never_downloaded", "Never downloaded", number(totals["never_downloaded"]), note))
    if plan is not None:
        note = f"{share(plan['delete']['packages'], totals['packages'])} of packages" if totals["packages"] else ""
        cards.append(_figure("delete", "Would be deleted", number(plan["delete"]["packages"]), note, "delete"))
        if sized(report):
            note = f"{share(plan['delete']['bytes'], totals['bytes'])} of storage" if totals["bytes"] else ""
            cards.append(_figure("freed", "Would be freed", bytes_html(plan["delete"]["bytes"]), note, "delete"))
    cards.append(_figure("broken", "Broken uploads", number(report["broken"]["total"]), "status error"))
    duplicates = report["duplicates"]
    if duplicates["total"] is not None:
        value = bytes_html(duplicates["older_bytes"])
        note = counted(duplicates["older_files"], "older copy", "older copies")
        cards.append(_figure("duplicates", "In duplicate files", value, note))
    return f'<dl class="figures of-{len(cards)}">\n{"".join(cards)}</dl>'


def _figure(key: str, label: str, value: str, note: str = "", kind: str = "") -> str:
    css = f' class="{kind}"' if kind else ""
    small = f'<dd class="note">{escape(note)}</dd>' if note else ""
    return f'<div{css}><dt>{escape(label)}</dt><dd data-figure="{key}">{value}</dd>{small}</div>\n'


def _span(totals: Row) -> str:
    return "" if totals["first_created_at"] is None else f"since {day(totals['first_created_at'])}"


def _contents(parts: Sequence[Section]) -> str:
    if not parts:
        return ""
    links = "".join(f'<li><a href="#{part.ident}">{escape(part.title)}</a></li>' for part in parts)
    about = '<li><a href="#about">About the numbers</a></li>'
    # The script puts its filter box in here.
    return f'<div class="side"><nav aria-label="Contents"><ul>{links}{about}</ul></nav></div>'


def _body(parts: Sequence[Section]) -> str:
    if not parts:
        return '<section><div class="panel"><p>There are no packages here.</p></div></section>'
    return "\n".join(
        f'<section id="{part.ident}" aria-labelledby="{part.ident}-title"><h2 id="{part.ident}-title">'
        f"{escape(part.title)}</h2>{f'<p>{escape(part.lead)}</p>' if part.lead else ''}{part.html}</section>"
        for part in parts
    )


def _foot(report: Row) -> str:
    lines = [
        "Sizes are the sums of the package files that GitLab lists, in binary units (1 KiB is 1,024 bytes); point at a "
        "size for the exact number. Days and months are UTC.",
        "A name is one name of one type in one project. Characters that do not print stand as codes such as \\u202e.",
    ]
    if not sized(report):
        lines[0] = "Sizes were not asked for, so that shares are shares of packages. Days and months are UTC."
    plan = report["plan"]
    for one in plan["plans"] if plan is not None else ():
        made = f"The plan was made {minute(one['created_at'])}" if one.get("created_at") else "The plan"
        digest = f", {printable(str(one['digest']))}" if one.get("digest") else ""
        lines.append(f"{made}{digest}.")
    notes = "".join(f'<p class="n">{escape(line)}</p>' for line in lines)
    return f'<footer id="about"><h2>About the numbers</h2>{notes}</footer>'
