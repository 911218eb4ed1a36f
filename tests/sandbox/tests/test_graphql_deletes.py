# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GraphQL: destroyPackages and destroyPackageFiles (contract of the registries, section F)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

NOT_AVAILABLE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)
PACKAGES = "mutation($ids: [PackagesPackageID!]!) { destroyPackages(input: {ids: $ids}) { errors } }"
FILES = (
    "mutation($path: ID!, $ids: [PackagesPackageFileID!]!)"
    " { destroyPackageFiles(input: {projectPath: $path, ids: $ids}) { errors } }"
)
LEVEL = "minimum_access_level_for_delete"
STATUSES = ["default", "hidden", "processing", "error", "pending_destruction", "deprecated"]
DONE = {"data": {"destroyPackages": {"errors": []}}}
FILES_DONE = {"data": {"destroyPackageFiles": {"errors": []}}}


def protected(pattern: str, level: str = "owner") -> dict[str, Any]:
    """Rules that keep all but some from deleting."""
    return {"protection_rules": [{"package_name_pattern": pattern, "package_type": "generic", LEVEL: level}]}


# What each test's own project holds: a number of packages, p-1, p-2 …, each with a file; and its other fields.
SHOPS: dict[str, tuple[int, dict[str, Any]]] = {
    "several": (3, {}),
    "hundred": (101, {}),
    "statuses": (6, {}),
    "protected": (30, protected("p-*2")),
    "all protected": (1, protected("*", "admin")),
    "private next door": (42, {}),
    "public next door": (42, {}),
    "one protected": (21, protected("p-1")),
    "developer": (2, protected("p-1")),
    "nobody": (2, {}),
    "archived": (1, {"archived": True}),
    "off": (1, {"package_registry": "disabled"}),
    "aliases": (2, {}),
    "precondition": (1, {}),
    "twice": (1, {}),
    "files": (3, {}),
    "hundred files": (101, {}),
    "foreign files": (1, {}),
    "protected files": (2, protected("p-1")),
}


@dataclass
class Shop:
    """One of them. Its packages, and their files, are numbered from ``first`` on."""

    id: int
    path: str
    count: int

    @property
    def first(self) -> int:
        return self.id * 1000 + 1

    def numbers(self, *places: int) -> list[int]:
        """The IDs of some packages, or files, by their places from 1."""
        return [self.first + place - 1 for place in places or range(1, self.count + 1)]

    def left(self, api: Any, **params: Any) -> list[int]:
        """The places of the packages that are listed."""
        found: list[int] = []
        for page in (1, 2):
            found += api.ids(f"/projects/{self.id}/packages", page=page, order_by="created_at", **params)
        return sorted(number - self.first + 1 for number in found)

    def files_left(self, api: Any) -> list[int]:
        """The places of the files that are listed."""
        return [
            file - self.first + 1
            for number in self.numbers()
            for file in api.ids(f"/projects/{self.id}/packages/{number}/package_files")
        ]


def shop(name: str) -> Shop:
    number = list(SHOPS).index(name) + 1
    return Shop(number, f"acme/{name.replace(' ', '-')}", SHOPS[name][0])


def _packages(name: str) -> list[dict[str, Any]]:
    found = [
        {"id": number, "name": f"p-{place}", "files": [{"id": number}]}
        for place, number in enumerate(shop(name).numbers(), start=1)
    ]
    if name == "statuses":
        for package, status in zip(found, STATUSES):
            package["status"] = status
    return found


SEED: dict[str, Any] = {
    "users": [
        {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
        {"username": "olga", "tokens": [{"value": "glpat-olga"}]},
        {"username": "mia", "tokens": [{"value": "glpat-mia"}]},
        {"username": "sam", "tokens": [{"value": "glpat-sam"}]},
    ],
    "groups": [{"path": "acme", "members": {"olga": "owner", "mia": "maintainer", "sam": "developer"}}],
    "projects": [
        # The one before and the one after all others, by ID: mia may delete in neither.
        {"path": "other/secret", "id": 98, "packages": [{"id": 1, "name": "secret", "files": [{"id": 1}]}]},
        {"path": "open/tool", "id": 99, "visibility": "public", "packages": [{"id": 99_001, "name": "tool"}]},
        *(
            {"path": shop(name).path, "id": shop(name).id, "packages": _packages(name), **SHOPS[name][1]}
            for name in SHOPS
        ),
    ],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SEED) as running:
        yield running


@pytest.fixture(scope="module")
def olga(sandbox: Sandbox, client: Callable[..., Any]) -> Any:
    """An owner."""
    return client(sandbox, "glpat-olga")


def _answer(response: Any) -> dict[str, Any]:
    """The body of an answer that is 200 whatever it says; the places of errors in the query are there, and left out."""
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    for error in body.get("errors", []):
        assert error.pop("locations")
    return body


def destroy(api: Any, packages: list[int], **options: Any) -> dict[str, Any]:
    """The answer of destroyPackages."""
    ids = [f"gid://gitlab/Packages::Package/{number}" for number in packages]
    return _answer(api.graphql(PACKAGES, {"ids": ids}, **options))


def destroy_files(api: Any, path: str, files: list[int]) -> dict[str, Any]:
    """The answer of destroyPackageFiles."""
    ids = [f"gid://gitlab/Packages::PackageFile/{number}" for number in files]
    return _answer(api.graphql(FILES, {"path": path, "ids": ids}))


def refused(field: str, message: str = NOT_AVAILABLE) -> dict[str, Any]:
    return {"data": {field: None}, "errors": [{"message": message, "path": [field]}]}


# destroyPackages


def test_marks_packages_of_any_projects_pending_destruction(mia: Any) -> None:
    one, two = shop("several"), shop("twice")
    assert destroy(mia, [*one.numbers(1, 3), *two.numbers()]) == DONE
    assert one.left(mia) == [2]
    assert one.left(mia, status="pending_destruction") == [1, 3]
    assert two.left(mia) == []


def test_up_to_100_in_one_request(mia: Any) -> None:
    own = shop("hundred")
    assert destroy(mia, own.numbers()) == refused("destroyPackages", "Cannot delete more than 100 packages")
    assert len(own.left(mia)) == 101
    assert destroy(mia, own.numbers()[:100]) == DONE
    assert own.left(mia) == [101]


def test_ids_that_are_not_displayable_or_not_there_are_left_out_without_a_word(mia: Any) -> None:
    own = shop("statuses")
    assert destroy(mia, [*own.numbers(), 999_999, 10**17]) == DONE
    assert own.left(mia) == []
    # Of the six, those of status default, error and deprecated joined the one that was pending.
    assert own.left(mia, status="pending_destruction") == [1, 4, 5, 6]
    assert (own.left(mia, status="hidden"), own.left(mia, status="processing")) == ([2], [3])


def test_protected_packages_are_left_out_and_told_by_their_names(mia: Any, olga: Any) -> None:
    own = shop("protected")
    assert destroy(mia, own.numbers()) == {
        "data": {"destroyPackages": {"errors": [f"Package 'p-{n}' is deletion protected." for n in (2, 12, 22)]}}
    }
    assert own.left(mia) == [2, 12, 22]
    assert destroy(olga, own.numbers(2, 12, 22)) == DONE


@pytest.mark.parametrize(("name", "foreign"), [("private next door", 1), ("public next door", 99_001)])
def test_one_that_the_caller_may_not_delete_refuses_its_batch_and_those_after_it(
    mia: Any, name: str, foreign: int
) -> None:
    # Visible or not. Batches of 20 go by ID, whatever the order in the request.
    own = shop(name)
    assert destroy(mia, [*reversed(own.numbers()), foreign]) == refused("destroyPackages")
    # The first of all refuses everything; the last one, its batch.
    assert own.left(mia) == (list(range(1, 43)) if foreign == 1 else [41, 42])


def test_protected_ones_do_not_fill_batches(mia: Any) -> None:
    own = shop("one protected")
    assert destroy(mia, [*own.numbers(), 99_001]) == refused("destroyPackages")
    assert own.left(mia) == [1]


@pytest.mark.parametrize(("name", "token"), [("developer", "glpat-sam"), ("nobody", "")])
def test_below_maintainer_all_is_refused(
    sandbox: Sandbox, client: Callable[..., Any], mia: Any, name: str, token: str
) -> None:
    own = shop(name)
    assert destroy(client(sandbox, token), own.numbers()) == refused("destroyPackages")
    assert own.left(mia) == [1, 2]


@pytest.mark.parametrize("name", ["archived", "off"])
def test_archived_projects_and_those_without_registry_refuse(olga: Any, root: Any, name: str) -> None:
    for api in (olga, root):
        assert destroy(api, shop(name).numbers()) == refused("destroyPackages")


def test_one_destroy_packages_a_request(mia: Any) -> None:
    own = shop("aliases")
    one, two = (f"gid://gitlab/Packages::Package/{number}" for number in own.numbers())
    query = (
        f'mutation {{ a: destroyPackages(input: {{ids: ["{one}"]}}) {{ errors }}'
        f' b: destroyPackages(input: {{ids: ["{two}"]}}) {{ errors }} }}'
    )
    assert _answer(mia.graphql(query)) == {
        "data": {"a": {"errors": []}, "b": None},
        "errors": [
            {"message": '"destroyPackages" field can be requested only for 1 Mutation(s) at a time.', "path": ["b"]}
        ],
    }
    assert own.left(mia) == [2]


def test_no_precondition(mia: Any) -> None:
    own = shop("precondition")
    since = {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
    # An ID that comes twice is one package, and one that is gone is not displayable.
    assert destroy(mia, own.numbers() * 2, headers=since) == DONE
    assert destroy(mia, own.numbers()) == DONE
    assert own.left(mia) == []


def test_client_mutation_id_comes_back(mia: Any) -> None:
    query = 'mutation { destroyPackages(input: {ids: [], clientMutationId: "x"}) { clientMutationId errors } }'
    assert _answer(mia.graphql(query)) == {"data": {"destroyPackages": {"clientMutationId": "x", "errors": []}}}


# destroyPackageFiles


def test_marks_files_of_one_project(mia: Any) -> None:
    own = shop("files")
    assert destroy_files(mia, own.path, [*own.numbers(1, 3), 999_999]) == FILES_DONE
    assert own.files_left(mia) == [2]
    assert own.left(mia) == [1, 2, 3]


def test_up_to_100_files(mia: Any) -> None:
    own = shop("hundred files")
    assert destroy_files(mia, own.path, own.numbers()) == refused(
        "destroyPackageFiles", "Cannot delete more than 100 files"
    )
    assert destroy_files(mia, own.path, own.numbers()[:100]) == FILES_DONE
    assert own.files_left(mia) == [101]


def test_files_of_other_projects_refuse_all(root: Any) -> None:
    own = shop("foreign files")
    for files in ([*own.numbers(), 1], [999_999], []):
        assert destroy_files(root, own.path, files) == refused(
            "destroyPackageFiles", "All files must be in the requested project"
        )
    assert own.files_left(root) == [1]


@pytest.mark.parametrize(
    ("token", "path"),
    [
        ("glpat-sam", "acme/foreign-files"),
        ("", "acme/foreign-files"),
        ("glpat-mia", "other/secret"),
        ("glpat-mia", "open/tool"),
        ("glpat-mia", "acme/archived"),
        ("glpat-mia", "no/where"),
    ],
)
def test_projects_that_the_caller_may_not_delete_from(
    sandbox: Sandbox, client: Callable[..., Any], root: Any, token: str, path: str
) -> None:
    own = shop("foreign files")
    assert destroy_files(client(sandbox, token), path, own.numbers()) == refused("destroyPackageFiles")
    assert own.files_left(root) == [1]


def test_files_of_protected_packages_are_left_and_told(mia: Any) -> None:
    own = shop("protected files")
    assert destroy_files(mia, own.path, own.numbers()) == {
        "data": {"destroyPackageFiles": {"errors": ["Package 'p-1' is deletion protected."]}}
    }
    assert own.files_left(mia) == [1]


# Other servers


def test_max_bulk_and_a_server_with_the_flag_off(client: Callable[..., Any]) -> None:
    with Sandbox({**SEED, "instance": {"delete_protection": False}}, max_bulk=30) as running:
        _check_older(client(running, "glpat-mia"), 30)


def test_16_1_takes_20_and_asks_no_rules(client: Callable[..., Any]) -> None:
    with Sandbox(SEED, gitlab_version="16.1") as running:
        _check_older(client(running, "glpat-mia"), 20)


def _check_older(api: Any, most: int) -> None:
    own, one = shop("protected"), shop("all protected")
    assert destroy(api, [*own.numbers()[:most], *one.numbers()]) == refused(
        "destroyPackages", f"Cannot delete more than {most} packages"
    )
    assert destroy(api, own.numbers()[:most]) == DONE
    assert own.left(api) == list(range(most + 1, 31))
    assert destroy(api, one.numbers()) == DONE
    files = shop("protected files")
    assert destroy_files(api, files.path, files.numbers()) == FILES_DONE
