# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of a registry that changes while it is read: a small model of GitLab's paging, and every order of answers.

The model has pages of three and totals up to twelve, so that few items make many pages. Requests are answered in real
threads, in an order that chance decides: what is asserted holds in any order.
"""

from __future__ import annotations

import concurrent.futures
import random
import threading
import time
import typing as t
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import pages, paging
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Answer
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError

PER_PAGE = 3
MOST_COUNTED = 12
QUERY = paging.Query("/projects/1/packages", {})


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PER_PAGE", PER_PAGE)
    monkeypatch.setattr(paging, "PER_PAGE", PER_PAGE)
    monkeypatch.setattr(paging, "MOST_COUNTED", MOST_COUNTED)
    monkeypatch.setattr(pages, "MOST_COUNTED", MOST_COUNTED)


@dataclass
class Model:
    """A list of IDs in their order, what happens to it before which request, and a client that reads it."""

    items: list[int]
    events: dict[int, tuple[str, int]]
    concurrency: int
    seed: int
    warnings: list[str] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    empty: int = 0

    def __post_init__(self) -> None:
        self.connection = SimpleNamespace(concurrency=self.concurrency)
        self.throughout = set(self.items)
        self.ever = set(self.items)
        self._chance = random.Random(self.seed)
        self._lock = threading.Lock()
        self._pool = concurrent.futures.ThreadPoolExecutor(self.concurrency)
        self.submit = self._pool.submit

    def map(self, func: t.Callable[[t.Any], t.Any], items: t.Iterable[t.Any]) -> list[t.Any]:
        return list(self._pool.map(func, items))

    def get(self, path: str, params: dict[str, str]) -> Answer:
        with self._lock:
            before, after = self._chance.random() / 4000, self._chance.random() / 4000
        time.sleep(before)
        with self._lock:
            per_page, page = int(params["per_page"]), int(params["page"])
            self._change(self.events.get(len(self.asked), ("", 0)))
            self.asked.append((per_page, page))
            found = self.items[(page - 1) * per_page : page * per_page]
            more = len(self.items) > page * per_page
            headers = {"X-Next-Page": str(page + 1) if more else ""}
            if len(self.items) <= MOST_COUNTED:
                headers["X-Total"] = str(len(self.items))
                headers["X-Total-Pages"] = str(max(1, -(-len(self.items) // per_page)))
            self.empty += not found
        time.sleep(after)
        return Answer(200, headers, [{"id": item} for item in found], path)

    def _change(self, event: tuple[str, int]) -> None:
        kind, number = event
        if kind == "delete":
            for _ in range(1 + number // 100):
                if self.items:
                    gone = self.items.pop(number % len(self.items))
                    self.throughout.discard(gone)
        elif kind == "publish":
            self.items.append(max(self.ever) + 1 if self.ever else 1)
            self.ever.add(self.items[-1])
        elif kind == "insert":
            self.items.insert(number % (len(self.items) + 1), 1000 + len(self.ever))
            self.ever.update(self.items)

    def read(self) -> list[int]:
        try:
            return [item["id"] for item in paging.list_all(self, [QUERY], lambda *_: None, lambda item: item)]  # type: ignore[arg-type]
        finally:
            self._pool.shutdown()


def events(*kinds: str) -> st.SearchStrategy[dict[int, tuple[str, int]]]:
    """What happens before the n-th request; a number of several hundreds deletes several."""
    one = st.tuples(st.sampled_from(kinds), st.integers(0, 999))
    return st.dictionaries(st.integers(0, 40), one, max_size=12)


SIZES = st.integers(0, 70)
CONCURRENCY = st.integers(1, 8)
SEEDS = st.integers(0, 2**32)
model_settings = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@model_settings
@given(size=SIZES, concurrency=CONCURRENCY, seed=SEEDS)
def test_a_quiet_list_is_read_once_and_to_its_end(size: int, concurrency: int, seed: int) -> None:
    model = Model(list(range(size)), {}, concurrency, seed)
    assert model.read() == list(range(size))
    assert len(set(model.asked)) == len(model.asked)
    assert model.empty - (size == 0) <= concurrency
    looks = [page for per_page, page in model.asked if per_page == 1]
    assert not looks or size > MOST_COUNTED


@model_settings
@given(size=SIZES, changes=events("delete", "publish"), concurrency=CONCURRENCY, seed=SEEDS)
def test_what_is_there_throughout_is_listed_whatever_is_deleted_or_published(
    size: int, changes: dict[int, tuple[str, int]], concurrency: int, seed: int
) -> None:
    model = Model(list(range(size)), changes, concurrency, seed)
    totals_hide = size <= MOST_COUNTED + 8 and {"delete", "publish"} <= {kind for kind, _ in changes.values()}
    found = model.read()
    assert len(found) == len(set(found))
    assert set(found) <= model.ever
    # Where so much of so little changes, it looks as if the answers contradicted each other: the list is read again.
    assert all("came too short" in text or "without a number" in text for text in model.warnings)
    # Below the border a deletion and a publication between the same two answers cancel out in the totals.
    assert totals_hide or model.throughout <= set(found)


@model_settings
@given(size=SIZES, changes=events("insert"), concurrency=CONCURRENCY, seed=SEEDS)
def test_what_is_put_in_between_makes_the_list_again(
    size: int, changes: dict[int, tuple[str, int]], concurrency: int, seed: int
) -> None:
    model = Model(list(range(size)), changes, concurrency, seed)
    try:
        found = model.read()
    except GitlabError as error:
        found, said = [], error.message
    if not found and size:
        assert "3 times in a row" in said
        assert len(model.warnings) == paging.MAX_LISTINGS - 1
        return
    assert len(found) == len(set(found))
    assert model.throughout <= set(found)


def test_a_server_that_knows_no_pages_is_refused() -> None:
    class Deaf(Model):
        def get(self, path: str, params: dict[str, str]) -> Answer:
            return super().get(path, {**params, "page": "1"})

    with pytest.raises(GitlabError, match="something between here and GitLab drops the page number"):
        Deaf(list(range(40)), {}, 4, 0).read()
