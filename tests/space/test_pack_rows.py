"""Rows that came one by one are packed by compress: a third of the room, and nothing else."""

from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from click.testing import CliRunner
from people_rows import create_people, crowd, person
from processes import Process, heard
from works import open_over

import nacre
from nacre.cli.program import program
from nacre.operations.compress import compress
from nacre.operations.pack_rows import pack_rows
from nacre.operations.replay import replay
from nacre.operations.report import no_progress
from nacre.rows import Rows
from nacre.rows.packing import stretches
from nacre.testing import MOMENTS, KillingFiles

ROWS = {row["id"]: row for row in crowd(1500)}


@pytest.fixture
def vault(tmp_path: Path):
    with nacre.open(tmp_path / "v", actor="ana") as opened:
        create_people(opened).insert_many(ROWS.values())
        yield opened


def alone(vault: nacre.Vault) -> int:
    return sum(stretch.count for stretch in stretches(vault.view(Rows), at_least=1))


def test_rows_read_as_before_and_take_less_room(vault):
    before = size(vault)

    report = compress(vault.store)

    people = vault.rows["people"]
    assert report.done
    assert report.pairs == 3 * len(ROWS)
    assert alone(vault) == 0
    assert {row["id"]: row for row in people} == ROWS
    assert people.where(city="Oslo").count() == sum(row["city"] == "Oslo" for row in ROWS.values())
    assert size(vault) < 0.6 * before


def size(vault: nacre.Vault) -> int:
    return (vault.path / "vault.mdb").stat().st_size


def test_history_and_the_feed_of_changes_know_nothing_of_it(vault):
    people = vault.rows["people"]
    people.update("p00001", age=7)
    since, changes = vault.head, len(list(people.changes()))

    compress(vault.store)
    people.update("p00001", age=8)

    assert [change.action for change in people.history("p00001")] == ["update", "update", "insert"]
    assert len(list(people.changes())) == changes + 1
    assert [change.key for change in people.changes(since)] == ["p00001"]
    assert people.get("p00001", as_of=since)["age"] == 7


def test_packed_rows_change_like_others(vault):
    compress(vault.store)
    people = vault.rows["people"]

    people.update("p00003", city="Bern")
    people.delete("p00004")
    people.insert(person("p00004a"))
    compress(vault.store)

    assert people["p00003"]["city"] == "Bern"
    assert people.get("p00004") is None
    assert len(people) == len(ROWS)
    assert vault.verify().is_clean
    assert not replay(vault.store).problems


def test_few_rows_are_left_alone(tmp_path):
    with nacre.open(tmp_path / "v") as vault:
        create_people(vault).insert_many(crowd(900))

        assert not compress(vault.store).done
        assert alone(vault) == 2700


def test_a_dry_run_says_what_would_be_packed(vault):
    head = vault.head

    predicted = compress(vault.store, dry_run=True)

    assert predicted.pairs == 3 * len(ROWS)
    assert predicted.pairs_after_bytes < predicted.pairs_before_bytes
    assert vault.head == head


def test_a_collection_that_was_dropped_meanwhile_is_not_packed(vault):
    found = list(stretches(vault.view(Rows)))
    vault.rows.drop("people")
    create_people(vault, indexes=[])
    head = vault.head

    pack_rows(vault.store, found, no_progress)

    assert vault.head == head


@pytest.mark.parametrize("moment", MOMENTS)
def test_whoever_dies_while_packing_leaves_all_rows(vault, moment):
    path, steps = vault.path, 0
    vault.close()
    while not packs_and_survives(path, steps, moment):
        steps += 1
        with nacre.open(path) as left:
            assert {row["id"]: row for row in left.rows["people"]} == ROWS
            assert left.verify().is_clean

    assert steps >= 2
    with nacre.open(path) as left:
        assert alone(left) == 0


def packs_and_survives(path: Path, step: int, moment: str) -> bool:
    def work(talk: Connection) -> None:
        with open_over(path, KillingFiles(step, moment), single_file=False) as vault:
            compress(vault.store)
            talk.send("survived")

    process = Process(work)
    survived = process.talk.poll(30) and heard(process)
    process.join()
    return survived


def test_the_command_says_what_it_did_and_nothing_else(vault):
    path = str(vault.path)
    vault.close()
    run = CliRunner().invoke

    predicted = run(program, ["compress", path, "--dry-run"]).output
    done = run(program, ["compress", path]).output

    assert "could be packed: 4,500 rows and entries" in predicted
    assert done.startswith("packed: 4,500 rows and entries")
    assert "0 commits" not in predicted + done
