# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""``maven-metadata.xml`` of an artifact, brought in line with the versions that are there
(https://maven.apache.org/ref/current/maven-repository-metadata/repository-metadata.html)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree

from gitlab_sandbox.registries.maven.layout import SNAPSHOT

# Above this many bytes GitLab leaves the file alone.
LARGEST = 10 * 2**20


def rewrite(document: bytes, versions: Sequence[str], now: datetime) -> bytes | None:
    """The document with these versions.

    :param versions: in the order of their creation; at least one.
    :param now: in UTC, for ``lastUpdated``.
    :returns: None if nothing changes, or if it is no such document: GitLab then leaves it as it is.
    """
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError:
        return None
    versioning = root.find("versioning")
    if root.tag != "metadata" or versioning is None:
        return None
    listed, updated = versioning.find("versions"), versioning.find("lastUpdated")
    if listed is None or updated is None:
        return None
    changed = False
    if [node.text for node in listed.findall("version")] != list(versions):
        for node in list(listed):
            listed.remove(node)
        for version in versions:
            ElementTree.SubElement(listed, "version").text = version
        changed = True
    latest = versioning.find("latest")
    if latest is not None and latest.text != versions[-1]:
        latest.text = versions[-1]
        changed = True
    release = versioning.find("release")
    releases = [version for version in versions if not version.endswith(SNAPSHOT)]
    if release is not None and not releases:
        versioning.remove(release)
        changed = True
    elif release is not None and release.text != releases[-1]:
        release.text = releases[-1]
        changed = True
    if not changed:
        return None
    updated.text = now.strftime("%Y%m%d%H%M%S")
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"
