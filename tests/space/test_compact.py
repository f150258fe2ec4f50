"""What nothing needs goes, and only that, whatever else happens meanwhile."""

import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import pytest
from processes import Process

import nacre
from nacre.blobs import index, packs
from nacre.errors import Dropped, InvalidInput, NotFound, ReadOnly
from nacre.hashing import Digest
from nacre.operations.compact import CompactReport, compact, size_bytes
from nacre.operations.retain import Retention, parse_history, retention_of, set_retention

LARGE = 20_000
NOTHING = Retention(seconds=0)


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "_SEAL_AT_BYTES", 10 * LARGE)


@pytest.fixture(params=[True, False], ids=["single file", "directory"])
def vault(tmp_path: Path, request: pytest.FixtureRequest):
    with nacre.open(tmp_path / "v", actor="ana", single_file=request.param) as vault:
        yield vault


def noise(size: int = LARGE) -> bytes:
    return os.urandom(size)


def compacted(vault: nacre.Vault) -> CompactReport:
    return compact(vault.store, min_gain=0)


def keep(vault: nacre.Vault, subject: str, content: bytes) -> Digest:
    digest = vault.put(content)
    vault.record("blob.kept", subject=subject, data={"blob": digest})
    return digest


def leave_unnamed(vault: nacre.Vault, count: int) -> list[Digest]:
    """Publish blobs that no commit names, as a handle does that dies before its commit."""
    with nacre.open(vault.path) as other:
        digests = [other.put(noise()) for _ in range(count)]
        other.record("a.b", subject="something else")
    return digests


def frame(number: int) -> pd.DataFrame:
    return pd.DataFrame({"a": [number, *range(5_000)], "b": list(noise(5_001))})


def test_what_no_commit_named_is_dropped(vault: nacre.Vault) -> None:
    kept = keep(vault, "kept", noise())
    lost = leave_unnamed(vault, 30)
    before = size_bytes(vault.store)

    report = compacted(vault)

    assert report.dropped_blobs == 30
    assert report.size_after_bytes < before / 4
    assert report.size_after_bytes == size_bytes(vault.store)
    assert len(vault.get(kept)) == LARGE
    for digest in lost:
        with pytest.raises(NotFound):
            vault.get(digest)
    assert vault.verify().is_clean


def test_without_a_rule_all_history_is_kept(vault: nacre.Vault) -> None:
    for number in range(5):
        vault.frames.write("f", frame(number))
    vault.frames.delete("f")

    report = compacted(vault)

    assert report.dropped_blobs == 0
    for number in range(5):
        assert vault.frames.read("f", number)["a"][0] == number


def test_a_rule_drops_payloads_and_keeps_what_the_views_show(vault: nacre.Vault) -> None:
    digests = [keep(vault, "photo", noise()) for _ in range(3)]
    for number in range(4):
        vault.frames.write("f", frame(number))
    checkpoint = vault.checkpoint()
    set_retention(vault.store, NOTHING)

    report = compacted(vault)

    assert report.dropped_blobs > 3
    assert vault.frames.read("f")["a"][0] == 3
    with pytest.raises(Dropped, match=r"was dropped by commit \d+ \(history 0d\)"):
        vault.frames.read("f", 0)
    with pytest.raises(Dropped):
        vault.get(digests[0])
    assert [v.version for v in vault.frames.versions("f")] == [0, 1, 2, 3]
    assert vault.at(checkpoint.head).checkpoint() == checkpoint
    assert vault.verify().is_clean
    (event,) = vault.events(kind="nacre.compacted")
    assert event.data["rule"] == "history 0d"
    assert event.data["blobs"] == report.dropped_blobs


def test_what_was_dropped_can_be_put_again(vault: nacre.Vault) -> None:
    content = noise()
    keep(vault, "photo", content)
    set_retention(vault.store, NOTHING)
    compacted(vault)

    digest = keep(vault, "photo", content)

    assert vault.get(digest) == content
    assert vault.verify().is_clean


def test_a_deleted_frame_is_dropped_and_one_that_lives_is_kept(vault: nacre.Vault) -> None:
    vault.frames.write("gone", frame(1))
    vault.frames.write("here", frame(2))
    vault.frames.delete("gone")
    set_retention(vault.store, NOTHING)

    compacted(vault)

    assert vault.frames.read("here")["a"][0] == 2
    with pytest.raises(Dropped):
        vault.frames.read("gone", 0)


def test_files_of_a_tree_are_kept_with_it(vault: nacre.Vault, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").write_bytes(noise())
    digest = vault.put_tree(tmp_path / "tree")
    vault.record("tree.kept", subject="t", data={"tree": digest})

    compacted(vault)

    vault.get_tree(digest, tmp_path / "again")
    assert len((tmp_path / "again" / "file").read_bytes()) == LARGE


# Nobody who has put something loses it


def test_what_this_handle_has_put_is_kept_until_it_is_named(vault: nacre.Vault) -> None:
    old = noise()
    leave_unnamed_content(vault, old)
    digest = vault.put(old)  # found in the index, and so not stored again

    report = compacted(vault)

    assert report.dropped_blobs == 0
    vault.record("blob.kept", subject="s", data={"blob": digest})
    compacted(vault)
    assert vault.get(digest) == old
    assert vault.verify().is_clean


def leave_unnamed_content(vault: nacre.Vault, content: bytes) -> None:
    with nacre.open(vault.path) as other:
        other.put(content)
        other.record("a.b", subject="something else")


def test_what_another_process_has_put_is_kept_until_it_is_named(vault: nacre.Vault) -> None:
    old = noise()
    leave_unnamed_content(vault, old)

    def put_then_name(talk: Connection) -> None:
        with nacre.open(vault.path) as other:
            digest = other.put(old)
            talk.send("put")
            talk.recv()
            other.record("blob.kept", subject="s", data={"blob": digest})
            talk.send(digest)
            talk.recv()

    process = Process(put_then_name)
    process.hear()
    waiting = compacted(vault)
    process.talk.send("name it")
    digest = process.hear()
    compacted(vault)

    assert waiting.dropped_blobs == 0
    assert waiting.waiting_blobs > 0
    assert vault.get(digest) == old
    assert vault.verify().is_clean
    process.talk.send("done")
    process.end()


def test_what_waits_is_dropped_when_the_handle_has_closed(vault: nacre.Vault) -> None:
    leave_unnamed(vault, 3)
    with nacre.open(vault.path) as other:
        other.put(noise())
        assert compacted(vault).dropped_blobs == 0

    assert compacted(vault).dropped_blobs == 3


def test_a_condemned_blob_that_is_put_again_stays(vault: nacre.Vault) -> None:
    old = noise()
    leave_unnamed_content(vault, old)
    with nacre.open(vault.path) as other:
        other.put(noise())  # so that nothing is dropped
        compacted(vault)

        digest = keep(vault, "s", old)

    assert compacted(vault).dropped_blobs == 0
    assert vault.get(digest) == old
    assert vault.verify().is_clean


def test_a_manifest_that_names_condemned_blobs_takes_them_back(vault: nacre.Vault) -> None:
    content = frame(1)
    with nacre.open(vault.path) as other:
        other.put_frame(content)
        other.record("a.b", subject="something else")
    digest = vault.put_frame(content)  # all of it is found in the index
    compacted(vault)

    vault.record("losses.kept", subject="f", data={"frame": digest})
    compacted(vault)

    assert vault.get_frame(digest).equals(content)
    assert vault.verify().is_clean


def test_threads_that_put_and_name_lose_nothing_while_others_compact(vault: nacre.Vault) -> None:
    contents = [noise(6_000) for _ in range(8)]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with nacre.open(vault.path) as own:
                for turn in range(12):
                    content = contents[(number + turn) % len(contents)]
                    digest = own.put(content)
                    if turn % 3:
                        own.record("blob.kept", subject=f"{number}", data={"blob": digest})
                        assert own.get(digest) == content
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    set_retention(vault.store, parse_history("1h"))  # so that what is named stays
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        compacted(vault)
    for thread in threads:
        thread.join()

    assert failures == []
    assert vault.verify().is_clean


# Gates and arguments


def test_too_little_gain_changes_nothing(vault: nacre.Vault) -> None:
    for number in range(20):
        keep(vault, f"{number}", noise())
    lost = leave_unnamed(vault, 1)

    report = compact(vault.store, min_gain=0.9)

    assert not report.done
    assert "less than 90.0%" in report.reason
    assert len(vault.get(lost[0])) == LARGE


def test_a_dry_run_predicts_and_changes_nothing(vault: nacre.Vault) -> None:
    keep(vault, "kept", noise())
    lost = leave_unnamed(vault, 30)
    size = size_bytes(vault.store)

    report = compact(vault.store, min_gain=0, dry_run=True)

    assert report.dropped_blobs == 30
    assert size_bytes(vault.store) == size
    assert len(vault.get(lost[0])) == LARGE
    after = compacted(vault).size_after_bytes
    assert abs(report.size_after_bytes - after) < 0.2 * size


def test_a_read_only_vault_is_not_compacted(vault: nacre.Vault) -> None:
    with nacre.open(vault.path, read_only=True) as reader, pytest.raises(ReadOnly):
        compact(reader.store)


@pytest.mark.parametrize("gain", [-0.1, 1, 10])
def test_a_gain_that_is_no_share_is_refused(vault: nacre.Vault, gain: float) -> None:
    with pytest.raises(InvalidInput, match="give a share"):
        compact(vault.store, min_gain=gain)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90d", 7_776_000), ("12h", 43_200), ("2w", 1_209_600), ("all", None)]
)
def test_rules_are_read(text: str, seconds: int | None) -> None:
    assert parse_history(text).seconds == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "90 d", "٩d", "forever"])
def test_odd_rules_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="as in 90d, or all"):
        parse_history(text)


def test_the_last_rule_holds(vault: nacre.Vault) -> None:
    for rule in ("90d", "all", "12h"):
        set_retention(vault.store, parse_history(rule))

    assert retention_of(vault.store) == parse_history("12h")


def test_history_within_the_rule_is_kept(vault: nacre.Vault) -> None:
    digest = keep(vault, "photo", noise())
    keep(vault, "photo", noise())
    set_retention(vault.store, parse_history("1h"))

    assert compacted(vault).dropped_blobs == 0
    assert len(vault.get(digest)) == LARGE


# Packs


def test_readers_of_a_pack_that_moves_go_on(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault, nacre.open(tmp_path / "v") as reader:
        kept = keep(vault, "kept", content := noise())
        lost = leave_unnamed(vault, 8)
        del lost
        mapped = reader.get_blob(kept)
        names = set((tmp_path / "v" / "packs").iterdir())

        report = compacted(vault)

        assert report.rewritten_packs > 0
        assert names - set((tmp_path / "v" / "packs").iterdir())
        assert bytes(mapped) == content
        assert reader.get(kept) == content


def test_a_pack_that_somebody_appends_to_waits(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        leave_unnamed(vault, 3)
        with nacre.open(tmp_path / "v") as writer:
            digest = keep(writer, "s", noise())
            report = compacted(vault)
            assert report.waiting_packs == 1
            more = keep(writer, "s", noise())
        compacted(vault)
        assert len(vault.get(digest)) == len(vault.get(more)) == LARGE
        assert vault.verify().is_clean


def test_an_epitaph_that_was_altered_is_reported(vault: nacre.Vault) -> None:
    digest = keep(vault, "photo", noise())
    set_retention(vault.store, NOTHING)
    compacted(vault)
    environment = vault.store.environment
    damage: Callable[[object], object] = lambda t: t.put(b"\x02" + digest.raw, b"\x20")  # noqa: E731
    environment.run(vault.store.files, damage)

    with environment.read() as transaction, pytest.raises(ValueError, match="was altered"):
        index.get_epitaph(transaction, digest)
