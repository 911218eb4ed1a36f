# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit report's numbers, from plain packages."""

from __future__ import annotations

import json
import random
import time
import typing as t

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.html import render_html
from ansible_collections.registryops.gitlab.plugins.module_utils._report.parts import TOP, TopList

NOW = "2026-11-21T12:00:00Z"
Json = dict[str, t.Any]


def package(number: int, **fields: t.Any) -> Json:
    return {
        "id": number,
        "project_id": 1,
        "project_path": "acme/shop",
        "package_type": "npm",
        "name": "ui",
        "version": f"1.0.{number}",
        "status": "default",
        "created_at": "2026-11-20T12:00:00.000Z",
        "last_downloaded_at": None,
        **fields,
    }


def file(number: int, size: int, name: str = "a.tgz", created_at: str = "2026-11-20T12:00:00.000Z") -> Json:
    return {"id": number, "file_name": name, "size": size, "created_at": created_at, "file_sha256": None}


def report(packages: t.Iterable[Json], plan: t.Any = None) -> Json:
    return build_report(packages, generated_at=NOW, scope={"group": "acme"}, plan=plan)


def plan_of(delete: list[Json], keep: list[Json] | None = None, **summary: t.Any) -> Json:
    plan = {"created_at": NOW, "digest": "sha256:0", "summary": summary, "delete": delete}
    return plan if keep is None else {**plan, "keep": keep}


def test_an_empty_registry_takes_no_bytes() -> None:
    made = report([])
    assert made["totals"] == {
        "packages": 0,
        "bytes": 0,
        "unsized": 0,
        "files": 0,
        "projects": 0,
        "names": 0,
        "never_downloaded": 0,
        "first_created_at": None,
        "last_created_at": None,
    }
    assert made["by_project"] == made["by_type"] == made["by_status"] == []
    assert len(made["by_month"]["rows"]) == 12
    assert made["plan"] is None


def test_without_files_no_size_is_known() -> None:
    made = report([package(1), package(2)])
    assert made["totals"]["bytes"] is None
    assert made["totals"]["files"] is None
    assert made["by_type"] == [{"package_type": "npm", "packages": 2, "bytes": None}]
    assert made["largest"] == {"total": 0, "rows": []}
    assert made["duplicates"] == {"total": None, "older_files": None, "older_bytes": None, "rows": []}


def test_a_package_without_files_shown_is_counted_as_unsized() -> None:
    made = report([package(1, files=[file(1, 100), file(2, 20, "b")]), package(2, files=None), package(3, files=[])])
    assert made["totals"]["bytes"] == 120
    assert made["totals"]["files"] == 2
    assert made["totals"]["unsized"] == 1


def test_counts_by_project_type_and_status_have_the_largest_first() -> None:
    made = report(
        [
            package(1, files=[file(1, 10)]),
            package(2, project_id=2, project_path="acme/app", package_type="pypi", files=[file(2, 30)]),
            package(3, project_id=2, project_path="acme/app", package_type="pypi", status="error", files=[file(3, 5)]),
        ]
    )
    assert made["by_project"] == [
        {"project_id": 2, "project_path": "acme/app", "names": 1, "packages": 2, "bytes": 35},
        {"project_id": 1, "project_path": "acme/shop", "names": 1, "packages": 1, "bytes": 10},
    ]
    assert [row["package_type"] for row in made["by_type"]] == ["pypi", "npm"]
    assert made["by_status"] == [
        {"status": "default", "packages": 2, "bytes": 40},
        {"status": "error", "packages": 1, "bytes": 5},
    ]
    assert made["broken"]["total"] == 1
    assert made["broken"]["bytes"] == 5
    assert made["broken"]["rows"][0]["id"] == 3


@pytest.mark.parametrize(
    ("created_at", "age"),
    [
        ("2026-11-21T12:00:00.000Z", "up to 7 days"),
        ("2026-11-14T12:00:00.000Z", "up to 7 days"),
        ("2026-11-14T11:59:59.999Z", "7 to 30 days"),
        ("2025-11-21T13:00:00+01:00", "180 days to 1 year"),
        ("2024-01-01T00:00:00Z", "over 2 years"),
        ("2027-01-01T00:00:00Z", "up to 7 days"),
        (None, "unknown"),
        ("soon", "unknown"),
    ],
)
def test_age_classes_count_their_border_as_within(created_at: str | None, age: str) -> None:
    rows = report([package(1, created_at=created_at)])["by_age"]
    assert [row["age"] for row in rows if row["packages"]] == [age]


def test_downloads_never_and_not_known_are_told_apart() -> None:
    old_server = package(2)
    del old_server["last_downloaded_at"]
    made = report([package(1), old_server, package(3, last_downloaded_at="2026-11-01T00:00:00Z")])
    rows = {row["last_download"]: row["packages"] for row in made["by_last_download"] if row["packages"]}
    assert rows == {"never": 1, "unknown": 1, "7 to 30 days": 1}
    assert made["totals"]["never_downloaded"] == 1


def test_stalest_are_idle_since_the_last_download_or_else_since_publishing() -> None:
    made = report(
        [
            package(1, created_at="2025-01-01T00:00:00Z", files=[file(1, 7)]),
            package(2, created_at="2020-01-01T00:00:00Z", last_downloaded_at="2026-11-01T00:00:00Z"),
            package(3, created_at="2020-01-01T00:00:00Z", last_downloaded_at="2024-01-01T00:00:00Z"),
            package(4),
        ]
    )
    assert made["stalest"]["days"] == 90
    assert made["stalest"]["total"] == 2
    assert made["stalest"]["bytes"] == 7
    assert [(row["id"], row["idle_days"]) for row in made["stalest"]["rows"]] == [(3, 1055), (1, 689)]


def test_months_are_without_gaps_and_add_up() -> None:
    made = report(
        [
            package(1, created_at="2025-08-31T23:59:59-02:00", files=[file(1, 1)]),
            package(2, created_at="2026-11-01T00:00:00Z", files=[file(2, 2)]),
        ]
    )
    rows = made["by_month"]["rows"]
    assert [row["month"] for row in rows][:5] == ["2025-09", "2025-10", "2025-11", "2025-12", "2026-01"]
    assert rows[-1] == {"month": "2026-11", "packages": 1, "bytes": 2, "total_packages": 2, "total_bytes": 3}
    assert made["by_month"]["before"] == {"packages": 0, "bytes": 0}


def test_months_of_long_ago_are_one_sum() -> None:
    made = report([package(1, created_at="2009-01-01T00:00:00Z"), package(2)])
    assert made["by_month"]["before"]["packages"] == 1
    assert len(made["by_month"]["rows"]) == 60
    assert made["by_month"]["rows"][-1]["total_packages"] == 2


def test_names_are_of_one_project_and_type_and_conan_recipes_go_together() -> None:
    conan = {"package_type": "conan", "conan_package_name": "zlib"}
    made = report(
        [
            package(1, name="zlib/1.2@acme/stable", **conan, files=[file(1, 5)]),
            package(2, name="zlib/1.3@acme/stable", **conan, files=[file(2, 5)]),
            package(3, name="big", files=[file(3, 100)]),
        ]
    )
    assert made["totals"]["names"] == 2
    assert [(row["name"], row["packages"]) for row in made["names_by_count"]["rows"]] == [
        ("zlib@acme/stable", 2),
        ("big", 1),
    ]
    assert [(row["name"], row["bytes"]) for row in made["names_by_bytes"]["rows"]] == [
        ("big", 100),
        ("zlib@acme/stable", 10),
    ]


def test_duplicates_are_all_but_the_newest_file_of_a_name() -> None:
    files = [
        file(3, 30, created_at="2026-01-03T00:00:00Z"),
        file(1, 10, created_at="2026-01-01T00:00:00Z"),
        file(2, 20, created_at="2026-01-01T00:00:00Z"),
        file(4, 1000, "other"),
    ]
    part = report([package(1, files=files)])["duplicates"]
    assert (part["total"], part["older_files"], part["older_bytes"]) == (1, 2, 30)
    assert (part["rows"][0]["file_name"], part["rows"][0]["copies"], part["rows"][0]["older_bytes"]) == ("a.tgz", 3, 30)


def test_a_package_that_comes_twice_counts_once() -> None:
    assert report([package(1), package(1)])["totals"]["packages"] == 1


def test_top_lists_are_bounded_and_say_how_many_there_are() -> None:
    made = report(package(number, name=f"n{number}", files=[file(number, number)]) for number in range(1, 301))
    for key in ("largest", "names_by_count", "names_by_bytes"):
        assert made[key]["total"] == 300
        assert len(made[key]["rows"]) == TOP
    assert [row["bytes"] for row in made["largest"]["rows"]] == list(range(300, 300 - TOP, -1))


def test_a_plan_is_counted_by_rule_project_and_type() -> None:
    packages = [package(number, files=[file(number, number)]) for number in (1, 2, 3, 4)]
    packages.append(package(5, project_id=2, project_path="acme/app", files=[file(5, 5)]))
    plan = plan_of(
        [
            {"id": 1, "rule": "old", "reason": "because"},
            {"id": 5, "rule": "old", "reason": "because"},
            {"id": 99, "rule": "old", "reason": "gone since"},
        ],
        [
            {"id": 2, "rule": "old", "reasons": ["latest 1 of 3"]},
            {"id": 3, "rule": None, "reasons": ["no rule matches"]},
            {"id": 4, "rule": None, "reasons": ["protected: name ui"]},
        ],
    )
    part = report(packages, plan)["plan"]
    assert part["delete"] == {"packages": 2, "bytes": 6}
    assert part["keep"] == {"packages": 3, "bytes": 9}
    assert part["not_listed"] == 1
    assert part["by_rule"] == [
        {"rule": "old", "delete": {"packages": 2, "bytes": 6}, "keep": {"packages": 1, "bytes": 2}}
    ]
    assert [(row["project_path"], row["delete"]["packages"]) for row in part["by_project"]] == [
        ("acme/app", 1),
        ("acme/shop", 1),
    ]
    assert part["by_type"] == [
        {"package_type": "npm", "delete": {"packages": 2, "bytes": 6}, "keep": {"packages": 3, "bytes": 9}}
    ]
    assert part["unmatched"]["packages"] == 1
    assert part["unmatched"]["bytes"] == 3
    assert part["unmatched"]["names"]["rows"][0]["name"] == "ui"
    assert [(row["id"], row["rule"], row["reason"]) for row in part["deletions"]["rows"]] == [
        (5, "old", "because"),
        (1, "old", "because"),
    ]


def test_a_plan_without_its_keeps_gives_the_counts_of_its_summary() -> None:
    by_rule = {"first": {"delete": 0, "keep": 0}, "old": {"delete": 1, "keep": 7}}
    plan = plan_of([{"id": 1, "rule": "old", "reason": "because"}], unmatched=4, by_rule=by_rule)
    part = report([package(1, files=[file(1, 1)]), package(2, files=[])], plan)["plan"]
    assert [row["rule"] for row in part["by_rule"]] == ["first", "old"]
    assert part["by_rule"][1]["keep"] == {"packages": 7, "bytes": None}
    assert part["unmatched"] == {"packages": 4, "bytes": None, "names": None}


def test_several_plans_are_taken_together() -> None:
    plans = [plan_of([{"id": number, "rule": "old", "reason": "r"}], unmatched=1) for number in (1, 2)]
    part = report([package(1), package(2), package(3)], plans)["plan"]
    assert part["delete"]["packages"] == 2
    assert part["unmatched"]["packages"] == 2
    assert len(part["plans"]) == 2


def test_what_is_protected_and_listed_is_counted_apart_from_what_no_rule_matches() -> None:
    packages = [package(number, files=[file(number, number)]) for number in range(1, 6)]
    reasons = {
        1: "protected by entry 1",
        2: "protected: its project path is not known, and entry 1 is protected",
        3: "used: sbom.json",
        4: "listed: keep.csv (LTS)",
        5: "no rule matches",
    }
    keep = [{"id": number, "rule": None, "reasons": [text]} for number, text in reasons.items()]
    part = report(packages, plan_of([], keep))["plan"]
    assert part["protected"] == {"packages": 2, "bytes": 3}
    assert part["listed"] == {"packages": 2, "bytes": 7}
    assert (part["unmatched"]["packages"], part["unmatched"]["bytes"]) == (1, 5)
    # A plan that does not explain what it keeps has its own counts.
    part = report(packages, plan_of([], protected=2, listed=0))["plan"]
    assert part["protected"] == {"packages": 2, "bytes": None}
    assert part["listed"] == {"packages": 0, "bytes": 0}


def test_months_tell_what_of_them_would_be_deleted() -> None:
    packages = [
        package(1, created_at="2026-10-05T00:00:00Z", files=[file(1, 1)]),
        package(2, created_at="2026-11-05T00:00:00Z", files=[file(2, 2)]),
        package(3, created_at="2026-11-05T00:00:00Z", files=[file(3, 4)]),
        package(4, created_at="2009-01-01T00:00:00Z", files=[file(4, 8)]),
    ]
    doomed = [{"id": number, "rule": "r", "reason": "x"} for number in (1, 2, 4)]
    months = report(packages, plan_of(doomed))["by_month"]
    assert months["before"] == {"packages": 1, "bytes": 8, "delete": {"packages": 1, "bytes": 8}}
    assert [row["delete"] for row in months["rows"][-2:]] == [{"packages": 1, "bytes": 1}, {"packages": 1, "bytes": 2}]
    assert months["rows"][-1]["total_delete"] == {"packages": 3, "bytes": 11}
    assert "delete" not in report(packages)["by_month"]["rows"][-1]


def test_deletes_by_name_have_their_newest_versions() -> None:
    packages = [
        package(number, name=f"n{number % 2}", created_at=f"2026-01-01T00:00:{number:02d}Z") for number in range(60)
    ]
    doomed = [{"id": n, "rule": "r", "reason": "no keep of rule 'r' holds it: old"} for n in range(0, 60, 2)]
    part = report(packages, plan_of([*doomed, {"id": 59, "rule": "r", "reason": "x"}]))["plan"]["deletions_by_name"]
    assert part["total"] == 2
    assert [(row["name"], row["packages"]) for row in part["rows"]] == [("n0", 30), ("n1", 1)]
    assert [one["id"] for one in part["rows"][0]["versions"]] == list(range(58, 18, -2))
    assert {one["reason"] for one in part["rows"][0]["versions"]} == {"old"}


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        build_report([], generated_at="yesterday", scope={})


numbers = st.integers(min_value=0, max_value=10**12)
times = st.one_of(
    st.none(), st.datetimes(timezones=st.just(None)).map(lambda moment: moment.isoformat() + "Z"), st.text(max_size=5)
)
files = st.one_of(
    st.none(),
    st.lists(st.builds(file, numbers, numbers, st.sampled_from(["a", "b"]), st.just(NOW)), max_size=4),
)


@st.composite
def registries(draw: st.DrawFn) -> list[Json]:
    return [
        package(
            number,
            project_id=(project := draw(st.integers(1, 3))),
            project_path=f"p{project}",
            package_type=draw(st.sampled_from(["npm", "conan", "maven"])),
            name=draw(st.text(max_size=8)),
            version=draw(st.one_of(st.none(), st.text(max_size=4))),
            status=draw(st.sampled_from(["default", "error", "deprecated"])),
            created_at=draw(times),
            last_downloaded_at=draw(times),
            files=draw(files),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(registries(), st.randoms(use_true_random=False), st.sets(st.integers(0, 12)))
def test_parts_add_up_whatever_the_order(packages: list[Json], shuffler: random.Random, doomed: set[int]) -> None:
    plan = plan_of([{"id": number, "rule": "r", "reason": "x"} for number in sorted(doomed)])
    made = report(packages, plan)
    mixed = list(packages)
    shuffler.shuffle(mixed)
    assert report(mixed, plan) == made
    assert json.loads(json.dumps(made)) == made
    for key in ("by_project", "by_type", "by_status", "by_age", "by_last_download"):
        assert sum(row["packages"] for row in made[key]) == len(packages)
        assert sum(row["bytes"] or 0 for row in made[key]) == (made["totals"]["bytes"] or 0)
    deleted = sum(one["id"] in doomed for one in packages)
    assert made["plan"]["delete"]["packages"] == deleted
    assert made["plan"]["keep"]["packages"] == len(packages) - deleted
    assert made["plan"]["not_listed"] == len(doomed) - deleted
    mapped = made["storage_map"]
    assert sum(row["packages"] for row in mapped["projects"]) == len(packages)
    assert sum(row["delete"]["packages"] for row in mapped["projects"]) == deleted
    by_name = made["plan"]["deletions_by_name"]["rows"]
    assert sum(row["packages"] for row in by_name) == sum(len(row["versions"]) for row in by_name) == deleted


@PATIENT
@given(st.lists(st.integers()), st.integers(1, 5))
def test_a_top_list_is_the_start_of_the_sorted_whole(values: list[int], limit: int) -> None:
    top = TopList(limit)
    for place, value in enumerate(values):
        top.add((value, place), value)
    assert top.values() == sorted(values)[:limit]
    assert top.total == len(values)


def test_a_hundred_thousand_packages_take_seconds() -> None:
    packages = [
        package(
            number,
            project_id=number % 300,
            project_path=f"acme/{number % 300}",
            name=f"name-{number % 5000}",
            created_at=f"20{10 + number % 16}-{number % 12 + 1:02d}-{number % 28 + 1:02d}T00:00:00.000Z",
            files=[file(number, number), file(number + 1, 5)],
        )
        for number in range(100_000)
    ]
    plan = plan_of([{"id": number, "rule": "r", "reason": "x"} for number in range(0, 100_000, 2)])
    began = time.process_time()
    made = report(packages, plan)
    assert time.process_time() - began < 15
    assert made["plan"]["delete"]["packages"] == 50_000
    # However much there is, the page holds so much of it that a browser opens it at once.
    assert len(render_html(made)) < 2_000_000
