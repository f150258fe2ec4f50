"""A collection whose rows never lie in blocks: the same answers, the same proofs."""

from pathlib import Path

import nacre
from nacre.keys import after_prefix, encode_key
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.rows import Rows

SCHEMA = {"id": "int64", "n": "int64", "s": "string"}
ROWS = 3000


def rows(count=ROWS, more=0):
    return [{"id": n, "n": n % 30 + more, "s": f"text {n}"} for n in range(count)]


def made(vault, name="c", **how):
    collection = vault.rows.create(name, SCHEMA, key="id", indexes=["n"], **how)
    collection.bulk_load(rows())
    return collection


def pairs_in(vault, table):
    prefix = encode_key((table,))
    return sum(1 for _ in vault.view(Rows).pairs.scan(prefix, after_prefix(prefix)))


def test_rows_lie_alone_and_entries_in_blocks(vault):
    collection = made(vault, rows_alone=True)

    assert (pairs_in(vault, 4), pairs_in(vault, 8)) == (ROWS, 0)
    assert pairs_in(vault, 5) == 0 < pairs_in(vault, 9)
    assert collection.get(17) == rows()[17]
    assert collection.where(n=7).order_by("id").all() == rows()[7::30]
    assert vault.verify().is_clean


def test_no_change_of_it_makes_blocks_of_rows(vault):
    collection = made(vault, rows_alone=True)
    collection.bulk_upsert(rows(ROWS + 100, more=1))
    collection.alter({**SCHEMA, "n": "float64", "t": "string?"}, indexes=["n", "s"])
    collection.bulk_load([{"id": 9000 + n, "n": n, "s": "late"} for n in range(2000)])
    collection.where("id", "<", 1000).delete()
    collection.update(2000, s="changed")
    compress(vault.store)
    compact(vault.store)

    assert pairs_in(vault, 8) == 0
    assert pairs_in(vault, 4) == len(collection) == 2100 + 2000
    assert collection.get(2000)["s"] == "changed"
    assert collection.where(s="late").count() == 2000
    assert vault.verify().is_clean
    assert vault.replay().is_equal


def test_it_is_so_again_after_a_rebuild_and_when_opened_again(tmp_path: Path):
    with nacre.open(tmp_path / "v") as vault:
        made(vault, rows_alone=True)
        made(vault, "packed")
        vault.rebuild()
    with nacre.open(tmp_path / "v") as vault:
        vault.rows["c"].bulk_load([{"id": -1, "n": 0, "s": "more"}])

        assert pairs_in(vault, 4) == ROWS + 1
        assert pairs_in(vault, 8) > 0
        assert vault.rows["c"].where(n=7).all() == vault.rows["packed"].where(n=7).all()
