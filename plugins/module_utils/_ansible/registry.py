# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for the registry as one document: the document of the options, and what is returned."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.governance import governance_report
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.document import (
    RETENTION,
    Declared,
    Document,
    RegistryError,
    resolve,
    validate_document,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.registry import LeftOut
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.results import Outcome, Result
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import counted, number
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import (
    DocumentError,
    read_document,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import PolicyError, validate_policy

#: Errors of the pure code whose text is a sentence for the user.
REFUSALS = (RegistryError, DocumentError)
#: A document is written by hand, or exported: a thousand projects with a hundred rules each are smaller.
MAX_DOCUMENT_BYTES = 2**26
#: A piece of a policy need not have rules of its own to be right.
SOME_RULES: dict[str, t.Any] = {"rules": [{"keep_latest": 1}]}
#: What a result comes to where it shall not differ.
_DRIFT = {"created": "is missing", "updated": "differs", "deleted": "is there, and should not be"}


def document_from(params: t.Mapping[str, t.Any]) -> Document:
    """The document of the options, or of the file that they name, with its retention policies checked.

    Raises RegistryError, DocumentError.
    """
    path = params["document_file"]
    given = params["document"] if path is None else read_document(path, "document_file", MAX_DOCUMENT_BYTES)
    try:
        document = validate_document(given)
        _check_retention(document)
    except RegistryError as error:
        where = "document" if path is None else f"document_file {printable(path)!r}"
        raise RegistryError(f"{where}: {error}") from None
    return document


def _check_retention(document: Document) -> None:
    """Check retention as it is written, piece by piece, and as it is put together."""
    pieces = [("defaults", document.defaults)]
    pieces += [(f"groups: {path}", entry) for path, entry in document.groups.items()]
    pieces += [(f"projects: {path}", entry) for path, entry in document.projects.items()]
    for where, entry in pieces:
        if RETENTION in entry:
            _check_policy(where, {**SOME_RULES, **entry[RETENTION]})
    declared = resolve(document)
    whole = [(f"groups: {path}", policy) for path, policy in declared.groups_retention.items()]
    whole += [(f"projects: {path}", policy) for path, policy in declared.projects_retention.items()]
    for where, policy in whole:
        _check_policy(where, policy)


def _check_policy(where: str, policy: t.Mapping[str, t.Any]) -> None:
    try:
        validate_policy(policy)
    except PolicyError as error:
        raise RegistryError(f"{where}: {RETENTION}: {str(error).removeprefix('policy: ')}") from None


def registry_report(
    module: AnsibleModule, outcome: Outcome, declared: Declared, left_out: t.Sequence[LeftOut]
) -> dict[str, t.Any]:
    """What `package_registry` returns; with ``fail_on_drift`` whatever differs is a failure."""
    report = governance_report(module, outcome, "registries")
    report["retention"] = {
        "groups": [{"group": path, "policy": policy} for path, policy in declared.groups_retention.items()],
        "projects": [{"project": path, "policy": policy} for path, policy in declared.projects_retention.items()],
    }
    report["left_out"] = [{"project": one.project, "why": one.why} for one in left_out]
    report["text"] = plan_text(outcome.results)
    drifted = [one for one in outcome.results if one.result in _DRIFT or one.result == "failed"]
    if module.params["fail_on_drift"] and drifted:
        told = [f"{one.what}: {_DRIFT.get(one.result) or one.message}" for one in drifted]
        more = f"; and {len(told) - 5} more, see text" if len(told) > 5 else ""
        of = f"{number(len(drifted))} of {number(len(outcome.results))}"
        report.update(failed=True, msg=f"{of} are not as the document says: {'; '.join(told[:5])}{more}")
    return report


def plan_text(results: t.Sequence[Result]) -> list[str]:
    """What differs, as the lines that go and come, below one line with the numbers."""
    kinds = [(kind, sum(one.result == kind for one in results)) for kind in (*_DRIFT, "failed")]
    told = ", ".join(f"{number(count)} {kind}" for kind, count in kinds if count) or "nothing to change"
    lines = [f"{counted(len(results), 'thing')} declared: {told}"]
    for one in results:
        if one.result == "failed":
            lines.append(f"! {one.what}: {printable(one.message or '')}")
        lines += [f"- {line}" for line in one.before if line not in one.after]
        lines += [f"+ {line}" for line in one.after if line not in one.before]
    return lines


def refuse_nothing(params: t.Mapping[str, t.Any]) -> None:
    """Raise :class:`InvalidInput` where neither a project nor a group is named."""
    if not params["projects"] and not params["groups"]:
        raise InvalidInput("name at least one of projects and groups")


def document_text(document: t.Mapping[str, t.Any]) -> str | None:
    """A document as YAML, for a file; None where PyYAML is not installed."""
    try:
        import yaml  # imported late: whoever takes the document as data needs no library
    except ImportError:
        return None
    # Escaped: a terminal that shows the file obeys no name in it.
    written = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=False, width=120)
    return f"---\n{written}"
