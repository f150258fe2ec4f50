"""Reading touches only what was asked for, and says what it cannot find."""

import numpy as np
import pandas as pd
import pytest
from frames.payloads import CountingPayloads
from hypothesis import given, settings
from hypothesis import strategies as st

from nacre.errors import InvalidInput, NotFound
from nacre.frames import describe_frame, get_frame, put_frame
from nacre.hashing import Digest

ROWS = 600_000


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame({name: random.random(ROWS) for name in ("speed", "height", "width")})


@pytest.fixture(scope="module")
def payloads() -> CountingPayloads:
    return CountingPayloads()


@pytest.fixture(scope="module")
def digest(payloads: CountingPayloads, frame: pd.DataFrame) -> Digest:
    return put_frame(payloads, frame)


def test_a_column_is_read_without_the_others(payloads, frame, digest) -> None:
    get_frame(payloads, digest)
    payloads.reads, everything = 0, payloads.reads

    back = get_frame(payloads, digest, columns=["height"])

    pd.testing.assert_frame_equal(back, frame[["height"]])
    assert payloads.reads <= everything / 2


def test_a_few_rows_are_read_from_few_chunks(payloads, frame, digest) -> None:
    payloads.reads = 0

    back = get_frame(payloads, digest, columns=["width"], rows=(300_000, 300_010))

    pd.testing.assert_frame_equal(back, frame.loc[300_000:300_009, ["width"]])
    assert payloads.reads <= 4


def test_describing_reads_the_manifest_alone(payloads, digest) -> None:
    payloads.reads = 0

    info = describe_frame(payloads, digest)

    assert payloads.reads == 1
    assert (info.kind, info.rows, info.index) == ("pandas", ROWS, "int64")
    assert [(column.label, column.type) for column in info.columns] == [
        ("speed", "float64"),
        ("height", "float64"),
        ("width", "float64"),
    ]
    assert [column.size_bytes for column in info.columns] == [8 * ROWS] * 3


@pytest.mark.parametrize("rows", [3, ROWS])  # a manifest in the frame's, and a blob of its own
def test_a_column_is_known_by_its_content(payloads, frame, rows: int) -> None:
    some = frame.head(rows)
    edited = some.assign(width=some["width"] + 1)

    one, other = (
        {
            column.label: column.content
            for column in describe_frame(payloads, put_frame(payloads, each)).columns
        }
        for each in (some, edited[["width", "speed", "height"]])
    )

    assert [name for name in one if one[name] == other[name]] == ["speed", "height"]


def test_columns_come_in_the_order_asked_for(payloads, frame, digest) -> None:
    back = get_frame(payloads, digest, columns=["width", "speed"], rows=(0, 5))

    pd.testing.assert_frame_equal(back, frame.loc[:4, ["width", "speed"]])


def test_an_unknown_column_is_met_with_names_near_it(payloads, digest) -> None:
    with pytest.raises(NotFound, match="there is no column 'hight': ask for one of 'height'"):
        get_frame(payloads, digest, columns=["hight"])


@pytest.mark.parametrize("rows", [(-1, 5), (5, 1), (1, 2, 3), 5, ("a", "b")])
def test_a_bad_range_is_refused(payloads, digest, rows: object) -> None:
    with pytest.raises(InvalidInput, match="is no range"):
        get_frame(payloads, digest, rows=rows)


def test_an_unknown_library_is_refused(payloads, digest) -> None:
    with pytest.raises(InvalidInput, match="to='numpy'"):
        get_frame(payloads, digest, to="numpy")


def test_a_string_of_columns_is_refused(payloads, digest) -> None:
    with pytest.raises(InvalidInput, match="give a list"):
        get_frame(payloads, digest, columns="speed")


def test_a_range_past_the_end_is_cut_there(payloads, frame, digest) -> None:
    back = get_frame(payloads, digest, columns=["speed"], rows=(ROWS - 2, ROWS + 9))

    pd.testing.assert_frame_equal(back, frame.loc[ROWS - 2 :, ["speed"]])


def test_what_was_read_can_be_changed(payloads, digest) -> None:
    back = get_frame(payloads, digest, rows=(0, 100))

    back.loc[5, "speed"] = 7.0
    back["speed"].to_numpy()

    assert back["speed"].iloc[5] == 7.0
    assert get_frame(payloads, digest, rows=(5, 6))["speed"].iloc[0] != 7.0


def test_every_label_of_a_duplicate_is_read() -> None:
    payloads = CountingPayloads()
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])

    back = get_frame(payloads, put_frame(payloads, frame), columns=["a"])

    pd.testing.assert_frame_equal(back, frame[["a"]])


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(),
    st.datetimes(), st.dates(), st.decimals(allow_nan=False), st.tuples(st.integers(), st.text()),
    st.lists(st.integers()), st.dictionaries(st.text(), st.floats()), st.complex_numbers(),
)  # fmt: skip
COLUMNS = st.one_of(
    st.lists(st.floats(width=64), min_size=4, max_size=40).map(np.array),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=4, max_size=40).map(np.array),
    st.lists(st.one_of(st.none(), st.text()), min_size=4, max_size=40).map(
        lambda texts: pd.Series(texts, dtype="str")
    ),
    st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=4, max_size=40).map(
        lambda numbers: pd.Series(numbers, dtype="Int16")
    ),
    st.lists(st.sampled_from("abc"), min_size=4, max_size=40).map(
        lambda texts: pd.Series(pd.Categorical(texts))
    ),
    st.lists(CELLS, min_size=4, max_size=12).map(lambda cells: pd.Series(cells, dtype=object)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(COLUMNS, min_size=1, max_size=4), st.data())
def test_slices_and_joins_have_the_digest_of_their_copies(columns, data) -> None:
    rows = min(map(len, columns))
    frame = pd.DataFrame({f"c{n}": pd.Series(c)[:rows] for n, c in enumerate(columns)})
    start = data.draw(st.integers(0, rows - 1))
    stop = data.draw(st.integers(start, rows))
    payloads = CountingPayloads()

    digest = put_frame(payloads, frame)
    sliced = put_frame(payloads, frame[start:stop])
    read = get_frame(payloads, digest, rows=(start, stop))
    joined = pd.concat([frame[:start], frame[start:]])

    assert put_frame(CountingPayloads(), frame[start:stop].copy(deep=True)) == sliced
    assert put_frame(CountingPayloads(), read) == sliced
    if all(joined.dtypes == frame.dtypes):
        joined.index = frame.index
        assert put_frame(CountingPayloads(), joined) == digest


@pytest.mark.parametrize("columns", [{}, {"c": [1, 2, 3]}])
def test_rows_of_a_sparse_index_are_those_asked_for(columns: dict[str, list[int]]) -> None:
    payloads = CountingPayloads()
    index = pd.Index(pd.arrays.SparseArray([1, 0, 0]), name="i")
    stored = pd.DataFrame(columns, index=index)

    found = get_frame(payloads, put_frame(payloads, stored), rows=(0, 2))

    pd.testing.assert_frame_equal(found, stored.iloc[:2])


@pytest.mark.parametrize("columns", [5, [["speed"]], [{}]])
def test_what_is_no_list_of_labels_is_refused(
    payloads: CountingPayloads, digest: Digest, columns: object
) -> None:
    with pytest.raises((InvalidInput, NotFound), match=r"no list of columns|there is no column"):
        get_frame(payloads, digest, columns=columns)
