"""Packs are whole for every writer, and what was put is there when a commit names it."""

import errno
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from blob_stores import commit, open_blobs

import nacre
from nacre.blobs import VaultBlobs, packs, store
from nacre.blobs.record import read_records
from nacre.environment import Environment
from nacre.errors import CorruptionError, DiskFull, ReadOnly
from nacre.files import OsFiles
from nacre.hashing import Digest
from nacre.registry import REGISTRY
from nacre.testing import FailingFiles

LARGE = 100_000


class CallingFiles(OsFiles):
    """The files of the system; a call back at every sync."""

    def __init__(self, during_sync: Callable[[], None]) -> None:
        self._during_sync = during_sync

    def sync(self, descriptor: int) -> None:
        self._during_sync()
        super().sync(descriptor)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    environment = REGISTRY.acquire(tmp_path / "v.mdb", read_only=False, relaxed=True)
    yield environment
    REGISTRY.release(environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "packs"


def test_small_blobs_need_no_pack(environment: Environment, folder: Path) -> None:
    blobs = open_blobs(environment, folder)

    blobs.put_blob(os.urandom(4096))
    blobs.put_blob(bytes(1 << 20))  # small once it is compressed
    commit(blobs, environment)

    assert not folder.exists()


def test_a_pack_can_be_read_without_its_index(environment: Environment, folder: Path) -> None:
    contents = [os.urandom(LARGE), os.urandom(4097), os.urandom(LARGE + 1)]
    with closing(open_blobs(environment, folder)) as blobs:
        digests = [blobs.put_blob(content) for content in contents]
        commit(blobs, environment)

    (pack,) = folder.iterdir()
    content = memoryview(pack.read_bytes())
    found = list(read_records(content, bytes.fromhex(pack.stem)))

    assert [description.digest for _, description in found] == digests
    assert all(offset % 64 == 0 for offset, _ in found)
    assert [bytes(content[o + 64 : o + 64 + d.stored_size]) for o, d in found] == contents


def test_two_writers_never_share_a_pack(environment: Environment, folder: Path) -> None:
    with (
        closing(open_blobs(environment, folder)) as one,
        closing(open_blobs(environment, folder)) as other,
    ):
        digests = [blobs.put_blob(os.urandom(LARGE)) for blobs in (one, other, one, other)]
        commit(one, environment)
        commit(other, environment)

        assert len(list(folder.iterdir())) == 2
        assert all(len(one.get_blob(digest)) == LARGE for digest in digests)


def test_a_pack_is_continued_by_the_next_writer(environment: Environment, folder: Path) -> None:
    for _ in range(3):
        with closing(open_blobs(environment, folder)) as blobs:
            blobs.put_blob(os.urandom(LARGE))
            commit(blobs, environment)

    (pack,) = folder.iterdir()
    assert len(list(read_records(memoryview(pack.read_bytes()), bytes.fromhex(pack.stem)))) == 3


def test_what_was_never_published_is_cut_off_by_the_next_writer(
    environment: Environment, folder: Path
) -> None:
    with closing(open_blobs(environment, folder)) as blobs:
        kept = blobs.put_blob(os.urandom(LARGE))
        commit(blobs, environment)
        lost = blobs.put_blob(os.urandom(LARGE))

    with closing(open_blobs(environment, folder)) as blobs:
        found = (blobs.has_blob(kept), blobs.has_blob(lost))
        blobs.put_blob(os.urandom(10_000))
        commit(blobs, environment)

    (pack,) = folder.iterdir()
    assert found == (True, False)
    assert pack.stat().st_size < 2 * LARGE


def test_a_blob_put_inside_an_old_read_cuts_nothing_off(
    environment: Environment, folder: Path
) -> None:
    with closing(open_blobs(environment, folder)) as first:
        first.put_blob(os.urandom(LARGE))
        commit(first, environment)
    content = os.urandom(LARGE)

    with closing(open_blobs(environment, folder)) as blobs:
        with environment.read():
            digest = in_thread(lambda: put_and_commit(environment, folder, content))
            blobs.put_blob(os.urandom(LARGE))
        commit(blobs, environment)

        assert blobs.get_blob(digest) == content
    assert_packs_are_whole(folder)


def test_a_full_pack_is_followed_by_another(
    environment: Environment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", 2 * LARGE)
    contents = [os.urandom(LARGE) for _ in range(5)]

    with closing(open_blobs(environment, folder)) as blobs:
        digests = [blobs.put_blob(content) for content in contents]
        commit(blobs, environment)

        assert len(list(folder.iterdir())) == 3
        assert [bytes(blobs.get_blob(digest)) for digest in digests] == contents


def test_a_full_pack_keeps_its_writer_until_its_blobs_are_published(
    environment: Environment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", LARGE)
    with (
        closing(open_blobs(environment, folder)) as blobs,
        closing(open_blobs(environment, folder)) as other,
    ):
        content = os.urandom(LARGE)
        digest = blobs.put_blob(content)
        blobs.sync()

        # Another writer comes between the sync and the transaction of the commit.
        other.put_blob(os.urandom(LARGE))
        commit(other, environment)
        commit(blobs, environment)

        assert other.get_blob(digest) == content


def test_a_full_pack_is_let_go_once_its_blobs_are_published(
    environment: Environment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", LARGE)
    with closing(open_blobs(environment, folder)) as blobs:
        before = open_descriptors()
        digests = [blobs.put_blob(os.urandom(LARGE)) for _ in range(3)]
        commit(blobs, environment)
        blobs.let_go(digests)

        assert open_descriptors() <= before


def test_a_blob_that_is_being_synced_counts_as_unpublished(
    environment: Environment, folder: Path
) -> None:
    # A commit that names it meanwhile must wait for the sync: else a crash loses what it names.
    seen: list[bool] = []
    blobs = open_blobs(
        environment, folder, CallingFiles(lambda: seen.append(blobs.has_unpublished))
    )

    with closing(blobs):
        blobs.put_blob(os.urandom(LARGE))
        blobs.sync()

    assert seen == [True]


def test_a_blob_that_is_being_synced_can_be_read(environment: Environment, folder: Path) -> None:
    content = os.urandom(LARGE)
    seen: list[bytes] = []
    blobs = open_blobs(
        environment, folder, CallingFiles(lambda: seen.append(bytes(blobs.get_blob(digest))))
    )

    with closing(blobs):
        digest = blobs.put_blob(content)
        blobs.sync()

    assert seen == [content]


@pytest.mark.parametrize("failing", [range(2, 3), range(2, 4)], ids=["append", "and the clean-up"])
def test_a_failed_append_does_no_harm_to_what_follows(
    environment: Environment, folder: Path, failing: range
) -> None:
    files = FailingFiles(errno.ENOSPC, failing)
    contents = [os.urandom(LARGE), os.urandom(LARGE)]
    with closing(open_blobs(environment, folder, files)) as blobs:
        with pytest.raises(DiskFull):
            blobs.put_blob(contents[0])

        digests = [blobs.put_blob(content) for content in contents]
        commit(blobs, environment)

        assert "append" in files.failed
        assert [bytes(blobs.get_blob(digest)) for digest in digests] == contents
    assert_packs_are_whole(folder)


@pytest.mark.parametrize("number", [0, 1])
def test_a_pack_that_cannot_be_begun_is_left_alone(
    environment: Environment, folder: Path, number: int
) -> None:
    before = open_descriptors()
    files = FailingFiles(errno.ENOSPC, range(number, number + 1))
    content = os.urandom(LARGE)

    with closing(open_blobs(environment, folder, files)) as blobs:
        with pytest.raises(DiskFull):
            blobs.put_blob(content)
        blobs.put_blob(content)
        commit(blobs, environment)

    assert len(list(folder.iterdir())) == 1
    assert open_descriptors() <= before


def test_a_small_blob_may_fill_the_memory_inside_a_read(
    environment: Environment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_WAITING_BYTES", 5000)
    with closing(open_blobs(environment, folder)) as blobs:
        with environment.read():
            digests = [blobs.put_blob(os.urandom(1000)) for _ in range(10)]
        digests += [blobs.put_blob(os.urandom(1000)) for _ in range(10)]
        commit(blobs, environment)

        assert all(blobs.has_blob(digest) for digest in digests)


def test_small_blobs_beyond_what_memory_holds_are_written_ahead(
    environment: Environment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_WAITING_BYTES", 5000)
    with closing(open_blobs(environment, folder)) as blobs:
        digests = [blobs.put_blob(os.urandom(1000)) for _ in range(6)]

        assert not blobs.has_unpublished
        assert all(open_blobs(environment, folder).has_blob(digest) for digest in digests)


def test_a_read_only_store_reads(environment: Environment, folder: Path) -> None:
    with closing(open_blobs(environment, folder)) as blobs:
        digest = blobs.put_blob(b"content")
        commit(blobs, environment)
    reader = VaultBlobs(environment, folder, OsFiles(), read_only=True)

    with pytest.raises(ReadOnly):
        reader.put_blob(b"content")

    assert reader.get_blob(digest) == b"content"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda pack: pack.unlink(), "is missing"),
        (lambda pack: os.truncate(pack, LARGE // 2), "is cut off"),
        (lambda pack: flip(pack, LARGE // 2), "was damaged"),
    ],
    ids=["missing", "cut", "flipped"],
)
def test_a_damaged_pack_is_noticed_when_it_is_read(
    environment: Environment, folder: Path, damage: Callable[[Path], None], message: str
) -> None:
    with closing(open_blobs(environment, folder)) as blobs:
        digest = blobs.put_blob(os.urandom(LARGE))
        commit(blobs, environment)
    (pack,) = folder.iterdir()
    damage(pack)

    with pytest.raises(CorruptionError, match=message):
        open_blobs(environment, folder).get_blob(digest)


def test_a_damaged_pack_is_not_written_to(environment: Environment, folder: Path) -> None:
    with closing(open_blobs(environment, folder)) as blobs:
        blobs.put_blob(os.urandom(LARGE))
        commit(blobs, environment)
    (damaged,) = folder.iterdir()
    os.truncate(damaged, LARGE // 2)

    with closing(open_blobs(environment, folder)) as blobs:
        blobs.put_blob(os.urandom(LARGE))
        commit(blobs, environment)

    assert damaged.stat().st_size == LARGE // 2
    assert len(list(folder.iterdir())) == 2


def test_foreign_files_among_the_packs_are_left_alone(
    environment: Environment, folder: Path
) -> None:
    folder.mkdir()
    names = ["notes.txt", "0011.pack", "nothexadecimal!!.pack"]
    for name in names:
        (folder / name).write_bytes(b"mine")

    with closing(open_blobs(environment, folder)) as blobs:
        blobs.put_blob(os.urandom(LARGE))
        commit(blobs, environment)

    assert [(folder / name).read_bytes() for name in names] == [b"mine"] * 3


def put_and_commit(environment: Environment, folder: Path, content: bytes) -> Digest:
    with closing(open_blobs(environment, folder)) as blobs:
        digest = blobs.put_blob(content)
        commit(blobs, environment)
        return digest


def in_thread(work: Callable[[], Digest]) -> Digest:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def assert_packs_are_whole(folder: Path) -> None:
    for pack in folder.iterdir():
        list(read_records(memoryview(pack.read_bytes()), bytes.fromhex(pack.stem)))


def flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_is_put_again_mends_what_was_damaged(tmp_path: Path) -> None:
    content = os.urandom(100_000)
    with nacre.open(tmp_path / "v") as vault:
        digest = vault.put(content)
        vault.record("put", subject="s", data={"blob": digest})
    (pack,) = (tmp_path / "v" / "packs").iterdir()
    with pack.open("r+b") as file:
        file.seek(5_000)
        file.write(b"damage")

    with nacre.open(tmp_path / "v") as vault:
        with pytest.raises(CorruptionError):
            vault.get(digest)
        vault.record("put.again", subject="s", data={"blob": vault.put(content)})

        assert vault.get(digest) == content
    with nacre.open(tmp_path / "v", read_only=True) as reopened:
        assert reopened.get(digest) == content
