# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge to Ansible for module `package_download`: which files are meant, and what it returns."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.registryops.gitlab.plugins.module_utils._files.into_directory import Placed, place
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput, PackageNotFound
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import (
    Package,
    PackagesApi,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import line
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import match_glob
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selectors import Selector, check_selector
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.targets import find_targets
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable


def download_files(module: AnsibleModule, api: PackagesApi) -> dict[str, t.Any]:
    """Have the files in ``dest``, and return what the module does. Raises :class:`InvalidInput`, and others."""
    params = module.params
    project = Scope("project", params["project"])
    selector = Selector(params["id"], params["name"], params["version"], package_type=params["package_type"])
    project_id = api.project_id(project)
    package = _package(api, project_id, check_selector(selector, one=True))
    glob = params["file_name"]
    # E4 is by ID: of equal names the newest comes last, and is what clients get.
    newest = {file["file_name"]: file for file in api.package_files(project_id, package["id"])}
    files = [file for name, file in newest.items() if match_glob(glob, name)]
    if not files:
        raise InvalidInput(f"{line({**package})} holds no file{f' {printable(glob)!r}' if glob else 's'}")
    placed = place(api, project_id, package, files, params["dest"], module.check_mode)
    returned: dict[str, t.Any] = {
        "changed": any(one.is_new for one in placed),
        "files": [_told(one) for one in placed],
    }
    if module._diff:
        returned["diff"] = {
            "before_header": params["dest"],
            "after_header": params["dest"],
            "before": "".join(_line(one) for one in placed if not one.is_new),
            "after": "".join(map(_line, placed)),
        }
    return returned


def _package(api: PackagesApi, project_id: int, selector: Selector) -> Package:
    """The one package that is meant. Raises :class:`InvalidInput` where it is not there, or shows no files."""
    if selector.id is not None:
        try:
            return api.package(project_id, selector.id)
        except PackageNotFound:
            pass  # not there, or not shown: find out
    target = find_targets(api, project_id, [selector])[0]
    if target.item is not None:
        return target.item
    result = t.cast("dict[str, t.Any]", target.result)
    if result["result"] == "not_deletable":
        raise InvalidInput(f"{line(result)}: {result['message']}, nor show its files")
    raise InvalidInput(f"{line(result)} is not there in project {project_id}")


def _told(one: Placed) -> dict[str, t.Any]:
    return {
        "file_name": one.file["file_name"],
        "path": one.path,
        "size": one.size,
        "sha256": one.sha256,
        "checked": one.checked,
        "result": "downloaded" if one.is_new else "present",
    }


def _line(one: Placed) -> str:
    return f"{printable(one.path)} {one.sha256 or ''}\n"
