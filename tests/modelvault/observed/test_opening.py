"""Opening a file, and who else may: as observed, and readers beside a writer besides."""

from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe
from modelvault_schemas import fields
from processes import Process

SCHEMA = fields(id="int64")
ALREADY = "writable storage already open for this path in this process: "
LOCKED = (
    "database file is locked by another process: Resource temporarily unavailable (os error 11)"
)
NOTHING_LOST = {"truncated_bytes": 0, "truncate_reason": None}

pytestmark = pytest.mark.usefixtures("folder")


def made(mv: ModuleType, path: str = "x.mv"):
    db = mv.Database.open(path)
    db.register_collection("c", SCHEMA, "id")
    db.insert("c", {"id": 1})
    return db


@pytest.mark.parametrize(
    ("path", "options", "observed"),
    [
        ("x.mv", {}, "x.mv"),
        ("./x.mv", {}, "./x.mv"),
        (":memory:", {}, ":memory:"),
        ("no/x.mv", {}, Raises("OSError", "No such file or directory (os error 2)")),
        ("", {}, Raises("OSError", "No such file or directory (os error 2)")),
        (".", {}, Raises("OSError", "Is a directory (os error 21)")),
        ("x.mv", {"read_only": True}, Raises("OSError", "No such file or directory (os error 2)")),
        *(("x.mv", {"recovery": word},
           Raises("ValueError", f"recovery must be 'strict' or 'auto_truncate', got \"{word}\""))
          for word in ("x", "STRICT", "auto", "")),
        ("x.mv", {"recovery": None}, "x.mv"),
        ("x.mv", {"recovery": "strict"}, "x.mv"),
        ("x.mv", {"recovery": "auto_truncate"}, "x.mv"),
        ("x.mv", {"recovery": 3},
         Raises("TypeError", "argument 'recovery': 'int' object is not an instance of 'str'")),
    ],
)  # fmt: skip
def test_a_path_is_opened_or_refused(
    mv: ModuleType, path: str, options: dict[str, object], observed: object
) -> None:
    observe(mv, lambda: mv.Database.open(path, **options).path(), observed)


def test_options_are_named(mv: ModuleType) -> None:
    observe(
        mv,
        lambda: mv.Database.open("x.mv", True),
        Differs(
            Raises("TypeError", "Database.open() takes 1 positional arguments but 2 were given"),
            Raises("TypeError", "Database.open() takes 1 positional argument but 2 were given"),
        ),
    )


def test_a_new_file_has_its_lock_beside_it(mv: ModuleType) -> None:
    db = mv.Database.open("x.mv")

    assert {"x.mv", "x.mv.writer.lock"} <= {each.name for each in Path().iterdir()}
    del db
    assert Path("x.mv.writer.lock").exists()


def test_memory_as_a_path_is_a_file_and_readers_make_none(mv: ModuleType) -> None:
    mv.Database.open(":memory:")
    assert Path(":memory:").is_file()

    observe(
        mv,
        lambda: mv.Database.open("x.mv", read_only=True),
        Raises("OSError", "No such file or directory (os error 2)"),
    )
    assert not Path("x.mv").exists()


@pytest.mark.parametrize("recovery", [None, "strict", "auto_truncate"])
def test_what_was_cut_off_is_told(mv: ModuleType, recovery: str | None) -> None:
    made(mv)

    observe(mv, lambda: mv.Database.open("x.mv", recovery=recovery).recovery_info, NOTHING_LOST)


@pytest.mark.parametrize(
    ("content", "observed"),
    [
        (b"hello" * 20, Differs(
            Raises("ModelVaultFormatError",
                   'format error: bad magic bytes: expected "TDB0", got [68, 65, 6c, 6c]'),
            Raises("ModelVaultFormatError", "format error: "))),
        (b"hell", Raises("ModelVaultFormatError",
                         "format error: truncated header: got 4 bytes, expected 32")),
        (b"", []),
    ],
)  # fmt: skip
def test_what_is_no_database_is_said(mv: ModuleType, content: bytes, observed: object) -> None:
    Path("x.mv").write_bytes(content)

    observe(mv, lambda: mv.Database.open("x.mv").collection_names(), observed)


def test_an_empty_file_can_be_read(mv: ModuleType) -> None:
    Path("x.mv").touch()

    # It was observed to open; where it is made whole first, that fails.
    observe(
        mv,
        lambda: mv.Database.open("x.mv", read_only=True).collection_names(),
        Differs(Raises("OSError", "Bad file descriptor (os error 9)"), []),
    )


@pytest.mark.parametrize(
    ("other", "observed"),
    [
        ("x.mv", Raises("OSError", f"{ALREADY}x.mv")),
        ("./x.mv", Differs(Raises("OSError", LOCKED), Raises("OSError", f"{ALREADY}./x.mv"))),
        ("link", Differs(Raises("OSError", LOCKED), Raises("OSError", f"{ALREADY}link"))),
        ("twin", Differs(Raises("OSError", LOCKED), Raises("OSError", ""))),
    ],
)
def test_one_writes_under_whatever_name(mv: ModuleType, other: str, observed: object) -> None:
    db = made(mv)
    Path("link").symlink_to("x.mv")
    if other == "twin":
        Path("twin").hardlink_to("x.mv")

    observe(mv, lambda: mv.Database.open(other), observed)
    assert db.get("c", 1) == {"id": 1}


@pytest.mark.parametrize(
    ("opening", "observed"),
    [
        (lambda mv: mv.Database.open("x.mv"), Raises("OSError", LOCKED)),
        (lambda mv: mv.Database.open("x.mv", read_only=True).get("c", 1),
         Differs(Raises("OSError", "database is locked by another process"), {"id": 1})),
        (lambda mv: mv.dbapi.connect("x.mv").commit(),
         Differs(Raises("OSError", "database is locked by another process"), None)),
    ],
)  # fmt: skip
def test_a_lock_of_another_process_ends_with_it(
    mv: ModuleType, opening: Callable[[ModuleType], object], observed: object
) -> None:
    def work(talk: Connection) -> None:
        db = made(mv)
        talk.send(db.path())
        talk.recv()

    process = Process(work)
    process.hear()
    observe(mv, lambda: opening(mv), observed)
    process.kill()

    assert mv.Database.open("x.mv").get("c", 1) == {"id": 1}


def test_who_deletes_the_lock_lets_another_write_here_and_nothing_is_lost(mv: ModuleType) -> None:
    def work(talk: Connection) -> None:
        db = made(mv)
        talk.send("open")
        talk.recv()
        db.insert("c", {"id": 2})
        talk.send("done")
        talk.recv()

    process = Process(work)
    process.hear()
    Path("x.mv.writer.lock").unlink()

    def write() -> object:
        db = mv.Database.open("x.mv")
        db.insert("c", {"id": 3})
        process.talk.send("go")
        process.hear()
        return [db.get("c", key) for key in (1, 2, 3)]

    rows = [{"id": 1}, {"id": 2}, {"id": 3}]
    observe(mv, write, Differs(Raises("OSError", LOCKED), rows))
    process.kill()


def test_readers_share_and_a_writer_may_come(mv: ModuleType) -> None:
    made(mv)
    readers = [mv.Database.open("x.mv", read_only=True) for _ in range(3)]

    observe(
        mv,
        lambda: mv.Database.open("x.mv").get("c", 1),
        Differs(Raises("OSError", "Resource temporarily unavailable (os error 11)"), {"id": 1}),
    )
    assert [reader.get("c", 1) for reader in readers] == [{"id": 1}] * 3


def test_a_reader_beside_the_writer_sees_each_commit(mv: ModuleType) -> None:
    db = made(mv)
    reader = mv.Database.open("x.mv", read_only=True)

    db.insert("c", {"id": 2})
    assert reader.get("c", 2) == {"id": 2}
    db.delete("c", 2)
    assert reader.get("c", 2) is None
    db.register_collection("d", SCHEMA, "id")
    assert reader.collection_names() == ["c", "d"]
    db.compact()
    db.insert("d", {"id": 3})
    assert reader.get("d", 3) == {"id": 3}


BAD = Raises("OSError", "Bad file descriptor (os error 9)")


@pytest.mark.parametrize(
    ("call", "observed"),
    [
        (lambda db: db.get("c", 1), {"id": 1}),
        (lambda db: db.collection("c").where("id", 1).order_by("id").all(), [{"id": 1}]),
        (lambda db: db.plan_schema_version("c", SCHEMA), {"change": "safe", "steps": []}),
        (lambda db: db.compact_to("y.mv"), None),
        (lambda db: db.insert("c", {"id": 2}), BAD),
        (lambda db: db.delete("c", 1), BAD),
        (lambda db: db.register_collection("d", SCHEMA, "id"), BAD),
        (lambda db: db.register_schema_version("c", SCHEMA), BAD),
        (lambda db: db.checkpoint(), BAD),
        (lambda db: db.delete("c", 9), Differs(None, BAD)),
        (lambda db: db.backfill_top_level_field("c", "id", 1), Differs(None, BAD)),
        (lambda db: db.export_snapshot("y.mv"), Differs(BAD, None)),
        (lambda db: db.compact(), Differs(
            Raises("OSError", "Resource temporarily unavailable (os error 11)"), BAD)),
    ],
)  # fmt: skip
def test_a_reader_reads_and_writes_nothing(
    mv: ModuleType, call: Callable[[object], object], observed: object
) -> None:
    made(mv)
    db = mv.Database.open("x.mv", read_only=True)

    observe(mv, lambda: call(db), observed)
    assert db.get("c", 1) == {"id": 1}
    assert db.get("c", 2) is None


def test_a_transaction_of_a_reader_fails(mv: ModuleType) -> None:
    made(mv)
    db = mv.Database.open("x.mv", read_only=True)

    def work() -> None:
        with db.transaction():
            db.insert("c", {"id": 2})

    observe(mv, work, BAD)
    assert db.get("c", 2) is None
