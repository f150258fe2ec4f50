"""Bad input and bad days of opening: a clear error, nothing touched, and it works afterwards."""

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import lmdb
import pytest
from processes import Process, in_process, in_processes
from rows import put, rows

import nacre
from nacre import codec
from nacre.errors import (
    CorruptionError,
    FormatError,
    InvalidInput,
    NacreError,
    ReadOnly,
    VaultMissing,
)
from nacre.prefixes import META

NOBODY = 65534


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Return what lies below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("how", [{"create": False}, {"read_only": True}])
def test_a_missing_vault_is_not_created_unasked(tmp_path: Path, how: dict) -> None:
    with pytest.raises(VaultMissing, match="nacre init") as caught:
        nacre.open(tmp_path / "absent", **how)

    assert isinstance(caught.value, FileNotFoundError)
    assert snapshot(tmp_path) == {}


def test_missing_folders_are_created_with_the_vault(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "a" / "b" / "v") as vault:
        vault.record("a.b", subject="s")

    with nacre.open(tmp_path / "c" / "v.nacre", single_file=True) as vault:
        vault.record("a.b", subject="s")


def test_an_empty_directory_becomes_a_vault(tmp_path: Path) -> None:
    with nacre.open(tmp_path) as vault:
        assert vault.head == 0


def test_a_relative_path_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with nacre.open("v") as vault:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir("elsewhere")
        digest = vault.put(b"x" * 5000)
        vault.record("a.b", subject="s", data={"blob": digest})

        assert vault.path == tmp_path / "v"
        assert vault.verify().is_clean


def make_text(path: Path) -> None:
    path.write_text("Dear diary\n" * 1000)


def make_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table t (x)")
    database.close()


def make_lmdb(path: Path) -> None:
    with lmdb.open(str(path), subdir=False) as environment:
        with environment.begin(write=True) as transaction:
            transaction.put(b"key", b"value")


@pytest.mark.parametrize("make", [make_text, make_sqlite, make_lmdb])
@pytest.mark.parametrize("how", [{}, {"read_only": True}, {"create": False}])
def test_another_kind_of_file_is_refused_and_left_alone(tmp_path: Path, make, how: dict) -> None:
    path = tmp_path / "file"
    make(path)
    content = path.read_bytes()

    with pytest.raises(FormatError, match=r"not a vault|no vault"):
        nacre.open(path, **how)

    assert path.read_bytes() == content


def test_a_refused_file_can_be_replaced_by_a_vault(tmp_path: Path) -> None:
    path = tmp_path / "file"
    make_lmdb(path)
    with pytest.raises(FormatError):
        nacre.open(path)

    path.unlink()

    with nacre.open(path, single_file=True) as vault:
        assert vault.record("a.b", subject="s").position == 0


@pytest.mark.parametrize("how", [{}, {"read_only": True}, {"single_file": False}])
def test_a_directory_with_other_files_is_refused_and_left_alone(tmp_path: Path, how: dict) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "packs").mkdir()
    before = snapshot(tmp_path)

    with pytest.raises(FormatError, match="holds files but no vault"):
        nacre.open(tmp_path, **how)

    assert snapshot(tmp_path) == before


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(InvalidInput, match="is a file: choose another place"):
        nacre.open(tmp_path / "file" / "v")


def test_a_device_is_refused() -> None:
    with pytest.raises(FormatError, match="another kind of file"):
        nacre.open("/dev/null")


@pytest.mark.parametrize("name", ["n" * 300, "nul\x00byte"])
def test_a_name_that_the_file_system_refuses_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises((NacreError, ValueError)):
        nacre.open(tmp_path / name)

    assert snapshot(tmp_path) == {}


def test_the_other_layout_is_refused(tmp_path: Path) -> None:
    nacre.open(tmp_path / "directory").close()
    nacre.open(tmp_path / "file", single_file=True).close()

    with pytest.raises(InvalidInput, match="is a directory: open it with single_file=False"):
        nacre.open(tmp_path / "directory", single_file=True)
    with pytest.raises(InvalidInput, match="is a file: open it with single_file=True"):
        nacre.open(tmp_path / "file", single_file=False)


def test_an_unknown_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="choose 'commit' or 'relaxed'"):
        nacre.open(tmp_path / "v", durability="none")

    assert snapshot(tmp_path) == {}


IDENTITY = bytes([META]) + b"vault"


def test_a_newer_format_is_refused_until_it_is_known(tmp_path: Path) -> None:
    nacre.open(tmp_path / "v").close()
    identity = rows(tmp_path / "v", META)[IDENTITY]
    newer = {**codec.unpack(identity), "format": 2}
    put(tmp_path / "v", IDENTITY, codec.pack(newer))

    for _ in range(2):
        with pytest.raises(FormatError, match="has format 2, and this nacre reads 1: upgrade"):
            nacre.open(tmp_path / "v")

    put(tmp_path / "v", IDENTITY, identity)
    nacre.open(tmp_path / "v").close()


@pytest.mark.parametrize(
    "identity",
    [b"", b"\xc1", codec.pack(5), codec.pack({"format": "1"}), codec.pack({"format": 1})],
)
def test_an_altered_identity_is_reported(tmp_path: Path, identity: bytes) -> None:
    nacre.open(tmp_path / "v").close()
    put(tmp_path / "v", IDENTITY, identity)

    with pytest.raises(CorruptionError):
        nacre.open(tmp_path / "v")


# Creation cut short


def cut_before_lmdb(path: Path) -> None:
    path.touch()


def cut_before_identity(path: Path) -> None:
    lmdb.open(str(path), subdir=False, lib_version=0).close()


@pytest.mark.parametrize("cut", [cut_before_lmdb, cut_before_identity])
@pytest.mark.parametrize("single_file", [True, False])
def test_a_creation_that_was_cut_short_is_completed(tmp_path: Path, cut, single_file: bool) -> None:
    (tmp_path / "v").mkdir()
    file = tmp_path / "v" / ("runs.nacre" if single_file else "vault.mdb")
    cut(file)
    path = file if single_file else file.parent
    before = file.read_bytes()

    for how in ({"read_only": True}, {"create": False}):
        with pytest.raises(FormatError, match="is not a complete vault: open it for writing once"):
            nacre.open(path, **how)
    assert file.read_bytes() == before

    with nacre.open(path) as vault:
        assert vault.record("a.b", subject="s").position == 0
        assert vault.verify().is_clean


def test_a_vault_without_its_lock_file_opens(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.b", subject="s")
    (tmp_path / "v" / "vault.mdb-lock").unlink()

    with nacre.open(tmp_path / "v") as vault:
        assert vault.head == 1


def test_a_lock_file_that_an_unlinked_vault_left_is_no_obstacle(tmp_path: Path) -> None:
    nacre.open(tmp_path / "v").close()
    (tmp_path / "v" / "vault.mdb").unlink()

    with nacre.open(tmp_path / "v") as vault:
        assert vault.record("a.b", subject="s").position == 0


# Several processes


@pytest.mark.parametrize("single_file", [True, False])
def test_processes_that_create_a_vault_at_once_share_it(tmp_path: Path, single_file: bool) -> None:
    def create(n: int) -> None:
        for vault_number in range(20):
            path = tmp_path / f"v{vault_number}"
            with nacre.open(path, single_file=single_file) as vault:
                vault.record("a.b", subject=f"s{n}")

    in_processes(4, create)

    for vault_number in range(20):
        with nacre.open(tmp_path / f"v{vault_number}") as vault:
            assert sorted(event.subject for event in vault.events()) == ["s0", "s1", "s2", "s3"]
            assert vault.verify().is_clean


@pytest.mark.parametrize("how", [{}, {"read_only": True}])
def test_opening_does_not_wait_for_a_writer(tmp_path: Path, how: dict) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.b", subject="s")

    def hold(talk: Connection) -> None:
        with nacre.open(tmp_path / "v") as vault, vault.transaction() as tx:
            tx.record("a.b", subject="s")
            talk.send("holding")
            talk.recv()

    holder = Process(hold)
    assert holder.hear() == "holding"

    with nacre.open(tmp_path / "v", **how) as vault:
        head = vault.head
        holder.talk.send("go on")
        holder.end()

    assert head == 1


@pytest.mark.parametrize("single_file", [True, False])
def test_writers_through_a_link_share_the_lock(tmp_path: Path, single_file: bool) -> None:
    nacre.open(tmp_path / "v", single_file=single_file).close()
    (tmp_path / "link").symlink_to("v")

    def record(talk: Connection) -> None:
        with nacre.open(tmp_path / "link") as vault:
            talk.send("opened")
            talk.send(vault.record("a.b", subject="linked").position)

    writer = Process(record)
    assert writer.hear() == "opened"
    with nacre.open(tmp_path / "v") as vault:
        with vault.transaction() as tx:
            tx.record("a.b", subject="direct")
        writer.end()

        assert sorted(event.subject for event in vault.events()) == ["direct", "linked"]
        assert vault.verify().is_clean
    assert {path.name for path in tmp_path.iterdir()} <= {"v", "v-lock", "link"}


# Places that cannot be written


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_nobody(work) -> object:
    """Return what *work* returns in a process for which permissions count."""

    def drop_and_work() -> object:
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        return work()

    return in_process(drop_and_work)


def error_of(work) -> str:
    try:
        work()
    except ReadOnly as error:
        return str(error)
    return "no error"


def test_a_vault_is_not_created_where_nobody_may_write(place: Path) -> None:
    place.chmod(0o555)

    said = as_nobody(lambda: error_of(lambda: nacre.open(place / "v")))

    assert "not allowed" in said
    assert "check the permissions" in said
    assert snapshot(place) == {}


@pytest.mark.parametrize("single_file", [True, False])
@pytest.mark.parametrize("how", [{}, {"read_only": True}])
def test_a_vault_without_permission_says_so_and_opens_with_it(
    place: Path, single_file: bool, how: dict
) -> None:
    with nacre.open(place / "v", single_file=single_file) as vault:
        vault.record("a.b", subject="s")

    said = as_nobody(lambda: error_of(lambda: nacre.open(place / "v", **how)))

    assert "not allowed" in said
    assert "check the permissions" in said
    with nacre.open(place / "v") as vault:
        assert vault.verify().is_clean


# The cost


def test_opening_costs_the_same_whatever_the_size(tmp_path: Path) -> None:
    sizes = {"small": 3, "large": 3000}
    for name, commits in sizes.items():
        with nacre.open(tmp_path / name, durability="relaxed") as vault:
            for n in range(commits):
                vault.record("a.b", subject=f"s{n}")

    costs = {name: calls_to_open(tmp_path / name) for name in sizes}

    assert costs["large"] <= costs["small"] * 1.1


def calls_to_open(path: Path) -> int:
    """Count the calls of functions, Python's and C's, that opening and reading the head take."""
    nacre.open(path).close()
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        with nacre.open(path) as vault:
            assert vault.head
    finally:
        sys.setprofile(None)
    return calls
