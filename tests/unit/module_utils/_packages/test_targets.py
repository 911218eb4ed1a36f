# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of a delete mean; and that "not there" is proved."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.entries import (
    file_selectors_from,
    selectors_from,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.file_targets import find_files, read_files
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.origin import project_of
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selectors import (
    FileSelector,
    Selector,
    check_file_selector,
    check_selector,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.targets import find_targets
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import answer, scripted
from gitlab_sandbox.testing import Sandbox

NOTHING = {"id": None, "name": None, "version": None, "all_versions": False, "package_type": None, "packages": None}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "give either id, or name with version or all_versions"),
        ({"id": 1, "name": "ui"}, "give either id, or name with version or all_versions"),
        ({"id": 1, "version": "1"}, "id says it all: leave out version, all_versions and package_type"),
        ({"id": 1, "all_versions": True}, "id says it all: leave out version, all_versions and package_type"),
        ({"id": 0}, "id must be a positive number, not 0"),
        ({"name": ""}, "name must not be empty"),
        ({"name": "ui"}, "name 'ui' needs a version, or all_versions: true"),
        ({"name": "ui", "version": ""}, "name 'ui' needs a version, or all_versions: true"),
        ({"name": "ui", "version": "1", "all_versions": True}, "version and all_versions exclude each other"),
    ],
)
def test_words_that_do_not_say_what_is_meant(options: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        selectors_from({**NOTHING, **options})
    assert raised.value.message == sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "give either id, or name with version"),
        ({"name": "ui"}, "name 'ui' needs a version"),
        ({"id": 1, "version": "1"}, "id says it all: leave out version and package_type"),
    ],
)
def test_who_wants_one_package_never_hears_of_all_versions(options: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_selector(Selector(**options), one=True)
    assert raised.value.message == sentence


def test_an_id_may_be_a_text_of_digits_as_old_templates_make_it() -> None:
    params = {"packages": [{"id": "7"}, {"id": 8}]}
    assert [selector.id for selector in selectors_from(params)] == [7, 8]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({}, "give either id, or name with version or all_versions"),
        ({"name": "ui"}, "name 'ui' needs a version, or all_versions: true"),
        (
            {"name": "ui", "versions": "1"},
            "unknown key 'versions': there are id, name, version, all_versions, package_type",
        ),
        (
            {"name": "ui", "version": 1.1},
            "version must be a text, and YAML made a number of it (1.1): put it in quotes",
        ),
        ({"name": 7, "version": "1"}, "name must be a text, and YAML made a number of it (7): put it in quotes"),
        ({"name": "ui", "all_versions": "yes"}, "all_versions must be true or false"),
        ({"name": "ui", "version": "1", "package_type": "docker"}, "package_type 'docker' is none of maven, npm,"),
        ({"id": "7x"}, "id must be a number, not '7x'"),
        ({"id": 7.0}, "id must be a number, not 7.0"),
        ({"id": True}, "id must be a number, not True"),
        ({"id": -7}, "id must be a positive number, not -7"),
        ({"id": 7, "version": 1.1}, "version must be a text, and YAML made a number of it (1.1): put it in quotes"),
        ({"id": 7, "all_versions": True}, "id says it all: leave out all_versions"),
        ({"id": 7, "package_id": 1}, "with package_id it is a file, whose id is no package's: give it to package_file"),
        ({"id": 7, "file_name": "a"}, "with file_name it is a file, whose id is no package's"),
    ],
)
def test_entries_that_do_not_say_what_is_meant(entry: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        selectors_from({**NOTHING, "packages": [{"id": 1}, entry]})
    assert raised.value.message.startswith(f"packages[1]: {sentence}")


def test_a_fact_counts_by_its_id_and_must_be_what_it_says() -> None:
    fact = {"id": 7, "project_id": 42, "name": "ui", "version": None, "tags": [], "_links": {}, "package_type": "npm"}
    (selector,) = selectors_from({**NOTHING, "packages": [fact]})
    assert selector.id == 7
    assert selector.contradiction(fact) is None
    assert selector.contradiction({**fact, "name": "ui/1@_/_", "conan_package_name": "ui"}) is None
    for key, value in {"name": "uix", "version": "1", "package_type": "pypi"}.items():
        assert selector.contradiction({**fact, key: value}) == (
            f"packages[0]: id 7 is a package whose {key} is {value}, not {fact[key] or 'null'}"
        )


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({}, "give either id or file_name"),
        ({"id": 7}, "an id needs its package_id: give facts of package_file_info, or name, version and file_name"),
        ({"id": 7, "name": "ui", "version": "1"}, "an id needs its package_id"),
        ({"package_id": 7}, "give either id or file_name"),
        ({"package_id": 7, "id": True}, "id must be a number, not True"),
        ({"package_id": 0, "id": 1}, "package_id must be a positive number, not 0"),
        ({"package_id": 7, "file_name": 1.5}, "file_name must be a text, and YAML made a number of it (1.5)"),
        ({"name": "ui", "file_name": "a"}, "name 'ui' needs a version"),
        (
            {"name": "ui", "version": 1.5, "file_name": "a"},
            "version must be a text, and YAML made a number of it (1.5)",
        ),
        ({"name": "ui", "version": "1", "file": "a"}, "unknown key 'file': there are name, version, package_type,"),
        ({"name": "ui", "version": "1", "package_type": "x", "file_name": "a"}, "package_type 'x' is none of maven,"),
    ],
)
def test_entries_of_files_that_do_not_say_what_is_meant(entry: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        file_selectors_from({"duplicates": "fail", "files": [{"package_id": 1, "id": 1}, entry]})
    assert raised.value.message.startswith(f"files[1]: {sentence}")


@pytest.mark.parametrize(
    ("selector", "sentence"),
    [
        (FileSelector(Selector(1, version="1"), 1), "package_id says it all: leave out version and package_type"),
        (FileSelector(Selector(0), 1), "package_id must be a positive number, not 0"),
        (FileSelector(Selector(name="ui"), 1), "name 'ui' needs a version"),
        (FileSelector(Selector(1), 0), "id must be a positive number, not 0"),
        (FileSelector(Selector(1), file_name=""), "file_name must not be empty"),
        (FileSelector(Selector(1), 1, duplicates="all"), "duplicates goes with file_name: an id is one file"),
    ],
)
def test_files_that_are_not_said_clearly(selector: FileSelector, sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_file_selector(selector)
    assert raised.value.message == sentence


SEED: dict[str, t.Any] = {
    "users": [{"username": "mia", "tokens": [{"value": "glpat-mia"}]}],
    "projects": [
        {
            "path": "acme/shop",
            "id": 42,
            "members": {"mia": "maintainer"},
            "packages": [
                *({"name": f"p{i}", "version": "1", "id": 100 + i} for i in range(20)),
                {"name": "broken", "version": "1", "id": 200, "status": "error"},
                {"name": "broken", "version": "2", "id": 201, "status": "error"},
                {"name": "secret", "version": "1", "id": 202, "status": "hidden", "files": [{"id": 1}]},
                {"name": "busy", "version": "1", "id": 203, "status": "processing"},
                {"name": "going", "version": "1", "id": 204, "status": "pending_destruction"},
                {"name": "both", "version": "1", "id": 205, "package_type": "npm"},
                {"name": "both", "version": "1", "id": 206, "status": "error"},
                {"name": "mixed", "version": "1", "id": 207, "package_type": "npm"},
                {"name": "mixed", "version": "2", "id": 208, "package_type": "npm", "status": "hidden"},
                {"name": "files", "version": "1", "id": 209, "files": [{"id": 2, "file_name": "a"}]},
                {
                    "name": "copies",
                    "version": "1",
                    "id": 210,
                    "files": [
                        {"id": 10, "file_name": "a", "created_at": "2026-10-25T02:30:00.000Z"},
                        {"id": 11, "file_name": "a", "created_at": "2026-10-25T03:00:00.000Z"},
                    ],
                },
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[PackagesApi]:
    with Client(Connection(api_url=sandbox.url, token=Token("private", "glpat-mia"), retries=0)) as client:
        yield PackagesApi(client)


def found(api: PackagesApi, *selectors: Selector) -> list[tuple[int | None, str]]:
    """ID and result of each target; "to delete" for those that have none yet."""
    return [
        (target.item["id"], "to delete") if target.item else (target.result["id"], target.result["result"])
        for target in find_targets(api, 42, selectors)
        if target.item or target.result
    ]


FEW_OR_MANY = pytest.mark.parametrize("others", [0, 20], ids=["few", "many"])
STATES = {200: "to delete", 202: "not_deletable", 203: "not_deletable", 204: "already_absent", 999: "already_absent"}


@FEW_OR_MANY
def test_each_status_by_id(api: PackagesApi, others: int) -> None:
    more = [Selector(100 + i) for i in range(others)]
    states = list(STATES.items())
    expected = [*states, *((100 + i, "to delete") for i in range(others))]
    assert found(api, *(Selector(number) for number in STATES), *more) == expected


@FEW_OR_MANY
def test_each_status_by_name(api: PackagesApi, others: int) -> None:
    more = [Selector(name=f"p{i}", version="1") for i in range(others)]
    asked = [Selector(name=name, version="1") for name in ("broken", "secret", "busy", "going", "nobody")]
    assert found(api, *asked, *more)[:5] == [
        (200, "to delete"),
        (202, "not_deletable"),
        (203, "not_deletable"),
        (None, "already_absent"),
        (None, "already_absent"),
    ]


@FEW_OR_MANY
def test_a_package_that_is_meant_twice_is_one(api: PackagesApi, others: int) -> None:
    more = [Selector(100 + i) for i in range(1, others)]
    by_both = (Selector(100), Selector(name="p0", version="1"), Selector(name="p0", all_versions=True))
    assert found(api, *by_both, *more)[0:1] == [(100, "to delete")]
    assert len(found(api, *by_both, *more)) == 1 + len(more)
    # In status error: found by the list, and once more where IDs are looked for that E3 does not show.
    twice = (Selector(name="broken", version="1"), Selector(200), Selector(name="broken", version="2"), Selector(201))
    assert found(api, *twice, *more)[:2] == [(200, "to delete"), (201, "to delete")]


def test_ambiguity_counts_what_could_be_deleted(api: PackagesApi) -> None:
    with pytest.raises(InvalidInput, match=r"means 2 different packages: npm both 1 .id 205., generic both 1 .id 206."):
        found(api, Selector(name="both", version="1"))
    assert found(api, Selector(name="both", version="1", package_type="generic")) == [(206, "to delete")]
    assert found(api, Selector(name="mixed", all_versions=True)) == [(207, "to delete"), (208, "not_deletable")]


def test_a_package_of_another_project_is_not_there(api: PackagesApi) -> None:
    with (
        Sandbox(
            {**SEED, "projects": [*SEED["projects"], {"path": "acme/x", "id": 43, "members": {"mia": "owner"}}]}
        ) as s,
        Client(Connection(api_url=s.url, token=Token("private", "glpat-mia"))) as client,
    ):
        targets = find_targets(PackagesApi(client), 43, [Selector(100)])
    assert [target.result and target.result["result"] for target in targets] == ["already_absent"]


def test_what_an_entry_says_of_its_id_must_be_so(api: PackagesApi) -> None:
    for number, others in ((100, 0), (100, 20), (200, 0)):
        wrong = selectors_from(
            {"packages": [{"id": number, "name": "other"}, *({"id": 101 + i} for i in range(others))]}
        )
        with pytest.raises(InvalidInput, match=rf"packages\[0\]: id {number} is a package whose name is .*, not other"):
            find_targets(api, 42, wrong)


def test_facts_are_of_the_project_and_of_the_gitlab(api: PackagesApi) -> None:
    project = Scope("project", "42")
    server = api.client.api_url
    links = {"web_path": "/acme/shop/-/packages/100", "delete_api_path": f"{server}/projects/42/packages/100"}
    told = {"project_id": 42, "project_path": "acme/shop", "_links": links}
    entries = [{"id": 100, **told}, {"id": 101, "project_path": None}, {"name": "p1", "version": "1"}]
    assert project_of(api, project, entries, "packages") == 42
    assert project_of(api, project, [{"package_id": 100, "id": 1}], "files") == 42
    for wrong, sentence in (
        ({"project_id": 43}, r"packages\[1\]: it is of project 43, not of 42"),
        ({"project_path": "acme/other"}, r"packages\[1\]: it is of project 'acme/other', and this one is 'acme/shop'"),
        (
            {"_links": {**links, "delete_api_path": "https://other.example/api/v4/projects/42/packages/100"}},
            "of another",
        ),
        (
            {"_links": {"web_path": "/acme/old-shop/-/packages/100"}},
            "it is of project 'acme/old-shop', and this one is",
        ),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            project_of(api, project, [{"id": 101}, {"id": 100, **wrong}], "packages")


def test_files_of_what_is_hidden(api: PackagesApi) -> None:
    project = Scope("project", "42")
    for selector in (Selector(202), Selector(name="secret", version="1")):
        with pytest.raises(InvalidInput, match=r"its status is hidden: .* nor show its files"):
            read_files(api, project, selector, "id", "asc")
        targets = find_files(api, 42, [FileSelector(selector, 1)])
        assert [target.result and target.result["result"] for target in targets] == ["not_deletable"]
    assert read_files(api, project, Selector(999), "id", "asc") == []
    assert [file["id"] for file in read_files(api, project, Selector(209), "id", "asc")] == [2]


def test_many_files_of_many_packages(api: PackagesApi) -> None:
    entries = [
        {"package_id": 210, "id": 10, "file_name": "a", "size": 3},
        {"name": "copies", "version": "1", "file_name": "a"},
        {"package_id": 209, "file_name": "a"},
        {"package_id": 210, "file_name": "nothing"},
        {"package_id": 999, "id": 1},
    ]
    by_id, *named = (
        file_selectors_from({"duplicates": "fail", "files": [entries[0]]}),
        *file_selectors_from({"duplicates": "keep_latest", "files": entries[1:4]}),
    )
    targets = find_files(api, 42, [*by_id, *named, *file_selectors_from({"duplicates": "fail", "files": entries[4:]})])
    assert [target.item and (target.package["id"], target.item["id"]) for target in targets] == [(210, 10), None, None]
    results = [target.result or {} for target in targets[1:]]
    assert [(result["package_id"], result["id"], result["result"]) for result in results] == [
        (210, None, "already_absent"),
        (999, 1, "already_absent"),
    ]
    (wrong,) = file_selectors_from({"duplicates": "fail", "files": [{"package_id": 210, "id": 10, "file_name": "b"}]})
    with pytest.raises(InvalidInput, match=r"files\[0\]: id 10 is a file named a, not b. Nothing was deleted"):
        find_files(api, 42, [wrong])


@pytest.mark.parametrize(
    ("later", "deleted"),
    [
        # In the hour that comes twice, the later one has the smaller text.
        ("2026-10-25T02:10:00.000+01:00", [10]),
        ("2026-10-25T02:10:00.000+03:00", [11]),
    ],
)
def test_the_latest_is_so_by_time_and_not_by_text(later: str, deleted: list[int]) -> None:
    files = [
        {"id": 10, "file_name": "a", "created_at": "2026-10-25T02:30:00.000+02:00"},
        {"id": 11, "file_name": "a", "created_at": later},
    ]
    package = {"id": 7, "name": "ui", "version": "1", "package_type": "npm"}
    selector = FileSelector(Selector(7), file_name="a", duplicates="keep_latest")
    with (
        scripted(lambda request: answer(files if "/package_files" in request.target else package)) as server,
        server.client() as client,
    ):
        targets = find_files(PackagesApi(client), 42, [selector])
        assert [target.item and target.item["id"] for target in targets] == deleted
        files[0]["created_at"] = "soon"
        with pytest.raises(InvalidInput, match=r"which is the latest cannot be told\. Nothing was deleted"):
            find_files(PackagesApi(client), 42, [selector])
