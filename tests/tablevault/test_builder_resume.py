"""Runs that are killed after each part that they kept, and go on."""

from collections.abc import Iterator

import pytest
from tablevault.memory import Killed, MemoryJournal, MemoryTables, origin_of, run, yaml_of
from tablevault.test_builder_runs import CFG, CODE, guide

STRICT = "checkpoint_seconds: 0\n"


def killed_everywhere(
    builders: dict[str, str], code: str, **options: object
) -> Iterator[dict[str, list[object]]]:
    """Run once for each part that is kept, killed there, and then to the end."""
    for count in range(1, 100):
        journal = MemoryJournal(kill_after=count)
        try:
            run(builders, code, journal=journal, **options)
        except Killed:
            made = run(builders, code, journal=journal, **options)
            yield made.frame.to_dict("list")
        else:
            return


def strict(builders: dict[str, str]) -> dict[str, str]:
    return {name: text + STRICT for name, text in builders.items()}


def test_a_run_that_is_killed_at_each_row_ends_as_if_it_had_not_been() -> None:
    builders = strict(guide(0, 4))
    expected = run(builders, CODE, tables=CFG, table="calc").frame.to_dict("list")

    found = list(killed_everywhere(builders, CODE, tables=CFG, table="calc"))

    assert found == [expected] * 8  # four rows of pairs, four of running


def test_a_run_with_old_rows_that_is_killed_at_each_row_ends_the_same() -> None:
    first = run(guide(0, 4), CODE, tables=CFG, table="calc")
    origin = origin_of(first, strict(guide(0, 4)), CODE, tables=CFG, table="calc")
    builders = strict(guide(3, 6, "keep_old: true\n"))

    found = list(killed_everywhere(builders, CODE, tables=CFG, table="calc", origin=origin))

    totals = [frame["total"] for frame in found]
    # Two new rows of pairs, three of running.
    assert totals == [[100, 201, 303, 103, 207, 312]] * 5


@pytest.mark.parametrize(("where", "rows"), [("n_threads: 3\n", 4), ("executor: process\n", 1)])
def test_a_run_in_threads_or_processes_that_is_killed_ends_the_same(where: str, rows: int) -> None:
    builders = strict(guide(0, rows))
    builders["pairs"] = builders["pairs"].replace("n_threads: 3\n", where)
    expected = run(builders, CODE, tables=CFG, table="calc").frame.to_dict("list")

    found = list(killed_everywhere(builders, CODE, tables=CFG, table="calc"))

    assert found == [expected] * (2 * rows)


def test_rows_that_were_kept_are_not_computed_again(tmp_path) -> None:
    code = (
        "import pandas as pd\ndef idx(): return pd.DataFrame({'k': range(6)})\n"
        "def noted(k, file):\n    with open(file, 'a') as f: f.write(str(k))\n    return k\n"
    )
    file = tmp_path / "calls.txt"
    builders = {
        "t_index": yaml_of("t_index", ["k"], "idx"),
        "c": yaml_of(
            "c",
            ["c"],
            "noted",
            more="return_type: row-wise\n" + STRICT,
            k="<<self.k[index]>>",
            file=file,
        ),
    }

    for frame in killed_everywhere(builders, code):
        assert file.read_text() == "012345"
        assert frame["c"] == list("012345")
        file.unlink()


FIRST_TWO = """
import os
def letters(df, stop):
    there = set(df["k"]) if df is not None else set()
    for letter in "abcd":
        if letter not in there:
            yield letter
def all_letters(n):
    yield from "abcd"
def pairs(df):
    yield from [("a", 1), ("b", 2), ("b", 3)]
"""


@pytest.mark.parametrize(
    ("function", "arguments", "more"),
    [
        ("letters", {"df": "<<self>>", "stop": 0}, ""),
        ("letters", {"df": "<<self>>", "stop": 0}, "primary_key: [k]\n"),
        ("all_letters", {"n": 0}, ""),
        ("all_letters", {"n": "<<self>>"}, ""),
        ("all_letters", {"n": "<<self>>"}, "primary_key: [k]\n"),
    ],
)
def test_a_generator_of_rows_loses_none_and_doubles_none(
    function: str, arguments: dict[str, object], more: str
) -> None:
    text = yaml_of(
        "t_index", ["k"], function, more="return_type: generator\n" + STRICT + more, **arguments
    )

    found = killed_everywhere({"t_index": text}, FIRST_TWO)

    assert [frame["k"] for frame in found] == [list("abcd")] * 4


def test_a_generator_that_leaves_out_what_is_there_keeps_it_with_old_rows() -> None:
    text = yaml_of(
        "t_index",
        ["k"],
        "letters",
        more="return_type: generator\nkeep_old: true\nprimary_key: [k]\n" + STRICT,
        df="<<self>>",
        stop=0,
    )
    first = run({"t_index": text}, FIRST_TWO.replace('"abcd"', '"ab"'))
    origin = origin_of(first, {"t_index": text}, FIRST_TWO)

    found = killed_everywhere({"t_index": text}, FIRST_TWO, origin=origin)

    assert [frame["k"] for frame in found] == [list("abcd")] * 2


def test_an_interrupt_keeps_the_rows_before_it() -> None:
    code = (
        "import pandas as pd\ndef idx(): return pd.DataFrame({'k': range(5)})\n"
        "def f(k):\n    if k == 3: raise KeyboardInterrupt\n    return k\n"
    )
    builders = {
        "t_index": yaml_of("t_index", ["k"], "idx"),
        "c": yaml_of("c", ["c"], "f", more="return_type: row-wise\n", k="<<self.k[index]>>"),
    }
    builders["t_index"] += "dtypes: {k: Int64}\n"
    journal = MemoryJournal()

    with pytest.raises(KeyboardInterrupt):
        run(builders, code, journal=journal, tables=MemoryTables())

    assert [row for part in journal.parts("c") for row in part.rows] == [0, 1, 2]
