# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages on retention say is what the code does: every example, every policy, every refusal."""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import jsonschema
import pytest
import yaml

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import PACKAGE_TYPES
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.decide import DELETE, decide
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_rules import (
    files_to_delete,
    governing_file_rule,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import (
    FILE_KEEPS,
    KEEP_KEYS,
    MATCH_KEYS,
    ORDER_BY,
    PER,
    POLICY_KEYS,
    RULE_KEYS,
    PolicyError,
    validate_policy,
)

Json = dict[str, t.Any]

DOCS = Path(__file__).parents[4] / "docs"
RETENTION = (DOCS / "retention.md").read_text(encoding="utf-8")
PAGES = ("retention.md", "cookbook.md", "safety.md", "pipeline.md", "plan.md")
SCHEMA = json.loads((DOCS / "schemas" / "policy.schema.json").read_text(encoding="utf-8"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(t.NamedTuple):
    """One marked example: its heading, the policy, and the rows of its table."""

    heading: str
    policy: Json
    rows: list[dict[str, str]]


def table(text: str) -> list[dict[str, str]]:
    """The first Markdown table of a text."""
    lines = re.search(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert lines, "an example without a table"
    header, _rule, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines.group().splitlines()]
    assert all(len(row) == len(header) for row in rows)
    return [dict(zip(header, row)) for row in rows]


def examples(page: str, mark: str = "<!-- example -->") -> list[Example]:
    found = []
    for part in page.split(mark)[1:]:
        heading = re.findall(r"^#+ (.*)$", page[: page.index(part)], re.MULTILINE)[-1]
        fence = FENCE.search(part)
        assert fence
        found.append(Example(heading, yaml.safe_load(fence.group(2)), table(part)))
    return found


def moment(page: str) -> datetime:
    """The time that a page takes for now."""
    match = re.search(r"In all\s+examples\s+it\s+is\s+(\d+-\d+-\d+ \d+:\d+) UTC", page)
    assert match
    return datetime.fromisoformat(match.group(1)).replace(tzinfo=timezone.utc)


def package(number: int, row: dict[str, str]) -> Json:
    """A package as GitLab lists it, from a row; the first row has the highest ID."""

    def iso(text: str) -> str | None:
        return None if text == "never" else f"{text.replace(' ', 'T')}:00.000Z"

    project = row.get("project", "acme/shop")
    return {
        "id": number,
        "project_id": sum(project.encode()),
        "project_path": project,
        "name": row.get("name", "app"),
        "version": None if row["version"] == "none" else row["version"],
        "package_type": row.get("type", "generic"),
        "status": row.get("status", "default"),
        "created_at": iso(row["created"]),
        "last_downloaded_at": iso(row.get("downloaded", "never")),
        "tags": row["tags"].split() if row.get("tags") else [],
        "pipeline": {"ref": row["ref"]} if row.get("ref") else None,
    }


def published(number: int, row: dict[str, str]) -> tuple[int, datetime] | None:
    """When a package of a row was last published, where its files are read."""
    if not row.get("newest file"):
        return None
    return number, datetime.fromisoformat(row["newest file"]).replace(tzinfo=timezone.utc)


def told(example: Example, now: datetime) -> list[tuple[str, str]]:
    """Decision and reason of each row, as a plan says it."""
    packages = [package(1000 - number, row) for number, row in enumerate(example.rows)]
    files = dict(filter(None, (published(1000 - number, row) for number, row in enumerate(example.rows))))
    decided = decide(packages, validate_policy(example.policy), now, published=files)
    decisions = {d.package["id"]: d for d in decided}
    found = []
    for one in packages:
        decision = decisions[one["id"]]
        if decision.action == DELETE:
            assert decision.reason is not None
            reason = decision.reason.removeprefix(f"no keep of rule '{decision.rule}' holds it: ")
            found.append(("delete", reason))
        else:
            found.append(("keep", "; ".join(decision.reasons)))
    return found


EXAMPLES = [
    (page, example) for page in ("retention.md", "cookbook.md") for example in examples((DOCS / page).read_text())
]


@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=[f"{page}: {e.heading}" for page, e in EXAMPLES])
def test_an_example_is_what_the_code_decides(page: str, example: Example) -> None:
    now = moment((DOCS / page).read_text(encoding="utf-8"))
    assert told(example, now) == [(row["decision"], row["why"]) for row in example.rows]


FILE_EXAMPLES = [
    (page, example)
    for page in ("retention.md", "cookbook.md")
    for example in examples((DOCS / page).read_text(encoding="utf-8"), "<!-- example of files -->")
]


@pytest.mark.parametrize(("page", "example"), FILE_EXAMPLES, ids=[f"{page}: {e.heading}" for page, e in FILE_EXAMPLES])
def test_an_example_of_files_is_what_the_code_decides(page: str, example: Example) -> None:
    """All rows of a table are files of one package; the first has the highest ID."""
    policy = validate_policy(example.policy)
    of_package = package(1, {"created": "2026-01-01 08:00", **example.rows[0]})
    (decision,) = decide([of_package], policy, moment((DOCS / page).read_text(encoding="utf-8")))
    rule = governing_file_rule(decision, policy)
    assert rule is not None
    files = [
        {"id": 1000 - number, "file_name": row["file"], "created_at": row["uploaded"].replace(" ", "T") + ":00.000Z"}
        for number, row in enumerate(example.rows)
    ]
    told = {file["id"]: reason.partition("holds it: ")[2] for file, reason in files_to_delete(of_package, files, rule)}
    said = [("delete", told[file["id"]]) if file["id"] in told else ("keep", "") for file in files]
    assert said == [(row["decision"], row["why"]) for row in example.rows]


def test_there_is_an_example_for_each_keep_of_files() -> None:
    of_keeps = [example for page, example in FILE_EXAMPLES if page == "retention.md"]
    assert {key for example in of_keeps for rule in example.policy["files"] for key in rule} >= {*FILE_KEEPS}
    for example in of_keeps:
        assert {row["decision"] for row in example.rows} == {"keep", "delete"}, example.heading


def test_there_is_an_example_for_each_keep() -> None:
    of_keeps = [example for page, example in EXAMPLES if page == "retention.md"]
    for key in (*KEEP_KEYS, "delete_all"):
        assert any(
            key in rule and len({"order_by", "per", *KEEP_KEYS, "delete_all"} & set(rule)) == 1
            for example in of_keeps
            for rule in example.policy["rules"]
        ), key
    rules = [rule for example in of_keeps for rule in example.policy["rules"]]
    assert any(rule.get("order_by") == "version" for rule in rules)
    assert {rule["per"] for rule in rules if "per" in rule} == set(PER) - {"name"}
    assert {key for rule in rules for key in rule.get("match", ())} >= {"prerelease", "versionless", "ref", "exclude"}
    assert any(example.policy.get("keep_at_least") for example in of_keeps)
    for example in of_keeps:
        assert {row["decision"] for row in example.rows} == {"keep", "delete"}, example.heading


def test_every_key_and_type_is_in_the_reference() -> None:
    words = set(re.findall(r"`([\w]+)`", RETENTION))
    assert {*POLICY_KEYS, *RULE_KEYS, *MATCH_KEYS, *ORDER_BY, *PER, *PACKAGE_TYPES} <= words


def policies(page: str) -> list[Json]:
    """Every policy on a page: alone in a fence, or in a task or a variable of one."""
    found = []
    for language, text in FENCE.findall((DOCS / page).read_text(encoding="utf-8")):
        if language == "yaml":
            found += list(_policies_in(yaml.safe_load(text)))
    return found


def _policies_in(value: t.Any) -> t.Iterator[Json]:
    if isinstance(value, dict):
        # A CI file has rules too, but those are no policy: its jobs have scripts.
        if isinstance(value.get("rules"), list) and not {"script", "stage"} & set(value):
            yield value
        for entry in value.values():
            yield from _policies_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _policies_in(entry)


@pytest.mark.parametrize("page", PAGES)
def test_every_policy_on_the_pages_is_valid(page: str) -> None:
    found = policies(page)
    for policy in found:
        validate_policy(policy)
        jsonschema.Draft202012Validator(SCHEMA).validate(policy)
    assert found or page in ("safety.md", "pipeline.md", "plan.md")


def test_the_refusals_are_the_codes_words() -> None:
    section = RETENTION.split("## What is refused")[1].split("\n## ")[0]
    fence = FENCE.search(section)
    assert fence
    wrong: list[Json] = [
        {"name": "old", "keep_lastest": 3},
        {"name": "old"},
        {"name": "old", "keep_latest": 0},
        {"name": "old", "match": {"package_type": "mvn"}, "keep_latest": 1},
    ]
    said = []
    for rule in wrong:
        with pytest.raises(PolicyError) as caught:
            validate_policy({"rules": [rule]})
        said.append(str(caught.value))
    assert fence.group(2).splitlines() == said


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", (DOCS / page).read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (DOCS / target.partition("#")[0]).exists(), target
