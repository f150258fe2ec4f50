"""A backup that is not what was stored is named, and never restored silently."""

import os
import random
import shutil
from pathlib import Path

import pytest
from backup_targets import KEY, back_up, bring_back, content_of, sealed, worked
from works import record_many, record_one

import nacre
from nacre import codec
from nacre.backups import MemoryTarget, SealedTarget, Secret
from nacre.backups.config import COPY, NAME
from nacre.backups.contents import load_contents
from nacre.backups.listing import read_listing
from nacre.backups.sealed import HEAD_BYTES, padded_size
from nacre.errors import CorruptionError, FormatError, InvalidInput, NacreError, WrongKey
from nacre.hashing import Digest, digest_of
from nacre.operations.backup import open_target
from nacre.operations.backups import list_backups
from nacre.operations.restore import RestoreReport

secrets = pytest.mark.parametrize("secret", [None, KEY], ids=["plain", "encrypted"])


def small_backup(path: Path, secret: Secret | None) -> tuple[dict[str, bytes], dict[str, object]]:
    """Return the files of a target with a small backup, and what it should bring back.

    Without the copy of its config, as in targets of before; what that is for has its own tests.
    """
    target = MemoryTarget()
    with nacre.open(path) as vault:
        record_one(vault)
        record_many(vault)
        for content in (b"small", bytes(9000), random.Random(1).randbytes(5000)):
            vault.record("a.b", subject="blob", data={"blob": vault.put(content)})
        back_up(vault, sealed(target, secret))
        del target.files[COPY]
        return target.files, content_of(vault)


def restored_or_error(files, secret, place: Path, **choice) -> dict[str, object] | NacreError:
    target = MemoryTarget()
    target.files = files
    try:
        bring_back(open_target(target, secret), place, **choice)
    except NacreError as error:
        return error
    with nacre.open(place) as vault:
        return content_of(vault)


@secrets
def test_any_flipped_byte_is_named(tmp_path: Path, secret) -> None:
    files, content = small_backup(tmp_path / "v", secret)
    choose = random.Random(7)
    silent = []
    for name, data in files.items():
        places = range(len(data)) if len(data) < 20 else sorted(choose.sample(range(len(data)), 20))
        for at in places:
            damaged = bytearray(data)
            damaged[at] ^= 1 << choose.randrange(8)
            place = tmp_path / "r"
            found = restored_or_error({**files, name: bytes(damaged)}, secret, place)
            if not isinstance(found, (CorruptionError, WrongKey, FormatError)):
                silent.append((name, at))
                # An index saves reading, and what it says is in the packs as well.
                assert name.startswith("indexes/")
                assert found == content
                shutil.rmtree(place)
            assert not place.exists()

    assert all(name.startswith("indexes/") for name, _ in silent)


@secrets
def test_a_flipped_byte_costs_no_more_than_the_blob_that_it_hits(tmp_path: Path, secret) -> None:
    files, content = small_backup(tmp_path / "v", secret)
    (pack,) = (name for name in files if name.startswith("packs"))
    lost = []
    for at in random.Random(7).sample(range(len(files[pack])), 60):
        damaged = bytearray(files[pack])
        damaged[at] ^= 1
        place = tmp_path / f"r{at}"
        report = salvaged({**files, pack: bytes(damaged)}, secret, place)
        if isinstance(report, str):
            assert "nothing is left" in report  # it hit the log
            continue
        with nacre.open(place) as vault:
            assert vault.verify().is_clean
            assert vault.checkpoint() == content["checkpoint"]
            there = {str(digest): vault.has_blob(digest) for digest in content["blobs"]}
        assert {digest for digest, is_there in there.items() if not is_there} == {*report.lost}
        lost.append(len(report.lost))

    assert len(lost) > 20
    assert {*lost} <= {0, 1}


@secrets
def test_a_lost_list_of_blobs_is_made_from_the_log(tmp_path: Path, secret) -> None:
    """Also of frames, whose chunks only manifests name; and what else is lost is still told."""
    target = sealed(secret=secret)
    with worked(tmp_path / "v") as vault:
        back_up(vault, target)
        content = content_of(vault)
    (backup,) = (listed.backup for listed in read_listing(target).backups)
    damage_chunk(target, backup.lists[0])

    with pytest.raises(CorruptionError, match="try --incomplete"):
        bring_back(target, tmp_path / "refused")
    report = bring_back(target, tmp_path / "r", incomplete=True)

    assert (report.lost, report.blobs) == ((), backup.blobs)
    with nacre.open(tmp_path / "r") as vault:
        assert vault.verify().is_clean
        assert content_of(vault) == content
    lost = max(content["blobs"], key=lambda digest: len(content["blobs"][digest]))
    damage_chunk(target, lost)
    again = bring_back(target, tmp_path / "less", incomplete=True)
    assert again.lost == (str(lost),)


def damage_chunk(target: SealedTarget, digest: Digest) -> None:
    """Flip a byte of what a target has under a digest."""
    place = load_contents(target).find(digest)
    assert place is not None
    assert isinstance(target.target, MemoryTarget)
    damaged = bytearray(target.target.files[place.pack])
    damaged[HEAD_BYTES + 8 * target.is_encrypted + place.offset + 20] ^= 1
    target.target.files[place.pack] = bytes(damaged)


def salvaged(files, secret, place: Path) -> RestoreReport | str:
    target = MemoryTarget()
    target.files = files
    try:
        return bring_back(open_target(target, secret), place, incomplete=True)
    except CorruptionError as error:
        return str(error)


@secrets
def test_a_blob_of_many_parts_is_lost_with_one_of_them(tmp_path: Path, secret, monkeypatch) -> None:
    monkeypatch.setattr("nacre.backups.pack.PART_BYTES", 1000)
    files, content = small_backup(tmp_path / "v", secret)
    (pack,) = (name for name in files if name.startswith("packs"))
    blob = max(content["blobs"].values(), key=lambda blob: (len(set(blob)), len(blob)))
    digest = digest_of(blob)
    target = MemoryTarget()
    target.files = dict(files)
    place = load_contents(open_target(target, secret)).places_of(digest)[2]
    at = HEAD_BYTES + (0 if secret is None else 8) + place.offset
    damaged = bytearray(files[pack])
    damaged[at] ^= 1
    target.files[pack] = bytes(damaged)

    report = bring_back(open_target(target, secret), tmp_path / "r", incomplete=True)

    assert report.lost == (str(digest),)
    with nacre.open(tmp_path / "r") as vault:
        assert vault.verify().is_clean


@secrets
@pytest.mark.parametrize("folder", ["packs", "backups", "config"])
def test_a_missing_or_cut_file_is_named(tmp_path: Path, secret, folder: str) -> None:
    files, _ = small_backup(tmp_path / "v", secret)
    (name,) = (name for name in files if name.startswith(folder))

    for damaged in (None, b"", files[name][:10], files[name][:-1]):
        rest = {other: data for other, data in files.items() if other != name}
        if damaged is not None:
            rest[name] = damaged
        found = restored_or_error(rest, secret, tmp_path / "r")
        assert isinstance(found, NacreError), damaged
        assert not (tmp_path / "r").exists()


@secrets
def test_files_that_changed_places_are_named(tmp_path: Path, secret) -> None:
    files, _ = small_backup(tmp_path / "v", secret)
    names = [name for name in files if name != NAME]

    for name in names:
        for other in names:
            if other != name and not name.startswith("indexes"):
                swapped = {**files, name: files[other]}
                found = restored_or_error(swapped, secret, tmp_path / "r")
                assert isinstance(found, CorruptionError), (name, other)


def test_what_is_left_after_damage_can_be_listed(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        record_one(vault)
        back_up(vault, target)
        (damaged,) = target.list("backups")
        record_one(vault)
        whole = back_up(vault, target)
    target.target.files[damaged] = target.target.files[damaged][:-1] + b"?"

    found = list_backups(target)

    assert [backup.name for backup in found.backups] == [whole.name]
    assert len(found.problems) == 1
    assert bring_back(target, tmp_path / "r").head == 2


def test_a_log_of_another_vault_is_refused(tmp_path: Path) -> None:
    target = sealed()
    with nacre.open(tmp_path / "v") as vault:
        record_one(vault)
        back_up(vault, target)
    (name,) = target.list("backups")
    fields = codec.unpack(target.get(name)) | {"vault_id": os.urandom(16)}
    target.delete(name)
    target.put("backups", [codec.pack(fields)])

    with pytest.raises(CorruptionError, match="of another position or vault"):
        bring_back(target, tmp_path / "r")


# Keys


def test_a_passphrase_opens_what_it_closed(tmp_path: Path) -> None:
    place = MemoryTarget()
    with worked(tmp_path / "v") as vault:
        back_up(vault, sealed(place, Secret(passphrase="correct horse")))
        content = content_of(vault)

    for wrong in (Secret(passphrase="battery"), KEY, None):
        with pytest.raises(WrongKey):
            open_target(place, wrong)
    bring_back(open_target(place, Secret(passphrase="correct horse")), tmp_path / "r")

    with nacre.open(tmp_path / "r") as vault:
        assert content_of(vault) == content


def test_a_wrong_key_is_named() -> None:
    place = MemoryTarget()
    sealed(place, KEY)

    with pytest.raises(WrongKey, match="does not open this target"):
        open_target(place, Secret(key_file=b"x" * 32))
    with pytest.raises(WrongKey, match="is encrypted: give its key file"):
        open_target(place)
    with pytest.raises(WrongKey, match="opens with a key file"):
        open_target(place, Secret(passphrase="x"))
    with pytest.raises(WrongKey, match="is not encrypted"):
        open_target(sealed().target, KEY)


@pytest.mark.parametrize(
    "secret",
    [{}, {"passphrase": ""}, {"key_file": b"short"}, {"passphrase": "a", "key_file": b"b"}],
)
def test_odd_secrets_are_refused(secret) -> None:
    with pytest.raises(InvalidInput):
        Secret(**secret)


def test_a_newer_target_is_not_guessed_at() -> None:
    place = MemoryTarget()
    sealed(place)
    (fields, check) = codec.unpack(place.files[NAME])
    place.files[NAME] = place.files[COPY] = codec.pack([[2, *fields[1:]], check])

    with pytest.raises(FormatError, match="has format 2"):
        open_target(place)


def test_nothing_can_be_read_without_the_key(tmp_path: Path) -> None:
    target = sealed(secret=KEY)
    marks = [b"a very secret subject", b"content that nobody may read"]
    with nacre.open(tmp_path / "secret-vault") as vault:
        blob = vault.put(marks[1])
        vault.record("a.b", subject=marks[0].decode(), data={"blob": blob})
        back_up(vault, target)
        digests = [digest.raw for digest in content_of(vault)["blobs"]]
        hidden = [*marks, *digests, b"secret-vault", vault.vault_id, vault.checkpoint().root]

    everything = b"".join(name.encode() + data for name, data in target.target.files.items())

    for secret in hidden:
        assert secret not in everything
        assert secret.hex().encode()[:32] not in everything


def test_no_key_is_used_twice(tmp_path: Path) -> None:
    target = sealed(secret=KEY)

    for _ in range(50):
        target.put("packs", [b"the same content"])

    heads = {data[:32] for name, data in target.target.files.items() if name.startswith("packs")}
    bodies = {data[32:] for name, data in target.target.files.items() if name.startswith("packs")}
    assert len(heads) == len(bodies) == 50


def test_sizes_of_encrypted_files_are_of_few_kinds() -> None:
    sizes = {padded_size(size) for size in range(1 << 16)}

    assert len(sizes) < 250
    assert all(size <= padded_size(size) <= size * 1.12 + 1 for size in range(1 << 16))


def test_the_sizes_of_blobs_do_not_show(tmp_path: Path) -> None:
    shapes = set()
    for sizes in ((100, 3900), (2000, 2000), (3999, 1)):
        target = sealed(secret=KEY)
        with nacre.open(tmp_path / f"{sizes[0]}") as vault:
            for number, size in enumerate(sizes):
                blob = vault.put(random.Random(number).randbytes(size))
                vault.record("a.b", subject="s", data={"blob": blob})
            back_up(vault, target)
        assert isinstance(target, SealedTarget)
        shapes.add(tuple(sorted(target.list("packs").values())))

    assert len(shapes) == 1
