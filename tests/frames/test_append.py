"""Appending equals joining, whatever the frame, and refuses another schema by name."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from frames.battery import EXACT
from frames.exactly import differences
from frames.payloads import CountingPayloads

from nacre.errors import InvalidInput
from nacre.frames import append_frame, get_frame, put_frame

# Joining these gives another type or index, or needs an order that is not there.
_NOT_JOINABLE = {
    "index of business days", "index of days with freq", "index of hours in Berlin",
    "index of month ends", "index of timedeltas with freq", "index of periods",
    "a range", "reversed rows", "no columns, some rows", "nothing",
    "nothing with object labels", "some columns, no rows", "no duplicate labels allowed",
    "sparse ints in blocks", "sparse NaN",
}  # fmt: skip
JOINABLE = {name: make for name, make in EXACT.items() if name not in _NOT_JOINABLE}


@pytest.mark.parametrize("make", JOINABLE.values(), ids=JOINABLE.keys())
def test_appending_a_frame_to_itself_equals_concat(make: Callable[[], pd.DataFrame]) -> None:
    frame = make()
    payloads = CountingPayloads()
    counts = type(frame.index) is pd.RangeIndex
    expected = pd.concat([frame, frame], ignore_index=counts)
    expected.attrs = frame.attrs

    digest = append_frame(payloads, put_frame(payloads, frame), make())

    assert differences(expected, get_frame(payloads, digest)) == []


def test_a_counting_index_goes_on() -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(10, 30, 10)))

    digest = append_frame(payloads, digest, pd.DataFrame({"a": [3]}))

    index = get_frame(payloads, digest).index
    assert (type(index), index.start, index.stop, index.step) == (pd.RangeIndex, 10, 40, 10)


def test_days_that_follow_keep_their_frequency() -> None:
    payloads = CountingPayloads()
    days = pd.date_range("2026-01-01", periods=6, freq="D")
    frame = pd.DataFrame({"a": range(6)}, index=days)

    digest = append_frame(payloads, put_frame(payloads, frame[:4]), frame[4:])

    assert differences(frame, get_frame(payloads, digest)) == []


def test_appending_costs_what_is_new() -> None:
    payloads = CountingPayloads()
    random = np.random.default_rng(0)
    digest = put_frame(payloads, pd.DataFrame({"a": random.random(500_000)}))
    before, payloads.reads = payloads.new_bytes, 0

    append_frame(payloads, digest, pd.DataFrame({"a": random.random(1000)}))

    assert payloads.new_bytes - before <= 16_000
    assert payloads.reads <= 4


def test_appending_nothing_changes_nothing() -> None:
    payloads = CountingPayloads()
    frame = pd.DataFrame({"a": [1.5]})
    digest = put_frame(payloads, frame)

    assert append_frame(payloads, digest, frame[:0]) == digest


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"a": [1.5], "b": ["x"]}, "the column 'a' is int64 in the frame and float64"),
        ({"a": [1]}, "lacks the column 'b'"),
        ({"a": [1], "b": ["x"], "c": [1]}, "the frame has no column 'c'"),
        ({"b": ["x"], "a": [1]}, "another order"),
    ],
)
def test_another_schema_is_refused_by_name(more: dict[str, list[object]], message: str) -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pd.DataFrame({"a": [1], "b": ["x"]}))

    with pytest.raises(InvalidInput, match=message):
        append_frame(payloads, digest, pd.DataFrame(more))


def test_other_categories_are_refused_by_name() -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pd.DataFrame({"a": pd.Categorical(["x"])}))

    with pytest.raises(InvalidInput, match="the column 'a' is Categorical"):
        append_frame(payloads, digest, pd.DataFrame({"a": pd.Categorical(["y"])}))


def test_an_index_of_another_type_is_refused() -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pd.DataFrame({"a": [1]}, index=["x"]))

    with pytest.raises(InvalidInput, match="the index is"):
        append_frame(payloads, digest, pd.DataFrame({"a": [1]}))


def test_labels_that_must_be_unique_stay_so() -> None:
    payloads = CountingPayloads()
    frame = pd.DataFrame({"a": [1]}, index=["x"]).set_flags(allows_duplicate_labels=False)
    digest = put_frame(payloads, frame)

    with pytest.raises(InvalidInput, match="duplicates"):
        append_frame(payloads, digest, frame)


def test_tables_and_polars_frames_are_appended_to() -> None:
    payloads = CountingPayloads()
    table = pa.table({"a": [1, None], "d": pa.array(["x", "y"]).dictionary_encode()})
    other = pa.table({"a": [3], "d": pa.array(["z"]).dictionary_encode()})
    frame = pl.DataFrame({"e": pl.Series(["a"], dtype=pl.Enum(["a", "b"])), "l": [[1]]})

    tables = append_frame(payloads, put_frame(payloads, table), other)
    frames = append_frame(payloads, put_frame(payloads, frame), frame)

    back = get_frame(payloads, tables)
    assert back.to_pydict() == {"a": [1, None, 3], "d": ["x", "y", "z"]}
    assert back.schema == table.schema
    assert get_frame(payloads, frames).equals(pl.concat([frame, frame]))


def test_a_frame_of_another_library_is_refused() -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pd.DataFrame({"a": [1]}))

    with pytest.raises(InvalidInput, match="is a pandas frame"):
        append_frame(payloads, digest, pa.table({"a": [1]}))


@pytest.mark.parametrize(
    ("first", "second"), [([1, "x"], ["y"]), (["x", "y"], [1]), (["x"], ["y"])]
)
def test_objects_stay_objects_whatever_they_hold(first: list[object], second: list[object]) -> None:
    payloads = CountingPayloads()
    before, more = (
        pd.DataFrame({"o": pd.Series(values, dtype=object)}) for values in (first, second)
    )

    found = get_frame(payloads, append_frame(payloads, put_frame(payloads, before), more))

    assert found["o"].dtype == object
    assert found["o"].tolist() == [*first, *second]
