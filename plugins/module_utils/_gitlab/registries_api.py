# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registries' own routes, by which packages are published and read by name (docs/gitlab-registries.md, A and C).

Paths here are those below a project's ``/packages``, encoded.
"""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.causes import Causes
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Answer, Client, Start, Upload
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope

#: The user name that goes with an access token in HTTP Basic, where none is given: any will do.
USER = "oauth2"


class RegistriesApi:
    """The routes, on one client. ``user`` is the user name where a registry takes HTTP Basic only."""

    def __init__(self, client: Client, user: str = USER) -> None:
        self.client = client
        self._user = user
        self._causes = Causes(client)

    def download(
        self,
        project_id: int,
        path: str,
        start: Start,
        most: int | None = None,
        params: t.Mapping[str, str] | None = None,
        basic: bool = False,
    ) -> None:
        """A file by its name, as :meth:`Client.download` hands it on."""
        with self._causes.told(Scope("project", str(project_id))):
            self.client.download(
                f"/projects/{project_id}/packages{path}", start, most, params, self._user if basic else None
            )

    def publish(
        self,
        method: str,
        project_id: int,
        path: str,
        body: t.Callable[[], Upload],
        headers: t.Mapping[str, str] | None = None,
        params: t.Mapping[str, str] | None = None,
        basic: bool = False,
    ) -> Answer:
        """PUT or POST what ``body`` gives, as :meth:`Client.upload`: after a lost answer look, before sending again."""
        with self._causes.told(Scope("project", str(project_id))):
            return self.client.upload(
                method,
                f"/projects/{project_id}/packages{path}",
                body,
                headers,
                params,
                self._user if basic else None,
            )

    def delete(self, project_id: int, path: str) -> None:
        """DELETE what hangs on a package, such as a tag; never a package or a file."""
        with self._causes.told(Scope("project", str(project_id))):
            self.client.delete(f"/projects/{project_id}/packages{path}")
