"""Threads, tasks and processes that write rows at once: each row once, each unique value once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from people_rows import create_people, is_whole, person
from processes import in_processes

import nacre
from nacre.errors import InvalidInput, Mismatch, NotUnique

SEATS = {"id": "int64", "seat": "int64"}
UNIQUE = [{"fields": ["seat"], "unique": True}]


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        yield opened


def test_threads_insert_and_one_of_them_gets_each_unique_value(vault):
    seats = vault.rows.create("seats", SEATS, key="id", indexes=UNIQUE)

    def take(number):
        try:
            seats.insert({"id": number, "seat": number % 40})
        except InvalidInput:
            return 0
        return 1

    with ThreadPoolExecutor(32) as threads:
        taken = sum(threads.map(take, range(160)))

    assert taken == seats.count() == 40
    assert sorted(row["seat"] for row in seats) == list(range(40))
    assert is_whole(vault)


def test_compare_and_set_counts_every_step(vault):
    people = create_people(vault)
    people.insert(person("p1", 0))

    def count(_):
        for _ in range(10):
            while True:
                age = people["p1"]["age"]
                try:
                    people.update("p1", age=age + 1, expect={"age": age})
                    break
                except Mismatch:
                    continue

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(4)))

    assert people["p1"]["age"] == 40
    assert len(list(people.history("p1"))) == 41


def test_readers_see_whole_commits_while_others_write(vault):
    people = create_people(vault)

    def write(start):
        for number in range(start, start + 15):
            people.insert_many([person(f"{number}-{part}", number) for part in range(4)])

    def read(_):
        for _ in range(30):
            rows = people.where("age", ">=", 0).all()
            assert len(rows) % 4 == 0
            assert people.count() % 4 == 0

    with ThreadPoolExecutor(6) as threads:
        for done in [
            *(threads.submit(write, 100 * n) for n in range(4)),
            *(threads.submit(read, n) for n in range(2)),
        ]:
            done.result()

    assert people.count() == 240
    assert is_whole(vault)


def test_tasks_insert_through_threads(vault):
    people = create_people(vault)

    async def insert_all():
        await asyncio.gather(
            *(asyncio.to_thread(people.insert, person(f"p{n}")) for n in range(64))
        )

    asyncio.run(insert_all())

    assert people.count() == 64
    assert is_whole(vault)


def test_one_of_many_processes_gets_each_unique_value(tmp_path):
    with nacre.open(tmp_path / "v") as vault:
        vault.rows.create("seats", SEATS, key="id", indexes=UNIQUE)

    def work(number):
        taken = []
        with nacre.open(tmp_path / "v") as vault:
            seats = vault.rows["seats"]
            for seat in range(25):
                row = {"id": 100 * number + seat, "seat": seat}
                # Loads, upserts and inserts check alike.
                write = (seats.insert, seats.upsert, lambda row: seats.bulk_load([row]))[seat % 3]
                try:
                    write(row)
                except NotUnique:
                    continue
                taken.append(seat)
        return taken

    found = in_processes(3, work)

    assert sorted(seat for taken in found for seat in taken) == list(range(25))
    with nacre.open(tmp_path / "v") as vault:
        assert [row["seat"] for row in vault.rows["seats"].order_by("seat")] == list(range(25))
        assert is_whole(vault)


def test_processes_write_to_one_collection(tmp_path):
    with nacre.open(tmp_path / "v") as vault:
        create_people(vault)

    def work(number):
        with nacre.open(tmp_path / "v") as vault:
            people = vault.rows["people"]
            for n in range(20):
                people.insert(person(f"{number}-{n}", n))
                assert people.where(age=n).count() >= 1
            return people.where("id", "prefix", f"{number}-").count()

    assert in_processes(3, work) == [20, 20, 20]
    with nacre.open(tmp_path / "v") as vault:
        assert vault.rows["people"].count() == 60
        assert is_whole(vault)
