"""What is taken over of the instance before never differs from what would be computed."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tablevault.memory import Killed, MemoryJournal, MemoryTables, origin_of, run, yaml_of

CODE = """
import pandas as pd
def rows(pairs):
    return pd.DataFrame(pairs, columns=["k", "text"])
def size(text, factor):
    return len(text) * factor, text.upper()
def deeper(size, other):
    return f"{size} {other}"
def fixed(df):
    yield from "abcdef"[:len(df)]
def total(df):
    return pd.DataFrame({"total": [str(df["size"].sum())] * len(df)})
"""
CHANGED = CODE.replace("text.upper()", "text.lower()")

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "Bb", "ccc", ""])), max_size=6)
KEYED = st.dictionaries(st.integers(0, 5), st.sampled_from(["a", "Bb", "ccc"]), max_size=6).map(
    lambda found: list(found.items())
)


def builders(pairs: list, *, is_keyed: bool, factor: int) -> dict[str, str]:
    key = "primary_key: [k]\n" if is_keyed else ""
    return {
        "t_index": yaml_of(
            "t_index",
            ["k", "text"],
            "rows",
            more="dtypes: {k: Int64}\n" + key,
            pairs=[list(pair) for pair in pairs],
        ),
        "size": yaml_of(
            "size",
            ["size", "loud"],
            "size",
            more="return_type: row-wise\ncheckpoint_seconds: 0\ndtypes: {size: Int64}\n",
            text="<<self.text[index]>>",
            factor=factor,
        ),
        "deeper": yaml_of(
            "deeper",
            ["deeper"],
            "deeper",
            more="return_type: row-wise\ncheckpoint_seconds: 0\n",
            size="<<self.size[index]>>",
            other="<<other.v[k::<<self.k[index]>>]>>",
        ),
        "placed": yaml_of(
            "placed",
            ["placed"],
            "deeper",
            more="return_type: row-wise\n",
            size="<<self.index>>",
            other="<<other.v[index]>>",
        ),
        "total": yaml_of("total", ["total"], "total", df="<<self.size>>"),
        "fixed": yaml_of(
            "fixed", ["fixed"], "fixed", more="return_type: generator\n", df="<<self.k>>"
        ),
    }


def others(shift: int) -> MemoryTables:
    frame = pd.DataFrame({"k": range(6), "v": [f"v{number + shift}" for number in range(6)]})
    return MemoryTables({"other": {"base_1": frame}})


STATES = st.fixed_dictionaries(
    {
        "factor": st.integers(1, 2),
        "shift": st.integers(0, 1),
        "code": st.sampled_from([CODE, CHANGED]),
    }
)


@settings(deadline=None, max_examples=20)
@given(
    st.booleans().flatmap(
        lambda keyed: st.tuples(
            st.just(keyed), st.tuples(*[KEYED if keyed else PAIRS] * 2), st.tuples(STATES, STATES)
        )
    ),
    st.integers(1, 8),
)
def test_an_execution_gives_what_it_would_give_from_nothing(
    case: tuple[bool, tuple[list, list], tuple[dict, dict]], kill_after: int
) -> None:
    is_keyed, pairs, states = case
    made = []
    for rows, state in zip(pairs, states, strict=True):
        texts = builders(rows, is_keyed=is_keyed, factor=state["factor"])
        made.append((texts, state["code"], others(state["shift"])))
    texts, code, tables = made[0]
    origin = origin_of(run(texts, code, tables=tables), texts, code, tables=tables)

    texts, code, tables = made[1]
    fresh = run(texts, code, tables=tables)
    journal = MemoryJournal(kill_after=kill_after)
    try:
        again = run(texts, code, tables=tables, journal=journal, origin=origin)
    except Killed:
        again = run(texts, code, tables=tables, journal=journal, origin=origin)

    pd.testing.assert_frame_equal(again.frame, fresh.frame)
    assert again.reads == fresh.reads


CELLS = """
import numpy as np
import pandas as pd
MADE = {
    "long": lambda n: np.ones(n),
    "kind": lambda n: np.ones(2, dtype=f"int{8 * n}"),
    "inside": lambda n: [np.ones(n), np.ones(n)],
    "named": lambda n: {"a": np.ones(n)},
}
def rows(kind, n):
    return pd.DataFrame({"k": [0], "cell": [MADE[kind](n)]})
def shown(cell):
    return repr(cell)
"""


@pytest.mark.parametrize("kind", ["long", "kind", "inside", "named"])
def test_arrays_are_the_same_only_if_they_are_equal(kind: str) -> None:
    def builders(n: int) -> dict[str, str]:
        types = "dtypes: {k: Int64, cell: object}\nprimary_key: [k]\n"
        index = yaml_of("t_index", ["k", "cell"], "rows", more=types, kind=kind, n=n)
        more = "return_type: row-wise\n"
        return {
            "t_index": index,
            "shown": yaml_of("shown", ["shown"], "shown", more=more, cell="<<self.cell[index]>>"),
        }

    first = run(builders(1), CELLS)

    second = run(builders(2), CELLS, origin=origin_of(first, builders(1), CELLS))

    assert second.frame["shown"].tolist() == run(builders(2), CELLS).frame["shown"].tolist()
