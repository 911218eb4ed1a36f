# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an SBOM or a lock file says is used: packages by GitLab's own types and names. Pure: parsed JSON in.

Read are CycloneDX and SPDX (2 and 3) by their package URLs, and npm's ``package-lock.json``. Package URLs are read by
``packageurl-python``, which is imported at the first one, so that nobody else needs it.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

Json = t.Mapping[str, t.Any]


class Used(t.NamedTuple):
    """A package that is used, by GitLab's ``package_type`` and ``name``; ``version`` None: all its versions."""

    package_type: str
    name: str
    version: str | None


class SbomError(ValueError):
    """A document that is not what it says; the message is one sentence without the file's name."""


def used_by(document: t.Any) -> list[Used] | None:
    """What a document lists, in its order; None if it is neither an SBOM nor a lock file.

    A package of a type that GitLab does not have is left out. Raises `SbomError` for a document that is broken or lists
    nothing at all, and ImportError if packageurl-python is missing.
    """
    if not isinstance(document, t.Mapping):
        return None
    if document.get("bomFormat") == "CycloneDX":
        return _of_purls(_cyclonedx(document), "a CycloneDX document")
    if isinstance(document.get("spdxVersion"), str):
        return _of_purls(_spdx_2(document), "an SPDX document")
    if "@graph" in document and "spdx.org" in str(document.get("@context")):
        return _of_purls(_spdx_3(document), "an SPDX document")
    if "lockfileVersion" in document:
        return _package_lock(document)
    return None


# --- package URLs -------------------------------------------------------------------------------------------------


def _of_purls(purls: t.Iterable[t.Any], what: str) -> list[Used]:
    found = list(purls)
    if not found:
        raise SbomError(f"it is {what} without any package URL")
    return [used for purl in found for used in [named_by(purl)] if used is not None]


def named_by(purl: t.Any) -> Used | None:
    """The package that a package URL means, as GitLab names it; None: GitLab has no such type.

    Qualifiers and the subpath are ignored, and so is the namespace where it is a distribution or a repository. Raises
    `SbomError`, and ImportError if packageurl-python is missing.
    """
    from packageurl import PackageURL  # imported late: only package URLs need the library

    if not isinstance(purl, str):
        raise SbomError(f"the package URL {purl!r} is no text")
    try:
        url = PackageURL.from_string(purl)
    except ValueError:
        raise SbomError(f"the package URL {printable(purl[:200])!r} cannot be read") from None
    kind = _KINDS.get(url.type)
    if kind is None:
        return None
    package_type, name_of = kind
    return Used(package_type, name_of(url.namespace or "", url.name), url.version or None)


def _path(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _maven_path(namespace: str, name: str) -> str:
    return _path(namespace.replace(".", "/"), name)


def _bare(_namespace: str, name: str) -> str:
    return name


def _module(namespace: str, name: str) -> str:
    # GitLab names a module "name/system"; what stands before is the registry's namespace.
    return "/".join([*namespace.split("/"), name][-2:]).strip("/")


#: Types of package URLs: GitLab's type, and its name of namespace and name.
_KINDS: dict[str, tuple[str, t.Callable[[str, str], str]]] = {
    "composer": ("composer", _path),
    "conan": ("conan", _bare),
    "deb": ("debian", _bare),
    "gem": ("rubygems", _bare),
    "generic": ("generic", _path),
    "golang": ("golang", _path),
    "helm": ("helm", _bare),
    "maven": ("maven", _maven_path),
    "mlflow": ("ml_model", _bare),
    "npm": ("npm", _path),
    "nuget": ("nuget", _bare),
    "pypi": ("pypi", _bare),
    "rpm": ("rpm", _bare),
    "terraform": ("terraform_module", _module),
}


# --- documents ----------------------------------------------------------------------------------------------------


def _cyclonedx(document: Json) -> t.Iterator[t.Any]:
    """The purls of ``components``, of those inside them, and of the component that the document is about."""
    metadata = document.get("metadata")
    waiting = [metadata.get("component")] if isinstance(metadata, t.Mapping) else []
    waiting += _entries(document, "components")
    waiting.reverse()
    while waiting:
        component = waiting.pop()
        if isinstance(component, t.Mapping):
            if component.get("purl") is not None:
                yield component["purl"]
            waiting += reversed(_entries(component, "components"))


def _spdx_2(document: Json) -> t.Iterator[t.Any]:
    for package in _entries(document, "packages"):
        for reference in _entries(package, "externalRefs") if isinstance(package, t.Mapping) else ():
            if isinstance(reference, t.Mapping) and reference.get("referenceType") == "purl":
                yield reference.get("referenceLocator")


def _spdx_3(document: Json) -> t.Iterator[t.Any]:
    for element in _entries(document, "@graph"):
        if not isinstance(element, t.Mapping):
            continue
        if element.get("software_packageUrl") is not None:
            yield element["software_packageUrl"]
        for identifier in _entries(element, "externalIdentifier"):
            if isinstance(identifier, t.Mapping) and identifier.get("externalIdentifierType") == "packageUrl":
                yield identifier.get("identifier")


def _entries(document: Json, key: str) -> list[t.Any]:
    value = document.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise SbomError(f"its {key} is no list")
    return value


_REGISTRY_VERSION = re.compile(r"[0-9][^:/ ]*")


def _package_lock(document: Json) -> list[Used]:
    """``packages`` of lockfile versions 2 and 3, or ``dependencies`` of version 1, without the root and links."""
    if document.get("packages") is not None:
        found = list(_of_packages(_mapping(document, "packages")))
    else:
        found = list(_of_dependencies(document))
    if not found:
        raise SbomError("it is a package-lock.json without any package")
    return found


def _of_packages(packages: Json) -> t.Iterator[Used]:
    for path, entry in packages.items():
        _before, installed, name = path.rpartition("node_modules/")
        # What is not below node_modules is the root, or a folder of its workspace.
        if installed and isinstance(entry, t.Mapping) and not entry.get("link"):
            # An alias is installed under another name than its own.
            yield from _npm(entry.get("name") or name, entry.get("version"))


def _of_dependencies(document: Json) -> t.Iterator[Used]:
    waiting: list[Json] = [_mapping(document, "dependencies")]
    while waiting:
        for name, entry in waiting.pop().items():
            if not isinstance(entry, t.Mapping):
                continue
            version = entry.get("version")
            if isinstance(version, str) and version.startswith("npm:"):
                name, _at, version = version.removeprefix("npm:").rpartition("@")
            yield from _npm(name, version)
            waiting.append(_mapping(entry, "dependencies"))


def _npm(name: t.Any, version: t.Any) -> t.Iterator[Used]:
    # A version that is a path or an address is of no registry.
    if isinstance(name, str) and isinstance(version, str) and _REGISTRY_VERSION.fullmatch(version):
        yield Used("npm", name, version)


def _mapping(document: Json, key: str) -> Json:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, t.Mapping):
        raise SbomError(f"its {key} is no mapping")
    return value
