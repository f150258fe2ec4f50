"""Pandas frames of every kind that has ever been changed silently by some file format."""

import datetime as dt
import decimal
import fractions
import pathlib
import uuid
import zoneinfo
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

Frames = dict[str, Callable[[], pd.DataFrame]]


def column(values: object, **options: object) -> Callable[[], pd.DataFrame]:
    return lambda: pd.DataFrame({"a": pd.Series(values, **options)})


def cells(*values: object) -> Callable[[], pd.DataFrame]:
    def make() -> pd.DataFrame:
        array = np.empty(len(values), object)
        for row, value in enumerate(values):
            array[row] = value
        return pd.DataFrame({"a": pd.Series(array, dtype=object)})

    return make


def indexed(index: Callable[[], pd.Index]) -> Callable[[], pd.DataFrame]:
    return lambda: pd.DataFrame({"a": np.arange(len(index()))}, index=index())


def labelled(labels: Callable[[], pd.Index]) -> Callable[[], pd.DataFrame]:
    def make() -> pd.DataFrame:
        frame = pd.DataFrame(np.arange(2.0 * len(labels())).reshape(2, -1))
        frame.columns = labels()
        return frame

    return make


def with_attrs(**attrs: object) -> Callable[[], pd.DataFrame]:
    def make() -> pd.DataFrame:
        frame = pd.DataFrame({"a": [1]})
        frame.attrs = dict(attrs)
        return frame

    return make


def _masked(dtype: str) -> Callable[[], pd.DataFrame]:
    return column([1, None, 3], dtype=dtype)


def _attrs_with_int_keys() -> pd.DataFrame:
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = {1: "one", (2, 3): {"x": (1, 2)}, "when": dt.date(2026, 1, 2)}
    return frame


def _no_duplicates() -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2]}).set_flags(allows_duplicate_labels=False)


def _two_blocks() -> pd.DataFrame:
    frame = pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=list("xyz"))
    frame["n"] = np.arange(4)
    return frame[["n", "z", "x", "y"]]


def _days(**options: object) -> pd.DatetimeIndex:
    return pd.date_range("2026-03-27", periods=5, **options)


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

EXACT: Frames = {
    **{
        f"numpy {kind}": column(np.arange(4).astype(kind))
        for kind in (
            "i1",
            "i2",
            "i4",
            "i8",
            "u1",
            "u2",
            "u4",
            "u8",
            "f2",
            "f4",
            "f8",
            "?",
            "c8",
            "c16",
        )
    },
    "longdouble": column(np.array([1, 2], np.longdouble) / 3),
    "clongdouble": column(np.array([1 + 2j], np.clongdouble) / 3),
    "floats with signs and NaN": column([0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324]),
    "NaN with a payload": column(np.array([0x7FF8000000000001], "u8").view("f8")),
    **{
        f"datetime64[{unit}]": column(
            np.array([1, 2**40 if unit != "s" else 9, "NaT"], f"M8[{unit}]")
        )
        for unit in ("s", "ms", "us", "ns")
    },
    **{
        f"timedelta64[{unit}]": column(np.array([1, -5, "NaT"], f"m8[{unit}]"))
        for unit in ("s", "ms", "us", "ns")
    },
    "datetimes in UTC": column(pd.to_datetime(["2026-01-01", None], utc=True)),
    "datetimes in Berlin": column(_days(tz="Europe/Berlin").to_series(index=range(5))),
    "datetimes in a zoneinfo": column(
        pd.DatetimeIndex(["2026-10-25"] * 2).tz_localize(BERLIN, ambiguous=[True, False])
    ),
    "datetimes at an offset": column(_days(tz=dt.timezone(dt.timedelta(hours=-3, minutes=-30)))),
    "datetimes at a named offset": column(_days(tz=dt.timezone(dt.timedelta(hours=2), "X"))),
    "datetimes in seconds and UTC": column(_days(tz="UTC", unit="s")),
    **{
        f"masked {kind}": _masked(kind)
        for kind in (
            "Int8",
            "Int16",
            "Int32",
            "Int64",
            "UInt8",
            "UInt16",
            "UInt32",
            "UInt64",
            "Float32",
            "Float64",
        )
    },
    "masked boolean": column([True, None, False], dtype="boolean"),
    "strings": column(["a", None, "", "\u00e4\u20ac\U0001f600"]),
    "strings with a NUL": column(["a\x00b", "\x00"]),
    "string[python]": column(["a", None, "b"], dtype="string[python]"),
    "string[pyarrow]": column(["a", None, "b"], dtype="string[pyarrow]"),
    "object of str": cells("a", "b"),
    "object of str and None": cells("a", None, "c"),
    "object of str and NaN": cells("a", float("nan")),
    "object of str and pd.NA": cells("a", pd.NA),
    "object of ints": cells(1, 2),
    "object of ints and None": cells(1, None),
    "object of big ints": cells(2**64, -(2**70), 2**63),
    "object of bools and ints": cells(True, 1, 0, False),
    "object of floats and ints": cells(1, 1.0, np.float32(1), np.int8(1)),
    "object of decimals": cells(
        decimal.Decimal("2.5"), decimal.Decimal("2.50"), decimal.Decimal("NaN")
    ),
    "object of fractions": cells(fractions.Fraction(1, 3)),
    "object of dicts": cells({"k": 1}, {"j": 2.0}, {1: {True: None}}),
    "object of lists": cells([1, 2], [], [[1.5, "x"], None]),
    "object of tuples": cells((1, 2), (), ((1,), "x")),
    "object of sets": cells({1, 2, 3}, frozenset({"b", "a"}), set()),
    "object of bytes": cells(b"a\x00", bytearray(b"b"), b""),
    "object of dates": cells(dt.date(2026, 1, 2), dt.time(1, 2, 3, 4), dt.timedelta(1, 2, 3)),
    "object of datetimes": cells(
        dt.datetime(2026, 1, 2, 3, 4, 5, 6),
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    ),
    "object of timestamps": cells(pd.Timestamp("2026-01-01"), pd.Timestamp(1, tz="UTC"), pd.NaT),
    "object of timedeltas and periods": cells(
        pd.Timedelta("1D"), pd.Period("2026-01", "M"), pd.Interval(1, 2, closed="both")
    ),
    "object of paths and ids": cells(pathlib.PurePosixPath("/a/b"), uuid.UUID(int=5)),
    "object of ranges": cells(range(1, 9, 2), slice(1, None, 2)),
    "object of complex": cells(1 + 2j, complex("nan")),
    "object of arrays": cells(
        np.arange(3), np.array([["a", "b"]]), np.array([1, "x", None], object)
    ),
    "object of numpy datetimes": cells(np.datetime64("2026-01-01", "D"), np.timedelta64(5, "s")),
    "object of lone surrogates": cells("\ud800", "ok", None),
    "object of nothing but None": cells(None, None),
    "categories of strings": column(
        pd.Categorical(["a", "b", None, "a"], categories=["c", "b", "a"])
    ),
    "ordered categories": column(
        pd.Categorical(["lo", "hi"], categories=["lo", "hi"], ordered=True)
    ),
    "categories of ints": column(pd.Categorical([3, 1, None])),
    "categories of datetimes": column(pd.Categorical(_days(tz="UTC"))),
    "categories of intervals": column(pd.cut([1, 5, 9], 3)),
    "categories of objects": column(pd.Categorical([(1, 2), None, (3, 4)])),
    "many categories": column(pd.Categorical([f"c{i}" for i in range(300)])),
    "no categories": column(pd.Categorical([None, None])),
    **{
        f"intervals closed {side}": column(
            pd.arrays.IntervalArray.from_breaks([0, 1, 2], closed=side)
        )
        for side in ("left", "right", "both", "neither")
    },
    "intervals of datetimes": column(pd.arrays.IntervalArray.from_breaks(_days(tz="UTC"))),
    "intervals with a gap": column(pd.arrays.IntervalArray.from_tuples([(0.0, 1.0), None])),
    **{
        f"periods of {freq}": column(pd.period_range("2026-01", periods=3, freq=freq))
        for freq in ("M", "Q-DEC", "Q-MAR", "Y-JUN", "W-SUN", "D", "h", "3D")
    },
    "periods with NaT": column(pd.PeriodIndex(["2026-01", None], freq="M")),
    "sparse floats": column(pd.arrays.SparseArray([0.0, 0, 1, np.nan], fill_value=0.0)),
    "sparse NaN": column(pd.arrays.SparseArray([np.nan, 1.0, np.nan])),
    "sparse ints in blocks": column(pd.arrays.SparseArray([0, 0, 1, 2], kind="block")),
    "sparse bools": column(pd.arrays.SparseArray([False, True])),
    **{
        f"arrow {kind}": column(values, dtype=pd.ArrowDtype(kind))
        for kind, values in (
            (pa.int64(), [1, None]),
            (pa.float32(), [1.5, None]),
            (pa.string(), ["a", None]),
            (pa.large_string(), ["a", None]),
            (pa.bool_(), [True, None]),
            (pa.date32(), [dt.date(2026, 1, 1), None]),
            (pa.timestamp("us", "Europe/Berlin"), [pd.Timestamp(0, tz="Europe/Berlin"), None]),
            (pa.duration("ms"), [pd.Timedelta("1s"), None]),
            (pa.time64("ns"), [dt.time(1, 2), None]),
            (pa.decimal128(10, 2), [decimal.Decimal("1.50"), None]),
            (pa.binary(), [b"x", None]),
            (pa.list_(pa.int64()), [[1, None], None, []]),
            (pa.struct([("x", pa.int8()), ("y", pa.string())]), [{"x": 1, "y": "a"}, None]),
            (pa.map_(pa.string(), pa.int64()), [[("k", 1)], None]),
            (pa.dictionary(pa.int32(), pa.string()), ["a", "b", None]),
            (pa.null(), [None, None]),
        )
    },
    "a range": indexed(lambda: pd.RangeIndex(5, 50, 9, name="r")),
    "index of ints with name 0": indexed(lambda: pd.Index([3, 1], name=0)),
    "index of int8": indexed(lambda: pd.Index([3, 1], dtype="int8")),
    "index of floats": indexed(lambda: pd.Index([1.5, np.nan])),
    "index of strings": indexed(lambda: pd.Index(["x", "y"], name="key")),
    "index of objects": indexed(lambda: pd.Index(["x", 1, None], dtype=object)),
    "index of bools": indexed(lambda: pd.Index([True, False])),
    "index with duplicates": indexed(lambda: pd.Index([1, 1, 2])),
    "index with a tuple name": indexed(lambda: pd.Index([1], name=("a", 1))),
    "index of days with freq": indexed(lambda: _days(freq="D", name="day")),
    "index of business days": indexed(lambda: _days(freq="B")),
    "index of hours in Berlin": indexed(lambda: _days(freq="h", tz="Europe/Berlin")),
    "index of days without freq": indexed(lambda: pd.DatetimeIndex(["2026-01-01", "2026-01-05"])),
    "index of month ends": indexed(lambda: _days(freq="ME", unit="s")),
    "index of timedeltas with freq": indexed(
        lambda: pd.timedelta_range("1D", periods=3, freq="6h")
    ),
    "index of periods": indexed(lambda: pd.period_range("2026", periods=3, freq="M")),
    "index of intervals": indexed(lambda: pd.interval_range(0, 3)),
    "index of categories": indexed(
        lambda: pd.CategoricalIndex(["b", "a"], ["a", "b"], ordered=True)
    ),
    "index of masked ints": indexed(lambda: pd.Index([1, None], dtype="Int64")),
    "index of arrow dates": indexed(
        lambda: pd.Index([dt.date(2026, 1, 1)], dtype=pd.ArrowDtype(pa.date32()))
    ),
    "multi-index": indexed(
        lambda: pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", 0])
    ),
    "multi-index with gaps": indexed(
        lambda: pd.MultiIndex.from_tuples([("a", 1.0), (None, np.nan)])
    ),
    "multi-index of days": indexed(lambda: pd.MultiIndex.from_product([_days(freq="D"), ["x"]])),
    "multi-index with unused levels": indexed(
        lambda: pd.MultiIndex.from_product([["a", "b"], [1, 2]])[:1]
    ),
    "columns that are a range": labelled(lambda: pd.RangeIndex(3)),
    "columns of ints": labelled(lambda: pd.Index([3, 1])),
    "columns of mixed labels": labelled(
        lambda: pd.Index(["a", 1, None, (1, 2)], dtype=object, tupleize_cols=False)
    ),
    "columns of duplicates": labelled(lambda: pd.Index(["a", "a"])),
    "columns of a multi-index": labelled(lambda: pd.MultiIndex.from_product([["a", "b"], [1, 2]])),
    "columns of days": labelled(lambda: _days(freq="D", name="day")),
    "columns of categories": labelled(lambda: pd.CategoricalIndex(["b", "a"])),
    "columns of intervals": labelled(lambda: pd.interval_range(0, 2)),
    "columns with a name": labelled(lambda: pd.Index(["a"], name="name")),
    "columns of objects": labelled(lambda: pd.Index(["a", "b"], dtype=object)),
    "empty labels": labelled(lambda: pd.Index(["", " "])),
    "attrs": with_attrs(unit="m", nested={"t": (1, 2), "l": [1], "s": {3}}),
    "attrs with odd keys": _attrs_with_int_keys,
    "no duplicate labels allowed": _no_duplicates,
    "no columns, some rows": lambda: pd.DataFrame(index=range(3)),
    "some columns, no rows": lambda: pd.DataFrame(
        {"a": pd.Series(dtype="i4"), "b": pd.Series(dtype="str")}
    ),
    "nothing": pd.DataFrame,
    "nothing with object labels": lambda: pd.DataFrame(columns=pd.Index([], dtype=object)),
    "strided columns": _two_blocks,
    "reversed rows": lambda: pd.DataFrame({"a": np.arange(5), "s": list("abcde")})[::-1],
}

if pd.__version__ >= "3":
    EXACT["str stored by python"] = column(
        ["a", None], dtype=pd.StringDtype("python", na_value=np.nan)
    )

CYCLE: list[object] = []
CYCLE.append(CYCLE)

REFUSED: Frames = {
    "a bare object": cells(object()),
    "a class": cells(int),
    "a function": cells(len),
    "a subclass of str": cells(type("Name", (str,), {})("x")),
    "a subclass of dict": cells(type("Bag", (dict,), {})(a=1)),
    "a frame in a cell": cells(pd.DataFrame({"x": [1]})),
    "a cycle": cells([CYCLE]),
    "a structured scalar": cells(np.zeros(1, "i4,f8")[0]),
}
