"""Copies and damage: what each call leaves behind, and what a file that was hurt comes to."""

import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe, opened, outcome
from modelvault_schemas import fields
from processes import Process

SCHEMA = fields(id="int64", s="string")
ROWS = [{"id": n, "s": f"row {n}"} for n in range(20)]
NO_FILE = Raises("OSError", "No such file or directory (os error 2)")
FOLDER = Raises("OSError", "Is a directory (os error 21)")
CLEAN = {"truncated_bytes": 0, "truncate_reason": None}
LOST = Raises("ModelVaultFormatError", "format error: ", more=True)

pytestmark = pytest.mark.usefixtures("folder")


def made(mv: ModuleType, path: str = "x.mv"):
    db = mv.Database.open(path)
    db.register_collection("c", SCHEMA, "id")
    with db.transaction():
        for row in ROWS:
            db.insert("c", row)
    return db


def rows(db) -> list[object]:
    return db.collection("c").where("id", -1).or_where(
        db.collection("c").gte_where("id", 0)
    ).order_by("id").all()  # fmt: skip


@pytest.mark.parametrize("name", ["export_snapshot", "compact_to"])
@pytest.mark.parametrize(
    ("dest", "observed"),
    [
        ("y.mv", None), ("x.mv", None), ("no/y.mv", NO_FILE), ("", NO_FILE),
        (".", FOLDER),
        (3, Raises("TypeError", "argument 'dest_path': 'int' object is not an instance of 'str'")),
    ],
)  # fmt: skip
def test_a_copy_goes_to_a_path(mv: ModuleType, name: str, dest: object, observed: object) -> None:
    db = made(mv)

    observe(mv, lambda: getattr(db, name)(dest), observed)
    assert rows(db) == ROWS
    if dest == "y.mv":
        assert rows(mv.Database.open("y.mv")) == ROWS
    db = None  # the file is free
    assert rows(mv.Database.open("x.mv")) == ROWS


@pytest.mark.parametrize(
    ("call", "observed"),
    [
        (lambda db: db.snapshot_bytes(), Raises(
            "ValueError", "snapshot_bytes is only supported for in-memory databases")),
        (lambda db: db.compact(), None), (lambda db: db.checkpoint(), None),
        (lambda db: db.export_snapshot(dest_path="k.mv"), None),
        (lambda db: db.compact_to(dest_path="k.mv"), None),
    ],
)  # fmt: skip
def test_a_file_is_compacted_and_checkpointed(
    mv: ModuleType, call: Callable, observed: object
) -> None:
    db = made(mv)

    observe(mv, lambda: call(db), observed)
    db = None  # the file is free
    assert rows(mv.Database.open("x.mv")) == ROWS


def test_a_database_in_memory_has_bytes_and_is_exported(mv: ModuleType) -> None:
    db = opened(mv, SCHEMA)
    db.insert("c", ROWS[0])

    db.export_snapshot("y.mv")
    db.checkpoint()
    copy = mv.Database.open_snapshot_bytes(db.snapshot_bytes())
    assert rows(mv.Database.open("y.mv")) == rows(copy) == [ROWS[0]]
    assert (copy.path(), db.path()) == (":memory:", ":memory:")
    observe(mv, db.compact, Raises(
        "ValueError", "compact_in_place is only supported for file-backed databases"))  # fmt: skip


def test_a_snapshot_opens_as_a_copy_that_can_be_written(mv: ModuleType) -> None:
    db = made(mv)
    db.export_snapshot("s.mv")
    db.delete("c", 0)

    old, live = mv.Database.open_snapshot("s.mv"), mv.Database.open_snapshot("x.mv")
    old.insert("c", {"id": 99, "s": "own"})
    assert (old.path(), old.recovery_info) == (":memory:", CLEAN)
    assert (len(rows(old)), rows(live), rows(db)) == (21, ROWS[1:], ROWS[1:])
    assert rows(mv.Database.open("s.mv", read_only=True)) == ROWS


def no_bytes(kind: str) -> Raises:
    return Raises("TypeError", f"argument 'data': '{kind}' object is not an instance of 'bytes'")


@pytest.mark.parametrize(
    ("call", "observed"),
    [
        (lambda mv: mv.Database.open_snapshot("no.mv"), NO_FILE),
        (lambda mv: mv.Database.restore_snapshot("no.mv", "y.mv"), NO_FILE),
        (lambda mv: mv.Database.restore_snapshot("s.mv", "no/y.mv"), NO_FILE),
        (lambda mv: mv.Database.open_snapshot_bytes("x"), no_bytes("str")),
        (lambda mv: mv.Database.open_snapshot_bytes(bytearray(b"x")), no_bytes("bytearray")),
        (lambda mv: mv.Database.open_snapshot_bytes(b"hello"), Raises(
            "ModelVaultFormatError", "format error: truncated header: got 5 bytes, expected 32")),
        (lambda mv: mv.Database.open_snapshot_bytes(b"x" * 64), Raises(
            "ModelVaultFormatError", "format error: ", more=True)),
        (lambda mv: mv.Database.open_snapshot_bytes(b"").collection_names(), Differs([], LOST)),
    ],
)  # fmt: skip
def test_what_is_no_snapshot_is_said(mv: ModuleType, call: Callable, observed: object) -> None:
    made(mv, "s.mv")

    observe(mv, lambda: call(mv), observed)
    assert not Path("y.mv").exists()


def test_a_truncated_snapshot_is_refused_here(mv: ModuleType) -> None:
    db = opened(mv, SCHEMA)
    for row in ROWS:
        db.insert("c", row)
    image = db.snapshot_bytes()

    shorter = image[: len(image) * 9 // 10]
    came = outcome(lambda: len(rows(mv.Database.open_snapshot_bytes(shorter))))
    assert isinstance(came, mv.ModelVaultFormatError) or (mv.__name__ == "modelvault" and came < 20)


@pytest.mark.parametrize(
    ("damage", "observed"),
    [
        (lambda: None, ROWS),
        (lambda: Path("s.mv").write_bytes(os.urandom(9000)), Differs(LOST, ROWS[1:])),
    ],
)
def test_a_restore_takes_the_place_of_a_file(
    mv: ModuleType, damage: Callable[[], object], observed: object
) -> None:
    db = made(mv)
    db.export_snapshot("s.mv")
    db.delete("c", 0)
    del db
    damage()

    outcome(lambda: mv.Database.restore_snapshot(snapshot_path="s.mv", dest_path="x.mv"))
    observe(mv, lambda: rows(mv.Database.open("x.mv")), observed)


def test_a_restore_over_an_open_file_is_refused_here(mv: ModuleType) -> None:
    db = made(mv)
    db.export_snapshot("s.mv")
    db.delete("c", 0)

    open_there = Raises(
        "OSError", "writable storage already open for this path in this process: x.mv"
    )
    observe(mv, lambda: mv.Database.restore_snapshot("s.mv", "x.mv"), Differs(None, open_there))
    db.delete("c", 1)
    del db
    observe(mv, lambda: rows(mv.Database.open("x.mv")), Differs(ROWS, ROWS[2:]))


def junk(content: bytes) -> bytes:
    return content + b"j" * 20


def zeros(content: bytes) -> bytes:
    return content + bytes(4096)


def cut(content: bytes) -> bytes:
    return content[:5000]


def first(content: bytes) -> bytes:
    return b"\xff" * 32 + content[32:]


TAIL = "format error: unclean log tail (strict open): torn_tail; safe truncate end offset "


@pytest.mark.parametrize(
    ("damage", "recovery", "observed"),
    [
        (junk, "strict", Differs(Raises("ModelVaultFormatError", TAIL, more=True), ROWS)),
        (junk, "auto_truncate", ROWS),
        (zeros, "strict", Differs(LOST, ROWS)), (zeros, "auto_truncate", Differs(LOST, ROWS)),
        (cut, "strict", LOST), (cut, "auto_truncate", LOST),
        (first, "strict", LOST), (first, "auto_truncate", LOST),
    ],
)  # fmt: skip
def test_a_damaged_file_is_whole_or_refused(
    mv: ModuleType, damage: Callable[[bytes], bytes], recovery: str, observed: object
) -> None:
    made(mv)
    Path("x.mv").write_bytes(damage(Path("x.mv").read_bytes()))

    observe(mv, lambda: rows(mv.Database.open("x.mv", recovery=recovery)), observed)


def test_a_torn_file_can_be_read_here(mv: ModuleType) -> None:
    made(mv)
    Path("x.mv").write_bytes(junk(Path("x.mv").read_bytes()))

    invalid = Raises("OSError", "Invalid argument (os error 22)")
    observe(
        mv,
        lambda: rows(mv.Database.open("x.mv", read_only=True, recovery="auto_truncate")),
        Differs(invalid, ROWS),
    )


def test_what_was_cut_off_is_told_and_nothing_is_here(mv: ModuleType) -> None:
    made(mv)
    Path("x.mv").write_bytes(junk(Path("x.mv").read_bytes()))

    torn = {"truncated_bytes": 20, "truncate_reason": "torn_tail"}
    observe(mv, lambda: mv.Database.open("x.mv").recovery_info, Differs(torn, CLEAN))


@pytest.mark.parametrize("recovery", ["strict", "auto_truncate"])
def test_a_process_that_was_killed_leaves_what_it_committed(mv: ModuleType, recovery: str) -> None:
    def work(talk: Connection) -> None:
        db = made(mv)
        db.insert("c", {"id": 90, "s": "kept"})
        with db.transaction():
            for n in range(100, 200):
                db.insert("c", {"id": n, "s": "lost"})
            talk.send("inside")
            talk.recv()

    process = Process(work)
    process.hear()
    process.kill()

    db = mv.Database.open("x.mv", recovery=recovery)
    assert rows(db) == [*ROWS, {"id": 90, "s": "kept"}]
    assert db.recovery_info == CLEAN
