# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls R1 to R4: package protection rules of a project (contract of the registries, section B)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from gitlab_sandbox import access, answers
from gitlab_sandbox.answers import Answer, ApiError
from gitlab_sandbox.bodies import Body
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import ACCESS_TOKENS
from gitlab_sandbox.directory import Project, Rule
from gitlab_sandbox.json_bodies import read_json
from gitlab_sandbox.query import parse_query
from gitlab_sandbox.routes import Route
from gitlab_sandbox.rule_parameters import DELETE, PATTERN, PUSH, TYPE, pattern_errors, read_rule
from gitlab_sandbox.vocabulary import ADMIN_PACKAGES, DELETE_LEVELS, LEVEL_NAME, PUSH_LEVELS, TYPE_NAME, TYPE_NUMBER

LARGEST_BODY: Final = 2**20


async def list_rules(call: Call) -> Answer:
    """R1: all of them, without pages."""
    project = _project(call)
    return answers.json_answer(200, [_body(call, rule) for rule in project.rules])


async def create_rule(call: Call) -> Answer:
    """R2."""
    _check_endpoint(call)
    values = read_rule(await _parameters(call), create=True)
    project = _project(call)
    rule = _changed(call, Rule(0, project.id, "", 0, None, None), values)
    _check(project, rule, values)
    rule = call.registry.store.add_rule(project, rule.pattern, rule.type, rule.push_level, rule.delete_level)
    return answers.json_answer(201, _body(call, rule))


async def update_rule(call: Call) -> Answer:
    """R3."""
    _check_endpoint(call)
    parameters = call.parameters()
    rule_id = call.integer(parameters, "package_protection_rule_id")
    parameters.check()
    values = read_rule(await _parameters(call), create=False)
    project = _project(call)
    rule = _rule(project, rule_id)
    changed = _changed(call, rule, values)
    _check(project, changed, values)
    if changed != rule:
        changed = call.registry.store.change_rule(project, changed)
    return answers.json_answer(200, _body(call, changed))


async def delete_rule(call: Call) -> Answer:
    """R4."""
    _check_endpoint(call)
    parameters = call.parameters()
    rule_id = call.integer(parameters, "package_protection_rule_id")
    parameters.check()
    project = _project(call)
    rule = _rule(project, rule_id)
    call.check_precondition(rule.updated_at)
    call.registry.store.remove_rule(project, rule)
    return Answer(204)


def _check_endpoint(call: Call) -> None:
    """Answer 404 where the server has no such calls, be they right or wrong."""
    if not call.registry.directory.instance.rules_endpoint:
        raise answers.no_route()


def _project(call: Call) -> Project:
    """The project in the path, if the caller may manage its rules.

    :raises ApiError: 401 for nobody, and for a job's token, which is not taken; 404; 403.
    """
    _check_endpoint(call)
    if call.caller.anonymous:
        raise answers.unauthorized()
    project = call.project()
    if not access.administers(call.caller, project):
        raise answers.forbidden()
    return project


def _rule(project: Project, rule_id: int) -> Rule:
    for rule in project.rules:
        if rule.id == rule_id:
            return rule
    raise answers.message(404, "404 Not found")


async def _parameters(call: Call) -> Mapping[str, Any]:
    """What R2 and R3 take: the fields of a JSON object or of a form, and those of the query string."""
    received = bytearray()
    async for part in call.body():
        received += part
        if len(received) > LARGEST_BODY:
            raise answers.error(413, "413 Request Entity Too Large")
    kind = call.headers.get("content-type", "application/x-www-form-urlencoded").partition(";")[0].strip().lower()
    parameters: dict[str, Any] = _given(call.query)
    if not received:
        return parameters
    try:
        text = received.decode()
        if kind == "application/json":
            body = read_json(text)
        elif kind == "application/x-www-form-urlencoded":
            body = _given(parse_query(text))
        else:
            raise answers.error(415, f"The provided content-type '{kind}' is not supported.")
    except ValueError:
        raise _bad_request() from None
    if not isinstance(body, dict):
        raise _bad_request()
    return {**parameters, **body}


def _given(form: dict[str, str | None]) -> dict[str, Any]:
    """The fields of a form: what could not be decoded is of a wrong type, and not null."""
    return {name: [] if value is None else value for name, value in form.items()}


def _bad_request() -> ApiError:
    return answers.message(400, "400 Bad request")


def _changed(call: Call, rule: Rule, values: Mapping[str, Any]) -> Rule:
    """The rule with the values of a request. With the flag off, the level for deleting stays as it is."""
    changes: dict[str, Any] = {}
    if PATTERN in values:
        changes["pattern"] = values[PATTERN] or ""
    if TYPE in values:
        changes["type"] = TYPE_NUMBER.get(values[TYPE] or "", 0)
    if PUSH in values:
        changes["push_level"] = PUSH_LEVELS.get(values[PUSH] or "")
    if DELETE in values and call.registry.directory.instance.delete_protection:
        changes["delete_level"] = DELETE_LEVELS.get(values[DELETE] or "")
    return dataclasses.replace(rule, **changes)


def _check(project: Project, rule: Rule, values: Mapping[str, Any]) -> None:
    """Answer 422 with all that a rule must not be."""
    errors: list[str] = []
    if PATTERN in values or TYPE in values:
        taken = any(
            (other.pattern, other.type) == (rule.pattern, rule.type) and other.id != rule.id for other in project.rules
        )
        if taken:
            errors += ["Package name pattern has already been taken", "Pattern has already been taken"]
        if rule.type not in TYPE_NAME:
            errors.append("Package type can't be blank")
        errors += pattern_errors(rule.pattern, TYPE_NAME.get(rule.type, ""))
    if rule.push_level is None and rule.delete_level is None:
        errors.append("A rule must have at least a minimum access role for push or delete.")
    if errors:
        raise ApiError(answers.json_answer(422, {"message": {"error": errors}}))


def _body(call: Call, rule: Rule) -> Body:
    """A rule. With the flag off, the level for deleting reads null."""
    shows = call.registry.directory.instance.delete_protection
    return {
        "id": rule.id,
        "project_id": rule.project_id,
        "package_name_pattern": rule.pattern,
        "package_type": TYPE_NAME[rule.type],
        "minimum_access_level_for_delete": LEVEL_NAME[rule.delete_level] if shows and rule.delete_level else None,
        "minimum_access_level_for_push": LEVEL_NAME[rule.push_level] if rule.push_level else None,
    }


_RULES: Final = "projects/:id/packages/protection/rules"
_RULE: Final = f"{_RULES}/:package_protection_rule_id"

ROUTES: Final = tuple(
    Route(
        name,
        method,
        path,
        endpoint,
        takes=ACCESS_TOKENS,
        granular=ADMIN_PACKAGES,
        packages=True,
        recent=True,
    )
    for name, method, path, endpoint in (
        ("R1", "GET", _RULES, list_rules),
        ("R2", "POST", _RULES, create_rule),
        ("R3", "PATCH", _RULE, update_rule),
        ("R4", "DELETE", _RULE, delete_rule),
    )
)
