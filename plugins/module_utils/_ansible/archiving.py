# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for what archives: the options, and an archive that is open while a module works."""

from __future__ import annotations

import contextlib
import os
import typing as t
from collections.abc import Iterator

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.module import TOKEN_OPTIONS
from ansible_collections.registryops.gitlab.plugins.module_utils._files.archiving import Archiver
from ansible_collections.registryops.gitlab.plugins.module_utils._files.before_delete import Keeper
from ansible_collections.registryops.gitlab.plugins.module_utils._files.secret_options import (
    secrets_of,
    texts_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import (
    Archive,
    may_be_begun,
    open_archive,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.turns import writing
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi

#: Where an archive lies: the options of doc fragment `archive`.
ARCHIVE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "archive": {"type": "path"},
    "archive_options": {"type": "dict", "no_log": True},
}
#: The same, and what the modules that delete have besides.
KEEP_OPTIONS: dict[str, dict[str, t.Any]] = {
    **ARCHIVE_OPTIONS,
    "archive_only": {"type": "str", "choices": ["allow", "fail"], "default": "allow"},
}
#: Of a CI job, its address: it stands in the manifests that the job writes.
RUN_VARIABLE = "CI_JOB_URL"


def spare_plain_options(module: AnsibleModule) -> None:
    """Let Ansible hide of `archive_options` only what is a secret: it would hide each 1 where an option is 1."""
    options = module.params["archive_options"] or {}
    tokens = {module.params.get(option) for option in TOKEN_OPTIONS}
    module.no_log_values -= {*texts_of(options)} - {*secrets_of(options)} - tokens


@contextlib.contextmanager
def archiver_from(module: AnsibleModule, api: PackagesApi, careful: bool = True) -> Iterator[Archiver]:
    """The archive of the options, open for writing, and begun if there is none.

    Raises InvalidInput, ArchiveError, and ImportError for a library that is missing.
    """
    spare_plain_options(module)
    params = module.params
    archive = open_archive(params["archive"], params["archive_options"], api.client.api_url, create=True)
    with writing(archive) as turn:
        yield Archiver(api, archive, turn, careful)


@contextlib.contextmanager
def keeper_from(module: AnsibleModule, api: PackagesApi, plan_digest: str | None = None) -> Iterator[Keeper]:
    """What archives before each delete, by the options; without ``archive`` nothing. Raises as `archiver_from`."""
    if module.params["archive"] is None:
        yield Keeper(api, keeps=False)
        return
    more: dict[str, t.Any] = {
        "keeps": True,
        "plan_digest": plan_digest,
        "run": os.environ.get(RUN_VARIABLE),
        "refuse_archive_only": module.params["archive_only"] == "fail",
    }
    if module.check_mode:
        yield Keeper(api, archive=archive_for_a_look(module, api), **more)
        return
    with archiver_from(module, api) as archiver:
        yield Keeper(api, archiver=archiver, **more)


def archive_for_a_look(module: AnsibleModule, api: PackagesApi) -> Archive | None:
    """The archive of the options, of which only is read; None where there is none yet. Raises as `archiver_from`."""
    spare_plain_options(module)
    return may_be_begun(module.params["archive"], module.params["archive_options"], api.client.api_url)
