"""Death, a full disk and edited bytes: rows are all there or not at all, and indexes equal them."""

import errno
import os
import random
import signal
from itertools import count

import pyarrow as pa
import pytest
from people_rows import INDEXES, PEOPLE, create_people, crowd, person
from works import open_over

import nacre
from nacre import codec
from nacre.errors import CorruptionError, StorageError
from nacre.files import OsFiles
from nacre.rows.view import Rows
from nacre.testing import MOMENTS, FailingFiles, KillingFiles, TracingFiles
from nacre.views.pairs import TransactionPairs

# Large enough for a pack.
TABLE = pa.table(
    {
        "id": ["x", *(f"t{n}" for n in range(1500))],
        "age": [None, *range(1500)],
        "city": ["O", *(random.Random(n).randbytes(8).hex() for n in range(1500))],
    }
)
WIDER = {**PEOPLE, "rank": "int64"}


def steps(vault):
    """Return every way to write rows, each a commit."""
    people = vault.rows["people"]
    return [
        lambda: people.insert(person("a")),
        lambda: people.insert_many(crowd(20)),
        lambda: people.upsert_many([person("a", 1, "Rome"), person("b")]),
        lambda: people.update("a", age=7),
        lambda: people.replace(person("b", 9)),
        lambda: people.bulk_load(TABLE),
        lambda: people.bulk_upsert([person("x", 5), person("z")]),
        lambda: people.where(city="Oslo").update(age=1),
        lambda: people.where("age", ">", 80).delete(),
        lambda: people.delete("a"),
        lambda: people.alter(WIDER, indexes=["rank", *INDEXES], fill={"rank": 3}),
        lambda: people.insert(person("a") | {"rank": 8}),
        lambda: vault.rows.drop("people"),
    ]


def work(vault, told=None):
    vault.register(Rows)
    create_people(vault)
    for act in steps(vault):
        act()
        if told is not None:
            os.write(told, b".")


def state(vault):
    return {name: vault.rows[name].all() for name in vault.rows}


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """Return what there is before the first step, and after each."""
    found = []
    with nacre.open(tmp_path_factory.mktemp("whole") / "v") as vault:
        create_people(vault)
        found.append(state(vault))
        for act in steps(vault):
            act()
            found.append(state(vault))
    return found


def operations(path, single_file):
    files = TracingFiles()
    with open_over(path, files, single_file=single_file) as vault:
        work(vault)
    return files.operations


@pytest.mark.parametrize("single_file", [True, False], ids=["single file", "directory"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_operation_leaves_a_step_whole_or_undone(
    tmp_path, states, moment, single_file
):
    trace = operations(tmp_path / "traced", single_file)
    # Only an append has a middle.
    numbers = [n for n, name in enumerate(trace) if moment != "within" or name == "append"]
    assert single_file or numbers

    for number in numbers:
        path = tmp_path / f"v{number}"
        acknowledged = work_and_die(path, KillingFiles(number, moment), single_file)

        with nacre.open(path) as vault:
            assert vault.verify().is_clean
            if vault.head:
                assert state(vault) in states[acknowledged : acknowledged + 2]


def work_and_die(path, files, single_file):
    told = path.with_suffix(".told")
    pipe = os.open(told, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    child = os.fork()
    if child == 0:
        try:
            work(open_over(path, files, single_file=single_file), pipe)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    os.close(pipe)
    return len(told.read_text())


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_write_that_fails_raises_and_changes_nothing(tmp_path, states, error):
    failed = 0
    for number in count():
        path = tmp_path / f"v{number}"
        files = FailingFiles(error, range(number, number + 1))
        done = -1
        try:
            with open_over(path, files, single_file=True) as vault:
                vault.register(Rows)
                create_people(vault)
                done = 0
                for act in steps(vault):
                    act()
                    done += 1
        except StorageError:
            failed += 1
        else:
            break
        with nacre.open(path) as vault:
            assert vault.verify().is_clean
            assert state(vault) == (states[done] if done >= 0 else {})

    assert failed >= len(states)


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        create_people(opened)
        opened.rows["people"].bulk_load(crowd(300))
        yield opened


@pytest.fixture(params=["alone", "packed"])
def edited_vault(request, tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        people = create_people(opened)
        (people.bulk_load if request.param == "packed" else people.insert_many)(crowd(300))
        yield opened


def edited(vault, number, change):
    """Change a pair of a collection behind the back of the log: of rows, or of an index."""
    definition = vault.view(Rows).definition("people")
    prefix = vault.view(Rows).pairs.at_once(lambda pairs: pairs.prefix)

    def act(transaction):
        pairs = TransactionPairs(transaction, prefix)
        if number:
            table, start = definition.entry_table(pairs, number), definition.entries(number)
        else:
            table, start = definition.row_table(pairs), definition.rows
        ((key, value),) = table.page(start, None, reverse=False, limit=1)
        change(table, key, value)

    vault.store.environment.run(OsFiles(), act)


CHANGES = {
    "removed": lambda table, key, _: table.delete([key]),
    "added": lambda table, key, value: table.add([(key[:-3] + b"~\0\1", value)]),
    "edited": lambda table, key, value: table.replace([(key, value[:-1] + b"\x00")]),
}


@pytest.mark.parametrize("table", [0, 1, 2], ids=["row", "age", "city and age"])
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_verify_names_a_row_or_entry_that_was_tampered_with(edited_vault, table, change):
    vault = edited_vault
    edited(vault, table, CHANGES[change])

    (problem,) = vault.verify().problems

    place = f"rows: 5[1, {table}, " if table else "rows: 4[1, "
    assert place in str(problem)
    vault.rebuild()
    assert vault.verify().is_clean
    assert vault.rows["people"].where("age", ">=", 0).order_by("age").count() == sum(
        row["age"] is not None for row in crowd(300)
    )


NO_ROWS = {"a number": 7, "a text for an age": [1, "a", "old", "Oslo"], "too long": [1, *"abcdef"]}


@pytest.mark.parametrize("bad", NO_ROWS.values(), ids=list(NO_ROWS))
def test_a_row_that_is_none_is_told_as_damage(edited_vault, bad):
    raw = codec.pack(bad)
    edited(edited_vault, 0, lambda table, key, _: table.replace([(key, raw)]))

    with pytest.raises(CorruptionError, match="run `nacre verify`"):
        edited_vault.rows["people"].to_frame()


def test_a_large_row_comes_back_and_a_failing_one_undoes_the_load(vault):
    people = vault.rows["people"]
    large = person("large", 1, "x" * 5_000_000)

    people.insert(large)
    assert people["large"] == large
    head = vault.head
    rows = [*({**row, "id": f"n{row['id']}"} for row in crowd(1000)), person("late", "old")]
    with pytest.raises(nacre.errors.InvalidInput, match="'age' takes an integer") as caught:
        people.bulk_load(rows)

    assert "row number 1000 of the load" in caught.value.__notes__[0]
    assert vault.head == head
    assert people.count() == 301
    assert vault.verify().is_clean
