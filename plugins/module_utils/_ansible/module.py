# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible: connection options, the module object, errors as ``fail_json``, results as ``exit_json``.

Of what only deletes or retention need it imports nothing: a task that reads one package is to start fast.
"""

from __future__ import annotations

import os
import re
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.last_resort import (
    missing_library,
    unforeseen,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.listening import (
    Reader,
    interrupt_on_signals,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import (
    REQUESTS_IMPORT_ERROR,
    Client,
    Connection,
    Token,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import (
    PACKAGE_TYPES,
    STATUSES,
    Selection,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import not_text

INTERRUPTED = "interrupted: what was not done yet is left undone, run it again to go on"
TOKEN_OPTIONS = {"api_token": "private", "api_oauth_token": "oauth", "api_job_token": "job"}
#: The environment's, the one that goes before the other first.
TOKEN_VARIABLES = {"GITLAB_TOKEN": "private", "CI_JOB_TOKEN": "job"}

#: The options of doc fragment `connection`. Tokens of the environment are read in :func:`connection_from`, not by
#: fallbacks: a task's token and one of another kind in the environment do not exclude each other.
CONNECTION_OPTIONS: dict[str, dict[str, t.Any]] = {
    "api_url": {
        "type": "str",
        "default": "https://gitlab.com",
        "fallback": (env_fallback, ["GITLAB_API_URL", "CI_API_V4_URL"]),
    },
    "api_token": {"type": "str", "no_log": True},
    "api_oauth_token": {"type": "str", "no_log": True},
    "api_job_token": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 30},
    "retries": {"type": "int", "default": 5},
    "concurrency": {"type": "int", "default": 8},
}
#: An option that names something. Ansible would make a text of the number that YAML has made of a version.
TEXT: dict[str, t.Any] = {"type": "raw"}
#: Where packages are listed.
SCOPE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "project": {"type": "str"},
    "group": {"type": "str"},
    "exclude_subgroups": {"type": "bool", "default": False},
}
#: The options of doc fragment `selection`.
SELECTION_OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": TEXT,
    "name_search": TEXT,
    "version": TEXT,
    "package_type": {"type": "list", "elements": "str", "choices": list(PACKAGE_TYPES)},
    "status": {"type": "list", "elements": "str", "choices": ["all", *STATUSES]},
    "include_versionless": {"type": "bool", "default": False},
}
#: One package, in `package_file_info`, `package_file` and `package`.
PACKAGE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": TEXT,
    "version": TEXT,
    "package_type": {"type": "str", "choices": list(PACKAGE_TYPES)},
}


def create_module(options: dict[str, dict[str, t.Any]], **more: t.Any) -> AnsibleModule:
    """An AnsibleModule with the connection's options and these; ``more`` goes to AnsibleModule."""
    exclusive = [tuple(TOKEN_OPTIONS), *more.pop("mutually_exclusive", ())]
    module = AnsibleModule(
        argument_spec={**CONNECTION_OPTIONS, **options},
        mutually_exclusive=exclusive,
        supports_check_mode=True,
        **more,
    )
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    return module


def connection_from(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> Connection:
    """The connection that the options describe, with a token of the environment where they name none.

    ``GITLAB_TOKEN`` comes before ``CI_JOB_TOKEN``. Raises :class:`InvalidInput`.
    """
    tokens = [(option, kind, params[option]) for option, kind in TOKEN_OPTIONS.items() if params.get(option)]
    for name, kind in TOKEN_VARIABLES.items():
        if not tokens and environ.get(name):
            tokens = [(name, kind, environ[name])]
    if len(tokens) > 1:
        raise InvalidInput(f"{' and '.join(name for name, _kind, _value in tokens)} exclude each other: give one token")
    token = None
    for name, kind, value in tokens:
        if not re.fullmatch(r"[!-~]+", value.strip()):
            raise InvalidInput(f"{name} holds characters that no token has, such as a space or a line break inside it")
        token = Token(kind, value.strip())
    for option, least, most in (("timeout", 0.001, 3600), ("retries", 0, 100), ("concurrency", 1, 64)):
        if not least <= params[option] <= most:
            raise InvalidInput(f"{option} must be between {least:g} and {most}, not {params[option]:g}")
    ca_path = params.get("ca_path")
    if ca_path and not os.path.exists(ca_path):
        raise InvalidInput(f"ca_path {ca_path!r} does not exist")
    return Connection(
        api_url=params["api_url"],
        token=token,
        validate_certs=params["validate_certs"],
        ca_path=ca_path,
        timeout=params["timeout"],
        retries=params["retries"],
        concurrency=params["concurrency"],
    )


def refuse_numbers(params: t.Mapping[str, t.Any], names: t.Iterable[str]) -> None:
    """Raise :class:`InvalidInput` where one of these options is given, and is not a text."""
    for name in names:
        if not isinstance(params.get(name), (str, type(None))):
            raise InvalidInput(not_text(name, params[name]))


def scope_from(params: t.Mapping[str, t.Any]) -> Scope:
    """The project or group that the options name. Raises :class:`InvalidInput` if they name none."""
    if params.get("project") is not None:
        return Scope("project", params["project"].strip())
    if params.get("group") is not None:
        return Scope("group", params["group"].strip(), bool(params.get("exclude_subgroups")))
    raise InvalidInput("one of project and group is required")


def scopes_from(params: t.Mapping[str, t.Any]) -> list[Scope]:
    """The projects and groups that the options name, one or many. Raises :class:`InvalidInput` if they name none."""
    if params.get("project") is not None or params.get("group") is not None:
        return [scope_from(params)]
    scopes = [Scope("project", ref.strip()) for ref in params.get("projects") or ()]
    alone = bool(params.get("exclude_subgroups"))
    scopes += [Scope("group", ref.strip(), alone) for ref in params.get("groups") or ()]
    if not scopes:
        raise InvalidInput("projects and groups are empty: name at least one project or group")
    return scopes


def selection_from(params: t.Mapping[str, t.Any]) -> Selection:
    """The packages that the options of doc fragment `selection` mean, and ``id`` where there is one.

    Raises :class:`InvalidInput`; a lookup's options have been checked by nobody else.
    """
    refuse_numbers(params, ("name", "name_search", "version"))
    statuses = tuple(params.get("status") or ())
    types = tuple(params.get("package_type") or ())
    for option, values, known in (("package_type", types, PACKAGE_TYPES), ("status", statuses, ("all", *STATUSES))):
        unknown = next((value for value in values if value not in known), None)
        if unknown is not None:
            raise InvalidInput(f"{option} {unknown!r} is none of {', '.join(known)}")
    if params.get("name") is not None and params.get("name_search") is not None:
        raise InvalidInput("name and name_search exclude each other")
    if params.get("name") == "":
        raise InvalidInput("name must not be empty: leave it out to list all packages")
    if params.get("id") is not None and params["id"] <= 0:
        raise InvalidInput(f"id must be a positive number, not {params['id']}")
    return Selection(
        package_id=params.get("id"),
        name=params.get("name"),
        name_search=params.get("name_search"),
        version=params.get("version"),
        package_types=types,
        statuses=STATUSES if "all" in statuses else statuses,
        include_versionless=params["include_versionless"],
    )


def run_module(
    module: AnsibleModule,
    run: t.Callable[[PackagesApi], dict[str, t.Any]],
    refusals: tuple[type[Exception], ...] = (),
) -> None:
    """Run with a connected API and exit with what it returns; every error becomes a failure with one sentence.

    What is returned may hold ``failed`` and ``msg``. ``refusals`` are further errors whose text is such a sentence.
    """
    interrupt_on_signals()
    reader = Reader()
    api: PackagesApi | None = None
    try:
        refuse_numbers(module.params, [name for name, spec in module.argument_spec.items() if spec == TEXT])
        connection = connection_from(module.params, os.environ)
        if connection.token:
            module.no_log_values.add(connection.token.value)
        with Client(connection) as client:
            api = PackagesApi(client, reader.refuse_unheard)
            returned = run(api)
    except GitlabError as error:
        returned = {"failed": True, "msg": error.message, "error": error.as_dict()}
    except refusals as error:
        returned = {"failed": True, "msg": str(error)}
    except KeyboardInterrupt:
        returned = {"failed": True, "msg": INTERRUPTED}
    except Exception as error:
        returned = _last_resort(module, error)
    reader.end()
    for warning in api.client.warnings if api else ():
        module.warn(warning)
    try:
        if returned.get("failed"):
            module.fail_json(**returned)
        module.exit_json(**returned)
    except Exception as error:  # what is to be returned is nothing that Ansible can write down
        returned = _last_resort(module, error)
    module.fail_json(**returned)


def run_offline(module: AnsibleModule, run: t.Callable[[], dict[str, t.Any]]) -> None:
    """As :func:`run_module`, for a module that talks to no GitLab."""
    interrupt_on_signals()
    try:
        refuse_numbers(module.params, [name for name, spec in module.argument_spec.items() if spec == TEXT])
        returned = run()
    except GitlabError as error:
        returned = {"failed": True, "msg": error.message}
    except KeyboardInterrupt:
        returned = {"failed": True, "msg": INTERRUPTED}
    except Exception as error:
        returned = _last_resort(module, error)
    if returned.get("failed"):
        module.fail_json(**returned)
    module.exit_json(**returned)


def _last_resort(module: AnsibleModule, error: Exception) -> dict[str, t.Any]:
    """What a module fails with on an error that nobody foresaw; the traceback only where Ansible's verbosity asks."""
    library = missing_library(error)
    if library:
        return {"failed": True, "msg": missing_required_lib(library), "exception": traceback.format_exc()}
    failure = {"failed": True, "msg": unforeseen(error, module.no_log_values)}
    # Not as `exception`: that makes old ansible-core say that one occurred, and newer ones drop it at any verbosity.
    return {**failure, "traceback": traceback.format_exc().splitlines()} if module._verbosity >= 3 else failure
