"""A diff says what a comparison in pandas would, and reads only what differs."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frames.payloads import CountingPayloads
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre.frames import FrameDiff, append_frame, diff_frames, put_frame


def diff(before: object, after: object, *, follows: bool = True) -> FrameDiff:
    payloads = CountingPayloads()
    old = put_frame(payloads, before)
    return diff_frames(payloads, old, put_frame(payloads, after, old if follows else None))


def test_equal_frames_differ_in_nothing() -> None:
    frame = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", None]})

    found = diff(frame, frame.copy())

    assert found.is_empty
    assert found.aligned_by == "position"


def test_columns_that_came_went_and_changed_type_are_named() -> None:
    before = pd.DataFrame({"a": [1], "b": [1], "c": [1]})
    after = pd.DataFrame({"a": [1], "b": [1.0], "d": [1]})

    found = diff(before, after)

    assert found.added_columns == ("d",)
    assert found.removed_columns == ("c",)
    assert [(c.label, c.before, c.after) for c in found.retyped_columns] == [
        ("b", "int64", "float64")
    ]
    assert not found.is_empty


def test_changed_cells_are_counted_and_placed() -> None:
    before = pd.DataFrame({"a": np.arange(100), "b": ["x"] * 100})
    after = before.copy()
    after.loc[10:12, "a"] = -1
    after.loc[[12, 50], "b"] = "y"

    found = diff(before, after)

    assert found.rows_changed == 4
    assert [(c.label, c.cells, c.ranges) for c in found.changed_columns] == [
        ("a", 3, ((10, 13),)),
        ("b", 2, ((12, 13), (50, 51))),
    ]


def test_rows_at_the_end_are_added_or_removed() -> None:
    frame = pd.DataFrame({"a": np.arange(10)})

    assert diff(frame[:7], frame).rows_added == 3
    assert diff(frame, frame[:7].copy()).rows_removed == 3


def test_rows_with_labels_are_compared_by_label() -> None:
    before = pd.DataFrame({"a": [1, 2, 3], "b": [1.0, 2.0, 3.0]}, index=["x", "y", "z"])
    after = pd.DataFrame({"a": [3, 9, 4], "b": [3.0, 2.0, 4.0]}, index=["z", "y", "w"])

    found = diff(before, after)

    assert found.aligned_by == "index"
    assert (found.rows_added, found.rows_removed, found.rows_changed) == (1, 1, 1)
    assert [(c.label, c.cells, c.ranges) for c in found.changed_columns] == [("a", 1, ((1, 2),))]


def test_text_that_became_mixed_is_compared_cell_by_cell() -> None:
    before = pd.DataFrame({"a": pd.Series(["x", "y", None], dtype=object)})
    after = pd.DataFrame({"a": pd.Series(["x", 2, None], dtype=object)})

    assert diff(before, after).changed_columns[0].ranges == ((1, 2),)


def test_new_categories_do_not_change_old_cells() -> None:
    before = pd.DataFrame({"a": pd.Categorical(["x", "y"])})
    after = pd.DataFrame({"a": pd.Categorical(["x", "z"], categories=["z", "y", "x"])})

    assert diff(before, after).changed_columns[0].ranges == ((1, 2),)


def test_nested_values_are_compared() -> None:
    before = pa.table({"a": [[1, 2], None, [3]]})
    after = pa.table({"a": [[1, 2], [], [3]]})

    assert diff(before, after).changed_columns[0].ranges == ((1, 2),)


@pytest.mark.parametrize("follows", [True, False])
def test_only_chunks_that_differ_are_read(follows: bool) -> None:
    payloads = CountingPayloads()
    frame = pd.DataFrame({"a": np.random.default_rng(0).random(500_000)})
    old = put_frame(payloads, frame)
    edited = frame.copy()
    edited.loc[1000, "a"] = 2
    new = put_frame(payloads, edited, old if follows else None)
    payloads.reads = 0

    found = diff_frames(payloads, old, new)

    assert found.changed_columns[0].ranges == ((1000, 1001),)
    assert payloads.reads <= 8


def test_what_was_appended_is_not_compared() -> None:
    payloads = CountingPayloads()
    frame = pd.DataFrame({"a": np.random.default_rng(0).random(500_000)})
    old = put_frame(payloads, frame)
    new = append_frame(payloads, old, frame[:1000])
    payloads.reads = 0

    assert diff_frames(payloads, old, new).rows_added == 1000
    assert payloads.reads <= 6


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_diff_is_what_pandas_finds(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 200))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    before = pd.DataFrame({"a": random.integers(0, 3, rows), "b": random.random(rows)})
    before["s"] = random.choice(["x", "yy", None], rows)
    after = before.copy()
    edits = data.draw(st.lists(st.tuples(st.integers(0, rows - 1), st.integers(0, 1)), max_size=9))
    for row, column in edits:
        after.iloc[row, column] = 7
    after = pd.concat([after, before[: data.draw(st.integers(0, 5))]], ignore_index=True)

    found = diff(before, after, follows=data.draw(st.booleans()))

    head = after[:rows]
    changed = (before != head) & ~(before.isna() & head.isna())
    assert found.rows_changed == changed.any(axis=1).sum()
    assert {c.label: c.cells for c in found.changed_columns} == {
        label: count for label, count in changed.sum().items() if count
    }
    assert found.rows_added == len(after) - rows


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(np.array([1, 2, 3], "g")),
        pd.Index(pd.array([[1], [2], [3]], pd.ArrowDtype(pa.list_view(pa.int8())))),
        pd.Index(pd.array([None] * 3, pd.ArrowDtype(pa.month_day_nano_interval()))),
    ],
    ids=["long double", "list view", "month day nano"],
)
def test_labels_that_pandas_cannot_look_up_are_compared_by_position(index: pd.Index) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=index)

    found = diff(frame, frame.iloc[:2])

    assert (found.aligned_by, found.rows_removed, found.rows_changed) == ("position", 1, 0)
