# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.places import (
    in_words,
    places_of,
    scope_of,
    title,
)

ONE = {"project": "acme/shop", "project_id": 42}
TWO = {"project": "acme/tools", "project_id": 43}
GROUP = {"group": "acme", "group_id": 7, "exclude_subgroups": False}


def test_one_place_is_its_own_scope() -> None:
    assert scope_of([ONE]) == ONE
    assert places_of(ONE) == [ONE]
    assert (title(ONE), in_words(ONE)) == ("acme/shop", "project 'acme/shop' with the ID 42")


def test_many_stand_by_their_kind() -> None:
    scope = scope_of([GROUP, ONE, TWO])
    assert scope == {"projects": [ONE, TWO], "groups": [GROUP]}
    assert places_of(scope) == [ONE, TWO, GROUP]
    assert title(scope) == "2 projects and 1 group (acme/shop, acme/tools, acme)"
    assert title({"packages": 3}) == "3 packages that were given"
