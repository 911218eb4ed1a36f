# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an archive lies, and what modules that delete do with it."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  archive:
    description:
      - The archive, as a directory on the host that runs the module, or as an address that the Python library C(fsspec) knows,
        such as C(s3://bucket/folder) with the library C(s3fs). It is begun if there is none.
      - An archive is for one GitLab. Several runs may write into it at once.
    type: path
    version_added: 0.2.0
  archive_options:
    description:
      - The options of the back end of O(archive), with the names that C(fsspec) has for it. For S3 these are C(key), C(secret),
        C(endpoint_url) and others. Not for a directory.
    type: dict
    version_added: 0.2.0
"""

    KEEP = r"""
options:
  archive:
    description:
      - Delete only what lies in this archive. Right before each delete the files are fetched, checked against what GitLab
        tells of them, and kept there with a manifest. What cannot be archived is not deleted, and counts as C(failed).
      - A directory on the host that runs the module, or an address that the Python library C(fsspec) knows, such as
        C(s3://bucket/folder) with the library C(s3fs). It is begun if there is none.
      - An archive is for one GitLab. Several runs may write into it at once. Contents that it holds already are not fetched
        again.
      - In check mode nothing is fetched, and the results tell what would be archived.
    type: path
    version_added: 0.2.0
  archive_options:
    description:
      - The options of the back end of O(archive), with the names that C(fsspec) has for it. For S3 these are C(key), C(secret),
        C(endpoint_url) and others. Not for a directory.
    type: dict
    version_added: 0.2.0
  archive_only:
    description:
      - What to do with what can be archived, but not be restored, as its type has no way back in.
      - V(allow) deletes it as anything else, and tells it. V(fail) leaves it, as C(failed), which check mode tells too.
    type: str
    choices: [allow, fail]
    default: allow
    version_added: 0.2.0
"""
