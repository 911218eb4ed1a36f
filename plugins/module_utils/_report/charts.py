# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts of the HTML report as inline SVG.

Across, everything is in percent of the width, so that a chart fits a phone and a desktop and its text keeps its size;
downwards everything is in pixels. Colours are classes of the style sheet: the page's policy forbids style attributes.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence
from html import escape

PLOT_HEIGHT = 160
NARROW_PLOT, WIDE_PLOT = 230, 340
"""How wide a plot is at least on a phone and otherwise, in pixels; labels of months are chosen by it."""
CHARACTER = 8.5
"""What a character of a label takes, in pixels, with its share of the space around the label."""
YEARS_ONLY = 30
"""With more months than this only the years are written."""
_NICE = (1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400, 600, 800, 1000)


def meter(part: int | None, whole: int | None, label: str) -> str:
    """A bar as long as ``part`` of ``whole``; hidden from a screen reader, to whom the text beside it says all."""
    fraction = 100 * part / whole if part and whole else 0.0
    fill = f'<rect class="f-bar" width="{max(fraction, 0.6):.2f}%" height="10" rx="2"/>' if fraction else ""
    return f'<svg aria-hidden="true" focusable="false"><title>{escape(label)}</title>{fill}</svg>'


def split(delete: int, keep: int, *, height: int, title: str, description: str, hidden: bool = False) -> str:
    """One bar in two parts, deleted and kept, with a gap between them."""
    whole = delete + keep
    cut = 100 * delete / whole if whole else 0.0
    cut = min(max(cut, 0.6), 99.4) if delete and keep else cut
    parts = f'<rect class="f-track" width="100%" height="{height}" rx="3"/>' if not whole else ""
    if delete:
        parts += f'<rect class="f-delete" width="{cut - (0.2 if keep else 0):.2f}%" height="{height}" rx="3"/>'
    if keep:
        start = cut + (0.2 if delete else 0)
        parts += f'<rect class="f-keep" x="{start:.2f}%" width="{100 - start:.2f}%" height="{height}" rx="3"/>'
    role = 'aria-hidden="true" focusable="false"' if hidden else 'role="img"'
    return f"<svg {role}><title>{escape(title)}</title><desc>{escape(description)}</desc>{parts}</svg>"


def swatch(kind: str) -> str:
    """The small square of a legend."""
    return f'<svg aria-hidden="true" focusable="false"><rect class="f-{kind}" width="10" height="10" rx="2"/></svg>'


def columns(
    values: Sequence[int],
    months: Sequence[str],
    *,
    title: str,
    description: str,
    write: Callable[[int], str],
    binary: bool,
    gapless: bool = False,
    deleted: Sequence[int] | None = None,
) -> str:
    """A column for each month (``2026-01``) with three grid lines and the time below.

    ``write`` writes a value (for the axis and each column's title); ``binary`` rounds the axis to a binary unit.
    ``gapless`` draws a total that grows, as a stepped area. ``deleted`` are the parts of ``values`` that would be
    deleted: they stand on top of what is kept.
    """
    top = nice_top(max(values, default=0), binary=binary)
    step = 100 / max(len(values), 1)
    width, kind = (step, " area") if gapless else (step * 0.78, "")
    marks = "".join(
        f'<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>' for y in (0.5, PLOT_HEIGHT / 2, PLOT_HEIGHT - 0.5)
    )
    for index, (value, month) in enumerate(zip(values, months)):
        if not value:
            continue
        height = max(PLOT_HEIGHT * value / top, 1.5)
        # A hair wider than its place, or else the steps of an area show seams between them.
        across = min(width + 0.1, 100 - index * step) if gapless else width
        start = index * step + (step - width) / 2
        words = f"{month}: {write(value)}"
        parts = [("f-bar", height)]
        if deleted is not None:
            words += f", {write(deleted[index])} of it would be deleted"
            # What is kept lies on the whole, so that no seam shows between them.
            parts = [("f-delete", height), ("f-keep", height * (value - deleted[index]) / value)]
            parts = parts[1:] if not deleted[index] else parts
        for colour, part in parts:
            if part:
                marks += (
                    f'<rect class="{colour}{kind}" x="{start:.3f}%" width="{across:.3f}%" '
                    f'y="{PLOT_HEIGHT - part:.1f}" height="{part:.1f}"><title>{escape(words)}</title></rect>'
                )
    marks += "".join(_month_label(label) for label in month_labels(months))
    half = _tick(write(top // 2)) if top > 1 else ""
    ticks = f"<span>{_tick(write(top))}</span><span>{half}</span><span>0</span>"
    return (
        f'<div class="plot"><div class="ticks" aria-hidden="true">{ticks}</div>'
        f'<svg role="img"><title>{escape(title)}</title><desc>{escape(description)}</desc>{marks}</svg></div>'
    )


def _tick(text: str) -> str:
    return escape(text.replace(".0 ", " "))


def nice_top(highest: int, *, binary: bool) -> int:
    """The end of an axis: the next round value at or above ``highest`` (at least 1) whose half is round as well."""
    base, unit = (1024 if binary else 1000), 1
    while highest > 1000 * unit:
        unit *= base
    return next((step * unit for step in _NICE if step * unit >= highest), 1000 * unit)


class Label(t.NamedTuple):
    """A month below a chart: where (in percent), what, whether only where there is room, and how it is anchored."""

    place: float
    text: str
    wide_only: bool
    anchor: str

    def edges(self, width: int) -> tuple[float, float]:
        """Where it begins and ends in a plot of that width, in pixels and with some space around it."""
        size = CHARACTER * len(self.text)
        left = width * self.place / 100 - {"start": 0.0, "middle": size / 2, "end": size}[self.anchor]
        return left, left + size


def month_labels(months: Sequence[str]) -> list[Label]:
    """Labels that do not run together: of Januaries first, then Julies, then the other quarters while there is room."""
    count = len(months)
    chosen: list[Label] = []
    for number in ("01",) if count > YEARS_ONLY else ("01", "07", "04", "10"):
        for index, month in enumerate(months):
            if not month.endswith(f"-{number}"):
                continue
            text = month[:4] if count > YEARS_ONLY else month
            place = 100 * (index + 0.5) / count
            for width, wide_only in ((NARROW_PLOT, False), (WIDE_PLOT, True)):
                label = _label(place, text, wide_only)
                rivals = [other for other in chosen if wide_only or not other.wide_only]
                if not any(_collide(label, other, width) for other in rivals):
                    chosen.append(label)
                    break
    return sorted(chosen)


def _label(place: float, text: str, wide_only: bool) -> Label:
    """The label in the middle of its month, or within the plot where it would stick out of it."""
    label = Label(place, text, wide_only, "middle")
    left, right = label.edges(NARROW_PLOT)
    return label._replace(anchor="start" if left < 0 else "end" if right > NARROW_PLOT else "middle")


def _collide(one: Label, other: Label, width: int) -> bool:
    (left, right), (other_left, other_right) = one.edges(width), other.edges(width)
    return left < other_right and other_left < right


def _month_label(label: Label) -> str:
    kind = "axis wide-only" if label.wide_only else "axis"
    place = f'x="{label.place:.2f}%" y="{PLOT_HEIGHT + 17}" text-anchor="{label.anchor}"'
    return f'<text class="{kind}" {place}>{escape(label.text)}</text>'
