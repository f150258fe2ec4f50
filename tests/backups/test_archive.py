"""A vault travels in one file, and comes back as it was."""

import importlib
import json
import os
import tarfile
from collections.abc import Callable
from itertools import count, takewhile
from pathlib import Path

import lmdb
import pytest
import zstandard
from backup_targets import back_up, content_of, sealed, worked
from click.testing import CliRunner
from processes import Process
from works import WORKS, do, open_over

import nacre
from nacre import swap
from nacre.blobs import packs
from nacre.cli.program import program
from nacre.errors import CorruptionError, DiskFull, InvalidInput, NotFound, StateError, StorageError
from nacre.files import Files, OsFiles
from nacre.operations.archive import archive
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.purge import purge
from nacre.operations.retain import parse_history, set_retention
from nacre.operations.unarchive import unarchive
from nacre.testing import MOMENTS, FailingFiles, KillingFiles, Moment, TracingFiles

SUFFIXES = [".tar.zst", ".tar.xz"]


@pytest.fixture(params=[False, True], ids=["directory", "single file"])
def vault(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", 200_000)
    with worked(tmp_path / "v", single_file=request.param) as vault:
        yield vault


def opened(path: Path) -> dict[str, object]:
    """Return all that a vault says, which must verify."""
    with nacre.open(path, create=False) as vault:
        assert vault.verify().is_clean
        return content_of(vault)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_vault_comes_back_as_it_was(tmp_path: Path, vault, suffix: str) -> None:
    content = content_of(vault)

    made = archive(vault.store, tmp_path / f"a{suffix}")
    report = unarchive(tmp_path / f"a{suffix}", tmp_path / "w")

    assert (made.head, made.root) == (report.head, report.root)
    assert made.archive_bytes == (tmp_path / f"a{suffix}").stat().st_size
    assert opened(tmp_path / "w") == content
    assert (tmp_path / "w").is_file() == (tmp_path / "v").is_file()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_any_tar_unpacks_it(tmp_path: Path, vault, suffix: str) -> None:
    content = content_of(vault)
    archive(vault.store, tmp_path / f"a{suffix}")
    vault.close()

    plain = tmp_path / "a.tar"
    if suffix == ".tar.zst":
        with (tmp_path / "a.tar.zst").open("rb") as file:
            plain.write_bytes(zstandard.ZstdDecompressor().stream_reader(file).read())
    else:
        plain = tmp_path / "a.tar.xz"
    with tarfile.open(plain) as tar:
        tar.extractall(tmp_path / "out", filter="data")

    single = tmp_path / "out" / "vault.nacre"
    assert opened(single if single.exists() else tmp_path / "out" / "vault") == content


def test_segments_epitaphs_and_snapshots_travel(tmp_path: Path, vault, monkeypatch) -> None:
    monkeypatch.setattr("nacre.operations.compress._KEPT_OPEN", 1)
    vault.snapshots.create("monday")
    secret = vault.put(b"the secret" * 2000)
    vault.record("a.b", subject="ana", data={"blob": secret})
    old = vault.put(b"old" * 3000)
    vault.record("photo.set", subject="p", data={"blob": old})
    set_retention(vault.store, parse_history("0s"))
    compress(vault.store, min_gain=0)
    compact(vault.store, min_gain=0)
    purge(vault.store, "ana", reason="asked for")
    checkpoint = vault.checkpoint()

    archive(vault.store, tmp_path / "a.tar.zst")
    unarchive(tmp_path / "a.tar.zst", tmp_path / "w")

    with nacre.open(tmp_path / "w", create=False) as again:
        assert again.checkpoint() == checkpoint
        assert again.verify().is_clean
        assert again.snapshots.get("monday").position == len(WORKS)
        with pytest.raises(NotFound, match="purged: asked for"):
            again.get(secret)
        with pytest.raises(NotFound, match="history 0"):
            again.get(old)
    assert b"the secret" not in (tmp_path / "a.tar.zst").read_bytes()


def test_writers_go_on_while_it_is_made(tmp_path: Path, vault) -> None:
    content, heads = content_of(vault), []

    def progress(what: str, done: int, total: int) -> None:
        # After the picture was taken: rows, blobs, a compaction that removes packs.
        if what == "archive" and not heads:
            set_retention(vault.store, parse_history("0s"))
            vault.record("late", subject="late", data={"blob": vault.put(os.urandom(90_000))})
            compact(vault.store, min_gain=0)
            heads.append(vault.head)

    report = archive(vault.store, tmp_path / "a.tar.zst", progress=progress)
    unarchive(tmp_path / "a.tar.zst", tmp_path / "w")

    assert heads[0] > report.head == len(WORKS)
    assert opened(tmp_path / "w") == content
    assert vault.verify().is_clean


def test_a_pack_that_goes_before_it_is_mapped_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Path] = []

    def vanish_once(path: Path) -> memoryview:
        if path.suffix == ".pack" and not found:
            found.append(path)
            raise FileNotFoundError(path)
        return real(path)

    module = importlib.import_module("nacre.operations.archive")
    real = module.map_file
    with worked(tmp_path / "v") as vault:
        monkeypatch.setattr(module, "map_file", vanish_once)
        archive(vault.store, tmp_path / "a.tar.zst")
    unarchive(tmp_path / "a.tar.zst", tmp_path / "w")

    assert found


def test_the_mark_of_a_swap_does_not_travel(tmp_path: Path, vault) -> None:
    # As a process leaves it that died between the mark and the rename.
    store = vault.store
    copy = tmp_path / "copy"
    with store.environment.write(OsFiles()) as transaction:
        swap.note_swap(transaction)
        swap.mark_moved(transaction)
        swap.write_copy(transaction, copy, store.environment.handle.map_size())
        swap.unmark_moved(transaction)

    with lmdb.open(str(copy), subdir=False, lock=False) as rows, rows.begin() as tx:
        assert swap.moved_token(tx) is None


def test_nothing_is_ever_replaced(tmp_path: Path, vault) -> None:
    (tmp_path / "a.tar.xz").write_bytes(b"mine")
    with pytest.raises(InvalidInput, match="exists: archive to another name"):
        archive(vault.store, tmp_path / "a.tar.xz")
    archive(vault.store, tmp_path / "b.tar.xz")
    with pytest.raises(InvalidInput, match="exists: unarchive to another place"):
        unarchive(tmp_path / "b.tar.xz", tmp_path / "v")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    with pytest.raises(InvalidInput, match="exists"):
        unarchive(tmp_path / "b.tar.xz", tmp_path / "link")

    unarchive(tmp_path / "b.tar.xz", tmp_path / "empty")

    assert (tmp_path / "a.tar.xz").read_bytes() == b"mine"


def test_what_cannot_be_done_is_told(tmp_path: Path, vault) -> None:
    with pytest.raises(InvalidInput, match=r"end it in .tar.zst or .tar.xz"):
        archive(vault.store, tmp_path / "a.zip")
    with pytest.raises(StateError, match="archive works on what is stored"):
        archive(vault.at(1).store, tmp_path / "a.tar.xz")
    with pytest.raises(NotFound, match="there is no file"):
        unarchive(tmp_path / "none.tar.xz", tmp_path / "w")
    assert sorted(p.name for p in tmp_path.iterdir() if "lock" not in p.name) == ["v"]


def test_a_damaged_vault_is_not_archived(tmp_path: Path) -> None:
    with worked(tmp_path / "v") as vault:
        (pack, *_) = sorted((tmp_path / "v" / "packs").iterdir())
        raw = bytearray(pack.read_bytes())
        raw[5000] ^= 1
        pack.write_bytes(raw)
        with pytest.raises(CorruptionError, match="does not verify"):
            archive(vault.store, tmp_path / "a.tar.xz")

    assert [p.name for p in tmp_path.iterdir()] == ["v"]


def kill_in_process(work: Callable[[Files], object], number: int, moment: Moment) -> None:
    Process(lambda talk: work(KillingFiles(number, moment))).join()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_anywhere_is_finished_by_running_it_again(
    tmp_path: Path, vault, moment: Moment
) -> None:
    content = content_of(vault)
    trace = TracingFiles()
    archive(vault.store, tmp_path / "whole.tar.zst", files=trace)
    for number in steps(trace, moment):
        path = tmp_path / f"{number}.tar.zst"
        kill_in_process(lambda f, p=path: archive(vault.store, p, files=f), number, moment)
        if not path.exists():
            archive(vault.store, path)
        assert not path.with_name(path.name + ".archiving").exists() or path.exists()
        unarchive(path, tmp_path / f"w{number}")
        assert opened(tmp_path / f"w{number}") == content

    trace = TracingFiles()
    unarchive(tmp_path / "whole.tar.zst", tmp_path / "r", files=trace)
    for number in steps(trace, moment):
        place = tmp_path / f"r{number}"
        kill_in_process(
            lambda f, p=place: unarchive(tmp_path / "whole.tar.zst", p, files=f), number, moment
        )
        if not place.exists():
            unarchive(tmp_path / "whole.tar.zst", place)
        assert opened(place) == content


def steps(trace: TracingFiles, moment: Moment) -> list[int]:
    names = list(enumerate(trace.operations))
    assert len(names) > 3
    return [number for number, name in names if moment != "within" or name == "append"]


@pytest.mark.parametrize("error", [28, 5], ids=["full", "broken"])
def test_a_disk_that_fails_leaves_nothing(tmp_path: Path, vault, error: int) -> None:
    expected = DiskFull if error == 28 else StorageError

    def failed(work: Callable[[Files], object], number: int) -> bool:
        files = FailingFiles(error, {number})
        try:
            work(files)
        except expected:
            return True
        return False

    path, place = tmp_path / "a.tar.zst", tmp_path / "w"
    made = sum(
        1
        for n in takewhile(
            lambda n: failed(lambda f: archive(vault.store, path, files=f), n), count()
        )
    )
    back = sum(
        1
        for n in takewhile(lambda n: failed(lambda f: unarchive(path, place, files=f), n), count())
    )

    assert made > 3
    assert back > 3
    assert not [p for p in tmp_path.iterdir() if p.name.endswith("archiving")]


def test_a_backup_of_what_was_unarchived_builds_on_those_of_the_original(tmp_path, vault) -> None:
    target = sealed()
    back_up(vault, target)
    archive(vault.store, tmp_path / "a.tar.zst")
    unarchive(tmp_path / "a.tar.zst", tmp_path / "w")

    with nacre.open(tmp_path / "w") as again:
        again.record("a.b", subject="s", data={})
        report = back_up(again, target)

    assert (report.commits, report.new_blobs, report.forked_from) == (1, 0, None)


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    with open_over(tmp_path / "v", OsFiles(), single_file=False) as vault:
        do(vault, WORKS, lambda name: None)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(program, list(arguments), standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.return_value or 0, result.output

    file = str(tmp_path / "a.tar.xz")
    code, output = run("archive", str(tmp_path / "v"), file, "--json")
    assert code == 0
    made = json.loads(output)
    code, output = run("unarchive", file, str(tmp_path / "w"), "--json")
    assert code == 0
    assert json.loads(output)["root"] == made["root"]
    assert "unpacked and verified" in run("unarchive", file, str(tmp_path / "x"))[1]
    with pytest.raises(InvalidInput):
        run("archive", str(tmp_path / "v"), file)
