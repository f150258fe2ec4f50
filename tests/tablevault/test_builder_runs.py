"""Runs of builders, in memory: each return type, the example of the guide, and what is reused."""

import pandas as pd
import pytest
from tablevault.memory import MemoryTables, origin_of, run, yaml_of

from nacre_adapters.tablevault.errors import TableReferenceError, TVBuilderError, TVTableError

CODE = """
import pandas as pd

def idx(lo, hi):
    return pd.DataFrame({"x": range(lo, hi)})

def pair(k, base):
    return k + base, f"#{k}"

def running(df):
    total = 0
    for a in df.a:
        total += a
        yield total
"""


def guide(lo: int, hi: int, more: str = "") -> dict[str, str]:
    return {
        "calc_index": yaml_of(
            "calc_index",
            ["k"],
            "idx",
            more=f"primary_key: [k]\ndtypes: {{k: Int64}}\n{more}",
            lo=lo,
            hi=hi,
        ),
        "pairs": yaml_of(
            "pairs",
            ["a", "b"],
            "pair",
            more="return_type: row-wise\nn_threads: 3\ndtypes: {a: Int64, b: string}\n",
            k="<<self.k[index]>>",
            base="<<cfg.value[name::base]>>",
        ),
        "running": yaml_of(
            "running",
            ["total"],
            "running",
            more=(
                "return_type: generator\ndtypes: {total: Int64}\ndependencies:\n"
                "  - {table: self, columns: [k, a]}\n"
                "  - {table: cfg, columns: [value], version: base}\n"
            ),
            df="<<self.{k,a}>>",
        ),
    }


CFG = MemoryTables({"cfg": {"base_1": pd.DataFrame({"name": ["base", "x"], "value": [100, 5]})}})


def test_the_example_of_the_guide() -> None:
    made = run(guide(0, 4), CODE, tables=CFG, table="calc")

    assert made.frame["k"].tolist() == [0, 1, 2, 3]
    assert made.frame["a"].tolist() == [100, 101, 102, 103]
    assert made.frame["b"].tolist() == ["#0", "#1", "#2", "#3"]
    assert made.frame["total"].tolist() == [100, 201, 303, 406]
    assert [str(each) for each in made.frame.dtypes] == ["Int64", "Int64", "string", "Int64"]
    assert [(read.table, read.instance_id) for read in made.reads] == [("cfg", "base_1")] * 3


def test_the_example_of_the_guide_runs_again_with_old_rows() -> None:
    made = run(guide(0, 4), CODE, tables=CFG, table="calc")
    origin = origin_of(made, guide(0, 4), CODE, tables=CFG, table="calc")

    again = run(guide(3, 6, "keep_old: true\n"), CODE, tables=CFG, table="calc", origin=origin)

    assert again.frame["k"].tolist() == [0, 1, 2, 3, 4, 5]
    assert again.frame["total"].tolist() == [100, 201, 303, 103, 207, 312]


COUNTING = """
import pandas as pd
CALLS = []

def idx(texts):
    return pd.DataFrame({"k": range(len(texts)), "text": texts})

def shout(text):
    if text == "boom":
        raise AssertionError("called")
    return text.upper()

def two(text):
    return text.upper()
"""


def shouting(texts: list[str], function: str = "shout", more: str = "") -> dict[str, str]:
    return {
        "t_index": yaml_of(
            "t_index",
            ["k", "text"],
            "idx",
            more="primary_key: [k]\ndtypes: {k: Int64}\n",
            texts=str(texts),
        ),
        "loud": yaml_of(
            "loud",
            ["loud"],
            function,
            more=f"return_type: row-wise\n{more}",
            text="<<self.text[index]>>",
        ),
    }


def test_rows_with_the_same_key_and_inputs_are_reused() -> None:
    first = run(shouting(["a", "boom", "c"], "two"), COUNTING)
    builders = shouting(["a", "boom", "c"])
    origin = origin_of(first, builders, COUNTING)

    made = run(shouting(["x", "boom", "c", "d"]), COUNTING, origin=origin)

    assert made.frame["loud"].tolist() == ["X", "BOOM", "C", "D"]


def test_a_changed_module_computes_all_rows_again() -> None:
    first = run(shouting(["boom"], "two"), COUNTING)
    origin = origin_of(first, shouting(["boom"]), COUNTING + "# other\n")

    with pytest.raises(AssertionError, match="called"):
        run(shouting(["boom"]), COUNTING, origin=origin)


def test_what_a_builder_reads_elsewhere_counts_by_content() -> None:
    code = COUNTING + "\ndef fixed(texts):\n    return pd.DataFrame({'k': [1]})\n"
    builders = {
        "t_index": yaml_of("t_index", ["k"], "idx1", lo=0),
        "c": yaml_of("c", ["c"], "val", more="return_type: row-wise\n", v="<<src.v[index]>>"),
    }
    code = "import pandas as pd\ndef idx1(lo): return pd.DataFrame({'k': [1]})\n"
    code += "def val(v): return v\n"
    tables = MemoryTables({"src": {"base_1": pd.DataFrame({"v": ["old"]})}})
    first = run(builders, code, tables=tables)
    origin = origin_of(first, builders, code, tables=tables)

    tables.tables["src"]["base_2"] = pd.DataFrame({"v": ["new"]})
    made = run(builders, code, tables=tables, origin=origin)

    assert made.frame["c"].tolist() == ["new"]


def test_threads_and_processes_give_the_same() -> None:
    frames = [
        run(shouting(list("abcdef"), more=more), COUNTING).frame
        for more in ("", "n_threads: 3\n", "n_threads: 2\nexecutor: process\n")
    ]

    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


@pytest.mark.parametrize("more", ["", "n_threads: 4\n", "n_threads: 2\nexecutor: process\n"])
def test_a_builder_that_raises_names_row_and_builder(more: str) -> None:
    with pytest.raises(AssertionError) as caught:
        run(shouting(["a", "b", "boom"], more=more), COUNTING)

    assert caught.value.__notes__[-2:] == ["(in row 2)", "(in the builder loud of the table t)"]


@pytest.mark.parametrize(
    ("body", "more", "error", "match"),
    [
        ("return 5", "", TVBuilderError, "returned a int"),
        ("return pd.DataFrame({'a': [1], 'b': [2]})", "", TVBuilderError, "Length mismatch"),
        ("return 5", "return_type: generator\n", TVBuilderError, "yield its rows"),
        ("yield 1, 2", "return_type: generator\n", TVBuilderError, "makes one column"),
        ("return pd.DataFrame({'a': ['x']})", "dtypes: {c: Int64}\n", TVTableError, "row 0: 'x'"),
        ("return pd.DataFrame({'a': ['x']})", "dtypes: {c: Whole}\n", TVTableError, "'Whole'"),
    ],
)
def test_a_wrong_return_is_refused(body: str, more: str, error: type, match: str) -> None:
    code = f"import pandas as pd\ndef f():\n    {body}\n"

    with pytest.raises(error, match=match):
        run({"t_index": yaml_of("t_index", ["c"], "f", more=more)}, code)


def test_a_column_shorter_or_longer_than_the_rows_leaves_cells_missing() -> None:
    code = (
        "import pandas as pd\ndef idx(n): return pd.DataFrame({'k': range(n)})\n"
        "def one(): return pd.DataFrame({'k': [1]})\ndef three(): yield from 'abc'\n"
    )
    builders = {
        "t_index": yaml_of("t_index", ["k"], "idx", n=2),
        "longer": yaml_of("longer", ["l"], "three", more="return_type: generator\n"),
        "shorter": yaml_of("shorter", ["s"], "one"),
    }

    frame = run(builders, code).frame

    assert frame["l"].tolist() == ["a", "b", "c"]
    assert frame["k"].isna().tolist() == [False, False, True]
    assert frame["s"].isna().tolist() == [False, True, True]


def test_a_row_sees_what_rows_before_it_made() -> None:
    code = (
        "import pandas as pd\ndef idx(n): return pd.DataFrame({'k': range(n)})\n"
        "def count(rows): return int(rows.c.notna().sum())\n"
    )
    builders = {
        "t_index": yaml_of("t_index", ["k"], "idx", n=4),
        "c": yaml_of("c", ["c"], "count", more="return_type: row-wise\n", rows="<<self>>"),
    }

    assert run(builders, code).frame["c"].tolist() == ["0", "1", "2", "3"]


def test_a_reference_to_a_missing_column_or_table_is_an_error() -> None:
    code = "import pandas as pd\ndef idx(x): return pd.DataFrame({'k': [1]})\n"
    for text in ("<<nowhere.x>>", "<<cfg.nothing>>", "<<cfg(v2).value>>"):
        with pytest.raises(TableReferenceError, match=r"nowhere|nothing|v2"):
            run({"t_index": yaml_of("t_index", ["k"], "idx", x=text)}, code, tables=CFG)
