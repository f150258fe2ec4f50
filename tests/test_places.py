"""Where a file lies: shared, moved, unlinked, replaced under a handle, or on a network."""

import os
import shutil
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from lmdb_rows import get, put
from processes import Process, in_process

import nacre
from nacre import files
from nacre.errors import Closed, FormatError
from nacre.files import file_system_of, refuse_network_storage
from nacre.lmdb_file import lock_path
from nacre.registry import REGISTRY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "v.mdb"


def test_two_paths_to_one_file_are_one_environment(path: Path, tmp_path: Path) -> None:
    environment = REGISTRY.acquire(path, read_only=False, relaxed=False)
    put(environment, b"key")
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "symbolic.mdb").symlink_to(path)
    (tmp_path / "hard.mdb").hardlink_to(path)

    others = [
        REGISTRY.acquire(tmp_path / name, read_only=False, relaxed=False)
        for name in ("folder/v.mdb", "symbolic.mdb", "hard.mdb")
    ]
    for other in others:
        REGISTRY.release(other)

    assert all(other is environment for other in others)
    assert get(environment, b"key") == b"value"
    REGISTRY.release(environment)


def test_the_last_user_closes_an_environment(path: Path) -> None:
    environments = [REGISTRY.acquire(path, read_only=False, relaxed=False) for _ in range(2)]

    REGISTRY.release(environments[0])
    put(environments[1], b"key")
    REGISTRY.release(environments[1])

    with pytest.raises(Closed):
        get(environments[1], b"key")


REMOVALS: dict[str, Callable[[Path], object]] = {
    "unlinked": lambda path: path.unlink(),
    "moved": lambda path: path.rename(path.with_name("elsewhere")),
    "replaced": lambda path: shutil.copy(path, path.with_name("n")).replace(path),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS)
def test_a_write_to_a_file_that_is_gone_is_refused(
    tmp_path: Path, remove: Callable[[Path], object]
) -> None:
    with nacre.open(tmp_path / "v.nacre", single_file=True) as vault:
        vault.record("a.b", subject="s")
        remove(tmp_path / "v.nacre")

        with pytest.raises(Closed, match="moved, unlinked or replaced while it was open"):
            vault.record("a.b", subject="s")


def test_a_write_that_is_refused_leaves_the_lock_of_the_file(tmp_path: Path) -> None:
    vault = nacre.open(tmp_path / "v.nacre", single_file=True)
    vault.record("a.b", subject="s")
    (tmp_path / "v.nacre").unlink()

    # Each error is kept: its traceback must not keep a transaction.
    errors = []
    for _ in range(3):
        with pytest.raises(Closed, match="moved, unlinked or replaced") as caught:
            vault.record("a.b", subject="s")
        errors.append(caught.value)

    vault.close()
    with nacre.open(tmp_path / "v.nacre", single_file=True) as new:
        new.record("a.b", subject="new")


def test_a_vault_is_made_where_one_was_unlinked_under_an_open_handle(tmp_path: Path) -> None:
    path = tmp_path / "v.nacre"
    old = nacre.open(path, single_file=True)
    old.record("a.b", subject="old")
    path.unlink()

    with nacre.open(path, single_file=True) as new:
        new.record("a.b", subject="new")

        with pytest.raises(Closed):
            old.record("a.b", subject="old")
        old.close()
        assert [event.subject for event in new.events()] == ["new"]
        assert new.verify().is_clean


def test_a_file_put_in_the_place_of_an_open_vault_is_read(tmp_path: Path) -> None:
    path, copy = tmp_path / "v.nacre", tmp_path / "copy.nacre"
    with nacre.open(path, single_file=True) as vault:
        vault.record("a.b", subject="kept")
    shutil.copy(path, copy)
    old = nacre.open(path)
    old.record("a.b", subject="replaced")
    copy.replace(path)

    with nacre.open(path) as new:
        new.record("a.b", subject="new")

        assert [event.subject for event in new.events()] == ["kept", "new"]
        assert new.verify().is_clean
    with pytest.raises(Closed):
        list(old.events())
    old.close()


@pytest.mark.parametrize("commits", range(4))
def test_a_file_put_in_the_place_of_one_that_another_process_has_open_loses_nothing(
    tmp_path: Path, commits: int
) -> None:
    path, copy = tmp_path / "v.nacre", tmp_path / "copy.nacre"
    with nacre.open(path, single_file=True) as vault:
        for number in range(3):
            vault.record("a.b", subject=f"kept {number}")
    shutil.copy(path, copy)

    def hold(talk: Connection) -> None:
        old = nacre.open(path)
        for _ in range(commits):
            old.record("a.b", subject="replaced")
        talk.send("open")
        talk.recv()
        with pytest.raises(Closed):
            old.record("a.b", subject="replaced")
        talk.send("refused")

    holder = Process(hold)
    holder.hear()
    copy.replace(path)
    with nacre.open(path) as vault:
        found = vault.head
        vault.record("a.b", subject="new")
        holder.talk.send("record")
        holder.hear()
        in_process(lambda: nacre.open(path).record("a.b", subject="other"))
        subjects = [event.subject for event in vault.events()]
        problems = vault.verify().problems
    holder.end()

    assert found == 3
    assert subjects == ["kept 0", "kept 1", "kept 2", "new", "other"]
    assert problems == ()


def test_a_vault_that_was_moved_while_open_is_opened_at_its_new_place(tmp_path: Path) -> None:
    old = nacre.open(tmp_path / "a", single_file=True)
    old.record("a.b", subject="first")
    (tmp_path / "a").rename(tmp_path / "b")
    old.close()

    with nacre.open(tmp_path / "b") as vault:
        vault.record("a.b", subject="second")

        assert vault.head == 2
        assert vault.verify().is_clean


def test_a_lock_file_without_its_vault_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "v.nacre"
    lock_path(path).write_bytes(os.urandom(8192))

    with nacre.open(path, single_file=True) as vault:
        vault.record("a.b", subject="s")

        assert vault.verify().is_clean


def test_a_lock_file_of_another_vault_does_no_harm(tmp_path: Path) -> None:
    for name, commits in (("a", 5), ("b", 1)):
        with nacre.open(tmp_path / name, single_file=True) as vault:
            for _ in range(commits):
                vault.record("a.b", subject=name)
    shutil.copy(lock_path(tmp_path / "a"), lock_path(tmp_path / "b"))

    with nacre.open(tmp_path / "b") as vault:
        vault.record("a.b", subject="b")

        assert [event.subject for event in vault.events()] == ["b", "b"]
        assert vault.verify().is_clean


# File systems

MOUNTS = """\
overlay / overlay rw 0 0
proc /proc proc rw 0 0
/dev/sda1 /home ext4 rw 0 0
server:/export /home/ana/shared nfs4 rw 0 0
//server/share /mnt/with\\040blank cifs rw 0 0
/dev/sdb1 /mnt/local\\134x xfs rw 0 0
sshfs /over fuse.sshfs rw 0 0
tmpfs /over tmpfs rw 0 0
broken

"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/data/v", "overlay"),
        ("/home/ana/v", "ext4"),
        ("/home/ana/shared", "nfs4"),
        ("/home/ana/shared/deep/v", "nfs4"),
        ("/home/ana/sharedness/v", "ext4"),
        ("/mnt/with blank/v", "cifs"),
        ("/mnt/local\\x/v", "xfs"),
        ("/over/v", "tmpfs"),
    ],
)
def test_the_deepest_and_last_mount_decides(place: str, kind: str) -> None:
    assert file_system_of(Path(place), MOUNTS) == kind


def test_without_a_list_of_mounts_nothing_is_known() -> None:
    assert file_system_of(Path("/home"), "") == ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph"])
def test_a_network_file_system_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_mounts", lambda: f"there / {kind} rw 0 0\n")

    with pytest.raises(
        FormatError, match=f"network file system .{kind}.*keep the vault on a local"
    ):
        refuse_network_storage(tmp_path / "v")
    with pytest.raises(FormatError):
        nacre.open(tmp_path / "v")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("single_file", [True, False])
def test_a_file_with_two_names_is_refused(tmp_path: Path, single_file: bool) -> None:
    # LMDB would take a lock file for each name, and two writers would not see each other.
    path = tmp_path / "v"
    nacre.open(path, single_file=single_file).close()
    file = path if single_file else path / "vault.mdb"
    (tmp_path / "other").hardlink_to(file)

    with pytest.raises(FormatError, match=r"has 2 names \(hard links\)"):
        nacre.open(path)

    (tmp_path / "other").unlink()
    nacre.open(path).close()
