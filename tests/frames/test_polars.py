"""Polars frames come back with Polars' own types, or are refused."""

import contextlib
import datetime as dt
import decimal
import subprocess
import sys

import polars as pl
import pytest
from frames.payloads import CountingPayloads

from nacre.errors import Unstorable
from nacre.frames import get_frame, put_frame

DAY = dt.datetime(2026, 1, 2, 3, 4)

SERIES = {
    "int": pl.Series([1, None, 3]),
    "uint8": pl.Series([1, 2], dtype=pl.UInt8),
    "float32": pl.Series([1.5, float("nan"), None], dtype=pl.Float32),
    "bool": pl.Series([True, None]),
    "string": pl.Series(["a", None, "", "longer than twelve bytes"]),
    "binary": pl.Series([b"\x00", None]),
    "date": pl.Series([dt.date(2026, 1, 1), None]),
    "time": pl.Series([dt.time(1, 2), None]),
    "datetime": pl.Series([DAY, None], dtype=pl.Datetime("ms")),
    "datetime in a zone": pl.Series([DAY, None]).dt.replace_time_zone("Europe/Berlin"),
    "duration": pl.Series([dt.timedelta(1), None], dtype=pl.Duration("ns")),
    "decimal": pl.Series([decimal.Decimal("1.50"), None], dtype=pl.Decimal(10, 2)),
    "categorical": pl.Series(["b", "a", None], dtype=pl.Categorical),
    "enum": pl.Series(["b", None], dtype=pl.Enum(["a", "b"])),
    "list": pl.Series([[1, None], None, []]),
    "array": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int8, 2)),
    "struct": pl.Series([{"x": 1, "y": "a"}, {"x": None, "y": None}]),
    "list of dates": pl.Series([[dt.date(2026, 1, 1)], None]),
    "null": pl.Series([None, None]),
}


@pytest.mark.parametrize("series", SERIES.values(), ids=SERIES.keys())
def test_a_series_of_any_type_comes_back(series: pl.Series) -> None:
    payloads = CountingPayloads()
    frame = pl.DataFrame({"a": series, "": series})

    back = get_frame(payloads, put_frame(payloads, frame))

    assert back.schema == frame.schema
    assert back.equals(frame, null_equal=True)


@pytest.mark.parametrize(
    "frame", [pl.DataFrame(), pl.DataFrame(schema={"a": pl.Enum(["x"]), "b": pl.List(pl.Int8)})]
)
def test_an_empty_frame_comes_back(frame: pl.DataFrame) -> None:
    payloads = CountingPayloads()

    back = get_frame(payloads, put_frame(payloads, frame))

    assert back.schema == frame.schema
    assert back.shape == frame.shape


def test_columns_and_rows_are_read_alone() -> None:
    payloads = CountingPayloads()
    frame = pl.DataFrame({"a": range(10), "b": list("abcdefghij")})
    digest = put_frame(payloads, frame)

    back = get_frame(payloads, digest, columns=["b"], rows=(2, 4))

    assert back.equals(frame[2:4].select("b"))


@pytest.mark.parametrize(
    "odd", [pl.Series([object()], dtype=pl.Object), pl.Series([2**100], dtype=pl.Int128)]
)
def test_what_arrow_does_not_have_is_refused_by_name(odd: pl.Series) -> None:
    frame = pl.DataFrame({"fine": [1], "odd": odd})

    with pytest.raises(Unstorable, match="the column 'odd'"):
        put_frame(CountingPayloads(), frame)


def test_frames_are_read_across_libraries() -> None:
    payloads = CountingPayloads()
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    digest = put_frame(payloads, frame)

    assert get_frame(payloads, digest, to="arrow").to_pydict() == {"a": [1, 2], "b": ["x", None]}
    assert get_frame(payloads, digest, to="pandas")["a"].tolist() == [1, 2]
    pandas = put_frame(payloads, get_frame(payloads, digest, to="pandas"))
    assert get_frame(payloads, pandas, to="polars")["a"].to_list() == [1, 2]


def test_importing_frames_does_not_import_polars() -> None:
    code = "import nacre.frames, sys; sys.exit('polars' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_list_of_enums_comes_back_or_is_refused() -> None:
    payloads = CountingPayloads()
    frame = pl.DataFrame({"a": pl.Series([["x"], None], dtype=pl.List(pl.Enum(["x"])))})

    # Polars before 1.21 panics over it.
    with contextlib.suppress(Unstorable):
        assert get_frame(payloads, put_frame(payloads, frame)).equals(frame)
