"""A frame of one library read to another is whole, or the column that it cannot hold is named."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frames.payloads import CountingPayloads

from nacre.errors import InvalidInput
from nacre.frames import get_frame, put_frame

DICTIONARY = pa.array([0, None, 1], pa.int8())
TO_POLARS = {
    "decimal256": pa.array([Decimal("1.5")], pa.decimal256(70, 1)),
    "month_day_nano": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    "offset": pa.array([1], pa.timestamp("us", "+05:30")),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int16()), pa.array(["a"])),
    "list view": pa.array([[1]], pa.list_view(pa.int8())),
    "negative scale": pa.array([Decimal("100")], pa.decimal128(5, -2)),
}
TO_PANDAS = {
    "null in dictionary": pa.DictionaryArray.from_arrays(DICTIONARY, pa.array(["a", None])),
    "twice in dictionary": pa.DictionaryArray.from_arrays(DICTIONARY, pa.array(["a", "a"])),
    "nanoseconds": pa.array([1, None], pa.time64("ns")),
}


def read(table: pa.Table, to: str) -> object:
    payloads = CountingPayloads()
    return get_frame(payloads, put_frame(payloads, table), to=to)


@pytest.mark.parametrize("name", TO_POLARS)
def test_what_polars_has_no_type_for_is_named(name: str) -> None:
    values = TO_POLARS[name]
    plain = pa.array(range(len(values)))

    with pytest.raises(InvalidInput, match=r"column 'odd' .* to polars .*to='arrow'"):
        read(pa.table({"plain": plain, "odd": values}), "polars")


@pytest.mark.parametrize("name", TO_PANDAS)
def test_what_pandas_has_no_type_for_is_named(name: str) -> None:
    values = TO_PANDAS[name]
    plain = pa.array(range(len(values)))

    with pytest.raises(InvalidInput, match=r"column 'odd' .* to pandas .*to='arrow'"):
        read(pa.table({"plain": plain, "odd": values}), "pandas")


def test_two_columns_of_one_name_are_refused_for_polars() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])

    with pytest.raises(InvalidInput, match="no two columns of one name"):
        read(table, "polars")


@pytest.mark.parametrize("kind", [pa.list_view(pa.int8()), pa.large_list_view(pa.int8())])
@pytest.mark.parametrize("rows", [[], [[]], [None], [[1], None, [2, 3], []]])
def test_views_of_lists_are_lists_in_pandas(kind: pa.DataType, rows: list[object]) -> None:
    frame = read(pa.table({"views": pa.array(rows, kind)}), "pandas")

    assert isinstance(frame, pd.DataFrame)
    found = [None if row is None else np.asarray(row).tolist() for row in frame["views"]]
    assert found == rows


@pytest.mark.parametrize("outer", [pa.list_view, lambda kind: pa.struct([("a", kind)])])
def test_views_of_lists_inside_others_are_refused_for_pandas(outer) -> None:
    table = pa.table({"odd": pa.array([], outer(pa.list_view(pa.int8())))})

    with pytest.raises(InvalidInput, match=r"column 'odd' .* to pandas"):
        read(table, "pandas")
