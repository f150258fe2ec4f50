"""Values that nobody thought of come back exactly, and in one identity."""

import collections
import warnings

import pytest
from flowstore.alike import same
from frames.payloads import CountingPayloads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nacre_adapters.flowstore.codecs import Codecs, Encoded, NotStorable

KEYS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.fractions(),
    st.uuids(),
    st.dates(),
    st.tuples(st.integers(), st.text()),
    st.frozensets(st.integers()),
)
DTYPES = arrays.scalar_dtypes() | arrays.nested_dtypes()
SHAPES = arrays.array_shapes(min_dims=0, min_side=0, max_side=4)
ZONES = st.none() | st.timezones()
LEAVES = st.one_of(
    KEYS,
    st.complex_numbers(),
    st.decimals(),
    st.datetimes(timezones=ZONES, allow_imaginary=True),
    st.times(timezones=ZONES),
    st.timedeltas(),
    st.text(st.characters(categories=["Cs", "L"])),
    st.binary().map(bytearray),
    arrays.scalar_dtypes().flatmap(arrays.from_dtype),
    arrays.arrays(DTYPES, SHAPES),
)


def _containers(parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    pairs = st.dictionaries(KEYS, parts, max_size=4)
    return st.one_of(
        st.lists(parts, max_size=4),
        st.lists(parts, max_size=4).map(tuple),
        pairs,
        pairs.map(collections.OrderedDict),
        st.sets(KEYS, max_size=4),
        st.frozensets(KEYS, max_size=4),
        st.builds(collections.deque, st.lists(parts, max_size=4), st.none() | st.integers(0, 5)),
        st.builds(slice, parts, parts, parts),
    )


VALUES = st.recursive(LEAVES, _containers, max_leaves=10)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def check(value: object) -> None:
    codecs = Codecs(CountingPayloads())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values out of range that numpy makes of its own dtypes
        stored = codecs.encode(value)
        back = codecs.decode(Encoded.from_data(stored.to_data()))
        again = codecs.encode(back)

    assert same(value, back)
    assert again.identity == stored.identity


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(VALUES)
def test_any_value_comes_back_exactly(value: object) -> None:
    check(value)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None, suppress_health_check=QUIET)
@given(VALUES)
def test_many_values_come_back_exactly(value: object) -> None:
    check(value)


def test_a_list_in_itself_is_refused_and_one_that_is_shared_is_copied() -> None:
    codecs = Codecs(CountingPayloads())
    shared = [1]
    circle = {"a": shared, "b": [shared]}

    back = codecs.decode(codecs.encode(circle))
    back["a"].append(2)
    circle["b"].append(circle)

    assert back["b"] == [[1]]
    with pytest.raises(NotStorable, match=r"^data\['b'\]\[1\]\['b'\].*inside itself"):
        codecs.encode(circle)
