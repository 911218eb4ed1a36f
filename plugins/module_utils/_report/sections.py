# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the HTML report: each is made from the report, or left out where it has nothing to say."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_files import file_deletions
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_governance import (
    findings,
    governance,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_growth import growth
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_lists import (
    broken,
    duplicates,
    largest,
    names,
    stalest,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_map import storage
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_parts import Row, Section
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_past import past
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_plan import deletions, plan, unmatched
from ansible_collections.registryops.gitlab.plugins.module_utils._report.section_stock import age, where


def sections(report: Row) -> list[Section]:
    """The sections that this report has something for, in the order of the page."""
    makers: tuple[Callable[[Row], Section | None], ...] = (
        findings,
        plan,
        deletions,
        past,
        storage,
        file_deletions,
        unmatched,
        where,
        age,
        growth,
        names,
        largest,
        stalest,
        broken,
        duplicates,
        governance,
    )
    return [section for maker in makers if (section := maker(report)) is not None]
