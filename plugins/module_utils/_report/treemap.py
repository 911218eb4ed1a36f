# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The treemap of the HTML report: boxes as large as what they stand for, in a list that is read without seeing it.

The boxes are elements with text, laid out by rules of the page's style sheet: one layout for a wide window and for
paper, one for a phone. Across they are in percent, downwards in pixels.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

HEADING = 22.0
"""The height of a project's heading in its box, in pixels."""
_HEADED = (70.0, 60.0)
"""A project whose box is smaller than this has no heading."""
_ONE_LINE, _TWO_LINES = (46.0, 20.0), (46.0, 38.0)
"""What one and two lines of text take."""


class Rect(t.NamedTuple):
    """Where a box lies, in pixels of a window of the layout's size."""

    x: float
    y: float
    width: float
    height: float


class Layout(t.NamedTuple):
    """The size of the whole map in pixels, and the condition under which it holds."""

    width: float
    height: float
    media: str


LAYOUTS = (Layout(950, 420, ""), Layout(330, 460, "@media screen and (max-width:56rem)"))
MARKS = "wn"
"""A letter for each layout, for the classes of boxes that are too small for their text in it."""


@dataclass(frozen=True)
class Box:
    """A box: its weight, how much of that would be deleted (None: no plan), its text as safe HTML, the boxes in it.

    A box with others in it shows its ``html`` above them; ``title`` is plain text.
    """

    weight: int
    html: str
    title: str = ""
    deleted: int | None = None
    boxes: Sequence[Box] = field(default=())


def squarify(weights: Sequence[float], area: Rect) -> list[Rect]:
    """Rectangles for weights (all above zero, the largest first) that fill ``area`` and are as square as they can be.

    Bruls, Huizing and van Wijk, "Squarified treemaps" (2000).
    """
    total = sum(weights)
    scale = area.width * area.height / total if total else 0.0
    sizes = [weight * scale for weight in weights]
    rects: list[Rect] = []
    start = 0
    while start < len(sizes):
        side = min(area.width, area.height)
        end, row = start + 1, sizes[start]
        while end < len(sizes) and _worst(sizes[start], sizes[end], row + sizes[end], side) <= _worst(
            sizes[start], sizes[end - 1], row, side
        ):
            row += sizes[end]
            end += 1
        strip = min(row / side, max(area.width, area.height)) if side else 0.0
        upright = area.width >= area.height
        offset = 0.0
        for size in sizes[start:end]:
            # A part of the side, so that what rounding leaves of a thin strip does not make a box longer than it.
            length = side * size / row if row else 0.0
            x, y = (area.x, area.y + offset) if upright else (area.x + offset, area.y)
            rects.append(Rect(x, y, strip, length) if upright else Rect(x, y, length, strip))
            offset += length
        if upright:
            area = Rect(area.x + strip, area.y, max(area.width - strip, 0.0), area.height)
        else:
            area = Rect(area.x, area.y + strip, area.width, max(area.height - strip, 0.0))
        start = end
    return rects


def _worst(largest: float, smallest: float, row: float, side: float) -> float:
    """The worst ratio of sides in a row of boxes."""
    if not row or not side or not smallest:
        return float("inf")
    return max(side * side * largest / (row * row), row * row / (side * side * smallest))


def treemap(boxes: Sequence[Box], label: str) -> tuple[str, str]:
    """The map as HTML, and the rules that lay it out; a box without weight is in the list, and takes no place."""
    whole = Box(0, "", boxes=boxes)
    places = [dict(_places(whole, Rect(0, 0, layout.width, layout.height), "m")) for layout in LAYOUTS]
    html = f'<ul class="map" aria-label="{escape(label)}">{_items(whole, places, "m")}</ul>'
    rules = []
    for layout, placed in zip(LAYOUTS, places):
        lines = "".join(
            f"#{ident}{{left:{100 * r.x / layout.width:.3f}%;top:{r.y:.1f}px;"
            f"width:{100 * r.width / layout.width:.3f}%;height:{r.height:.1f}px}}"
            for ident, r in placed.items()
        )
        lines = f".map{{height:{layout.height:.0f}px}}{lines}"
        rules.append(f"{layout.media}{{{lines}}}" if layout.media else lines)
    shares = "".join(f"#{ident}{{--cut:{100 * share:.1f}%}}" for ident, share in _shares(whole, "m"))
    return html, "\n".join([*rules, shares])


def _drawn(box: Box) -> list[Box]:
    return sorted((inner for inner in box.boxes if inner.weight > 0), key=lambda inner: -inner.weight)


def _places(box: Box, area: Rect, ident: str) -> Iterator[tuple[str, Rect]]:
    inside = _drawn(box)
    for number, (inner, rect) in enumerate(zip(inside, squarify([one.weight for one in inside], area))):
        name = f"{ident}-{number}"
        if not inner.boxes:
            yield name, rect
            continue
        headed = rect.width >= _HEADED[0] and rect.height >= _HEADED[1] and inner.html
        if headed:
            yield name, Rect(rect.x, rect.y, rect.width, HEADING)
            rect = Rect(rect.x, rect.y + HEADING, rect.width, rect.height - HEADING)
        else:
            yield name, Rect(rect.x, rect.y, 0, 0)
        yield from _places(inner, rect, name)


def _shares(box: Box, ident: str) -> Iterator[tuple[str, float]]:
    for number, inner in enumerate(_drawn(box)):
        if inner.boxes:
            yield from _shares(inner, f"{ident}-{number}")
        elif inner.deleted:
            # A share that is there is seen, and so is one that is not.
            share = inner.deleted / inner.weight
            yield f"{ident}-{number}", min(max(share, 0.03), 0.97) if share < 1 else 1.0


def _items(box: Box, places: Sequence[dict[str, Rect]], ident: str) -> str:
    items = []
    for number, inner in enumerate(_drawn(box)):
        name = f"{ident}-{number}"
        title = f' title="{escape(inner.title)}"' if inner.title else ""
        rects = [placed[name] for placed in places]
        if inner.boxes:
            kind = "head" + "".join(f" gone-{mark}" for mark, rect in zip(MARKS, rects) if not rect.width)
            inside = _items(inner, places, name)
            items.append(f'<li><div class="{kind}" id="{name}"{title}>{inner.html}</div><ul>{inside}</ul></li>')
            continue
        kind = "box" if inner.deleted is None else "box planned"
        for mark, rect in zip(MARKS, rects):
            lines = 2 - (not _fits(rect, _TWO_LINES)) - (not _fits(rect, _ONE_LINE))
            kind += f" l{lines}-{mark}"
        items.append(f'<li class="{kind}" id="{name}"{title}>{inner.html}</li>')
    return "".join(items)


def _fits(rect: Rect, size: tuple[float, float]) -> bool:
    return rect.width >= size[0] and rect.height >= size[1]
