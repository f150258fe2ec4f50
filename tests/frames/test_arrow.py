"""Arrow tables come back as they were, plain values without a copy."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frames.payloads import CountingPayloads

from nacre.errors import InvalidInput, Unstorable
from nacre.frames import get_frame, put_frame

NOW = dt.datetime(2026, 3, 29, 2, 30)

ARRAYS = {
    "int8": pa.array([1, None, -3], pa.int8()),
    "uint64": pa.array([2**64 - 1, 0], pa.uint64()),
    "float16": pa.array(np.array([1.5, np.nan], "f2")),
    "float64": pa.array([0.0, -0.0, None, float("nan")]),
    "bool": pa.array([True, None, False]),
    "null": pa.nulls(3),
    "string": pa.array(["a", None, "", "\u20ac"]),
    "large_string": pa.array(["a", None], pa.large_string()),
    "binary": pa.array([b"\x00", None]),
    "large_binary": pa.array([b"x"], pa.large_binary()),
    "fixed_size_binary": pa.array([b"abc", None], pa.binary(3)),
    "fixed_size_binary of nothing": pa.array([b"", None], pa.binary(0)),
    "string_view": pa.array(["a" * 20, None, "b"], pa.string_view()),
    "binary_view": pa.array([b"a" * 20, None], pa.binary_view()),
    "date32": pa.array([dt.date(2026, 1, 1), None]),
    "date64": pa.array([dt.date(2026, 1, 1), None], pa.date64()),
    "time32": pa.array([dt.time(1, 2), None], pa.time32("ms")),
    "time64": pa.array([dt.time(1, 2, 3, 4)], pa.time64("ns")),
    "timestamp": pa.array([NOW, None], pa.timestamp("s")),
    "timestamp in a zone": pa.array([NOW, None], pa.timestamp("ns", "Europe/Berlin")),
    "duration": pa.array([dt.timedelta(1), None], pa.duration("us")),
    "interval": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
    "decimal128": pa.array([decimal.Decimal("1.50"), None], pa.decimal128(20, 2)),
    "decimal256": pa.array([decimal.Decimal("1.5")], pa.decimal256(50, 1)),
    "list": pa.array([[1, None], None, []]),
    "large_list": pa.array([["a"], None], pa.large_list(pa.string())),
    "list_view": pa.array([[1], None], pa.list_view(pa.int8())),
    "fixed_size_list": pa.array([[1, 2], None], pa.list_(pa.int8(), 2)),
    "struct": pa.array([{"x": 1, "y": [1]}, None]),
    "struct without fields": pa.array([{}, None], pa.struct([])),
    "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int8())),
    "list of structs": pa.array([[{"x": "a"}, None], None]),
    "list of dictionaries": pa.array(
        [["a", "b"], None], pa.list_(pa.dictionary(pa.int8(), pa.string()))
    ),
    "dictionary": pa.DictionaryArray.from_arrays([1, None, 0], ["b", "a", "unused"]),
    "ordered dictionary": pa.DictionaryArray.from_arrays(
        pa.array([0], pa.int8()), pa.array([5]), ordered=True
    ),
    "dictionary of lists": pa.DictionaryArray.from_arrays([0, 0], pa.array([[1, 2]])),
    "run-end encoded": pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"]),
    "dense union": pa.UnionArray.from_dense(
        pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()), [pa.array([1]), pa.array(["x"])]
    ),
    "sparse union": pa.UnionArray.from_sparse(
        pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["x", "y"])]
    ),
    "bool8": pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None], pa.int8())),
    "fixed shape tensor": pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.int32(), [2]), pa.array([[1, 2]], pa.list_(pa.int32(), 2))
    ),
}

if hasattr(pa, "json_"):
    ARRAYS["json"] = pa.array(['{"a": 1}', None], pa.json_(pa.string()))
    ARRAYS["uuid"] = pa.array([b"0123456789abcdef", None], pa.uuid())
if hasattr(pa, "decimal32"):
    ARRAYS["decimal32"] = pa.array([decimal.Decimal("1.50"), None], pa.decimal32(5, 2))


def round_trip(table: pa.Table) -> pa.Table:
    payloads = CountingPayloads()
    return get_frame(payloads, put_frame(payloads, table))


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_an_array_of_any_type_comes_back(array: pa.Array) -> None:
    table = pa.table({"a": array})

    back = round_trip(table)

    back.validate(full=True)
    assert back.schema.equals(table.schema, check_metadata=True)
    assert repr(back["a"].to_pylist()) == repr(array.to_pylist())


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_a_slice_has_the_digest_of_its_copy(array: pa.Array) -> None:
    longer = pa.chunked_array([array, array, array])
    sliced = pa.table({"a": longer.slice(1, len(array))})
    copied = pa.table({"a": pa.chunked_array([pa.concat_arrays([*sliced["a"].chunks])])})

    digests = [put_frame(CountingPayloads(), table) for table in (sliced, copied)]

    assert digests[0] == digests[1]


def test_metadata_and_nullability_come_back() -> None:
    schema = pa.schema(
        [
            pa.field("a", pa.int8(), nullable=False, metadata={"unit": "m"}),
            pa.field("a", pa.string()),
        ],
        metadata={b"k": b"\xff"},
    )
    table = pa.table([pa.array([1], pa.int8()), pa.array(["x"])], schema=schema)

    assert round_trip(table).schema.equals(schema, check_metadata=True)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({}),
        pa.table({"a": pa.array([], pa.string())}),
        pa.schema([("a", pa.int8())]).empty_table(),
    ],
    ids=["no columns", "no rows", "no chunks"],
)
def test_an_empty_table_comes_back(table: pa.Table) -> None:
    assert round_trip(table).equals(table)


def test_a_record_batch_comes_back_as_a_table() -> None:
    batch = pa.record_batch({"a": [1, 2]})

    assert round_trip(batch).equals(pa.Table.from_batches([batch]))


def test_values_and_text_are_not_copied_on_reading() -> None:
    payloads = CountingPayloads()
    numbers = pa.array(np.arange(4000.0))
    texts = pa.array([f"text {number}" for number in range(4000)])
    back = get_frame(payloads, put_frame(payloads, pa.table({"n": numbers, "t": texts})))

    places = [np.frombuffer(blob, "u1").ctypes.data for blob in payloads.blobs.values()]
    ends = [at + len(blob) for at, blob in zip(places, payloads.blobs.values(), strict=True)]
    shared = [back["n"].chunk(0).buffers()[1], back["t"].chunk(0).buffers()[2]]

    for buffer in shared:
        assert any(at <= buffer.address < end for at, end in zip(places, ends, strict=True))


def test_pandas_columns_are_read_as_arrow_types() -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "f": [0.5, np.nan],
            "s": ["a", None],
            "d": pd.to_datetime(["2026-01-01", None]),
        },
        index=pd.Index(["x", "y"], name="key"),
    )
    payloads = CountingPayloads()

    table = get_frame(payloads, put_frame(payloads, frame), to="arrow")

    assert table.column_names == ["i", "f", "s", "d", "key"]
    assert table["s"].to_pylist() == ["a", None]
    assert table["f"].null_count == 0
    assert pa.types.is_timestamp(table["d"].type)
    assert table["d"].null_count == 1


def test_a_table_is_read_to_writable_pandas() -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pa.table({"a": np.arange(5000)}))

    frame = get_frame(payloads, digest, to="pandas")
    frame.loc[0, "a"] = 7

    assert frame["a"].iloc[:2].tolist() == [7, 1]
    assert get_frame(payloads, digest)["a"][0].as_py() == 0


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(InvalidInput, match="a list is no frame"):
        put_frame(CountingPayloads(), [1])
    with pytest.raises(InvalidInput, match="a Series is no frame"):
        put_frame(CountingPayloads(), pd.Series([1]))


@pytest.mark.parametrize(
    "categories",
    [pd.interval_range(0, 3), pd.period_range("2026", periods=3, freq="M")],
    ids=["intervals", "periods"],
)
def test_a_dictionary_of_extensions_is_refused(categories: pd.Index) -> None:
    # Arrow writes it into a schema that says something else when it is read.
    table = pa.table({"when": pa.array(pd.Categorical.from_codes([0, 2], categories))})
    payloads = CountingPayloads()

    with pytest.raises(Unstorable, match="the column 'when' of type dictionary"):
        put_frame(payloads, table)
