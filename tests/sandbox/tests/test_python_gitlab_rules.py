# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""python-gitlab and its GraphQL client work unchanged on rules, sizes, projects of a group and mutations."""

from __future__ import annotations

from typing import Any

import gitlab
import pytest
from gql.transport.exceptions import TransportQueryError

from gitlab_sandbox.testing import Sandbox

PUSH = "minimum_access_level_for_push"


def destroy(packages: list[int]) -> str:
    ids = ", ".join(f'"gid://gitlab/Packages::Package/{number}"' for number in packages)
    return f"mutation {{ destroyPackages(input: {{ids: [{ids}]}}) {{ errors }} }}"


@pytest.fixture(scope="module")
def gl(sandbox: Sandbox) -> gitlab.Gitlab:
    return gitlab.Gitlab(sandbox.url, private_token="glpat-mia")


@pytest.fixture(scope="module")
def shop(gl: gitlab.Gitlab) -> Any:
    return gl.projects.get("acme/web/shop")


@pytest.fixture(scope="module")
def graphql(sandbox: Sandbox) -> Any:
    with gitlab.GraphQL(sandbox.url, token="glpat-mia", max_retries=0) as client:
        yield client


def test_protection_rules(shop: Any) -> None:
    rules = shop.package_protection_rules
    fields = {"package_name_pattern": "@acme/*", "package_type": "npm", PUSH: "maintainer"}
    made = rules.create(fields)
    assert made.id in [rule.id for rule in rules.list(get_all=True)]
    made.minimum_access_level_for_push = "owner"
    made.save()
    assert {rule.id: getattr(rule, PUSH) for rule in rules.list(get_all=True)}[made.id] == "owner"
    with pytest.raises(gitlab.GitlabCreateError, match="has already been taken") as error:
        rules.create(fields)
    assert error.value.response_code == 422
    made.delete()
    assert made.id not in [rule.id for rule in rules.list(get_all=True)]
    with pytest.raises(gitlab.GitlabDeleteError, match="404 Not found"):
        made.delete()


def test_projects_of_a_group(gl: gitlab.Gitlab) -> None:
    projects = gl.groups.get("acme").projects
    found = projects.list(
        iterator=True, include_subgroups=True, with_shared=False, order_by="id", sort="asc", per_page=1
    )
    assert [(project.id, project.archived) for project in found] == [(42, False), (43, False)]
    assert found.total == 2
    assert [project.id for project in projects.list(get_all=True, min_access_level=40)] == [43]


def test_statistics(gl: gitlab.Gitlab) -> None:
    assert gl.projects.get(42, statistics=True).statistics["packages_size"] > 20480
    assert [project.id for project in gl.projects.list(get_all=True, owned=True)] == []


def test_graphql_reads(graphql: Any) -> None:
    assert graphql.execute("{ currentUser { username } }") == {"currentUser": {"username": "mia"}}
    query = '{ package(id: "gid://gitlab/Packages::Package/102") { version updatedAt } }'
    assert graphql.execute(query) == {"package": {"version": "1.9.0", "updatedAt": "2025-02-01T10:00:00.000Z"}}


def test_graphql_deletes(graphql: Any, shop: Any) -> None:
    for version in ("1", "2", "3"):
        shop.generic_packages.upload("bulk", version, "a.bin", data=b"x")
    found = [package.id for package in shop.packages.list(package_name="bulk", get_all=True)]
    assert len(found) == 3
    assert graphql.execute(destroy(found)) == {"destroyPackages": {"errors": []}}
    assert shop.packages.list(package_name="bulk", get_all=True) == []


def test_graphql_errors_are_raised(sandbox: Sandbox, graphql: Any) -> None:
    with pytest.raises(TransportQueryError, match="does not exist or you don't have permission"):
        graphql.execute(destroy([401]))
    with pytest.raises(TransportQueryError, match="Field 'flavour' doesn't exist on type 'Project'"):
        graphql.execute('{ project(fullPath: "acme/web/shop") { flavour } }')
    # The body of the 401 is GraphQL's own: its words come through.
    unknown = gitlab.GraphQL(sandbox.url, token="nope", max_retries=0)
    with unknown, pytest.raises(TransportQueryError, match="Invalid token"):
        unknown.execute("{ currentUser { username } }")


def test_graphql_fetches_the_schema(sandbox: Sandbox) -> None:
    with gitlab.GraphQL(sandbox.url, token="glpat-mia", fetch_schema_from_transport=True) as client:
        assert client.execute("{ currentUser { username } }") == {"currentUser": {"username": "mia"}}
