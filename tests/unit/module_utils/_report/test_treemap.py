# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The treemap: boxes as large as what they stand for, that neither overlap nor leave the map."""

from __future__ import annotations

import math
import re
import typing as t

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import Tally
from ansible_collections.registryops.gitlab.plugins.module_utils._report.storage_map import (
    NAMES,
    PROJECTS,
    NameTally,
    storage_map,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.treemap import (
    Box,
    Rect,
    squarify,
    treemap,
)


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=60), st.floats(50, 2000), st.floats(50, 2000))
def test_boxes_are_as_large_as_their_weights_and_fill_the_area(weights: list[int], width: float, height: float) -> None:
    weights.sort(reverse=True)
    rects = squarify(weights, Rect(3, 5, width, height))
    assert len(rects) == len(weights)
    for weight, rect in zip(weights, rects):
        area = width * height * weight / sum(weights)
        assert math.isclose(rect.width * rect.height, area, rel_tol=1e-6, abs_tol=1e-6 * width * height)
        assert rect.x >= 3 - 1e-6
        assert rect.y >= 5 - 1e-6
        assert rect.x + rect.width <= 3 + width + 1e-6 * width
        assert rect.y + rect.height <= 5 + height + 1e-6 * height
    large = [rect for rect in rects if rect.width > 1e-3 and rect.height > 1e-3]
    for index, one in enumerate(large):
        for other in large[index + 1 :]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert across <= 1e-6 * width or down <= 1e-6 * height


def test_equal_weights_make_squares() -> None:
    assert {(round(r.width), round(r.height)) for r in squarify([1] * 16, Rect(0, 0, 400, 400))} == {(100, 100)}


def name(project: int, text: str, size: int, deleted: int | None = None, kind: str = "npm") -> NameTally:
    tally, gone = Tally(), Tally()
    tally.add(size)
    if deleted:
        gone.add(deleted)
    return NameTally(project, f"acme/{project}", kind, text, tally, None if deleted is None else gone)


def weight(node: t.Mapping[str, t.Any]) -> int:
    return int(node["bytes"])


def test_the_largest_are_told_apart_and_the_rest_is_summed_up() -> None:
    names = [name(project, f"n{n}", 1000 * project + n, 1) for project in range(1, 60) for n in range(10)]
    made = storage_map(reversed(names), sized=True, planned=True)
    assert made == storage_map(names, sized=True, planned=True)
    assert [row["project_path"] for row in made["projects"]] == [f"acme/{n}" for n in range(59, 59 - PROJECTS, -1)]
    assert made["more"]["projects"] == 59 - PROJECTS
    assert sum(map(weight, [*made["projects"], made["more"]])) == sum(one.tally.known_bytes for one in names)
    shown = 0
    for project in made["projects"]:
        assert weight(project) == sum(map(weight, project["types"]))
        for of_type in project["types"]:
            parts = [*of_type["names"], *([of_type["more"]] if of_type["more"] else [])]
            assert weight(of_type) == sum(map(weight, parts))
            assert of_type["delete"]["packages"] == 10
            shown += len(of_type["names"])
    assert shown == NAMES


def test_without_sizes_packages_are_the_measure_and_without_a_plan_nothing_is_deleted() -> None:
    tally = Tally()
    tally.add(None)
    made = storage_map([NameTally(1, "acme/1", "npm", "ui", tally, None)], sized=False, planned=False)
    of_name = {"packages": 1, "bytes": None}
    of_type = {"package_type": "npm", **of_name, "names": [{"name": "ui", **of_name}], "more": None}
    project = {"project_id": 1, "project_path": "acme/1", **of_name, "types": [of_type]}
    assert made == {"measure": "packages", "projects": [project], "more": None}


def test_the_map_is_a_list_and_each_box_has_its_place_in_both_layouts() -> None:
    inside = [Box(4, "a", deleted=1), Box(2, "b", 'tip "', deleted=2)]
    html, css = treemap([Box(6, "<b>p</b>", boxes=inside), Box(2, "c"), Box(0, "d")], "Storage")
    idents = re.findall(r' id="([^"]+)"', html)
    assert idents == ["m-0", "m-0-0", "m-0-1", "m-1"]
    for ident in idents:
        assert len(re.findall(rf"#{ident}\{{left:", css)) == 2
    assert "#m-0-0{--cut:25.0%}#m-0-1{--cut:100.0%}" in css
    assert 'title="tip &quot;"' in html
    assert "d" not in re.sub(r"<[^>]*>", "", html)
    assert html.count("<ul") == html.count("</ul>") == 2
