# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyPI packages: one form for each distribution, with the fields of its METADATA, which GitLab does not read."""

from __future__ import annotations

import email.parser
import email.policy
import re
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.base import (
    Data,
    Entry,
    Format,
    Manifest,
    OpenBlob,
    Package,
    Target,
    content_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.contents import (
    text_in_zip,
    texts_in_tar,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import multipart
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi

#: The form's fields that GitLab keeps, and the headers of METADATA that they come from.
_FIELDS = {
    "metadata_version": "Metadata-Version",
    "requires_python": "Requires-Python",
    "summary": "Summary",
    "keywords": "Keywords",
    "author_email": "Author-email",
    "description_content_type": "Description-Content-Type",
}
_MD5 = re.compile(r"[0-9a-f]{32}")
#: GitLab keeps the beginning of longer texts only.
_MOST = 4000


class Pypi(Format):
    """``POST …/pypi``, as twine sends it."""

    takes_more = True

    def collect(
        self, api: PackagesApi, project_id: int, package: Package, entries: t.Sequence[Entry], open_blob: OpenBlob
    ) -> dict[str, t.Any]:
        found = {}
        for entry in entries:
            with open_blob(entry["sha256"]) as file:
                found[str(entry["file"]["id"])] = _fields(_metadata(entry["file"]["file_name"], file))
        return {"metadata": found}

    def why_not(self, package: Package, entries: t.Sequence[Entry], data: Data) -> str | None:
        names = [entry["file"]["file_name"] for entry in entries]
        if len(set(names)) != len(names):
            return "it has several files of one name, and PyPI's registry takes a name once"
        return None if entries else "it has no files: the registry keeps no package without one"

    def lost(self, manifest: Manifest) -> list[str]:
        found = manifest["restore"]["data"].get("metadata") or {}
        unread = [name for name, fields in found.items() if not fields]
        return [*super().lost(manifest), *(["requires_python"] if unread else [])]

    def send(self, to: Target, manifest: Manifest, entry: Entry) -> None:
        package, file = manifest["package"], entry["file"]
        md5 = (file.get("file_md5") or "").lower()
        fields = {
            ":action": "file_upload",
            "protocol_version": "1",
            "name": package["name"],
            "version": package["version"],
            "sha256_digest": entry["sha256"],
            **({"md5_digest": md5} if _MD5.fullmatch(md5) else {}),
            **((manifest["restore"]["data"].get("metadata") or {}).get(str(file["id"])) or {}),
        }
        body, kind = multipart(fields, "content", file["file_name"], content_of(to, entry))
        # Basic: whether the token's header does as well is not certain.
        to.registries.publish("POST", to.project_id, "/pypi", body, {"Content-Type": kind}, basic=True)


def _metadata(file_name: str, file: t.BinaryIO) -> bytes | None:
    """The METADATA of a distribution, by its kind; None: there is none to be read."""
    if file_name.endswith((".whl", ".zip", ".egg")):
        return text_in_zip(file, _is_metadata)
    return (texts_in_tar(file, ("PKG-INFO",)) or {}).get("PKG-INFO")


def _is_metadata(name: str) -> bool:
    """Of a wheel, of an sdist that is a zip, and of an egg."""
    folder, _slash, rest = name.partition("/")
    return rest == "PKG-INFO" or (rest == "METADATA" and folder.endswith(".dist-info"))


def _fields(metadata: bytes | None) -> dict[str, str]:
    if metadata is None:
        return {}
    # As text: out of bytes, a header that is not ASCII comes as something else.
    message = email.parser.Parser(policy=email.policy.compat32).parsestr(metadata.decode("utf-8", "replace"))
    fields = {field: _text(message.get(header)) for field, header in _FIELDS.items()}
    described = _text(message.get("Description")) or _text(message.get_payload())
    return {key: value[:_MOST] for key, value in {**fields, "description": described}.items() if value}


def _text(value: t.Any) -> str:
    return str(value).replace("\0", "").strip() if value is not None else ""
