# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts and the index of a channel (https://helm.sh/docs/topics/chart_repository/)."""

from __future__ import annotations

import json
import re
import tarfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any

import yaml

# In bytes: what is read of a chart's description, and of a chart in search of it.
LARGEST = 2**20
LARGEST_CHART = 64 * 2**20

CHANNEL = re.compile(r"[a-zA-Z0-9._-]{1,255}")
_NAME = re.compile(r"[A-Za-z0-9._+-]{1,255}")
_VERSION = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


class ChartError(Exception):
    """The file is no chart."""


def read_chart(file: IO[bytes]) -> dict[str, Any]:
    """The content of a chart's ``Chart.yaml``, which has a ``name`` and a ``version`` that can be a package's.

    :raises ChartError: if it has none.
    """
    try:
        # What is no JSON, such as a date, becomes text.
        chart: dict[str, Any] = json.loads(json.dumps(_description(file), default=str))
    except (tarfile.TarError, OSError, EOFError, zlib.error, yaml.YAMLError, TypeError, ValueError, RecursionError):
        raise ChartError("the file is not a chart") from None
    name, version = chart.get("name"), chart.get("version")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ChartError("Validation failed: Name is invalid")
    if not isinstance(version, str) or len(version) > 255 or _VERSION.fullmatch(version) is None:
        raise ChartError("Validation failed: Version is invalid")
    return chart


def _description(file: IO[bytes]) -> dict[str, Any]:
    with tarfile.open(fileobj=file, mode="r|gz") as archive:
        for member in archive:
            if member.offset_data > LARGEST_CHART:
                break
            if member.isfile() and member.name.count("/") == 1 and member.name.endswith("/Chart.yaml"):
                content = archive.extractfile(member)
                chart = yaml.safe_load(content.read(LARGEST)) if content is not None else None
                if isinstance(chart, dict):
                    return chart
                break
    raise ChartError("the file has no Chart.yaml")


@dataclass(frozen=True)
class Entry:
    """A chart of a channel. ``created_at`` in the API's form."""

    chart: dict[str, Any]
    file_name: str
    sha256: str
    created_at: str


def index(entries: Iterable[Entry], generated: str, context_path: str) -> bytes:
    """``GET …/helm/:channel/index.yaml``."""
    charts: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        charts.setdefault(str(entry.chart["name"]), []).append(
            {
                **entry.chart,
                "created": entry.created_at,
                "digest": entry.sha256,
                "urls": [f"charts/{entry.file_name}"],
            }
        )
    document = {
        "apiVersion": "v1",
        "entries": charts,
        "generated": generated,
        "serverInfo": {"contextPath": context_path},
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()
