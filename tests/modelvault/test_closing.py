"""Closing while others are busy: what was acknowledged is there, and everybody is told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from modelvault_schemas import fields

from nacre_adapters.modelvault import Database

THREADS = 4


@pytest.mark.parametrize("turn", range(6))
def test_whoever_is_busy_is_told_and_loses_nothing(turn: int, tmp_path: Path) -> None:
    db = Database.open(tmp_path / "x.mv")
    db.register_collection("c", fields(id="int64"), "id")
    busy = threading.Barrier(THREADS + 1)

    def work(thread: int) -> set[int]:
        written: set[int] = set()
        busy.wait()
        for number in range(1, 100_000):
            pair = [1000 * number + thread, -1000 * number - thread]
            try:
                with db.transaction():
                    for each in pair:
                        db.insert("c", {"id": each})
                written.update(pair)
                db.collection("c").limit(3).all()
            except RuntimeError:
                return written
        raise AssertionError("it was never closed")

    with ThreadPoolExecutor(THREADS) as pool:
        done = [pool.submit(work, number) for number in range(THREADS)]
        busy.wait()
        for _ in range(20 * turn):
            db.collection("c").count()
        db.close()
        written = set().union(*(each.result(60) for each in done))

    with Database.open(tmp_path / "x.mv") as db:
        ids = {row["id"] for row in db.collection("c").all()}
    assert written <= ids
    assert ids == {-each for each in ids}
