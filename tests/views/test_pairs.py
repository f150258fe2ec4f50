"""Every kind of pairs is a sorted map from bytes to bytes."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre.environment import Environment
from nacre.files import OsFiles
from nacre.keys import after_prefix
from nacre.views.pairs import (
    FIRST_PAGE_ROWS,
    PAGE_ROWS,
    MemoryPairs,
    Pairs,
    ReadPairs,
    TransactionPairs,
)

KEYS = st.binary(min_size=1, max_size=3).map(lambda key: bytes(byte % 4 for byte in key))
VALUES = st.binary(max_size=3)
CHANGES = st.lists(st.tuples(KEYS, st.none() | VALUES), max_size=30)
# Scans read pages of these sizes: first few rows, then more.
COUNTS = [size + more for size in (FIRST_PAGE_ROWS, PAGE_ROWS) for more in (-1, 0, 1)]
BOUNDS = st.binary(max_size=2).map(lambda key: bytes(byte % 5 for byte in key))


def change(pairs: Pairs, model: dict[bytes, bytes], changes: list) -> None:
    for key, value in changes:
        if value is None:
            assert pairs.delete(key) == (model.pop(key, None) is not None)
        else:
            pairs.put(key, value)
            model[key] = value


def expected(model: dict[bytes, bytes], start: bytes, stop: bytes | None, reverse: bool) -> list:
    inside = (key for key in model if start <= key and (stop is None or key < stop))
    return [(key, model[key]) for key in sorted(inside, reverse=reverse)]


@settings(max_examples=150, deadline=None)
@given(
    layers=st.lists(CHANGES, min_size=1, max_size=3),
    start=BOUNDS,
    stop=st.none() | BOUNDS,
    reverse=st.booleans(),
)
def test_memory_over_memory_is_one_map(
    layers: list, start: bytes, stop: bytes | None, reverse: bool
) -> None:
    pairs: MemoryPairs | None = None
    model: dict[bytes, bytes] = {}
    for changes in layers:
        pairs = MemoryPairs(pairs)
        change(pairs, model, changes)

    assert pairs is not None
    assert list(pairs.scan(start, stop, reverse=reverse)) == expected(model, start, stop, reverse)
    assert all(pairs.get(key) == model.get(key) for key in [*model, b"absent"])


@settings(max_examples=50, deadline=None)
@given(below=CHANGES, above=CHANGES, middle=st.integers(0, 30))
def test_memory_that_changes_between_scans_stays_sorted(
    below: list, above: list, middle: int
) -> None:
    base, model = MemoryPairs(), {}
    change(base, model, [(key, value) for key, value in below if value is not None])
    pairs = MemoryPairs(base)
    change(pairs, model, above[:middle])
    first = list(pairs.scan(b"", None))
    before = expected(model, b"", None, False)

    change(pairs, model, above[middle:])

    assert first == before
    assert list(pairs.scan(b"", None)) == expected(model, b"", None, False)


def test_memory_leaves_what_is_below_as_it_was() -> None:
    base = MemoryPairs()
    base.put(b"a", b"1")
    pairs = MemoryPairs(base)

    pairs.put(b"a", b"2")
    pairs.put(b"b", b"3")
    pairs.delete(b"a")

    assert list(base.scan(b"", None)) == [(b"a", b"1")]
    assert list(pairs.scan(b"", None)) == [(b"b", b"3")]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    path = tmp_path_factory.mktemp("pairs") / "data.mdb"
    environment = Environment(path, read_only=False, relaxed=True)
    yield environment
    environment.close()


@settings(max_examples=60, deadline=None)
@given(
    changes=CHANGES,
    prefix=st.sampled_from([b"\x04\x00\x01", b"\x04\xff\xff", b"\x04\x00\xff"]),
    start=BOUNDS,
    stop=st.none() | BOUNDS,
    reverse=st.booleans(),
)
def test_rows_behind_a_prefix_are_a_map_of_their_own(
    environment: Environment,
    changes: list,
    prefix: bytes,
    start: bytes,
    stop: bytes | None,
    reverse: bool,
) -> None:
    model: dict[bytes, bytes] = {}
    with environment.write(OsFiles()) as transaction:
        pairs = TransactionPairs(transaction, prefix)
        for key, _ in list(pairs.scan(b"", None)):
            pairs.delete(key)
        neighbours = (prefix[:2] + bytes([prefix[2] - 1]), after_prefix(prefix))
        for neighbour in neighbours:
            transaction.put(neighbour + b"\x01", b"not ours")
        change(pairs, model, changes)
        inside = list(pairs.scan(start, stop, reverse=reverse))

    outside = list(ReadPairs(environment, prefix).scan(start, stop, reverse=reverse))

    assert inside == outside == expected(model, start, stop, reverse)
    read = ReadPairs(environment, prefix)
    assert all(read.get(key) == model.get(key) for key in [*model, b"absent"])


@pytest.mark.parametrize("count", [*COUNTS, 3 * PAGE_ROWS])
def test_scans_over_pages_miss_nothing(environment: Environment, count: int) -> None:
    keys = [n.to_bytes(2, "big") for n in range(count)]
    prefix = b"\x04\x01\x00"
    with environment.write(OsFiles()) as transaction:
        pairs = TransactionPairs(transaction, prefix)
        for key, _ in list(pairs.scan(b"", None)):
            pairs.delete(key)
        for key in keys:
            pairs.put(key, key)

    read = ReadPairs(environment, prefix)

    assert [key for key, _ in read.scan(b"", None)] == keys
    assert [key for key, _ in read.scan(b"", None, reverse=True)] == keys[::-1]


def test_what_changes_during_a_scan_hides_nothing_else(environment: Environment) -> None:
    keys = [n.to_bytes(2, "big") for n in range(3 * PAGE_ROWS)]
    prefix = b"\x04\x02\x00"
    with environment.write(OsFiles()) as transaction:
        for key in keys:
            transaction.put(prefix + key, key)

    seen = []
    for key, _ in ReadPairs(environment, prefix).scan(b"", None):
        seen.append(key)
        if len(seen) == FIRST_PAGE_ROWS:
            with environment.write(OsFiles()) as transaction:
                transaction.delete(prefix + seen[-1])
                transaction.delete(prefix + keys[FIRST_PAGE_ROWS])

    assert seen == [key for key in keys if key != keys[FIRST_PAGE_ROWS]]
