"""Types of executed columns, whichever way the values come."""

import pandas as pd
import pytest
from tablevault.memory import run, yaml_of

from nacre_adapters.tablevault.errors import TVTableError
from nacre_adapters.tablevault.execution.types import converted

CODE = """
import datetime
import decimal
import pandas as pd
VALUES = {
    "Int64": [1, None, "3", 2**60 + 1],
    "int8": [1, None, 3, 4],
    "UInt64": [1, None, 2**64 - 1, "7"],
    "Float64": [1, None, "2.5", 1.5],
    "boolean": [True, None, "false", "True"],
    "string": ["a", None, 5, ""],
    "datetime64[ns]": ["2026-01-01", None, pd.Timestamp("2026-01-02 03:04"), datetime.date(2026, 1, 3)],
    "datetime64[ns, Europe/Zurich]": ["2026-01-01T00:00:00Z", None, pd.Timestamp("2026-07-01", tz="UTC"), "2026-01-01 12:00+02:00"],
    "timedelta64[ns]": ["1 day", None, pd.Timedelta("2h"), datetime.timedelta(seconds=5)],
    "category": ["a", None, "b", "a"],
    "period[D]": [pd.Period("2026-01-01", "D"), None, pd.Period("2026-01-02", "D"), pd.Period("2026-01-04", "D")],
    "interval": [pd.Interval(0, 1), None, pd.Interval(1, 2), pd.Interval(2, 3)],
    "object": [[1, 2], None, {"a": [1]}, b"x"],
}
def idx():
    return pd.DataFrame({"k": range(4)})
def cell(k, type_):
    return VALUES[type_][int(k)]
def cells(type_):
    yield from VALUES[type_]
def frame(type_):
    return pd.DataFrame({"x": pd.Series(VALUES[type_], dtype=object)})
"""  # noqa: E501
TYPES = {
    "Int64": [1, None, 3, 2**60 + 1],
    "int8": [1, None, 3, 4],
    "UInt64": [1, None, 2**64 - 1, 7],
    "Float64": [1.0, None, 2.5, 1.5],
    "boolean": [True, None, False, True],
    "string": ["a", None, "5", ""],
    "datetime64[ns]": [
        pd.Timestamp("2026-01-01"),
        None,
        pd.Timestamp("2026-01-02 03:04"),
        pd.Timestamp("2026-01-03"),
    ],
    "datetime64[ns, Europe/Zurich]": [
        pd.Timestamp("2026-01-01", tz="UTC"),
        None,
        pd.Timestamp("2026-07-01", tz="UTC"),
        pd.Timestamp("2026-01-01 10:00", tz="UTC"),
    ],
    "timedelta64[ns]": [
        pd.Timedelta("1 day"),
        None,
        pd.Timedelta("2h"),
        pd.Timedelta("5s"),
    ],
    "category": ["a", None, "b", "a"],
    "period[D]": [
        pd.Period("2026-01-01", "D"),
        None,
        pd.Period("2026-01-02", "D"),
        pd.Period("2026-01-04", "D"),
    ],
    "interval": [pd.Interval(0, 1), None, pd.Interval(1, 2), pd.Interval(2, 3)],
    "object": [[1, 2], None, {"a": [1]}, b"x"],
}
INDEX = yaml_of("t_index", ["k"], "idx", more="dtypes: {k: Int64}\n")
WAYS = {
    "row by row": "cell",
    "generator": "cells",
    "frame": "frame",
}


def made(type_: str, function: str) -> pd.Series:
    returns = {"cell": "row-wise", "cells": "generator", "frame": "dataframe"}[function]
    given = {"type_": f"'{type_}'"}
    if function == "cell":
        given["k"] = "<<self.k[index]>>"
    more = f"return_type: {returns}\ncheckpoint_seconds: 0\ndtypes: {{c: '{type_}'}}\n"
    column = yaml_of("c", ["c"], function, more=more, **given)
    return run({"t_index": INDEX, "c": column}, CODE).frame["c"]


@pytest.mark.parametrize("function", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("type_", TYPES)
def test_values_become_those_of_the_type(type_: str, function: str) -> None:
    found = made(type_, function)

    values = [None if each is None or each is pd.NA or each is pd.NaT else each for each in found]
    values = [None if isinstance(each, float) and each != each else each for each in values]
    assert values == TYPES[type_]
    expected = {"int8": "Int8", "interval": "interval[float64, right]"}.get(type_, type_)
    assert str(found.dtype) == expected


@pytest.mark.parametrize(
    ("values", "type_", "row"),
    [
        ([1, "x"], "Int64", 1),
        ([1, 2, 1.5], "Int64", 2),
        ([300], "Int8", 0),
        (["maybe"], "boolean", 0),
        (["2026-13-01"], "datetime64[ns]", 0),
        ([[1]], "Float64", 0),
    ],
)
def test_what_is_no_value_of_the_type_is_named(values: list, type_: str, row: int) -> None:
    with pytest.raises(TVTableError, match=rf"the column 'c', row {row}: .* no value of the type"):
        converted("c", pd.Series(values, dtype=object), type_)
