"""Rows as blobs: what was put comes back, and changes over it give what was changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre.blobs import MemoryBlobs
from nacre.errors import CorruptionError
from nacre.hashing import Digest
from nacre.past.runs import chunks_in, differences, put_run, rows_in

ROWS = st.dictionaries(st.binary(min_size=1, max_size=6), st.binary(max_size=40), max_size=30)

# Format 1, frozen: what was stored is read for ever.
CHUNK = bytes.fromhex("00000002 0001 0002 00000003 ffffffff") + b"a" + b"bb" + b"\xa2hi"
RUN = bytes.fromhex("94 aa") + b"nacre.rows" + bytes.fromhex("01 91 c7210101")


def sorted_rows(rows: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return sorted(rows.items())


@given(versions=st.lists(ROWS, min_size=1, max_size=5))
@settings(deadline=None)
def test_runs_over_each_other_give_the_last_rows(versions: list[dict[bytes, bytes]]) -> None:
    blobs = MemoryBlobs()
    runs = [put_run(blobs, sorted_rows(versions[0]))]
    for rows in versions[1:]:
        changes = list(differences(rows_in(blobs, runs), sorted_rows(rows)))
        runs.append(put_run(blobs, changes))

        assert list(rows_in(blobs, runs)) == sorted_rows(rows)


@given(before=ROWS, after=ROWS)
def test_differences_are_what_must_be_changed(
    before: dict[bytes, bytes], after: dict[bytes, bytes]
) -> None:
    changed = dict(before)
    changes = list(differences(sorted_rows(before), sorted_rows(after)))
    for key, value in changes:
        if value is None:
            del changed[key]
        else:
            changed[key] = value

    assert changed == after
    assert [key for key, _ in changes] == sorted(
        key for key in before.keys() | after.keys() if before.get(key) != after.get(key)
    )


def test_rows_that_come_in_the_middle_leave_most_chunks() -> None:
    blobs = MemoryBlobs()
    rows = {f"key {n:06d}".encode(): bytes(40) for n in range(20_000)}
    first = chunks_in(blobs, put_run(blobs, sorted_rows(rows)))
    rows |= {f"key {n:06d} more".encode(): b"new" for n in range(7_000, 7_100)}
    second = chunks_in(blobs, put_run(blobs, sorted_rows(rows)))

    assert len(first) > 10
    assert len(set(second) - set(first)) <= 3


def test_the_bytes_of_format_1_are_read_and_written() -> None:
    blobs = MemoryBlobs()
    chunk = blobs.put_blob(CHUNK)
    run = blobs.put_blob(RUN + chunk.raw + b"\x90", manifest=True)
    base = put_run(blobs, [(b"bb", b"\x01"), (b"c", b"\x02")])

    assert put_run(blobs, [(b"a", b"\xa2hi"), (b"bb", None)]) == run
    assert list(rows_in(blobs, [base, run])) == [(b"a", b"\xa2hi"), (b"c", b"\x02")]


@pytest.mark.parametrize(
    "damaged", [b"", CHUNK[:-1], CHUNK + b"x", CHUNK[:3], b"\xff\xff\xff\xff" + CHUNK[4:]]
)
def test_a_chunk_that_was_altered_is_told(damaged: bytes) -> None:
    blobs = MemoryBlobs()
    chunk = blobs.put_blob(damaged)
    run = blobs.put_blob(RUN + chunk.raw + b"\x90", manifest=True)

    with pytest.raises(CorruptionError, match="a chunk of rows"):
        list(rows_in(blobs, [run]))


def test_what_is_no_run_is_told() -> None:
    blobs = MemoryBlobs()
    other: Digest = blobs.put_blob(b"\x93\x01\x02\x03")

    with pytest.raises(CorruptionError, match="holds no rows of a view"):
        list(rows_in(blobs, [other]))
