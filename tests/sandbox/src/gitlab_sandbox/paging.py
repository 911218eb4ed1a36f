# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paging by offset (E1, E2, E4) and by key (E5): contract, section 6."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from gitlab_sandbox import answers
from gitlab_sandbox.lists import Listing
from gitlab_sandbox.query import Parameters, to_integer

MOST_PER_PAGE = 100
DEFAULT_PER_PAGE = 20


@dataclass(frozen=True)
class Page:
    """Which page of a list is asked for."""

    number: int
    per_page: int

    @property
    def offset(self) -> int:
        """How many results come before it."""
        return (self.number - 1) * self.per_page


def read_page(parameters: Parameters) -> Page:
    """``page`` and ``per_page``: GitLab cuts what is above 100, and takes its defaults for less than 1."""
    number = parameters.integer("page", 1)
    per_page = parameters.integer("per_page", DEFAULT_PER_PAGE)
    return Page(max(number, 1), min(per_page, MOST_PER_PAGE) if per_page > 0 else DEFAULT_PER_PAGE)


def link_url(base_url: str, raw_path: str, query: dict[str, str | None], **changes: object) -> str:
    """The URL of this call with some parameters changed."""
    parameters = {name: value for name, value in query.items() if value is not None}
    parameters.update({name: str(value) for name, value in changes.items()})
    return f"{base_url}{quote(raw_path, safe='/%:@!$&()*+,;=~')}?{urlencode(sorted(parameters.items()))}"


def offset_headers(
    page: Page, listing: Listing, base_url: str, raw_path: str, query: dict[str, str | None]
) -> answers.Headers:
    """The headers of one page. Without a total, the last page and the totals are left out."""
    total = listing.total
    pages = None if total is None else max(1, -(-total // page.per_page))
    # Kaminari knows neither a next nor a previous page beyond the last one.
    beyond = not listing.rows if pages is None else page.number > pages or total == 0
    before = page.number - 1 if page.number > 1 and not beyond else None
    after = page.number + 1 if listing.more else None

    def link(number: int, relation: str) -> str:
        return f'<{link_url(base_url, raw_path, query, page=number, per_page=page.per_page)}>; rel="{relation}"'

    links = []
    if before is not None:
        links.append(link(before, "prev"))
    if after is not None:
        links.append(link(after, "next"))
    links.append(link(1, "first"))
    if pages is not None:
        links.append(link(pages, "last"))
    headers = [
        (b"link", ", ".join(links).encode()),
        (b"x-next-page", b"" if after is None else b"%d" % after),
        (b"x-page", b"%d" % page.number),
        (b"x-per-page", b"%d" % page.per_page),
        (b"x-prev-page", b"" if before is None else b"%d" % before),
    ]
    if pages is not None:
        headers.append((b"x-total", b"%d" % (total or 0)))
        headers.append((b"x-total-pages", b"%d" % pages))
    return headers


def make_cursor(last_id: int) -> str:
    """The opaque place after the row with this ID."""
    return base64.urlsafe_b64encode(
        json.dumps({"id": str(last_id), "_kd": "n"}, separators=(",", ":")).encode()
    ).decode()


def read_cursor(text: str) -> tuple[int, bool] | None:
    """The ID in a cursor and whether it points forward; None if it is no cursor."""
    try:
        data = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("id"), (str, int)) or data.get("_kd") not in ("n", "p"):
        return None
    number = to_integer(str(data["id"]))
    if number is None or not 0 <= number < 2**63:
        return None
    return number, data["_kd"] == "n"
