"""Plain values of every kind that some format has ever changed silently."""

import collections
import datetime as dt
import decimal
import fractions
import io
import pathlib
import uuid
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NAN = float("nan")


def structured():
    return np.array([(1, 2.5), (3, 4.5)], dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True))


def objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def named_file():
    file = io.BytesIO(b"a,b")
    file.name = "rows.csv"
    return file


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


EXACT = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "zero": lambda: 0,
    "minus one": lambda: -1,
    "the smallest of 64 bits": lambda: -(1 << 63),
    "the largest of 64 bits": lambda: (1 << 64) - 1,
    "one more than 64 bits": lambda: 1 << 64,
    "one less than 64 bits": lambda: -(1 << 63) - 1,
    "10,000 digits": lambda: 1 << 33_219,
    "0.0": lambda: 0.0,
    "-0.0": lambda: -0.0,
    "NaN": lambda: NAN,
    "infinity": lambda: float("-inf"),
    "the smallest float": lambda: 5e-324,
    "complex": lambda: complex(-0.0, NAN),
    "empty text": lambda: "",
    "text": lambda: "Größe 你好 \U0001f600 \0",
    "a lone surrogate": lambda: "a\ud800b",
    "long text": lambda: "ü" * 5000,
    "no bytes": lambda: b"",
    "bytes": lambda: bytes(range(256)),
    "long bytes": lambda: bytes(range(256)) * 100,
    "bytearray": lambda: bytearray(b"abc"),
    "BytesIO": lambda: io.BytesIO(b"a file"),
    "named file": named_file,
    "Decimal 2.50": lambda: decimal.Decimal("2.50"),
    "Decimal sNaN": lambda: decimal.Decimal("-sNaN123"),
    "Decimal -0": lambda: decimal.Decimal("-0E+5"),
    "Decimal infinity": lambda: decimal.Decimal("Infinity"),
    "Fraction": lambda: fractions.Fraction(1, 3),
    "Fraction of large numbers": lambda: fractions.Fraction(1 << 20_000, 3),
    "UUID": lambda: uuid.UUID(int=7),
    "date": lambda: dt.date(1, 1, 1),
    "time": lambda: dt.time(23, 59, 59, 999_999, fold=1),
    "time with zone": lambda: dt.time(1, 2, tzinfo=dt.UTC),
    "datetime": lambda: dt.datetime(2026, 1, 2, 3, 4, 5, 6),
    "datetime UTC": lambda: dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    "datetime in Berlin": lambda: dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN),
    "datetime with offset": lambda: dt.datetime(
        2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=-3, seconds=1))
    ),
    "timedelta": lambda: dt.timedelta(-1, 5, 7),
    "range": lambda: range(10, 0, -3),
    "range of large numbers": lambda: range(1 << 70),
    "slice": lambda: slice(None, 5, "x"),
    "path": lambda: pathlib.PurePosixPath("a/b"),
    "windows path": lambda: pathlib.PureWindowsPath("C:/a"),
    "empty list": list,
    "empty tuple": tuple,
    "empty dict": dict,
    "empty set": set,
    "empty frozenset": frozenset,
    "list of numbers": lambda: [1.5, None, True, -0.0],
    "list of mixed": lambda: [1, "a", (2, [3, {4}])],
    "nested tuples": lambda: ((), ((),), (1, (2, (3,)))),
    "set": lambda: {1, "a", (2, 3), frozenset({4}), None},
    "dict with keys of many types": lambda: {1: "a", "1": "b", (1, 2): "c", None: "d", 2.5: "e"},
    "dict in order": lambda: {"z": 1, "a": 2, "m": 3},
    "dict of dicts": lambda: {"a": {"b": {"c": [1, {"d": (2,)}]}}},
    "OrderedDict": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
    "Counter": lambda: collections.Counter("mississippi"),
    "deque": lambda: collections.deque([1, 2, 3], maxlen=5),
    "99 levels": lambda: deep(99),
    "numpy scalar": lambda: np.float32(0.1),
    "numpy bool": lambda: np.True_,
    "numpy text": lambda: np.str_(""),
    "numpy text that ends with a zero": lambda: np.str_("a\0"),
    "numpy bytes that end with a zero": lambda: np.bytes_(b"a\0"),
    "numpy void": lambda: np.void(b""),
    "numpy long double": lambda: np.longdouble(1) / 3,
    "numpy datetime": lambda: np.datetime64("2026-01-02T03", "h"),
    "array": lambda: np.arange(12.0).reshape(3, 4),
    "array in Fortran's order": lambda: np.asfortranarray(np.arange(12).reshape(3, 4)),
    "large array": lambda: np.arange(5000, dtype=">i4"),
    "array without dimensions": lambda: np.array(5, dtype="u1"),
    "array without values": lambda: np.zeros((0, 3), "f4"),
    "array of text": lambda: np.array(["a", "bcd"]),
    "array of bytes": lambda: np.array([b"a", b"bcd"]),
    "array of times": lambda: np.array(["2026-01-02", "NaT"], dtype="M8[ns]"),
    "array of structs": structured,
    "array of nested structs": lambda: np.zeros(2, [("a", [("b", "i2", (2,))]), ("c", "S3")]),
    "array of long doubles": lambda: np.array([1, 2], dtype=np.longdouble),
    "array of complex": lambda: np.array([1 + 2j]),
    "array of objects": lambda: objects(1, "a", (2,), None, [3]),
    "array of StringDType": lambda: np.array(["a", "bcd"], dtype=np.dtypes.StringDType()),
    "masked array": lambda: np.ma.MaskedArray([1, 2, 3], mask=[0, 1, 0], fill_value=9),
    "masked array of text": lambda: np.ma.MaskedArray(["a", "b"], mask=[0, 1]),
    "masked array of objects": lambda: np.ma.MaskedArray(objects(1, "a")),
    "masked array that is hard": lambda: np.ma.MaskedArray([1, 2], hard_mask=True),
    "masked array without dimensions": lambda: np.ma.MaskedArray(5, mask=True),
    "array in reverse": lambda: np.arange(5)[::-1],
    "array of StringDType with holes": lambda: np.array(
        ["a", None], dtype=np.dtypes.StringDType(na_object=None)
    ),
    "matrix": lambda: np.array([[1, 2], [3, 4]]).view(np.matrix),
    "dtype": lambda: np.dtype([("a", "<i4"), ("b", "U5")]),
    "object dtype": lambda: np.dtype(object),
    "pandas dtype": lambda: pd.CategoricalDtype(["b", "a"], ordered=True),
    "pandas dtype without categories": lambda: pd.CategoricalDtype(ordered=True),
    "pandas dtype of intervals": lambda: pd.IntervalDtype("int64", "both"),
    "Timestamp": lambda: pd.Timestamp("2026-10-25 00:30", tz="UTC").tz_convert(BERLIN),
    "Timestamp in ns": lambda: pd.Timestamp(1, unit="ns"),
    "Timedelta": lambda: pd.Timedelta(5, "ms"),
    "Period": lambda: pd.Period("2026Q1"),
    "Interval": lambda: pd.Interval(1, 2, closed="both"),
    "NaT": lambda: pd.NaT,
    "NA": lambda: pd.NA,
    "frame in a dict": lambda: {"frame": pd.DataFrame({"a": [1, None]}), "n": (1,)},
    "Series": lambda: pd.Series([1, 2], index=["a", "b"], name=("x", 1)),
    "Series of dtypes": lambda: pd.DataFrame({"a": [1], "b": ["x"]}).dtypes,
    "Series in a list": lambda: [pd.Series([1.5], dtype="Float32")],
    "Series without duplicates": lambda: pd.Series([1]).set_flags(allows_duplicate_labels=False),
    "Index": lambda: pd.date_range("2026-01-01", periods=3, freq="D", name="day"),
    "MultiIndex": lambda: pd.MultiIndex.from_tuples([(1, "a"), (2, "b")], names=["n", None]),
    "Categorical": lambda: pd.Categorical(["a", "b", "a"], categories=["b", "a"]),
    "masked integers": lambda: pd.array([1, None], dtype="Int8"),
    "Arrow table": lambda: pa.table({"a": [1, None], "b": [[1], []]}),
    "Polars frame": lambda: pl.DataFrame({"a": [1, None], "b": ["x", "y"]}),
    "Polars series": lambda: pl.Series("a", [[1], None]),
}


class Text(str):
    pass


class Mine:
    pass


def _cycle():
    value = []
    value.append(value)
    return value


def _recarray():
    return np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])


def noted(value):
    value.note = "mine"
    return value


def noted_file():
    return noted(io.BytesIO(b"a"))


REFUSED = {
    "object": object,
    "lambda": lambda: lambda: 1,
    "class": lambda: Mine,
    "own object": Mine,
    "subclass of str": lambda: Text("a"),
    "subclass of int": lambda: type("Number", (int,), {})(5),
    "subclass of list": lambda: type("Items", (list,), {})([1]),
    "defaultdict": lambda: collections.defaultdict(list),
    "generator": lambda: (n for n in ()),
    "module": lambda: io,
    "itself": _cycle,
    "101 levels": lambda: deep(101),
    "record array": _recarray,
    "record batch": lambda: pa.RecordBatch.from_pylist([{"a": 1}]),
    "lazy frame": lambda: pl.LazyFrame({"a": [1]}),
    "Arrow array": lambda: pa.array([1]),
    "zone without a name": lambda: dt.datetime(2026, 1, 1, tzinfo=_Zone()),
    "fraction that takes long": lambda: fractions.Fraction(1 << 70_000, 3),
    "fields that overlap": lambda: np.zeros(
        2, {"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 0]}
    ),
    "file with notes": noted_file,
    "OrderedDict with notes": lambda: noted(collections.OrderedDict()),
    "Counter with notes": lambda: noted(collections.Counter("a")),
    "open file": lambda: io.StringIO("a"),
}


class _Zone(dt.tzinfo):
    def utcoffset(self, _):
        return dt.timedelta(0)
