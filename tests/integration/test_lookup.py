# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup `packages`: the same facts as `package_info`, on the controller."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

BIG = 10_010


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    tools = [package("@acme/ui", "0.9.0", "npm", id=50), package("tool", "2", id=51, tags=["stable"])]
    registry = seed(
        package("@acme/ui", "1.10.0", "npm", id=1),
        package("@acme/ui", "1.9.0", "npm", id=2),
        package("@acme/ui", "1.10.0-rc.1", "npm", id=3),
        package("@acme/ui-kit", "9.0.0", "npm", id=4),
        package("zlib/1.9@acme/stable", "1.9", "conan", id=5),
        package("zlib/1.10@acme/stable", "1.10", "conan", id=6),
        package("bare", None, id=7),
        package("vpc/aws", "1.0.0", "terraform_module", id=8),
        package("wip", "1", status="error", id=9),
        package("secret", "1", status="hidden", id=10),
        projects=[
            {"path": "acme/tools", "id": 43, "packages": tools},
            {"path": "acme/big", "id": 44, "generate": [{"count": BIG, "name": "app-{i % 9}"}]},
        ],
    )
    with Sandbox(registry) as running:
        yield running


@pytest.fixture
def ask(playbook: t.Any) -> t.Callable[..., t.Any]:
    """Evaluate expressions in one process: ``ask(sandbox, "query('packages', …)", …)``; a failure gives its message.

    ``packages`` stands for the lookup's full name.
    """

    def run(sandbox: Sandbox, *expressions: str, **options: t.Any) -> list[t.Any]:
        tasks = [
            {
                "ansible.builtin.set_fact": {
                    "found": "{{ " + text.replace("'packages'", "'registryops.gitlab.packages'") + " }}"
                }
            }
            for text in expressions
        ]
        results = playbook(sandbox, *tasks, **options).results
        return [result["msg"] if result["failed"] else result["ansible_facts"]["found"] for result in results]

    return run


@pytest.mark.core
def test_selections(sandbox: Sandbox, ask: t.Any) -> None:
    shop = "query('packages', 'acme/web/shop', field='id'"
    expected: dict[str, t.Any] = {
        f"{shop})": [1, 2, 3, 4, 5, 6, 8, 9],
        f"{shop}, include_versionless=true)": [1, 2, 3, 4, 5, 6, 7, 8, 9],
        f"{shop}, status=['hidden'])": [10],
        f"{shop}, status=['all'], name='secret')": [10],
        f"{shop}, name='@acme/ui')": [1, 2, 3],
        f"{shop}, name='@acme/ui', version='1.9.0')": [2],
        f"{shop}, name='zlib')": [5, 6],
        f"{shop}, name_search='UI')": [1, 2, 3, 4],
        f"{shop}, package_type=['terraform_module', 'generic'])": [8, 9],
        f"{shop}, name='nobody', allow_empty=true)": [],
        f"{shop}, name_search='nobody')": [],
        f"{shop}, name='@acme/ui', prerelease=false)": [1, 2],
        f"{shop}, name='@acme/ui', prerelease=true, latest=true)": [3],
        # What cannot be used is not the latest, unless it is asked for.
        f"{shop}, name='wip', latest=true, allow_empty=true)": [],
        f"{shop}, name='wip', latest=true, status=['error'])": [9],
        # The newest by the order of versions, not of the text; a versionless package has no place in it.
        f"{shop}, latest=true, include_versionless=true) | sort": [1, 4, 6, 8],
        "query('packages', 'acme/web/shop', '43', name='@acme/ui', latest=true, field='version')": ["1.10.0", "0.9.0"],
        "query('packages', 'acme/tools', 'acme/old-shop', name='@acme/ui', field='project_id')": [43, 42, 42, 42],
        "query('packages', 'acme', scope='group', name='@acme/ui', field='id')": [1, 2, 3, 50],
        "query('packages', 'acme', scope='group', exclude_subgroups=true, name='@acme/ui', field='id')": [50],
        "lookup('packages', '43', name='tool', latest=true, field='version')": "2",
        "(query('packages', '43', name='tool') | first).tags[0].name": "stable",
        # ansible-core before 2.19 makes text of a number.
        f"query('packages', 'acme/big', field='version') | unique | length == {BIG}": True,
        "query('packages', 'acme/big', name='app-8', field='name') | unique": ["app-8"],
    }
    assert dict(zip(expected, ask(sandbox, *expected))) == expected


@pytest.mark.core
def test_what_fails_and_how(sandbox: Sandbox, ask: t.Any) -> None:
    unknown = "project 'acme/nobody' does not exist, or the token may not read it"
    before: dict[str, str] = {
        "query('packages', '42', package_type=['docker'])": "docker",
        "query('packages', '42', status=['broken'])": "broken",
        "query('packages', '42', scope='user')": "user",
        "query('packages', '42', name='a', name_search='b')": "name and name_search exclude each other",
        "query('packages', '42', name='')": "name must not be empty: leave it out to list all packages",
        "query('packages', '42', name='ui', version=1.10)": "version must be a text, and YAML made a number",
        "query('packages', '42', name_search=true)": "name_search must be a text, and YAML made true or false of it",
        "query('packages', 'https://gitlab.com/acme')": "is neither a numeric ID nor a full path",
        "query('packages', '../users')": "project '../users' is neither a numeric ID nor a full path",
        "query('packages', '42', api_token='a', api_job_token='b')": "api_token and api_job_token exclude each other",
        "query('packages', '42', concurrency=0)": "concurrency must be between 1 and 64, not 0",
        "query('packages', '42', api_url='gitlab.com')": "api_url 'gitlab.com' is not a URL: it must begin with https://",
        "query('packages', 'acme', scope='group', api_job_token='x')": "GitLab ignores job tokens for groups",
    }
    after: dict[str, str] = {
        "query('packages', 'acme/nobody')": unknown,
        "query('packages', 'acme/web/shop', api_token='glpat-gone')": "401 Unauthorized: the private token is",
        "query('packages', 'acme/web/shop', api_token='glpat-gus')": "403 Forbidden: the token may not read",
        "query('packages', 'acme/web/shop', name='@acme/iu')": "holds no package named '@acme/iu' that is asked for",
        "query('packages', 'acme/web/shop', name_search='nobody', latest=true)": "no such package that is asked for",
        "query('packages', 'acme/web/shop', name='wip', latest=true)": "allow_empty=true accepts that",
        "query('packages', 'acme/web/shop', field='colour')": "no field 'colour' in package 1: ",
        "query('packages', 'acme/web/shop', api_url='http://127.0.0.1:9', retries=0)": "127.0.0.1:9 does not",
    }
    sandbox.forget()
    for (expression, words), said in zip({**before, **after}.items(), ask(sandbox, *before, *after)):
        assert words in str(said), expression
    # Only the latter were asked for: all the former name a number, a group, or nothing at all.
    paths = {request["path"] for request in sandbox.requests()}
    assert {path.removesuffix("/packages").rpartition("/")[2] for path in paths} == {
        "acme%2Fnobody",
        "acme%2Fweb%2Fshop",
    }


def test_connection_of_the_environment(sandbox: Sandbox, ask: t.Any) -> None:
    query = "query('packages', '42', package_type=['npm'], field='id')"
    sandbox.forget()
    job = {"CI_API_V4_URL": sandbox.api_url, "CI_JOB_TOKEN": "glcbt-mia"}
    assert ask(None, query, token=None, env=job) == [[1, 2, 3, 4]]
    assert ask(None, query, env={"GITLAB_API_URL": sandbox.url}) == [[1, 2, 3, 4]]
    assert [request["auth"] for request in sandbox.requests()] == ["job-token", "private-token"]


def test_the_same_on_a_server_of_16_1(start: t.Any, ask: t.Any) -> None:
    versions = [package("ui", f"1.{i}.0", "npm", id=i) for i in range(1, 12)]
    sandbox = start(seed(*versions, package("ui2", "1.3.0", "npm", id=20)), gitlab_version="16.1")
    assert ask(
        sandbox,
        "query('packages', '42', name='ui', version='1.3.0', field='id')",
        "query('packages', '42', version='1.3.0', status=['all'], field='id')",
        "query('packages', '42', name='ui', latest=true, field='version')",
    ) == [[3], [3, 20], ["1.11.0"]]
